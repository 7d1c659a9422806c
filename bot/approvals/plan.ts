import { createHash } from "node:crypto";
import type { Json } from "../../clients/json.ts";
import type { ChangeOperation, Plan } from "../../handlers/operation.ts";
import type { Config } from "../config.ts";
import type { UpdateContext } from "../context.ts";
import type { Invocation } from "../invocation.ts";
import type { Store } from "../store/database.ts";
import { newHandle } from "../store/prompts.ts";
import type { ChangesTable } from "../store/schema.ts";
import { findChange, newCode } from "./state_machine.ts";

export interface NewChange {
  readonly config: Config;
  readonly ctx: UpdateContext;
  readonly operation: ChangeOperation;
  readonly invocation: Invocation;
  readonly plan: Plan;
  /** The group whose members decide. */
  readonly chatId: number;
  readonly now: number;
}

/** The row of a change that waits for its second person: all that will be executed, and all that people will see. */
export function newChange(
  { config, ctx, operation, invocation, plan, chatId, now }: NewChange,
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
    hash: planHash(operation.verb, operation.target, plan, policy),
    policy,
    target_key: plan.target.key,
    company: plan.target.company ?? null,
    card: JSON.stringify(operation.render(plan)),
    undo: JSON.stringify(operation.undo(plan)),
    undo_of: invocation.undoOf ?? null,
    reason: invocation.reason ?? null,
    ticket: invocation.ticket ?? null,
    requester_id: ctx.person.id,
    requester_name: ctx.person.name,
    origin_chat: ctx.chat.id,
    origin_thread: ctx.threadId ?? null,
    origin_message: ctx.messageId ?? invocation.messageId ?? null,
    chat_id: chatId,
    thread_id: chatId === ctx.chat.id ? ctx.threadId ?? null : null,
    handle: invocation.handle ?? newHandle(),
    created_at: now,
    expires_at: now + config.approvalTtlMs,
    trace: ctx.trace,
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
