import type { z } from "zod";
import type { Clock } from "./clock.ts";
import { ClientError, type Failure, type FailureKind } from "./errors.ts";
import { createBreaker } from "./http/breaker.ts";
import { createPace, type Pace } from "./http/pace.ts";
import { createReading } from "./http/reading.ts";
import { createSender } from "./http/sender.ts";
import { createSharing } from "./http/sharing.ts";

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
  readonly trace?: string;
}

export interface Explained {
  readonly kind?: FailureKind;
  /** The vendor's words. */
  readonly detail?: string;
  /** What we know it to mean, in our words and instead of the vendor's. */
  readonly found?: string;
  /** The token was refused and the request not looked at, as with a status of `staleOn`. */
  readonly stale?: boolean;
}

export interface RefusalInside {
  readonly kind: FailureKind;
  readonly detail: string;
}

export interface HttpOptions {
  /** As people say it, e.g. "GravityZone". */
  readonly vendor: string;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly limits: RateLimits;
  readonly authorization?: Authorization;
  /** One attempt is given up after this long; 15 s unless said otherwise. */
  readonly timeoutMs?: number;
  /** Reads a vendor's error body, for what its status does not tell. */
  readonly explain?: (status: number, body: unknown) => Explained | undefined;
  /** For a vendor that also says no with a status that is fine: whether this answer does, and why. */
  readonly refusalIn?: (body: unknown) => RefusalInside | undefined;
  /** How many ms a 429 asks us to wait, when it is not in `Retry-After`; `now` is epoch ms. */
  readonly retryAfter?: (headers: Headers, now: number) => number | undefined;
  readonly onCall?: (event: CallEvent) => void;
  /** When to leave a vendor alone that is down. */
  readonly breaker?: {
    /** So many calls in a row must fail by an outage (unreachable, timed out, 5xx); 5 unless said otherwise. */
    readonly outages?: number;
    /** So long nothing is sent then; 30 s unless said otherwise. */
    readonly restMs?: number;
  };
}

export interface Http {
  /**
   * Sends the request and checks the answer by `schema`. A body that is empty or not JSON is passed to the
   * schema as undefined or as text. Throws only `ClientError`.
   */
  call<T>(request: Request, schema: z.ZodType<T>, call: CallOptions): Promise<T>;
  /** Whether calls are refused at the moment because the vendor is down; `retryAt` is epoch ms. */
  state(): { open: boolean; retryAt?: number };
}

/**
 * One vendor's API. Reads are retried, shared while in flight and paced; a write reaches the vendor at most once.
 * Throws `TypeError` for a base URL that cannot be called.
 */
export function createHttp(options: HttpOptions): Http {
  const { clock, limits, breaker: { outages = 5, restMs = 30_000 } = {} } = options;
  const breaker = createBreaker({ clock, outages, restMs });
  const pace = createPace({ limits, clock });
  const send = createSender({ options, breaker, pace });
  const sharing = createSharing<unknown>();

  async function call<T>(request: Request, schema: z.ZodType<T>, call: CallOptions): Promise<T> {
    const read = createReading(schema);
    const objection = (body: unknown) => read(body).objection;
    try {
      call.signal.throwIfAborted();
      const body = request.write
        ? await sharing.write(() => send({ request, call, objection }))
        : await sharing.read(
          { key: keyOf(request), fresh: call.fresh ?? false, signal: call.signal },
          (signal) => send({ request, call: { ...call, signal }, objection }),
        );
      const reading = read(body);
      if (reading.objection === undefined) return reading.value;
      throw unexpected(request, reading.objection);
    } catch (error) {
      throw toClientError(error, { vendor: options.vendor, request, signal: call.signal, pace });
    }
  }

  /** The attempt satisfied the schema of the caller who began it, but not the one of a caller who joined. */
  function unexpected({ operation }: Request, detail: string): ClientError {
    return new ClientError({
      kind: "unexpected_reply",
      vendor: options.vendor,
      operation,
      detail,
      ambiguous: false,
    });
  }

  return { call, state: breaker.state };
}

function keyOf({ operation, method, path, query, json, form, headers }: Request): string {
  return JSON.stringify([operation, method, path, query, json, form, headers]);
}

function toClientError(
  error: unknown,
  { vendor, request, signal, pace }: { vendor: string; request: Request; signal: AbortSignal; pace: Pace },
): ClientError {
  if (error instanceof ClientError) return error;
  const about = { vendor, operation: request.operation };
  // Only waits reject with the signal's reason; a write that was under way comes back as a ClientError.
  const waiting = signal.aborted && (error === signal.reason || !request.write);
  if (waiting) return new ClientError({ ...about, ...reasonToWait(pace), ambiguous: false });
  return new ClientError({
    ...about,
    kind: "unexpected_reply",
    ambiguous: request.write,
    cause: quiet(error),
  });
}

/** Silence is only the vendor's if nobody kept the call from being sent. */
function reasonToWait(pace: Pace): Pick<Failure, "kind" | "retryAfterMs" | "detail"> {
  const paused = pace.pausedFor();
  if (paused > 0) return { kind: "rate_limited", retryAfterMs: paused };
  return pace.isSpent() ? { kind: "timed_out", detail: "too many calls at once, not all were sent" } : {
    kind: "timed_out",
  };
}

/** Where our own code failed, without the message, which may quote what was sent or answered. */
function quiet(error: unknown): Error {
  const bare = new Error(error instanceof Error ? error.name : typeof error);
  const frames = error instanceof Error ? error.stack?.match(/^\s+at .*$/gm)?.join("\n") : undefined;
  bare.stack = `${bare.message}\n${frames ?? ""}`;
  return bare;
}
