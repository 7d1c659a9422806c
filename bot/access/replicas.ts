import type { Deps } from "../deps.ts";
import { appendAudit } from "../store/audit.ts";

/** How often a process says that it lives. */
export const HEARTBEAT_MS = 4_000;
/** Rows of processes that died without a word are of no use for long. */
const FORGET_MS = 300_000;

/**
 * Processes on one database go by one policy: whoever has run longest says which. One that was started with another
 * file runs no changes as long as that one lives.
 */
export class Replicas {
  private readonly startedAt: number;
  private told = false;

  constructor(private readonly deps: Pick<Deps, "store" | "holder">, readonly policy: string) {
    this.startedAt = deps.store.now();
  }

  /** Says that this process lives, and forgets those that have not said so for long. */
  async beat(): Promise<void> {
    const { store, holder } = this.deps;
    const now = store.now();
    const row = { holder, policy: this.policy, started_at: this.startedAt, seen_at: now };
    await store.db.insertInto("replicas").values(row)
      .onConflict((conflict) => conflict.column("holder").doUpdateSet({ seen_at: now })).execute();
    await store.db.deleteFrom("replicas").where("seen_at", "<", now - FORGET_MS).execute();
    if (this.told || this.policy === "") return;
    await store.transaction((transaction) =>
      appendAudit(store, transaction, [{ event: "policy_read", detail: this.policy }])
    );
    this.told = true;
  }

  /** Says that this process ends, so that none waits for it. */
  async leave(): Promise<void> {
    const { store, holder } = this.deps;
    await store.db.deleteFrom("replicas").where("holder", "=", holder).execute();
  }
}
