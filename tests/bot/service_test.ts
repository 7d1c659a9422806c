import assert from "node:assert/strict";
import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { SECRET_HEADER, secretCheck } from "../../bot/http.ts";
import { createFakeClock } from "../clock.ts";
import { openStore } from "../../bot/store/database.ts";
import { storeWith, testOnEach } from "../approvals/database.ts";
import { serve } from "../sandbox/serve.ts";
import {
  BEN,
  createRecordedLog,
  GROUP,
  openStage,
  SANDBOX_WEBHOOK_SECRET,
  type Stage,
} from "../sandbox/stage.ts";
import { createTelegram } from "../sandbox/telegram.ts";
import { pass, settled } from "./conversation.ts";
import { eventually, HANG_MS } from "../eventually.ts";
import { typed } from "./typed.ts";

const MIB = 1024 * 1024;

const LEAST = {
  ADMIN_CHATS: String(GROUP),
  TELEGRAM_WEBHOOK_SECRET: SANDBOX_WEBHOOK_SECRET,
  DATABASE_URL: "sqlite::memory:",
};

interface Posting {
  readonly body?: BodyInit;
  /** Null: no header at all. */
  readonly secret?: string | null;
}

async function post(
  stage: Stage,
  { body = "{}", secret = SANDBOX_WEBHOOK_SECRET }: Posting,
): Promise<number> {
  const response = await fetch(`${stage.url}/telegram`, {
    method: "POST",
    body,
    headers: secret === null ? {} : { [SECRET_HEADER]: secret },
  });
  assert.equal(await response.text(), "");
  return response.status;
}

function ping(updateId: number, padding = ""): string {
  return typed("/ping", updateId, padding);
}

async function readiness(stage: Stage): Promise<[number, string]> {
  const response = await fetch(`${stage.url}/readyz`);
  return [response.status, await response.text()];
}

async function kept(stage: Stage): Promise<number> {
  return (await stage.bot.store.db.selectFrom("inbox").select("update_id").execute()).length;
}

Deno.test("POST /telegram with anything but the whole secret is a 401, and nothing is kept", async () => {
  await using stage = await openStage();
  const right = SANDBOX_WEBHOOK_SECRET;
  const wrong = [
    null,
    "",
    "x",
    right.slice(0, -1),
    `${right}x`,
    right.toUpperCase(),
    `${right},`,
    `é${right}`,
  ];
  for (const secret of wrong.slice(0, -1)) {
    assert.equal(await post(stage, { body: ping(1), secret: secret ?? null }), 401, String(secret));
  }
  assert.equal(await kept(stage), 0);
  assert.equal(await post(stage, { body: ping(1) }), 200);
});

Deno.test("secretCheck takes any of several secrets and nothing else", () => {
  const isSecret = secretCheck(["a".repeat(32), "b".repeat(256)]);
  assert.deepEqual(
    ["a".repeat(32), "b".repeat(256), "", "a".repeat(31), "a".repeat(33), "b".repeat(257), "é".repeat(32)]
      .map(
        isSecret,
      ),
    [true, true, false, false, false, false, false],
  );
  assert.equal(secretCheck([])(""), false, "no secret lets nobody in");
});

Deno.test("POST /telegram without a secret in the configuration lets nobody in", async () => {
  await using stage = await openStage({
    polling: true,
    environment: { PUBLIC_URL: undefined, TELEGRAM_WEBHOOK_SECRET: undefined },
  });
  assert.deepEqual([await post(stage, { secret: "" }), await post(stage, { secret: null })], [401, 401]);
});

Deno.test("POST /telegram compares the secret before it reads the body", async () => {
  await using stage = await openStage();
  let reads = 0;
  const body = new ReadableStream({
    pull(controller) {
      reads++;
      controller.enqueue(new Uint8Array(1024));
    },
  }, { highWaterMark: 0 });
  const response = await stage.bot.app.request("/telegram", { method: "POST", body });
  assert.deepEqual([response.status, reads], [401, 0]);
});

Deno.test("POST /telegram takes both secrets while they rotate, and tells Telegram the first", async () => {
  const [fresh, old] = ["n".repeat(40), "o".repeat(40)];
  await using stage = await openStage({ environment: { TELEGRAM_WEBHOOK_SECRET: `${fresh}, ${old}` } });
  assert.equal(stage.telegram.calls("setWebhook")[0]?.parameters["secret_token"], fresh);
  assert.equal(await post(stage, { body: ping(1), secret: fresh }), 200);
  assert.equal(await post(stage, { body: ping(2), secret: old }), 200);
  assert.equal(await post(stage, { body: ping(3), secret: `${fresh}, ${old}` }), 401);
  await settled(stage);
});

Deno.test("POST /telegram takes 1 MiB and not a byte more, announced or not", async () => {
  await using stage = await openStage();
  const whole = ping(1, "x".repeat(MIB - ping(1).length));
  assert.equal(whole.length, MIB);
  assert.equal(await post(stage, { body: whole }), 200);
  assert.equal(await post(stage, { body: `${ping(2, "x".repeat(MIB - ping(2).length))} ` }), 413);
  const unannounced = new Blob([ping(3), " ".repeat(MIB)]).stream();
  const response = await stage.bot.app.request("/telegram", {
    method: "POST",
    body: unannounced,
    headers: { [SECRET_HEADER]: SANDBOX_WEBHOOK_SECRET },
  });
  assert.equal(response.status, 413);
  await settled(stage);
  assert.equal(await kept(stage), 1);
});

const malformed = [
  "",
  "{",
  "null",
  "[]",
  "true",
  '"update"',
  "{}",
  '{"update_id":"1"}',
  '{"update_id":-1}',
  '{"update_id":1.5}',
  '{"update_id":1e99}',
  '{"update_id":null,"message":{}}',
  "\u0000",
];

Deno.test("POST /telegram answers 400 to what is no update, and goes on", async () => {
  await using stage = await openStage();
  for (const body of malformed) assert.equal(await post(stage, { body }), 400, JSON.stringify(body));
  assert.equal(await kept(stage), 0);
  stage.telegram.say(BEN, GROUP, "/ping");
  await settled(stage);
  assert.match(stage.telegram.transcript(GROUP), /pong/);
});

Deno.test("POST /telegram keeps what it cannot understand, and answers nothing to it", async () => {
  await using stage = await openStage();
  const odd = [
    { update_id: 11 },
    { update_id: 12, message: "hello" },
    { update_id: 13, message: {} },
    { update_id: 14, message: { chat: {}, from: {}, text: 5 } },
    { update_id: 15, my_chat_member: {} },
    { update_id: 16, callback_query: { id: "1", from: { id: BEN }, data: { a: 1 } } },
    { update_id: 17, edited_message: { chat: { id: GROUP } } },
    { update_id: 18, message: { ...JSON.parse(ping(18)).message, text: { bold: "/ping" } } },
    { update_id: 19, message: { ...JSON.parse(ping(18)).message, chat: { id: 1e300, type: "group" } } },
  ];
  for (const update of odd) assert.equal(await post(stage, { body: JSON.stringify(update) }), 200);
  await settled(stage);
  const rows = await stage.bot.store.db.selectFrom("inbox").select("state").execute();
  assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(["done"]));
  assert.equal(stage.telegram.messages(GROUP).length, 0);
});

Deno.test("GET /telegram, and all that is not there, is a 404 with the security headers", async () => {
  await using stage = await openStage();
  for (
    const [path, method] of [
      ["/telegram", "GET"],
      ["/", "GET"],
      ["/healthz", "POST"],
      ["/x", "PUT"],
      ["/secret", "GET"],
      ["/form", "GET"],
      ["/form", "POST"],
    ] as const
  ) {
    const response = await fetch(`${stage.url}${path}`, { method });
    assert.deepEqual([response.status, await response.text()], [404, ""], path);
    checkHeaders(response.headers);
  }
});

Deno.test("POST /telegram answers with the headers of a page whoever is not let in, and Telegram with the least", async () => {
  await using stage = await openStage();
  const send = (secret: string) =>
    fetch(`${stage.url}/telegram`, { method: "POST", body: ping(1), headers: { [SECRET_HEADER]: secret } });
  const refused = await send("wrong");
  assert.deepEqual([refused.status, await refused.text()], [401, ""]);
  checkHeaders(refused.headers);
  const taken = await send(SANDBOX_WEBHOOK_SECRET);
  assert.deepEqual([taken.status, await taken.text()], [200, ""]);
  assert.equal(taken.headers.get("x-frame-options"), null);
  await settled(stage);
});

Deno.test("GET /healthz says alive", async () => {
  await using stage = await openStage();
  const response = await fetch(`${stage.url}/healthz`);
  assert.deepEqual([response.status, await response.text()], [200, "alive"]);
  checkHeaders(response.headers);
});

Deno.test("GET /readyz says ready until the worker stops", async () => {
  await using stage = await openStage();
  assert.deepEqual(await readiness(stage), [200, "ready"]);
  await stage.bot.stop(AbortSignal.abort());
  assert.deepEqual(await readiness(stage), [503, "not ready"]);
});

testOnEach(
  "GET /readyz says not ready while the store does not answer; /healthz stays alive",
  async (url) => {
    // With the bot's own patience: what waits for a connection when the pool ends is told only when that is over.
    await using stage = await openStage({ environment: { DATABASE_URL: url }, openStore });
    await stage.bot.store.db.destroy();
    assert.deepEqual(await readiness(stage), [503, "not ready"]);
    assert.equal(await post(stage, { body: ping(1) }), 503, "Telegram must send it again");
    assert.equal(await (await fetch(`${stage.url}/healthz`)).text(), "alive");
  },
);

Deno.test("GET /readyz looks at the disk at most once a second, however often it is asked", async () => {
  let looks = 0;
  await using stage = await openStage({
    async openStore(...where) {
      const store = await openStore(...where);
      return storeWith(store, {
        check() {
          looks++;
          return store.check();
        },
      });
    },
  });
  const begun = performance.now();
  for (let asked = 0; asked < 50; asked++) assert.deepEqual(await readiness(stage), [200, "ready"]);
  assert.ok(looks <= 1 + (performance.now() - begun) / 1000, `${looks} looks`);
});

Deno.test("GET /readyz says that Telegram refused the webhook, until it takes it", async () => {
  const telegram = createTelegram();
  await using served = serve((request) => telegram.app.fetch(request));
  telegram.faults.push({
    method: "setWebhook",
    status: 400,
    description: "Bad Request: bad webhook",
    times: 2,
  });
  await using stage = await openStage({ environment: { TELEGRAM_API_ROOT: served.url } });
  const [status, text] = await readiness(stage);
  assert.equal(status, 503);
  assert.match(
    text,
    /^not ready: Telegram refused the webhook \(Bad Request: bad webhook\)\. Check PUBLIC_URL/,
  );
  assert.match(await (await fetch(`${stage.url}/metrics`)).text(), /^countersign_updates_come_in 0$/m);
  const isReady = async () => {
    pass(stage, 30_000);
    return (await readiness(stage))[0] === 200;
  };
  await eventually(isReady, "the webhook to be taken");
  assert.equal(telegram.calls("setWebhook").length, 3);
  assert.match(await (await fetch(`${stage.url}/metrics`)).text(), /^countersign_updates_come_in 1$/m);
  await telegram[Symbol.asyncDispose]();
});

/** As somebody else who has the token. */
async function askTelegram(
  { telegram, telegramUrl }: Stage,
  method: "setWebhook" | "deleteWebhook",
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const response = await fetch(`${telegramUrl}/bot${telegram.token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  assert.equal((await response.json()).ok, true);
}

Deno.test("a webhook that somebody took away is set again within a minute", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  await askTelegram(stage, "deleteWebhook");
  telegram.say(BEN, GROUP, "/ping");
  assert.equal(telegram.calls("setWebhook").length, 1);
  pass(stage, 60_000);
  await telegram.until(() => telegram.last(GROUP), "the answer to what waited");
  assert.equal(telegram.calls("setWebhook").length, 2);
  assert.deepEqual(await readiness(stage), [200, "ready"]);
});

Deno.test("a webhook with another address is left alone, and GET /readyz says so until it is ours again", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  const [ours] = telegram.calls("setWebhook");
  await askTelegram(stage, "setWebhook", { url: "https://elsewhere.example/telegram" });
  pass(stage, 60_000);
  await eventually(async () => (await readiness(stage))[0] === 503, "the other address to be noticed");
  assert.match((await readiness(stage))[1], /^not ready: Telegram has another webhook address/);
  assert.equal(telegram.calls("setWebhook").length, 2, "nobody fights for it");
  await askTelegram(stage, "setWebhook", { ...ours?.parameters });
  pass(stage, 60_000);
  await eventually(async () => (await readiness(stage))[0] === 200, "it to be ours again");
});

Deno.test("GET /readyz and /doctor say that the token was revoked", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  telegram.faults.push({ method: "sendRichMessage", status: 401, description: "Unauthorized" });
  telegram.say(BEN, GROUP, "/ping");
  await eventually(async () => (await readiness(stage))[0] === 503, "the refusal to be known");
  assert.match((await readiness(stage))[1], /^not ready: Telegram no longer takes the bot's token/);
  pass(stage, 60_000);
  await settled(stage);
  assert.deepEqual(await readiness(stage), [200, "ready"], "what passes is over");
});

Deno.test("GET /readyz and /doctor say that another process fetches the updates", async () => {
  await using stage = await openStage({ polling: true });
  const { telegram } = stage;
  telegram.faults.push({ method: "getUpdates", status: 409, description: "Conflict", times: 1_000 });
  // Ends the one that waits.
  telegram.say(BEN, BEN, "/ping");
  await eventually(async () => (await readiness(stage))[0] === 503, "the conflict to be known");
  assert.match((await readiness(stage))[1], /^not ready: Another process fetches this bot's updates/);
  telegram.faults.clear();
  pass(stage, 1_001);
  telegram.say(BEN, BEN, "/ping");
  await eventually(async () => (await readiness(stage))[0] === 200, "the conflict to be over");
});

testOnEach("POST /telegram keeps an update once, however often it comes", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const statuses = await Promise.all(Array.from({ length: 20 }, () => post(stage, { body: ping(5) })));
  assert.deepEqual(new Set(statuses), new Set([200]));
  await settled(stage);
  assert.equal(await post(stage, { body: ping(5) }), 200);
  await settled(stage);
  assert.equal(stage.telegram.answers(GROUP).length, 1);
  const metrics = await (await fetch(`${stage.url}/metrics`)).text();
  assert.match(metrics, /countersign_updates_total\{result="accepted"\} 1\n/);
  assert.match(metrics, /countersign_updates_total\{result="repeated"\} 20\n/);
});

Deno.test("GET /metrics tells what was promised", async () => {
  await using stage = await openStage();
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  stage.telegram.say(BEN, GROUP, "/nonsense");
  await settled(stage);
  await post(stage, { secret: "wrong" });
  await post(stage, { body: "[]" });
  const response = await fetch(`${stage.url}/metrics`);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const promised = [
    'countersign_updates_total{result="accepted"} 2',
    'countersign_updates_total{result="unauthorised"} 1',
    'countersign_updates_total{result="malformed"} 1',
    'countersign_answer_seconds_bucket{le="30"} 2',
    'countersign_answer_seconds_bucket{le="+Inf"} 2',
    "countersign_answer_seconds_count 2",
    'countersign_vendor_call_seconds_bucket{le="+Inf",vendor="GravityZone",operation="getConfiguredIntegrations"} 1',
    "# TYPE process_cpu_seconds_total counter",
    'countersign_refusals_total{reason="malformed_command"} 1',
    'countersign_vendor_calls_total{vendor="GravityZone",operation="getConfiguredIntegrations",outcome="ok"} 1',
    'countersign_vendor_call_seconds_count{vendor="GravityZone",operation="getConfiguredIntegrations"} 1',
    'countersign_telegram_calls_total{method="sendRichMessage",outcome="ok"} 2',
    "countersign_inbox_age_seconds 0",
  ];
  for (const line of promised) assert.ok(text.split("\n").includes(line), `missing: ${line}`);
});

Deno.test("setWebhook asks for the kinds of update that are handled, and no more", async () => {
  await using stage = await openStage();
  assert.deepEqual(
    stage.telegram.calls("setWebhook").map(({ parameters }) => parameters["allowed_updates"]),
    [
      ["message", "callback_query", "my_chat_member", "chat_member"],
    ],
  );
});

Deno.test("setWebhook is tried again until Telegram takes it", async () => {
  const telegram = createTelegram();
  await using server = serve((request) => telegram.app.fetch(request));
  telegram.faults.push(
    { method: "getMe", status: 502 },
    { method: "setWebhook", status: 502 },
    { method: "setWebhook", drop: true },
    { method: "setWebhook", retryAfter: 1 },
  );
  const environment = {
    ...LEAST,
    TELEGRAM_API_ROOT: server.url,
    TELEGRAM_BOT_TOKEN: telegram.token,
    PUBLIC_URL: "http://127.0.0.1:9",
  };
  const log = createRecordedLog();
  const bot = await Countersign.open({ config: readConfig(environment), clock: createFakeClock(), log });
  await bot.start();
  await telegram.until(() => telegram.calls("setWebhook").some(({ outcome }) => outcome === "ok"));
  await bot.stop(AbortSignal.timeout(HANG_MS));
  await telegram[Symbol.asyncDispose]();
});

Deno.test("The wait that Telegram asks for before it takes a menu keeps nobody waiting", async () => {
  const telegram = createTelegram();
  await using server = serve((request) => telegram.app.fetch(request));
  telegram.faults.push({ method: "setMyCommands", retryAfter: 300, times: 100 });
  const environment = { ...LEAST, TELEGRAM_API_ROOT: server.url, TELEGRAM_BOT_TOKEN: telegram.token };
  const config = readConfig(environment);
  const bot = await Countersign.open({ config, clock: createFakeClock(), log: createRecordedLog() });
  await bot.start();
  telegram.say(BEN, GROUP, "/ping");
  await telegram.until(() => telegram.last(GROUP), "the answer");
  await bot.stop(AbortSignal.timeout(HANG_MS));
  await telegram[Symbol.asyncDispose]();
});

Deno.test("A token that Telegram does not know ends the start, and says so", async () => {
  const telegram = createTelegram();
  await using server = serve((request) => telegram.app.fetch(request));
  const environment = { ...LEAST, TELEGRAM_API_ROOT: server.url, TELEGRAM_BOT_TOKEN: "7:unknown" };
  const bot = await Countersign.open({
    config: readConfig(environment),
    clock: createFakeClock(),
    log: createRecordedLog(),
  });
  await assert.rejects(bot.start(), /check TELEGRAM_BOT_TOKEN and TELEGRAM_API_ROOT/);
  await bot.stop(AbortSignal.timeout(HANG_MS));
  await telegram[Symbol.asyncDispose]();
});

function checkHeaders(headers: Headers): void {
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
  assert.ok(headers.has("strict-transport-security"));
  assert.equal(headers.get("set-cookie"), null);
  assert.equal(headers.get("x-powered-by"), null);
}
