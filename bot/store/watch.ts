import type { Store } from "./database.ts";
import type { EpisodesTable, ItemsTable, ItemState, LooksTable } from "./schema.ts";

/** An item as of the last look. */
export interface WatchedItem extends Omit<ItemsTable, "ends"> {
  readonly ends: readonly End[];
}

/** Something of an item that is known to end, such as its token. */
export interface End {
  readonly what: string;
  readonly at: number;
}

/** Which items are meant; all where nothing is said. */
export interface ItemFilter {
  readonly vendor?: string;
  /** One or several of the targets, such as `sophos`. */
  readonly targets?: readonly string[];
  readonly company?: string;
  readonly keys?: readonly string[];
  /** Those that vanished too. */
  readonly gone?: true;
}

/**
 * The items whose starting state is known, vendors as a whole first and then by name, with the time of the vendor's
 * last answer as that at which each was last seen.
 */
export async function itemsOf({ db }: Pick<Store, "db">, filter: ItemFilter = {}): Promise<WatchedItem[]> {
  const rows = await db.selectFrom("items").leftJoin("looks", "looks.vendor", "items.vendor")
    .selectAll("items").select("looks.answered_at")
    .where("settled", "=", 1)
    .$if(filter.gone === undefined, (query) => query.where("gone_at", "is", null))
    .$if(filter.vendor !== undefined, (query) => query.where("items.vendor", "=", filter.vendor ?? ""))
    .$if(filter.targets !== undefined, (query) => query.where("target", "in", [...filter.targets ?? []]))
    .$if(filter.company !== undefined, (query) => query.where("company", "=", filter.company ?? ""))
    .$if(filter.keys !== undefined, (query) => query.where("key", "in", [...filter.keys ?? []]))
    .orderBy("items.vendor").orderBy("item_id").orderBy("name").execute();
  return rows.map(({ answered_at, ...row }) => asOfNow(row, answered_at));
}

/** What does not change is not written at each look. */
function asOfNow(row: ItemsTable, answeredAt: number | null): WatchedItem {
  const seen = row.missed > 0 || row.gone_at !== null
    ? row.last_seen
    : Math.max(row.last_seen, answeredAt ?? 0);
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

/** How each of these items stood from `from` to `until`, oldest first; what lasts ends when it was last seen. */
export async function historyOf(
  store: Pick<Store, "db">,
  items: readonly WatchedItem[],
  from: number,
  until: number,
): Promise<ReadonlyMap<string, readonly StateSpan[]>> {
  const seen = new Map(items.map(({ key, last_seen }) => [key, last_seen]));
  const found = new Map<string, StateSpan[]>(items.map(({ key }) => [key, []]));
  for (const keys of chunks([...seen.keys()], MOST_KEYS)) {
    const rows = await store.db.selectFrom("item_history").selectAll().where("item", "in", keys)
      .where("from_at", "<", until).where((is) =>
        is.or([is("until_at", "is", null), is("until_at", ">", from)])
      )
      .orderBy("item").orderBy("from_at").execute();
    for (const { item, state, from_at, until_at } of rows) {
      const end = Math.min(until, until_at ?? seen.get(item) ?? from_at);
      const begin = Math.max(from, from_at);
      if (end > begin) found.get(item)?.push({ state, from: begin, until: end });
    }
  }
  return found;
}

/** SQLite takes no more than some thousand parameters. */
const MOST_KEYS = 500;

function chunks<T>(all: readonly T[], size: number): T[][] {
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

/** What is not over, worst first; of `chatId` where given the one who acked it there. */
export async function openEpisodes(store: Pick<Store, "db">, chatId?: number): Promise<Episode[]> {
  return await withAcks(store, { open: true, ...(chatId === undefined ? {} : { chatId }) });
}

/** Episodes that went on at some time from `from` to `until`, oldest first. */
export async function episodesOf(
  store: Pick<Store, "db">,
  items: readonly string[],
  from: number,
  until: number,
): Promise<Episode[]> {
  const wanted = new Set(items);
  const found = await withAcks(store, { from, until });
  return found.filter(({ item }) => wanted.has(item))
    .toSorted((one, other) => one.opened_at - other.opened_at);
}

interface EpisodeFilter {
  readonly open?: true;
  readonly chatId?: number;
  readonly from?: number;
  readonly until?: number;
}

async function withAcks(
  { db }: Pick<Store, "db">,
  { open, chatId, from, until }: EpisodeFilter,
): Promise<Episode[]> {
  const rows = await db.selectFrom("episodes").selectAll()
    .$if(open === true, (query) => query.where("closed_at", "is", null))
    .$if(until !== undefined, (query) => query.where("opened_at", "<", until ?? 0))
    .$if(
      from !== undefined,
      (query) => query.where((is) => is.or([is("closed_at", "is", null), is("closed_at", ">", from ?? 0)])),
    )
    .execute();
  const acks = await db.selectFrom("alerts").innerJoin("alert_episodes", "alert_episodes.alert", "alerts.id")
    .select(["episode", "acked_at", "acked_name"]).where("acked_at", "is not", null)
    .$if(open === true, (query) => query.where("closed_at", "is", null))
    .$if(chatId !== undefined, (query) => query.where("alerts.chat_id", "=", chatId ?? 0))
    .orderBy("acked_at", "desc").execute();
  const byEpisode = new Map(acks.map(({ episode, ...ack }) => [episode, ack]));
  return rows.map((row) => ({ ...row, ...byEpisode.get(row.id) ?? { acked_at: null, acked_name: null } }))
    .toSorted((one, other) =>
      RANK.indexOf(one.state) - RANK.indexOf(other.state) || one.opened_at - other.opened_at
    );
}

const RANK: readonly ItemState[] = ["down", "attention", "unknown", "off", "fine"];

/** How each vendor was last looked at; none has a row before its first look. */
export async function lastLooks({ db }: Pick<Store, "db">): Promise<ReadonlyMap<string, LooksTable>> {
  const rows = await db.selectFrom("looks").selectAll().execute();
  return new Map(rows.map((row) => [row.vendor, row]));
}
