import { untilAborted } from "../clock.ts";

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
