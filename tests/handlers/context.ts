import type { Clock } from "../../clients/clock.ts";
import type { Context, PastChange, Verification } from "../../handlers/operation.ts";

export interface ContextOptions<Client> {
  readonly client: Client;
  readonly clock: Clock;
  /** What earlier verdicts remembered; kept by reference, so a test may change it between calls. */
  readonly recall?: Map<string, string>;
  /** By target key. */
  readonly history?: Readonly<Record<string, readonly PastChange[]>>;
  /** The deadline of every call; none when absent. */
  readonly signal?: AbortSignal;
  /** Status reads are kept for this long; never when absent. */
  readonly cacheMs?: number;
}

/** What an operation works with, without a bot. */
export function createContext<Client>(options: ContextOptions<Client>): Context<Client> {
  const { client, clock, recall, history, cacheMs = 0 } = options;
  const kept = new Map<string, { value: unknown; at: number }>();
  return {
    client,
    call: { signal: options.signal ?? new AbortController().signal },
    get now() {
      return clock.now();
    },
    recall: (key) => Promise.resolve(recall?.get(key)),
    history: (targetKey) => Promise.resolve(history?.[targetKey] ?? []),
    async cached<T>(key: string, load: () => Promise<T>) {
      const known = kept.get(key);
      // Sound as long as one key always stands for one kind of value, which is what a cache key means.
      if (known && clock.now() - known.at < cacheMs) return known as { value: T; at: number };
      const fresh = { value: await load(), at: clock.now() };
      kept.set(key, fresh);
      return fresh;
    },
  };
}

/** Keeps what a verdict asks to be kept, as the bot does with the outcome. */
export function remember(recall: Map<string, string>, verdict: Verification): void {
  for (const [key, value] of Object.entries(verdict.remember ?? {})) {
    if (value === null) recall.delete(key);
    else recall.set(key, value);
  }
}
