import { untilAborted } from "./until_aborted.ts";

/** Lets identical reads that are in flight at the same time share one answer. */
export interface Sharing<T> {
  /**
   * Joins the read under `key`, or begins it. A caller's signal ends only its own waiting; the read is given up
   * when nobody waits any more. `fresh` never joins one that began earlier.
   */
  read(asked: Asked, begin: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Reads that begin before or during the write may see the old state: later callers do not join them. */
  write(run: () => Promise<T>): Promise<T>;
}

export interface Asked {
  readonly key: string;
  readonly fresh: boolean;
  readonly signal: AbortSignal;
}

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

export function createSharing<T>(): Sharing<T> {
  const flights = new Map<string, Flight<T>>();
  let writes = 0;

  async function read({ key, fresh, signal }: Asked, begin: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const flight = (fresh ? undefined : flights.get(key)) ?? take(key, begin);
    flight.waiting++;
    try {
      return await untilAborted(flight.answer, signal);
    } finally {
      if (--flight.waiting === 0) {
        forget(key, flight);
        flight.abort.abort(signal.reason);
      }
    }
  }

  function take(key: string, begin: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const abort = new AbortController();
    const flight: Flight<T> = { answer: begin(abort.signal), abort, waiting: 0 };
    if (writes === 0) flights.set(key, flight);
    return flight;
  }

  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  async function write(run: () => Promise<T>): Promise<T> {
    writes++;
    flights.clear();
    try {
      return await run();
    } finally {
      writes--;
    }
  }

  return { read, write };
}
