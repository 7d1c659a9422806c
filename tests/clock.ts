import type { Clock } from "../clients/clock.ts";

export interface FakeClock extends Clock {
  /** Moves time without anyone sleeping. */
  advance(ms: number): void;
  /** Every wait that was asked for, in order, in ms. */
  readonly slept: readonly number[];
}

/**
 * A clock on which nothing really waits: a sleep moves `now()` to its end and resolves on the next turn of the
 * event loop (so a loop that sleeps cannot starve the loopback servers). Sleeps begun together end together.
 */
export function createFakeClock(
  { start = Date.UTC(2026, 0, 1), random = 0.5 }: { start?: number; random?: number } = {},
): FakeClock {
  const slept: number[] = [];
  let now = start;
  return {
    slept,
    now: () => now,
    monotonic: () => now,
    random: () => random,
    advance: (ms) => {
      now += ms;
    },
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      const until = now + ms;
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      now = Math.max(now, until);
    },
  };
}
