import type { FreezesTable, Queryable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";

/** Everything, whatever its target. */
export const EVERYTHING = "*";

/** The freezes in force now, the widest first. */
export async function activeFreezes(store: Store, db: Queryable = store.db): Promise<FreezesTable[]> {
  return await db.selectFrom("freezes").selectAll()
    .where((is) => is.or([is("ends_at", "is", null), is("ends_at", ">", store.now())]))
    .orderBy("target").execute();
}

/** The freeze that holds back a change of this vendor and target, if there is one. */
export async function freezeFor(
  store: Store,
  change: { readonly vendor: string; readonly target: string | null },
): Promise<FreezesTable | undefined> {
  const names = new Set([EVERYTHING, change.vendor, change.target?.split(" ")[0] ?? change.vendor]);
  return (await activeFreezes(store)).find((freeze) => names.has(freeze.target));
}
