import { createHash } from "node:crypto";
import type { Json } from "../../clients/json.ts";
import type { ChangeOperation, Context, Plan } from "../../handlers/operation.ts";
import type { Config } from "../config.ts";
import { type Change, planOf } from "../store/changes.ts";
import type { Vendors } from "../vendors.ts";

/** One call to a vendor, with its read-back or its retries, is given up after this long. */
const CALL_MS = 15_000;

/** The operation that changes something by this name; undefined when this version knows none. */
export function changeOperation(
  vendors: Vendors,
  { verb, target }: Pick<Change, "verb" | "target">,
): ChangeOperation | undefined {
  const operation = vendors.find(verb, target);
  return operation && operation.risk !== "read" ? operation : undefined;
}

/** What it takes to plan, apply or verify a stored change. */
export interface BoundOperation {
  readonly operation: ChangeOperation;
  readonly plan: Plan;
  /** A context whose deadline begins now. */
  context(): Context<unknown>;
}

/** Undefined when the vendor is not set up any more or this version does not know the operation. */
export function boundOperation(vendors: Vendors, change: Change): BoundOperation | undefined {
  const operation = changeOperation(vendors, change);
  const connected = vendors.byName(change.vendor);
  if (!operation || !connected?.client) return undefined;
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

/** The rules a change was approved under; a restart with other rules is another policy. */
export function policyOf({ adminChats, operators, approvers, approvalTtlMs }: Config): string {
  return digest({
    adminChats: [...adminChats].sort(),
    operators: operators ? [...operators].sort() : null,
    approvers: approvers ? [...approvers].sort() : null,
    approvalTtlMs,
  });
}

/** What an approval covers: the operation, its resolved input, the state it was made against, and the policy. */
export function planHash(verb: string, target: string | null, plan: Plan, policy: string): string {
  const { input, before, after, target: { key, id, name } } = plan;
  return digest({ verb, target, input, before, after, key, id, name, policy });
}

/** Key order does not make a difference; everything else does. */
export function sameJson(one: Json, other: Json): boolean {
  return canonical(one) === canonical(other);
}

export interface Difference {
  readonly path: string;
  readonly was: Json | undefined;
  readonly is: Json | undefined;
}

/** Where two JSON values differ, leaf by leaf. */
export function differences(was: Json | undefined, is: Json | undefined, path = ""): Difference[] {
  if (was !== undefined && is !== undefined && sameJson(was, is)) return [];
  if (!isBranch(was) || !isBranch(is)) return [{ path, was, is }];
  const [left, right] = [was as Record<string, Json>, is as Record<string, Json>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    differences(left[key], right[key], path ? `${path}.${key}` : key)
  );
}

function isBranch(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null;
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
