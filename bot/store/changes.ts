import type { Transaction } from "kysely";
import { createHash } from "node:crypto";
import type { Json } from "../../clients/json.ts";
import { soundsSecret } from "../../clients/secrets.ts";
import type { Card, Plan, Undo } from "../../handlers/operation.ts";
import { vendors } from "../../handlers/registry.ts";
import { type Line, line, type Mark } from "../../handlers/reply.ts";
import type { Config } from "../config.ts";
import { spellDuration } from "../settings.ts";
import type { AuditEntry } from "./audit.ts";
import type { Store } from "./database.ts";
import { shortCode } from "./kept_values.ts";
import type {
  ChangesTable,
  ChangeState,
  FreezesTable,
  HoldsTable,
  Queryable,
  Schema,
  VotesTable,
} from "./schema.ts";

/** A change as it is stored. */
export type Change = ChangesTable;

/** The change of this code, whatever its case. */
export async function findChange(store: Store, code: string): Promise<Change | undefined> {
  return await store.db.selectFrom("changes").selectAll().where("code", "=", code.toUpperCase())
    .executeTakeFirst();
}

const CODE_LETTERS = 5;

/**
 * Codes are short, so one may be taken: then another is drawn. So it is for one that reads like the name of a secret
 * ("FPWDC"): what is typed behind it would be taken for that.
 */
export async function freeCode(store: Store, draw: typeof shortCode = shortCode): Promise<string> {
  const code = draw(CODE_LETTERS);
  return soundsSecret(code) || await findChange(store, code) ? await freeCode(store, draw) : code;
}

/** The change that the buttons of a card name. */
export async function findChangeByHandle(store: Store, handle: string): Promise<Change | undefined> {
  return await store.db.selectFrom("changes").selectAll().where("handle", "=", handle).executeTakeFirst();
}

/** What was planned when it was asked for, and is all that may run. */
export function planOf(change: Pick<Change, "plan">): Plan {
  return JSON.parse(change.plan) as Plan;
}

/** What people were told of the plan. */
export function readCard(change: Pick<Change, "card">): Card {
  return JSON.parse(change.card) as Card;
}

/** The way back, or why there is none. */
export function readUndo(change: Pick<Change, "undo">): Undo {
  return JSON.parse(change.undo) as Undo;
}

/** What a change is called in the state it is in: the first line of its card, and its name everywhere else. */
export function changeTitle(
  change: Change,
): { mark: Mark; title: Line } {
  const { state, risk, vendor, settled_name } = change;
  const { title: unlimited, done } = readCard(change);
  const title = change.lasts_ms === null
    ? unlimited
    : line(unlimited, ` for ${spellDuration(change.lasts_ms)}`);
  if (waitsForItsTime(change)) {
    return {
      mark: "working",
      title: line(change.scheduled_at === null ? "Approved: " : "Scheduled: ", title),
    };
  }
  if (state === "pending") {
    return { mark: risk === "danger" ? "danger" : "question", title: line(title, "?") };
  }
  // What nobody has seen is told as the vendor's word, and never as a fact.
  if (state === "accepted") {
    return { mark: "applied", title: line(systemOf(vendor), " accepted: ", inMidSentence(title)) };
  }
  const [mark, beginning] = TITLES[state];
  const said: Line = settled_name === null ? "" : [", said by ", { data: settled_name, max: 40 }];
  return { mark, title: line(beginning, said, ": ", mark === "applied" ? done : title) };
}

/** Whether it is approved and does not begin at once: until then it can be stopped. */
export function waitsForItsTime(
  { state, starts_at, decided_at }: Pick<Change, "state" | "starts_at" | "decided_at">,
): boolean {
  return state === "approved" && starts_at !== null && starts_at > (decided_at ?? 0);
}

/** What a vendor's failures and answers call it. */
function systemOf(name: string): string {
  const vendor = vendors.find((one) => one.name === name);
  return vendor?.system ?? vendor?.label ?? "The vendor";
}

function inMidSentence(title: Line): Line {
  const [first, ...rest] = line(title);
  return typeof first === "string" ? [first.charAt(0).toLowerCase() + first.slice(1), ...rest] : title;
}

const TITLES: Readonly<
  Record<Exclude<ChangeState, "pending" | "accepted">, readonly [mark: Mark, beginning: string]>
> = {
  approved: ["working", "Working"],
  executing: ["working", "Working"],
  applied: ["applied", "Applied"],
  "partly applied": ["attention", "Partly applied"],
  "not applied": ["down", "Not applied"],
  unknown: ["unknown", "Unknown"],
  rejected: ["info", "Rejected"],
  withdrawn: ["info", "Withdrawn"],
  stopped: ["info", "Stopped, nothing was sent"],
  expired: ["attention", "Expired"],
  superseded: ["refused", "Superseded, nothing ran"],
};

/** "disable ec2": an operation or a command without its slash, as the audit names it. */
export function operationName(
  { verb, target }: { readonly verb: string; readonly target: string | null },
): string {
  return target ? `${verb} ${target}` : verb;
}

/** What the audit says of any event of a change. */
export function auditOf(
  change: Pick<Change, "code" | "verb" | "target" | "target_key" | "plan" | "company" | "state" | "trace">,
): Omit<AuditEntry, "event"> {
  return {
    code: change.code,
    operation: operationName(change),
    target: `${change.target_key} ${planOf(change).target.name}`,
    company: change.company,
    state: change.state,
    trace: change.trace,
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

/** What an approval covers: all that runs, all that people were shown, and on whose word. */
export const COVERED = [
  "verb",
  "target",
  "vendor",
  "risk",
  "plan",
  "policy",
  "account",
  "target_key",
  "company",
  "card",
  "undo",
  "undo_of",
  "reason",
  "ticket",
  "requester_id",
  "requester_name",
  "origin_chat",
  "chat_id",
  "handle",
  "created_at",
  "expires_at",
  "scheduled_at",
  "lasts_ms",
  "loan_of",
] as const satisfies readonly (keyof Change)[];

/**
 * The hash of what an approval covers; it is in the audit from the request on. What a change does not use of the last
 * columns is left out, so that a hash of before they were there still holds.
 */
export function fingerprintOf(change: Pick<Change, typeof COVERED[number]>): string {
  const values = COVERED.map((column) => change[column]);
  return digest(values.slice(0, values.findLastIndex((value) => value !== null) + 1));
}

/** Key order does not make a difference; everything else does. */
export function sameJson(one: Json, other: Json): boolean {
  return canonical(one) === canonical(other);
}

/** Whether all that one JSON value says is said by the other, too. */
export function isPartOf(part: Json, whole: Json | undefined): boolean {
  if (whole === undefined) return false;
  const isBranch = (value: Json) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isBranch(part) || !isBranch(whole)) return sameJson(part, whole);
  const branch = whole as Readonly<Record<string, Json>>;
  return Object.entries(part as Readonly<Record<string, Json>>)
    .every(([key, value]) => value === undefined || isPartOf(value, branch[key]));
}

/** States in which something of a change is there that can be taken back. */
export const TOOK_EFFECT: ReadonlySet<ChangeState> = new Set(["applied", "partly applied", "accepted"]);

function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

/** Someone's approval of a change. */
export type Vote = Pick<VotesTable, "person_id" | "person_name" | "voted_at">;

export type VotedChange =
  & Pick<Change, "code">
  & Partial<Pick<Change, "decider_id" | "decider_name" | "decided_at">>;

/** Who has approved a change, in the order in which they did. */
export async function votesOf(
  db: Queryable,
  { code, decider_id = null, decider_name = null, decided_at = null }: VotedChange,
): Promise<readonly Vote[]> {
  const votes = await db.selectFrom("votes").select(["person_id", "person_name", "voted_at"])
    .where("code", "=", code).orderBy("voted_at").orderBy("person_id").execute();
  if (votes.length > 0 || decider_id === null || decided_at === null) return votes;
  // By a process of the version before, which knows of one who decides.
  return [{ person_id: decider_id, person_name: decider_name ?? "", voted_at: decided_at }];
}

/** The change while it can still be voted on: until the end of the transaction nobody else can do anything with it. */
export async function lockPending(
  store: Store,
  transaction: Transaction<Schema>,
  code: string,
): Promise<Change | undefined> {
  return await transaction.updateTable("changes").set((is) => ({ handle: is.ref("handle") }))
    .where("code", "=", code).where("state", "=", "pending").where("expires_at", ">", store.now())
    .returningAll().executeTakeFirst();
}

/** An open change that takes this one back: a second press must not ask for the same way back again. */
export async function openUndoOf(store: Store, change: Change): Promise<string | undefined> {
  const open = await openChanges(store).where("undo_of", "=", change.code).executeTakeFirst();
  return open?.code;
}

/** The change that took this one back; undefined also where that was itself taken back since. */
export async function takenBackBy(store: Store, change: Change): Promise<string | undefined> {
  const back = await store.db.selectFrom("changes").selectAll()
    .where("state", "in", ["applied", "accepted"]).where("created_at", ">=", change.created_at)
    .where("undo_of", "=", change.code).orderBy("created_at", "desc").limit(1).executeTakeFirst();
  return back && await takenBackBy(store, back) === undefined ? back.code : undefined;
}

/** Another change of the same target that took effect, or may have, after this one. */
export async function changedSince(store: Store, change: Change): Promise<string | undefined> {
  const later = await store.db.selectFrom("changes").select("code")
    .where("target_key", "=", change.target_key).where("sent_at", ">", change.sent_at)
    .where("code", "<>", change.code).where("state", "<>", "not applied").limit(1).executeTakeFirst();
  return later?.code;
}

/** An open change that asks for the same since this one was superseded. */
export async function openRepeatOf(store: Store, change: Change): Promise<string | undefined> {
  const { verb, target, target_key, finished_at } = change;
  const open = await openChanges(store)
    .where("verb", "=", verb).where("target_key", "=", target_key).where("created_at", ">=", finished_at ?? 0)
    .$if(target !== null, (query) => query.where("target", "=", target))
    .executeTakeFirst();
  return open?.code;
}

/** The other open changes of the same target, oldest first. */
export async function openBeside(
  store: Store,
  { target_key, code }: { readonly target_key: string; readonly code?: string },
  db: Queryable = store.db,
): Promise<Change[]> {
  const open = await openOf(store, db).selectAll().where("target_key", "=", target_key).limit(10).execute();
  return open.filter((other) => other.code !== code);
}

/** Whether two requests would do the same, whoever asked and why. */
export function isTwin(one: PlannedChange, other: PlannedChange): boolean {
  return one.verb === other.verb && one.target === other.target &&
    one.scheduled_at === other.scheduled_at && one.lasts_ms === other.lasts_ms &&
    sameJson(JSON.parse(one.plan), JSON.parse(other.plan));
}

/** What a request would do, and when. */
export type PlannedChange = Pick<Change, "verb" | "target" | "plan" | "scheduled_at" | "lasts_ms">;

function openChanges(store: Store) {
  return openOf(store).select("code").limit(1);
}

function openOf(store: Store, db: Queryable = store.db) {
  return db.selectFrom("changes").where((is) =>
    is.or([
      is("state", "in", ["approved", "executing"]),
      is.and([is("state", "=", "pending"), is("expires_at", ">", store.now())]),
    ])
  ).orderBy("created_at");
}

const EVERYTHING = "*";

/**
 * Under which a freeze is stored: without a target that of everything, with a company that of its changes alone; what is
 * planned ahead stands beside what is in force.
 */
export function freezeKey(
  target: string | undefined,
  company: string | null,
  beginsAt: number | null,
): string {
  const parts = [target ?? EVERYTHING, company ?? "", beginsAt ?? ""];
  return parts.join("/").replace(/\/+$/, "");
}

/** The target that a freeze was set on; undefined where it is none in particular. */
export function frozenTarget({ target }: Pick<FreezesTable, "target">): string | undefined {
  const [name = EVERYTHING] = target.split("/");
  return name === EVERYTHING ? undefined : name;
}

/** The freezes in force at a time, the widest first. */
export async function activeFreezes(
  store: Store,
  db: Queryable = store.db,
  at: number = store.now(),
): Promise<FreezesTable[]> {
  return await db.selectFrom("freezes").selectAll()
    .where((is) => is.or([is("ends_at", "is", null), is("ends_at", ">", at)]))
    .where((is) => is.or([is("begins_at", "is", null), is("begins_at", "<=", at)]))
    .orderBy("target").execute();
}

/** The freezes that are planned ahead, the next one first. */
export async function plannedFreezes(store: Store): Promise<FreezesTable[]> {
  return await store.db.selectFrom("freezes").selectAll().where("begins_at", ">", store.now())
    .orderBy("begins_at").execute();
}

/**
 * The freeze that holds back a change, if there is one: of everything, of its vendor, of the target it was typed
 * with, or of what it really changes (`/rotate externalid` ends the integration that `ec2` stands for); that of a
 * company only holds back what concerns this company.
 */
export async function freezeFor(
  store: Store,
  change: Pick<Change, "vendor" | "target" | "target_key" | "company">,
  db?: Queryable,
  at?: number,
): Promise<FreezesTable | undefined> {
  const { vendor, target, target_key, company } = change;
  const names = new Set([undefined, vendor, target?.split(" ")[0], target_key.split(":")[0]]);
  return (await activeFreezes(store, db, at)).find((freeze) =>
    names.has(frozenTarget(freeze)) && (freeze.company === null || freeze.company === company)
  );
}

/** The targets that are kept for someone now. */
export async function activeHolds(store: Store, db: Queryable = store.db): Promise<HoldsTable[]> {
  return await db.selectFrom("holds").selectAll().where("ends_at", ">", store.now())
    .orderBy("created_at").execute();
}

/** By whom the target of a change is kept, if by someone else than who asked for the change. */
export async function holdFor(
  store: Store,
  { target_key, requester_id }: Pick<Change, "target_key" | "requester_id">,
  db: Queryable = store.db,
): Promise<HoldsTable | undefined> {
  return await db.selectFrom("holds").selectAll().where("target_key", "=", target_key)
    .where("holder_id", "<>", requester_id).where("ends_at", ">", store.now()).executeTakeFirst();
}

const SQLITE_CONSTRAINT_UNIQUE = 2067;
const POSTGRES_UNIQUE_VIOLATION = "23505";

/** Whether the database refused to let a second change of one target run beside the first. */
export function isTargetBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error) {
    return error.errcode === SQLITE_CONSTRAINT_UNIQUE && error.message.endsWith(": changes.target_key");
  }
  return "code" in error && error.code === POSTGRES_UNIQUE_VIOLATION &&
    "constraint" in error && error.constraint === "changes_one_at_a_time";
}
