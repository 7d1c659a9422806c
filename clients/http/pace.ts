import type { Clock } from "../clock.ts";
import type { RateLimits } from "../http.ts";
import { untilAborted } from "./until_aborted.ts";

/** Lets calls out no faster than a vendor allows, in the order in which they came. */
export interface Pace {
  /** Resolves when a call may go out; call the result once it has come back. Rejects with the signal's reason. */
  acquire(signal: AbortSignal): Promise<() => void>;
  /** The vendor asked everyone to wait. */
  pause(ms: number): void;
  /** How long that still lasts, in ms. */
  pausedFor(): number;
  /** Whether our own rate holds calls back at the moment. */
  isSpent(): boolean;
}

export function createPace({ limits, clock }: { limits: RateLimits; clock: Clock }): Pace {
  const bucket = createBucket(limits, clock);
  let resumeAt = 0;
  let active = 0;
  let slotFreed = () => {};
  let lastInLine: Promise<void> = Promise.resolve();

  async function acquire(signal: AbortSignal): Promise<() => void> {
    const before = lastInLine;
    const { promise: through, resolve: letNextOne } = Promise.withResolvers<void>();
    lastInLine = through;
    try {
      await untilAborted(before, signal);
      await turn(signal);
      return take();
    } finally {
      // Who gives up while waiting must not let the next one overtake those still ahead.
      void before.then(() => letNextOne());
    }
  }

  async function turn(signal: AbortSignal): Promise<void> {
    while (active >= limits.concurrency) {
      const { promise: freed, resolve } = Promise.withResolvers<void>();
      slotFreed = resolve;
      await untilAborted(freed, signal);
    }
    for (let ms = waitMs(); ms > 0; ms = waitMs()) await clock.sleep(ms, signal);
    signal.throwIfAborted();
  }

  function take(): () => void {
    active++;
    bucket.take();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      active--;
      slotFreed();
    };
  }

  function pausedFor(): number {
    return Math.max(0, resumeAt - clock.now());
  }

  function waitMs(): number {
    return Math.max(pausedFor(), bucket.waitMs());
  }

  return {
    acquire,
    pausedFor,
    isSpent: () => bucket.waitMs() > 0,
    pause: (ms) => {
      resumeAt = Math.max(resumeAt, clock.now() + ms);
    },
  };
}

interface Allowance {
  waitMs(): number;
  take(): void;
}

function createBucket({ burst, perSecond }: RateLimits, clock: Clock): Allowance {
  let tokens = burst;
  let filledAt = clock.now();

  function fill(): void {
    const now = clock.now();
    // A clock that is set back must not drain the bucket.
    tokens = Math.min(burst, tokens + Math.max(0, now - filledAt) * perSecond / 1_000);
    filledAt = now;
  }

  return {
    waitMs: () => {
      fill();
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * 1_000 / perSecond);
    },
    take: () => {
      tokens -= 1;
    },
  };
}
