import { type ChangeOperation, type PastChange, type Plan, riskOf } from "../../handlers/operation.ts";
import { type Block, type Button, joinLines, type Line, line, textBlock } from "../../handlers/reply.ts";
import { isOpenAt } from "../access/hours.ts";
import type { Members } from "../access/members.ts";
import type { RuledChange } from "../access/rulebook.ts";
import {
  type ApprovalNeed,
  candidates,
  namesVoter,
  openPlaces,
  type Progress,
  progressOf,
  relaxed,
  type Ruling,
} from "../access/policy.ts";
import type { Deps } from "../deps.ts";
import {
  type Change,
  freezeFor,
  frozenTarget,
  holdFor,
  isTwin,
  openBeside,
  readCard,
  type Vote,
  type VotedChange,
  votesOf,
} from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type {
  EmergenciesTable,
  FreezesTable,
  HoldsTable,
  LoansTable,
  Queryable,
  QuestionsTable,
} from "../store/schema.ts";
import type { ItemsTable } from "../store/watch_tables.ts";
import { pastChanges } from "../vendors.ts";

/** What the card shows beside the change itself. */
export interface CardView {
  readonly freeze?: FreezesTable | undefined;
  /** By whom its target is kept, if by someone else than who asked. */
  readonly hold?: HoldsTable | undefined;
  /** The last changes of its target. */
  readonly past?: readonly PastChange[];
  /** Its target as the watch saw it last. */
  readonly watched?: WatchedTarget | undefined;
  /** What the rules want, and who is called what in them. */
  readonly ruling?: Ruling;
  readonly names?: ReadonlyMap<number, string>;
  /** Who has waived a part of its rules, if anyone. */
  readonly emergency?: EmergenciesTable | undefined;
  /** Who has approved it so far. */
  readonly votes?: readonly Vote[];
  /** The zone in which times are typed. */
  readonly zone?: string;
  /** How it stands with what was made for a time. */
  readonly loan?: LoansTable | undefined;
  /** Other open requests for the same target. */
  readonly beside?: readonly Change[] | undefined;
  /** What approvers wanted to know, oldest first. */
  readonly questions?: readonly QuestionsTable[];
}

/** How the target of a change stood at the last look. */
export type WatchedTarget = Pick<ItemsTable, "state" | "word" | "since" | "last_fine">;

type FullView = CardView & Required<Pick<CardView, "ruling" | "names" | "votes">>;

/**
 * What the card of a change that waits shows besides the change itself, as it is now. It may ask Telegram for names, so
 * it is made before a transaction, and whoever votes in one puts the votes in.
 */
export async function viewOf(
  { store, config: { zone } }: Pick<Deps, "store" | "config">,
  members: Members,
  change: RuledChange & VotedChange & PlacedChange,
): Promise<FullView> {
  const { ruling, emergency } = await rulingNow(store.db, members, change);
  const [around, beside, past, watched, names, votes, questions] = await Promise.all([
    obstaclesOf(store, change),
    openBeside(store, change),
    pastChanges(store, change.target_key),
    watchedTarget(store.db, change.target_key),
    members.namesOfVoters(ruling, change.requester_id),
    votesOf(store.db, change),
    questionsOf(store.db, change),
  ]);
  return { ...around, ruling, beside, past, watched, names, votes, questions, emergency, zone };
}

type PlacedChange = Pick<Change, "vendor" | "requester_id" | "scheduled_at" | "starts_at">;

/** What keeps a change back: now, or else at the time when it shall run. */
export async function obstaclesOf(
  store: Store,
  change: PlacedChange & Pick<Change, "target" | "target_key" | "company">,
  db?: Queryable,
): Promise<Pick<CardView, "freeze" | "hold">> {
  const { scheduled_at, starts_at } = change;
  const hold = await holdFor(store, change, db);
  // Nobody approves it now any more: what counts is the time at which it runs.
  if (starts_at !== null) return { freeze: await freezeFor(store, change, db, starts_at), hold };
  const now = await freezeFor(store, change, db);
  const then = scheduled_at === null ? undefined : await freezeFor(store, change, db, scheduled_at);
  return { freeze: now ?? then, hold };
}

/** What approvers wanted to know about a change, oldest first. */
export async function questionsOf(db: Queryable, { code }: Pick<Change, "code">): Promise<QuestionsTable[]> {
  return await db.selectFrom("questions").selectAll().where("code", "=", code).orderBy("number").execute();
}

async function watchedTarget(db: Queryable, key: string): Promise<WatchedTarget | undefined> {
  return await db.selectFrom("items").select(["state", "word", "since", "last_fine"])
    .where("key", "=", key).where("settled", "=", 1).where("gone_at", "is", null).executeTakeFirst();
}

/** What changes of a view by itself: a card that shows something else is shown anew. */
export function shownOf({ freeze, hold, beside = [] }: CardView): string | null {
  const around = [
    freeze && `frozen ${freeze.target} ${freeze.created_at} ${freeze.ends_at}`,
    hold && `held ${hold.holder_id} ${hold.ends_at}`,
    ...beside.map(({ code }) => code),
  ].filter(Boolean);
  return around.length > 0 ? around.join(" · ") : null;
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
      anyApprover(
        change,
        furthest && candidates(furthest.need.approve, new Set([change.requester_id]), names),
      ),
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
  const voters = votes.map(({ person_id }) => person_id);
  const open = openPlaces(need, voters).map((place): Line => {
    const without = new Set([requester_id, ...voters]);
    const others = candidates([place], without, names) || "nobody";
    const isOnly = place.count === 1 && place.of?.difference(without).size === 1;
    const many = isOnly ? "" : place.count === 1 ? "one of " : `${place.count} of `;
    return line(many, { data: others, max: MOST_OF_NAMES });
  });
  const parts = [done, open].flatMap((lines, at) =>
    lines.length > 0 ? [joinLines(lines, at === 0 ? ", " : " and ")] : []
  );
  return line(
    `${given} of ${total}: `,
    joinLines(parts, " · "),
    need.rule === undefined ? "" : ` (rule “${need.rule}”)`,
  );
}

/** What one looks up about a change that waits: all that it needs, and what was done to its target before. */
export function foldedBlocks(change: Change, view: CardView): Block[] {
  return [...needBlocks(change, view), ...pastBlocks(view)];
}

/** Where there are several: how far each of them is, the furthest from met first. */
function needBlocks(change: Change, { ruling, votes = [], names = new Map() }: CardView): Block[] {
  const all = progressOf(ruling?.needs ?? [], votes.map(({ person_id }) => person_id));
  if (all.length < 2) return [];
  const items = all.map((one) => line(progressLine(change, one, { votes, names }), openingLine(one.need)));
  return [textBlock("All that it needs"), { kind: "list", items }];
}

/** " · mon-fri 08:00-18:00, not on 2026-12-20/2027-01-04": when its votes count. */
function openingLine({ hours = [], closed = [] }: ApprovalNeed): Line {
  const open = hours.map(({ text }) => text).join(", ");
  const days = closed.map(({ text }) => text).join(", ");
  return [open, days && `not on ${days}`].filter(Boolean).map((part) => ` · ${part}`).join("");
}

/** Who could bring it nearer to what it needs, those whom the rules name first before the others. */
export function whoCouldVote({ requester_id }: Change, { ruling, votes = [] }: CardView): readonly number[] {
  const voters = votes.map(({ person_id }) => person_id);
  const open = (ruling?.needs ?? []).flatMap((need) => openPlaces(need, voters));
  const named = new Set(open.flatMap(({ of = [] }) => [...of]));
  return [...named].filter((id) => id !== requester_id && !voters.includes(id));
}

/** Below Approve and Reject: to take one's approval back, to hand the decision over, to see what was asked about it. */
export function sideButtons(change: Change, view: CardView, personId?: number): Button[][] {
  const { handle } = change;
  const { votes = [], questions = [], ruling } = view;
  const hasVoted = personId === undefined
    ? votes.length > 0
    : votes.some(({ person_id }) => person_id === personId);
  const others = ruling?.asks ? whoCouldVote(change, view).filter((id) => id !== personId) : [];
  const asked = linkTo(questions.at(-1));
  return [
    [
      ...(hasVoted ? [{ label: "Take back", action: { handle, do: "take_back" } } as const] : []),
      // On a card that everybody sees there have to be two: whoever presses is none of those it can go to.
      ...(others.length > (personId === undefined ? 1 : 0)
        ? [{ label: "Hand over to …", action: { handle, do: "pass" } } as const]
        : []),
    ],
    asked === undefined
      ? []
      : [{ label: `Question by ${questions.at(-1)?.person_name}`, action: { url: asked } }],
  ];
}

/** Where a question stands, for the members of a group whose messages have addresses. */
function linkTo(question: QuestionsTable | undefined): string | undefined {
  const [, group] = /^-100(\d+)$/.exec(String(question?.chat_id)) ?? [];
  if (group === undefined || !question?.message_id) return undefined;
  return `https://t.me/c/${group}/${question.message_id}`;
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

/** What else is asked for of its target, and what keeps it back while it waits. */
export function aroundFacts(
  change: Change,
  { freeze, hold, beside = [], questions = [] }: CardView,
): (readonly [string, Line])[] {
  return [
    ...questions.slice(-MOST_QUESTIONS).map((one) => ["Question", questionLine(change, one)] as const),
    ...beside.map((other) => ["Also asked", besideLine(change, other)] as const),
    ...(freeze ? [["Frozen", freezeLine(freeze)] as const] : []),
    ...(hold ? [["Held", holdLine(hold)] as const] : []),
  ];
}

/** The last ones; all that was said stands in the chat. */
const MOST_QUESTIONS = 3;

/** "Ben: “why today?” · Ana: “the contract ends”" */
function questionLine(
  { requester_name }: Change,
  { person_name, question, answer }: QuestionsTable,
): Line {
  const said = (name: string, words: string): Line => [
    { data: name || "someone", max: 40 },
    ": “",
    { data: words, max: 120 },
    "”",
  ];
  const reply: Line = answer === null ? "no answer yet" : said(requester_name, answer);
  return line(said(person_name, question), " · ", reply);
}

/** How its target stood when it was last looked at. */
export function watchedFacts({ watched }: CardView): (readonly [string, Line])[] {
  if (!watched) return [];
  const { state, word, since, last_fine } = watched;
  const lastFine: Line = state === "fine" || last_fine === null ? "" : [" · last fine ", { time: last_fine }];
  return [[
    "Watch",
    line(WATCHED[state], ": ", { data: word, max: 60 }, " since ", { time: since }, lastFine),
  ]];
}

const WATCHED = {
  fine: "🟢 fine",
  attention: "🟡 attention",
  down: "🔴 down",
  off: "⚪ off",
  unknown: "❔ unknown",
};

/** The last changes of the same target. */
function pastBlocks({ past = [] }: CardView): Block[] {
  if (past.length === 0) return [];
  const items = past.map(({ code, title, state, at, requester }) =>
    line({ time: at }, ` ${title}: ${state} · `, { data: requester || "someone", max: 40 }, " ", { code })
  );
  return [textBlock("Last changes of this target"), { kind: "list", items }];
}

/** "the same: K7Q2X by Ben" */
function besideLine(change: Change, other: Change): Line {
  const what = isTwin(change, other) ? "the same" : readCard(other).title;
  return line(what, ": ", { code: other.code }, " by ", { data: other.requester_name || "someone", max: 40 });
}

/** "Frozen: everything by Ana: release. /unfreeze lifts it", to go on with. */
export function wayOutOf(freeze: FreezesTable): Line {
  return line("Frozen: ", freezeLine(freeze), ". ", { code: unfreezeCommand(freeze) }, " lifts it");
}

/** The command that lifts a freeze: a company by its id, which no other bears. */
export function unfreezeCommand(freeze: FreezesTable): string {
  const { company } = freeze;
  return ["/unfreeze", frozenTarget(freeze), company && `company=${company}`].filter(Boolean).join(" ");
}

export function freezeLine(freeze: FreezesTable): Line {
  return line(
    frozenScope(freeze),
    " by ",
    personLine(freeze.holder_name, freeze.holder_id),
    ": ",
    { data: freeze.reason, max: 120 },
    freeze.begins_at === null ? "" : [" · from ", { time: freeze.begins_at }],
    freeze.ends_at === null ? " · until lifted" : [" · until ", { time: freeze.ends_at, as: "deadline" }],
  );
}

/** "ec2 Acme Corp by Ana: moving the role · until 05:14" */
export function holdLine(hold: HoldsTable): Line {
  return line(
    hold.target,
    " ",
    { data: hold.name, max: 60 },
    " by ",
    personLine(hold.holder_name, hold.holder_id),
    ": ",
    { data: hold.reason, max: 120 },
    " · until ",
    { time: hold.ends_at, as: "deadline" },
  );
}

/** "everything", "ec2", "Acme Corp", "ec2 of Acme Corp" */
export function frozenScope(freeze: FreezesTable): Line {
  const target = frozenTarget(freeze);
  if (freeze.company === null) return target ?? "everything";
  const company: Line = { data: freeze.company_name ?? freeze.company, max: 60 };
  return target === undefined ? company : line(target, " of ", company);
}
