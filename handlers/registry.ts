import { apono } from "./apono.ts";
import { bitdefender } from "./bitdefender.ts";
import { halo } from "./halo.ts";
import { opsramp } from "./opsramp.ts";
import type { Operation, Vendor } from "./operation.ts";

/** Every vendor, in the order people see them. */
export const vendors = { bitdefender, apono, opsramp, halo } as const;

export type VendorName = keyof typeof vendors;

/** What the client of a vendor is; the configuration makes one, or none. */
export type ClientOf<N extends VendorName> = (typeof vendors)[N] extends Vendor<infer Client> ? Client
  : never;

export const operations: readonly Operation[] = Object.values(vendors).flatMap((vendor) => vendor.operations);
