import { orUnavailable, type Store } from "./database.ts";
import type { Queryable } from "./schema.ts";

/** What the bot recorded under a key. Throws `StoreUnavailable`. */
export async function recall(store: Store, key: string): Promise<string | undefined> {
  const row = await orUnavailable(
    store.db.selectFrom("memory").select("value").where("key", "=", key).executeTakeFirst(),
  );
  return row?.value;
}

/** Keeps facts by key; null forgets one. */
export async function remember(
  store: Store,
  db: Queryable,
  facts: Readonly<Record<string, string | null>>,
): Promise<void> {
  for (const [key, value] of Object.entries(facts)) {
    if (value === null) {
      await db.deleteFrom("memory").where("key", "=", key).execute();
      continue;
    }
    const row = { key, value, updated_at: store.now() };
    await db.insertInto("memory").values(row)
      .onConflict((conflict) => conflict.column("key").doUpdateSet(row)).execute();
  }
}
