import { type Clock, endOfTurn } from "../../clients/clock.ts";
import { ChunkedBody, MOST_BODY_BYTES, readChunks, TOO_LONG } from "./chunks.ts";
import { connectTcp, connectTls, NoAnswer, type Socket } from "./socket.ts";

/** What carries the calls that have the bot's token in their address. */
export interface TelegramHttp {
  readonly fetch: typeof fetch;
  /** Ends the connections that are kept. */
  close(): void;
}

/** Less than what stands between the bot and Telegram keeps a silent connection. */
const KEPT_MS = 30_000;
/** Under load a connection is used again sooner. */
const LONG_MS = 5;
/** As many chats as are written to at once, about. */
const MOST_KEPT = 64;

/** Of an answer, with whatever comes before it. */
const MOST_HEAD_BYTES = 32 * 1024;
/** For most answers. */
const FIRST_BYTES = 4 * 1024;
const [CR, LF] = [13, 10];
const SWITCHED = 101;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * `fetch` over plain sockets. Deno traces its own, the whole address and in it the bot's token, and offers nothing to
 * leave that out; of sockets it makes no trace. It takes half the CPU, too. It follows no redirects, sends nothing a
 * second time, and resolves when the answer is there as a whole.
 */
export class SocketClient implements TelegramHttp {
  /** By origin; the one used last comes last. */
  private readonly kept = new Map<string, Connection[]>();
  private isClosed = false;

  constructor(private readonly clock: Pick<Clock, "now" | "monotonic">) {}

  readonly fetch: typeof fetch = async (input, { method = "GET", headers, body = null, signal } = {}) => {
    const url = new URL(String(input));
    const head = headOf(method, url, headers);
    const content = typeof body === "string" || body === null ? body : new ChunkedBody(body);
    const newest = this.kept.get(url.origin)?.at(-1);
    // Whether a connection has ended while nobody looked is known after this.
    if (newest && this.msSince(newest.restsSince) >= LONG_MS) await endOfTurn();
    let connection = this.taken(url.origin);
    const stop = () => connection?.close();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      connection ??= await Connection.open(url, signal ?? undefined);
      signal?.throwIfAborted();
      const { response, goesOn } = await connection.ask(head, content);
      signal?.throwIfAborted();
      if (goesOn) this.keep(url.origin, connection);
      else connection.close();
      return response;
    } catch (error) {
      connection?.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      if (content instanceof ChunkedBody) content.cancel(signal?.reason);
    }
  };

  close(): void {
    this.isClosed = true;
    for (const connection of [...this.kept.values()].flat()) connection.close();
    this.kept.clear();
  }

  private taken(origin: string): Connection | undefined {
    const kept = this.kept.get(origin) ?? [];
    const newest = kept.pop();
    if (!newest || this.msSince(newest.restsSince) < KEPT_MS) return newest;
    // The others have rested for longer.
    for (const connection of [newest, ...kept.splice(0)]) connection.close();
    return undefined;
  }

  private moment(): Moment {
    return { now: this.clock.now(), monotonic: this.clock.monotonic() };
  }

  /** The clock that goes on evenly may stand still while the machine sleeps, and the other one may be set. */
  private msSince({ now, monotonic }: Moment): number {
    return Math.max(this.clock.now() - now, this.clock.monotonic() - monotonic);
  }

  private keep(origin: string, connection: Connection): void {
    const kept = this.kept.get(origin) ?? [];
    if (this.isClosed || kept.length >= MOST_KEPT) return connection.close();
    this.kept.set(origin, kept);
    kept.push(connection);
    connection.rest(this.moment(), () => {
      const at = kept.indexOf(connection);
      if (at >= 0) kept.splice(at, 1);
    });
  }
}

type Moment = Readonly<Record<"now" | "monotonic", number>>;

/** Without the length of a body, which comes with that. */
function headOf(method: string, url: URL, headers: HeadersInit = {}): string {
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`];
  for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    if (name !== "connection") lines.push(`${name}: ${value}`);
  }
  if (lines.some((line) => /[\r\n\0]/.test(line))) {
    throw new TypeError("The method or a header has a line's end in it");
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** One request at a time. */
class Connection {
  private readonly reader: AnswerReader;
  /** The first of the next answer: nothing may come before it is asked for. */
  private next: Promise<void> | undefined;
  private isResting = false;
  restsSince: Moment = { now: 0, monotonic: 0 };
  private isOpen = true;
  /** Of the request that was asked last. */
  private isSent = false;
  private failure: { readonly error: unknown } | undefined;

  private constructor(private readonly socket: Socket) {
    this.reader = new AnswerReader((into) => socket.read(into));
  }

  /** Rejects with the signal's reason when it aborts first. */
  static async open({ protocol, hostname, port }: URL, signal?: AbortSignal): Promise<Connection> {
    const name = hostname.replace(/^\[|\]$/g, "");
    const socket = protocol === "https:"
      ? await connectTls(name, Number(port || 443), signal)
      : await connectTcp(name, Number(port || 80), signal);
    return new Connection(socket);
  }

  /** Resolves when the answer is there, even where not all is sent: then nobody wants the rest. */
  async ask(head: string, body: string | ChunkedBody | null): Promise<Answer> {
    this.isResting = false;
    this.isSent = false;
    try {
      const { response, goesOn } = await this.exchange(head, body);
      return { response, goesOn: goesOn && this.isSent };
    } catch (error) {
      throw this.failure ? this.failure.error : error;
    }
  }

  /** Until the next request. Whatever comes before that, be it the end, ends the connection. */
  rest(since: Moment, ended: () => void): void {
    this.isResting = true;
    this.restsSince = since;
    const end = () => {
      if (!this.isResting) return;
      this.close();
      ended();
    };
    this.next = this.reader.begun();
    this.next.then(end, end);
  }

  close(): void {
    if (this.isOpen) this.socket.close();
    this.isOpen = false;
  }

  private exchange(head: string, body: string | ChunkedBody | null): Promise<Answer> {
    if (body === null || typeof body === "string") {
      void this.write(inOnePiece(head, body)).then((isSent) => this.isSent = isSent);
      return this.answer();
    }
    return this.exchangeInPieces(head, body);
  }

  private async exchangeInPieces(head: string, body: ChunkedBody): Promise<Answer> {
    const answer = this.answer();
    // A source that fails is not waited for any longer; one that has nothing more to say leaves it to the answer.
    await Promise.race([answer, this.sendInPieces(head, body)]);
    return await answer;
  }

  /** Rejects with what the body's source has against it, and with nothing else. */
  private async sendInPieces(head: string, body: ChunkedBody): Promise<void> {
    let piece: Uint8Array | undefined = encoder.encode(`${head}transfer-encoding: chunked\r\n\r\n`);
    while (piece && await this.write(piece)) piece = await body.next();
    this.isSent = piece === undefined;
  }

  private async answer(): Promise<Answer> {
    await this.next;
    this.next = undefined;
    return await this.reader.read();
  }

  /** False where the other side takes no more: it may have answered all the same. */
  private async write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.socket.write(at === 0 ? bytes : bytes.subarray(at));
      }
      return true;
    } catch (error) {
      this.failure = { error };
      return false;
    }
  }
}

function inOnePiece(head: string, body: string | null): Uint8Array {
  if (body === null) return encoder.encode(`${head}\r\n`);
  const bytes = encoder.encode(body);
  const first = encoder.encode(`${head}content-length: ${bytes.length}\r\n\r\n`);
  const whole = new Uint8Array(first.length + bytes.length);
  whole.set(first);
  whole.set(bytes, first.length);
  return whole;
}

export type ByteSource = Socket["read"];

interface Answer {
  readonly response: Response;
  /** Whether another request may be sent on the connection. */
  readonly goesOn: boolean;
}

/**
 * Reads answers of HTTP/1.1 off one connection, and takes nothing that could be read in two ways.
 * https://www.rfc-editor.org/rfc/rfc9112
 */
export class AnswerReader {
  private buffer = new Uint8Array(FIRST_BYTES);
  private start = 0;
  private end = 0;
  private headBytesLeft = MOST_HEAD_BYTES;

  constructor(private readonly source: ByteSource) {}

  /** Waits for the first byte of an answer; rejects with `NoAnswer` where none comes any more. */
  async begun(): Promise<void> {
    // What the last one needed may have been much.
    if (this.buffer.length > FIRST_BYTES) this.buffer = new Uint8Array(FIRST_BYTES);
    await this.fill(1);
  }

  /** Rejects with `NoAnswer`, and with what the connection itself has against it. */
  async read(): Promise<Answer> {
    this.headBytesLeft = MOST_HEAD_BYTES;
    let head = this.takenHead() ?? await this.head();
    // What comes early says nothing of what was asked, unless it is of another protocol, which nobody asked for.
    while (head.status < 200 && head.status !== SWITCHED) head = await this.head();
    const { status, headers } = head;
    if (status === SWITCHED) throw new NoAnswer("It was answered in another protocol");
    const length = lengthIn(head);
    const isHere = typeof length === "number" && length <= this.end - this.start;
    const body = isHere ? this.taken(length) : await this.body(length);
    const response = new Response(isBodiless(status) ? null : body, { status });
    for (const [name, value] of headers) response.headers.append(name, value);
    const goesOn = head.keepsAlive && length !== "until the end" && this.start === this.end;
    return { response, goesOn };
  }

  private async head(): Promise<Head> {
    for (let seen = 0;;) {
      const head = this.takenHead(seen);
      if (head) return head;
      const held = this.end - this.start;
      await this.fill(held + 1);
      // The end may have come in two parts.
      seen = Math.max(0, held - 3);
    }
  }

  /** Undefined until it is there as a whole. It does not end within the first `seen` bytes. */
  private takenHead(seen = 0): Head | undefined {
    const { buffer, start, end } = this;
    const most = Math.min(end, start + this.headBytesLeft);
    for (let at = start + seen; at + 3 < most; at++) {
      const isEnd = buffer[at] === CR && buffer[at + 1] === LF && buffer[at + 2] === CR &&
        buffer[at + 3] === LF;
      if (!isEnd) continue;
      this.headBytesLeft -= at + 4 - start;
      return parseHead(letters(this.taken(at + 4 - start)));
    }
    if (end - start >= this.headBytesLeft) throw new NoAnswer("Its head is too long");
    return undefined;
  }

  private async body(length: Length): Promise<Uint8Array<ArrayBuffer>> {
    if (length === "chunks") return await readChunks(this);
    if (length === "until the end") return await this.rest();
    return await this.bytes(length);
  }

  private async rest(): Promise<Uint8Array<ArrayBuffer>> {
    while (await this.more()) {
      if (this.end - this.start > MOST_BODY_BYTES) throw new NoAnswer(TOO_LONG);
    }
    return this.taken(this.end - this.start);
  }

  async bytes(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length > MOST_BODY_BYTES) throw new NoAnswer(TOO_LONG);
    await this.fill(length);
    return this.taken(length);
  }

  private taken(length: number): Uint8Array<ArrayBuffer> {
    this.start += length;
    return this.buffer.slice(this.start - length, this.start);
  }

  /** Has so many bytes there. */
  private async fill(length: number): Promise<void> {
    while (this.end - this.start < length) {
      if (!await this.more(length)) throw new NoAnswer("The connection ended before the answer did");
    }
  }

  /** False at the end. `room`: for how many bytes in all there is to be room. */
  private async more(room = this.end - this.start + 1): Promise<boolean> {
    this.makeRoom(room);
    const count = await this.source(this.buffer.subarray(this.end));
    this.end += count ?? 0;
    return count !== null;
  }

  private makeRoom(room: number): void {
    const held = this.buffer.subarray(this.start, this.end);
    if (held.length > 0 && this.start + room <= this.buffer.length && this.end < this.buffer.length) return;
    const size = Math.max(room, held.length === this.buffer.length ? 2 * held.length : 0);
    if (size > this.buffer.length) this.buffer = new Uint8Array(size);
    this.buffer.set(held);
    [this.start, this.end] = [0, held.length];
  }
}

interface Head {
  readonly status: number;
  /** Names are in small letters. */
  readonly headers: readonly Header[];
  readonly keepsAlive: boolean;
}

type Header = readonly [name: string, value: string];

type Length = number | "chunks" | "until the end";

/** Of these even the length is about another answer. */
function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** A letter for each byte, as headers have them. */
function letters(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return /^[\0-\x7f]*$/.test(text) ? text : String.fromCharCode(...bytes);
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.slice(0, -4).split("\r\n");
  const [, minor, status] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/.exec(first) ?? [];
  if (status === undefined) throw new NoAnswer("What came is not HTTP/1.1");
  const headers = lines.map((line): Header => {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([^\r\n\0]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new NoAnswer("A header of it cannot be read");
    return [name.toLowerCase(), value];
  });
  const connection = valueOf(headers, "connection")?.toLowerCase() ?? "";
  return { status: Number(status), headers, keepsAlive: minor === "1" && !connection.includes("close") };
}

function lengthIn({ status, headers }: Head): Length {
  const [length, coding] = [valueOf(headers, "content-length"), valueOf(headers, "transfer-encoding")];
  if (isBodiless(status)) return 0;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked" || length !== undefined) throw new NoAnswer(UNCLEAR);
    return "chunks";
  }
  if (length === undefined) return "until the end";
  if (!/^\d{1,15}$/.test(length)) throw new NoAnswer(UNCLEAR);
  return Number(length);
}

/** Where it is said several times, all that is said. */
function valueOf(headers: readonly Header[], wanted: string): string | undefined {
  const values = headers.filter(([name]) => name === wanted);
  return values.length === 0 ? undefined : values.map(([, value]) => value.replace(/[\t ]+$/, "")).join();
}

const UNCLEAR = "Where it ends is not clear";
