import type { Clock } from "../clock.ts";
import type { ClientError, FailureKind } from "../errors.ts";

/** What the caller of a client method decides about this one call. */
export interface CallOptions {
  /** The overall deadline: retries end with it. */
  readonly signal: AbortSignal;
  /** Never share an identical read that is already in flight: plans and read-backs need today's truth. */
  readonly fresh?: boolean;
  /** A longer answer is not read, besides what is too long for its operation. */
  readonly maxBytes?: number;
  /** Nobody waits for it: it goes only when there is room beside what people ask for, and shares no answer with them. */
  readonly background?: true;
  /** Told of each attempt. */
  readonly onAttempt?: () => void;
  /** Told of each call that fails, also where its caller makes do without the answer. */
  readonly onFailure?: (error: ClientError) => void;
  /** One id from the update to the vendor call, for the log. */
  readonly trace?: string;
}

/** How large an answer may be, in bytes, by what it is: one record, or what may be many. */
export const LONGEST_ANSWER = { record: 4 * 1024 ** 2, list: 16 * 1024 ** 2 } as const;

/** One request, described; `HttpClient.call` sends it. */
export interface ApiRequest {
  /** The documented method or a short name; the label in logs, metrics and errors. */
  readonly operation: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path below the base URL, made with the `path` tag. */
  readonly path: string;
  /** Repeated keys for arrays; undefined and null are left out. */
  readonly query?:
    | Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>
    | undefined;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** Of what size the answer may be; a list's for a read and a record's for a write, unless said otherwise. */
  readonly answer?: keyof typeof LONGEST_ANSWER;
  /**
   * Whether the call changes something: then it is sent at most once, on a connection of its own. All but a GET do,
   * unless said otherwise.
   */
  readonly write?: boolean;
}

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: ApiRequest["method"];
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string;
  readonly write: boolean;
  /** How many bytes of the answer are read at most. */
  readonly longest: number;
}

/** How a vendor says who we are. */
export interface Authorization {
  /** A write is not sent again after a refusal, so for one the token has to be new. */
  header(call: CallOptions, write: boolean): Promise<string> | string;
  /** Makes the next header another one than `stale`, which was refused. */
  renew?(stale: string): void;
}

export interface RateLimits {
  /** Calls at the same time. */
  readonly concurrency: number;
  /** A bucket of this many calls that may go out at once … */
  readonly burst: number;
  /** … and is refilled at this rate. */
  readonly perSecond: number;
}

/** What happened to one attempt, for the log and the metrics. */
export interface CallEvent {
  readonly vendor: string;
  readonly operation: string;
  readonly write: boolean;
  readonly outcome: "ok" | FailureKind;
  readonly status?: number;
  readonly durationMs: number;
  readonly attempt: number;
  /** Nobody waited for it. */
  readonly background?: true;
  /** What time it was for the vendor when it answered, in epoch ms and whole seconds; absent where it did not say. */
  readonly date?: number;
  readonly trace?: string;
}

/** What a vendor's client reads in an answer, where its status does not tell or tells something else. */
export interface Refusal {
  readonly kind?: FailureKind;
  /** The vendor's words. */
  readonly detail?: string;
  /** What we know it to mean, in our words and instead of the vendor's. */
  readonly found?: string;
  /** The token was refused, as with 401. */
  readonly stale?: boolean;
}

/** How a client reaches its vendor, besides address and credentials. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly limits?: RateLimits | undefined;
  /** One attempt is given up after this long; 15 s unless said otherwise. */
  readonly timeoutMs?: number | undefined;
  readonly onCall?: ((event: CallEvent) => void) | undefined;
}

export interface HttpOptions extends ConnectionOptions {
  /** As people say it, e.g. "GravityZone". */
  readonly vendor: string;
  readonly baseUrl: string;
  readonly limits: RateLimits;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: Authorization;
  /** Reads a vendor's answer. One whose status is fine is refused if it has a `kind` all the same. */
  readonly explain?: (status: number, body: unknown) => Refusal | undefined;
  /** How many ms a 429 asks us to wait, when it is not in `Retry-After`; `now` is epoch ms. */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
}
