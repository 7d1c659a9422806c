import type { Failure, FailureKind } from "../errors.ts";
import type { Explained, HttpOptions, Request } from "../http.ts";
import type { Finding } from "./breaker.ts";
import type { Answer, Loss } from "./exchange.ts";
import { cleanWords, errorTextOf } from "./words.ts";

/** What one attempt came to. */
export type Classification =
  | { readonly ok: true; readonly body: unknown; readonly status: number }
  | VendorRefusal;

export interface VendorRefusal {
  readonly ok: false;
  readonly failure: Failure;
  readonly finding: Finding;
  /** A read may be tried again. */
  readonly passing: boolean;
  /** The vendor says that our token is stale; it did not look at the request. */
  readonly stale: boolean;
}

/** What is needed to judge an answer. */
export interface Case {
  readonly options: HttpOptions;
  readonly request: Request;
  readonly secrets: readonly string[];
  /** Returns what is wrong with the body of a good answer, if anything. */
  readonly objection: (body: unknown) => string | undefined;
}

/** Pure. */
export function classify(heard: Answer | Loss, about: Case): Classification {
  if ("lost" in heard) return judgeLoss(heard, about);
  return heard.status >= 200 && heard.status < 300 ? judgeSuccess(heard, about) : judgeError(heard, about);
}

function judgeLoss({ lost, why, sent, status, deadline }: Loss, about: Case): VendorRefusal {
  const unwanted = lost === "timed_out" && !deadline;
  return refuse(about, {
    kind: lost,
    detail: why,
    sent,
    passing: lost === "unreachable",
    finding: unwanted ? "nothing" : lost === "unexpected_reply" ? "working" : "outage",
    ...(status === undefined ? {} : { status }),
  });
}

function judgeSuccess({ status, headers, text }: Answer, about: Case): Classification {
  const { options, secrets } = about;
  const body = parse(text);
  const inside = options.refusalIn?.(body);
  if (inside) {
    const isLimit = inside.kind === "rate_limited";
    const retryAfterMs = isLimit ? retryAfter(options, 429, headers) : undefined;
    return refuse(about, {
      ...inside,
      ...inWords(inside.detail, secrets, "it gave no reason"),
      finding: "working",
      passing: isLimit,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const detail = about.objection(body);
  if (detail === undefined) return { ok: true, body, status };
  return refuse(about, { kind: "unexpected_reply", status, detail, finding: "working", passing: false });
}

function judgeError({ status, headers, text }: Answer, about: Case): VendorRefusal {
  const { options, secrets } = about;
  const body = parse(text);
  const explained = explain(options, status, body);
  const stale = explained?.stale ?? options.authorization?.staleOn?.includes(status) ?? false;
  const kind = explained?.kind ?? (stale ? "credentials_refused" : kindOf(status));
  const found = status < 400 ? "it redirects to another address, which is not followed" : explained?.found;
  const retryAfterMs = retryAfter(options, status, headers);
  const down = kind === "unreachable" || kind === "timed_out" ||
    (kind === "unexpected_reply" && status >= 500);
  return refuse(about, {
    kind,
    status,
    stale,
    passing: down || kind === "rate_limited",
    finding: down ? "outage" : "working",
    ...(found === undefined ? inWords(explained?.detail ?? errorTextOf(body), secrets) : { detail: found }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What the vendor said, marked as its own words; without any, what we say instead. */
function inWords(
  said: string | undefined,
  secrets: readonly string[],
  otherwise?: string,
): Pick<Failure, "detail" | "quoted"> {
  const words = cleanWords(said, secrets);
  if (words !== undefined) return { detail: words, quoted: true };
  return otherwise === undefined ? {} : { detail: otherwise };
}

interface Refused {
  readonly kind: FailureKind;
  readonly finding: Finding;
  readonly passing: boolean;
  readonly stale?: boolean;
  readonly sent?: boolean;
  readonly status?: number;
  readonly detail?: string;
  readonly quoted?: true;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

function refuse({ options, request }: Case, refused: Refused): VendorRefusal {
  const { finding, passing, stale = false, sent = true, ...failure } = refused;
  const ambiguous = request.write && sent && INCONCLUSIVE.has(failure.kind);
  return {
    ok: false,
    finding,
    passing,
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

function explain(options: HttpOptions, status: number, body: unknown): Explained | undefined {
  try {
    return options.explain?.(status, body);
  } catch {
    // A body that the vendor's own reader cannot read is still an answer with a status.
    return undefined;
  }
}

function retryAfter(options: HttpOptions, status: number, headers: Headers): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const now = options.clock.now();
  const said = parseRetryAfter(headers.get("retry-after"), now);
  // What a vendor has of its own is about its limits, not about being down.
  const asked = said ?? (status === 429 ? options.retryAfter?.(headers, now) : undefined);
  return asked === undefined || !Number.isFinite(asked) ? undefined : Math.max(0, Math.ceil(asked));
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - now;
}
