import type { Reply } from "../../handlers/reply.ts";
import type { Store } from "../store/store.ts";
import type { Change } from "./machine.ts";

/** An open change that takes this one back: a second press must not ask for the same way back again. */
export async function openUndoOf(store: Store, change: Change): Promise<string | undefined> {
  const open = await openChanges(store).where("undo_of", "=", change.code).executeTakeFirst();
  return open?.code;
}

/** The change that took this one back; undefined also where that was itself taken back since. */
export async function takenBackBy(store: Store, change: Change): Promise<string | undefined> {
  const back = await store.db.selectFrom("changes").selectAll()
    .where("state", "in", ["applied", "accepted"]).where("created_at", ">=", change.created_at)
    .where("undo_of", "=", change.code).orderBy("created_at", "desc").limit(1).executeTakeFirst();
  return back && await takenBackBy(store, back) === undefined ? back.code : undefined;
}

/** An open change that asks for the same since this one was superseded. */
export async function openRepeatOf(store: Store, change: Change): Promise<string | undefined> {
  const { verb, target, target_key, finished_at } = change;
  const open = await openChanges(store)
    .where("verb", "=", verb).where("target_key", "=", target_key).where("created_at", ">=", finished_at ?? 0)
    .$if(target !== null, (query) => query.where("target", "=", target))
    .executeTakeFirst();
  return open?.code;
}

export function askedAlready(code: string): Reply {
  return {
    mark: "info",
    title: ["It was asked for already: ", { code }],
    blocks: [{ kind: "text", text: { code: `/change ${code}` } }],
    personal: true,
  };
}

function openChanges(store: Store) {
  return store.db.selectFrom("changes").select("code").where((is) =>
    is.or([
      is("state", "in", ["approved", "executing"]),
      is.and([is("state", "=", "pending"), is("expires_at", ">", store.now())]),
    ])
  ).orderBy("created_at").limit(1);
}
