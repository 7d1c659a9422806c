/**
 * Posts updates to a webhook over keep-alive connections, one request at a time on each, for so many seconds; prints
 * a `Load` as JSON. A process of its own, so that it shares no event loop with what it measures.
 */
import { quantile } from "./figures.ts";
import { SECRET, talk } from "./update.ts";

export interface Load {
  readonly requests: number;
  /** Answers other than 200. */
  readonly refused: number;
  readonly seconds: number;
  /** Latencies in ms. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** Of the first update; no two updates of a server may share an id. */
  readonly firstId: number;
}

const encoder = new TextEncoder();
/** Bigger than any answer that is expected here. */
const MOST_ANSWER_BYTES = 4096;
const PLACEHOLDER_ID = 1_000_000_000;
const ID_DIGITS = 10;

export async function load(options: LoadOptions): Promise<Load> {
  const latencies: number[] = [];
  let nextId = options.firstId;
  let refused = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1000;

  async function drive(connection: Deno.Conn): Promise<void> {
    const requestOf = createRequest(options.path);
    const answer = new Uint8Array(MOST_ANSWER_BYTES);
    for (let sentAt = performance.now(); sentAt < endsAt; sentAt = performance.now()) {
      await connection.write(requestOf(nextId++));
      const length = await connection.read(answer);
      if (length === null) throw new Error("The server closed a connection that should be kept");
      if (!isOk(answer)) refused++;
      latencies.push(performance.now() - sentAt);
    }
    connection.close();
  }

  const connections = await Promise.all(
    Array.from(
      { length: options.connections },
      () => Deno.connect({ hostname: "127.0.0.1", port: options.port }),
    ),
  );
  await Promise.all(connections.map(drive));
  return {
    requests: latencies.length,
    refused,
    seconds: (performance.now() - startedAt) / 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

/**
 * Headers and body in one piece, as from a client that writes once. Only the update's id differs from request to
 * request, so each connection overwrites its digits in place: the generator must be faster than what it measures.
 */
function createRequest(path: string): (updateId: number) => Uint8Array {
  const body = talk(PLACEHOLDER_ID);
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
    `x-telegram-bot-api-secret-token: ${SECRET}\r\ncontent-length: ${body.length}\r\n\r\n`;
  const bytes = encoder.encode(head + body);
  const at = (head + body).indexOf(String(PLACEHOLDER_ID));
  return (updateId) => {
    let left = updateId;
    for (let digit = ID_DIGITS - 1; digit >= 0; digit--) {
      bytes[at + digit] = 0x30 + left % 10;
      left = Math.floor(left / 10);
    }
    return bytes;
  };
}

/** "HTTP/1.1 200": the answers are small enough to come in one piece, so the first line is there. */
function isOk(answer: Uint8Array): boolean {
  return answer[9] === 0x32 && answer[10] === 0x30 && answer[11] === 0x30;
}

if (import.meta.main) {
  const options = JSON.parse(Deno.args[0] ?? "{}") as LoadOptions;
  await Deno.stdout.write(encoder.encode(JSON.stringify(await load(options))));
}
