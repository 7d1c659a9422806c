import * as z from "zod";
import { type Block, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { closestNames } from "../../handlers/resolve.ts";
import { quote } from "../parser/tokenize.ts";
import { parseDuration } from "../settings.ts";
import { type AuditFilter, type AuditProof, countAudit, latestAudit, verifyAudit } from "../store/audit.ts";
import { type Change, readCard } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { AuditTable } from "../store/schema.ts";
import { addDays, type CalendarDay, instantAt, parseDay, wallTime } from "../zone.ts";
import { type Builtin, builtin } from "./builtin.ts";

const SHOWN = 10;
const MOST_SHOWN = 50;

const filters = {
  company: z.string().optional().meta({ spaced: true, placeholder: "name" }),
  person: z.string().optional().meta({ spaced: true, placeholder: "name" }),
  since: z.string().refine(
    (text) => sinceOf(text, 0, "UTC") !== undefined,
    "takes a time such as 2h, a day such as 2026-11-20, today, yesterday or tonight",
  )
    .optional().meta({ placeholder: "2h" }),
  code: z.string().optional(),
};

/** `/audit`, `/audit export`, `/audit verify`. */
export const auditCommands: readonly Builtin[] = [
  builtin({
    verb: "audit",
    summary: "What was asked, decided and done, newest first",
    example: "/audit 20 since=2h",
    need: "read",
    risk: "read",
    input: z.object({
      n: z.coerce.number().int().min(1).max(MOST_SHOWN).optional().meta({
        positional: true,
        placeholder: "n",
      }),
      ...filters,
      mistakes: z.literal("yes").optional(),
    }),
    async execute({ store, config }, ctx, { n = SHOWN, mistakes, ...wanted }) {
      const without = mistakes === "yes" ? undefined : "malformed_command";
      const filter = { ...filterOf(wanted, store.now(), config.zone), without };
      const rows = await latestAudit(store.db, filter, n * MOST_STEPS);
      const stories = storiesOf(rows).slice(0, n);
      if (stories.length === 0) return ctx.answer(nothingReply(wanted, await namesIn(store)));
      ctx.answer(auditReply(stories, await changesOf(store, stories)));
    },
  }),
  builtin({
    verb: "audit",
    target: "export",
    summary: "The whole audit as files, JSON lines and CSV",
    example: "/audit export since=30d",
    need: "approve",
    risk: "read",
    input: z.object(filters),
    async execute({ store, config }, ctx, input) {
      const filter = filterOf(input, store.now(), config.zone);
      const { rows, last } = await countAudit(store.db, filter);
      if (rows === 0) return ctx.answer(NOTHING);
      ctx.audit({ event: "audit_exported", detail: JSON.stringify(input) });
      const title = `The audit as JSON lines and CSV: ${rows} row${rows === 1 ? "" : "s"}`;
      ctx.answer({ mark: "fine", title }, { export: { ...filter, until: last } });
    },
  }),
  builtin({
    verb: "audit",
    target: "verify",
    summary: "Whether the audit is what was written",
    example: "/audit verify",
    need: "read",
    risk: "read",
    input: z.object({}),
    execute: async ({ store }, ctx) => ctx.answer(await walk(store)),
  }),
];

/** A walk through the whole audit, and when it ended: undefined while it is under way. */
interface Walk {
  readonly proof: Promise<AuditProof>;
  endedAt?: number;
}

/** Whoever asks during a walk, or soon after it, gets the same answer. */
const walks = new WeakMap<Store, Walk>();
const PAUSE_MS = 30_000;

async function walk(store: Store): Promise<Reply> {
  const last = walks.get(store);
  const isRecent = last && (last.endedAt === undefined || store.now() - last.endedAt < PAUSE_MS);
  const walking: Walk = isRecent ? last : { proof: verifyAudit(store.db) };
  walks.set(store, walking);
  try {
    const proof = await walking.proof;
    return proofReply(proof, walking.endedAt ??= store.now());
  } catch (error) {
    walks.delete(store);
    throw error;
  }
}

function proofReply(proof: AuditProof, at: number): Reply {
  const footer: Line = ["as of ", { time: at, as: "clock" }];
  if (proof.intact) {
    const rows = `${proof.rows} row${proof.rows === 1 ? "" : "s"}`;
    return { mark: "fine", title: `intact: ${rows}, each following the one before`, footer };
  }
  const { row, why } = proof;
  const text = `Row ${row}: ${why}. Keep a copy of the database before doing anything else.`;
  return { mark: "down", title: `broken at row ${row}`, blocks: [textBlock(text)], footer };
}

const NOTHING: Reply = { mark: "info", title: "Nothing in the audit fits" };
/** So many rows are looked through for a name that is spelt like one that was typed. */
const MOST_FOR_NAMES = 1_000;

/** The names that the audit has lately, by the filter that takes them. */
async function namesIn({ db }: Store): Promise<Readonly<Record<"company" | "person", readonly string[]>>> {
  const rows = await latestAudit(db, {}, MOST_FOR_NAMES);
  return {
    company: rows.flatMap(({ target }) => target?.includes(" ") ? target.replace(/^\S+ /, "") : []),
    person: rows.flatMap(({ person_name }) => person_name ?? []),
  };
}

/** A slip of the pen reads as if nothing had happened: what is spelt most like it is offered. */
function nothingReply(
  wanted: Pick<FilterInput, "company" | "person">,
  names: Readonly<Record<"company" | "person", readonly string[]>>,
): Reply {
  const near = (["company", "person"] as const).flatMap((filter) =>
    closestNames(wanted[filter] ?? "", names[filter]).map((name) => ({ filter, name }))
  );
  if (near.length === 0) return NOTHING;
  return {
    ...NOTHING,
    title: "Nothing in the audit fits. Did you mean one of these?",
    buttons: near.map(({ filter, name }) => [{
      label: name,
      action: { command: `/audit ${filter}=${quote(name)}` },
    }]),
    personal: true,
  };
}

/** Rows that belong together, newest first: the steps of one change, or what stands alone. */
type Story = readonly [newest: AuditTable, ...earlier: AuditTable[]];

/** No change has more steps than this, but for one whose outcome stays unknown. */
const MOST_STEPS = 12;

function storiesOf(rows: readonly AuditTable[]): Story[] {
  const stories = new Map<string, [AuditTable, ...AuditTable[]]>();
  for (const row of rows) {
    const key = row.code ?? `row ${row.seq}`;
    const known = stories.get(key);
    if (known) known.push(row);
    else stories.set(key, [row]);
  }
  return [...stories.values()];
}

async function changesOf({ db }: Store, stories: readonly Story[]): Promise<Map<string, Change>> {
  const codes = stories.flatMap(([{ code }]) => code ?? []);
  if (codes.length === 0) return new Map();
  const changes = await db.selectFrom("changes").selectAll().where("code", "in", codes).execute();
  return new Map(changes.map((change) => [change.code, change]));
}

/** So many lines fit one screen. */
const ON_ONE_SCREEN = 8;

function auditReply(stories: readonly Story[], changes: ReadonlyMap<string, Change>): Reply {
  const blocks = stories.map((story) => storyBlock(story, changes.get(story[0].code ?? "")));
  const more = blocks.slice(ON_ONE_SCREEN);
  return {
    mark: "info",
    title: stories.length === 1 ? "The last entry of the audit" : `The last ${stories.length} of the audit`,
    blocks: [
      ...blocks.slice(0, ON_ONE_SCREEN),
      { kind: "details", summary: `${more.length} earlier`, blocks: more },
    ],
    footer: [
      "Typing mistakes are left out. Is it complete? ",
      { code: "/audit verify" },
      " As files: ",
      { code: "/audit export" },
    ],
  };
}

/** One line, and behind it the steps of a change. */
function storyBlock(story: Story, change: Change | undefined): Block {
  const [newest] = story;
  const when: Line = { time: newest.at };
  if (!change) return textBlock(line(when, " ", whatHappened(newest)));
  const rows = story.map((row): Line[] => [
    { time: row.at },
    stepWords(row.event, row.reason_code),
    whoDid(row),
  ]);
  return {
    kind: "details",
    summary: line(when, " ", changeInOneLine(change), " ", { code: change.code }),
    blocks: [{ kind: "table", rows }],
  };
}

/** "Ben approved, applied: Disable the EC2 integration of Acme Corp" */
function changeInOneLine({ state, decider_name, requester_name, card }: Change): Line {
  const decided = decider_name !== null && decider_name !== "" && decider_name !== requester_name;
  const who: Line = { data: (decided ? decider_name : requester_name) || "someone", max: 30 };
  const did = !decided ? " asked, " : state === "rejected" ? " " : " approved, ";
  return line(who, did, `${STATES[state] ?? state}: `, readCard({ card }).title);
}

const STATES: Readonly<Partial<Record<Change["state"], string>>> = {
  pending: "waits",
  approved: "runs next",
  executing: "runs",
  withdrawn: "taken back",
  stopped: "stopped in time",
  unknown: "result unknown",
  superseded: "nothing ran",
};

function whatHappened(row: AuditTable): Line {
  const { event, reason_code, operation, target, detail, code } = row;
  const about = operation ?? targetWords(target ?? "");
  const shown =
    event === "frozen" || event === "unfrozen" || event === "freeze_ended" || event === "freeze_begun"
      ? detail ?? ""
      : "";
  return line(
    whoDid(row),
    ` · ${stepWords(event, reason_code)}`,
    about ? [": ", { data: about, max: 60 }] : "",
    shown ? [" · ", { data: shown, max: 60 }] : "",
    code ? [" ", { code }] : "",
  );
}

/** "ec2 Acme Corp": a key such as `ec2:5511…` before the name has an id that says nothing to people. */
function targetWords(target: string): string {
  return target.replace(/^([^\s:]+):\S+ /, "$1 ").replace(/^\* /, "everything of ").replace(
    /^\*$/,
    "everything",
  );
}

function whoDid({ person_id, person_name }: AuditTable): Line {
  return person_id === null ? "the bot" : { data: person_name || `…${String(person_id).slice(-4)}`, max: 30 };
}

/** What happened, for people who have not read how the bot works. */
export function stepWords(event: string, reason: string | null): string {
  if (event === "refused" && reason !== null) return `refused: ${REFUSED[reason] ?? plainly(reason)}`;
  return STEPS[event] ?? plainly(event);
}

const STEPS: Readonly<Record<string, string>> = {
  vote: "approved, more have to",
  take_back: "approval taken back",
  passed_on: "handed over to another approver",
  question: "a question asked",
  answered: "a question answered",
  emergency: "rules set aside",
  reviewed: "emergency looked into",
  policy_read: "policy read",
  approve: "approved",
  reject: "rejected",
  explain: "said why",
  withdraw: "taken back",
  stop: "stopped before it ran",
  loan_extended: "lent for 1 h more",
  loan_cut_short: "to be taken back now",
  return_planned: "way back planned",
  loan_moved: "not taken back: it has moved",
  loan_nothing_left: "nothing left to take back",
  expire: "expired",
  supersede: "stopped, nothing was sent",
  claim: "started",
  take_over: "taken over by another instance",
  send: "sent to the vendor",
  apply: "applied",
  apply_partly: "partly applied",
  accept: "accepted by the vendor",
  fail: "not applied",
  mark_unknown: "result unknown",
  applied_late: "applied, but late",
  partly_late: "partly applied, but late",
  still_not_applied: "still not applied",
  still_partly_applied: "still partly applied",
  settle_applied: "said to be applied",
  settle_not_applied: "said not to be applied",
  unfrozen: "freeze lifted",
  held: "held",
  released: "no longer held",
  held_back: "asked if still wanted",
  secret_asked: "secret page sent",
  secret_entered: "secret entered",
  credential_offered: "new credential ready",
  credential_shown: "new credential shown",
  credential_withheld: "new credential not shown",
  chat_migrated: "the group has a new id",
  answer_not_delivered: "no way to bring an answer",
};

const REFUSED: Readonly<Record<string, string>> = {
  malformed_command: "not understood",
  own_change: "own request",
  not_operator: "may not ask for changes",
  not_approver: "may not approve",
  literal_secret: "a secret in the chat",
  stale_message: "sent too long ago",
};

function plainly(code: string): string {
  return code.replaceAll("_", " ");
}

type FilterInput = Omit<AuditFilter, "since"> & { readonly since?: string | undefined };

function filterOf({ since, ...rest }: FilterInput, now: number, zone: string): AuditFilter {
  return { ...rest, since: since === undefined ? undefined : sinceOf(since, now, zone) };
}

/** In minutes since midnight. */
const EVENING = 18 * 60;

/**
 * A time before now ("2h"), a day, or a word for one; days begin at midnight in this zone, and tonight at 18:00. Epoch
 * ms.
 */
function sinceOf(text: string, now: number, zone: string): number | undefined {
  const { day: today, minutes } = wallTime(zone, now);
  const yesterday = addDays(today, -1);
  const begin = (day: CalendarDay, at = 0) => instantAt(zone, day, at).at;
  const named: Readonly<Record<string, number>> = {
    today: begin(today),
    yesterday: begin(yesterday),
    tonight: begin(minutes < EVENING ? yesterday : today, EVENING),
  };
  const word = named[text.toLowerCase()];
  if (word !== undefined) return Math.max(0, word);
  const ago = parseDuration(text);
  if (ago !== undefined) return Math.max(0, now - ago);
  const day = parseDay(text);
  if (day) return begin(day);
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
