import type { Clock } from "../clock.ts";
import { untilAborted } from "./until_aborted.ts";

export interface BreakerOptions {
  readonly clock: Clock;
  /** So many calls in a row must find the vendor out of order. */
  readonly outages: number;
  /** For so long it is then left alone. */
  readonly restMs: number;
}

/** What one call learned about the vendor: it works, it does not, or nothing (the call never got there). */
export type Finding = "working" | "outage" | "nothing";

export type Admission =
  | { readonly admitted: true; readonly trial: boolean; leave(finding: Finding): void }
  | { readonly admitted: false; readonly retryAfterMs: number };

/** Spares a vendor that is down, and the people who would wait for it. */
export interface Breaker {
  /**
   * After the rest one call goes first, as a trial; others wait for what it finds, so that a vendor that has come
   * back is not reported as down to everyone who asked in that second. Rejects with the signal's reason.
   */
  enter(signal: AbortSignal): Promise<Admission>;
  state(): { open: boolean; retryAt?: number };
}

// Not cockatiel: its breaker reads Date.now() and its retry calls setTimeout, so neither can run on our Clock.
export function createBreaker({ clock, outages, restMs }: BreakerOptions): Breaker {
  let outagesInARow = 0;
  let retryAt: number | undefined;
  let trial: Promise<void> | undefined;

  async function enter(signal: AbortSignal): Promise<Admission> {
    while (trial) await untilAborted(trial, signal);
    if (retryAt === undefined) return { admitted: true, trial: false, leave: learn };
    const retryAfterMs = retryAt - clock.now();
    return retryAfterMs > 0 ? { admitted: false, retryAfterMs } : beginTrial();
  }

  function beginTrial(): Admission {
    const { promise, resolve } = Promise.withResolvers<void>();
    trial = promise;
    return {
      admitted: true,
      trial: true,
      leave: (finding) => {
        trial = undefined;
        if (finding === "outage") retryAt = clock.now() + restMs;
        else learn(finding);
        resolve();
      },
    };
  }

  function learn(finding: Finding): void {
    if (finding === "working") {
      outagesInARow = 0;
      retryAt = undefined;
    }
    // Calls that were under way when it opened say nothing new.
    if (finding !== "outage" || retryAt !== undefined) return;
    if (++outagesInARow >= outages) retryAt = clock.now() + restMs;
  }

  return {
    enter,
    state: () => retryAt === undefined ? { open: false } : { open: true, retryAt },
  };
}
