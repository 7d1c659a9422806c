import { createDoorbell } from "./doorbell.ts";
import type { Update } from "./message.ts";
import { Refusal } from "./refusal.ts";

/** Kinds that are sent only to bots that name them. */
const ON_REQUEST = ["chat_member", "message_reaction", "message_reaction_count"];
const KEPT_FOR_MS = 24 * 60 * 60 * 1000;
const TERMINATED =
  "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

export interface Queued {
  readonly update: Update;
  /** Updates with the same lane are delivered in order. */
  readonly lane: string;
  readonly at: number;
}

/** What waits for the bot, whichever way it is fetched. */
export interface Updates {
  /** Undefined means Telegram's default set. */
  allowed: readonly string[] | undefined;
  /** Queues an update unless the bot has not asked for its kind; answers what was queued. */
  push(kind: string, payload: unknown, lane: string): Update | undefined;
  /** Queues a finished update, whatever its kind; a known `update_id` is queued again. */
  repeat(update: Update): void;
  pending(): readonly Queued[];
  acknowledge(queued: Queued): void;
  drop(): void;
  /** Every update ever made, oldest first. */
  readonly history: readonly Update[];
  /** Long polling: https://core.telegram.org/bots/api#getupdates */
  poll(request: { offset: number; limit: number; timeoutMs: number }): Promise<Update[]>;
  onPush(listener: (queued: Queued) => void): void;
  /** Ends a poll that is waiting. */
  close(): void;
}

export function createUpdates(now: () => number): Updates {
  let queue: Queued[] = [];
  let nextId = 700_000_001;
  const doorbell = createDoorbell();
  const history: Update[] = [];
  const listeners: ((queued: Queued) => void)[] = [];

  function enqueue(update: Update, lane: string): void {
    const queued = { update, lane, at: now() };
    queue.push(queued);
    doorbell.ring();
    for (const listener of listeners) listener(queued);
  }

  function pending(): readonly Queued[] {
    queue = queue.filter((queued) => now() - queued.at < KEPT_FOR_MS);
    return queue;
  }

  const updates: Updates = {
    allowed: undefined,
    history,
    pending,
    push(kind, payload, lane) {
      if (!isWanted(kind, updates.allowed)) return undefined;
      const update: Update = { update_id: nextId++, [kind]: payload };
      history.push(update);
      enqueue(update, lane);
      return update;
    },
    repeat(update) {
      if (!history.some((known) => known.update_id === update.update_id)) history.push(update);
      nextId = Math.max(nextId, update.update_id + 1);
      enqueue(update, laneOf(update));
    },
    acknowledge(queued) {
      queue = queue.filter((other) => other !== queued);
    },
    drop() {
      queue = [];
    },
    async poll({ offset, limit, timeoutMs }) {
      doorbell.dismiss(new Refusal(409, TERMINATED));
      queue = offset < 0
        ? pending().slice(offset)
        : pending().filter(({ update }) => update.update_id >= offset);
      if (queue.length === 0 && timeoutMs > 0) await doorbell.wait(timeoutMs);
      return pending().slice(0, limit).map(({ update }) => update);
    },
    onPush: (listener) => void listeners.push(listener),
    close: () => doorbell.ring(),
  };
  return updates;
}

function isWanted(kind: string, allowed: readonly string[] | undefined): boolean {
  return allowed ? allowed.includes(kind) : !ON_REQUEST.includes(kind);
}

/** The chat an update belongs to; those without a chat share a lane. */
function laneOf(update: Update): string {
  for (const value of Object.values(update)) {
    if (typeof value !== "object" || value === null) continue;
    const { chat, message } = value as { chat?: { id: number }; message?: { chat?: { id: number } } };
    const id = chat?.id ?? message?.chat?.id;
    if (id !== undefined) return String(id);
  }
  return "no chat";
}
