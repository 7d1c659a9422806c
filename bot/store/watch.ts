import { sql } from "kysely";
import type { End } from "../../handlers/sight.ts";
import type { Store } from "./database.ts";
import type { ItemState } from "../../handlers/sight.ts";
import type { EpisodesTable, ItemsTable, LooksTable } from "./watch_tables.ts";

/** An item as of the last look. */
export interface WatchedItem extends Omit<ItemsTable, "ends"> {
  readonly ends: readonly End[];
}

/** Which items are meant; all where nothing is said. */
export interface ItemFilter {
  readonly vendor?: string;
  /** One or several of the targets, such as `sophos`. */
  readonly targets?: readonly string[];
  readonly company?: string;
  readonly keys?: readonly string[];
  readonly states?: readonly ItemState[];
  /** Those that vanished too. */
  readonly gone?: true;
}

/**
 * The items whose starting state is known, of each vendor the vendor as a whole first and then by name, with the time
 * of the vendor's last answer as that at which each was last seen. While its vendor is away an item is unknown.
 */
export async function itemsOf({ db }: Pick<Store, "db">, filter: ItemFilter = {}): Promise<WatchedItem[]> {
  const rows = await db.selectFrom("items").leftJoin("looks", "looks.vendor", "items.vendor")
    .leftJoin("items as whole", "whole.key", "items.vendor")
    .selectAll("items")
    .select(["looks.answered_at", "whole.state as whole_state", "whole.since as whole_since"])
    .where("items.settled", "=", 1)
    .$if(filter.gone === undefined, (query) => query.where("items.gone_at", "is", null))
    .$if(filter.vendor !== undefined, (query) => query.where("items.vendor", "=", filter.vendor ?? ""))
    .$if(
      filter.targets !== undefined,
      (query) => query.where("items.target", "in", [...filter.targets ?? []]),
    )
    .$if(
      filter.states !== undefined,
      (query) => query.where("items.state", "in", [...filter.states ?? []]),
    )
    .$if(filter.company !== undefined, (query) => query.where("items.company", "=", filter.company ?? ""))
    .$if(filter.keys !== undefined, (query) => query.where("items.key", "in", [...filter.keys ?? []]))
    .orderBy("items.vendor").orderBy(sql`case when items.item_id is null then 0 else 1 end`).orderBy(
      "items.name",
    ).execute();
  return rows.map(({ answered_at, whole_state, whole_since, ...row }) => {
    const item = asOfNow(row, answered_at);
    const isSilent = row.item_id !== null && whole_state !== null && whole_state !== "fine";
    return isSilent ? { ...item, state: "unknown", since: Math.max(whole_since ?? 0, row.since) } : item;
  });
}

/** What does not change is not written at each look. */
function asOfNow(row: ItemsTable, answeredAt: number | null): WatchedItem {
  const isThere = row.missed === 0 && row.gone_at === null;
  const seen = isThere && row.item_id !== null ? Math.max(row.last_seen, answeredAt ?? 0) : row.last_seen;
  return {
    ...row,
    last_seen: seen,
    last_fine: row.state === "fine" && row.candidate === null ? seen : row.last_fine,
    ends: row.ends === null ? [] : JSON.parse(row.ends) as End[],
  };
}

/** A time in which an item was in one state. Time between two of them was not watched. */
export interface StateSpan {
  readonly state: ItemState;
  readonly from: number;
  readonly until: number;
}

/**
 * How each of these items stood from `from` to `until`, oldest first. What lasts goes on as far as it was looked at.
 * While its vendor was away an item is unknown, whatever it was before.
 */
export async function historyOf(
  store: Pick<Store, "db">,
  items: readonly WatchedItem[],
  from: number,
  until: number,
): Promise<ReadonlyMap<string, readonly StateSpan[]>> {
  const looks = await lastLooks(store);
  const ends = new Map(items.map((item) => [item.key, endOfWatch(item, looks)]));
  const vendors = [...new Set(items.map(({ vendor }) => vendor))];
  for (const vendor of vendors) ends.set(vendor, looks.get(vendor)?.ended_at ?? 0);
  const spans = await spansOf(store, ends, from, until);
  return new Map(items.map(({ key, vendor, item_id }) => {
    const own = spans.get(key) ?? [];
    return [key, item_id === null ? own : whileVendorSpoke(own, spans.get(vendor) ?? [])];
  }));
}

/** Until when what is so now was seen to be. */
function endOfWatch(item: WatchedItem, looks: ReadonlyMap<string, LooksTable>): number {
  return item.gone_at ?? looks.get(item.vendor)?.ended_at ?? item.last_seen;
}

async function spansOf(
  { db }: Pick<Store, "db">,
  ends: ReadonlyMap<string, number>,
  from: number,
  until: number,
): Promise<ReadonlyMap<string, readonly StateSpan[]>> {
  const found = new Map<string, StateSpan[]>();
  for (const keys of chunksOf([...ends.keys()], MOST_KEYS)) {
    const rows = await db.selectFrom("item_history").selectAll().where("item", "in", keys)
      .where("from_at", "<", until).where((is) =>
        is.or([is("until_at", "is", null), is("until_at", ">", from)])
      )
      .orderBy("item").orderBy("from_at").execute();
    for (const { item, state, from_at, until_at } of rows) {
      const span = {
        state,
        from: Math.max(from, from_at),
        until: Math.min(until, until_at ?? ends.get(item) ?? 0),
      };
      if (span.until > span.from) found.set(item, [...found.get(item) ?? [], span]);
    }
  }
  return found;
}

/** The spans of an item, unknown for as long as its vendor was not seen to answer. */
export function whileVendorSpoke(
  own: readonly StateSpan[],
  vendor: readonly StateSpan[],
): readonly StateSpan[] {
  const silent = vendor.filter(({ state }) => state !== "fine");
  if (silent.length === 0) return own;
  return own.flatMap((span) => {
    const pieces: StateSpan[] = [];
    let at = span.from;
    for (const { from, until } of silent) {
      const [begin, end] = [Math.max(from, at), Math.min(until, span.until)];
      if (end <= begin) continue;
      if (begin > at) pieces.push({ ...span, from: at, until: begin });
      pieces.push({ state: "unknown", from: begin, until: end });
      at = end;
    }
    return at < span.until ? [...pieces, { ...span, from: at }] : pieces;
  });
}

/** SQLite takes no more than some thousand parameters. */
const MOST_KEYS = 500;

/** A long list in pieces. */
export function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from(
    { length: Math.ceil(all.length / size) },
    (_, index) => all.slice(index * size, (index + 1) * size),
  );
}

/** An episode with who took it over, in the chat that asks or in any. */
export interface Episode extends EpisodesTable {
  readonly acked_at: number | null;
  readonly acked_name: string | null;
}

/** What is not over, worst first; acked by whoever did so in `chatId`, or anywhere. */
export async function openEpisodes(store: Pick<Store, "db">, chatId?: number): Promise<Episode[]> {
  const rows = await store.db.selectFrom("episodes").selectAll().where("closed_at", "is", null).execute();
  return (await withAcks(store, rows, chatId))
    .toSorted((one, other) => rankOf(one) - rankOf(other) || one.opened_at - other.opened_at);
}

/** Episodes of these items that went on at some time from `from` to `until`, oldest first. */
export async function episodesOf(
  store: Pick<Store, "db">,
  items: readonly string[],
  from: number,
  until: number,
): Promise<Episode[]> {
  const wanted = new Set(items);
  const rows = await store.db.selectFrom("episodes").selectAll()
    .where("opened_at", "<", until).where("kind", "in", ["alert", "start", "ours"])
    .where((is) => is.or([is("closed_at", "is", null), is("closed_at", ">", from)]))
    .orderBy("opened_at").execute();
  return await withAcks(store, rows.filter(({ item }) => wanted.has(item)));
}

function rankOf({ item_id, state }: EpisodesTable): number {
  return (item_id === null ? 0 : 10) + RANK.indexOf(state);
}

const RANK: readonly ItemState[] = ["down", "attention", "unknown", "off", "fine"];

async function withAcks(
  { db }: Pick<Store, "db">,
  episodes: readonly EpisodesTable[],
  chatId?: number,
): Promise<Episode[]> {
  const acks = new Map<string, Pick<Episode, "acked_at" | "acked_name">>();
  for (const ids of chunksOf(episodes.map(({ id }) => id), MOST_KEYS)) {
    const rows = await db.selectFrom("alert_episodes").innerJoin(
      "alerts",
      "alert_episodes.alert",
      "alerts.id",
    )
      .select(["episode", "acked_at", "acked_name"])
      .where("episode", "in", ids).where("acked_at", "is not", null)
      .$if(chatId !== undefined, (query) => query.where("alerts.chat_id", "=", chatId ?? 0))
      .orderBy("acked_at", "desc").execute();
    for (const { episode, ...ack } of rows) acks.set(episode, ack);
  }
  return episodes.map((row) => ({ ...row, ...acks.get(row.id) ?? { acked_at: null, acked_name: null } }));
}

/** How each vendor was last looked at; none has a row before its first look. */
export async function lastLooks({ db }: Pick<Store, "db">): Promise<ReadonlyMap<string, LooksTable>> {
  const rows = await db.selectFrom("looks").selectAll().execute();
  return new Map(rows.map((row) => [row.vendor, row]));
}

/** Forgets what is older than it is worth keeping: what is over, and items that have been gone for so long. */
export async function pruneWatch(store: Pick<Store, "db" | "now">, keepMs: number): Promise<void> {
  const { db } = store;
  const oldest = store.now() - keepMs;
  await db.deleteFrom("item_history").where("until_at", "<", oldest).execute();
  await db.deleteFrom("items").where("gone_at", "<", oldest).execute();
  await db.deleteFrom("episodes").where("closed_at", "<", oldest).execute();
  await db.deleteFrom("alerts").where("closed_at", "<", oldest).execute();
  await db.deleteFrom("mutes").where("until_at", "<", store.now()).execute();
  await db.deleteFrom("alert_episodes")
    .where("episode", "not in", (of) => of.selectFrom("episodes").select("id")).execute();
}
