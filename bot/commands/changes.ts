import * as z from "zod";
import { type Clock, untilAborted, withTimeout } from "../../clients/clock.ts";
import { type Block, type Button, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Need } from "../access/policy.ts";
import { cardOf, decisionButtons } from "../approvals/card.ts";
import type { DecisionKind } from "../approvals/decide.ts";
import { openEmergencies } from "../approvals/emergency.ts";
import type { LiveCards, Unread } from "../approvals/live_cards.ts";
import { findLoan, loanLine, type OpenLoan, openLoans } from "../approvals/loan.ts";
import { undoLine } from "../approvals/schedule.ts";
import { settle } from "../approvals/settle.ts";
import { isUndecided } from "../approvals/state_machine.ts";
import { type CardView, freezeLine, personLine, viewOf } from "../approvals/view.ts";
import type { UpdateContext } from "../context.ts";
import { errorFields } from "../log.ts";
import { activeFreezes, type Change, changeTitle, readUndo, waitsForItsTime } from "../store/changes.ts";
import type { AuditTable, EmergenciesTable, FreezesTable } from "../store/schema.ts";
import { stepWords } from "./audit.ts";
import { type Builtin, builtin, type CommandParts } from "./builtin.ts";
import { changeCode as code, changeMeant, changeNamed, offerChanges } from "./which_change.ts";

/** Whoever asks what waits does not wait longer than this for vendors. */
const RECHECK_MS = 5_000;

/** Left out, it is the card that is replied to, or the only one that it can be. */
const codeMeant = z.string().optional().meta({ positional: true, placeholder: "code" });
const reason = z.string().optional().meta({ positional: true, rest: true, placeholder: "reason" });

const OFFERED_TO: Readonly<Record<DecisionKind, readonly Need[]>> = {
  approve: ["approve"],
  reject: ["approve", "request"],
  withdraw: ["request"],
};

/** `/pending`, `/change`, `/approve`, `/reject`, `/withdraw`, `/stop`, `/settle`, `/undo`. */
export const changeCommands: readonly Builtin[] = [
  builtin({
    verb: "pending",
    summary: "Changes that wait for approval, run, or are unknown",
    example: "/pending",
    need: "read",
    risk: "read",
    input: z.object({}),
    async execute({ store, cards, clock, log }, ctx) {
      const working: Reply = { mark: "working", title: "Looking whether anything has moved …" };
      const unread = await ctx.withProgress(working, clock, () => recheckInTime(cards, clock))
        .then((found) => found.map(unreadLine), (error: unknown) => {
          log.warning("recheck_given_up", { trace: ctx.trace, ...errorFields(error) });
          return [NOT_IN_TIME];
        });
      const open = await store.db.selectFrom("changes").selectAll()
        .where("state", "in", ["pending", "approved", "executing", "unknown"])
        .orderBy("created_at").limit(50).execute();
      const alive = open.filter((change) => change.state !== "pending" || change.expires_at > store.now());
      const emergencies = (await openEmergencies(store.db)).map((one) => emergencyLine(one, store.now()));
      ctx.answer(pendingReply(alive, { freezes: await activeFreezes(store), emergencies, unread }, ctx));
    },
  }),
  builtin({
    verb: "change",
    summary: "Everything about one change",
    example: "/change K7Q2X",
    need: "read",
    risk: "read",
    input: z.object({ code: code.optional() }),
    async execute(parts, ctx, input) {
      const meant = input.code ?? (await changeMeant(parts, ctx, "change", input))?.change.code;
      if (meant !== undefined) await showChange(parts, ctx, meant);
    },
  }),
  builtin({
    verb: "borrowed",
    summary: "Changes that were made for a time, and when they are taken back",
    example: "/borrowed",
    need: "read",
    risk: "read",
    input: z.object({}),
    execute: async ({ store }, ctx) => ctx.answer(borrowedReply(await openLoans(store), store.now())),
  }),
  decision("approve", "Approve a change that someone else asked for"),
  decision("reject", "Reject a change"),
  decision("withdraw", "Take your own request back"),
  builtin({
    verb: "stop",
    summary: "Stop a change that is approved and has not begun",
    example: "/stop K7Q2X",
    // Who may is judged with the change in hand.
    need: "read",
    offeredTo: ["request", "approve"],
    urgent: true,
    input: z.object({ code: codeMeant, reason }),
    async execute(parts, ctx, input) {
      const meant = await changeMeant(parts, ctx, "stop", input);
      if (meant) await parts.decisions.stop(ctx, meant.change, meant.reason);
    },
  }),
  builtin({
    verb: "settle",
    summary: "Say what became of a change whose outcome is unknown",
    example: "/settle K7Q2X applied seen in the console",
    // Who may is judged with the change in hand.
    need: "read",
    offeredTo: ["approve"],
    offers: { code: offerChanges((all) => all.where("state", "=", "unknown")) },
    input: z.object({
      code,
      outcome: z.enum(["applied", "not"], "takes the word applied or the word not").meta({
        positional: true,
        placeholder: "applied|not",
      }),
      note: z.string().trim().min(1).meta({ positional: true, rest: true, placeholder: "note" }),
    }),
    async execute(parts, ctx, { code, ...said }) {
      const change = await changeNamed(parts, ctx, code);
      if (change) await settle(parts, parts.decisions, ctx, change, said);
    },
  }),
  builtin({
    verb: "undo",
    summary: "Ask for the way back of a change; approved like any other",
    example: "/undo K7Q2X",
    need: "request",
    input: z.object({
      code: codeMeant,
      reason: z.string().optional(),
      ticket: z.string().optional(),
      for: z.string().optional().meta({ placeholder: "2h" }),
      at: z.string().optional().meta({ placeholder: "22:00" }),
    }),
    async execute(parts, ctx, input) {
      const meant = await changeMeant(parts, ctx, "undo", input);
      if (meant) await parts.requests.undo(ctx, meant.change, input);
    },
  }),
];

function decision(kind: DecisionKind, summary: string): Builtin {
  return builtin({
    verb: kind,
    summary,
    example: `/${kind} K7Q2X`,
    // Who may is judged with the change in hand: its requester may take it back without being an approver.
    need: "read",
    offeredTo: OFFERED_TO[kind],
    input: z.object({ code: codeMeant, reason }),
    async execute(parts, ctx, input) {
      const meant = await changeMeant(parts, ctx, kind, input);
      if (meant) await parts.decisions.decide(ctx, meant.change, kind, meant.reason);
    },
  });
}

/** All that is known of the change by this code; answered here. */
export async function showChange(parts: CommandParts, ctx: UpdateContext, given: string): Promise<void> {
  const { store, members } = parts;
  const change = await changeNamed(parts, ctx, given);
  if (!change) return;
  const steps = await store.db.selectFrom("audit").selectAll().where("code", "=", change.code)
    .orderBy("seq").limit(100).execute();
  const view = change.state === "pending" || waitsForItsTime(change)
    ? await viewOf(parts, members, change)
    : { loan: await findLoan(store.db, change.code) };
  ctx.answer(changeDetails(change, view, steps, ctx));
}

/** Everything about a change. In private it can be decided there; in the group that is for its card. */
function changeDetails(
  change: Change,
  view: CardView,
  steps: readonly AuditTable[],
  ctx: UpdateContext,
): Reply {
  const card = cardOf(change, view);
  const { blocks = [] } = card;
  const isOpen = isUndecided(change, ctx.store.now());
  const decide: Line = isOpen && ctx.chat.type !== "private"
    ? ["Decide: ", { code: `/approve ${change.code}` }, " or ", { code: `/reject ${change.code}` }]
    : "";
  return {
    ...card,
    blocks: [
      ...blocks,
      textBlock(decide),
      { kind: "details", summary: `every step (${steps.length})`, blocks: stepBlocks(change, steps) },
    ],
    buttons: isOpen && ctx.chat.type === "private" ? [decisionButtons(change, ctx.person.id)] : [],
  };
}

function stepBlocks(change: Change, steps: readonly AuditTable[]): Block[] {
  const rows = steps.map(({ at, event, reason_code, person_id, person_name }) => [
    { time: at },
    stepWords(event, reason_code),
    person_id === null ? "the bot" : personLine(person_name ?? "", person_id),
  ]);
  const facts: [string, Line][] = [
    ...(change.undo_of === null ? [] : [["Takes back", { code: change.undo_of }] as [string, Line]]),
    ...(change.state === "pending" ? [] : [["Undo", undoLine(readUndo(change))] as [string, Line]]),
    ["Reference", { code: change.trace ?? change.code }],
  ];
  return [{ kind: "table", rows }, { kind: "facts", facts }];
}

function pendingReply(
  open: readonly Change[],
  { freezes, emergencies, unread }: {
    readonly freezes: readonly FreezesTable[];
    readonly emergencies: readonly Line[];
    readonly unread: readonly Line[];
  },
  { chat, person }: UpdateContext,
): Reply {
  const frozen: Block = {
    kind: "list",
    items: [...emergencies, ...freezes.map((one) => line("Frozen: ", freezeLine(one)))],
  };
  if (open.length === 0 && emergencies.length > 0) {
    return { mark: "attention", title: "Nothing waits for approval. Look into this", blocks: [frozen] };
  }
  if (open.length === 0) return { mark: "fine", title: "Nothing is waiting", blocks: [frozen] };
  return {
    mark: "working",
    title: `${open.length} open change${open.length === 1 ? "" : "s"}`,
    blocks: [frozen, { kind: "list", items: open.map(openLine) }, ...unread.map(textBlock)],
    buttons: open.slice(0, 6).flatMap((change) => [
      [{ label: `Show ${change.code}`, action: { command: `/change ${change.code}` } }],
      chat.type === "private" && change.state === "pending" ? namedDecisions(change, person.id) : [],
    ]),
  };
}

function unreadLine({ change: { code }, why }: Unread): Line {
  return line("Whether ", { code }, " has moved is not known. ", why);
}

/**
 * Rejects when it takes too long, and asks no more. To the vendors' clients that is no time-out: their circuit breakers
 * would learn from it that a vendor is down.
 */
async function recheckInTime(cards: LiveCards, clock: Clock): Promise<readonly Unread[]> {
  const over = new AbortController();
  try {
    return await withTimeout(
      RECHECK_MS,
      clock,
      (tooLate) => untilAborted(cards.recheck({ signal: over.signal }), tooLate),
    );
  } finally {
    over.abort();
  }
}

const NOT_IN_TIME = `Whether anything has moved is not known: the vendors did not answer within ${
  RECHECK_MS / 1000
} s. Ask again.`;

/** "Emergency K7Q2X by Chidi: the site is down · to be looked into by 03:27" */
export function emergencyLine({ code, person_name, reason, review_by }: EmergenciesTable, now: number): Line {
  const when: Line = { time: review_by ?? now, as: "deadline" };
  return line(
    "Emergency ",
    { code },
    " by ",
    { data: person_name || "someone", max: 40 },
    ": ",
    { data: reason, max: 120 },
    review_by !== null && review_by < now ? " · overdue since " : " · to be looked into by ",
    when,
    ": ",
    { code: `/reviewed ${code} <note>` },
  );
}

/** One beside the other they need the code. */
function namedDecisions(change: Change, readerId: number): readonly Button[] {
  return decisionButtons(change, readerId).map((button) => ({
    ...button,
    label: `${button.label} ${change.code}`,
  }));
}

function borrowedReply(open: readonly OpenLoan[], now: number): Reply {
  if (open.length === 0) return { mark: "fine", title: "Nothing is borrowed" };
  const overdue = open.filter(({ loan }) => loan && loan.ends_at <= now).length;
  return {
    mark: overdue > 0 ? "attention" : "working",
    title: `${open.length} borrowed${overdue > 0 ? `, ${overdue} not taken back yet` : ""}`,
    blocks: [{ kind: "list", items: open.map((one) => loanLine(one, now)) }],
    buttons: open.slice(0, 6).map(({ change: { code } }) => [{
      label: `Show ${code}`,
      action: { command: `/change ${code}` },
    }]),
  };
}

function openLine(change: Change): Line {
  const asker = personLine(change.requester_name, change.requester_id);
  const stage: Line = change.state === "pending"
    ? [" · expires ", { time: change.expires_at, as: "relative" }]
    : waitsForItsTime(change)
    ? [" · runs ", { time: change.starts_at ?? 0, as: "relative" }, ", ", { code: `/stop ${change.code}` }]
    : "";
  return line({ code: change.code }, " ", changeTitle(change).title, " · asked by ", asker, stage);
}
