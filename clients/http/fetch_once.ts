import { ofetch } from "ofetch";
import type { ApiRequest } from "./contract.ts";

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: ApiRequest["method"];
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string;
  readonly write: boolean;
}

/** The vendor answered; whatever it said. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** No usable answer came. */
export interface NoAnswer {
  readonly kind: "unreachable" | "timed_out" | "unexpected_reply";
  /** Our words; fetch's own would quote the URL with its query. */
  readonly detail: string;
  /** False only if certainly no byte of the request went out. */
  readonly sent: boolean;
  readonly status?: number;
  /** A deadline passed, as opposed to somebody no longer wanting the answer. */
  readonly deadline?: boolean;
}

const MAX_ANSWER_BYTES = 20 * 1024 * 1024;

/** Sends once, reads the whole answer. Never rejects: what went wrong is a value. */
export async function fetchOnce(request: WireRequest, signal: AbortSignal): Promise<Answer | NoAnswer> {
  // Deno sends a request again by itself when a kept-alive connection turns out dead. A write must arrive at most
  // once, so it gets a connection of its own (HTTP/1.1: over HTTP/2 an unprocessed stream would be repeated too).
  using client = request.write ? Deno.createHttpClient({ poolMaxIdlePerHost: 0, http2: false }) : undefined;
  let response: Response | undefined;
  try {
    response = await send(request, signal, client);
    return { status: response.status, headers: response.headers, text: await readText(response) };
  } catch (error) {
    // An error status says enough, even if its explanation was cut off.
    if (response && response.status >= 300) {
      return { status: response.status, headers: response.headers, text: "" };
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

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new TooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function noAnswer(error: unknown, signal: AbortSignal, status: number | undefined): NoAnswer {
  if (signal.aborted) {
    const deadline = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    return { kind: "timed_out", detail: "no complete answer in time", sent: true, deadline };
  }
  if (error instanceof TooLarge) {
    const detail = `the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`;
    return { kind: "unexpected_reply", detail, sent: true, ...(status === undefined ? {} : { status }) };
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
  const headers = new Headers({ accept: "application/json", ...request.headers, ...standing });
  if (contentType && !headers.has("content-type")) headers.set("content-type", contentType);
  return {
    method: request.method,
    url: `${baseUrl}${rooted(request.path)}${toQuery(request.query)}`,
    headers,
    write: isWrite(request),
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

function rooted(path: string): string {
  return path === "" || path.startsWith("/") ? path : `/${path}`;
}

function toQuery(query: ApiRequest["query"] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [value].flat().map((one) => [name, String(one)])
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
