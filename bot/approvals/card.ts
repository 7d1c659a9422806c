import type { Transaction } from "kysely";
import type { Json } from "../../clients/json.ts";
import type { Card } from "../../handlers/operation.ts";
import {
  type Block,
  type Button,
  joinLines,
  type Line,
  line,
  type Reply,
  textBlock,
} from "../../handlers/reply.ts";
import { namesVoter } from "../access/policy.ts";
import { putMessage } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { sanitize, toldApart } from "../render/sanitize.ts";
import { spellDuration } from "../settings.ts";
import {
  type Change,
  changeTitle,
  planOf,
  readCard,
  readUndo,
  TOOK_EFFECT,
  waitsForItsTime,
} from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { Schema } from "../store/schema.ts";
import { isTakenBack, lentLine, momentLine, undoLine } from "./schedule.ts";
import {
  aroundFacts,
  type CardView,
  foldedBlocks,
  needsLine,
  personLine,
  sideButtons,
  watchedFacts,
} from "./view.ts";

/** The key of the one message of a change in the group. */
export function cardKey(code: string): string {
  return `card:${code}`;
}

/** What the group is shown of a change, as a new version of its one message. */
export function cardMessage(change: Change, view: CardView = {}): Outgoing {
  return {
    key: cardKey(change.code),
    chatId: change.chat_id,
    threadId: change.thread_id ?? undefined,
    reply: cardOf(change, view),
    priority: PRIORITY.decision,
    trace: change.trace ?? undefined,
  };
}

/**
 * Tells the requester, in reply to the request: what nobody waits for at that moment must not depend on who is online,
 * as a message for one person alone does. What became known after the first look is a message of its own: nobody
 * notices an edit of one that is minutes or hours old.
 */
export function outcomeMessage(change: Change): Outgoing {
  const settled = change.settled_id === null ? "" : ":settled";
  return {
    key: `outcome:${change.code}${settled || (change.checks > 1 ? ":known" : "")}`,
    chatId: change.origin_chat,
    threadId: change.origin_thread ?? undefined,
    replyTo: change.origin_message ?? undefined,
    reply: { ...changeTitle(change), footer: ["/change ", { code: change.code }] },
    priority: PRIORITY.outcome,
    sound: change.state !== "applied" && change.state !== "accepted",
    trace: change.trace ?? undefined,
  };
}

/** What a person is shown of it in private, and of what becomes of it; until then it has what that person may do. */
export function copyMessage(change: Change, personId: number, view: CardView = {}): Outgoing {
  return {
    key: copyKey(change.code, personId),
    chatId: personId,
    reply: { ...cardOf(change, view), buttons: copyButtons(change, personId, view) },
    priority: PRIORITY.outcome,
    trace: change.trace ?? undefined,
  };
}

/** Whoever is shown the change elsewhere than in its group sees what becomes of it, too. */
export async function showCopies(
  store: Store,
  transaction: Transaction<Schema>,
  change: Change,
  view: CardView = {},
): Promise<void> {
  const copies = await transaction.selectFrom("card_copies").select(["key", "person_id"])
    .where("code", "=", change.code).execute();
  for (const { key, person_id } of copies) {
    await putMessage(store, transaction, { ...copyMessage(change, person_id, view), key });
  }
}

/** The key of the message in which this person is shown a change in private. */
export function copyKey(code: string, personId: number): string {
  return `copy:${code}:${personId}`;
}

/** What was decided is told by the card alone: its buttons count there. */
function copyButtons(change: Change, personId: number, view: CardView): Button[][] {
  const { votes = [], ruling } = view;
  const hasVoted = votes.some(({ person_id }) => person_id === personId);
  const mayVote = hasVoted || namesVoter(ruling?.needs ?? [], personId);
  if (change.state !== "pending" || !mayVote) return [];
  return [hasVoted ? [] : decisionButtons(change), ...sideButtons(change, view, personId)];
}

/** The one message of a change in the group: a question first, then its answer, in place. */
export function cardOf(change: Change, view: CardView = {}): Reply {
  return change.state === "pending" ? question(change, view) : answer(change, view);
}

function question(change: Change, view: CardView): Reply {
  const card = readCard(change);
  const { warnings = [] } = card;
  const more = warnings.slice(MOST_WARNINGS);
  return {
    ...changeTitle(change),
    blocks: [
      textBlock({ code: planOf(change).target.id }),
      rowsTable(card),
      ...warningLines(warnings.slice(0, MOST_WARNINGS)),
      textBlock(more.length > 0 ? `⚠️ and ${more.length} more, below` : ""),
      {
        kind: "facts",
        facts: [
          ["Breaks", card.breaks.length > 0 ? joinLines(card.breaks, " ") : "nothing"],
          ["Undo", undoLine(readUndo(change))],
          ...timeFacts(change, view),
          ["Why", whyLine(change)],
          ["Needs", needsLine(change, view)],
          ...emergencyFact(change),
          ...watchedFacts(view),
          ...aroundFacts(change, view),
        ],
      },
      {
        kind: "details",
        summary: card.details ? "what will be sent · more" : "what will be sent",
        blocks: [
          { kind: "pre", text: pretty(card.sends) },
          ...(card.details ?? []),
          ...warningLines(more),
          ...foldedBlocks(change, view),
        ],
      },
    ],
    buttons: [decisionButtons(change), ...sideButtons(change, view)],
    footer: codeLine(change),
  };
}

/** The card that there would be, of which nobody else is told. */
export function plannedOnly(change: Partial<Change>, view: CardView): Reply {
  const { footer: _, buttons: __, ...card } = question({ emergency: null, ...change } as Change, view);
  return { ...card, footer: "Nothing was asked of anybody. Send it without /plan to ask.", personal: true };
}

/** When it runs, and what becomes of it by itself. */
function timeFacts({ scheduled_at, lasts_ms }: Change, { zone }: CardView): (readonly [string, Line])[] {
  return [
    ...(scheduled_at === null ? [] : [
      [
        "Runs",
        line(momentLine(scheduled_at, zone), ", if everything is as it is now"),
      ] as const,
    ]),
    ...(lasts_ms === null ? [] : [
      [
        "Back",
        `by itself ${spellDuration(lasts_ms)} after it took effect, if nothing has moved until then`,
      ] as const,
    ]),
  ];
}

/** Whatever is asked for, they must not take the place of what changes. */
const MOST_WARNINGS = 5;

function warningLines(warnings: readonly Line[]): Block[] {
  return warnings.map((text) => textBlock(["⚠️ ", { bold: text }]));
}

function answer(change: Change, view: CardView): Reply {
  const card = readCard(change);
  return {
    ...changeTitle(change),
    blocks: [
      textBlock(change.evidence === null ? "" : JSON.parse(change.evidence) as Line),
      textBlock(nextLine(change, view)),
      { kind: "facts", facts: waitsForItsTime(change) ? aroundFacts(change, view) : [] },
      textBlock(storyLine(change)),
      { kind: "facts", facts: emergencyFact(change) },
      {
        kind: "details",
        summary: "what was asked",
        blocks: [
          rowsTable(card),
          { kind: "facts", facts: [["Why", whyLine(change)]] },
          { kind: "pre", text: pretty(card.sends) },
        ],
      },
    ],
    buttons: [answerButtons(change, view)],
    footer: codeLine(change),
  };
}

/** It is seen on the card for as long as there is one. */
function emergencyFact({ emergency }: Change): readonly (readonly [string, Line])[] {
  return emergency === null ? [] : [["Emergency", JSON.parse(emergency) as Line]];
}

function answerButtons(change: Change, { loan }: CardView): Button[] {
  const decided = decidedButton(change);
  if (waitsForItsTime(change)) {
    return [...decided, { label: "Stop", style: "danger", action: { handle: change.handle, do: "stop" } }];
  }
  const isThere = TOOK_EFFECT.has(change.state) && !isTakenBack(loan);
  if (isThere && readUndo(change).possible) {
    return [...decided, { label: "Undo", action: { handle: change.handle, do: "undo" } }];
  }
  if (change.state === "superseded" || change.state === "expired") {
    return [...decided, { label: "Ask again", action: { handle: change.handle, do: "choose" } }];
  }
  return decided;
}

/** Without the time: a button cannot show it in the reader's zone, and the line above it does. */
function decidedButton(change: Change): Button[] {
  const { decider_name, decided_at } = change;
  if (!decider_name || decided_at === null) return [];
  return [{ label: `${decisionWord(change)} by ${decider_name}`, action: { dead: true } }];
}

/** For its requester, to reject it is to take it back. */
export function decisionButtons(change: Change, readerId?: number): Button[] {
  if (readerId === change.requester_id) {
    return [{ label: "Withdraw", style: "danger", action: { handle: change.handle, do: "reject" } }];
  }
  return [
    { label: "Approve", style: "success", action: { handle: change.handle, do: "approve" } },
    { label: "Reject", style: "danger", action: { handle: change.handle, do: "reject" } },
  ];
}

export function rowsTable(card: Card): Block {
  return {
    kind: "table",
    header: ["", "now", "after"],
    rows: card.rows.map(({ label, now, after }) => [label, ...toldApart(now, after)]),
  };
}

function storyLine(change: Change): Line {
  const { requester_id, requester_name, decider_id, decider_name, created_at, decided_at } = change;
  if (change.loan_of !== null) {
    return line("The way back of ", { code: change.loan_of }, ", approved with it", durationWords(change));
  }
  const namesakes = decider_id !== requester_id && sanitize(decider_name ?? "") === sanitize(requester_name);
  const who = (name: string | null, id: number): Line =>
    namesakes ? personLine(name ?? "", id) : { data: name || "someone", max: 40 };
  const asked = line(who(requester_name, requester_id), " asked ", { time: created_at, as: "clock" });
  if (decided_at === null || decider_id === null) return asked;
  return line(
    asked,
    " · ",
    decider_id === requester_id ? "" : [who(decider_name, decider_id), " "].flat(),
    `${DECIDED[decisionWord(change)]} `,
    { time: decided_at, as: "clock" },
    change.decision_reason ? [": ", { data: change.decision_reason }] : "",
    durationWords(change),
  );
}

const DECIDED = { Approved: "approved", Rejected: "rejected", Withdrawn: "withdrew it" } as const;

function decisionWord(change: Change): keyof typeof DECIDED {
  if (change.state === "rejected") return "Rejected";
  if (change.state === "withdrawn") return "Withdrawn";
  return "Approved";
}

/** An outcome that was unknown at first did not take that long: it took that long to be seen. */
function durationWords({ sent_at, finished_at, checks }: Change): string {
  if (sent_at === null || finished_at === null) return "";
  const seconds = (finished_at - sent_at) / 1000;
  if (checks <= 1) return ` · done in ${Math.max(0.1, seconds).toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  const after = seconds < 120
    ? `${Math.round(seconds)} s`
    : minutes < 120
    ? `${minutes} min`
    : `${Math.round(minutes / 60)} h`;
  return ` · known after ${after}`;
}

/** What did not happen, and what happens next. */
function nextLine(change: Change, view: CardView): Line {
  const { code, state, decided_at, evidence, next_check_at } = change;
  const look: Line = { time: next_check_at ?? 0, as: "relative" };
  switch (state) {
    case "approved":
      return waitsForItsTime(change) ? startLine(change, view) : "";
    case "applied":
    case "accepted":
    case "partly applied":
      return line(
        lentLine(change, view.loan),
        next_check_at === null ? "" : ["In case it is only slow: next look ", look],
      );
    case "rejected":
    case "stopped":
    case "withdrawn":
      return "Nothing was sent.";
    case "expired":
      return decided_at === null && evidence === null
        ? "Nobody decided in time. Nothing was sent."
        : "Nothing was sent.";
    case "unknown":
      return next_check_at === null
        ? [
          "Nothing will be sent again by itself. Look in the vendor's console, then say what became of it: ",
          { code: `/settle ${code} applied|not <note>` },
        ]
        : ["Nothing will be sent again by itself. Next look ", look];
    case "not applied":
      return next_check_at === null ? "" : ["In case it is only slow: next look ", look];
    default:
      return "";
  }
}

/** "Runs in 10 s. Until then /stop K7Q2X stops it." */
function startLine({ code, starts_at, scheduled_at }: Change, { zone }: CardView): Line {
  const at = starts_at ?? 0;
  const when: Line = scheduled_at === null
    ? { time: at, as: "relative" }
    : line(momentLine(at, zone), ", if everything is as it is now");
  return line("Runs ", when, ". Until then ", { code: `/stop ${code}` }, " stops it.");
}

function codeLine({ code }: Change): Line {
  return ["change ", { code }];
}

export function whyLine(change: Change): Line {
  return line(
    change.reason ? ["“", { data: change.reason, max: 200 }, "”"] : "no reason given",
    change.ticket ? [" · ticket ", { data: change.ticket, max: 40 }] : "",
    " · asked by ",
    personLine(change.requester_name, change.requester_id),
    change.undo_of ? [" · takes back ", { code: change.undo_of }] : "",
  );
}

export function pretty(value: Json): string {
  return JSON.stringify(value, null, 1);
}

/** To who asks for the same once more: what waits already. */
export function waitingReply({ code, state, expires_at }: Change): Reply {
  const waits: Line = state === "pending"
    ? line("It waits for approval until ", { time: expires_at, as: "deadline" }, ". ")
    : `It is ${state}. `;
  return {
    mark: "info",
    title: ["You asked for this already: ", { code }],
    blocks: [
      textBlock(line(waits, "Nothing new was asked for. To take it back: ", { code: `/withdraw ${code}` })),
    ],
    buttons: [[{ label: `Show ${code}`, action: { command: `/change ${code}` } }]],
    personal: true,
  };
}

/** To who asks for what is asked for already. */
export function duplicateReply(code: string): Reply {
  return {
    mark: "info",
    title: ["It was asked for already: ", { code }],
    blocks: [textBlock({ code: `/change ${code}` })],
    personal: true,
  };
}
