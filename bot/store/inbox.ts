import { sql } from "kysely";
import type { InboxTable, Queryable } from "./schema.ts";
import type { Store } from "./store.ts";

export interface Arrival {
  readonly updateId: number;
  readonly lane: string;
  readonly body: string;
}

/** Puts updates on disk before anyone is told that they arrived. */
export interface Inbox {
  /** Resolves when the update is committed: true the first time, false when it was known. */
  accept(arrival: Arrival): Promise<boolean>;
  /**
   * Resolves at once or, in a crowd, after a while. Who handles updates waits for it between two of them: whoever
   * knocks is let in first.
   */
  lull(): Promise<void>;
}

interface Waiting {
  readonly arrival: Arrival;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** As many connections as Telegram opens to a webhook, so that one insert serves them all. */
const MOST_PER_INSERT = 100;
/** More arrivals than this within `CROWD_MS` are a crowd: many times what chats come to on a bad day. */
const CROWD = 16;
const CROWD_MS = 20;

/**
 * Arrivals that wait at the same time share one insert, because a commit costs the same for one row as for a
 * hundred: those of one turn of the event loop (`setImmediate` ends it; a zero timer would cost a millisecond), and
 * those that came while the database was busy.
 */
export function createInbox(store: Store): Inbox {
  const waiting: Waiting[] = [];
  const insert = createInsert(store);
  const crowd = createCrowd();
  let flushing = false;

  async function flush(): Promise<void> {
    try {
      while (waiting.length > 0) {
        await store.db.connection().execute((connection) =>
          insert(connection, waiting.splice(0, MOST_PER_INSERT))
        );
      }
    } catch (error) {
      for (const { reject } of waiting.splice(0)) reject(error);
    } finally {
      flushing = false;
    }
  }

  return {
    accept: (arrival) =>
      new Promise((resolve, reject) => {
        waiting.push({ arrival, resolve, reject });
        crowd.grow();
        if (flushing) return;
        flushing = true;
        setImmediate(() => void flush());
      }),
    lull: () =>
      new Promise((resolve) => crowd.isHere() ? setTimeout(resolve, CROWD_MS) : setImmediate(resolve)),
  };
}

function createCrowd(): { grow(): void; isHere(): boolean } {
  let since = 0;
  let size = 0;
  const isOver = () => performance.now() - since > CROWD_MS;
  return {
    grow() {
      if (isOver()) [since, size] = [performance.now(), 0];
      size++;
    },
    isHere: () => size > CROWD && !isOver(),
  };
}

/** Kysely takes longer to compile an insert of many rows than SQLite to run it, so each size is compiled once. */
function createInsert(store: Store): (db: Queryable, batch: readonly Waiting[]) => Promise<void> {
  const compiled = new Map<number, ReturnType<typeof compileInsert>>();
  const compiledFor = (size: number) => {
    const known = compiled.get(size) ?? compileInsert(store, size);
    compiled.set(size, known);
    return known;
  };
  return async function insert(db, batch) {
    const now = store.now();
    const unique = [...new Map(batch.map(({ arrival }) => [arrival.updateId, arrival])).values()];
    const parameters = unique.flatMap(({ updateId, lane, body }) => [updateId, lane, body, now]);
    try {
      const { rows } = await db.executeQuery<Pick<InboxTable, "update_id">>({
        ...compiledFor(unique.length),
        parameters,
      });
      const fresh = new Set(rows.map((row) => row.update_id));
      for (const { arrival, resolve } of batch) resolve(fresh.delete(arrival.updateId));
      if (rows.length > 0) store.wakeUp.everyone("inbox");
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
}

/** For so many updates; the parameters are, one update after the other, those of the first four columns. */
function compileInsert({ db }: Store, size: number) {
  const row = {
    update_id: 0,
    lane: "",
    body: "",
    received_at: 0,
    state: NEW,
    claimed_until: sql.lit(0),
    attempts: sql.lit(0),
  };
  return db.insertInto("inbox").values(Array.from({ length: size }, () => row))
    .onConflict((conflict) => conflict.column("update_id").doNothing())
    .returning("update_id").compile();
}

/** Written into the statement: as a parameter it would keep the databases from using the index of what waits. */
const NEW = sql.lit("new" as const);

/**
 * Takes updates for this replica: of each lane only the oldest unfinished one, and never one that another replica
 * holds. A lane is therefore handled in order, whoever handles it.
 */
export async function claimUpdates(
  store: Store,
  holder: string,
  most: number,
  leaseMs: number,
): Promise<InboxTable[]> {
  const now = store.now();
  const rows = await withOldestOfLanes(store)
    .updateTable("inbox")
    .set((is) => ({ claimed_by: holder, claimed_until: now + leaseMs, attempts: is("attempts", "+", 1) }))
    .where("update_id", "in", (select) => {
      const next = select.selectFrom("inbox as mine").select("mine.update_id")
        .where("mine.update_id", "in", (heads) => heads.selectFrom("oldest").select("oldest.update_id"))
        .where("mine.state", "=", NEW).where("mine.claimed_until", "<=", now)
        .orderBy("mine.update_id").limit(most);
      return store.kind === "postgres" ? next.forUpdate().skipLocked() : next;
    })
    .returningAll().execute();
  return rows.sort((one, other) => one.update_id - other.update_id);
}

/**
 * Steps from lane to lane through the index of what waits: the cost is that of the lanes, whatever waits in them
 * and whatever is finished.
 */
function withOldestOfLanes({ db }: Store) {
  return db
    .withRecursive(
      "lanes(lane)",
      (cte) =>
        cte.selectFrom("inbox").where("state", "=", NEW).select((is) =>
          is.fn.min<string | null>("lane").as("lane")
        )
          .unionAll(
            cte.selectFrom("lanes").where("lanes.lane", "is not", null).select((is) =>
              is.selectFrom("inbox").where("state", "=", NEW).whereRef("inbox.lane", ">", "lanes.lane")
                .select((of) => of.fn.min<string | null>("inbox.lane").as("lane")).as("lane")
            ),
          ),
    )
    .with(
      "oldest",
      (cte) =>
        cte.selectFrom("lanes").where("lanes.lane", "is not", null).select((is) =>
          is.selectFrom("inbox").where("state", "=", NEW).whereRef("inbox.lane", "=", "lanes.lane")
            .select((of) => of.fn.min<number>("inbox.update_id").as("update_id")).as("update_id")
        ),
    );
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
    .where("update_id", "=", updateId).where("state", "=", "new")
    .returning("update_id").executeTakeFirst();
  if (!finished) throw new AlreadyFinished(updateId);
}

export async function failUpdate(store: Store, updateId: number): Promise<void> {
  await store.db.updateTable("inbox").set({ state: "failed", finished_at: store.now(), claimed_by: null })
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
    .where("update_id", "in", updateIds).where("claimed_by", "=", holder).where("state", "=", "new")
    .execute();
}

/** Gives back what was claimed and not begun, so that another replica need not wait for the lease. */
export async function releaseUpdates(store: Store, holder: string): Promise<void> {
  await store.db.updateTable("inbox").set({ claimed_by: null, claimed_until: 0 })
    .where("claimed_by", "=", holder).where("state", "=", "new").execute();
}

export async function oldestWaiting(store: Store): Promise<number | undefined> {
  const row = await store.db.selectFrom("inbox").select("received_at").where("state", "=", "new")
    .orderBy("update_id").limit(1).executeTakeFirst();
  return row?.received_at;
}

/** Finished updates are kept for a while to recognise repeats; Telegram re-sends for at most a day. */
export async function pruneInbox(store: Store, keepMs: number): Promise<void> {
  await store.db.deleteFrom("inbox")
    .where("state", "<>", "new").where("finished_at", "<", store.now() - keepMs).execute();
}
