import { sql } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import type { DatabaseConfig } from "../setting.ts";
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
export function createWakeUp(config: DatabaseConfig, db: Database): WakeUp {
  const listeners = new Map<Work, (() => void)[]>();
  const local = (work: Work) => listeners.get(work)?.forEach((wake) => wake());
  const remote = config.kind === "postgres" ? listenForOthers(config.url, local) : undefined;
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

/** Keeps one connection listening; when it breaks, the timers of the waiting loops carry on until it is back. */
function listenForOthers(url: string, wake: (work: Work) => void): { close(): Promise<void> } {
  let closed = false;
  let client: pg.Client | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let connecting: Promise<void> = connect();

  async function connect(): Promise<void> {
    const attempt = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true });
    attempt.on("error", () => again(attempt));
    attempt.on("end", () => again(attempt));
    attempt.on("notification", (message) => wake(message.payload as Work));
    client = attempt;
    try {
      await attempt.connect();
      await attempt.query(`listen ${CHANNEL}`);
    } catch {
      again(attempt);
    }
  }

  function again(broken: pg.Client): void {
    if (closed || client !== broken) return;
    client = undefined;
    retry = setTimeout(() => connecting = connect(), 1000);
  }

  return {
    async close() {
      closed = true;
      clearTimeout(retry);
      await connecting;
      await client?.end().catch(() => {});
    },
  };
}
