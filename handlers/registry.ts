import { apono } from "./apono.ts";
import { bitdefender } from "./bitdefender.ts";
import { halo } from "./halo.ts";
import type { Operation } from "./operation.ts";
import { opsramp } from "./opsramp.ts";
import type { Vendor } from "./vendor.ts";

/** Every vendor, in the order people see them. */
export const vendors: readonly Vendor[] = [bitdefender, apono, opsramp, halo];

export const operations: readonly Operation[] = vendors.flatMap((vendor) => vendor.operations);
