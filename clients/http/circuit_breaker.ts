import { type Clock, untilAborted } from "../clock.ts";

/** What one call learned about the vendor; "unknown": it never got there. */
export type VendorState = "up" | "down" | "unknown";

type Admission =
  | { readonly admitted: true; readonly trial: boolean; leave(vendor: VendorState): void }
  | { readonly admitted: false; readonly retryAfterMs: number };

/**
 * Spares a vendor that is down, and the people who would wait for it: after `outages` calls in a row that found it
 * down it is left alone for `restMs`.
 */
// Not cockatiel: its breaker reads Date.now() and its retry calls setTimeout, so neither can run on our Clock.
export class CircuitBreaker {
  private outagesInARow = 0;
  private retryAt: number | undefined;
  private trial: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly outages: number,
    private readonly restMs: number,
  ) {}

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

  /** Whether calls are refused at the moment; `retryAt` is epoch ms. */
  state(): { open: boolean; retryAt?: number } {
    return this.retryAt === undefined ? { open: false } : { open: true, retryAt: this.retryAt };
  }

  private beginTrial(): Admission {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.trial = promise;
    const leave = (vendor: VendorState) => {
      this.trial = undefined;
      if (vendor === "down") this.retryAt = this.clock.now() + this.restMs;
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
    if (++this.outagesInARow >= this.outages) this.retryAt = this.clock.now() + this.restMs;
  }
}
