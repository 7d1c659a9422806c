import type { Transaction } from "kysely";
import type { Vendor } from "../../handlers/vendor.ts";
import type { Deps } from "../deps.ts";
import { planOf, TOOK_EFFECT } from "../store/changes.ts";
import type { Queryable, Schema } from "../store/schema.ts";
import type { EpisodesTable, ItemHistoryTable, ItemsTable, LooksTable } from "../store/watch_tables.ts";
import { chunksOf } from "../store/watch.ts";
import { type Findings, LookReader, type LookResult, type OwnChanges } from "./findings.ts";

/** With more looks missing than this nobody was watching. */
export const MOST_MISSED_LOOKS = 5;
/** Rows of one statement: SQLite takes some thousand parameters. */
const ROWS_AT_ONCE = 200;

const KNOWN_AT_ONCE = 1_000;

/** How much of each a look has led to. */
export interface Applied {
  readonly changed: number;
  readonly opened: number;
  readonly moved: number;
}

/**
 * Writes down what a look came to, in one transaction and only if the look is still this replica's. Undefined where
 * there is nothing to tell.
 */
export async function applyLook(
  { store, config, holder }: Pick<Deps, "store" | "config" | "holder">,
  { name: vendor, label }: Pick<Vendor, "name" | "label">,
  claim: LooksTable,
  result: LookResult,
  pace: Pick<LooksTable, "calls" | "every_ms" | "next_at">,
): Promise<Applied | undefined> {
  const at = claim.began_at ?? store.now();
  return await store.transaction(async (transaction) => {
    const mine = await transaction.updateTable("looks").set({
      ...pace,
      claimed_by: null,
      claimed_until: 0,
      ended_at: store.now(),
      ...result.answered
        ? { answered_at: at, unreachable_since: null, words: null, answers: claim.answers + 1 }
        : { unreachable_since: claim.unreachable_since ?? at, words: result.word },
    }).where("vendor", "=", vendor).where("claimed_by", "=", holder).where("began_at", "=", at)
      .returning("vendor").executeTakeFirst();
    if (!mine) return undefined;
    const before = claim.ended_at ?? at;
    const isGap = at - before > MOST_MISSED_LOOKS * claim.every_ms;
    if (isGap) await breakOff(transaction, vendor, before, at);
    if (isGap || !result.answered) await interruptAll(transaction, vendor, result.answered);
    const reader = new LookReader({
      vendor,
      label,
      episodes: await transaction.selectFrom("episodes").selectAll().where("vendor", "=", vendor)
        .where("closed_at", "is", null).where("kind", "<>", "blind").execute(),
      changed: await ownChanges(transaction, vendor, before - 2 * claim.every_ms - LATELY_MS),
      isFirst: claim.answers === 0,
      before: claim.answered_at ?? at,
      at,
      everyMs: claim.every_ms,
      after: config.watchAfter,
    }, result);
    for await (const rows of itemsKnown(transaction, vendor, result.answered)) reader.compare(rows);
    const found = reader.finish();
    await write(transaction, found);
    const { items, opened, moved } = found;
    if (opened.length + moved.length === 0) return undefined;
    return { changed: items.length, opened: opened.length, moved: moved.length };
  });
}

/** Some after the other; of a vendor that does not answer there is only the vendor as a whole. */
async function* itemsKnown(
  db: Queryable,
  vendor: string,
  isAnswered: boolean,
): AsyncGenerator<readonly ItemsTable[]> {
  let last: string | undefined = "";
  while (last !== undefined) {
    const rows: ItemsTable[] = await db.selectFrom("items").selectAll().where("vendor", "=", vendor).where(
      "key",
      ">",
      last,
    )
      .$if(!isAnswered, (query) => query.where("item_id", "is", null))
      .orderBy("key").limit(KNOWN_AT_ONCE).execute();
    yield rows;
    last = rows.at(-1)?.key;
  }
}

/** Nobody watched for a while: what lasted goes on from now, and the time between is no part of it. */
async function breakOff(db: Queryable, vendor: string, until: number, at: number): Promise<void> {
  await db.updateTable("item_history").set({ until_at: until }).where("until_at", "is", null)
    .where("item", "in", (of) => of.selectFrom("items").select("key").where("vendor", "=", vendor)).execute();
  await db.insertInto("item_history").columns(["item", "from_at", "until_at", "state"]).expression((of) =>
    of.selectFrom("items")
      .select(({ val, ref }) => [
        ref("key").as("item"),
        val(at).as("from_at"),
        val<number | null>(null).as("until_at"),
        ref("state").as("state"),
      ])
      .where("vendor", "=", vendor).where("settled", "=", 1).where("gone_at", "is", null)
  ).onConflict((conflict) => conflict.doNothing()).execute();
}

/** Equal looks count only in a row. */
async function interruptAll(db: Queryable, vendor: string, andTheWhole: boolean): Promise<void> {
  await db.updateTable("items").set({ candidate: null, candidate_since: null, streak: 0 })
    .where("vendor", "=", vendor).where("candidate", "is not", null)
    .$if(!andTheWhole, (query) => query.where("item_id", "is not", null)).execute();
}

/** How long before two looks a change may have been sent that shows only now. */
const LATELY_MS = 2 * 60_000;

async function ownChanges(db: Queryable, vendor: string, since: number): Promise<OwnChanges> {
  const rows = await db.selectFrom("changes").select(["target_key", "verb", "plan", "sent_at", "state"])
    .where("vendor", "=", vendor).where("created_at", ">=", since - LONGEST_WAIT_MS)
    .where("sent_at", ">=", since).execute();
  const targets = new Map<string, number[]>();
  const created = new Map<string, number[]>();
  for (const row of rows) {
    const { target_key, verb, sent_at, state } = row;
    if (sent_at === null || !MAY_HAVE_TAKEN_EFFECT.has(state)) continue;
    targets.set(target_key, [...targets.get(target_key) ?? [], sent_at]);
    const { name } = planOf(row).target;
    if (verb === "create") created.set(name, [...created.get(name) ?? [], sent_at]);
  }
  return { targets, created };
}

/** From when a change is asked for to when it is sent. */
const LONGEST_WAIT_MS = 31 * 86_400_000;
const MAY_HAVE_TAKEN_EFFECT: ReadonlySet<string> = new Set([...TOOK_EFFECT, "executing", "unknown"]);

async function write(transaction: Transaction<Schema>, found: Findings): Promise<void> {
  for (const rows of chunksOf(found.items, ROWS_AT_ONCE)) await putItems(transaction, rows);
  for (const [item, until_at] of found.ended) {
    await transaction.updateTable("item_history").set({ until_at }).where("item", "=", item)
      .where("until_at", "is", null).execute();
  }
  for (const rows of chunksOf(found.begun, ROWS_AT_ONCE)) await putHistory(transaction, rows);
  // What is over makes room for what begins.
  for (const { id, ...values } of found.moved) {
    await transaction.updateTable("episodes").set(values).where("id", "=", id).execute();
  }
  for (const rows of chunksOf(found.opened, ROWS_AT_ONCE)) await putEpisodes(transaction, rows);
}

async function putItems(db: Queryable, rows: readonly ItemsTable[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}) as (keyof ItemsTable)[];
  await db.insertInto("items").values(rows).onConflict((conflict) =>
    conflict.column("key").doUpdateSet(({ ref }) =>
      Object.fromEntries(columns.map((column) => [column, ref(`excluded.${column}`)]))
    )
  ).execute();
}

async function putHistory(db: Queryable, rows: readonly ItemHistoryTable[]): Promise<void> {
  await db.insertInto("item_history").values(rows).onConflict((conflict) => conflict.doNothing()).execute();
}

/** One that is there already is not begun again. */
async function putEpisodes(db: Queryable, rows: readonly EpisodesTable[]): Promise<void> {
  await db.insertInto("episodes").values(rows).onConflict((conflict) => conflict.doNothing()).execute();
}
