import type { z } from "zod";
import { ClientError, type Failure } from "../errors.ts";
import {
  type Attempt,
  checkBaseUrl,
  classifyAnswer,
  dateOf,
  type FailedAttempt,
  fetchOnce,
  isWrite,
  type Outcome,
  toWire,
} from "./attempt.ts";
import type { ApiRequest, CallOptions, HttpOptions, WireRequest } from "./contract.ts";
import { cleanWords } from "./error_text.ts";
import { CircuitBreaker, RateLimiter, SingleFlight, type VendorState } from "./limits.ts";

const TIMEOUT_MS = 15_000;
/** Longer than this nobody holding a phone waits for a vendor to let us in again. */
const LONGEST_WAIT_MS = 30_000;
const MAX_READ_ATTEMPTS = 3;
const BACKOFF_MS = 250;
/** After a 429 that does not say how long. */
const DEFAULT_PAUSE_MS = 1_000;
/** A nonsensical Retry-After must not shut a vendor out until the next restart. */
const MAX_PAUSE_MS = 300_000;

/** One vendor's API. Reads are retried, shared while in flight and paced; a write reaches the vendor at most once. */
export class HttpClient {
  private readonly baseUrl: string;
  private readonly breaker: CircuitBreaker;
  private readonly limiter: RateLimiter;
  private readonly flights = new SingleFlight<unknown>();

  /** Throws `TypeError` for a base URL that cannot be called. */
  constructor(private readonly options: HttpOptions) {
    this.baseUrl = checkBaseUrl(options.baseUrl, options.vendor);
    this.breaker = new CircuitBreaker(options.clock);
    this.limiter = new RateLimiter(options.limits, options.clock);
  }

  /** Reads what is at `path`, as `call` does. */
  get<T>(
    operation: string,
    path: string,
    schema: z.ZodType<T>,
    call: CallOptions,
    query?: ApiRequest["query"],
  ): Promise<T> {
    return this.call({ operation, method: "GET", path, query }, schema, call);
  }

  /** As `get`, where the answer is one record. */
  getOne<T>(
    operation: string,
    path: string,
    schema: z.ZodType<T>,
    call: CallOptions,
    query?: ApiRequest["query"],
  ): Promise<T> {
    return this.call({ operation, method: "GET", path, query, answer: "record" }, schema, call);
  }

  /**
   * Sends the request and checks the answer by `schema`. A body that is empty or not JSON is passed to the
   * schema as undefined or as text. Throws only `ClientError`.
   */
  async call<T>(request: ApiRequest, schema: z.ZodType<T>, call: CallOptions): Promise<T> {
    const read = readerOf(schema);
    const objection = (body: unknown) => {
      if (isMarkup(body)) return "the answer is a web page";
      const { error } = read(body);
      return error && objectionTo(body, error);
    };
    try {
      call.signal.throwIfAborted();
      const body = isWrite(request)
        ? await this.flights.write(() => this.send(request, call, objection))
        : await this.flights.read(
          (call.background ? "background " : "") + keyOf(request),
          call,
          (signal) => this.send(request, { ...call, signal }, objection),
        );
      const { success, data, error } = read(body);
      if (success) return data;
      // The attempt satisfied the schema of the caller who began it, but not the one of a caller who joined.
      throw this.error(request, { kind: "unexpected_reply", detail: objectionTo(body, error) });
    } catch (error) {
      const failed = this.toClientError(error, request, call.signal);
      call.onFailure?.(failed);
      throw failed;
    }
  }

  /**
   * Attempts a call as often as it may be. Rejects with a `ClientError`, or with the reason of the call's signal if
   * that ended a wait before anything was sent.
   */
  private async send(
    request: ApiRequest,
    call: CallOptions,
    objection: Attempt["objection"],
  ): Promise<unknown> {
    const { options, options: { authorization, clock } } = this;
    const admission = await this.breaker.enter(call.signal);
    if (!admission.admitted) {
      const detail = "not asked again yet, because the last calls failed";
      const { retryAfterMs } = admission;
      throw this.error(request, { kind: "unreachable", detail, retryAfterMs });
    }
    let left = isWrite(request) || admission.trial ? 1 : MAX_READ_ATTEMPTS;
    let vendor: VendorState = "unknown";
    let renewed = false;
    try {
      for (let attempt = 1;; attempt++) {
        const header = await this.identify(call, isWrite(request));
        const wire = this.compose(request, header);
        const outcome = await this.attempt({ options, request, call, wire, objection, number: attempt });
        vendor = outcome.ok ? "up" : outcome.vendor;
        if (outcome.ok) return outcome.body;
        if (outcome.stale && !renewed && header !== undefined && authorization?.renew) {
          authorization.renew(header);
          renewed = true;
          // A gateway may refuse what it has passed on already, so a write is not sent again even then.
          if (!isWrite(request)) continue;
        }
        const waitMs = this.backoff(outcome, attempt);
        if (!outcome.retryable || --left === 0 || waitMs > LONGEST_WAIT_MS) {
          throw new ClientError(outcome.failure);
        }
        await clock.sleep(waitMs, call.signal);
      }
    } finally {
      admission.leave(vendor);
    }
  }

  private async identify(call: CallOptions, write: boolean): Promise<string | undefined> {
    try {
      return await this.options.authorization?.header(call, write);
    } catch (error) {
      // Asking for a token may have an unknown outcome; the call it was for has not been sent.
      throw error instanceof ClientError ? new ClientError({ ...error.failure, ambiguous: false }) : error;
    }
  }

  private compose(request: ApiRequest, authorization: string | undefined): WireRequest {
    try {
      return toWire(this.baseUrl, request, {
        ...this.options.headers,
        ...(authorization !== undefined && { authorization }),
      });
    } catch {
      // The runtime's own error would quote the header or the value.
      const detail = "the request holds something that cannot be sent";
      throw this.error(request, { kind: "rejected", detail });
    }
  }

  private async attempt(attempt: Attempt): Promise<Outcome> {
    const { limiter, options } = this;
    const { clock, timeoutMs = TIMEOUT_MS } = options;
    const { request, wire, call: { signal, maxBytes, background, onAttempt } } = attempt;
    const paused = limiter.pausedFor();
    if (paused > LONGEST_WAIT_MS) throw this.error(request, { kind: "rate_limited", retryAfterMs: paused });
    const release = await (background ? limiter.acquireBeside(signal) : limiter.acquire(signal));
    onAttempt?.();
    const startedAt = clock.now();
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const heard = await fetchOnce(wire, inTime, maxBytes);
      const outcome = classifyAnswer(heard, attempt);
      if (!outcome.ok) this.slowDown(outcome.failure);
      this.report(attempt, outcome, {
        durationMs: clock.now() - startedAt,
        date: "headers" in heard ? dateOf(heard.headers) : undefined,
      });
      return outcome;
    } finally {
      release();
    }
  }

  private slowDown({ kind, retryAfterMs = DEFAULT_PAUSE_MS }: Failure): void {
    if (kind === "rate_limited") this.limiter.pause(Math.min(retryAfterMs, MAX_PAUSE_MS));
  }

  private backoff({ failure: { retryAfterMs } }: FailedAttempt, attempt: number): number {
    const chance = this.options.clock.random();
    if (retryAfterMs !== undefined) return retryAfterMs + chance * BACKOFF_MS;
    return BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + chance);
  }

  private report(
    { request, call, number }: Attempt,
    outcome: Outcome,
    { durationMs, date }: { readonly durationMs: number; readonly date: number | undefined },
  ): void {
    const status = outcome.ok ? outcome.status : outcome.failure.status;
    try {
      this.options.onCall?.({
        vendor: this.options.vendor,
        operation: request.operation,
        write: isWrite(request),
        outcome: outcome.ok ? "ok" : outcome.failure.kind,
        attempt: number,
        durationMs,
        ...(status !== undefined && { status }),
        ...(date !== undefined && { date }),
        ...(call.trace !== undefined && { trace: call.trace }),
        ...(call.background && { background: true }),
      });
    } catch {
      // A log that fails must not turn a write that went through into one that seems to have failed.
    }
  }

  /** An error of a call that has changed nothing at the vendor, unless said otherwise. */
  private error(
    { operation }: ApiRequest,
    found: Omit<Failure, "vendor" | "operation" | "ambiguous">,
    ambiguous = false,
  ): ClientError {
    return new ClientError({ ...found, vendor: this.options.vendor, operation, ambiguous });
  }

  private toClientError(error: unknown, request: ApiRequest, signal: AbortSignal): ClientError {
    if (error instanceof ClientError) return error;
    const write = isWrite(request);
    // Only waits reject with the signal's reason; a write that was under way comes back as a ClientError.
    const waiting = signal.aborted && (error === signal.reason || !write);
    return waiting
      ? this.error(request, this.reasonToWait())
      : this.error(request, { kind: "unexpected_reply", cause: quiet(error) }, write);
  }

  /** Silence is only the vendor's if nobody kept the call from being sent. */
  private reasonToWait(): Pick<Failure, "kind" | "retryAfterMs" | "detail"> {
    const paused = this.limiter.pausedFor();
    if (paused > 0) return { kind: "rate_limited", retryAfterMs: paused };
    const detail = "too many calls at once, not all were sent";
    return { kind: "timed_out", ...(this.limiter.isSpent() && { detail }) };
  }
}

function keyOf({ operation, method, path, query, json, form }: ApiRequest): string {
  return JSON.stringify([operation, method, path, query, json, form]);
}

/** Reads a body by a schema; the body that the attempt has checked already is not read a second time. */
function readerOf<T>(schema: z.ZodType<T>): (body: unknown) => z.ZodSafeParseResult<T> {
  let last: { readonly body: unknown; readonly result: z.ZodSafeParseResult<T> } | undefined;
  return function read(body) {
    if (!last || last.body !== body) last = { body, result: schema.safeParse(body) };
    return last.result;
  };
}

/** A login page, or the page of what stands before the vendor: no API answers that, whatever the schema allows. */
function isMarkup(body: unknown): boolean {
  return typeof body === "string" && /^\s*<[!?a-z]/i.test(body);
}

/** Says where an answer differs from its schema: places and rules only, never a value. */
function objectionTo(body: unknown, error: z.ZodError): string {
  if (body === undefined) return "the answer is empty";
  if (typeof body === "string") return "the answer is not JSON";
  const places = error.issues.slice(0, 3).map(({ path, code }) =>
    `${path.join(".") || "the answer"} (${code})`
  );
  return cleanWords(`not as documented: ${places.join(", ")}`, []) ?? "not as documented";
}

/** Where our own code failed, without the message, which may quote what was sent or answered. */
function quiet(error: unknown): Error {
  const bare = new Error(error instanceof Error ? error.name : typeof error);
  const frames = error instanceof Error ? error.stack?.match(/^\s+at .*$/gm)?.join("\n") : undefined;
  bare.stack = `${bare.message}\n${frames ?? ""}`;
  return bare;
}
