import type { ChangeOperation, Context, Plan } from "../../handlers/operation.ts";
import type { Vendors } from "../vendors.ts";
import type { Change } from "./machine.ts";

/** One call to a vendor, with its read-back or its retries, is given up after this long. */
const CALL_MS = 15_000;

/** What it takes to plan, apply or verify a stored change. */
export interface VendorPart {
  readonly operation: ChangeOperation;
  readonly plan: Plan;
  /** A context whose deadline begins now. */
  context(): Context<unknown>;
}

/** Undefined when the vendor is not set up any more or this version does not know the operation. */
export function vendorPart(vendors: Vendors, change: Change): VendorPart | undefined {
  const operation = vendors.find(change.verb, change.target);
  const connected = vendors.byName(change.vendor);
  if (!operation || operation.risk === "read" || !connected?.client) return undefined;
  return {
    operation,
    plan: planOf(change),
    context: () =>
      vendors.context(connected, {
        signal: AbortSignal.timeout(CALL_MS),
        fresh: true,
        trace: change.trace ?? change.code,
      }),
  };
}

export function planOf(change: Change): Plan {
  return JSON.parse(change.plan) as Plan;
}
