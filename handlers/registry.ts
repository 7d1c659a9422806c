import { apono } from "./apono.ts";
import { bitdefender } from "./bitdefender.ts";
import { halo } from "./halo.ts";
import { opsramp } from "./opsramp.ts";
import type { Operation } from "./operation.ts";

/** Every vendor, in the order people see them. */
export const vendors = { bitdefender, apono, opsramp, halo } as const;

export const operations: readonly Operation[] = Object.values(vendors).flatMap((vendor) => vendor.operations);
