import { ofetch } from "ofetch";
import type { FailureKind } from "../errors.ts";
import type { Message } from "./message.ts";

/** The vendor answered; whatever it said. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** No usable answer came. */
export interface Loss {
  readonly lost: FailureKind & ("unreachable" | "timed_out" | "unexpected_reply");
  /** Our words; fetch's own would quote the URL with its query. */
  readonly why: string;
  /** False only if certainly no byte of the request went out. */
  readonly sent: boolean;
  readonly status?: number;
  /** A deadline passed, as opposed to somebody no longer wanting the answer. */
  readonly deadline?: boolean;
}

const MAX_ANSWER_BYTES = 20 * 1024 * 1024;

/** Sends once, reads the whole answer. Never rejects: what went wrong is a value. */
export async function exchange(message: Message, signal: AbortSignal): Promise<Answer | Loss> {
  // Deno sends a request again by itself when a kept-alive connection turns out dead. A write must arrive at most
  // once, so it gets a connection of its own (HTTP/1.1: over HTTP/2 an unprocessed stream would be repeated too).
  using client = message.write ? Deno.createHttpClient({ poolMaxIdlePerHost: 0, http2: false }) : undefined;
  let response: Response | undefined;
  try {
    response = await send(message, signal, client);
    return { status: response.status, headers: response.headers, text: await readText(response) };
  } catch (error) {
    // An error status says enough, even if its explanation was cut off.
    if (response && response.status >= 300) {
      return { status: response.status, headers: response.headers, text: "" };
    }
    return toLoss(error, signal, response?.status);
  }
}

function send(message: Message, signal: AbortSignal, client: Deno.HttpClient | undefined): Promise<Response> {
  const { method, url, headers, body } = message;
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

function toLoss(error: unknown, signal: AbortSignal, status: number | undefined): Loss {
  if (signal.aborted) {
    const deadline = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    return { lost: "timed_out", why: "no complete answer in time", sent: true, deadline };
  }
  if (error instanceof TooLarge) {
    const why = `the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`;
    return { lost: "unexpected_reply", why, sent: true, ...(status === undefined ? {} : { status }) };
  }
  return { lost: "unreachable", ...connectionProblem(causes(error)) };
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

function connectionProblem(errors: readonly Error[]): { why: string; sent: boolean } {
  const early = BEFORE_SENDING.find(([pattern]) => errors.some(({ message }) => pattern.test(message)));
  return early ? { why: early[1], sent: false } : { why: "the connection was lost", sent: true };
}
