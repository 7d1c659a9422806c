import { untilAborted } from "../clients/clock.ts";
import { cardKey } from "./approvals/card.ts";
import { claimChange, EXECUTION_LEASE_MS, renewChanges } from "./approvals/claim.ts";
import type { Decisions } from "./approvals/decide.ts";
import type { Executor } from "./approvals/execute.ts";
import { errorFields, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { oldestWaiting, pruneInbox } from "./queue/inbox.ts";
import { takeLease } from "./queue/lease.ts";
import { wipeAbandoned } from "./secrets/entry.ts";
import type { CredentialHandover } from "./secrets/handover.ts";
import type { Store } from "./store/database.ts";
import { prunePrompts } from "./store/prompts.ts";

const LOOK_MS = 1_000;
const RENEW_MS = EXECUTION_LEASE_MS / 3;
const EXPIRE_MS = 5_000;
const PRUNE_MS = 10 * 60_000;
const CHECK_STORE_MS = 10_000;
/** Telegram re-sends an update for at most a day. */
const KEEP_UPDATES_MS = 2 * 86_400_000;
const KEEP_MESSAGES_MS = 30 * 86_400_000;

export interface SchedulerOptions {
  readonly store: Store;
  readonly executor: Executor;
  readonly decisions: Decisions;
  readonly handover: CredentialHandover;
  readonly holder: string;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Runs approved changes as they come, and tidies on a timer. */
export interface Scheduler {
  start(): void;
  stop(deadline: AbortSignal): Promise<void>;
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { store, executor, decisions, handover, holder, metrics, log } = options;
  /** Changes of different targets run side by side. */
  const WIDTH = 4;
  const changesUnderWay = new Set<string>();
  let running = 0;
  let started = false;
  let timers: ReturnType<typeof setInterval>[] = [];
  const underWay = new Set<Promise<unknown>>();

  function track(work: () => Promise<unknown>, failure: string): void {
    const done = work().catch((error) => log.error(failure, errorFields(error)))
      .finally(() => underWay.delete(done));
    underWay.add(done);
  }

  function runChanges(): void {
    if (!started || running >= WIDTH) return;
    running++;
    track(async () => {
      try {
        while (started && await runNextChange()) if (running < WIDTH) runChanges();
      } finally {
        running--;
      }
    }, "changes_unreadable");
  }

  async function runNextChange(): Promise<boolean> {
    const change = await claimChange(options, changesUnderWay);
    if (!change) return false;
    changesUnderWay.add(change.code);
    try {
      await executor.run(change);
    } finally {
      changesUnderWay.delete(change.code);
    }
    return true;
  }

  const alone = (name: string, ms: number, work: () => Promise<void>) => () => {
    track(async () => {
      if (started && await takeLease(store, name, holder, ms)) await work();
    }, `${name}_failed`);
  };

  return {
    start() {
      started = true;
      store.notifier.listen("changes", runChanges);
      const prune = alone("prune", PRUNE_MS, async () => {
        await pruneInbox(store, KEEP_UPDATES_MS);
        await prunePrompts(store);
        await wipeAbandoned(store);
        // A card's buttons, such as Undo, are good for as long as its change is known.
        await store.db.deleteFrom("messages").where("key", "not like", cardKey("%"))
          .where("created_at", "<", store.now() - KEEP_MESSAGES_MS).where("state", "<>", "due").execute();
      });
      const measure = () => {
        track(async () => {
          await store.check();
          const oldest = await oldestWaiting(store);
          metrics.inboxAge.set(oldest === undefined ? 0 : Math.max(0, store.now() - oldest) / 1000);
        }, "store_unreachable");
      };
      // On every replica: each has a redactor of its own.
      const tidyOffers = () => track(() => handover.tidy(), "offers_not_tidied");
      timers = [
        setInterval(runChanges, LOOK_MS),
        setInterval(
          () => track(() => renewChanges(options, changesUnderWay), "execution_lease_not_renewed"),
          RENEW_MS,
        ),
        setInterval(alone("expire", EXPIRE_MS, () => decisions.expireOverdue()), EXPIRE_MS),
        setInterval(tidyOffers, EXPIRE_MS),
        setInterval(prune, PRUNE_MS),
        setInterval(measure, CHECK_STORE_MS),
      ];
      runChanges();
      tidyOffers();
      prune();
    },
    async stop(deadline) {
      started = false;
      await untilAborted(Promise.all(underWay), deadline).catch(() => {});
      timers.forEach(clearInterval);
    },
  };
}
