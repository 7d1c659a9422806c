/** Calls whose answer comes early, whose body does not come, or whose connection cannot be made in time. */
import assert from "node:assert/strict";
import { SocketClient } from "../../bot/telegram/socket_client.ts";
import { endOfTurn } from "../../clients/clock.ts";
import { rawOk, serveRaw } from "../clients/raw_server.ts";
import { createFakeClock } from "../clock.ts";
import { eventually } from "../eventually.ts";

const BODY = '{"ok":false,"error_code":413}';
const TOO_LARGE = `HTTP/1.1 413 Too Large\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const GIVEN_UP = new Error("given up");

/** More than any two sockets hold between them. */
const LARGE = "x".repeat(50_000_000);

interface EarlyServer extends AsyncDisposable {
  readonly url: string;
  readonly connections: number;
}

/** Answers so as soon as the first of a request is there, whatever of it is still to come. */
function serveEarly(text: string, then: "hangs up" | "reads no more"): EarlyServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.TcpConn[] = [];
  let connections = 0;
  async function accept(): Promise<void> {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(64));
      await connection.write(new TextEncoder().encode(text));
      if (then === "hangs up") connection.close();
      else open.push(connection);
    }
  }
  const accepting = accept();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/bot7:token/sendDocument`,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      await accepting;
    },
  };
}

interface Source {
  readonly body: ReadableStream<Uint8Array>;
  /** Why it was cancelled; undefined until it was. */
  readonly cancelled: { readonly reason: unknown } | undefined;
}

/** A body of which more comes as `pull` says. */
function sourceOf(pull: (to: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>): Source {
  let cancelled: Source["cancelled"];
  const body = new ReadableStream<Uint8Array>({ pull, cancel: (reason) => void (cancelled = { reason }) });
  return {
    body,
    get cancelled() {
      return cancelled;
    },
  };
}

const endless = () => sourceOf((to) => to.enqueue(new Uint8Array(65_536)));
const stuck = () => sourceOf(() => new Promise(() => {}));

/** In the place of Deno's sockets, made as `connect` says. */
function replacedConnect(connect: () => Promise<FakeSocket>): Disposable {
  const before = Deno.connect;
  const replace = (value: unknown) => Object.defineProperty(Deno, "connect", { value, configurable: true });
  replace(connect);
  return { [Symbol.dispose]: () => replace(before) };
}

interface FakeSocket {
  setNoDelay(): void;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

function fakeSocket(parts: Partial<FakeSocket> = {}): FakeSocket {
  const silent = () => new Promise<never>(() => {});
  return { setNoDelay() {}, close() {}, read: silent, write: silent, ...parts };
}

async function outcomeOf(call: Promise<Response>): Promise<string> {
  const response = await call;
  return `${response.status} ${await response.text()}`;
}

Deno.test.each(
  [
    ["text", "hangs up"],
    ["text", "reads no more"],
    ["pieces", "hangs up"],
    ["pieces", "reads no more"],
  ] as const,
)("an answer amid a body in %s is taken from a server that then %s", async (form, then) => {
  await using server = serveEarly(TOO_LARGE, then);
  const client = new SocketClient(createFakeClock());
  const source = endless();
  const body = form === "text" ? LARGE : source.body;
  for (let call = 1; call <= 2; call++) {
    const next = call === 1 ? body : LARGE;
    assert.equal(await outcomeOf(client.fetch(server.url, { method: "POST", body: next })), `413 ${BODY}`);
    assert.equal(server.connections, call, "none is used again");
  }
  assert.equal(source.cancelled !== undefined, form === "pieces");
});

Deno.test("an answer is taken though the rest of the body does not come, and the rest is done without", async () => {
  await using server = serveEarly(TOO_LARGE, "reads no more");
  const client = new SocketClient(createFakeClock());
  const source = stuck();
  assert.equal(
    await outcomeOf(client.fetch(server.url, { method: "POST", body: source.body })),
    `413 ${BODY}`,
  );
  assert.ok(source.cancelled);
});

Deno.test.each(["text", "pieces"])(
  "an answer that comes after %s could not be written is taken",
  async (form) => {
    let hasFailed = false;
    const socket = fakeSocket({
      write() {
        hasFailed = true;
        return Promise.reject(new Error("Broken pipe"));
      },
      async read(into) {
        await eventually(() => hasFailed, "the failure");
        await endOfTurn();
        return new TextEncoder().encodeInto(TOO_LARGE, into).written;
      },
    });
    using _ = replacedConnect(() => Promise.resolve(socket));
    const client = new SocketClient(createFakeClock());
    const source = endless();
    const body = form === "text" ? "{}" : source.body;
    const call = client.fetch("http://127.0.0.1/x", { method: "POST", body });
    assert.equal(await outcomeOf(call), `413 ${BODY}`);
    assert.equal(source.cancelled !== undefined, form === "pieces");
  },
);

Deno.test("where no answer comes after a failure of writing, that is what went wrong", async () => {
  const socket = fakeSocket({
    write: () => Promise.reject(new Error("Broken pipe")),
    read: () => Promise.resolve(null),
  });
  using _ = replacedConnect(() => Promise.resolve(socket));
  const client = new SocketClient(createFakeClock());
  await assert.rejects(client.fetch("http://127.0.0.1/x", { method: "POST", body: "{}" }), /Broken pipe/);
});

Deno.test("a source that fails ends the call, though no answer comes", async () => {
  const socket = fakeSocket({ write: (bytes) => Promise.resolve(bytes.length) });
  using _ = replacedConnect(() => Promise.resolve(socket));
  const client = new SocketClient(createFakeClock());
  let pieces = 0;
  const { body } = sourceOf((to) =>
    ++pieces < 3 ? to.enqueue(new Uint8Array(9)) : to.error(new Error("no more"))
  );
  await assert.rejects(client.fetch("http://127.0.0.1/x", { method: "POST", body }), /no more/);
});

Deno.test("a call whose body does not come ends when it is given up, and its source with it", async () => {
  await using server = serveEarly("", "reads no more");
  const client = new SocketClient(createFakeClock());
  const given = new AbortController();
  const source = stuck();
  const call = client.fetch(server.url, { method: "POST", body: source.body, signal: given.signal });
  await eventually(() => server.connections === 1, "the connection");
  given.abort(GIVEN_UP);
  await assert.rejects(call, GIVEN_UP);
  assert.deepEqual(source.cancelled, { reason: GIVEN_UP });
});

Deno.test("the source of a call that was given up before it began is cancelled", async () => {
  await using server = serveRaw(() => rawOk());
  const client = new SocketClient(createFakeClock());
  const source = stuck();
  const signal = AbortSignal.abort(GIVEN_UP);
  const call = client.fetch(server.url, { method: "POST", body: source.body, signal });
  await assert.rejects(call, GIVEN_UP);
  assert.deepEqual(source.cancelled, { reason: GIVEN_UP });
  assert.equal(server.connections, 0);
});

Deno.test("a connection that is made after the call was given up is closed", async () => {
  const made = Promise.withResolvers<FakeSocket>();
  using _ = replacedConnect(() => made.promise);
  const client = new SocketClient(createFakeClock());
  const given = new AbortController();
  const call = client.fetch("http://127.0.0.1/x", { signal: given.signal });
  given.abort(GIVEN_UP);
  await assert.rejects(call, GIVEN_UP);
  const closed = Promise.withResolvers<void>();
  made.resolve(fakeSocket({ close: closed.resolve }));
  await closed.promise;
});

Deno.test("a connection that cannot be made after the call was given up troubles nobody", async () => {
  const made = Promise.withResolvers<FakeSocket>();
  using _ = replacedConnect(() => made.promise);
  const client = new SocketClient(createFakeClock());
  const given = new AbortController();
  const call = client.fetch("http://127.0.0.1/x", { signal: given.signal });
  given.abort(GIVEN_UP);
  await assert.rejects(call, GIVEN_UP);
  made.reject(new Error("refused"));
  await endOfTurn();
});

Deno.test.each<[string, RequestInit]>([
  ["a header with a new line", { headers: { x: "a\r\ny: b" } }],
  ["a header with a line feed", { headers: { x: "a\nb" } }],
  ["a header with a carriage return", { headers: [["x", "a\rb"]] }],
  ["a header with a zero", { headers: { x: "a\0b" } }],
  ["a header whose name has a new line", { headers: { "x: a\r\ny": "b" } }],
  ["a method with a new line", { method: "GET / HTTP/1.1\r\nx: y\r\n\r\nPOST" }],
  ["a method with a zero", { method: "GE\0T" }],
])("%s is refused before anything is sent", async (_, init) => {
  await using server = serveRaw(() => rawOk());
  const client = new SocketClient(createFakeClock());
  const { url } = server;
  await assert.rejects(client.fetch(`${url}/bot7:token/getMe`, init), (error) => {
    assert.ok(error instanceof TypeError);
    assert.doesNotMatch(error.message, /token/);
    return true;
  });
  client.close();
  assert.equal(server.connections, 0);
});
