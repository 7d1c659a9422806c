import type { ChangesTable, FreezesTable, Queryable } from "../store/schema.ts";
import type { Store } from "../store/database.ts";

/** Everything, whatever its target. */
export const EVERYTHING = "*";

/** The freezes in force now, the widest first. */
export async function activeFreezes(store: Store, db: Queryable = store.db): Promise<FreezesTable[]> {
  return await db.selectFrom("freezes").selectAll()
    .where((is) => is.or([is("ends_at", "is", null), is("ends_at", ">", store.now())]))
    .orderBy("target").execute();
}

/** The command that lifts it. */
export function unfreezeCommand(target: string): string {
  return target === EVERYTHING ? "/unfreeze" : `/unfreeze ${target}`;
}

/** Puts it in place of the one of the same target, unless that one ends later: nobody would notice it shortened. */
export async function putFreeze(db: Queryable, row: FreezesTable): Promise<void> {
  await db.insertInto("freezes").values(row).onConflict((conflict) => {
    const replaced = conflict.column("target").doUpdateSet(row);
    return row.ends_at === null ? replaced : replaced.where("freezes.ends_at", "<=", row.ends_at);
  }).execute();
}

export function endsLater(one: FreezesTable, other: FreezesTable): boolean {
  return other.ends_at !== null && (one.ends_at === null || one.ends_at > other.ends_at);
}

/**
 * The freeze that holds back a change, if there is one: of everything, of its vendor, of the target it was typed
 * with, or of what it really changes (`/rotate externalid` ends the integration that `ec2` stands for).
 */
export async function freezeFor(
  store: Store,
  { vendor, target, target_key }: Pick<ChangesTable, "vendor" | "target" | "target_key">,
  db: Queryable = store.db,
): Promise<FreezesTable | undefined> {
  const names = new Set([EVERYTHING, vendor, target?.split(" ")[0], target_key.split(":")[0]]);
  return (await activeFreezes(store, db)).find((freeze) => names.has(freeze.target));
}
