/** A server below HTTP: what it reads and when it hangs up is up to the test. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
  /** First lines of all requests read, in order, over all connections. */
  readonly requests: readonly string[];
  /** Connections made so far. */
  readonly connections: number;
  /** Of these, those that have not ended. */
  readonly open: number;
}

/** Answers a request, given its number (from 1) over all connections; undefined hangs up without a word. */
export type RawAnswer = (number: number) => { text: string; close: boolean } | undefined;

export function serveRaw(answer: RawAnswer): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  const open = new Set<Deno.TcpConn>();
  const work: Promise<void>[] = [];
  let connections = 0;

  async function accept(): Promise<void> {
    for await (const connection of listener) {
      connections++;
      open.add(connection);
      work.push(talk(connection).catch(() => {}).finally(() => hangUp(connection)));
    }
  }

  async function talk(connection: Deno.TcpConn): Promise<void> {
    for (let text = await readRequest(connection); text; text = await readRequest(connection)) {
      requests.push(text.split("\r\n", 1)[0] ?? "");
      const reply = answer(requests.length);
      if (!reply) return;
      await connection.write(new TextEncoder().encode(reply.text));
      if (reply.close) return;
    }
  }

  function hangUp(connection: Deno.TcpConn): void {
    if (open.delete(connection)) connection.close();
  }

  const accepting = accept();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return open.size;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      open.forEach(hangUp);
      await accepting;
      await Promise.all(work);
    },
  };
}

/** The head and as much body as `content-length` says; empty when the other side has gone. */
async function readRequest(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let text = "";
  while (!isWhole(text)) {
    const count = await connection.read(buffer);
    if (count === null) return "";
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

function isWhole(text: string): boolean {
  const [head, body] = text.split("\r\n\r\n", 2);
  const length = Number(/^content-length: (\d+)/im.exec(head ?? "")?.[1] ?? 0);
  return body !== undefined && body.length >= length;
}

export function rawOk({ close = false } = {}): { text: string; close: boolean } {
  const body = '{"ok":true}';
  const text =
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  return { text, close };
}
