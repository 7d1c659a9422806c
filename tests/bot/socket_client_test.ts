/** What Telegram, or whoever stands before it, may answer, and what becomes of the connection. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { AnswerReader, type ByteSource, SocketClient } from "../../bot/telegram/socket_client.ts";
import { createFakeClock } from "../clock.ts";
import { eventually } from "../eventually.ts";
import { endOfTurn } from "../../clients/clock.ts";
import { type RawAnswer, rawOk, type RawServer, serveRaw } from "../clients/raw_server.ts";
import { run } from "../deploy/process.ts";
import { createChance, freshSeed } from "../faults/chance.ts";

/** A server that answers so, and a client whose connections end with the test. */
function openTalk(answer: RawAnswer, clock = createFakeClock()): Talk {
  const client = new SocketClient(clock);
  const server = serveRaw(answer);
  return {
    server,
    client,
    async post(signal) {
      const url = `${server.url}/bot7:token/sendMessage`;
      const response = await client.fetch(url, { method: "POST", body: "{}", ...(signal ? { signal } : {}) });
      return `${response.status} ${await response.text()}`;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

interface Talk extends AsyncDisposable {
  readonly server: RawServer;
  readonly client: SocketClient;
  /** Resolves to the status and the body. */
  post(signal?: AbortSignal): Promise<string>;
}

const OK = rawOk().text;
const BODY = '{"ok":true}';
const head = (...lines: readonly string[]) => `${lines.join("\r\n")}\r\n\r\n`;
const chunked = head("HTTP/1.1 200 OK", "transfer-encoding: chunked");

Deno.test.each<[string, string]>([
  ["nothing", ""],
  ["half a head", "HTTP/1.1 200 OK\r\ncontent-le"],
  ["half a body", `${head("HTTP/1.1 200 OK", "content-length: 100")}${BODY}`],
  ["half a chunk", `${chunked}40\r\n${BODY}`],
  ["chunks without an end", `${chunked}b\r\n${BODY}\r\n`],
  ["two lengths", `${head("HTTP/1.1 200 OK", "content-length: 11", "content-length: 5")}${BODY}`],
  ["a length that is none", `${head("HTTP/1.1 200 OK", "content-length: eleven")}${BODY}`],
  ["a length below zero", `${head("HTTP/1.1 200 OK", "content-length: -11")}${BODY}`],
  ["a length beyond all", `${head("HTTP/1.1 200 OK", `content-length: ${"9".repeat(40)}`)}${BODY}`],
  [
    "a length and chunks",
    `${head("HTTP/1.1 200 OK", "content-length: 5", "transfer-encoding: chunked")}${BODY}`,
  ],
  ["chunks that are none", `${chunked}zz\r\n${BODY}\r\n0\r\n\r\n`],
  ["a chunk beyond all", `${chunked}${"f".repeat(40)}\r\n${BODY}\r\n0\r\n\r\n`],
  ["a huge header", head("HTTP/1.1 200 OK", `x: ${"x".repeat(1_000_000)}`, "content-length: 0")],
  ["many headers", head("HTTP/1.1 200 OK", ...Array.from({ length: 5_000 }, (_, at) => `x-${at}: ${at}`))],
  [
    "a header too long by a little",
    `${head("HTTP/1.1 200 OK", `x: ${"x".repeat(33_000)}`, "content-length: 11")}${BODY}`,
  ],
  ["one behind a byte order mark", `\ufeff${OK}`],
  ["chunks behind a byte order mark", `${chunked}\ufeffb\r\n${BODY}\r\n0\r\n\r\n`],
  ["a chunk and a byte order mark", `${chunked}b\r\n${BODY}\ufeff\r\n0\r\n\r\n`],
  ["chunks that end in a byte order mark", `${chunked}b\r\n${BODY}\r\n0\r\n\ufeff\r\n`],
  ["a length behind a vertical tab", `${head("HTTP/1.1 200 OK", "content-length: \x0b11")}${BODY}`],
  [
    "a coding behind a vertical tab",
    `${head("HTTP/1.1 200 OK", "transfer-encoding: \x0bchunked")}b\r\n${BODY}\r\n0\r\n\r\n`,
  ],
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["another version", `${head("HTTP/9.9 200 OK", "content-length: 11")}${BODY}`],
  ["a switch of protocols", head("HTTP/1.1 101 Switching Protocols", "upgrade: x", "connection: upgrade")],
  [
    "a header with a line of its own",
    `${head("HTTP/1.1 200 OK", "x: a\rb: c", "content-length: 11")}${BODY}`,
  ],
])("an answer that is %s is no answer, and the next call goes on", async (_, text) => {
  await using talk = openTalk((number) => number === 1 ? { text, close: true } : rawOk());
  await assert.rejects(talk.post());
  assert.equal(await talk.post(), `200 ${BODY}`);
  assert.equal(talk.server.requests.length, 2, "nothing was sent twice");
});

Deno.test.each([100, 102, 103, 199])("an answer after some of status %s is taken", async (status) => {
  const early = head(`HTTP/1.1 ${status} Not Yet`, "link: </x>").repeat(2);
  await using talk = openTalk(() => ({ text: early + OK, close: false }));
  for (let call = 0; call < 2; call++) assert.equal(await talk.post(), `200 ${BODY}`);
  assert.equal(talk.server.connections, 1);
});

Deno.test.each([100, 103])(
  "an answer that stays behind ever more of status %s is not waited for",
  async (status) => {
    const flood = new TextEncoder().encode(head(`HTTP/1.1 ${status} Not Yet`).repeat(2_000) + OK);
    await assert.rejects(new AnswerReader(inPieces(flood, [])).read(), /too long/);
  },
);

Deno.test.each<[string, string]>([
  ["before the answer", ""],
  ["in its head", "HTTP/1.1 200 OK\r\n"],
  ["in its body", `${head("HTTP/1.1 200 OK", "content-length: 100")}${BODY}`],
  ["between two chunks", `${chunked}b\r\n${BODY}\r\n`],
])("a server that stops %s is given up when the caller gives up", async (_, text) => {
  const begun = Promise.withResolvers<void>();
  await using talk = openTalk((number) => {
    begun.resolve();
    return number === 1 ? { text, close: false } : rawOk();
  });
  const given = new AbortController();
  const call = talk.post(given.signal);
  await begun.promise;
  given.abort();
  await assert.rejects(call);
  assert.equal(await talk.post(), `200 ${BODY}`);
});

Deno.test("an answer to nothing is not taken for the next one's", async () => {
  const forged = OK.replace(BODY, '{"no":true}');
  await using talk = openTalk((number) => ({ text: number === 1 ? OK + forged : OK, close: false }));
  const answers = [
    await talk.post(),
    await talk.post().catch(() => "none"),
    await talk.post().catch(() => "none"),
  ];
  assert.ok(answers.every((answer) => !answer.includes('no"')), answers.join());
  assert.equal(answers[0], `200 ${BODY}`);
});

Deno.test("nothing is sent a second time when a connection that was kept is cut", async () => {
  await using talk = openTalk((number) => number === 2 ? undefined : rawOk());
  await talk.post();
  await assert.rejects(talk.post());
  assert.equal(talk.server.requests.length, 2);
});

Deno.test.each([301, 302, 303, 307, 308])("a %s leads nowhere", async (status) => {
  await using elsewhere = serveRaw(() => rawOk());
  const text = head(`HTTP/1.1 ${status} Moved`, `location: ${elsewhere.url}/`, "content-length: 0");
  await using talk = openTalk(() => ({ text, close: false }));
  assert.equal(await talk.post(), `${status} `);
  assert.deepEqual(elsewhere.requests, []);
});

Deno.test("one connection carries call after call, until its answer says that it ends", async () => {
  await using talk = openTalk((number) => {
    const last = head("HTTP/1.1 200 OK", "connection: close", "content-length: 11") + BODY;
    return { text: number === 3 ? last : OK, close: number === 3 };
  });
  for (let call = 0; call < 3; call++) assert.equal(await talk.post(), `200 ${BODY}`);
  assert.equal(talk.server.connections, 1);
  assert.equal(await talk.post(), `200 ${BODY}`);
  assert.equal(talk.server.connections, 2);
});

Deno.test("a connection that the server ended while it was kept is replaced before anything is sent", async () => {
  await using talk = openTalk((number) => ({ text: OK, close: number === 1 }));
  await talk.post();
  // The client reads on: it learns of the end with the next event.
  await eventually(() => talk.server.open === 0, "connections to end");
  await endOfTurn();
  assert.equal(await talk.post(), `200 ${BODY}`);
});

Deno.test("a connection that has rested for half a minute is replaced: what is on the way may have dropped it", async () => {
  const clock = createFakeClock();
  await using talk = openTalk(() => rawOk(), clock);
  await Promise.all([talk.post(), talk.post()]);
  clock.advance(29_999);
  await talk.post();
  assert.equal(talk.server.connections, 2);
  clock.advance(30_000);
  await talk.post();
  assert.equal(talk.server.connections, 3);
  await eventually(() => talk.server.open === 1, "connections to end");
});

Deno.test.each(["now", "monotonic"] as const)("whichever clock says so: %s", async (which) => {
  let ms = 0;
  const clock = { ...createFakeClock(), [which]: () => ms };
  await using talk = openTalk(() => rawOk(), clock);
  await talk.post();
  ms += 30_000;
  await talk.post();
  assert.equal(talk.server.connections, 2);
});

Deno.test("a call that is given up as its answer arrives leaves nothing behind for the next", async () => {
  using wire = fakeWire();
  const client = new SocketClient(createFakeClock());
  const given = new AbortController();
  const first = client.fetch("http://127.0.0.1/one", { signal: given.signal });
  await eventually(() => wire.isRead, "the client to read");
  wire.answer(OK);
  given.abort(new Error("given up"));
  await assert.rejects(first, /given up/);
  const second = client.fetch("http://127.0.0.1/two");
  await eventually(() => wire.isRead, "the client to read");
  wire.answer(OK);
  assert.equal(await (await second).text(), BODY);
  assert.equal(wire.connections, 2);
});

/** In the place of Deno's sockets: here a test says between which two steps something arrives. */
function fakeWire() {
  const { connect } = Deno;
  let reading: { readonly into: Uint8Array; readonly resolve: (count: number) => void } | undefined;
  let connections = 0;
  const socket = () => {
    let isOpen = true;
    const check = () => {
      if (!isOpen) throw new Deno.errors.BadResource("It is closed");
    };
    return {
      setNoDelay() {},
      close: () => void (isOpen = false),
      async write(bytes: Uint8Array) {
        await endOfTurn();
        check();
        return bytes.length;
      },
      read(into: Uint8Array): Promise<number> {
        check();
        const { promise, resolve } = Promise.withResolvers<number>();
        reading = { into, resolve };
        return promise;
      },
    };
  };
  const replace = (value: unknown) => Object.defineProperty(Deno, "connect", { value, configurable: true });
  replace(() => {
    connections++;
    return Promise.resolve(socket());
  });
  return {
    get isRead() {
      return reading !== undefined;
    },
    get connections() {
      return connections;
    },
    answer(text: string) {
      const bytes = new TextEncoder().encode(text);
      reading?.into.set(bytes);
      reading?.resolve(bytes.length);
      reading = undefined;
    },
    [Symbol.dispose]: () => void replace(connect),
  };
}

Deno.test("a connection that ended while the process was busy is replaced before anything is sent", async () => {
  const clock = createFakeClock();
  await using talk = openTalk((number) => ({ text: OK, close: number === 1 }), clock);
  await talk.post();
  clock.advance(5);
  const busyUntil = performance.now() + 30;
  while (performance.now() < busyUntil);
  assert.equal(await talk.post(), `200 ${BODY}`);
});

Deno.test("a client that was closed keeps no connection", async () => {
  await using talk = openTalk(() => rawOk());
  await talk.post();
  talk.client.close();
  await eventually(() => talk.server.open === 0, "connections to end");
  await talk.post();
  await eventually(() => talk.server.open === 0, "connections to end");
});

Deno.test("a call that was given up before it began sends nothing", async () => {
  await using talk = openTalk(() => rawOk());
  await assert.rejects(talk.post(AbortSignal.abort(new Error("given up"))), /given up/);
  await talk.post();
  await assert.rejects(talk.post(AbortSignal.abort(new Error("given up"))), /given up/);
  assert.equal(talk.server.requests.length, 1);
});

Deno.test("what comes in pieces is sent in pieces, and its headers with it", async () => {
  const seen = Promise.withResolvers<{ readonly headers: Headers; readonly body: string }>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    seen.resolve({ headers: request.headers, body: await request.text() });
    return new Response("taken");
  });
  using client = closing(new SocketClient(createFakeClock()));
  const pieces = ["--cut\r\n", "", "é".repeat(70_000), "\r\n--cut--"];
  const answer = await client.fetch(`http://127.0.0.1:${server.addr.port}/upload?a=b`, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=cut", connection: "keep-alive" },
    body: ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece))),
  });
  assert.equal(await answer.text(), "taken");
  const { headers, body } = await seen.promise;
  assert.equal(body, pieces.join(""));
  assert.equal(headers.get("content-type"), "multipart/form-data; boundary=cut");
});

Deno.test("an upload whose source fails ends its connection", async () => {
  await using talk = openTalk(() => rawOk());
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("no more of it")) });
  await assert.rejects(talk.client.fetch(`${talk.server.url}/x`, { method: "POST", body }), /no more of it/);
  await eventually(() => talk.server.open === 0, "connections to end");
});

Deno.test.each<[string, string]>([
  ["of a length", `${head("HTTP/1.1 404 Not Found", "content-length: 11")}${BODY}`],
  [
    "in chunks",
    `${
      head("HTTP/1.1 404 ", "transfer-encoding: Chunked")
    }3;x=y\r\n{"o\r\n8\r\nk":true}\r\n0\r\nx: y\r\n\r\n`,
  ],
  ["up to the end", `${head("HTTP/1.0 404 Not Found", "x: y")}${BODY}`],
])("an answer %s is whole in whatever pieces it arrives", async (_, text) => {
  const bytes = new TextEncoder().encode(text);
  await fc.assert(fc.asyncProperty(fc.array(fc.nat({ max: bytes.length })), async (cuts) => {
    const { response } = await new AnswerReader(inPieces(bytes, cuts)).read();
    assert.equal(`${response.status} ${await response.text()}`, `404 ${BODY}`);
  }));
});

Deno.test.each<[string, string]>([
  ["says so", head("HTTP/1.1 200 OK", "content-length: 33554433")],
  ["comes in chunks", `${chunked}2000001\r\n`],
  ["comes in crumbs", chunked + "1\r\nx\r\n".repeat(150_000)],
  ["ends in more and more headers", `${chunked}0\r\n${"x: y\r\n".repeat(150_000)}`],
])("an answer of more than 32 MiB that %s is not waited for", async (_, text) => {
  await using talk = openTalk(() => ({ text, close: false }));
  await assert.rejects(talk.post(), /too long/);
});

Deno.test("a large file comes whole, and leaves its connection to the next call", async () => {
  const file = "x".repeat(3_000_000);
  await using talk = openTalk((number) => ({
    text: number === 1 ? head("HTTP/1.1 200 OK", `content-length: ${file.length}`) + file : OK,
    close: false,
  }));
  assert.equal(await talk.post(), `200 ${file}`);
  assert.equal(await talk.post(), `200 ${BODY}`);
  assert.equal(talk.server.connections, 1);
});

Deno.test("a header with letters beyond ASCII is taken, in whatever way they are written", async () => {
  const name = String.fromCharCode(...new TextEncoder().encode("Отчёт"));
  const text = `${head("HTTP/1.1 200 OK", `x: ${name}`, "content-length: 11")}${BODY}`;
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const { response } = await new AnswerReader(inPieces(bytes, [])).read();
  assert.equal(response.headers.get("x"), name);
  assert.equal(await response.text(), BODY);
});

Deno.test.each([204, 304])("a %s has no body", async (status) => {
  await using talk = openTalk((number) => ({
    text: number === 1 ? head(`HTTP/1.1 ${status} Nothing`, "content-length: 5") : OK,
    close: false,
  }));
  assert.equal(await talk.post(), `${status} `);
  assert.equal(await talk.post(), `200 ${BODY}`);
});

/** Reads `bytes` in pieces that end at the cuts. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): ByteSource {
  const ends = [...cuts, bytes.length].toSorted((one, other) => one - other);
  let at = 0;
  return (into) => {
    const end = ends.find((end) => end > at);
    if (end === undefined) return Promise.resolve(null);
    const piece = bytes.subarray(at, Math.min(end, at + into.length));
    into.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length);
  };
}

function closing(client: SocketClient): SocketClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

Deno.test({
  name:
    "a server that takes a connection and never answers the handshake costs no file once the call is given up",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = serveRaw(() => undefined);
    const client = new SocketClient(createFakeClock());
    const url = server.url.replace("http:", "https:");
    const files = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const before = files();
    for (let call = 0; call < 20; call++) {
      const given = new AbortController();
      const answer = client.fetch(url, { signal: given.signal });
      await eventually(() => server.connections === call + 1, "the connection");
      given.abort();
      await assert.rejects(answer);
    }
    await eventually(() => files() <= before + 5, "files to be closed");
  },
});

Deno.test("a server that shows a certificate for another name is sent nothing", async () => {
  const certificates = fileURLToPath(new URL("certificates/authority.pem", import.meta.url));
  const { output } = await run({
    command: Deno.execPath(),
    args: [
      "run",
      "-q",
      "--frozen",
      "--no-prompt",
      "--allow-net=localhost,127.0.0.1",
      "--allow-read=tests/bot/certificates",
      "tests/bot/tls_entry.ts",
    ],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    environment: { DENO_CERT: certificates },
  });
  const { localhost, ...others } = JSON.parse(output);
  assert.equal(localhost, "taken");
  assert.match(others["elsewhere.example"], /does not match certificate/);
});

const seed = freshSeed();
const ROUNDS = 300;

Deno.test(`of ${ROUNDS} answers that chance has spoilt none hangs or ends the process, seed ${seed}`, async () => {
  const chance = createChance(seed, "answers");
  const whole = [OK, `${chunked}b\r\n${BODY}\r\n0\r\n\r\n`, head("HTTP/1.1 100 Continue") + OK];
  const spoilt = () => {
    let text = chance.pick(whole);
    for (let times = chance.between(1, 4); times > 0; times--) {
      const [at, length] = [chance.between(0, text.length), chance.between(0, 6)];
      const put = String.fromCharCode(
        ...Array.from({ length: chance.between(0, 3) }, () => chance.between(0, 127)),
      );
      text = text.slice(0, at) + put + text.slice(at + length);
    }
    return text;
  };
  let spoils = true;
  await using talk = openTalk(() => spoils ? { text: spoilt(), close: true } : rawOk());
  for (let round = 0; round < ROUNDS; round++) await talk.post().catch(() => {});
  spoils = false;
  assert.equal(await talk.post(), `200 ${BODY}`);
});
