import { ClientError, type Failure } from "../errors.ts";
import type { CallOptions, HttpOptions, Request } from "../http.ts";
import type { Breaker, Finding } from "./breaker.ts";
import { exchange } from "./exchange.ts";
import { checkBaseUrl, type Message, toMessage } from "./message.ts";
import type { Pace } from "./pace.ts";
import { type Classification, classify, type VendorRefusal } from "./verdict.ts";
import { secretsOf } from "./words.ts";

/** One call: admitted by the breaker, then attempted as often as it may be. */
export interface Job {
  readonly request: Request;
  readonly call: CallOptions;
  /** Returns what is wrong with the body of a good answer, if anything. */
  readonly objection: (body: unknown) => string | undefined;
}

const TIMEOUT_MS = 15_000;
/** Longer than this nobody holding a phone waits for a vendor to let us in again. */
const PATIENCE_MS = 30_000;
const MAX_READ_ATTEMPTS = 3;
const BACKOFF_MS = 250;
/** After a 429 that does not say how long. */
const DEFAULT_PAUSE_MS = 1_000;
/** A nonsensical Retry-After must not shut a vendor out until the next restart. */
const MAX_PAUSE_MS = 300_000;

/**
 * Returns a function that resolves to the body of the answer. It rejects with a `ClientError`, or with the reason of
 * the call's signal if that ended a wait before anything was sent.
 */
export function createSender(
  { options, pace, breaker }: { options: HttpOptions; pace: Pace; breaker: Breaker },
): (job: Job) => Promise<unknown> {
  const { vendor, clock, authorization, timeoutMs = TIMEOUT_MS } = options;
  const baseUrl = checkBaseUrl(options.baseUrl, vendor);

  return async function send(job) {
    const admission = await breaker.enter(job.call.signal);
    if (!admission.admitted) throw notAsked(job, { kind: "unreachable", ...RESTING, ...admission });
    let finding: Finding = "nothing";
    try {
      const verdict = await persist(job, admission.trial, (seen) => finding = seen);
      if (verdict.ok) return verdict.body;
      throw new ClientError(verdict.failure);
    } finally {
      admission.leave(finding);
    }
  };

  async function persist(
    job: Job,
    trial: boolean,
    learn: (finding: Finding) => void,
  ): Promise<Classification> {
    let left = job.request.write || trial ? 1 : MAX_READ_ATTEMPTS;
    let renewed = false;
    for (let attempt = 1;; attempt++) {
      const header = await identify(job);
      const verdict = await attemptOnce(job, compose(job, header), attempt);
      learn(verdict.ok ? "working" : verdict.finding);
      if (verdict.ok) return verdict;
      if (verdict.stale && !renewed && header !== undefined && authorization?.renew) {
        // Refused before it ran: the only case in which a write is sent again.
        authorization.renew(header);
        renewed = true;
        continue;
      }
      const waitMs = backoff(verdict, attempt);
      if (!verdict.passing || --left === 0 || waitMs > PATIENCE_MS) return verdict;
      await clock.sleep(waitMs, job.call.signal);
    }
  }

  async function identify({ call }: Job): Promise<string | undefined> {
    try {
      return await authorization?.header(call);
    } catch (error) {
      // Asking for a token may have an unknown outcome; the call it was for has not been sent.
      throw error instanceof ClientError ? new ClientError({ ...error.failure, ambiguous: false }) : error;
    }
  }

  function compose(job: Job, header: string | undefined): Message {
    try {
      return toMessage(baseUrl, job.request, header);
    } catch {
      // The runtime's own error would quote the header or the value.
      throw notAsked(job, { kind: "rejected", detail: "the request holds something that cannot be sent" });
    }
  }

  async function attemptOnce(job: Job, message: Message, attempt: number): Promise<Classification> {
    const { request, call, objection } = job;
    const paused = pace.pausedFor();
    if (paused > PATIENCE_MS) throw notAsked(job, { kind: "rate_limited", retryAfterMs: paused });
    const release = await pace.acquire(call.signal);
    const startedAt = clock.now();
    try {
      const heard = await exchange(message, AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]));
      const verdict = classify(heard, { options, request, objection, secrets: secretsOf(request, message) });
      if (!verdict.ok) slowDown(verdict.failure);
      report(job, verdict, { attempt, durationMs: clock.now() - startedAt });
      return verdict;
    } finally {
      release();
    }
  }

  function slowDown({ kind, retryAfterMs = DEFAULT_PAUSE_MS }: Failure): void {
    if (kind === "rate_limited") pace.pause(Math.min(retryAfterMs, MAX_PAUSE_MS));
  }

  function backoff({ failure }: VendorRefusal, attempt: number): number {
    if (failure.retryAfterMs !== undefined) return failure.retryAfterMs + clock.random() * BACKOFF_MS;
    return BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + clock.random());
  }

  function report(
    { request, call }: Job,
    verdict: Classification,
    measured: { attempt: number; durationMs: number },
  ): void {
    const status = verdict.ok ? verdict.status : verdict.failure.status;
    try {
      options.onCall?.({
        vendor,
        operation: request.operation,
        write: request.write,
        outcome: verdict.ok ? "ok" : verdict.failure.kind,
        ...measured,
        ...(status === undefined ? {} : { status }),
        ...(call.trace === undefined ? {} : { trace: call.trace }),
      });
    } catch {
      // A log that fails must not turn a write that went through into one that seems to have failed.
    }
  }

  function notAsked(
    { request }: Job,
    { kind, detail, retryAfterMs }: Partial<Failure> & Pick<Failure, "kind">,
  ) {
    return new ClientError({
      kind,
      vendor,
      operation: request.operation,
      ambiguous: false,
      ...(detail === undefined ? {} : { detail }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}

const RESTING = { detail: "not asked again yet, because the last calls failed" };
