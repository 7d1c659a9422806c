import type { Transaction, Updateable } from "kysely";
import { putMessage } from "../outbox/messages.ts";
import type { Outgoing } from "../outbox/outgoing.ts";
import { wipeSecrets } from "../secrets/entry.ts";
import { appendAudit, type AuditEntry } from "../store/audit.ts";
import { auditOf, type Change } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { ChangesTable, ChangeState, Schema } from "../store/schema.ts";
import { showCopies } from "./card.ts";
import { followLoan } from "./loan.ts";
import type { CardView } from "./view.ts";

/**
 * Every way a change can go, and none besides: a row leaves one of `from` or it stays where it is. `unsent` bars
 * the way once the write may have reached the vendor.
 */
export const transitions = {
  /** One of several who have to approve it. */
  vote: { from: ["pending"], to: "pending" },
  take_back: { from: ["pending"], to: "pending" },
  /** One approver is enough now. */
  emergency: { from: ["pending"], to: "pending" },
  /** The last of those who have to. */
  approve: { from: ["pending"], to: "approved" },
  reject: { from: ["pending"], to: "rejected" },
  /** Why, said by who rejected it with a button. */
  explain: { from: ["rejected"], to: "rejected" },
  withdraw: { from: ["pending"], to: "withdrawn" },
  expire: { from: ["pending"], to: "expired" },
  supersede: { from: ["pending", "approved", "executing"], to: "superseded", unsent: true },
  /** Someone said no after all, before it began. */
  stop: { from: ["approved"], to: "stopped", unsent: true },
  claim: { from: ["approved"], to: "executing" },
  /** Another replica goes on with what a dead one left. */
  take_over: { from: ["executing"], to: "executing" },
  /** The write is about to leave; from here on only a read-back says what became of it. */
  send: { from: ["executing"], to: "executing", unsent: true },
  apply: { from: ["executing", "unknown"], to: "applied" },
  apply_partly: { from: ["executing", "unknown"], to: "partly applied" },
  accept: { from: ["executing", "unknown"], to: "accepted" },
  fail: { from: ["executing", "unknown"], to: "not applied" },
  mark_unknown: { from: ["executing", "unknown"], to: "unknown" },
  /** A later look sees what the first read-back did not: the write was slow. */
  applied_late: { from: ["not applied", "partly applied"], to: "applied" },
  partly_late: { from: ["not applied"], to: "partly applied" },
  /** A later look sees the same as the first. */
  still_not_applied: { from: ["not applied"], to: "not applied" },
  still_partly_applied: { from: ["partly applied"], to: "partly applied" },
  /** Someone has looked where the bot cannot. */
  settle_applied: { from: ["unknown"], to: "applied" },
  settle_not_applied: { from: ["unknown"], to: "not applied" },
} as const satisfies Record<string, TransitionRule>;

interface TransitionRule {
  readonly from: readonly ChangeState[];
  readonly to: ChangeState;
  readonly unsent?: true;
}

export type ChangeEvent = keyof typeof transitions;

export const FINAL_STATES: ReadonlySet<ChangeState> = new Set([
  "applied",
  "partly applied",
  "accepted",
  "not applied",
  "rejected",
  "withdrawn",
  "stopped",
  "expired",
  "superseded",
]);

/** Until a change has run, or will not run, the secrets that were entered for it are kept. */
const NEEDS_SECRETS: ReadonlySet<ChangeState> = new Set(["pending", "approved", "executing"]);

/** When a change that is approved now begins: at its time, and what is dangerous not before it can be stopped. */
export function startOf(
  { risk, scheduled_at }: Pick<Change, "risk" | "scheduled_at">,
  now: number,
  graceMs: number,
): number {
  return Math.max(scheduled_at ?? now, now + (risk === "danger" ? graceMs : 0));
}

/** Whether it may still be decided about. */
export function isUndecided({ state, expires_at }: Change, now: number): boolean {
  return state === "pending" && expires_at > now;
}

/** Whether this person rejected it and has not said why. */
export function isUnexplained({ state, decider_id, decision_reason }: Change, personId: number): boolean {
  return state === "rejected" && decider_id === personId && decision_reason === null;
}

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
    readonly pending?: true;
  };
  /** Who did it and why; operation, target and state are added from the change. */
  readonly audit: Pick<AuditEntry, "reason_code" | "person_id" | "person_name" | "chat_id" | "detail">;
  /** What people are shown afterwards, recorded with the transition; `around`: the loan that it has become. */
  readonly show?: (change: Change, around: Pick<CardView, "loan">) => readonly Outgoing[];
  /** What its card shows besides, while it waits. */
  readonly view?: CardView;
  /** More writes that stand or fall with the transition. */
  readonly also?: (transaction: Transaction<Schema>, change: Change) => Promise<void>;
}

/** Chooses the step by what there is in the transaction, or several that follow each other, or none. */
type StepChoice = (
  transaction: Transaction<Schema>,
) => Promise<TransitionStep | readonly TransitionStep[] | undefined>;

/**
 * One compare-and-set with its audit row and its messages, all or nothing. Undefined: the change was not where the
 * event starts from, and nothing happened.
 */
export async function transition(
  store: Store,
  chosen: TransitionStep | StepChoice,
): Promise<Change | undefined> {
  const moved = await store.transaction(async (transaction) => {
    const steps = typeof chosen === "function" ? await chosen(transaction) ?? [] : chosen;
    let moved: Change | undefined;
    for (const step of [steps].flat()) moved = await move(store, transaction, step);
    return moved;
  });
  if (moved?.state === "approved") store.notifier.everyone("changes");
  return moved;
}

async function move(
  store: Store,
  transaction: Transaction<Schema>,
  step: TransitionStep,
): Promise<Change | undefined> {
  const change = await compareAndSet(store, transaction, step);
  if (!change) return undefined;
  if (!NEEDS_SECRETS.has(change.state)) await wipeSecrets(transaction, change.handle);
  await step.also?.(transaction, change);
  const isOfLoan = change.lasts_ms !== null || change.undo_of !== null;
  const loan = isOfLoan
    ? await followLoan(store, transaction, change, step.audit.reason_code ?? undefined)
    : undefined;
  for (const outgoing of step.show?.(change, { loan }) ?? []) await putMessage(store, transaction, outgoing);
  if (step.show) await showCopies(store, transaction, change, { ...step.view, loan });
  await appendAudit(store, transaction, [{ ...auditOf(change), event: step.event, ...step.audit }]);
  return change;
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
  if (only.pending) update = update.where("state", "=", "pending");
  if (only.leaseEndedBefore !== undefined) {
    update = update.where("claimed_until", "<=", only.leaseEndedBefore);
  }
  return await update.returningAll().executeTakeFirst();
}
