import type { ChangesTable, FreezesTable, Queryable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";

/** Everything, whatever its target. */
export const EVERYTHING = "*";

/** The freezes in force now, the widest first. */
export async function activeFreezes(store: Store, db: Queryable = store.db): Promise<FreezesTable[]> {
  return await db.selectFrom("freezes").selectAll()
    .where((is) => is.or([is("ends_at", "is", null), is("ends_at", ">", store.now())]))
    .orderBy("target").execute();
}

/**
 * The freeze that holds back a change, if there is one: of everything, of its vendor, of the target it was typed
 * with, or of what it really changes (`/rotate externalid` ends the integration that `ec2` stands for).
 */
export async function freezeFor(
  store: Store,
  { vendor, target, target_key }: Pick<ChangesTable, "vendor" | "target" | "target_key">,
): Promise<FreezesTable | undefined> {
  const names = new Set([EVERYTHING, vendor, target?.split(" ")[0], target_key.split(":")[0]]);
  return (await activeFreezes(store)).find((freeze) => names.has(freeze.target));
}
