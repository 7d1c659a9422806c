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
}

interface Waiting {
  readonly arrival: Arrival;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds one statement's parameters well below what either database takes. */
const MOST_PER_INSERT = 500;

/**
 * Arrivals of one turn of the event loop share one insert, because a commit costs the same for one row as for a
 * hundred. `setImmediate` ends the turn; a zero timer would cost a millisecond a batch.
 */
export function createInbox(store: Store): Inbox {
  let waiting: Waiting[] = [];
  const flush = async () => {
    const batch = waiting;
    waiting = [];
    for (let start = 0; start < batch.length; start += MOST_PER_INSERT) {
      await insert(store, batch.slice(start, start + MOST_PER_INSERT));
    }
  };
  return {
    accept: (arrival) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(() => void flush());
        waiting.push({ arrival, resolve, reject });
      }),
  };
}

async function insert(store: Store, batch: readonly Waiting[]): Promise<void> {
  const now = store.now();
  const unique = new Map(batch.map((item) => [item.arrival.updateId, item.arrival]));
  try {
    const inserted = await store.db.insertInto("inbox")
      .values([...unique.values()].map(({ updateId, lane, body }) => ({
        update_id: updateId,
        lane,
        body,
        received_at: now,
        state: "new" as const,
        claimed_until: 0,
        attempts: 0,
      })))
      .onConflict((conflict) => conflict.column("update_id").doNothing())
      .returning("update_id").execute();
    const fresh = new Set(inserted.map((row) => row.update_id));
    for (const item of batch) item.resolve(fresh.delete(item.arrival.updateId));
    if (inserted.length > 0) store.wakeUp.everyone("inbox");
  } catch (error) {
    for (const item of batch) item.reject(error);
  }
}

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
  const rows = await store.db.updateTable("inbox")
    .set((is) => ({ claimed_by: holder, claimed_until: now + leaseMs, attempts: is("attempts", "+", 1) }))
    .where("update_id", "in", (select) => {
      const next = select.selectFrom("inbox as mine").select("mine.update_id")
        .where("mine.state", "=", "new").where("mine.claimed_until", "<=", now)
        .where((is) =>
          is.not(is.exists(
            is.selectFrom("inbox as earlier").select("earlier.update_id")
              .where("earlier.state", "=", "new")
              .whereRef("earlier.lane", "=", "mine.lane")
              .whereRef("earlier.update_id", "<", "mine.update_id"),
          ))
        )
        .orderBy("mine.update_id").limit(most);
      return store.kind === "postgres" ? next.forUpdate().skipLocked() : next;
    })
    .returningAll().execute();
  return rows.sort((one, other) => one.update_id - other.update_id);
}

export async function finishUpdate(
  store: Store,
  db: Queryable,
  updateId: number,
  blank: boolean,
): Promise<void> {
  await db.updateTable("inbox")
    .set({ state: "done", finished_at: store.now(), claimed_by: null, ...(blank ? { body: "{}" } : {}) })
    .where("update_id", "=", updateId).execute();
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
