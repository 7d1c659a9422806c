import type { Transaction, Updateable } from "kysely";
import { randomInt } from "node:crypto";
import type { ChangeOperation, Context, Plan } from "../../handlers/operation.ts";
import { type Outgoing, putMessage } from "../outbox/messages.ts";
import { appendAudit, type AuditEntry } from "../store/audit.ts";
import type { Store } from "../store/database.ts";
import type { ChangesTable, ChangeState, Schema } from "../store/schema.ts";
import type { Vendors } from "../vendors.ts";

/** A change as it is stored. */
export type Change = ChangesTable;

/**
 * Every way a change can go, and none besides: a row leaves one of `from` or it does not move at all. `unsent` bars
 * the way once the write may have reached the vendor.
 */
export const transitions = {
  approve: { from: ["pending"], to: "approved" },
  reject: { from: ["pending"], to: "rejected" },
  withdraw: { from: ["pending"], to: "withdrawn" },
  expire: { from: ["pending", "approved", "executing"], to: "expired", unsent: true },
  supersede: { from: ["pending", "approved", "executing"], to: "superseded", unsent: true },
  claim: { from: ["approved"], to: "executing" },
  /** Another replica goes on with what a dead one left. */
  take_over: { from: ["executing"], to: "executing" },
  /** The write is about to leave; from here on only a read-back says what became of it. */
  send: { from: ["executing"], to: "executing", unsent: true },
  apply: { from: ["executing", "unknown"], to: "applied" },
  accept: { from: ["executing", "unknown"], to: "accepted" },
  fail: { from: ["executing", "unknown"], to: "not applied" },
  mark_unknown: { from: ["executing", "unknown"], to: "unknown" },
  /** A later look sees what the first read-back did not: the write was slow. */
  applied_late: { from: ["not applied"], to: "applied" },
  /** A later look sees the same as the first. */
  still_not_applied: { from: ["not applied"], to: "not applied" },
} as const satisfies Record<string, TransitionRule>;

interface TransitionRule {
  readonly from: readonly ChangeState[];
  readonly to: ChangeState;
  readonly unsent?: true;
}

export type ChangeEvent = keyof typeof transitions;

export const FINAL_STATES: ReadonlySet<ChangeState> = new Set([
  "applied",
  "accepted",
  "not applied",
  "rejected",
  "withdrawn",
  "expired",
  "superseded",
]);

export interface TransitionStep {
  readonly code: string;
  readonly event: ChangeEvent;
  readonly set?: Updateable<ChangesTable>;
  /** More conditions, part of the same compare-and-set. */
  readonly only?: {
    readonly expiresAfter?: number;
    readonly expiresUntil?: number;
    readonly claimedBy?: string;
    readonly leaseEndedBefore?: number;
  };
  /** Who did it and why; operation, target and state are added from the change. */
  readonly audit: Pick<AuditEntry, "reason_code" | "person_id" | "person_name" | "chat_id" | "detail">;
  /** What people are shown afterwards, recorded with the move. */
  readonly show?: (change: Change) => readonly Outgoing[];
  /** More writes that stand or fall with the move. */
  readonly also?: (transaction: Transaction<Schema>, change: Change) => Promise<void>;
}

/**
 * One compare-and-set with its audit row and its messages, all or nothing. Undefined: the change was not where the
 * event starts from, and nothing happened.
 */
export async function transition(store: Store, step: TransitionStep): Promise<Change | undefined> {
  const moved = await store.transaction(async (transaction) => {
    const change = await compareAndSet(store, transaction, step);
    if (!change) return undefined;
    await step.also?.(transaction, change);
    for (const outgoing of step.show?.(change) ?? []) await putMessage(store, transaction, outgoing);
    await appendAudit(store, transaction, [{ ...auditOf(change), event: step.event, ...step.audit }]);
    return change;
  });
  if (moved) {
    store.notifier.everyone("messages");
    if (moved.state === "approved") store.notifier.everyone("changes");
  }
  return moved;
}

/** What the audit says of any event of a change. */
export function auditOf(change: Change): Omit<AuditEntry, "event"> {
  return {
    code: change.code,
    operation: [change.verb, change.target].filter(Boolean).join(" "),
    target: `${change.target_key} ${planOf(change).target.name}`,
    company: change.company,
    state: change.state,
    trace: change.trace,
  };
}

export async function findChange(store: Store, code: string): Promise<Change | undefined> {
  return await store.db.selectFrom("changes").selectAll().where("code", "=", code.toUpperCase())
    .executeTakeFirst();
}

export async function findChangeByHandle(store: Store, handle: string): Promise<Change | undefined> {
  return await store.db.selectFrom("changes").selectAll().where("handle", "=", handle).executeTakeFirst();
}

async function compareAndSet(
  store: Store,
  transaction: Transaction<Schema>,
  { code, event, set, only = {} }: TransitionStep,
): Promise<Change | undefined> {
  const { from, to, unsent } = transitions[event] as TransitionRule;
  const finished = FINAL_STATES.has(to) ? { finished_at: store.now(), claimed_by: null } : {};
  let update = transaction.updateTable("changes").set({ ...finished, ...set, state: to })
    .where("code", "=", code).where("state", "in", [...from]);
  if (unsent) update = update.where("sent_at", "is", null);
  if (only.expiresAfter !== undefined) update = update.where("expires_at", ">", only.expiresAfter);
  if (only.expiresUntil !== undefined) update = update.where("expires_at", "<=", only.expiresUntil);
  if (only.claimedBy !== undefined) update = update.where("claimed_by", "=", only.claimedBy);
  if (only.leaseEndedBefore !== undefined) {
    update = update.where("claimed_until", "<=", only.leaseEndedBefore);
  }
  return await update.returningAll().executeTakeFirst();
}

/** One call to a vendor, with its read-back or its retries, is given up after this long. */
const CALL_MS = 15_000;

/** What it takes to plan, apply or verify a stored change. */
export interface BoundOperation {
  readonly operation: ChangeOperation;
  readonly plan: Plan;
  /** A context whose deadline begins now. */
  context(): Context<unknown>;
}

/** Undefined when the vendor is not set up any more or this version does not know the operation. */
export function boundOperation(vendors: Vendors, change: Change): BoundOperation | undefined {
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

/** No letter or digit that another one looks like when read aloud or on a small screen. */
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const LENGTH = 5;

/** A change's short name, such as K7Q2X. It names a change; it gives no right to it. */
export function newCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
