import type { z } from "zod";
import type { Clock } from "./clock.ts";
import type { FailureKind } from "./errors.ts";

/** What the caller of a client method decides about this one call. */
export interface CallOptions {
  /** The overall deadline: retries end with it. */
  readonly signal: AbortSignal;
  /** Never share an identical read that is already in flight: plans and read-backs need today's truth. */
  readonly fresh?: boolean;
  /** One id from the update to the vendor call, for the log. */
  readonly trace?: string;
}

/** One request, described; `http.call` sends it. */
export interface Request {
  /** The documented method or a short name; the label in logs, metrics and errors. */
  readonly operation: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path below the base URL, made with the `path` tag. */
  readonly path: string;
  /** Repeated keys for arrays; undefined and null are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** True when the call changes something: sent at most once, on a connection of its own. */
  readonly write: boolean;
}

/** How a vendor says who we are. */
export interface Authorization {
  header(call: CallOptions): Promise<string> | string;
  /** Statuses that mean "your token is stale": renewed once for all waiting callers, then replayed once. */
  readonly staleOn?: readonly number[];
  renew?(stale: string): void;
}

export interface Limits {
  /** Calls at the same time. */
  readonly concurrency: number;
  /** A bucket of this many calls that may go out at once … */
  readonly burst: number;
  /** … and is refilled at this rate. */
  readonly perSecond: number;
  /** A vendor's hard limit over a rolling window, where it states one. */
  readonly window?: { readonly calls: number; readonly perMs: number };
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
  readonly trace?: string;
}

export interface HttpOptions {
  /** As people say it, e.g. "GravityZone". */
  readonly vendor: string;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly authorization?: Authorization;
  /** One attempt is given up after this long. */
  readonly timeoutMs?: number;
  /** Reads a vendor's error body: its kind (when the status does not tell) and its words. */
  readonly explain?: (status: number, body: unknown) => { kind?: FailureKind; detail?: string } | undefined;
  /** How long a 429 asks us to wait, when it is not in `Retry-After`. */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
  readonly onCall?: (event: CallEvent) => void;
}

export interface Http {
  /**
   * Sends the request and checks the answer by `schema`. A body that is empty or not JSON is passed to the
   * schema as undefined or as text. Throws only `ClientError`.
   */
  call<T>(request: Request, schema: z.ZodType<T>, call: CallOptions): Promise<T>;
}
