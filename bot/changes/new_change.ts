import type { ChangeOperation, Plan } from "../../handlers/operation.ts";
import type { Config } from "../config.ts";
import { newHandle } from "../store/prompts.ts";
import type { ChangesTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Turn } from "../turn.ts";
import { newCode } from "./code.ts";
import { fingerprint, policyOf } from "./fingerprint.ts";
import type { Invocation } from "./invocation.ts";
import { findChange } from "./machine.ts";

export interface NewChange {
  readonly config: Config;
  readonly turn: Turn;
  readonly operation: ChangeOperation;
  readonly invocation: Invocation;
  readonly plan: Plan;
  /** The group whose members decide. */
  readonly chatId: number;
  readonly now: number;
}

/** The row of a change that waits for its second person: all that will be executed, and all that people will see. */
export function newChange(
  { config, turn, operation, invocation, plan, chatId, now }: NewChange,
): Omit<ChangesTable, "code"> {
  const policy = policyOf(config);
  return {
    ...NOT_YET,
    state: "pending",
    verb: operation.verb,
    target: operation.target,
    vendor: operation.vendor,
    risk: operation.risk,
    plan: JSON.stringify(plan),
    hash: fingerprint(operation.verb, operation.target, plan, policy),
    policy,
    target_key: plan.target.key,
    company: plan.target.company ?? null,
    card: JSON.stringify(operation.render(plan)),
    undo: JSON.stringify(operation.undo(plan)),
    undo_of: invocation.undoOf ?? null,
    reason: invocation.reason ?? null,
    ticket: invocation.ticket ?? null,
    requester_id: turn.person.id,
    requester_name: turn.person.name,
    origin_chat: turn.chat.id,
    origin_thread: turn.threadId ?? null,
    origin_message: turn.messageId ?? invocation.messageId ?? null,
    chat_id: chatId,
    thread_id: chatId === turn.chat.id ? turn.threadId ?? null : null,
    handle: invocation.handle ?? newHandle(),
    created_at: now,
    expires_at: now + config.approvalTtlMs,
    trace: turn.trace,
  };
}

/** Codes are short, so one may be taken: then another is drawn. */
export async function freeCode(store: Store): Promise<string> {
  const code = newCode();
  return await findChange(store, code) ? await freeCode(store) : code;
}

const NOT_YET = {
  decided_at: null,
  decider_id: null,
  decider_name: null,
  decision_reason: null,
  claimed_by: null,
  claimed_until: 0,
  sent_at: null,
  receipt: null,
  evidence: null,
  after_state: null,
  finished_at: null,
  next_check_at: null,
  checks: 0,
};
