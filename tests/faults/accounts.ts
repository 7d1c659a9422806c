import { type ChangeEvent, FINAL_STATES, transitions } from "../../bot/approvals/state_machine.ts";
import { PRIORITY } from "../../bot/outbox/outgoing.ts";
import type { AuditTable, ChangeState } from "../../bot/store/schema.ts";
import type { Command, Decision, Deeds } from "./crowd.ts";
import type { ChangeRecord, Records } from "./records.ts";
import type { Sent } from "./telegram_proxy.ts";
import { disableKey, enableKey, type Write } from "./vendor_proxy.ts";

/** Everything that has to add up. */
export interface Evidence {
  readonly records: Records;
  readonly deeds: Deeds;
  /** Ids of all updates that Telegram ever had for the bot. */
  readonly updates: ReadonlySet<number>;
  /** Those that it was told 200 for. */
  readonly accepted: ReadonlySet<number>;
  readonly sent: readonly Sent[];
  readonly writes: readonly Write[];
  /** The longest that a look at the store took meanwhile: how slow the machine was. */
  readonly slowestLookMs: number;
  /** When the replica of this number died, if it did. */
  readonly diedAt: (replica: number) => number | undefined;
}

/** One promise: how often it was broken, with the places. */
export interface Finding {
  readonly what: string;
  readonly broken: readonly string[];
}

/** What is wrong, by promise; nothing is wrong where nothing is listed. */
export function findings(evidence: Evidence): Finding[] {
  return [
    { what: "lost", broken: [...lostUpdates(evidence), ...unanswered(evidence), ...lostDecisions(evidence)] },
    {
      what: "doubled",
      broken: [
        ...doubledMessages(evidence),
        ...doubledRequests(evidence),
        ...doubledReturns(evidence.records),
      ],
    },
    { what: "out of order", broken: [...outOfOrder(evidence), ...answersOutOfOrder(evidence)] },
    { what: "messages not shown as they are", broken: unshown(evidence) },
    { what: "double writes", broken: doubleWrites(evidence) },
    { what: "writes without approval", broken: unapprovedWrites(evidence) },
    { what: "runs without enough votes", broken: unvotedRuns(evidence.records) },
    { what: "loans forgotten", broken: forgottenLoans(evidence.records) },
    { what: "outcomes that differ from the vendor", broken: dishonestOutcomes(evidence) },
    { what: "steps that no change may take", broken: wrongSteps(evidence.records) },
    { what: "unresolved", broken: unresolved(evidence) },
  ];
}

/** Messages that Telegram took twice because the bot could not know that it had taken them, by the reason. */
export function excusedRepeats(
  evidence: Evidence,
): { answerLost: number; senderDied: number; takenBack: number } {
  const excuses = extraCopies(evidence).map((copy) => excuseFor(copy, evidence));
  return {
    answerLost: excuses.filter((excuse) => excuse === "answer lost").length,
    senderDied: excuses.filter((excuse) => excuse === "sender died").length,
    takenBack: excuses.filter((excuse) => excuse === "taken back").length,
  };
}

/** Decisions that were taken and then handled once more, because the replica died before it noted that it was done. */
export function repeatedDecisions(evidence: Evidence): number {
  return comparedDecisions(evidence).filter(({ rows, decisions }) => rows > decisions).length;
}

function lostUpdates({ records, updates, accepted }: Evidence): string[] {
  const done = new Set(records.updates.filter(({ state }) => state === "done").map((row) => row.update_id));
  return [
    ...[...updates].filter((id) => !accepted.has(id)).map((id) => `update ${id} was never accepted`),
    ...[...accepted].filter((id) => !done.has(id)).map((id) => `update ${id} was accepted and not handled`),
  ];
}

/**
 * A command is answered by a message of its own, by the card of the change that it asked for, or, where it decided in
 * private, by what is shown there of the change.
 */
export function unansweredCommands({ records, deeds }: Evidence): Command[] {
  const sent = records.messages.filter(({ sent_version }) => sent_version > 0).map(({ key }) => key);
  const updates = new Set(sent.map((key) => Number(/^update:(\d+)/.exec(key)?.[1])));
  const cards = new Set(sent.filter((key) => key.startsWith("card:")).map((key) => key.slice(5)));
  const origins = new Set(
    records.changes.filter(({ code }) => cards.has(code))
      .map(({ origin_chat, origin_message }) => `${origin_chat} ${origin_message}`),
  );
  const told = new Set(
    deeds.decisions.filter(({ code, person, updateId }) => {
      const copy = `copy:${code}:${person}`;
      return sent.includes(copy) || sent.includes(`${copy}:${updateId}`);
    }).map(({ updateId }) => updateId),
  );
  return deeds.commands.filter(({ updateId, chat, message }) =>
    !updates.has(updateId) && !origins.has(`${chat} ${message}`) && !told.has(updateId)
  );
}

function unanswered(evidence: Evidence): string[] {
  return unansweredCommands(evidence).map(({ updateId }) => `command ${updateId} was not answered`);
}

interface Compared {
  readonly who: string;
  readonly decisions: number;
  readonly rows: number;
}

const DECIDED = new Set([
  "approve",
  "vote",
  "take_back",
  "reject",
  "withdraw",
  "stop",
  "loan_extended",
  "loan_cut_short",
  "refused",
]);

/** Who tried to decide how often about what, and how often the audit says so. */
function comparedDecisions({ records, deeds }: Evidence): Compared[] {
  const codes = new Map(records.changes.map(({ handle, code }) => [handle, code]));
  const nameOf = ({ person, code, handle }: Decision) => `${person} ${code ?? codes.get(handle ?? "")}`;
  const wanted = Map.groupBy(deeds.decisions, nameOf);
  const rows = Map.groupBy(
    records.audit.filter(({ event, code }) => code !== null && DECIDED.has(event)),
    (row) => `${row.person_id} ${row.code}`,
  );
  return [...new Set([...wanted.keys(), ...rows.keys()])].map((who) => ({
    who,
    decisions: wanted.get(who)?.length ?? 0,
    rows: rows.get(who)?.length ?? 0,
  }));
}

/**
 * Every attempt to decide is in the audit, as a decision or as a refusal; once more only after a death. Who was not let
 * in, because Telegram did not say whether they are a member, was refused before anybody looked at what it was about.
 */
function lostDecisions(evidence: Evidence): string[] {
  const unheard = new Map<number | null, number>();
  for (const { event, code, reason_code, operation, person_id } of evidence.records.audit) {
    const isDecision = operation === "/approve" || operation === "/reject";
    if (event !== "refused" || code !== null || reason_code !== "membership_unknown" || !isDecision) continue;
    unheard.set(person_id, (unheard.get(person_id) ?? 0) + 1);
  }
  return comparedDecisions(evidence).flatMap(({ who, decisions, rows }) => {
    const again = rows === decisions + 1 && decisions > 0;
    if (rows === decisions || again) return [];
    const person = Number(who.split(" ")[0]);
    const left = (unheard.get(person) ?? 0) - (decisions - rows);
    if (rows < decisions && left >= 0) {
      unheard.set(person, left);
      return [];
    }
    return [`${who}: decided ${decisions} times, ${rows} rows`];
  });
}

function extraCopies({ records, sent }: Evidence): Sent[] {
  const known = new Set(
    records.messages.flatMap(({ chat_id, message_id, ephemeral_id }) => [
      `${chat_id} m${message_id}`,
      `${chat_id} e${ephemeral_id}`,
    ]),
  );
  return sent.filter(({ chat, id, ephemeral }) => !known.has(`${chat} ${ephemeral ? "e" : "m"}${id}`));
}

/** Between Telegram's answer and the note that it came there is one write to the store. */
const NOTING_MS = 3_000;
/** How many looks at the store that write may take on a slow machine. */
const NOTING_LOOKS = 10;

function excuseFor(
  { answerLost, takenBack, by, at }: Sent,
  { diedAt, slowestLookMs }: Evidence,
): string | undefined {
  if (answerLost) return "answer lost";
  if (takenBack) return "taken back";
  const end = diedAt(by);
  const notingMs = Math.max(NOTING_MS, NOTING_LOOKS * slowestLookMs);
  return end !== undefined && end - at < notingMs ? "sender died" : undefined;
}

function doubledMessages(evidence: Evidence): string[] {
  return extraCopies(evidence).filter((copy) => excuseFor(copy, evidence) === undefined)
    .map(({ chat, id, by }) => `message ${id} in ${chat}, sent by replica ${by}`);
}

/** One message asks for at most one change. */
function doubledRequests({ records }: Evidence): string[] {
  const typed = records.changes.filter(({ origin_message, loan_of }) =>
    origin_message !== null && loan_of === null
  );
  const byMessage = Map.groupBy(typed, (change) => `${change.origin_chat} ${change.origin_message}`);
  return [...byMessage].filter(([, changes]) => changes.length > 1)
    .map(([place, changes]) => `message ${place} made ${changes.map(({ code }) => code).join(", ")}`);
}

/** What is lent is taken back at most once. */
function doubledReturns({ changes }: Records): string[] {
  const returned = changes.filter(({ loan_of, state }) =>
    loan_of !== null && (state === "applied" || state === "accepted")
  );
  return [...Map.groupBy(returned, ({ loan_of }) => loan_of)].filter(([, backs]) => backs.length > 1)
    .map(([code, backs]) => `${code} was taken back by ${backs.map((back) => back.code).join(", ")}`);
}

/** A loan has ended, or its way back is something that only people can see to, and they were told. */
function forgottenLoans({ changes, loans }: Records): string[] {
  const unknown = new Set(changes.filter(({ state }) => state === "unknown").map(({ code }) => code));
  const took = changes.filter(({ state, lasts_ms }) =>
    lasts_ms !== null && ["applied", "partly applied", "accepted"].includes(state)
  );
  const unbegun = took.filter(({ code }) => !loans.some((loan) => loan.code === code));
  const open = loans.filter(({ ended_at, back, next_at, trouble }) =>
    ended_at === null && !(back === null ? next_at === null && trouble !== null : unknown.has(back))
  );
  return [
    ...unbegun.map(({ code }) => `${code} took effect and no loan began`),
    ...open.map(({ code }) => `${code} is still lent`),
  ];
}

/** As many others as its rules want had approved what was sent, and had not taken that back. */
function unvotedRuns({ changes, audit }: Records): string[] {
  const rowsOf = Map.groupBy(audit, ({ code }) => code);
  return changes.filter(({ loan_of }) => loan_of === null).flatMap(({ code, risk, requester_id }) => {
    const rows = rowsOf.get(code) ?? [];
    if (!rows.some(({ event }) => event === "send")) return [];
    const voters = new Set<number | null>();
    for (const { event, person_id } of rows) {
      if (event === "vote" || event === "approve") voters.add(person_id);
      if (event === "take_back") voters.delete(person_id);
    }
    voters.delete(requester_id);
    const least = risk === "danger" ? 2 : 1;
    return voters.size < least ? [`${code}: ${voters.size} of ${least}`] : [];
  });
}

function outOfOrder({ records }: Evidence): string[] {
  return [...Map.groupBy(records.updates, ({ lane }) => lane).values()].flatMap((rows) =>
    rows.flatMap((row, index) => {
      const before = rows[index - 1];
      return before && before.finishedIn >= row.finishedIn
        ? [`${row.lane}: ${row.update_id} was finished before ${before.update_id}`]
        : [];
    })
  );
}

/** What a chat shows to everyone stands in the order of its commands; decisions, outcomes and edits may overtake. */
function answersOutOfOrder({ records }: Evidence): string[] {
  const answers = records.messages.filter(({ key, priority, message_id }) =>
    key.startsWith("update:") && priority === PRIORITY.answer && message_id !== null
  );
  return [...Map.groupBy(answers, ({ chat_id }) => chat_id).values()].flatMap((rows) => {
    const inOrder = rows.toSorted((one, other) => one.update_id - other.update_id);
    return inOrder.flatMap((row, index) => {
      const before = inOrder[index - 1];
      return before && before.message_id! > row.message_id!
        ? [`${row.chat_id}: ${row.key} stands above ${before.key}`]
        : [];
    });
  });
}

function unshown({ records }: Evidence): string[] {
  return records.messages.filter(({ state, version, sent_version }) =>
    state !== "idle" || version !== sent_version
  )
    .map(({ key, state }) => `${key} is ${state}`);
}

function keyOf({ verb, plan }: ChangeRecord): string {
  const { input } = JSON.parse(plan) as { input: { company: string; role?: string } };
  return verb === "enable" ? enableKey(input.company, input.role ?? "") : disableKey(input.company);
}

interface Books {
  readonly writes: readonly Write[];
  readonly changes: readonly ChangeRecord[];
  readonly rows: readonly AuditTable[];
}

/** By what was written: the calls at the vendor's door, the changes that stand for them, and their audit rows. */
function books({ records, writes }: Evidence): Map<string, Books> {
  const rowsOf = Map.groupBy(records.audit, ({ code }) => code);
  const changes = Map.groupBy(records.changes, keyOf);
  const calls = Map.groupBy(writes, ({ key }) => key);
  return new Map([...new Set([...changes.keys(), ...calls.keys()])].map((key) => {
    const own = changes.get(key) ?? [];
    return [key, {
      writes: calls.get(key) ?? [],
      changes: own,
      rows: own.flatMap(({ code }) => rowsOf.get(code) ?? []),
    }];
  }));
}

function countOf({ rows }: Books, event: ChangeEvent): number {
  return rows.filter((row) => row.event === event).length;
}

function doubleWrites(evidence: Evidence): string[] {
  return [...books(evidence)].flatMap(([key, book]) =>
    book.writes.length > countOf(book, "send")
      ? [`${key}: sent ${countOf(book, "send")} times, arrived ${book.writes.length} times`]
      : []
  );
}

function unapprovedWrites(evidence: Evidence): string[] {
  return [...books(evidence)].flatMap(([key, book]) => {
    // A way back was approved with what it takes back.
    const approvals = book.rows.filter(({ event, code, person_id }) =>
      event === "return_planned" ||
      event === "approve" && book.changes.some((one) => one.code === code && one.requester_id !== person_id)
    );
    return book.writes.length > approvals.length ? [`${key}: ${approvals.length} approvals`] : [];
  });
}

/** What the changes say came of them is what the vendor did; of those that nobody can tell, either is true. */
function dishonestOutcomes(evidence: Evidence): string[] {
  const silent = new Set(untold(evidence.records).map(({ code }) => code));
  return [...books(evidence)].flatMap(([key, { writes, changes }]) => {
    const claimed = changes.filter(({ state }) => state === "applied" || state === "accepted").length;
    const most = claimed + changes.filter(({ code }) => silent.has(code)).length;
    const done = writes.filter(({ effective }) => effective).length;
    return claimed <= done && done <= most
      ? []
      : [`${key}: ${claimed} said to be applied, ${done} took effect`];
  });
}

/**
 * Unknown for good, as nothing that is looked at later would tell: another write to the same target followed, or there
 * is nothing to look at. People are asked what became of it.
 */
export function untold({ changes }: Records): ChangeRecord[] {
  return changes.filter(({ state, next_check_at }) => state === "unknown" && next_check_at === null);
}

/** The audit of each change is a way through the machine that ends where the change is. */
function wrongSteps({ changes, audit }: Records): string[] {
  const steps = audit.filter(({ event }) => event !== "refused" && !event.startsWith("loan_"));
  const rowsOf = Map.groupBy(steps, ({ code }) => code);
  const orphans = [...rowsOf.keys()].filter((code) =>
    code !== null && !changes.some((change) => change.code === code)
  );
  return [
    ...orphans.map((code) => `${code} is in the audit only`),
    ...changes.flatMap((change) => {
      const events = (rowsOf.get(change.code) ?? []).map(({ event }) => event);
      return leadsTo(events) === change.state
        ? []
        : [`${change.code}: ${events.join(", ")} → ${change.state}`];
    }),
  ];
}

/** Undefined when there is no such way. */
function leadsTo([first, ...events]: readonly string[]): ChangeState | undefined {
  if (first !== "asked" && first !== "return_planned") return undefined;
  let state: ChangeState = first === "asked" ? "pending" : "approved";
  let sent = false;
  for (const event of events) {
    const step = (transitions as Record<string, (typeof transitions)[ChangeEvent]>)[event];
    if (!step || !(step.from as readonly ChangeState[]).includes(state)) return undefined;
    if ("unsent" in step && sent) return undefined;
    sent ||= event === "send";
    state = step.to;
  }
  return state;
}

function unresolved({ records }: Evidence): string[] {
  const silent = new Set(untold(records).map(({ code }) => code));
  return records.changes.filter(({ state, code }) => !FINAL_STATES.has(state) && !silent.has(code))
    .map(({ code, state }) => `${code} is ${state}`);
}
