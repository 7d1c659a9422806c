import { sql } from "kysely";
import type { Postgres } from "./postgres.ts";
import type { Database } from "./schema.ts";

export type Work = "inbox" | "messages" | "changes";

/** A hint that there is work. It may be lost: whoever waits also looks on a timer. */
export interface WakeUp {
  /** Wakes this process at once. */
  local(work: Work): void;
  /** Wakes the other replicas too. */
  everyone(work: Work): void;
  listen(work: Work, wake: () => void): void;
  close(): Promise<void>;
}

const CHANNEL = "countersign";

/** In one process a function call; between replicas LISTEN and NOTIFY. */
export function createWakeUp(db: Database, postgres?: Postgres): WakeUp {
  const listeners = new Map<Work, (() => void)[]>();
  const local = (work: Work) => listeners.get(work)?.forEach((wake) => wake());
  // While the connection is broken, the timers of the waiting loops carry on.
  const remote = postgres?.listen(CHANNEL, (work) => local(work as Work));
  const sending = new Set<Promise<unknown>>();
  return {
    local,
    everyone(work) {
      local(work);
      if (!remote) return;
      const sent = sql`select pg_notify(${CHANNEL}, ${work})`.execute(db).catch(() => {})
        .finally(() => sending.delete(sent));
      sending.add(sent);
    },
    listen: (work, wake) => void listeners.set(work, [...(listeners.get(work) ?? []), wake]),
    async close() {
      await Promise.all(sending);
      await remote?.close();
    },
  };
}
