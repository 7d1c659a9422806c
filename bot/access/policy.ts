import type { Config } from "../config.ts";
import type { ReasonCode } from "../reason_codes.ts";
import type { Chat } from "../telegram/update.ts";

/** What someone wants: to be told who he is, to read, to ask for a change, or to decide about one. */
export type Need = "identify" | "read" | "request" | "approve";

/** Whether Telegram says that the person belongs to the admin group; undefined when it did not say. */
export type Membership = boolean | undefined;

export type Policy = Pick<Config, "adminChats" | "operators" | "approvers">;

export interface Question {
  readonly need: Need;
  readonly personId: number;
  readonly chat: Pick<Chat, "id" | "type">;
  /** Of the admin group that counts for this question; see `asksMembership`. */
  readonly membership: Membership;
}

export type AccessDecision = { readonly allowed: true } | {
  readonly allowed: false;
  readonly reason: ReasonCode;
};

/**
 * The one place that says who may do what, for every inbound path. Rights are of a person in a chat: a button, a
 * handle or a group alone gives none.
 */
export function decide(policy: Policy, question: Question): AccessDecision {
  if (question.need === "identify") return ALLOWED;
  const place = decidePlace(policy, question);
  if (!place.allowed) return place;
  if (question.need === "read") return ALLOWED;
  return decideRole(policy, question);
}

/** Telegram has to be asked about membership only where no list of persons settles it. */
export function asksMembership(policy: Policy, question: Omit<Question, "membership">): boolean {
  if (question.need === "identify") return false;
  if (isPrivate(question.chat) && !placeIsListed(policy, question)) return true;
  return question.need !== "read" && listFor(policy, question.need) === undefined;
}

const ALLOWED: AccessDecision = { allowed: true };

function decidePlace(policy: Policy, question: Question): AccessDecision {
  if (placeIsListed(policy, question)) return ALLOWED;
  if (!isPrivate(question.chat)) return refuse("unknown_chat");
  // A private chat has no allow-list entry of its own: it is as known as its person.
  if (policy.operators && policy.approvers) return refuse("unknown_person");
  return question.membership ? ALLOWED : refuse("unknown_person");
}

function decideRole(policy: Policy, question: Question): AccessDecision {
  const need = question.need as "request" | "approve";
  const missing: ReasonCode = need === "request" ? "not_operator" : "not_approver";
  const list = listFor(policy, need);
  if (list) return list.has(question.personId) ? ALLOWED : refuse(missing);
  if (!policy.adminChats.some((id) => id < 0)) return refuse("no_group");
  if (question.membership === undefined) return refuse("membership_unknown");
  return question.membership ? ALLOWED : refuse("not_member");
}

function placeIsListed(policy: Policy, { chat, personId }: Omit<Question, "membership">): boolean {
  if (policy.adminChats.includes(chat.id)) return true;
  if (!isPrivate(chat)) return false;
  return (policy.operators?.has(personId) || policy.approvers?.has(personId)) ?? false;
}

function listFor(policy: Policy, need: Need): ReadonlySet<number> | undefined {
  return need === "approve" ? policy.approvers : policy.operators;
}

function isPrivate(chat: Pick<Chat, "type">): boolean {
  return chat.type === "private";
}

function refuse(reason: ReasonCode): AccessDecision {
  return { allowed: false, reason };
}
