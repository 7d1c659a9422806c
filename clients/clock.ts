import { setImmediate } from "node:timers";

/** Time and chance as arguments, so that a test decides both. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since some moment, which go on evenly even when someone sets the clock. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number in [0, 1), for jitter only: never for anything that must not be guessed. */
  random(): number;
}

/** Gives the work up after `limitMs`, by aborting its signal, and leaves no timer behind. */
export async function withTimeout<T>(
  limitMs: number,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const finished = new AbortController();
  const tooLate = new AbortController();
  const deadline = clock.sleep(limitMs, finished.signal)
    .then(() => tooLate.abort(new DOMException("It took too long", "TimeoutError")), () => {});
  try {
    return await work(tooLate.signal);
  } finally {
    finished.abort();
    await deadline;
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const done = () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      };
      const timer = setTimeout(done, ms);
      function aborted() {
        clearTimeout(timer);
        reject(signal?.reason);
      }
      signal?.addEventListener("abort", aborted, { once: true });
    }),
};

/** Waits for `promise` no longer than `signal` allows; rejects with its reason. The promise itself goes on. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Resolves when whatever else came up in this turn of the event loop has run. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
