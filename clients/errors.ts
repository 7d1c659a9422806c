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
  const { kind, vendor, operation, status } = failure;
  const code = status === undefined ? "" : ` (${status})`;
  // It was there to take the change; what it said about it never arrived.
  if (kind === "unreachable" && failure.ambiguous) return `${vendor}'s answer to the change was lost${code}`;
  const phrases: Readonly<Record<FailureKind, string>> = {
    unreachable: "is not reachable",
    timed_out: "did not answer in time",
    credentials_refused: "refused our key",
    rights_refused: "does not let our key do this",
    not_found: "does not know what was asked for",
    not_offered: `does not offer ${operation} to us`,
    rejected: "rejected the request",
    rate_limited: "asks us to slow down",
    unexpected_reply: isItsOwn(failure) ? "answered with an error of its own" : "gave an unexpected answer",
  };
  return `${vendor} ${phrases[kind]}${kind === "timed_out" ? "" : code}`;
}

/** The vendor says that something went wrong on its side; what else does not fit may be a change of its API. */
function isItsOwn({ quoted, status = 0 }: Failure): boolean {
  return quoted === true || status >= 500;
}

/** What to do next, in one sentence. `credentials`: what they are called where they are configured. */
export function nextStep(failure: Failure, credentials?: readonly string[]): string {
  const { kind, vendor } = failure;
  if (failure.ambiguous) {
    return `The change may have taken effect and is not sent again: look at its state in ${vendor} first.`;
  }
  const later = `Ask again in ${formatDuration(failure.retryAfterMs ?? 60_000)}`;
  const ifItLasts = `${later}; if it lasts, check ${vendor}'s own status`;
  const where = credentials?.join(" and ") ?? `the ${vendor} credentials`;
  const steps: Readonly<Record<FailureKind, string>> = {
    unreachable: `${ifItLasts} and the configured address.`,
    timed_out: `${ifItLasts}.`,
    credentials_refused: `Someone with access to the bot: check ${where}, then /doctor.`,
    rights_refused: `Someone who administers ${vendor}: give our key the right to do this, then ask again.`,
    not_found: `Check the id or the name; it may have been deleted in ${vendor}.`,
    not_offered: `Do this in ${vendor}'s own console.`,
    rejected: `Correct what ${vendor} objects to, then ask again.`,
    rate_limited: `${later}.`,
    unexpected_reply: isItsOwn(failure)
      ? `${ifItLasts}.`
      : `Ask again; if it happens twice, ${vendor} may have changed its API: the log has the reference.`,
  };
  return steps[kind];
}

/** "30 s" or "4 min", rounded up: whoever waits that long does not come too early. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
