import type { Store } from "../../bot/store/database.ts";
import type { ItemState } from "../../handlers/sight.ts";
import type { EpisodesTable, ItemHistoryTable, ItemsTable } from "../../bot/store/watch_tables.ts";

/** An item as the watch leaves it in the store, with what it was before: each state from so long ago on. */
export interface Watched {
  readonly vendor: string;
  readonly target: string;
  readonly name: string;
  readonly company?: string;
  /** From the oldest to the present one. */
  readonly course: readonly (readonly [state: ItemState, agoMs: number])[];
}

const MINUTE_MS = 60_000;
const MOST_ROWS = 500;

/** As if the watch had looked on until now. */
export async function putWatched(store: Store, all: readonly Watched[]): Promise<void> {
  const now = store.now();
  for (const vendor of new Set(all.map(({ vendor }) => vendor))) {
    await store.db.insertInto("looks").values({
      vendor,
      began_at: now,
      ended_at: now,
      answered_at: now,
      answers: 10,
      calls: 1,
      every_ms: MINUTE_MS,
      next_at: now + MINUTE_MS,
      claimed_until: 0,
    }).execute();
  }
  await inChunks(
    all.map((one) => itemOf(one, now)),
    (rows) => store.db.insertInto("items").values(rows).execute(),
  );
  await inChunks(
    all.flatMap((one) => historyRows(one, now)),
    (rows) => store.db.insertInto("item_history").values(rows).execute(),
  );
  await inChunks(
    all.flatMap((one) => episodesIn(one, now)),
    (rows) => store.db.insertInto("episodes").values(rows).execute(),
  );
}

function keyOf({ target, name }: Watched): string {
  return `${target}:${name}`;
}

function itemOf(one: Watched, now: number): ItemsTable {
  const [state, agoMs] = one.course.at(-1) ?? ["unknown", 0];
  return {
    key: keyOf(one),
    vendor: one.vendor,
    target: one.target,
    item_id: one.name,
    name: one.name,
    company: null,
    company_name: one.company ?? null,
    state,
    since: now - agoMs,
    candidate: null,
    candidate_since: null,
    streak: 0,
    first_seen: now - (one.course[0]?.[1] ?? 0),
    last_seen: now,
    last_fine: null,
    fine_since: null,
    word: state,
    words: null,
    ends: null,
    settled: 1,
    initial: 0,
    missed: 0,
    gone_at: null,
  };
}

function historyRows(one: Watched, now: number): ItemHistoryTable[] {
  return one.course.map(([state, agoMs], index) => {
    const next = one.course[index + 1];
    return { item: keyOf(one), state, from_at: now - agoMs, until_at: next ? now - next[1] : null };
  });
}

function episodesIn(one: Watched, now: number): EpisodesTable[] {
  return one.course.flatMap(([state, agoMs], index) => {
    if (state !== "attention" && state !== "down") return [];
    const next = one.course[index + 1];
    return [{
      id: `${keyOf(one)}:${index}`,
      item: keyOf(one),
      vendor: one.vendor,
      target: one.target,
      item_id: one.name,
      name: one.name,
      company_name: one.company ?? null,
      was: "fine",
      fine_since: null,
      opened_at: now - agoMs,
      noticed_at: now - agoMs,
      state,
      worst: state,
      word: state,
      words: "The refresh token has expired.",
      kind: "alert",
      version: 1,
      closed_at: next ? now - next[1] : null,
      closed_because: null,
    }];
  });
}

async function inChunks<T>(rows: readonly T[], insert: (rows: T[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += MOST_ROWS) await insert(rows.slice(at, at + MOST_ROWS));
}
