import { NoAnswer } from "./socket.ts";

const encoder = new TextEncoder();

/** Telegram hands over no file beyond 20 MB. */
export const MOST_BODY_BYTES = 32 * 1024 * 1024;
export const TOO_LONG = "It is too long";
const MOST_LINE_BYTES = 32 * 1024;
/** As much a chunk takes at least, however little it brings. */
const LEAST_BYTES = 256;

/** A body of unknown length, as HTTP/1.1 sends it. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
export class ChunkedBody {
  private readonly source: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private isOver = false;

  constructor(body: BodyInit) {
    this.source = new Response(body).body?.getReader();
  }

  /** Undefined after the last piece. Rejects with what the source has against it. */
  async next(): Promise<Uint8Array | undefined> {
    while (!this.isOver) {
      const { value } = await this.source?.read() ?? {};
      if (!value) {
        this.isOver = true;
        return encoder.encode("0\r\n\r\n");
      }
      // One of no length would be the last.
      if (value.length === 0) continue;
      return joined([encoder.encode(`${value.length.toString(16)}\r\n`), value, encoder.encode("\r\n")]);
    }
    return undefined;
  }

  /** Not waited for: whoever is stuck with the next piece may be stuck with this as well. */
  cancel(reason?: unknown): void {
    this.source?.cancel(reason).catch(() => {});
  }
}

/** What an answer in chunks is read by. */
interface ByteSupply {
  /** So many. */
  bytes(length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The body of an answer. Rejects with `NoAnswer` where it is none, or too long. */
export async function readChunks(source: ByteSupply): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let left = MOST_BODY_BYTES;
  while (true) {
    const size = /^([\da-f]{1,8})[\t ]*(?:;.*)?$/i.exec(await lineOf(source))?.[1];
    if (size === undefined) throw new NoAnswer("A chunk of it has no size");
    const length = parseInt(size, 16);
    if (length === 0) break;
    if ((left -= Math.max(length, LEAST_BYTES)) < 0) throw new NoAnswer(TOO_LONG);
    parts.push(await source.bytes(length));
    if (await lineOf(source) !== "") throw new NoAnswer("A chunk of it is longer than it says");
  }
  // Headers that come last say nothing that is looked at.
  while (await lineOf(source) !== "") if ((left -= LEAST_BYTES) < 0) throw new NoAnswer(TOO_LONG);
  return joined(parts);
}

async function lineOf(source: ByteSupply): Promise<string> {
  let line = "";
  while (!line.endsWith("\r\n")) {
    if (line.length > MOST_LINE_BYTES) throw new NoAnswer("A line of it is too long");
    line += String.fromCharCode(...await source.bytes(1));
  }
  return line.slice(0, -2);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
