import { type ChangeOperation, type Plan, riskOf } from "../../handlers/operation.ts";
import { joinLines, type Line, line } from "../../handlers/reply.ts";
import { isOpenAt } from "../access/hours.ts";
import type { Members } from "../access/members.ts";
import type { RuledChange } from "../access/rulebook.ts";
import { candidates, namesVoter, type Progress, progressOf, relaxed, type Ruling } from "../access/policy.ts";
import type { Deps } from "../deps.ts";
import {
  type Change,
  freezeFor,
  openBeside,
  type Vote,
  type VotedChange,
  votesOf,
} from "../store/changes.ts";
import type { EmergenciesTable, FreezesTable, Queryable } from "../store/schema.ts";

/** What the card shows beside the change itself. */
export interface CardView {
  readonly freeze?: FreezesTable | undefined;
  /** What the rules want, and who is called what in them. */
  readonly ruling?: Ruling;
  readonly names?: ReadonlyMap<number, string>;
  /** Who has waived a part of its rules, if anyone. */
  readonly emergency?: EmergenciesTable | undefined;
  /** Who has approved it so far. */
  readonly votes?: readonly Vote[];
  /** Other open requests for the same target. */
  readonly beside?: readonly Change[] | undefined;
}

type FullView = CardView & Required<Pick<CardView, "ruling" | "names" | "votes">>;

/**
 * What the card of a change that waits shows besides the change itself, as it is now. It may ask Telegram for names, so
 * it is made before a transaction, and whoever votes in one puts the votes in.
 */
export async function viewOf(
  { store }: Pick<Deps, "store">,
  members: Members,
  change: RuledChange & VotedChange & Pick<Change, "requester_id">,
): Promise<FullView> {
  const { ruling, emergency } = await rulingNow(store.db, members, change);
  const [freeze, beside, names, votes] = await Promise.all([
    freezeFor(store, change),
    openBeside(store, change),
    members.namesOfVoters(ruling, change.requester_id),
    votesOf(store.db, change),
  ]);
  return { ruling, freeze, beside, names, votes, emergency };
}

/** What a change needs now: with a broken glass it is less. */
export async function rulingNow(
  db: Queryable,
  members: Members,
  change: RuledChange & Pick<Change, "code">,
): Promise<{ readonly ruling: Ruling; readonly emergency?: EmergenciesTable | undefined }> {
  const ruling = members.rulingOf(change);
  if (!members.rules?.breakGlass) return { ruling };
  const emergency = await db.selectFrom("emergencies").selectAll().where("code", "=", change.code)
    .executeTakeFirst();
  return emergency ? { ruling: relaxed(ruling), emergency } : { ruling };
}

/** The person's name and the end of the id, because two persons may bear one name. */
export function personLine(name: string, id: number): Line {
  return [{ data: name || "someone", max: 40 }, ` (…${String(id).slice(-4)})`];
}

/** Room for three long names and the number of the others. */
export const MOST_OF_NAMES = 140;

/** "one approver other than Ana: Ben", or of several needs the one that is furthest from met: "1 of 2: Ben ✓ · one of …" */
export function needsLine(change: Change, { ruling, votes = [], names = new Map() }: CardView): Line {
  const until: Line = [" · until ", { time: change.expires_at, as: "deadline" }];
  const [furthest] = progressOf(ruling?.needs ?? [], votes.map(({ person_id }) => person_id));
  if (!furthest || furthest.need.rule === undefined) {
    return line(
      anyApprover(change, furthest && candidates([furthest.need], new Set([change.requester_id]), names)),
      until,
    );
  }
  return line(progressLine(change, furthest, { votes, names }), until);
}

function anyApprover(change: Change, approvers: string | undefined): Line {
  const other: Line = { data: change.requester_name || "the requester", max: 40 };
  const who: Line = approvers ? [": ", { data: approvers, max: MOST_OF_NAMES }] : "";
  const nobody = approvers === "" ? ", but APPROVERS lists nobody else" : "";
  return line("one approver other than ", other, who, nobody);
}

/** "1 of 2: Ben ✓ · one of Cid, Dora (rule “danger”)" */
function progressLine(
  { requester_id }: Change,
  { need, given, total }: Progress,
  { votes, names }: Required<Pick<CardView, "votes" | "names">>,
): Line {
  const voted = votes.filter(({ person_id }) => namesVoter([need], person_id));
  const done = voted.map(({ person_name }): Line => [{ data: person_name || "someone", max: 40 }, " ✓"]);
  const others = candidates(
    [need],
    new Set([requester_id, ...votes.map(({ person_id }) => person_id)]),
    names,
  );
  const missing = total - given;
  const open: Line = missing === 0
    ? ""
    : line(missing === 1 ? "one of " : `${missing} of `, { data: others || "nobody", max: MOST_OF_NAMES });
  const parts = [...done.length > 0 ? [joinLines(done, ", ")] : [], ...open === "" ? [] : [open]];
  return line(
    `${given} of ${total}: `,
    joinLines(parts, " · "),
    need.rule === undefined ? "" : ` (rule “${need.rule}”)`,
  );
}

/** A change as its rules see it. */
export function ruledChange(operation: ChangeOperation, plan: Plan): RuledChange {
  return {
    verb: operation.verb,
    target: operation.target,
    vendor: operation.vendor,
    risk: riskOf(operation, plan),
    plan: JSON.stringify(plan),
    target_key: plan.target.key,
    company: plan.target.company ?? null,
  };
}

/** The rules that take no votes now, and when they do; undefined while all do. */
export async function whatIsShut(
  { store, config: { zone } }: Pick<Deps, "store" | "config">,
  members: Members,
  change: RuledChange & Pick<Change, "code">,
): Promise<Line | undefined> {
  const { ruling: { needs } } = await rulingNow(store.db, members, change);
  const timed = needs.filter(({ hours = [], closed = [] }) => hours.length + closed.length > 0);
  const shut = timed.filter((need) => !isOpenAt(need, zone, store.now()));
  if (shut.length === 0) return undefined;
  const lines = shut.map(({ rule = "", hours = [], closed = [] }) => {
    const open = hours.length > 0 ? hours.map(({ text }) => text).join(", ") : "at any hour";
    const days = closed.length > 0 ? `, not on ${closed.map(({ text }) => text).join(", ")}` : "";
    return `Rule “${rule}” takes them ${open}${days} (${zone}).`;
  });
  return joinLines(lines, " ");
}
