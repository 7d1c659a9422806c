import { sql } from "kysely";
import type { Listener, Postgres } from "./postgres.ts";
import type { Database } from "./schema.ts";

export type Work = "inbox" | "messages" | "changes";

const CHANNEL = "countersign";

/**
 * Hints that there is work: in one process a function call, between replicas LISTEN and NOTIFY. A hint may be lost;
 * whoever waits also looks on a timer.
 */
export class Notifier {
  private readonly listeners = new Map<Work, (() => void)[]>();
  private readonly sending = new Set<Promise<unknown>>();
  private readonly remote: Listener | undefined;

  constructor(private readonly db: Database, postgres?: Postgres) {
    this.remote = postgres?.listen(CHANNEL, (work) => this.local(work as Work));
  }

  /** Wakes this process at once. */
  local(work: Work): void {
    this.listeners.get(work)?.forEach((wake) => wake());
  }

  /** Wakes the other replicas too. */
  everyone(work: Work): void {
    this.local(work);
    if (!this.remote) return;
    const sent = sql`select pg_notify(${CHANNEL}, ${work})`.execute(this.db).catch(() => {})
      .finally(() => this.sending.delete(sent));
    this.sending.add(sent);
  }

  listen(work: Work, wake: () => void): void {
    this.listeners.set(work, [...(this.listeners.get(work) ?? []), wake]);
  }

  async close(): Promise<void> {
    await Promise.all(this.sending);
    await this.remote?.close();
  }
}
