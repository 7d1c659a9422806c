import { sql } from "kysely";
import { literal, type Store } from "../store/database.ts";
import type { InboxTable, Queryable } from "../store/schema.ts";

export interface Arrival {
  readonly updateId: number;
  readonly lane: string;
  readonly body: string;
}

/** Puts updates on disk before anyone is told that they arrived. */
export interface Inbox {
  /** Resolves when the update is committed, now or before. */
  accept(arrival: Arrival): Promise<void>;
  /**
   * Resolves after a moment in which nobody came or, in a crowd, after a while all the same. Who handles updates
   * waits for it between two of them: whoever knocks goes first.
   */
  lull(): Promise<void>;
}

interface Waiting {
  readonly arrival: Arrival;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** As many connections as Telegram opens to a webhook, so that one insert serves them all. */
const MOST_PER_INSERT = 100;
/** So many arrivals in one insert are a crowd: chats do not come to that on a bad day. */
const CROWD = 16;
/** How long the next of a crowd are waited for. */
const GATHERING_MS = 1;
/** A crowd that comes again sooner than this has not gone. */
const SOON_MS = 20;
/** Even in a crowd the work inside goes on so often. */
const LONGEST_CROWD_MS = 100;

/**
 * Arrivals that wait at the same time share one insert, because a commit costs about the same for one row as for a
 * hundred: those of one turn of the event loop, of the turns after it that bring more, and those that came while the
 * database was busy. After a crowd as many are expected to come again, because whoever was let in sends the next; they
 * are waited for, but not for long. `onLetIn` is told how many of them were new and how many known.
 */
export function createInbox(
  store: Store,
  onLetIn: (accepted: number, repeated: number) => void = () => {},
): Inbox {
  const waiting: Waiting[] = [];
  const insert = createInsert(store);
  let letting = false;
  let crowdedUntil = 0;
  let expected = 0;
  let onExpected: (() => void) | undefined;

  async function letIn(): Promise<void> {
    while (waiting.length > 0) {
      await allHere();
      const size = await letInTogether();
      const isCrowd = size >= CROWD;
      if (isCrowd) crowdedUntil = performance.now() + SOON_MS;
      expected = isCrowd ? size : 0;
    }
    letting = false;
  }

  async function allHere(): Promise<void> {
    if (waiting.length < expected) await gathering();
    for (let here = 0; here < waiting.length && here < MOST_PER_INSERT;) {
      here = waiting.length;
      await nextTurn();
    }
  }

  async function gathering(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      onExpected = resolve;
      timer = setTimeout(resolve, GATHERING_MS);
    });
    clearTimeout(timer);
    onExpected = undefined;
  }

  /** Resolves to how many there were. */
  async function letInTogether(): Promise<number> {
    let together: Waiting[] | undefined;
    try {
      await store.db.connection().execute(async (connection) => {
        // Those who came while others had the database are here too.
        together = waiting.splice(0, MOST_PER_INSERT);
        const accepted = await insert(connection, together.map(({ arrival }) => arrival));
        if (accepted > 0) store.notifier.everyone("inbox");
        for (const { resolve } of together) resolve();
        onLetIn(accepted, together.length - accepted);
      });
    } catch (error) {
      together ??= waiting.splice(0);
      for (const { reject } of together) reject(error);
    }
    return together?.length ?? 0;
  }

  return {
    accept: (arrival) =>
      new Promise((resolve, reject) => {
        waiting.push({ arrival, resolve, reject });
        if (waiting.length === expected) onExpected?.();
        if (letting) return;
        letting = true;
        void letIn();
      }),
    async lull() {
      const latest = performance.now() + LONGEST_CROWD_MS;
      const isCrowded = () => letting || performance.now() < crowdedUntil;
      await pause(1);
      while (isCrowded() && performance.now() < latest) await pause(SOON_MS);
    },
  };
}

/** While turn follows turn, Deno looks at its sockets once in sixty turns; only a timer makes it wait for them. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Ends a turn of the event loop; a zero timer would cost a millisecond. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/**
 * Resolves to how many were not known; which they were is not asked for, because telling takes SQLite half as long
 * again. Kysely takes longer to compile an insert of many rows than SQLite to run it, so each size is compiled once.
 */
function createInsert(store: Store): (db: Queryable, arrivals: readonly Arrival[]) => Promise<number> {
  const compiled = new Map<number, ReturnType<typeof compileInsert>>();
  const compiledFor = (size: number) => {
    const known = compiled.get(size) ?? compileInsert(store, size);
    compiled.set(size, known);
    return known;
  };
  return async function insert(db, arrivals) {
    const now = store.now();
    const unique = [...new Map(arrivals.map((arrival) => [arrival.updateId, arrival])).values()];
    const parameters = unique.flatMap(({ updateId, lane, body }) => [updateId, lane, body, now]);
    const { numAffectedRows } = await db.executeQuery({ ...compiledFor(unique.length), parameters });
    return Number(numAffectedRows);
  };
}

/** For so many updates; the parameters are, one update after the other, those of the first four columns. */
function compileInsert({ db }: Store, size: number) {
  const row = {
    update_id: 0,
    lane: "",
    body: "",
    received_at: 0,
    state: literal("new"),
    claimed_until: sql.lit(0),
    attempts: sql.lit(0),
  };
  return db.insertInto("inbox").values(Array.from({ length: size }, () => row))
    .onConflict((conflict) => conflict.column("update_id").doNothing()).compile();
}

/**
 * Takes updates for this replica: of each lane only the oldest unfinished one, and never one that another replica
 * holds. A lane is therefore handled in order, whoever handles it. It steps from lane to lane through the index of
 * what waits, so that neither what is finished nor what waits behind the oldest costs anything.
 */
export async function claimUpdates(
  store: Store,
  holder: string,
  most: number,
  leaseMs: number,
): Promise<InboxTable[]> {
  const now = store.now();
  const others = store.kind === "postgres" ? sql`for update skip locked` : sql``;
  const claim = sql<InboxTable>`
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
    set claimed_by = ${holder}, claimed_until = ${now + leaseMs}, attempts = attempts + 1
    where update_id in (
      select update_id from inbox
      where update_id in (select update_id from oldest) and state = 'new' and claimed_until <= ${now}
      order by update_id limit ${most} ${others}
    )
    returning *`;
  const { rows } = await store.provisionally((db) => claim.execute(db));
  return rows.sort((one, other) => one.update_id - other.update_id);
}

/** Someone who took it over has finished the update: what came of it here must not count a second time. */
export class AlreadyFinished extends Error {
  constructor(updateId: number) {
    super(`Update ${updateId} has been finished by someone else`);
    this.name = "AlreadyFinished";
  }
}

/** Inside the transaction that records what came of it. Throws `AlreadyFinished`, so that it comes once only. */
export async function finishUpdate(
  store: Store,
  db: Queryable,
  updateId: number,
  blank: boolean,
): Promise<void> {
  const finished = await db.updateTable("inbox")
    .set({ state: "done", finished_at: store.now(), claimed_by: null, ...(blank ? { body: "{}" } : {}) })
    .where("update_id", "=", updateId).where("state", "=", literal("new"))
    .returning("update_id").executeTakeFirst();
  if (!finished) throw new AlreadyFinished(updateId);
}

/**
 * After an update was blanked: SQLite's log still holds the page as it was, and would until it is written over.
 * Postgres has no such call; its old rows go when it vacuums.
 */
export async function forgetBlanked(store: Store): Promise<void> {
  if (store.kind === "sqlite") await sql`pragma wal_checkpoint(truncate)`.execute(store.db);
}

/** After a failure: the next attempt may be made so much later, by whoever comes first. */
export async function putOffUpdate(
  store: Store,
  holder: string,
  updateId: number,
  ms: number,
): Promise<void> {
  await store.db.updateTable("inbox").set({ claimed_by: null, claimed_until: store.now() + ms })
    .where("update_id", "=", updateId).where("claimed_by", "=", holder).where("state", "=", literal("new"))
    .execute();
}

/** Its words are not kept: nobody looked whether a secret is among them. */
export async function failUpdate(store: Store, updateId: number): Promise<void> {
  await store.db.updateTable("inbox")
    .set({ state: "failed", finished_at: store.now(), claimed_by: null, body: "{}" })
    .where("update_id", "=", updateId).execute();
}

/** Says that the holder is alive and still at work on these. */
export async function renewUpdates(
  store: Store,
  holder: string,
  updateIds: readonly number[],
  leaseMs: number,
): Promise<void> {
  if (updateIds.length === 0) return;
  await store.db.updateTable("inbox").set({ claimed_until: store.now() + leaseMs })
    .where("update_id", "in", updateIds).where("claimed_by", "=", holder).where("state", "=", literal("new"))
    .execute();
}

/** Gives back what was claimed and not begun, so that another replica need not wait for the lease. */
export async function releaseUpdates(store: Store, holder: string): Promise<void> {
  await store.db.updateTable("inbox").set({ claimed_by: null, claimed_until: 0 })
    .where("claimed_by", "=", holder).where("state", "=", literal("new")).execute();
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
