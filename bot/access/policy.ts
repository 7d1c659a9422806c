import type { Risk } from "../../handlers/operation.ts";
import type { Config } from "../config.ts";
import type { ReasonCode } from "../reason_codes.ts";
import type { Chat } from "../telegram/update.ts";
import type { ClosedDays, OpenHours } from "./hours.ts";

/** What someone wants: to be told who he is, to read, to ask for a change, or to decide about one. */
export type Need = "identify" | "read" | "request" | "approve";

/** What it takes to have a command carried out, as it is declared. */
export function needOf({ need, risk }: { readonly need?: Need; readonly risk?: Risk }): Need {
  return need ?? (risk === "read" ? "read" : "request");
}

/** Whether Telegram says that the person belongs to the admin group; undefined when it did not say. */
export type Membership = boolean | undefined;

export type Policy = Pick<Config, "adminChats" | "operators" | "approvers"> & {
  /** Who is on a list is known by that in private, too; otherwise only members of the admin groups are. */
  readonly membersOnly?: boolean;
};

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
  /** Telegram did not say whether the person is a member, so another answer may follow. */
  readonly unsure?: true;
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
  if (policy.operators && policy.approvers && !policy.membersOnly) return refuse("unknown_person");
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
  if (!isPrivate(chat) || policy.membersOnly) return false;
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

/** So many different persons of a list; without a list, of the members of the group. */
export interface ApproverCount {
  readonly of: ReadonlySet<number> | undefined;
  readonly count: number;
}

/** One thing that has to be so before a change runs. All of them count. */
export interface ApprovalNeed {
  /** The rule that says it; undefined: the lists of the configuration, or what holds without any rule. */
  readonly rule: string | undefined;
  readonly approve: readonly ApproverCount[];
  /** When votes count; see `isOpenAt`. */
  readonly hours?: readonly OpenHours[];
  readonly closed?: readonly ClosedDays[];
  /** How long after the request those who may vote and have not are reminded. */
  readonly remindMs?: number | undefined;
  readonly escalate?: { readonly afterMs: number; readonly to: ReadonlySet<number> } | undefined;
}

/** A rule by which some may ask for a change. */
export interface AskRule {
  readonly rule: string;
  readonly who: ReadonlySet<number>;
}

/** What the rules say of one change. */
export interface Ruling {
  /** By which rules it may be asked for; undefined: the lists of the configuration say who may. */
  readonly asks?: readonly AskRule[];
  readonly needs: readonly ApprovalNeed[];
  /** How long it may wait for its votes. */
  readonly ttlMs: number;
  /** What of the rules an approval covers. */
  readonly digest: string;
}

/** More than these are a number. */
export const MOST_NAMES = 3;

/** Who is on one of these lists: "Ben, Cid and 1 more". Undefined where there is no list; empty: nobody. */
export function candidates(
  lists: readonly ApproverCount[],
  without: ReadonlySet<number>,
  names: ReadonlyMap<number, string>,
): string | undefined {
  if (lists.some(({ of }) => of === undefined)) return undefined;
  const ids = [...new Set(lists.flatMap(({ of = [] }) => [...of]))].filter((id) => !without.has(id));
  const shown = ids.slice(0, MOST_NAMES).map((id) => names.get(id) ?? `…${String(id).slice(-4)}`);
  const rest = ids.length - shown.length;
  return shown.sort().join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** How far a need is from being met. */
export interface Progress<N extends ApprovalNeed = ApprovalNeed> {
  readonly need: N;
  readonly given: number;
  readonly total: number;
}

/** How far each need is with these persons' votes, the furthest from met first. */
export function progressOf<N extends ApprovalNeed>(
  needs: readonly N[],
  voters: Iterable<number>,
): readonly Progress<N>[] {
  const persons = [...new Set(voters)];
  return needs
    .map((need) => ({ need, given: mostPlaces(need, persons), total: totalOf(need) }))
    .sort((one, other) => (other.total - other.given) - (one.total - one.given));
}

export function isMet(progress: readonly Progress[]): boolean {
  return progress.every(({ given, total }) => given >= total);
}

/** Whether one of the needs names this person among those who may vote. */
export function namesVoter(needs: readonly ApprovalNeed[], personId: number): boolean {
  return needs.some(({ approve }) => approve.some(({ of }) => of === undefined || of.has(personId)));
}

/** Whether enough others are named than who asks. */
export function canBeMet(needs: readonly ApprovalNeed[], requesterId: number): boolean {
  return needs.every((need) => {
    if (need.approve.some(({ of }) => of === undefined)) return true;
    // More of a list than there are places could fill no more of them.
    const places = totalOf(need);
    const others = need.approve.flatMap(({ of = new Set<number>() }) => [
      ...of.values().filter((id) => id !== requesterId).take(places),
    ]);
    return mostPlaces(need, [...new Set(others)]) >= places;
  });
}

/** The same with a broken glass: one of those whom a need names is enough for it, at any time. */
export function relaxed(ruling: Ruling): Ruling {
  const needs = ruling.needs.map((need) => ({
    ...need,
    approve: need.approve.length === 0 ? [] : [{ of: namedIn(need), count: 1 }],
    hours: [],
    closed: [],
  }));
  return { ...ruling, needs };
}

/** Everyone on the lists of a need; undefined: not everyone of them is by name. */
function namedIn({ approve }: ApprovalNeed): ReadonlySet<number> | undefined {
  if (approve.some(({ of }) => of === undefined)) return undefined;
  return new Set(approve.flatMap(({ of = [] }) => [...of]));
}

/** What a need still lacks with these votes: by whose vote it gets on, and how many such it takes. */
export function openPlaces(need: ApprovalNeed, voters: Iterable<number>): readonly ApproverCount[] {
  const persons = [...new Set(voters)];
  const count = totalOf(need) - mostPlaces(need, persons);
  if (count <= 0) return [];
  const named = namedIn(need);
  if (!named) return [{ of: named, count }];
  if (count === 1 || need.approve.length === 1) {
    const helps = (id: number) => mostPlaces(need, [...persons, id]) > mostPlaces(need, persons);
    return [{ of: new Set([...named].filter(helps)), count }];
  }
  const taken = seatingOf(need, persons);
  let first = 0;
  return need.approve.flatMap((place) => {
    const seats = Array.from({ length: place.count }, (_, at) => first + at);
    first += place.count;
    const free = seats.filter((at) => !taken.has(at)).length;
    return free > 0 ? [{ of: place.of, count: free }] : [];
  });
}

function totalOf({ approve }: ApprovalNeed): number {
  return approve.reduce((total, { count }) => total + count, 0);
}

function fits({ of }: ApproverCount, person: number): boolean {
  return of === undefined || of.has(person);
}

/** How many of a need's places these persons can fill at once, each person one. */
function mostPlaces(need: ApprovalNeed, persons: readonly number[]): number {
  const [only, ...others] = need.approve;
  if (only && others.length === 0) {
    return Math.min(only.count, persons.filter((person) => fits(only, person)).length);
  }
  return seatingOf(need, persons).size;
}

/** Who fills which of a need's places, counted from its first list on, so that as many as can be are filled. */
function seatingOf({ approve }: ApprovalNeed, persons: readonly number[]): ReadonlyMap<number, number> {
  const places = approve.flatMap((place) => Array.from({ length: place.count }, () => place));
  const seated = new Map<number, number>();
  /** Gives the person a place, if need be by moving others along. */
  const seat = (person: number, tried: Set<number>): boolean =>
    places.some((place, at) => {
      if (tried.has(at) || !fits(place, person)) return false;
      tried.add(at);
      const other = seated.get(at);
      if (other !== undefined && !seat(other, tried)) return false;
      seated.set(at, person);
      return true;
    });
  persons.forEach((person) => seat(person, new Set()));
  return seated;
}
