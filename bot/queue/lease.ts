import type { Store } from "../store/database.ts";

/** True when this holder does the job now: of several replicas one, for `ms` at most. */
export async function takeLease(store: Store, name: string, holder: string, ms: number): Promise<boolean> {
  const now = store.now();
  const row = { name, holder, until: now + ms };
  const taken = await store.db.insertInto("leases").values(row)
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet(row).where((is) =>
        is.or([is("leases.until", "<=", now), is("leases.holder", "=", holder)])
      )
    )
    .returning("holder").executeTakeFirst();
  return taken?.holder === holder;
}
