import type { Update } from "grammy/types";
import { sql } from "kysely";
import * as z from "zod";
import { endOfTurn } from "../../clients/clock.ts";
import type { Deps } from "../deps.ts";
import {
  elementsOf,
  isPostgres,
  literal,
  noneOf,
  prepared,
  preparedWrite,
  type Reservation,
  type Store,
} from "../store/database.ts";
import type { InboxTable, Queryable } from "../store/schema.ts";

/** An update as it goes to disk, before anyone looks at what it means. */
export interface Arrival {
  readonly updateId: number;
  readonly lane: string;
  readonly body: string;
  /** People talk to each other: nothing comes of it, and what they say is nobody's business. */
  readonly isTalk?: boolean;
}

/** What an update must have to be kept. */
const arrivalShape = z.object({ update_id: z.int().nonnegative() });

/** Undefined when it has not even an id. */
export function readArrival(body: string): Arrival | undefined {
  try {
    const update = JSON.parse(body) as Update;
    return {
      updateId: arrivalShape.parse(update).update_id,
      lane: laneOf(update),
      body,
      isTalk: isTalk(update),
    };
  } catch {
    return undefined;
  }
}

/** Updates that must stay in order share a lane; presses have their own, so that slow answers never hold them up. */
function laneOf(update: Update): string {
  const press = update.callback_query;
  const message = update.message ?? update.edited_message ?? update.channel_post ??
    update.edited_channel_post;
  const chat = message?.chat ?? update.my_chat_member?.chat ?? update.chat_member?.chat;
  const id = press ? press.message?.chat?.id ?? press.from?.id : chat?.id;
  // Asked before the update's form is checked: what is no id must not become part of a key.
  if (!Number.isSafeInteger(id)) return "other";
  return press ? `press:${id}` : `chat:${id}`;
}

/** A message in a group that has nothing but words, which are neither a command nor in reply to anything. */
function isTalk({ message, ...update }: Update): boolean {
  if (!message || Object.keys(update).length > 1) return false;
  const { text, chat } = message;
  if (chat?.type !== "group" && chat?.type !== "supergroup") return false;
  return typeof text === "string" && BEGINS_AS_TALK.test(text) &&
    Object.keys(message).every((field) => FIELDS_OF_TALK.has(field));
}

/** Of what else people type some signs count as a slash. */
const BEGINS_AS_TALK = /^[\p{L}\p{N}]/u;

const FIELDS_OF_TALK: ReadonlySet<string> = new Set([
  "message_id",
  "message_thread_id",
  "is_topic_message",
  "from",
  "chat",
  "date",
  "text",
  "entities",
]);

type Receiver = Pick<Deps, "store"> & { readonly metrics: Pick<Deps["metrics"], "updatesKept"> };

/**
 * Puts updates on disk before anyone is told that they arrived; one that is known already is left as it is, and of
 * talk only that it came.
 */
export async function acceptUpdates(receiver: Receiver, arrivals: readonly Arrival[]): Promise<void> {
  const [first] = arrivals;
  if (first && arrivals.length === 1) {
    return await (first.isTalk ? noteTalk(receiver, first) : acceptWork(receiver, arrivals));
  }
  const work = arrivals.filter(({ isTalk }) => !isTalk);
  const noted = arrivals.filter(({ isTalk }) => isTalk).map((arrival) => noteTalk(receiver, arrival));
  await Promise.all(work.length > 0 ? [...noted, acceptWork(receiver, work)] : noted);
}

/** Crowds talk, and what is not for the bot shall cost it little: what comes in one turn is one statement. */
const noteTalk = onceATurn(
  async ({ store, metrics }: Receiver, arrivals: readonly Arrival[]): Promise<void> => {
    // In one order everywhere: replicas that get the same ones must not wait for each other.
    const inOrder = arrivals.toSorted((one, other) => one.updateId - other.updateId);
    const list = JSON.stringify(inOrder.map(({ updateId, lane }) => [updateId, lane]));
    const accepted = await note(store.db, { list, now: store.now() });
    metrics.updatesKept(accepted, arrivals.length - accepted);
  },
);

/** `list`: of pairs of id and lane, in JSON. */
const note = preparedWrite<{ readonly list: string; readonly now: number }>((db, fill) =>
  sql`
    insert into inbox (update_id, lane, body, received_at, state, finished_at, claimed_until, attempts)
    select cast(value ->> 0 as bigint), value ->> 1, '{}', ${fill("now")}, 'done', ${fill("now")}, 0, 0
    from ${elementsOf(db, fill("list"))} where true
    on conflict (update_id) do nothing`
);

async function acceptWork({ store, metrics }: Receiver, arrivals: readonly Arrival[]): Promise<void> {
  const entries = arrivals.map((arrival) => new Entry(store, arrival));
  try {
    const [first] = entries;
    await (first && entries.length === 1 ? first.keep(store.db) : keepInOrder(store, entries));
    for (const entry of entries) entry.begin();
  } finally {
    for (const entry of entries) entry.cancel();
  }
  if (entries.some(({ kept }) => kept === "waiting")) store.notifier.everyone("inbox");
  const accepted = entries.filter(({ kept }) => kept !== undefined).length;
  metrics.updatesKept(accepted, entries.length - accepted);
}

/** Writes together what is given in one turn of the event loop, for statements that take many rows. */
function onceATurn<Writer extends object, Row>(
  write: (writer: Writer, rows: readonly Row[]) => Promise<void>,
): (writer: Writer, row: Row) => Promise<void> {
  const open = new WeakMap<Writer, { readonly rows: Row[]; readonly written: Promise<void> }>();
  const begin = (writer: Writer) => {
    const rows: Row[] = [];
    const written = endOfTurn().then(() => open.delete(writer)).then(() => write(writer, rows));
    const batch = { rows, written };
    open.set(writer, batch);
    return batch;
  };
  return (writer, row) => {
    const { rows, written } = open.get(writer) ?? begin(writer);
    rows.push(row);
    return written;
  };
}

async function keepInOrder(store: Store, entries: readonly Entry[]): Promise<void> {
  await store.transaction(async (db) => {
    for (const entry of entries) await entry.keep(db);
  });
}

/** One update on its way into the inbox. */
class Entry {
  /** "first": as this process has it. "waiting": somebody has to claim it. Undefined: it was known already. */
  kept: "first" | "waiting" | undefined;
  private readonly row: NewUpdate;
  private readonly reservation: Reservation<InboxTable> | undefined;

  constructor(store: Store, { updateId, lane, body }: Arrival) {
    this.row = { update_id: updateId, lane, body, received_at: store.now() };
    this.reservation = store.reserve("inbox", lane);
  }

  async keep(db: Queryable): Promise<void> {
    const { row, reservation } = this;
    const isFirst = reservation !== undefined && await keepFirst(db, claimedBy(reservation.holder, row)) > 0;
    if (isFirst) this.kept = "first";
    else if (await keepWaiting(db, row) > 0) this.kept = "waiting";
  }

  /** Once it is committed. */
  begin(): void {
    const { row, reservation } = this;
    if (reservation && this.kept === "first") reservation.begin(claimedBy(reservation.holder, row));
  }

  cancel(): void {
    this.reservation?.cancel();
  }
}

function claimedBy(holder: string, row: NewUpdate): InboxTable {
  const claimed_until = row.received_at + UPDATE_LEASE_MS;
  return { ...row, state: "new", finished_at: null, claimed_by: holder, claimed_until, attempts: 1 };
}

type NewUpdate = Pick<InboxTable, "update_id" | "lane" | "body" | "received_at">;

/** Only what is known already changes nothing. */
const keepWaiting = preparedWrite<NewUpdate>((db, fill) =>
  db.insertInto("inbox").values({
    update_id: fill("update_id"),
    lane: fill("lane"),
    body: fill("body"),
    received_at: fill("received_at"),
    state: literal("new"),
    claimed_until: 0,
    attempts: 0,
  }).onConflict((conflict) => conflict.column("update_id").doNothing())
);

/** Changes nothing either where something of its lane waits. */
const keepFirst = preparedWrite<InboxTable>((db, fill) => {
  const columns = [
    "update_id",
    "lane",
    "body",
    "received_at",
    "state",
    "claimed_by",
    "claimed_until",
    "attempts",
  ] as const;
  return db.insertInto("inbox").columns([...columns]).expression(sql`
    select ${sql.join(columns.map((column) => fill(column)))}
    where not exists (select 1 from inbox where state = 'new' and lane = ${fill("lane")})`)
    .onConflict((conflict) => conflict.column("update_id").doNothing());
});

type Claimer = Pick<Deps, "store" | "holder">;

/** A replica that dies gives its updates back after this long; one that lives renews in time. */
export const UPDATE_LEASE_MS = 10_000;

/**
 * Takes updates for this replica: of each lane but those in `busy` only the oldest unfinished one, and never one that
 * another replica holds. A lane is therefore handled in order, whoever handles it. It steps from lane to lane through
 * the index of what waits, so that neither what is finished nor what waits behind the oldest costs anything. Undefined
 * where nothing waits.
 */
export async function claimUpdates(
  { store, holder }: Claimer,
  most: number,
  busy: ReadonlySet<string> = new Set(),
): Promise<InboxTable[] | undefined> {
  const now = store.now();
  // A claim writes, even where there is nothing to take.
  if ((await waiting(store.db, { now })).length === 0) return undefined;
  const until = now + UPDATE_LEASE_MS;
  const rows = await claim(store.db, { holder, now, until, most, busy: JSON.stringify([...busy]) });
  return rows.sort((one, other) => one.update_id - other.update_id);
}

const waiting = prepared<{ readonly now: number }, unknown>((db, fill) =>
  db.selectFrom("inbox").select("update_id")
    .where("state", "=", literal("new")).where("claimed_until", "<=", fill("now")).limit(1)
);

/** `busy`: what to leave alone, in JSON. */
type Claim = Record<"holder" | "busy", string> & Record<"now" | "until" | "most", number>;

const claim = prepared<Claim, InboxTable>((db, fill) => {
  const others = isPostgres(db) ? sql`for update skip locked` : sql``;
  return sql<InboxTable>`
    with recursive lanes(lane) as (
      select min(lane) from inbox where state = 'new'
      union all
      select (select min(lane) from inbox where state = 'new' and lane > lanes.lane)
      from lanes where lane is not null
    ), oldest(update_id) as (
      select (select min(update_id) from inbox where state = 'new' and lane = lanes.lane)
      from lanes where lane is not null
    )
    update inbox
    set claimed_by = ${fill("holder")}, claimed_until = ${fill("until")}, attempts = attempts + 1
    where update_id in (
      select update_id from inbox
      where update_id in (select update_id from oldest) and state = 'new' and claimed_until <= ${fill("now")}
        and ${noneOf(db, sql`lane`, fill("busy"))}
      order by update_id limit ${fill("most")} ${others}
    )
    returning *`;
});

/** One turn at an update: whoever takes it over later has another. */
export type Turn = Pick<InboxTable, "update_id" | "attempts">;

/** Someone has taken the update over, or finished it: nothing of this turn counts any more. */
export class TakenOver extends Error {
  constructor(updateId: number) {
    super(`Update ${updateId} is somebody else's by now`);
    this.name = "TakenOver";
  }
}

/**
 * Inside the transaction that shows or records something on the way: nobody takes the update over before it ends.
 * Throws `TakenOver`.
 */
export async function holdUpdate(db: Queryable, turn: Turn): Promise<void> {
  await setDuring(db, turn, { attempts: turn.attempts });
}

/** Inside the transaction that records what came of it. Throws `TakenOver`, so that it comes once only. */
export async function finishUpdate(store: Store, db: Queryable, turn: Turn, blank: boolean): Promise<void> {
  const { update_id, attempts } = turn;
  const finished = await finish(db, { update_id, attempts, now: store.now(), body: blank ? "{}" : null });
  if (finished === 0) throw new TakenOver(update_id);
}

const finish = preparedWrite<Turn & { readonly now: number; readonly body: string | null }>((db, fill) =>
  db.updateTable("inbox")
    .set((is) => ({
      state: literal("done"),
      finished_at: fill("now"),
      claimed_by: null,
      body: is.fn.coalesce(fill("body"), "body"),
    }))
    .where("update_id", "=", fill("update_id")).where("attempts", "=", fill("attempts"))
    .where("state", "=", literal("new"))
);

/** Inside the transaction that says so. Its words are not kept: nobody looked whether a secret is among them. */
export async function failUpdate(store: Store, db: Queryable, turn: Turn): Promise<void> {
  const failed = { state: "failed", finished_at: store.now(), claimed_by: null, body: "{}" } as const;
  await setDuring(db, turn, failed);
}

async function setDuring(
  db: Queryable,
  { update_id, attempts }: Turn,
  values: Partial<InboxTable>,
): Promise<void> {
  const mine = await db.updateTable("inbox").set(values)
    .where("update_id", "=", update_id).where("attempts", "=", attempts).where("state", "=", literal("new"))
    .returning("update_id").executeTakeFirst();
  if (!mine) throw new TakenOver(update_id);
}

/**
 * After an update was blanked: SQLite's log still holds the page as it was, and would until it is written over.
 * Postgres has no such call; its old rows go when it vacuums.
 */
export async function forgetBlanked(store: Store): Promise<void> {
  if (store.kind === "sqlite") await sql`pragma wal_checkpoint(truncate)`.execute(store.db);
}

/** After a failure: the next attempt may be made so much later, by whoever comes first. */
export async function putOffUpdate(deps: Claimer, updateId: number, ms: number): Promise<void> {
  await setClaim(deps, [updateId], { claimed_by: null, claimed_until: deps.store.now() + ms });
}

/** Says that the holder is alive and still at work on these. */
export async function renewUpdates(deps: Claimer, updateIds: readonly number[]): Promise<void> {
  await setClaim(deps, updateIds, { claimed_until: deps.store.now() + UPDATE_LEASE_MS });
}

/** Gives back what is not finished, so that another replica need not wait for the lease. */
export async function releaseUpdates(deps: Claimer, updateIds: readonly number[]): Promise<void> {
  await setClaim(deps, updateIds, { claimed_by: null, claimed_until: 0 });
}

/** Of updates that are this holder's and not finished. */
async function setClaim(
  { store, holder }: Claimer,
  updateIds: readonly number[],
  claim: Partial<Pick<InboxTable, "claimed_by" | "claimed_until">>,
): Promise<void> {
  if (updateIds.length === 0) return;
  await store.db.updateTable("inbox").set(claim)
    .where("update_id", "in", updateIds).where("claimed_by", "=", holder).where("state", "=", literal("new"))
    .execute();
}

/** When the update that has waited longest came in, epoch ms. */
export async function oldestWaiting(store: Store): Promise<number | undefined> {
  const row = await store.db.selectFrom("inbox").where("state", "=", literal("new"))
    .select((is) => is.fn.min<number | null>("received_at").as("oldest")).executeTakeFirst();
  return row?.oldest ?? undefined;
}

/** So many at once hold up nobody. */
const MOST_PRUNED = 1000;

/** Finished updates are kept for a while to recognise repeats; Telegram re-sends for at most a day. */
export async function pruneInbox(store: Store, keepMs: number): Promise<void> {
  const until = store.now() - keepMs;
  for (let pruned = MOST_PRUNED; pruned === MOST_PRUNED;) {
    const { numDeletedRows } = await store.db.deleteFrom("inbox")
      .where("update_id", "in", (select) =>
        select.selectFrom("inbox").select("update_id")
          .where("state", "<>", literal("new")).where("finished_at", "<", until).limit(MOST_PRUNED))
      .executeTakeFirstOrThrow();
    pruned = Number(numDeletedRows);
  }
}
