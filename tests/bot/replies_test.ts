import assert from "node:assert/strict";
import { generateIntegrations, ids, northwind } from "../sandbox/gravityzone/northwind.ts";
import { ANA, BEN, GROUP, openStage, type Stage } from "../sandbox/stage.ts";
import { createTelegram, type Fault, render } from "../sandbox/telegram.ts";
import { serve } from "../sandbox/serve.ts";
import { openFile } from "../approvals/database.ts";
import { chatTest, checkManners, converse, pass, settled } from "./conversation.ts";
import { eventually } from "../eventually.ts";

const PING = { said: "/ping", answered: "pong" };

function methods({ telegram }: Stage): string[] {
  const quiet = ["getMe", "setWebhook", "setMyCommands", "setMyDefaultAdministratorRights"];
  return telegram.calls().filter(({ method }) => !quiet.includes(method))
    .map(({ method, outcome }) => outcome === "ok" ? method : `${method} ${outcome}`);
}

function expectMethods(...wanted: string[]) {
  return (stage: Stage) => assert.deepEqual(methods(stage), wanted);
}

chatTest("A server from before rich messages gets plain ones, after one refusal", {
  telegram: { legacy: true },
}, [
  PING,
  PING,
  { happens: expectMethods("sendRichMessage 404", "sendMessage", "sendMessage") },
  {
    said: "/nonsense",
    answered: "There is no command",
    audited: ["refused malformed_command"],
  },
  { said: "/list apono", answered: "rows 1–10", asked: ["v4.list"] },
  { pressed: "Next", answered: "rows 11–20" },
]);

chatTest("A card says a deadline in words that do not repeat themselves, also where times are shown", {}, [
  {
    said: "/rotate externalid Acme Corp reason=leaked",
    by: ANA,
    answered: /until \d\d:\d\d UTC \(\d{4}-\d\d-\d\d\)$/m,
    asked: [
      "findCompaniesByName",
      "getCompanyDetails",
      "getAmazonEC2ExternalIdForCrossAccountRole",
      "findCompaniesByName",
    ],
    audited: ["asked"],
  },
]);

chatTest("A server that shows no times is told each of them once", { telegram: { legacy: true } }, [
  {
    happens: ({ telegram }) =>
      telegram.faults.push({
        method: "sendMessage",
        status: 400,
        description: "Bad Request: can't parse entities: unsupported entity type",
      }),
    said: "/rotate externalid Acme Corp reason=leaked",
    by: ANA,
    answered: /until \d\d:\d\d UTC \(\d{4}-\d\d-\d\d\)$/m,
    asked: [
      "findCompaniesByName",
      "getCompanyDetails",
      "getAmazonEC2ExternalIdForCrossAccountRole",
      "findCompaniesByName",
    ],
    audited: ["asked"],
  },
]);

chatTest("A reply that the server does not take as rich goes as plain, and the next one is rich again", {}, [
  {
    ...PING,
    happens: ({ telegram }) =>
      telegram.faults.push({
        method: "sendRichMessage",
        status: 400,
        description: "Bad Request: BLOCK_INVALID",
      }),
  },
  PING,
  { happens: expectMethods("sendRichMessage 400", "sendMessage", "sendRichMessage") },
]);

/** What the server says to all that is like this. */
function always(fault: Fault) {
  return ({ telegram }: Stage) => telegram.faults.push({ status: 400, times: 99, ...fault });
}

chatTest("A server that refuses rich messages by name is not asked for another", {}, [
  {
    ...PING,
    happens: always({ method: "sendRichMessage", description: "Bad Request: rich messages are disabled" }),
  },
  PING,
  { happens: expectMethods("sendRichMessage 400", "sendMessage", "sendMessage") },
]);

chatTest("A server that takes none of three messages as rich is not asked for a fourth", {}, [
  { ...PING, happens: always({ method: "sendRichMessage", description: "Bad Request: BLOCK_INVALID" }) },
  PING,
  PING,
  PING,
  {
    happens: ({ telegram }) =>
      assert.deepEqual(telegram.calls("sendRichMessage").map(({ outcome }) => outcome), [400, 400, 400]),
  },
]);

chatTest("A server that took a rich message goes on being asked for them, whatever it refuses", {}, [
  PING,
  {
    ...PING,
    happens: ({ telegram }) =>
      telegram.faults.push({
        method: "sendRichMessage",
        status: 400,
        description: "Bad Request: unsupported block",
        times: 4,
      }),
  },
  PING,
  PING,
  PING,
  PING,
  { happens: ({ telegram }) => assert.equal(telegram.calls("sendRichMessage").at(-1)?.outcome, "ok") },
]);

chatTest("A server that refuses private answers is asked for one only, and /doctor says so", {}, [
  {
    happens: always({
      having: "ephemeral_message_parameters",
      description: "Bad Request: unknown parameter ephemeral_message_parameters",
    }),
    said: "/whoami",
    answered: "You are 102",
  },
  { said: "/whoami", answered: "You are 102" },
  { happens: expectMethods("sendRichMessage 400", "sendRichMessage", "sendRichMessage") },
  {
    said: "/doctor",
    answered: /rich: yes · private answers in groups: no$/m,
    asked: [
      "getApiKeyDetails",
      "getConfiguredIntegrations",
      "getAmazonEC2ExternalIdForCrossAccountRole",
      "getHourlyUsageForAmazonEC2Instances",
      "getCompanyDetailsByAWSAccountId",
      "getCompanyDetails",
      "findCompaniesByName",
      "getCompaniesList",
      "v4.list",
      "v2.list",
      "v3.connectors",
      "catalog.list",
      "v3.resources",
      "v3.permissions",
      "tags.get",
      "token",
      "search",
      "get",
      "POST /auth/token",
      "GET /api/DattoRmmDetails",
      "GET /api/NCentralDetails",
      "GET /api/KaseyaVSAXDetails",
      "GET /api/SentinelOneDetails",
      "GET /api/SophosDetails",
      "GET /api/ArmisDetails",
      "GET /api/PRTGDetails",
      "GET /api/DynatraceDetails",
      "GET /api/TenableDetails",
      "GET /api/SnipeITDetails",
      "GET /api/SnowDetails",
      "GET /api/ManageEngineDetails",
    ],
  },
]);

chatTest("A server that kept an answer private goes on being asked to, whatever it refuses", {}, [
  { said: "/whoami", answered: { says: "You are 102", only: BEN } },
  {
    happens: ({ telegram }) =>
      telegram.faults.push({
        having: "ephemeral_message_parameters",
        status: 400,
        description: "Bad Request",
      }),
    said: "/whoami",
    answered: "You are 102",
  },
  { said: "/whoami", answered: { says: "You are 102", only: BEN } },
]);

chatTest("An answer for the asker alone is public where the server cannot keep it private", {
  telegram: { legacy: true },
}, [
  { said: "/whoami", answered: "You are 102" },
  { said: "/whoami", answered: "You are 102" },
]);

chatTest("An answer for the asker alone falls back to a public one when Telegram refuses", {}, [
  {
    happens: ({ telegram }) =>
      telegram.faults.push({ method: "sendRichMessage", status: 400, description: "USER_NOT_PARTICIPANT" }),
    said: "/whoami",
    answered: "You are 102",
  },
  { said: "/whoami", answered: { says: "You are 102", only: BEN } },
]);

const forum = {
  telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN], topics: { 7: "EU" } }] },
};

chatTest(
  "A reply goes to the topic the command came from, and so do edits, files and private answers",
  forum,
  [
    { said: "/ping", saying: { thread: 7 }, answered: "pong" },
    { said: "/whoami", saying: { thread: 7 }, answered: { says: /Topic +7/, only: BEN } },
    {
      said: "/list apono file=csv",
      saying: { thread: 7 },
      answered: [/rows 1–10/, /csv/],
      asked: ["v4.list"],
    },
    { pressed: "Next", answered: "rows 11–20", on: ({ telegram }) => telegram.answers(GROUP)[1] },
    {
      happens({ telegram }) {
        const sent = telegram.calls().filter(({ method }) => method.startsWith("send"));
        assert.equal(sent.length, 4);
        assert.ok(sent.every(({ parameters }) => parameters["message_thread_id"] === 7));
      },
    },
  ],
);

chatTest("A reply to a topic that was deleted goes to the group", forum, [
  {
    happens: ({ telegram }) =>
      telegram.faults.push({
        method: "sendRichMessage",
        status: 400,
        description: "Bad Request: message thread not found",
      }),
    said: "/ping",
    saying: { thread: 7 },
    answered: "pong",
  },
]);

chatTest("A long list is leafed through with buttons, by anyone in the chat", {}, [
  { said: "/list apono", answered: /AWS Sandbox .*rows 1–10 of 31/s, asked: ["v4.list"] },
  { pressed: "Next", answered: /rows 11–20 of 31/, on: first },
  { pressed: "Next", by: ANA, answered: /rows 21–30 of 31/, on: first },
  { pressed: "Back", answered: /rows 11–20 of 31/, on: first },
]);

chatTest("A page button outlives the page, but not the day", {}, [
  { said: "/list apono", answered: /rows 1–10/, asked: ["v4.list"] },
  { happens: (stage) => pass(stage, 23 * 3_600_000), pressed: "Next", answered: /rows 11–20/, on: first },
  {
    happens: (stage) => pass(stage, 2 * 3_600_000),
    pressed: "Next",
    on: first,
    notice: /no longer known\. Send the command again/,
    audited: ["refused unknown_button"],
  },
]);

chatTest("Refresh edits the answer in place, and a read that says the same edits nothing", {}, [
  { said: "/status bitdefender", answered: "2 of 14", asked: ["getConfiguredIntegrations"] },
  {
    happens(stage) {
      pass(stage, 20_000);
      stage.gravityzone.world.integrations.get(ids.northwind)?.splice(0, 4);
    },
    pressed: "Refresh",
    answered: /of 10 /,
    asked: ["getConfiguredIntegrations"],
  },
  { pressed: "Refresh" },
]);

Deno.test("A message that Telegram slows down waits as long as it is told to, and so does all for its chat", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  telegram.faults.push({ method: "sendRichMessage", chat: GROUP, retryAfter: 30 });
  telegram.say(BEN, GROUP, "/ping");
  await telegram.until(() => telegram.calls("sendRichMessage").length === 1);
  telegram.say(BEN, GROUP, "/ping");
  telegram.say(BEN, BEN, "/ping");
  await telegram.until(() => telegram.last(BEN));
  await eventually(async () => await dueIn(stage, GROUP) === 2, "both answers to wait");
  pass(stage, 29_000);
  telegram.say(BEN, BEN, "/ping");
  await telegram.until(() => telegram.answers(BEN).length === 2);
  assert.equal(telegram.answers(GROUP).length, 0, "nothing is sent before its time");
  pass(stage, 1001);
  await settled(stage);
  assert.equal(telegram.answers(GROUP).length, 2);
  assert.equal(telegram.calls("sendRichMessage").filter(({ outcome }) => outcome === 429).length, 1);
  await checkManners(stage);
});

Deno.test("Messages that wait for one chat are not sent past a 429 to the first of them", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  const held = Promise.withResolvers<void>();
  telegram.faults.push({ method: "sendRichMessage", chat: GROUP, hold: held.promise });
  for (let count = 0; count < 5; count++) telegram.say(BEN, GROUP, "/ping");
  await eventually(async () => await dueIn(stage, GROUP) === 5, "five answers to wait");
  telegram.faults.push({ method: "sendRichMessage", chat: GROUP, retryAfter: 5 });
  held.resolve();
  await eventually(async () => await dueIn(stage, GROUP) === 4 && refusals(stage) === 1, "the 429");
  telegram.say(BEN, BEN, "/ping");
  await telegram.until(() => telegram.last(BEN));
  assert.deepEqual([telegram.answers(GROUP).length, refusals(stage)], [1, 1]);
  pass(stage, 5001);
  await settled(stage);
  assert.equal(telegram.answers(GROUP).length, 5);
  const order = telegram.answers(GROUP).map(({ reply_to_message }) => reply_to_message?.message_id ?? 0);
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
    "answers keep the order of what was said",
  );
});

for (const fault of [{ status: 500 }, { status: 502 }, { drop: true }] as const) {
  const what = "status" in fault ? `answers ${fault.status}` : "drops the connection";
  Deno.test(`A message is sent again when Telegram ${what}, and once only`, async () => {
    await using stage = await openStage();
    stage.telegram.faults.push({ method: "sendRichMessage", times: 3, ...fault });
    stage.telegram.say(BEN, GROUP, "/ping");
    for (let attempt = 1; attempt <= 3; attempt++) {
      await stage.telegram.until(() => stage.telegram.calls("sendRichMessage").length === attempt);
      await eventually(async () => await postponed(stage) === attempt, "the message to be put off");
      pass(stage, 60_000);
    }
    await settled(stage);
    assert.equal(stage.telegram.answers(GROUP).length, 1);
    await checkManners(stage);
  });
}

Deno.test("A message whose acceptance got lost is sent twice: Telegram knows no way to tell", async () => {
  await using stage = await openStage();
  stage.telegram.faults.push({ method: "sendRichMessage", after: "accepted", status: 502 });
  stage.telegram.say(BEN, GROUP, "/ping");
  await eventually(async () => await postponed(stage) === 1, "the message to be put off");
  pass(stage, 60_000);
  await settled(stage);
  assert.equal(stage.telegram.answers(GROUP).length, 2);
});

Deno.test("An edit whose acceptance got lost is not doubled", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  await converse(stage, { said: "/list apono file=csv", answered: [/rows 1–10/, /csv/], asked: ["v4.list"] });
  telegram.faults.push({ method: "editMessageText", after: "accepted", drop: true });
  await telegram.press(BEN, first(stage)!, "Next");
  await eventually(async () => await postponed(stage) === 1, "the edit to be put off");
  pass(stage, 60_000);
  await settled(stage);
  assert.match(render(first(stage)!), /rows 11–20/);
  assert.equal(telegram.answers(GROUP).length, 2);
});

Deno.test("A file that fails is sent again without the text it belongs to", async () => {
  const world = northwind(Date.now());
  world.integrations.set(ids.northwind, generateIntegrations(40));
  await using stage = await openStage({ gravityzone: { world } });
  stage.telegram.faults.push({ method: "sendDocument", status: 502 });
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await eventually(async () => await postponed(stage) === 1, "the message to be put off");
  pass(stage, 60_000);
  await settled(stage);
  const [text, file, ...more] = stage.telegram.answers(GROUP);
  assert.deepEqual([text?.document, more.length], [undefined, 0]);
  assert.match(file?.document?.file_name ?? "", /\.csv$/);
  assert.equal(stage.telegram.calls("sendRichMessage").length, 1);
});

for (
  const { chat, status, description, instead } of [
    {
      chat: GROUP,
      status: 400,
      description: "Bad Request: not enough rights",
      instead: /to me in a private chat/,
    },
    {
      chat: GROUP,
      status: 413,
      description: "Request Entity Too Large",
      instead: /Ask for less: one company/,
    },
    { chat: BEN, status: 400, description: "Bad Request: FILE_INVALID", instead: /or ask for one company/ },
  ]
) {
  const where = chat === GROUP ? "a group" : "private";
  chatTest(`A file that is refused in ${where} with ${status} is told, once, and what to do instead`, {}, [
    {
      happens: ({ telegram }) =>
        telegram.faults.push({ method: "sendDocument", status, description, times: 9 }),
      said: "/list apono file=csv",
      in: chat,
      answered: [
        /rows 1–10 of 31/,
        /🟡 The file could not be sent: apono-integrations\.csv\nTelegram said: “/,
      ],
      asked: ["v4.list"],
      logged: [{ event: "file_refused", code: status }],
    },
    {
      pressed: "Next",
      in: chat,
      on: ({ telegram }) => telegram.answers(chat)[0],
      answered: "rows 11–20",
      happens({ telegram }) {
        const [, told] = telegram.answers(chat);
        assert.match(render(told!), instead);
        assert.equal(told?.reply_to_message?.message_id, telegram.answers(chat)[0]?.message_id);
      },
    },
    { happens: ({ telegram }) => assert.equal(telegram.calls("sendDocument").length, 1) },
  ]);
}

Deno.test("A message that Telegram will never take is given up, and the next one goes out", async () => {
  await using stage = await openStage();
  const { telegram } = stage;
  telegram.faults.push({ method: "sendRichMessage", status: 403, description: "Forbidden: bot was blocked" });
  telegram.say(BEN, GROUP, "/ping");
  telegram.say(BEN, GROUP, "/ping");
  await settled(stage);
  assert.equal(telegram.answers(GROUP).length, 1);
  await checkManners(stage, ["message_given_up"]);
});

Deno.test("A message that Telegram does not take for about an hour is given up", async () => {
  await using stage = await openStage();
  const { telegram, bot: { store } } = stage;
  telegram.faults.push({ method: "sendRichMessage", status: 502, times: 2 });
  telegram.say(BEN, GROUP, "/ping");
  await eventually(async () => await postponed(stage) === 1, "the message to be put off");
  await store.db.updateTable("messages").set({ attempts: 64 }).execute();
  pass(stage, 60_000);
  await settled(stage);
  assert.equal(telegram.answers(GROUP).length, 0);
  await checkManners(stage, ["message_given_up"]);
});

Deno.test("A text that is longer than a plain message goes on as a file", async () => {
  const world = northwind(Date.now());
  const long = "ünïcödé-".repeat(9);
  world.integrations.set(
    ids.northwind,
    generateIntegrations(30, () => 6).map((one) => ({ ...one, name: `${long}${one.name}` })),
  );
  const telegram = { legacy: true };
  await using stage = await openStage({ gravityzone: { world }, telegram });
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  stage.telegram.say(BEN, GROUP, "/help");
  stage.telegram.say(BEN, GROUP, "/help status");
  await settled(stage);
  const texts = stage.telegram.answers(GROUP).flatMap(({ text }) => text ?? []);
  assert.ok(texts.length >= 3 && texts.every((text) => text.length <= 4096));
  await checkManners(stage);
});

function first({ telegram }: Stage) {
  return telegram.answers(GROUP)[0];
}

async function dueIn(stage: Stage, chat: number): Promise<number> {
  const rows = await stage.bot.store.db.selectFrom("messages").select("key")
    .where("chat_id", "=", chat).where("state", "=", "due").execute();
  return rows.length;
}

function refusals({ telegram }: Stage): number {
  return telegram.calls("sendRichMessage").filter(({ outcome }) => outcome === 429).length;
}

/** How often the message that is due has been tried in vain. */
async function postponed(stage: Stage): Promise<number> {
  const row = await stage.bot.store.db.selectFrom("messages").select(["attempts", "claimed_until"])
    .where("state", "=", "due").executeTakeFirst();
  return row?.claimed_until === 0 ? row.attempts : 0;
}

Deno.test("RENDER=plain sends nothing rich, and shows what was rich before as plain text", async () => {
  await using file = await openFile();
  const environment = { DATABASE_URL: file.url };
  const telegram = createTelegram();
  await using served = serve((request) => telegram.app.fetch(request));
  const reached = { TELEGRAM_API_ROOT: served.url };
  {
    await using stage = await openStage({ environment: { ...environment, ...reached } });
    telegram.say(BEN, GROUP, "/status bitdefender");
    await telegram.until(() => telegram.last(GROUP), "the answer");
    await settled(stage);
  }
  assert.equal(telegram.calls("sendRichMessage").length, 1);
  await using stage = await openStage({ environment: { ...environment, ...reached, RENDER: "plain" } });
  const [status] = telegram.answers(GROUP);
  await telegram.press(BEN, status!, "Refresh");
  telegram.say(BEN, GROUP, "/ping");
  await telegram.until(() => telegram.answers(GROUP).length === 2, "the next answer");
  await settled(stage);
  const last = telegram.calls("editMessageText").at(-1);
  assert.equal(typeof last?.parameters["text"], "string");
  assert.match(String(last?.parameters["text"]), /of 14/);
  assert.equal(telegram.calls("sendRichMessage").length, 1);
  assert.equal(telegram.calls("sendMessage").length, 1);
  await telegram[Symbol.asyncDispose]();
});
