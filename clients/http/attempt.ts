import { ofetch } from "ofetch";
import type { Failure, FailureKind } from "../errors.ts";
import {
  type ApiRequest,
  type CallOptions,
  type HttpOptions,
  LONGEST_ANSWER,
  type Refusal,
  type WireRequest,
} from "./contract.ts";
import { cleanWords, errorTextOf, secretsOf } from "./error_text.ts";
import type { VendorState } from "./limits.ts";

/** The vendor answered; whatever it said. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when empty, text when not JSON. */
  readonly body: unknown;
}

/** No usable answer came. */
interface NoAnswer {
  readonly kind: "unreachable" | "timed_out" | "unexpected_reply";
  /** Our words; fetch's own would quote the URL with its query. */
  readonly detail: string;
  /** False only if certainly no byte of the request went out. */
  readonly sent: boolean;
  readonly status?: number;
  /** A deadline passed, as opposed to somebody no longer wanting the answer. */
  readonly deadline?: boolean;
}

/** In memory each takes far more room than in a text such as "[[],[],…": a short answer can be a large one. */
const MOST_VALUES = 500_000;

/** Sends once, reads the whole answer. Never rejects: what went wrong is a value. */
export async function fetchOnce(
  request: WireRequest,
  signal: AbortSignal,
  maxBytes = Infinity,
): Promise<Answer | NoAnswer> {
  // Deno sends a request again by itself when a kept-alive connection turns out dead. A write must arrive at most
  // once, so it gets a connection of its own (HTTP/1.1: over HTTP/2 an unprocessed stream would be repeated too).
  using client = request.write ? Deno.createHttpClient({ poolMaxIdlePerHost: 0, http2: false }) : undefined;
  let response: Response | undefined;
  try {
    response = await send(request, signal, client);
    return {
      status: response.status,
      headers: response.headers,
      body: parse(await readText(response, Math.min(maxBytes, request.longest))),
    };
  } catch (error) {
    // An error status says enough, even if its explanation was cut off.
    if (response && response.status >= 300) {
      return { status: response.status, headers: response.headers, body: undefined };
    }
    return noAnswer(error, signal, response?.status);
  }
}

function send(
  { method, url, headers, body }: WireRequest,
  signal: AbortSignal,
  client: Deno.HttpClient | undefined,
): Promise<Response> {
  return ofetch.raw<ReadableStream<Uint8Array>, "stream">(url, {
    method,
    headers,
    signal,
    // Credentials must not follow a redirect to another host.
    redirect: "manual",
    // ofetch repeats writes as well, and its timeout ends before the body does: we do both ourselves.
    retry: false,
    ignoreResponseError: true,
    responseType: "stream",
    ...(body === undefined ? {} : { body }),
    ...(client ? { client } : {}),
  });
}

class TooLarge extends Error {}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new TooLarge(`the answer is larger than ${maxBytes / 1024 ** 2} MiB`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  if (text.trim() === "") return undefined;
  if (valuesIn(text) > MOST_VALUES) throw new TooLarge(`the answer holds more than ${MOST_VALUES} values`);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** How many values a JSON text can hold: each but the first comes after one of these. */
function valuesIn(text: string): number {
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "," || letter === "[" || letter === "{") values++;
  }
  return values;
}

function noAnswer(error: unknown, signal: AbortSignal, status: number | undefined): NoAnswer {
  if (signal.aborted) {
    const deadline = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    return { kind: "timed_out", detail: "no complete answer in time", sent: true, deadline };
  }
  if (error instanceof TooLarge) {
    return {
      kind: "unexpected_reply",
      detail: error.message,
      sent: true,
      ...(status === undefined ? {} : { status }),
    };
  }
  return { kind: "unreachable", ...connectionProblem(causes(error)) };
}

function causes(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : [];
}

/** What Deno says when there is no connection yet; any other failure may have come after the request was out. */
const BEFORE_SENDING: readonly (readonly [RegExp, string])[] = [
  [/client error \(Connect\).*dns error/i, "its host name is not known"],
  [/client error \(Connect\).*connection refused/i, "the connection was refused"],
  [
    /client error \(Connect\).*(certificate|tls|handshake|corrupt message)/i,
    "no secure connection could be made",
  ],
  [/client error \(Connect\)/i, "no connection could be made"],
  [/^Requires net access|^Fetch failed: Requests to port/i, "this address is not allowed"],
];

function connectionProblem(errors: readonly Error[]): { detail: string; sent: boolean } {
  const early = BEFORE_SENDING.find(([pattern]) => errors.some(({ message }) => pattern.test(message)));
  return early ? { detail: early[1], sent: false } : { detail: "the connection was lost", sent: true };
}

/** Throws `TypeError` for an address that cannot be called, without quoting it: it may hold a key. */
export function checkBaseUrl(baseUrl: string, vendor: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) &&
    !url.username && !url.password && !url.search && !url.hash;
  if (!plain) {
    throw new TypeError(
      `The address of ${vendor} must begin with http:// or https:// and hold no user, query or fragment`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Throws where something cannot be sent; the error may quote it. `standing` headers go with every request. */
export function toWire(
  baseUrl: string,
  request: ApiRequest,
  standing: Readonly<Record<string, string>>,
): WireRequest {
  const [contentType, body] = content(request);
  const path = request.path.replace(/^(?=[^/])/, "/");
  const headers = new Headers({ accept: "application/json", ...standing });
  if (contentType && !headers.has("content-type")) headers.set("content-type", contentType);
  return {
    method: request.method,
    url: `${baseUrl}${path}${toQuery(request.query)}`,
    headers,
    write: isWrite(request),
    longest: LONGEST_ANSWER[request.answer ?? (isWrite(request) ? "record" : "list")],
    ...(body === undefined ? {} : { body }),
  };
}

/** Whether it may be sent only once. */
export function isWrite({ method, write }: ApiRequest): boolean {
  return write ?? method !== "GET";
}

function content({ json, form }: ApiRequest): readonly [type?: string, body?: string] {
  if (form) return ["application/x-www-form-urlencoded", new URLSearchParams(form).toString()];
  return json === undefined ? [] : ["application/json", JSON.stringify(json)];
}

function toQuery(query: ApiRequest["query"] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [value].flat().map((one) => [name, String(one)])
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

/** What one attempt came to. */
export type Outcome = { readonly ok: true; readonly body: unknown; readonly status: number } | FailedAttempt;

export interface FailedAttempt {
  readonly ok: false;
  readonly failure: Failure;
  readonly vendor: VendorState;
  /** A read may be tried again. */
  readonly retryable: boolean;
  /** The vendor says that our token is stale. */
  readonly stale: boolean;
}

/** One try at a request. */
export interface Attempt {
  readonly options: HttpOptions;
  readonly request: ApiRequest;
  readonly call: CallOptions;
  readonly wire: WireRequest;
  /** Counted from one. */
  readonly number: number;
  /** Returns what is wrong with the body of a good answer, if anything. */
  readonly objection: (body: unknown) => string | undefined;
}

/** Pure. */
export function classifyAnswer(heard: Answer | NoAnswer, attempt: Attempt): Outcome {
  if ("kind" in heard) return withoutAnswer(heard, attempt);
  return heard.status >= 200 && heard.status < 300 ? fromSuccess(heard, attempt) : fromError(heard, attempt);
}

function withoutAnswer({ deadline, ...heard }: NoAnswer, attempt: Attempt): FailedAttempt {
  const unwanted = heard.kind === "timed_out" && !deadline;
  return fail(attempt, {
    ...heard,
    retryable: heard.kind === "unreachable",
    vendor: unwanted ? "unknown" : heard.kind === "unexpected_reply" ? "up" : "down",
  });
}

function fromSuccess({ status, headers, body }: Answer, attempt: Attempt): Outcome {
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

function fromError({ status, headers, body }: Answer, attempt: Attempt): FailedAttempt {
  const { options } = attempt;
  const explained = explain(options, status, body);
  const kind = explained?.kind ?? (explained?.stale ? "credentials_refused" : kindOf(status));
  const stale = explained?.stale ?? (kind === "credentials_refused" || blamesToken(status, body));
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
  // A status may come from a gateway that refuses us although it has passed the request on.
  const atTheGate = stale || failure.kind === "credentials_refused" && failure.status !== undefined;
  const ambiguous = wire.write && sent && (atTheGate || INCONCLUSIVE.has(failure.kind));
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
  // Some say the same with the status of a proxy, or with one that no standard has.
  [407, "credentials_refused"],
  [419, "credentials_refused"],
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

/**
 * Whether a refusal is about a token that is no longer good, as some servers say with a status that says something
 * else. It may be another's token that is meant, such as the one of a product behind the vendor: then a new one of
 * ours changes nothing, and the refusal stays what its status says.
 */
function blamesToken(status: number, body: unknown): boolean {
  return (status === 400 || status === 403) && BAD_TOKEN.test(errorTextOf(body)?.slice(0, MAX_JUDGED) ?? "");
}

const MAX_JUDGED = 1_000;
const BAD_TOKEN =
  /\btoken\b.{0,40}\b(?:expired|invalid|revoked|not valid|no longer valid)|\b(?:expired|invalid)\b.{0,20}\btoken\b|invalid_token|\bjwt expired|\bsession\b.{0,40}\b(?:ended|expired|timed out|closed|invalid|not valid|no longer valid)|\b(?:log|sign) ?in again|\bre-?authenticate/i;

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

/** When the server says that it answered, in epoch ms; undefined of an answer that a cache has kept. */
export function dateOf(headers: Headers): number | undefined {
  const at = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(at) || headers.has("age") ? undefined : at;
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - now;
}
