import { type Clock, untilAborted } from "../clock.ts";
import type { RateLimits } from "./contract.ts";

/** Lets calls out no faster than a vendor allows, in the order in which they came. */
export class RateLimiter {
  private tokens: number;
  private filledAt: number;
  private resumeAt = 0;
  private active = 0;
  private slotFreed = () => {};
  private lastInLine: Promise<void> = Promise.resolve();

  constructor(private readonly limits: RateLimits, private readonly clock: Clock) {
    this.tokens = limits.burst;
    this.filledAt = clock.now();
  }

  /** Resolves when a call may go out; call the result once it has come back. Rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    const before = this.lastInLine;
    const { promise: through, resolve: letNextOne } = Promise.withResolvers<void>();
    this.lastInLine = through;
    try {
      await untilAborted(before, signal);
      await this.mayGo(signal);
      return this.take();
    } finally {
      // Who gives up while waiting must not let the next one overtake those still ahead.
      void before.then(() => letNextOne());
    }
  }

  /** The vendor asked everyone to wait. */
  pause(ms: number): void {
    this.resumeAt = Math.max(this.resumeAt, this.clock.now() + ms);
  }

  /** How long that still lasts, in ms. */
  pausedFor(): number {
    return Math.max(0, this.resumeAt - this.clock.now());
  }

  /** Whether our own rate holds calls back at the moment. */
  isSpent(): boolean {
    return this.refillMs() > 0;
  }

  private async mayGo(signal: AbortSignal): Promise<void> {
    while (this.active >= this.limits.concurrency) {
      const { promise: freed, resolve } = Promise.withResolvers<void>();
      this.slotFreed = resolve;
      await untilAborted(freed, signal);
    }
    for (let ms = this.waitMs(); ms > 0; ms = this.waitMs()) await this.clock.sleep(ms, signal);
    signal.throwIfAborted();
  }

  private take(): () => void {
    this.active++;
    this.tokens -= 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.active--;
      this.slotFreed();
    };
  }

  private waitMs(): number {
    return Math.max(this.pausedFor(), this.refillMs());
  }

  /** Fills the bucket up to this moment; how long until it holds a call. */
  private refillMs(): number {
    const { burst, perSecond } = this.limits;
    const now = this.clock.now();
    // A clock that is set back must not drain the bucket.
    this.tokens = Math.min(burst, this.tokens + Math.max(0, now - this.filledAt) * perSecond / 1_000);
    this.filledAt = now;
    return this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) * 1_000 / perSecond);
  }
}
