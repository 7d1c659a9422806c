import { untilAborted } from "../../clients/clock.ts";
import { errorFields, type Log } from "../log.ts";
import { type Store, StoreUnavailable } from "../store/database.ts";
import type { InboxTable } from "../store/schema.ts";
import {
  AlreadyFinished,
  claimUpdates,
  failUpdate,
  putOffUpdate,
  releaseUpdates,
  renewUpdates,
} from "./inbox.ts";

/** A replica that dies gives its updates back after this long; one that lives renews in time. */
const LEASE_MS = 10_000;
const RENEW_MS = 3_000;
/** A lost wake-up is made good by looking this often. */
const LOOK_MS = 1_000;
/** An update that failed or took the process down this often is set aside. */
const MOST_ATTEMPTS = 5;
const FIRST_RETRY_MS = 500;

export interface InboxWorkerOptions {
  readonly store: Store;
  readonly holder: string;
  /** Lanes handled side by side. */
  readonly width: number;
  readonly log: Log;
  /** Handles one update and finishes its row itself, together with what it decided. Must not throw for bad input. */
  readonly handle: (row: InboxTable) => Promise<void>;
  /** Tells whoever sent it that nothing will come of it. It has been set aside already. */
  readonly giveUp: (row: InboxTable) => Promise<void>;
}

/** Works through the inbox: in order within a lane, lanes side by side, resumed after a crash. */
export interface InboxWorker {
  start(): void;
  /** True while updates are being looked for. */
  readonly running: boolean;
  /** Takes nothing new; waits for what is under way until `deadline` fires, then hands it back. */
  stop(deadline: AbortSignal): Promise<void>;
}

export function createInboxWorker(
  { store, holder, width, log, handle, giveUp }: InboxWorkerOptions,
): InboxWorker {
  const active = new Map<number, Promise<void>>();
  let running = false;
  let timers: ReturnType<typeof setInterval>[] = [];

  const looking = coalesce(async () => {
    if (!running || active.size >= width) return;
    try {
      const rows = await claimUpdates(store, holder, width - active.size, LEASE_MS);
      // After a pause of the whole process its own lease may have run out: what is under way goes on.
      for (const row of rows) if (!active.has(row.update_id)) begin(row);
    } catch (error) {
      log.error("inbox_unreadable", errorFields(error));
    }
  });

  function begin(row: InboxTable): void {
    const done = run(row).finally(() => {
      active.delete(row.update_id);
      looking.begin();
    });
    active.set(row.update_id, done);
  }

  async function run(row: InboxTable): Promise<void> {
    try {
      if (row.attempts > MOST_ATTEMPTS) {
        log.error("update_set_aside", { update: row.update_id, attempts: row.attempts });
        await failUpdate(store, row.update_id);
        return await giveUp(row);
      }
      await handle(row);
    } catch (error) {
      if (error instanceof AlreadyFinished) {
        return log.warning("update_taken_over", { update: row.update_id });
      }
      log.error("update_not_finished", { update: row.update_id, ...errorFields(error) });
      // A store that is away must not use up the attempts: the lease runs out when it may be back.
      if (!(error instanceof StoreUnavailable)) await retry(row);
    }
  }

  async function retry({ update_id, attempts }: InboxTable): Promise<void> {
    const ms = FIRST_RETRY_MS * 2 ** (attempts - 1);
    await putOffUpdate(store, holder, update_id, ms)
      .catch((error) => log.warning("lease_not_released", errorFields(error)));
  }

  return {
    get running() {
      return running;
    },
    start() {
      running = true;
      store.notifier.listen("inbox", looking.begin);
      timers = [
        setInterval(looking.begin, LOOK_MS),
        setInterval(() => {
          renewUpdates(store, holder, [...active.keys()], LEASE_MS)
            .catch((error) => log.warning("lease_not_renewed", errorFields(error)));
        }, RENEW_MS),
      ];
      looking.begin();
    },
    async stop(deadline) {
      running = false;
      await looking.rested();
      await untilAborted(Promise.all(active.values()), deadline).catch(() => {});
      timers.forEach(clearInterval);
      await releaseUpdates(store, holder).catch((error) =>
        log.warning("lease_not_released", errorFields(error))
      );
    },
  };
}

/** Work that is begun from many places and never runs twice at once. */
export interface Coalesced {
  /** Begins it; asked for while it runs, it runs once more afterwards. */
  begin(): void;
  /** Resolves when it does not run. */
  rested(): Promise<void>;
}

/** `work` must not throw. */
export function coalesce(work: () => Promise<void>): Coalesced {
  let running: Promise<void> | undefined;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      await work();
    } while (again);
    running = undefined;
  }

  return {
    begin() {
      again = true;
      running ??= run();
    },
    async rested() {
      await running;
    },
  };
}
