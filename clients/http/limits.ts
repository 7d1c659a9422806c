import { type Clock, untilAborted } from "../clock.ts";
import type { RateLimits } from "./contract.ts";

/** How often what may wait looks whether there is room. */
const BESIDE_MS = 50;

/** Lets calls out no faster than a vendor allows, in the order in which they came. */
export class RateLimiter {
  private tokens: number;
  private filledAt: number;
  private resumeAt = 0;
  private active = 0;
  private slotFreed = () => {};
  private lastInLine: Promise<void> = Promise.resolve();
  /** How many wait for their turn. */
  private inLine = 0;

  constructor(private readonly limits: RateLimits, private readonly clock: Clock) {
    this.tokens = limits.burst;
    this.filledAt = clock.now();
  }

  /** Resolves when a call may go out; call the result once it has come back. Rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    const before = this.lastInLine;
    const { promise: through, resolve: letNextOne } = Promise.withResolvers<void>();
    this.lastInLine = through;
    this.inLine++;
    try {
      await untilAborted(before, signal);
      await this.mayGo(signal);
      return this.take();
    } finally {
      this.inLine--;
      // Who gives up while waiting must not let the next one overtake those still ahead.
      void before.then(() => letNextOne());
    }
  }

  /** As `acquire`, for what nobody waits for: only while nobody is in line, and never more than half of what there is. */
  async acquireBeside(signal: AbortSignal): Promise<() => void> {
    const { burst, concurrency } = this.limits;
    const isRoom = () =>
      this.inLine === 0 && this.active < Math.max(1, concurrency / 2) && this.waitMs() === 0 &&
      this.tokens >= burst / 2;
    while (!isRoom()) await this.clock.sleep(Math.max(BESIDE_MS, this.pausedFor()), signal);
    return this.acquire(signal);
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

/** What one call learned about the vendor; "unknown": it never got there. */
export type VendorState = "up" | "down" | "unknown";

type Admission =
  | { readonly admitted: true; readonly trial: boolean; leave(vendor: VendorState): void }
  | { readonly admitted: false; readonly retryAfterMs: number };

/** So many calls in a row must fail by an outage (unreachable, timed out, 5xx) … */
const MOST_OUTAGES = 5;
/** … for nothing to be sent for so long. */
const REST_MS = 30_000;

/** Spares a vendor that is down, and the people who would wait for it. */
// Not cockatiel: its breaker reads Date.now() and its retry calls setTimeout, so neither can run on our Clock.
export class CircuitBreaker {
  private outagesInARow = 0;
  private retryAt: number | undefined;
  private trial: Promise<void> | undefined;

  constructor(private readonly clock: Clock) {}

  /**
   * After the rest one call goes first, as a trial; others wait for what it finds, so that a vendor that has come
   * back is not reported as down to everyone who asked in that second. Rejects with the signal's reason.
   */
  async enter(signal: AbortSignal): Promise<Admission> {
    while (this.trial) await untilAborted(this.trial, signal);
    if (this.retryAt === undefined) {
      return { admitted: true, trial: false, leave: (vendor) => this.learn(vendor) };
    }
    const retryAfterMs = this.retryAt - this.clock.now();
    return retryAfterMs > 0 ? { admitted: false, retryAfterMs } : this.beginTrial();
  }

  private beginTrial(): Admission {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.trial = promise;
    const leave = (vendor: VendorState) => {
      this.trial = undefined;
      if (vendor === "down") this.retryAt = this.clock.now() + REST_MS;
      else this.learn(vendor);
      resolve();
    };
    return { admitted: true, trial: true, leave };
  }

  private learn(vendor: VendorState): void {
    if (vendor === "up") {
      this.outagesInARow = 0;
      this.retryAt = undefined;
    }
    // Calls that were under way when it opened say nothing new.
    if (vendor !== "down" || this.retryAt !== undefined) return;
    if (++this.outagesInARow >= MOST_OUTAGES) this.retryAt = this.clock.now() + REST_MS;
  }
}

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

/** Lets identical reads that are in flight at the same time share one answer. */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Flight<T>>();
  private writes = 0;

  /**
   * Joins the read under `key`, or begins it. A caller's signal ends only its own waiting; the read is given up
   * when nobody waits any more. `fresh` never joins one that began earlier.
   */
  async read(
    key: string,
    { fresh, signal }: { readonly fresh?: boolean; readonly signal: AbortSignal },
    begin: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const flight = (fresh ? undefined : this.flights.get(key)) ?? this.takeOff(key, begin);
    flight.waiting++;
    try {
      return await untilAborted(flight.answer, signal);
    } finally {
      if (--flight.waiting === 0) {
        if (this.flights.get(key) === flight) this.flights.delete(key);
        flight.abort.abort(signal.reason);
      }
    }
  }

  /** Reads that begin before or during the write may see the old state: later callers do not join them. */
  async write(run: () => Promise<T>): Promise<T> {
    this.writes++;
    this.flights.clear();
    try {
      return await run();
    } finally {
      this.writes--;
    }
  }

  private takeOff(key: string, begin: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const abort = new AbortController();
    const flight: Flight<T> = { answer: begin(abort.signal), abort, waiting: 0 };
    if (this.writes === 0) this.flights.set(key, flight);
    return flight;
  }
}
