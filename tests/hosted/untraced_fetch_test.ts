/** What Telegram, or whoever stands before it, may answer to the client that makes no traces. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { untracedFetch } from "../../bot/hosted.ts";
import { type RawAnswer, rawOk, type RawServer, serveRaw } from "../clients/raw_server.ts";
import { run } from "../deploy/process.ts";
import { createChance, freshSeed } from "../faults/chance.ts";

// The client's own clock ticks on for a second.
Deno.test.sanitizer({ ops: false, resources: false });

/** A server that answers so, and a client whose connections end with the test. */
async function openTalk(answer: RawAnswer): Promise<
  AsyncDisposable & { readonly server: RawServer; post(signal?: AbortSignal): Promise<string> }
> {
  setGlobalDispatcher(new Agent());
  const untraced = await untracedFetch();
  const server = serveRaw(answer);
  return {
    server,
    async post(signal) {
      const url = `${server.url}/bot7:token/sendMessage`;
      const response = await untraced(url, { method: "POST", body: "{}", ...(signal ? { signal } : {}) });
      return `${response.status} ${await response.text()}`;
    },
    async [Symbol.asyncDispose]() {
      await getGlobalDispatcher().destroy();
      await server[Symbol.asyncDispose]();
    },
  };
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
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["another version", `${head("HTTP/9.9 200 OK", "content-length: 11")}${BODY}`],
  ["leave to go on, which nobody asked for", head("HTTP/1.1 100 Continue") + OK],
  ["a switch of protocols", head("HTTP/1.1 101 Switching Protocols", "upgrade: x", "connection: upgrade")],
  [
    "a header with a line of its own",
    `${head("HTTP/1.1 200 OK", "x: a\rb: c", "content-length: 11")}${BODY}`,
  ],
])("an answer that is %s is no answer, and the next call goes on", async (_, text) => {
  await using talk = await openTalk((number) => number === 1 ? { text, close: true } : rawOk());
  await assert.rejects(talk.post());
  assert.equal(await talk.post(), `200 ${BODY}`);
  assert.equal(talk.server.requests.length, 2, "nothing was sent twice");
});

Deno.test("an answer after early ones is taken", async () => {
  const early = head("HTTP/1.1 102 Processing") + head("HTTP/1.1 103 Early Hints", "link: </x>");
  await using talk = await openTalk(() => ({ text: early + OK, close: false }));
  assert.equal(await talk.post(), `200 ${BODY}`);
});

Deno.test.each<[string, string]>([
  ["before the answer", ""],
  ["in its head", "HTTP/1.1 200 OK\r\n"],
  ["in its body", `${head("HTTP/1.1 200 OK", "content-length: 100")}${BODY}`],
  ["between two chunks", `${chunked}b\r\n${BODY}\r\n`],
])("a server that stops %s is given up when the caller gives up", async (_, text) => {
  const begun = Promise.withResolvers<void>();
  await using talk = await openTalk((number) => {
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
  await using talk = await openTalk((number) => ({ text: number === 1 ? OK + forged : OK, close: false }));
  const answers = [
    await talk.post(),
    await talk.post().catch(() => "none"),
    await talk.post().catch(() => "none"),
  ];
  assert.ok(answers.every((answer) => !answer.includes('no"')), answers.join());
  assert.equal(answers[0], `200 ${BODY}`);
});

Deno.test("nothing is sent a second time when a connection that was kept is cut", async () => {
  await using talk = await openTalk((number) => number === 2 ? undefined : rawOk());
  await talk.post();
  await assert.rejects(talk.post());
  assert.equal(talk.server.requests.length, 2);
});

Deno.test.each([301, 302, 303, 307, 308])("a %s leads nowhere", async (status) => {
  await using elsewhere = serveRaw(() => rawOk());
  const text = head(`HTTP/1.1 ${status} Moved`, `location: ${elsewhere.url}/`, "content-length: 0");
  await using talk = await openTalk(() => ({ text, close: false }));
  assert.equal(await talk.post(), `${status} `);
  assert.deepEqual(elsewhere.requests, []);
});

Deno.test("a server that shows a certificate for another name is sent nothing", async () => {
  const certificates = fileURLToPath(new URL("certificates/authority.pem", import.meta.url));
  const { output } = await run({
    command: Deno.execPath(),
    args: ["run", "-q", "--frozen", "-A", "tests/hosted/tls_entry.ts"],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    environment: { DENO_CERT: certificates },
  });
  assert.deepEqual(JSON.parse(output), {
    localhost: "taken",
    "elsewhere.example": "ERR_TLS_CERT_ALTNAME_INVALID",
  });
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
  await using talk = await openTalk(() => spoils ? { text: spoilt(), close: true } : rawOk());
  for (let round = 0; round < ROUNDS; round++) await talk.post().catch(() => {});
  spoils = false;
  assert.equal(await talk.post(), `200 ${BODY}`);
});
