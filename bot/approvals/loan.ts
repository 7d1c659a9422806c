import type { Transaction } from "kysely";
import { joinLines, type Line, line, textBlock } from "../../handlers/reply.ts";
import { type Outgoing, PRIORITY, putMessage } from "../outbox/messages.ts";
import { type Change, readCard, readUndo, TOOK_EFFECT } from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import type { LoansTable, Queryable, Schema } from "../store/schema.ts";
import { personLine } from "./view.ts";

const REMIND_BEFORE_MS = 10 * 60_000;

/** After a way back that could not be sent, and whose vendor may answer soon. */
export const TRY_AGAIN_MS = 60_000;

/** When its end is announced: ten minutes before, and of a shorter loan at half time. */
export function reminderAt(endsAt: number, lastsMs: number): number {
  return endsAt - Math.min(REMIND_BEFORE_MS, lastsMs / 2);
}

/** The loan of a change, whether it has ended or not. */
export async function findLoan(db: Queryable, code: string): Promise<LoansTable | undefined> {
  return await db.selectFrom("loans").selectAll().where("code", "=", code).executeTakeFirst();
}

/**
 * What a change that has just moved means for a loan: its own begins once it took effect, and the one that it takes back
 * ends, or is to be tried again. Part of the transition itself.
 */
export async function followLoan(
  store: Store,
  transaction: Transaction<Schema>,
  change: Change,
  reason: string | undefined,
): Promise<void> {
  if (change.lasts_ms !== null && TOOK_EFFECT.has(change.state)) await begin(store, transaction, change);
  if (change.undo_of === null) return;
  const loan = await findLoan(transaction, change.undo_of);
  if (!loan || loan.ended_at !== null) return;
  const outcome = outcomeFor(change, reason);
  if (outcome) return await endLoan(store, transaction, loan, outcome);
  if (change.loan_of !== null) await keepOpen(store, transaction, change);
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

/** Its way back came to nothing. What was never sent is tried again; what the vendor refused waits for a person. */
async function keepOpen(
  store: Store,
  transaction: Transaction<Schema>,
  { code, state, sent_at, evidence }: Change,
): Promise<void> {
  if (state !== "not applied" && state !== "superseded") return;
  const again = state === "not applied" && sent_at === null;
  await transaction.updateTable("loans")
    .set({ back: null, trouble: evidence, next_at: again ? store.now() + TRY_AGAIN_MS : null })
    .where("back", "=", code).execute();
}

/** Ends a loan, once, and says so on what announced its end. */
export async function endLoan(
  store: Store,
  transaction: Transaction<Schema>,
  loan: LoansTable,
  outcome: NonNullable<LoansTable["outcome"]>,
): Promise<void> {
  const ended = await transaction.updateTable("loans")
    .set({ ended_at: store.now(), outcome, next_at: null })
    .where("code", "=", loan.code).where("ended_at", "is", null).returningAll().executeTakeFirst();
  if (!ended) return;
  const change = await transaction.selectFrom("changes").selectAll().where("code", "=", loan.code)
    .executeTakeFirstOrThrow();
  if (ended.reminders > 0) await putMessage(store, transaction, loanMessage(change, ended));
}

/** What announces the end of a loan, in the group of its card; afterwards it says how it ended. */
export function loanMessage(change: Change, loan: LoansTable): Outgoing {
  const { done } = readCard(change);
  const isOver = loan.ended_at !== null;
  return {
    key: loanKey(loan),
    chatId: change.chat_id,
    threadId: change.thread_id ?? undefined,
    reply: {
      mark: isOver ? "info" : "working",
      title: isOver
        ? line(OUTCOMES[loan.outcome ?? "returned"], ": ", done)
        : line("Ends ", { time: loan.ends_at, as: "relative" }, ": ", done),
      blocks: isOver ? [] : [
        textBlock(line("Then it is taken back by itself, ", howBack(change), ", if nothing has moved.")),
        textBlock(
          loan.extended_id === null
            ? ""
            : [{ data: loan.extended_name ?? "Someone", max: 40 }, " gave it 1 h more."],
        ),
      ],
      buttons: isOver ? [] : [[
        ...(loan.extended_id === null
          ? [{ label: "+ 1 h", action: { handle: change.handle, do: "extend" } } as const]
          : []),
        { label: "Now", action: { handle: change.handle, do: "return" } },
      ]],
      footer: ["change ", { code: change.code }],
    },
    priority: PRIORITY.outcome,
    trace: change.trace ?? undefined,
  };
}

/** The key of the message that announced the end last. */
export function loanKey({ code, reminders }: LoansTable): string {
  return `loan:${code}:${Math.max(reminders, 1)}`;
}

const OUTCOMES: Readonly<Record<NonNullable<LoansTable["outcome"]>, string>> = {
  returned: "Taken back as agreed",
  undone: "Taken back by hand",
  moved: "Not taken back, because it has moved",
  nothing_left: "Nothing left to take back",
};

function howBack(change: Change): Line {
  const undo = readUndo(change);
  return undo.possible ? undo.how : "";
}

/** What went wrong with a way back that nobody waits for, said aloud. */
export function loanTrouble(change: Change, what: Line, lines: readonly Line[]): Outgoing {
  const { done } = readCard(change);
  return {
    key: `loan:${change.code}:trouble`,
    chatId: change.chat_id,
    threadId: change.thread_id ?? undefined,
    reply: {
      mark: "attention",
      title: line(what, ": ", done),
      blocks: [textBlock(joinLines(lines, " "))],
      buttons: [[{ label: `Show ${change.code}`, action: { command: `/change ${change.code}` } }]],
      footer: ["change ", { code: change.code }],
    },
    priority: PRIORITY.outcome,
    sound: true,
    trace: change.trace ?? undefined,
  };
}

export interface OpenLoan {
  readonly change: Change;
  /** Absent where nobody knows yet whether it took effect. */
  readonly loan: LoansTable | undefined;
}

/** What is lent, what ends first before the others; last what may be lent. */
export async function openLoans({ db }: Pick<Store, "db">): Promise<OpenLoan[]> {
  const loans = await db.selectFrom("loans").selectAll().where("ended_at", "is", null)
    .orderBy("ends_at").limit(50).execute();
  const changes = await db.selectFrom("changes").selectAll().where((is) =>
    is.or([
      is("code", "in", ["", ...loans.map(({ code }) => code)]),
      is.and([is("state", "=", "unknown"), is("lasts_ms", "is not", null)]),
    ])
  ).execute();
  const lent = loans.flatMap((loan) => {
    const change = changes.find(({ code }) => code === loan.code);
    return change ? [{ change, loan }] : [];
  });
  const unknown = changes.filter(({ code }) => !loans.some((loan) => loan.code === code));
  return [...lent, ...unknown.map((change) => ({ change, loan: undefined }))];
}

/** "K7Q2X the EC2 integration of Acme Corp is disabled · asked by Ana · until 05:14" */
export function loanLine({ change, loan }: OpenLoan, now: number): Line {
  const asker = personLine(change.requester_name, change.requester_id);
  const what = line({ code: change.code }, " ", readCard(change).done, " · asked by ", asker);
  if (!loan) return line(what, " · nobody knows yet whether it took effect");
  const end: Line = { time: loan.ends_at, as: "deadline" };
  if (loan.ends_at > now) return line(what, " · until ", end);
  const why: Line = loan.trouble === null ? "" : [": ", ...line(JSON.parse(loan.trouble) as Line)];
  return line(what, " · over since ", end, why);
}
