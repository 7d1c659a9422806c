import type { Transaction } from "kysely";
import { type Button, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import { putMessage } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { type Change, readCard, readUndo, TOOK_EFFECT } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { ChangeState, LoansTable, Queryable, Schema } from "../store/schema.ts";
import { cardMessage, showCopies } from "./card.ts";
import { whyOverdue } from "./schedule.ts";
import { personLine } from "./view.ts";

const REMIND_BEFORE_MS = 10 * 60_000;

const TRY_AGAIN_MS = 60_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** When a way back that could not be sent is tried again: soon, and ever more rarely the longer it is overdue. */
export function triedAgainAt({ ends_at }: LoansTable, now: number): number {
  return now + Math.round(Math.min(Math.max((now - ends_at) / 2, TRY_AGAIN_MS), LONGEST_PAUSE_MS));
}

/** When its end is announced: ten minutes before, and of a shorter loan at half time. */
export function reminderAt(endsAt: number, lastsMs: number): number {
  return endsAt - Math.min(REMIND_BEFORE_MS, lastsMs / 2);
}

/** The loan of a change, whether it has ended or not. */
export async function findLoan(db: Queryable, code: string): Promise<LoansTable | undefined> {
  return await db.selectFrom("loans").selectAll().where("code", "=", code).executeTakeFirst();
}

/** What left a loan as it is now: a way back of which only a part took effect, or the change that began it. */
export async function lastReadBack(
  db: Queryable,
  change: Change,
): Promise<Pick<Change, "code" | "after_state">> {
  const part = await db.selectFrom("changes").select(["code", "after_state"])
    .where("target_key", "=", change.target_key).where("loan_of", "=", change.code)
    .where("state", "=", "partly applied").where("after_state", "is not", null)
    .orderBy("sent_at", "desc").limit(1).executeTakeFirst();
  return part ?? change;
}

/**
 * What a change that has just moved means for a loan: its own begins once it took effect, and the one that it takes back
 * ends, or is to be tried again. Part of the transition itself; resolves to its own loan.
 */
export async function followLoan(
  store: Store,
  transaction: Transaction<Schema>,
  change: Change,
  reason: string | undefined,
): Promise<LoansTable | undefined> {
  if (change.undo_of !== null) await followBack(store, transaction, change, reason);
  if (change.lasts_ms === null || !TOOK_EFFECT.has(change.state)) return undefined;
  await begin(store, transaction, change);
  return await findLoan(transaction, change.code);
}

async function followBack(
  store: Store,
  transaction: Transaction<Schema>,
  back: Change,
  reason: string | undefined,
): Promise<void> {
  const loan = await findLoan(transaction, back.undo_of ?? "");
  if (!loan || loan.ended_at !== null) return;
  const outcome = outcomeFor(back, reason);
  if (outcome) await endLoan(store, transaction, loan, { outcome, back: back.code });
  else if (back.loan_of !== null) await keepOpen(store, transaction, loan, back);
}

/** It lasts from when the write left: what became known later, or was said by hand, began then. */
async function begin(store: Store, transaction: Transaction<Schema>, change: Change): Promise<void> {
  const { code, sent_at, lasts_ms } = change;
  const lastsMs = lasts_ms ?? 0;
  const endsAt = (sent_at ?? store.now()) + lastsMs;
  await transaction.insertInto("loans").values({
    code,
    ends_at: endsAt,
    next_at: reminderAt(endsAt, lastsMs),
    reminders: 0,
    extended_id: null,
    extended_name: null,
    back: null,
    trouble: null,
    ended_at: null,
    outcome: null,
  }).onConflict((conflict) => conflict.column("code").doNothing()).execute();
}

function outcomeFor(
  { state, loan_of }: Change,
  reason: string | undefined,
): NonNullable<LoansTable["outcome"]> | undefined {
  if (state === "applied" || state === "accepted") return loan_of === null ? "undone" : "returned";
  return state === "superseded" && loan_of !== null && reason === "target_moved" ? "moved" : undefined;
}

/** What leaves a loan open although its way back has ended. */
const LEAVES_OPEN: ReadonlySet<ChangeState> = new Set([
  "not applied",
  "partly applied",
  "superseded",
  "stopped",
]);

/** Its way back came to nothing, or not to all. What was never sent is tried again; else it waits for a person. */
async function keepOpen(
  store: Store,
  transaction: Transaction<Schema>,
  loan: LoansTable,
  { code, state, sent_at, evidence }: Change,
): Promise<void> {
  if (!LEAVES_OPEN.has(state)) return;
  const again = state === "not applied" && sent_at === null;
  const seen = JSON.parse(evidence ?? '""') as Line;
  const kept = await transaction.updateTable("loans").set({
    back: null,
    trouble: JSON.stringify(state === "partly applied" ? line("Only a part was taken back. ", seen) : seen),
    next_at: again ? triedAgainAt(loan, store.now()) : null,
    // There is always something to press.
    reminders: Math.max(loan.reminders, 1),
  }).where("back", "=", code).returningAll().executeTakeFirst();
  if (kept) await showLoan(store, transaction, await lentBy(transaction, kept), kept);
}

/** Ends a loan, once, and says so wherever it is shown; what nobody expects is said aloud. */
export async function endLoan(
  store: Store,
  transaction: Transaction<Schema>,
  { code, reminders }: LoansTable,
  ended: Pick<LoansTable, "outcome"> & Partial<Pick<LoansTable, "back" | "trouble">>,
): Promise<void> {
  const aloud = ended.outcome === "moved";
  const loan = await transaction.updateTable("loans")
    .set({
      trouble: null,
      ...ended,
      ended_at: store.now(),
      next_at: null,
      reminders: reminders + (aloud ? 1 : 0),
    })
    .where("code", "=", code).where("ended_at", "is", null).returningAll().executeTakeFirst();
  if (loan) await showLoan(store, transaction, await lentBy(transaction, loan), loan, { aloud });
}

async function lentBy(db: Queryable, { code }: LoansTable): Promise<Change> {
  return await db.selectFrom("changes").selectAll().where("code", "=", code).executeTakeFirstOrThrow();
}

/** Shows how a loan stands on the card of its change and on all that announced its end; the last of these makes a sound. */
export async function showLoan(
  store: Store,
  transaction: Transaction<Schema>,
  change: Change,
  loan: LoansTable,
  { aloud = false }: { readonly aloud?: boolean } = {},
): Promise<void> {
  await putMessage(store, transaction, cardMessage(change, { loan }));
  await showCopies(store, transaction, change, { loan });
  const reply = announcement(change, loan);
  for (let nth = 1; nth <= loan.reminders; nth++) {
    const sound = aloud && nth === loan.reminders;
    await putMessage(store, transaction, { ...besideCard(change, nth), reply, sound });
  }
}

/** Where the end of a loan is announced, time after time: in the group of its card. */
function besideCard({ code, chat_id, thread_id, trace }: Change, nth: number): Omit<Outgoing, "reply"> {
  return {
    key: `loan:${code}:${nth}`,
    chatId: chat_id,
    threadId: thread_id ?? undefined,
    priority: PRIORITY.outcome,
    trace: trace ?? undefined,
  };
}

function announcement(change: Change, loan: LoansTable): Reply {
  const { title } = readCard(change);
  const footer: Line = ["change ", { code: change.code }];
  if (loan.ended_at !== null) {
    const { word, next } = ENDED[loan.outcome ?? "returned"];
    return {
      mark: loan.outcome === "moved" ? "attention" : "info",
      title: line(word, ": ", title),
      blocks: [textBlock(whyOverdue(loan)), textBlock(next(change, loan))],
      footer,
    };
  }
  const isOverdue = loan.trouble !== null;
  return {
    mark: isOverdue ? "attention" : "working",
    title: isOverdue
      ? line("Not taken back yet: ", title)
      : line("Taken back ", { time: loan.ends_at, as: "relative" }, ": ", title),
    blocks: [
      textBlock(
        isOverdue ? whyOverdue(loan) : line("By itself, ", howBack(change), ", if nothing has moved."),
      ),
      textBlock(isOverdue ? whatNext(loan) : ""),
      textBlock(whoExtended(loan)),
    ],
    buttons: [announcementButtons(change, loan)],
    footer,
  };
}

function announcementButtons({ handle }: Change, { extended_id }: LoansTable): Button[] {
  const now: Button = { label: "Now", action: { handle, do: "return" } };
  return extended_id === null ? [{ label: "+ 1 h", action: { handle, do: "extend" } }, now] : [now];
}

function whoExtended({ extended_id, extended_name }: LoansTable): Line {
  return extended_id === null
    ? ""
    : line({ data: extended_name || "Someone", max: 40 }, " gave it 1 h more.");
}

function whatNext({ next_at }: LoansTable): Line {
  return next_at === null ? "Nothing more is sent by itself. Now tries once more; /borrowed lists it." : line(
    "It is tried again ",
    { time: next_at, as: "relative" },
    ", until that is known; /borrowed lists it.",
  );
}

const ENDED: Readonly<
  Record<
    NonNullable<LoansTable["outcome"]>,
    { readonly word: string; readonly next: (change: Change, loan: LoansTable) => Line }
  >
> = {
  returned: { word: "Taken back as agreed", next: (_, { back }) => byChange(back) },
  undone: { word: "Taken back by hand", next: (_, { back }) => byChange(back) },
  moved: {
    word: "Not taken back, nothing was sent",
    // An undo goes by what was read back then, too, where anything was.
    next: ({ code, after_state }) =>
      after_state === null
        ? ["To take it back all the same: ", { code: `/undo ${code}` }]
        : ["How it was before: ", { code: `/change ${code}` }],
  },
  nothing_left: { word: "Nothing left to take back, nothing was sent", next: () => "" },
};

function byChange(code: string | null): Line {
  return code === null ? "" : ["By change ", { code }];
}

function howBack(change: Change): Line {
  const undo = readUndo(change);
  return undo.possible ? undo.how : "";
}

export interface OpenLoan {
  readonly change: Change;
  /** Absent where nobody knows yet whether it took effect. */
  readonly loan: LoansTable | undefined;
  /** What takes it back. */
  readonly back: Change | undefined;
}

/** What is lent, what ends first before the others; last what may be lent. */
export async function openLoans({ db }: Pick<Store, "db">): Promise<OpenLoan[]> {
  const loans = await db.selectFrom("loans").selectAll().where("ended_at", "is", null)
    .orderBy("ends_at").limit(50).execute();
  const changes = await db.selectFrom("changes").selectAll().where((is) =>
    is.or([
      is("code", "in", ["", ...loans.flatMap(({ code, back }) => back === null ? [code] : [code, back])]),
      is.and([is("state", "=", "unknown"), is("lasts_ms", "is not", null)]),
    ])
  ).execute();
  const named = new Map(changes.map((change) => [change.code, change]));
  const lent = loans.flatMap((loan) => {
    const change = named.get(loan.code);
    return change ? [{ change, loan, back: named.get(loan.back ?? "") }] : [];
  });
  const unknown = changes.filter(({ code, state, lasts_ms }) =>
    state === "unknown" && lasts_ms !== null && !loans.some((loan) => loan.code === code)
  );
  return [...lent, ...unknown.map((change) => ({ change, loan: undefined, back: undefined }))];
}

/** "K7Q2X the EC2 integration of Acme Corp is disabled · asked by Ana · until 05:14" */
export function loanLine({ change, loan, back }: OpenLoan, now: number): Line {
  const asker = personLine(change.requester_name, change.requester_id);
  const what = line({ code: change.code }, " ", readCard(change).done, " · asked by ", asker);
  if (!loan) return line(what, " · nobody knows yet whether it took effect");
  const end: Line = { time: loan.ends_at, as: "deadline" };
  if (loan.ends_at > now) return line(what, " · until ", end);
  const why: Line = back
    ? line(": ", { code: back.code }, ` takes it back, ${back.state}`)
    : loan.trouble === null
    ? ""
    : line(": ", whyOverdue(loan));
  return line(what, " · over since ", end, why);
}
