import { ClientError, describe, type FailureKind } from "../../clients/errors.ts";
import type { Json } from "../../clients/json.ts";
import { BadInput, ChoiceNeeded, type Nothing, type Plan } from "../../handlers/operation.ts";
import { joinLines, type Line, line } from "../../handlers/reply.ts";
import { NothingFits } from "../../handlers/resolve.ts";
import { shownAt } from "../../handlers/mask.ts";
import type { Members } from "../access/members.ts";
import { isMet, progressOf } from "../access/policy.ts";
import { type ReasonCode, reasons } from "../reason_codes.ts";
import type { Deps } from "../deps.ts";
import { nextStepLine } from "../error_reply.ts";
import { errorFields, type Log } from "../log.ts";
import { decisionRows } from "../store/audit.ts";
import {
  type Change,
  findChange,
  fingerprintOf,
  freezeFor,
  holdFor,
  planOf,
  sameJson,
  type Vote,
  votesOf,
} from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import { StoreUnavailable } from "../store/errors.ts";
import type { EmergenciesTable, Queryable } from "../store/schema.ts";
import type { BoundOperation } from "../vendors.ts";
import { freezeLine, holdLine, rulingNow, whatIsShut } from "./view.ts";

/** What stands in the way of running what was approved. */
export interface FailedCheck {
  readonly reason: ReasonCode;
  readonly event: "supersede" | "fail";
  readonly evidence: Line;
}

type PrecheckDeps = Pick<Deps, "store" | "config" | "vendors" | "log">;

/**
 * Everything that was true when it was approved has to be true now; the first thing that is not, if any. Throws when
 * the database does not answer: then nothing can be said, and the change is looked at again later.
 */
export async function precheck(
  deps: PrecheckDeps,
  members: Members,
  change: Change,
): Promise<FailedCheck | undefined> {
  const { store, vendors, log } = deps;
  if (change.account === null || vendors.isOfAnotherAccount(change)) return notRun("account_changed");
  if (fingerprintOf(change) !== change.hash) return notRun("plan_altered");
  if (change.loan_of !== null) return await wayBackCheck(deps, change, change.loan_of);
  if (change.policy !== members.rulingOf(change).digest) return notRun("policy_changed");
  const votes = await votesOf(store.db, change);
  const failed = await lastCheck(store, change) ?? await rightsLost(change, votes, members, store.db);
  if (failed) return failed;
  if (!await isOnRecord(store, change, votes)) return notRun("not_on_record");
  // What was approved for another time must not run at one that the rules keep free of changes.
  const shut = change.scheduled_at === null ? undefined : await whatIsShut(deps, members, change);
  if (shut) return { ...notRun("closed_hours"), evidence: line("This time is closed for it. ", shut) };
  const bound = vendors.boundOperation(change);
  return bound ? await drift(change, bound, log) : notRun("vendor_not_set_up");
}

/**
 * A way back was approved with its loan, and what came up since does not stop it: what was borrowed is given back. But
 * it has to be the one that was planned for this loan, and the target as the loan left it.
 */
async function wayBackCheck(
  { store, vendors, log }: PrecheckDeps,
  change: Change,
  loanOf: string,
): Promise<FailedCheck | undefined> {
  const loan = await findChange(store, loanOf);
  const planned = (await decisionRows(store.db, change.code))
    .some(({ event, detail }) =>
      event === "return_planned" && JSON.parse(detail ?? "{}").hash === change.hash
    );
  const isOfLoan = loan && planned && fingerprintOf(loan) === loan.hash &&
    await isOnRecord(store, loan, await votesOf(store.db, loan));
  if (!isOfLoan) return notRun("not_on_record");
  const bound = vendors.boundOperation(change);
  return bound ? await drift(change, bound, log) : notRun("vendor_not_set_up");
}

/** Whoever can only write to the table of changes gets nothing to run: the audit has to tell the same. */
async function isOnRecord({ db }: Store, change: Change, votes: readonly Vote[]): Promise<boolean> {
  const rows = await decisionRows(db, change.code);
  const asked = rows.find(({ event, person_id, detail }) =>
    event === "asked" && person_id === change.requester_id && JSON.parse(detail ?? "{}").hash === change.hash
  );
  return asked !== undefined && votes.length > 0 && votes.every(({ person_id }) => {
    const last = rows.findLast(({ event, ...row }) =>
      row.person_id === person_id && row.seq > asked.seq && ["approve", "vote", "take_back"].includes(event)
    );
    return last?.event === "approve" || last?.event === "vote";
  });
}

async function isCalledOnRecord(db: Queryable, { code, person_id }: EmergenciesTable): Promise<boolean> {
  return (await decisionRows(db, code)).some((row) =>
    row.event === "emergency" && row.person_id === person_id
  );
}

/** Who approved it did so for its time: what could not begin by then, because no bot was there, is asked for again. */
const MOST_LATE_MS = 3_600_000;

/** What can come up while the rest is being asked, and is therefore asked again in the moment of sending. */
export async function lastCheck(
  store: Store,
  change: Change,
  db: Queryable = store.db,
): Promise<FailedCheck | undefined> {
  if (change.loan_of !== null) return undefined;
  if (store.now() - (change.starts_at ?? Infinity) > MOST_LATE_MS) return notRun("too_late");
  const freeze = await freezeFor(store, change, db);
  if (freeze) return { ...notRun("frozen"), evidence: line("Frozen: ", freezeLine(freeze)) };
  const hold = await holdFor(store, change, db);
  if (hold) return { ...notRun("held"), evidence: line("Held: ", holdLine(hold)) };
  return undefined;
}

export function notRun(reason: ReasonCode): FailedCheck {
  return { reason, event: "supersede", evidence: reasons[reason] ?? reason };
}

/** Whoever asked and whoever approved must still be allowed to, and those who approved must still be enough. */
async function rightsLost(
  change: Change,
  votes: readonly Vote[],
  members: Members,
  db: Queryable,
): Promise<FailedCheck | undefined> {
  const { chat_id, origin_chat, requester_id } = change;
  if (votes.some(({ person_id }) => person_id === requester_id)) return notRun("rights_changed");
  const { ruling: { needs }, emergency } = await rulingNow(db, members, change);
  if (emergency && !await isCalledOnRecord(db, emergency)) return notRun("not_on_record");
  if (emergency && !members.rules?.breakGlass?.who.has(emergency.person_id)) {
    return mayNot(emergency.person_name, "broke the glass for", "no_rule_names_you");
  }
  if (!isMet(progressOf(needs, votes.map(({ person_id }) => person_id)))) return notRun("rights_changed");
  const [requester, ...approvers] = await Promise.all([
    // Who asks in private may belong to any admin group: the card is in the first one.
    origin_chat === chat_id
      ? members.judgeFor(change, "request", requester_id)
      : members.judge("request", requester_id, { id: requester_id, type: "private" }),
    ...votes.map(({ person_id }) => members.judgeFor(change, "approve", person_id)),
  ]);
  if (!members.mayAsk(change, requester_id)) {
    return mayNot(change.requester_name, "asked for", "no_rule_allows");
  }
  if (!requester.allowed) return mayNot(change.requester_name, "asked for", requester.reason);
  for (const [at, approver] of approvers.entries()) {
    if (!approver.allowed) return mayNot(votes[at]?.person_name ?? null, "approved", approver.reason);
  }
  return undefined;
}

function mayNot(name: string | null, did: string, reason: ReasonCode): FailedCheck {
  const who: Line = { data: name || "Someone", max: 40 };
  const evidence = reason === "membership_unknown"
    ? line("Telegram did not say whether ", who, `, who ${did} it, is still in the group.`)
    : line(who, `, who ${did} it, ${NO_LONGER[reason] ?? "is no longer in the group"}.`);
  return { ...notRun("rights_changed"), evidence };
}

const NO_LONGER: Readonly<Partial<Record<ReasonCode, string>>> = {
  not_operator: "may no longer ask for changes",
  not_approver: "may no longer approve changes",
  no_rule_allows: "may no longer ask for it",
  no_rule_names_you: "may no longer do so",
};

/** What of a change is no longer as it was planned, if anything. Throws when the database does not answer. */
export async function drift(
  change: Change,
  { operation, plan, context }: BoundOperation,
  log: Log,
): Promise<FailedCheck | undefined> {
  let unanswered: ClientError | undefined;
  const onFailure = (error: ClientError) => {
    if (NOTHING_LEARNT.has(error.kind)) unanswered ??= error;
  };
  const found = await operation.plan(context({ onFailure }), plan.input)
    .then((now) => differenceOf(plan, now), (error: unknown) => unplannable(error, change, log));
  // Where the operation made do without an answer, that may be all the difference.
  return found?.reason === "target_moved" && unanswered ? unplannable(unanswered, change, log) : found;
}

/** Of a failed call: it is as if nobody had asked. */
const NOTHING_LEARNT: ReadonlySet<FailureKind> = new Set([
  "unreachable",
  "timed_out",
  "credentials_refused",
  "rate_limited",
  "unexpected_reply",
]);

function differenceOf(plan: Plan, now: Plan | Nothing): FailedCheck | undefined {
  if ("nothing" in now) return moved(line("Moved: ", now.nothing));
  if (sameJson(factsOf(plan), factsOf(now))) return undefined;
  return moved(driftLine(differences(factsOf(plan), factsOf(now))));
}

function unplannable(error: unknown, change: Change, log: Log): FailedCheck {
  // That nothing is known of it at the moment is no sign that it has moved.
  if (error instanceof StoreUnavailable) throw error;
  if (error instanceof ClientError) {
    if (error.kind === "not_found") return gone(change, `${describe(error.failure)}.`);
    const evidence = `${describe(error.failure)}. Nothing was sent. ${nextStepLine(error.failure)}`;
    return { reason: "vendor_failed", event: "fail", evidence };
  }
  if (error instanceof NothingFits) return gone(change);
  if (error instanceof BadInput) return moved(line("Moved: ", { data: error.message, max: 200 }));
  if (!(error instanceof ChoiceNeeded)) {
    log.error("replan_failed", { code: change.code, ...errorFields(error) });
  }
  return moved("Moved: it can no longer be planned");
}

function gone(change: Change, seen = ""): FailedCheck {
  const { name } = planOf(change).target;
  return moved(line("Gone: ", { data: name, max: 80 }, ` is no longer there. ${seen}`.trimEnd()));
}

function moved(evidence: Line): FailedCheck {
  return { reason: "target_moved", event: "supersede", evidence };
}

function factsOf({ target: { name, id, key }, before, after, input, depends = null }: Plan) {
  return { name, id, before, after, input, key, depends };
}

interface Difference {
  readonly path: string;
  readonly was: Json | undefined;
  readonly is: Json | undefined;
}

/** Where two JSON values differ, leaf by leaf. */
function differences(was: Json | undefined, is: Json | undefined, path = ""): Difference[] {
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

const MOST_DIFFERENCES = 5;

function driftLine(found: readonly Difference[]): Line {
  // A new name, for one, stands in the target and in the state.
  const once = [
    ...new Map(found.toReversed().map((one) => [JSON.stringify([one.was, one.is]), one])).values(),
  ].toReversed();
  const shown = once.slice(0, MOST_DIFFERENCES).map(difference);
  const rest = once.length - shown.length;
  return line(
    "Moved since it was asked for: ",
    ...joinLines(shown, "; "),
    rest > 0 ? ` and ${rest} more` : "",
  );
}

/** As a vendor's `/show` shows the values: what only a secret part of them tells apart has merely changed. */
function difference({ path, was, is }: Difference): Line {
  const steps = path.split(".");
  const label: Line = { data: path.replace(/^(before|depends)\./, ""), max: 60 };
  const old = worded(shownAt(steps, was ?? null));
  const now = worded(shownAt(steps, is ?? null));
  if (old === now) return line(label, " has changed");
  return line(label, " was ", { data: old, max: 60 }, ", is now ", { data: now, max: 60 });
}

function worded(value: Json): string {
  if (value === null) return "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}
