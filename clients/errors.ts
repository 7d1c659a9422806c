/** Every way in which a vendor call can fail. The list is closed: a new way is a decision, not a string. */
export type FailureKind =
  | "unreachable"
  | "timed_out"
  | "credentials_refused"
  | "rights_refused"
  | "not_found"
  | "not_offered"
  | "rejected"
  | "rate_limited"
  | "unexpected_reply";

export interface Failure {
  readonly kind: FailureKind;
  /** The vendor's name as people say it, e.g. "GravityZone". */
  readonly vendor: string;
  /** The client method or documented vendor method that was called. */
  readonly operation: string;
  /** The vendor's own words or what we found, cleaned and cut; never a URL's query, a header or a key. */
  readonly detail?: string;
  /** The detail is the vendor's own words: only such are said to be. */
  readonly quoted?: true;
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

/**
 * What happened, in one sentence without a full stop: "GravityZone refused our key (401)". The vendor's words are
 * not in it: they are data, and shown as such from `detail`.
 */
export function describe(failure: Failure): string {
  const status = failure.status === undefined ? "" : ` (${failure.status})`;
  switch (failure.kind) {
    case "unreachable":
      // It was there to take the change; what it said about it never arrived.
      return failure.ambiguous
        ? `${failure.vendor}'s answer to the change was lost${status}`
        : `${failure.vendor} is not reachable${status}`;
    case "timed_out":
      return `${failure.vendor} did not answer in time`;
    case "credentials_refused":
      return `${failure.vendor} refused our key${status}`;
    case "rights_refused":
      return `${failure.vendor} does not let our key do this${status}`;
    case "not_found":
      return `${failure.vendor} does not know what was asked for${status}`;
    case "not_offered":
      return `${failure.vendor} does not offer ${failure.operation} to us${status}`;
    case "rejected":
      return `${failure.vendor} rejected the request${status}`;
    case "rate_limited":
      return `${failure.vendor} asks us to slow down${status}`;
    case "unexpected_reply":
      return isItsOwn(failure)
        ? `${failure.vendor} answered with an error of its own${status}`
        : `${failure.vendor} answered in a way that its documentation does not describe${status}`;
  }
}

/** The vendor says that something went wrong on its side; what else does not fit may be a change of its API. */
function isItsOwn({ quoted, status = 0 }: Failure): boolean {
  return quoted === true || status >= 500;
}

/** What to do next, in one sentence. `credentials`: what they are called where they are configured. */
export function nextStep(failure: Failure, credentials?: readonly string[]): string {
  if (failure.ambiguous) {
    return `The change may have taken effect and is not sent again: look at its state in ${failure.vendor} first.`;
  }
  const later = formatDuration(failure.retryAfterMs ?? 60_000);
  switch (failure.kind) {
    case "unreachable":
      return `Ask again in ${later}; if it lasts, check ${failure.vendor}'s own status and the configured address.`;
    case "timed_out":
      return `Ask again in ${later}; if it lasts, check ${failure.vendor}'s own status.`;
    case "credentials_refused":
      return `Someone with access to the bot: check ${
        credentials?.join(" and ") ?? `the ${failure.vendor} credentials`
      }, then /doctor.`;
    case "rights_refused":
      return `Someone who administers ${failure.vendor}: give our key the right to do this, then ask again.`;
    case "not_found":
      return `Check the id or the name; it may have been deleted in ${failure.vendor}.`;
    case "not_offered":
      return `Use ${failure.vendor}'s own console for this: nothing typed here makes ${failure.vendor} offer it.`;
    case "rejected":
      return `Correct what ${failure.vendor} objects to, then ask again.`;
    case "rate_limited":
      return `Ask again in ${later}.`;
    case "unexpected_reply":
      if (isItsOwn(failure)) {
        return `Ask again in ${later}; if it lasts, check ${failure.vendor}'s own status.`;
      }
      return `Ask again; if it happens twice, ${failure.vendor} may have changed its API: the log has the reference.`;
  }
}

/** "30 s" or "4 min", rounded up: whoever waits that long does not come too early. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
