/** Every way in which a vendor call can fail. The list is closed: a new way is a decision, not a string. */
export type FailureKind =
  | "unreachable"
  | "timed_out"
  | "credentials_refused"
  | "rights_refused"
  | "not_found"
  | "rejected"
  | "rate_limited"
  | "unexpected_reply";

export interface Failure {
  readonly kind: FailureKind;
  /** The vendor's name as people say it, e.g. "GravityZone". */
  readonly vendor: string;
  /** The client method or documented vendor method that was called. */
  readonly operation: string;
  /** The vendor's own words, cleaned and cut; never a URL's query, a header or a key. */
  readonly detail?: string;
  readonly status?: number;
  /** When the vendor (or our circuit breaker) lets the next call through, in ms from now. */
  readonly retryAfterMs?: number;
  /**
   * True when a write may have taken effect although no usable answer came back: such a call is never
   * sent again, the state is read back instead.
   */
  readonly ambiguous: boolean;
  readonly cause?: unknown;
}

/** The only error a client throws. */
export class ClientError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.vendor} ${failure.operation}: ${failure.kind}`, { cause: failure.cause });
    this.name = "ClientError";
    this.failure = failure;
  }

  get kind(): FailureKind {
    return this.failure.kind;
  }
}
