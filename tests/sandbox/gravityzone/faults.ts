/** How one call goes wrong. Fields combine: `{ applied: true, hang: true }` is a write that works and never answers. */
export interface Fault {
  /** Waits for this before anything else happens. */
  readonly after?: Promise<unknown>;
  /** The method takes effect although its own answer is not sent. */
  readonly applied?: boolean;
  /** No answer until `release` is called. */
  readonly hang?: boolean;
  /** The method's own answer, broken off half-way. */
  readonly cut?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Answered in place of the method's own result. */
  readonly result?: unknown;
  /** A JSON-RPC error inside HTTP 200 (or inside `status`). */
  readonly error?: { readonly code: number; readonly message: string; readonly details?: string };
}

export interface FaultyCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Calls of this method so far, this one included. */
  readonly nth: number;
}

export type FaultOf = (call: FaultyCall) => Fault | undefined;

/** Faults by method: a queue that is used up first, then a standing rule. */
export class Faults {
  readonly #queues = new Map<string, Fault[]>();
  readonly #rules = new Map<string, FaultOf>();
  readonly #counts = new Map<string, number>();

  /** The next calls of `method` go wrong like this, one after another. */
  next(method: string, ...faults: Fault[]): void {
    this.#queues.set(method, [...(this.#queues.get(method) ?? []), ...faults]);
  }

  /** Decides on every call of `method` from now on. */
  always(method: string, rule: FaultOf | Fault): void {
    this.#rules.set(method, typeof rule === "function" ? rule : () => rule);
  }

  clear(): void {
    this.#queues.clear();
    this.#rules.clear();
  }

  take(method: string, params: Readonly<Record<string, unknown>>): Fault | undefined {
    const nth = (this.#counts.get(method) ?? 0) + 1;
    this.#counts.set(method, nth);
    return this.#queues.get(method)?.shift() ?? this.#rules.get(method)?.({ method, params, nth });
  }
}
