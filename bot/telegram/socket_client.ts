import { type Clock, endOfTurn } from "../../clients/clock.ts";
import { chunked, connectTls, type Socket } from "./socket.ts";

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

const MOST_HEAD_BYTES = 32 * 1024;
/** Telegram hands over no file beyond 20 MB. */
const MOST_BODY_BYTES = 32 * 1024 * 1024;
/** As much a chunk takes at least, however little it brings. */
const LEAST_BYTES = 256;
/** For most answers. */
const FIRST_BYTES = 4 * 1024;
const [CR, LF] = [13, 10];

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
    const newest = this.kept.get(url.origin)?.at(-1);
    // Whether a connection has ended while nobody looked is known after this.
    if (newest && this.msSince(newest.restsSince) >= LONG_MS) await endOfTurn();
    const connection = this.taken(url.origin) ?? await Connection.open(url, signal ?? undefined);
    const stop = () => connection.close();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      signal?.throwIfAborted();
      await connection.send(head, body);
      const { response, goesOn } = await connection.answer();
      signal?.throwIfAborted();
      if (goesOn) this.keep(url.origin, connection);
      else connection.close();
      return response;
    } catch (error) {
      connection.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
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

  private constructor(private readonly socket: Socket) {
    this.reader = new AnswerReader((into) => socket.read(into));
  }

  /** Rejects with the signal's reason when it aborts first. */
  static async open({ protocol, hostname, port }: URL, signal?: AbortSignal): Promise<Connection> {
    const name = hostname.replace(/^\[|\]$/g, "");
    if (protocol === "https:") return new Connection(await connectTls(name, Number(port || 443), signal));
    const address = { hostname: name, port: Number(port || 80) };
    const socket = await Deno.connect(signal ? { ...address, signal } : address);
    socket.setNoDelay();
    return new Connection(socket);
  }

  send(head: string, body: BodyInit | null): Promise<void> {
    this.isResting = false;
    if (body === null) return this.write(encoder.encode(`${head}\r\n`));
    if (typeof body === "string") return this.write(inOnePiece(head, encoder.encode(body)));
    return this.sendInPieces(head, body);
  }

  private async sendInPieces(head: string, body: BodyInit): Promise<void> {
    await this.write(encoder.encode(`${head}transfer-encoding: chunked\r\n\r\n`));
    for await (const piece of chunked(body)) await this.write(piece);
  }

  async answer(): Promise<Answer> {
    await this.next;
    this.next = undefined;
    return await this.reader.read();
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

  private async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.socket.write(at === 0 ? bytes : bytes.subarray(at));
  }
}

function inOnePiece(head: string, body: Uint8Array): Uint8Array {
  return joined([encoder.encode(`${head}content-length: ${body.length}\r\n\r\n`), body]);
}

export type ByteSource = Socket["read"];

/** The other side has not sent an answer, or has sent something else. */
class NoAnswer extends Error {
  override name = "NoAnswer";
}

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

  constructor(private readonly source: ByteSource) {}

  /** Waits for the first byte of an answer; rejects with `NoAnswer` where none comes any more. */
  async begun(): Promise<void> {
    // What the last one needed may have been much.
    if (this.buffer.length > FIRST_BYTES) this.buffer = new Uint8Array(FIRST_BYTES);
    await this.fill(1);
  }

  /** Rejects with `NoAnswer`, and with what the connection itself has against it. */
  async read(): Promise<Answer> {
    let head = this.takenHead() ?? await this.head();
    // What comes early says nothing of what was asked. Nobody asked for leave to go on, or for another protocol.
    while (head.status === 102 || head.status === 103) head = await this.head();
    const { status, headers } = head;
    if (status < 200) throw new NoAnswer(`It was answered ${status} to what nobody asked for`);
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
    const most = Math.min(end, start + MOST_HEAD_BYTES);
    for (let at = start + seen; at + 3 < most; at++) {
      const isEnd = buffer[at] === CR && buffer[at + 1] === LF && buffer[at + 2] === CR &&
        buffer[at + 3] === LF;
      if (isEnd) return parseHead(letters(this.taken(at + 4 - start)));
    }
    if (end - start >= MOST_HEAD_BYTES) throw new NoAnswer("Its head is too long");
    return undefined;
  }

  private async body(length: Length): Promise<Uint8Array<ArrayBuffer>> {
    if (length === "chunks") return await this.chunks();
    if (length === "until the end") return await this.rest();
    return await this.bytes(length);
  }

  private async chunks(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let left = MOST_BODY_BYTES;
    while (true) {
      const size = /^([\da-f]{1,8})[\t ]*(?:;.*)?$/i.exec(await this.line())?.[1];
      if (size === undefined) throw new NoAnswer("A chunk of it has no size");
      const length = parseInt(size, 16);
      if (length === 0) break;
      if ((left -= Math.max(length, LEAST_BYTES)) < 0) throw new NoAnswer(TOO_LONG);
      parts.push(await this.bytes(length));
      if (await this.line() !== "") throw new NoAnswer("A chunk of it is longer than it says");
    }
    // Headers that come last say nothing that is looked at.
    while (await this.line() !== "") if ((left -= LEAST_BYTES) < 0) throw new NoAnswer(TOO_LONG);
    return joined(parts);
  }

  private async rest(): Promise<Uint8Array<ArrayBuffer>> {
    while (await this.more()) {
      if (this.end - this.start > MOST_BODY_BYTES) throw new NoAnswer(TOO_LONG);
    }
    return this.taken(this.end - this.start);
  }

  private async line(): Promise<string> {
    for (let at = this.start;; at++) {
      if (at - this.start > MOST_HEAD_BYTES) throw new NoAnswer("A line of it is too long");
      const held = at - this.start;
      if (at + 1 >= this.end) {
        await this.fill(held + 2);
        at = this.start + held;
      }
      if (this.buffer[at] !== CR || this.buffer[at + 1] !== LF) continue;
      const text = decoder.decode(this.taken(held));
      this.start += 2;
      return text;
    }
  }

  private async bytes(length: number): Promise<Uint8Array<ArrayBuffer>> {
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

const TOO_LONG = "It is too long";

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
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
