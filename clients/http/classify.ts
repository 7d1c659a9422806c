import type { Failure, FailureKind } from "../errors.ts";
import type { VendorState } from "./circuit_breaker.ts";
import type { ApiRequest, HttpOptions, Refusal } from "./contract.ts";
import { cleanWords, errorTextOf, secretsOf } from "./error_text.ts";
import type { Answer, NoAnswer, WireRequest } from "./fetch_once.ts";

/** What one attempt came to. */
export type Outcome = { readonly ok: true; readonly body: unknown; readonly status: number } | FailedAttempt;

export interface FailedAttempt {
  readonly ok: false;
  readonly failure: Failure;
  readonly vendor: VendorState;
  /** A read may be tried again. */
  readonly retryable: boolean;
  /** The vendor says that our token is stale; it did not look at the request. */
  readonly stale: boolean;
}

/** What is needed to judge an answer. */
interface Attempt {
  readonly options: HttpOptions;
  readonly request: ApiRequest;
  readonly wire: WireRequest;
  /** Returns what is wrong with the body of a good answer, if anything. */
  readonly objection: (body: unknown) => string | undefined;
}

/** Pure. */
export function classifyAnswer(heard: Answer | NoAnswer, attempt: Attempt): Outcome {
  if ("kind" in heard) return withoutAnswer(heard, attempt);
  const answer = { ...heard, body: parse(heard.text) };
  return answer.status >= 200 && answer.status < 300
    ? fromSuccess(answer, attempt)
    : fromError(answer, attempt);
}

interface Read extends Answer {
  readonly body: unknown;
}

function withoutAnswer({ deadline, ...heard }: NoAnswer, attempt: Attempt): FailedAttempt {
  const unwanted = heard.kind === "timed_out" && !deadline;
  return fail(attempt, {
    ...heard,
    retryable: heard.kind === "unreachable",
    vendor: unwanted ? "unknown" : heard.kind === "unexpected_reply" ? "up" : "down",
  });
}

function fromSuccess({ status, headers, body }: Read, attempt: Attempt): Outcome {
  const { kind, detail } = explain(attempt.options, status, body) ?? {};
  if (kind !== undefined) {
    const isLimit = kind === "rate_limited";
    return fail(attempt, {
      kind,
      ...inWords(detail, attempt, "it gave no reason"),
      ...(isLimit && waitAsked(attempt.options, 429, headers)),
      retryable: isLimit,
    });
  }
  const objection = attempt.objection(body);
  if (objection === undefined) return { ok: true, body, status };
  return fail(attempt, { kind: "unexpected_reply", status, detail: objection, retryable: false });
}

function fromError({ status, headers, body }: Read, attempt: Attempt): FailedAttempt {
  const { options } = attempt;
  const explained = explain(options, status, body);
  const stale = explained?.stale ?? options.authorization?.staleOn?.includes(status) ?? false;
  const kind = explained?.kind ?? (stale ? "credentials_refused" : kindOf(status));
  const found = status < 400 ? "it redirects to another address, which is not followed" : explained?.found;
  const down = kind === "unreachable" || kind === "timed_out" ||
    (kind === "unexpected_reply" && status >= 500);
  return fail(attempt, {
    kind,
    status,
    stale,
    retryable: down || kind === "rate_limited",
    vendor: down ? "down" : "up",
    ...(found === undefined ? inWords(explained?.detail ?? errorTextOf(body), attempt) : { detail: found }),
    ...waitAsked(options, status, headers),
  });
}

/** What the vendor said, marked as its own words; without any, what we say instead. */
function inWords(
  said: string | undefined,
  { request, wire }: Attempt,
  otherwise?: string,
): Pick<Failure, "detail" | "quoted"> {
  const words = said ? cleanWords(said, secretsOf(request, wire)) : undefined;
  if (words !== undefined) return { detail: words, quoted: true };
  return otherwise === undefined ? {} : { detail: otherwise };
}

type Found = Omit<Failure, "vendor" | "operation" | "ambiguous"> & {
  readonly retryable: boolean;
  readonly vendor?: VendorState;
  readonly stale?: boolean;
  readonly sent?: boolean;
};

function fail({ options, request, wire }: Attempt, found: Found): FailedAttempt {
  const { retryable, vendor = "up", stale = false, sent = true, ...failure } = found;
  const ambiguous = wire.write && sent && INCONCLUSIVE.has(failure.kind);
  return {
    ok: false,
    vendor,
    retryable,
    stale,
    failure: { ...failure, vendor: options.vendor, operation: request.operation, ambiguous },
  };
}

/** After these nobody knows what the vendor did with a request; all others are its considered answer. */
const INCONCLUSIVE: ReadonlySet<FailureKind> = new Set(["unreachable", "timed_out", "unexpected_reply"]);

function kindOf(status: number): FailureKind {
  const named = KIND_OF_STATUS.get(status);
  return named ?? (status >= 400 && status < 500 ? "rejected" : "unexpected_reply");
}

const KIND_OF_STATUS: ReadonlyMap<number, FailureKind> = new Map([
  [401, "credentials_refused"],
  [403, "rights_refused"],
  [404, "not_found"],
  // The vendor, or what stands before it, waited for a request that it may have had in part or whole.
  [408, "timed_out"],
  [410, "not_found"],
  [429, "rate_limited"],
  [502, "unreachable"],
  [503, "unreachable"],
  [504, "unreachable"],
]);

/** Empty becomes undefined, what is not JSON stays text. */
function parse(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function explain(options: HttpOptions, status: number, body: unknown): Refusal | undefined {
  try {
    return options.explain?.(status, body);
  } catch {
    // A body that the vendor's own reader cannot read is still an answer with a status.
    return undefined;
  }
}

function waitAsked(
  options: HttpOptions,
  status: number,
  headers: Headers,
): { readonly retryAfterMs?: number } {
  if (status !== 429 && status !== 503) return {};
  const now = options.clock.now();
  const said = parseRetryAfter(headers.get("retry-after"), now);
  // What a vendor has of its own is about its limits, not about being down.
  const asked = said ?? (status === 429 ? options.retryAfter?.(headers, now) : undefined);
  return Number.isFinite(asked) ? { retryAfterMs: Math.max(0, Math.ceil(asked ?? 0)) } : {};
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - now;
}
