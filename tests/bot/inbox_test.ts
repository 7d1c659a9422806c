import assert from "node:assert/strict";
import { sql } from "kysely";
import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { testOnEach, testOnPostgres } from "../approvals/database.ts";
import {
  ANA,
  BEN,
  createTestClock,
  GROUP,
  openStage,
  OSKAR,
  type Stage,
  type StageOptions,
} from "../sandbox/stage.ts";
import { render, type Saying } from "../sandbox/telegram.ts";
import { checkManners, newest, pass, settled } from "./conversation.ts";
import { eventually, HANG_MS } from "../eventually.ts";

const INTEGRATIONS = "getConfiguredIntegrations";

/** A stage whose GravityZone waits until it is let go. */
async function openSlowStage(url: string, options: StageOptions = {}) {
  const gate = Promise.withResolvers<void>();
  const stage = await openStage({
    ...options,
    environment: { DATABASE_URL: url, ...options.environment },
  });
  stage.gravityzone.faults.next(INTEGRATIONS, { after: gate.promise });
  return { stage, letGo: gate.resolve };
}

/** A message without a word. */
function photo(title: string): Record<string, unknown> {
  return {
    message_id: 9000,
    date: Math.floor(Date.now() / 1000),
    chat: { id: GROUP, type: "group", title: "On-call" },
    from: { id: BEN, is_bot: false, first_name: "Ben" },
    photo: [{ file_id: title, file_unique_id: "1", width: 1, height: 1 }],
  };
}

async function asked({ gravityzone }: Stage): Promise<void> {
  await eventually(() => gravityzone.calls.length === 1, "GravityZone to be asked");
}

/** What each of the bot's messages in the chat answers, in the order in which they came. */
function answeredIn({ telegram }: Stage, chat: number): (number | undefined)[] {
  return telegram.answers(chat).map(({ reply_to_message }) => reply_to_message?.message_id);
}

testOnEach("The inbox keeps what was asked, and no word of what was not for the bot", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram } = stage;
  const talk = (text: string, saying?: Saying) => telegram.say(BEN, GROUP, text, saying);
  talk("the plan for lunch");
  talk("the plan as a caption", { document: { name: "plan.txt", content: "soup" } });
  talk("the plan of somebody else", {
    forwardOrigin: { type: "hidden_user", sender_user_name: "x", date: 1 },
  });
  talk("/status@other_bot the plan");
  telegram.raw({ edited_message: { ...photo("plan"), caption: "the plan, changed" } });
  telegram.raw({ message: photo("the plan as a picture") });
  telegram.say(OSKAR, OSKAR, "/status the plan of a stranger");
  telegram.say(OSKAR, OSKAR, "tell me the plan");
  talk("/ping");
  await settled(stage);
  const rows = await stage.bot.store.db.selectFrom("inbox").select("body").orderBy("update_id").execute();
  assert.equal(rows.length, 9);
  assert.deepEqual(rows.slice(0, -1).map(({ body }) => body), Array.from({ length: 8 }, () => "{}"));
  assert.match(rows.at(-1)?.body ?? "", /\/ping/);
});

testOnEach("The inbox has no work with what people in a group say to each other", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram } = stage;
  telegram.say(BEN, GROUP, "/ping");
  await settled(stage);
  telegram.say(BEN, GROUP, "lunch at noon");
  telegram.say(BEN, GROUP, "7 of us");
  telegram.say(BEN, GROUP, "in answer to the bot", { replyTo: telegram.last(GROUP)?.message_id ?? 0 });
  telegram.say(BEN, GROUP, "… / what a day");
  telegram.say(BEN, BEN, "lunch at noon");
  await settled(stage);
  const rows = await stage.bot.store.db.selectFrom("inbox").select(["attempts", "state"]).orderBy("update_id")
    .execute();
  assert.deepEqual(rows.map(({ attempts }) => attempts), [1, 0, 0, 1, 1, 1]);
  assert.ok(rows.every(({ state }) => state === "done"));
});

testOnEach("The inbox goes on beside a slow read: other chats, and presses in the same chat", async (url) => {
  const { stage, letGo } = await openSlowStage(url);
  await using _ = stage;
  const { telegram } = stage;
  telegram.say(BEN, GROUP, "/list apono");
  await settled(stage);
  const slow = telegram.say(BEN, GROUP, "/status bitdefender");
  await asked(stage);
  const next = telegram.say(BEN, GROUP, "/ping");
  telegram.say(ANA, ANA, "/ping");
  await telegram.until(() => telegram.last(ANA), "the answer in another chat");
  await telegram.press(BEN, newest(stage), "Next");
  await telegram.until(() => render(newest(stage)).includes("rows 11–20"), "the press in the same chat");
  assert.ok(!answeredIn(stage, GROUP).includes(next.message_id), "the next command waits for its turn");
  letGo();
  await settled(stage);
  assert.deepEqual(answeredIn(stage, GROUP).slice(-2), [slow.message_id, next.message_id]);
  await checkManners(stage);
});

testOnEach("The inbox keeps the order of a chat, however many come at once", async (url) => {
  const frozen = Date.now();
  const clock = { ...createTestClock(), now: () => frozen };
  await using stage = await openStage({ clock, environment: { DATABASE_URL: url } });
  const said = Array.from(
    { length: 30 },
    (_, index) =>
      [GROUP, ANA, BEN].map((chat) =>
        stage.telegram.say(chat === ANA ? ANA : BEN, chat, index % 2 ? "/ping" : "/find Globex")
      ),
  );
  await settled(stage);
  for (const [index, chat] of [GROUP, ANA, BEN].entries()) {
    assert.deepEqual(answeredIn(stage, chat), said.map((row) => row[index]?.message_id));
  }
});

testOnEach("A poisonous update does not stop the lane", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram, bot: { store } } = stage;
  const poison = { message_id: 1, date: 1, chat: { id: GROUP, type: "group" } };
  await store.db.insertInto("inbox").values({
    update_id: 1,
    lane: `chat:${GROUP}`,
    body: JSON.stringify({ update_id: 1, message: poison }),
    received_at: store.now(),
    state: "new",
    claimed_until: 0,
    attempts: 5,
    claimed_by: "a process that died of it",
  }).execute();
  telegram.raw({
    message: {
      ...poison,
      text: "/status bitdefender \u0000\ud800",
      from: { id: BEN, is_bot: false, first_name: "B\u0000e\ud800n" },
    },
  });
  telegram.raw({ message: { ...poison, message_id: "x", text: "/ping" } });
  telegram.say(BEN, GROUP, "/ping");
  await settled(stage);
  assert.match(render(telegram.last(GROUP)!), /pong/);
  const states = await store.db.selectFrom("inbox").select("state").orderBy("update_id").execute();
  assert.deepEqual(states.map(({ state }) => state), ["failed", "done", "done", "done"]);
  await checkManners(stage, ["update_set_aside", "update_unreadable"]);
});

/** How long an update that failed still waits to be tried again, in ms. */
async function untilNextAttempt({ bot: { store } }: Stage): Promise<number> {
  const row = await store.db.selectFrom("inbox").select("claimed_until").where("state", "=", "new")
    .where("attempts", ">", 0).where("claimed_by", "is", null).executeTakeFirst();
  return row ? Math.max(0, row.claimed_until - store.now()) : 0;
}

testOnEach("Who asks for what cannot be recorded is told so, and does not hold up the chat", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram, gravityzone, bot: { store } } = stage;
  await sql`alter table audit rename to audit_away`.execute(store.db);
  telegram.say(BEN, GROUP, "/disable ec2 Acme Corp reason=off-boarding");
  telegram.say(BEN, GROUP, "/ping");
  const told = () =>
    [...telegram.ephemerals(BEN, GROUP), ...telegram.answers(GROUP)].map((message) => render(message)).join();
  let waitedMs = 0;
  await eventually(async () => {
    const waitMs = await untilNextAttempt(stage);
    waitedMs += waitMs;
    if (waitMs > 0) pass(stage, waitMs);
    return told().includes("Something went wrong inside the bot") && told().includes("pong");
  }, "both to be answered");
  assert.match(render(telegram.last(GROUP)!), /pong/);
  assert.ok(waitedMs <= 16_000, `the chat was held up for ${waitedMs} ms`);
  assert.deepEqual(gravityzone.calls.filter(({ method }) => method.startsWith("disable")), []);
  await sql`alter table audit_away rename to audit`.execute(store.db);
  await settled(stage);
  await checkManners(stage, ["update_not_finished", "update_set_aside", "unforeseen"]);
});

testOnEach("Who entered secrets for what is given up is told so", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram, bot: { store } } = stage;
  telegram.say(BEN, GROUP, "/enable ec2 Acme Labs key=AKIAIOSFODNN7EXAMPLE secret=?");
  await settled(stage);
  const { handle } = await store.db.selectFrom("prompts").select("handle").where("kind", "=", "secret")
    .executeTakeFirstOrThrow();
  await store.db.insertInto("inbox").values({
    update_id: -7,
    lane: `chat:${GROUP}`,
    body: JSON.stringify({ countersign: "secrets_entered", request: handle }),
    received_at: store.now(),
    state: "new",
    claimed_until: 0,
    attempts: 5,
    claimed_by: "a process that died of it",
  }).execute();
  const told = () => telegram.ephemerals(BEN, GROUP).map((message) => render(message)).join();
  await eventually(() => {
    pass(stage, 1000);
    return told().includes("Something went wrong inside the bot");
  }, "Ben to be told");
  await settled(stage);
  await checkManners(stage, ["update_set_aside", "unforeseen"]);
});

testOnEach("An update that was taken over meanwhile is answered and audited once", async (url) => {
  const { stage, letGo } = await openSlowStage(url);
  await using _ = stage;
  const { store } = stage.bot;
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await asked(stage);
  await store.db.updateTable("inbox").set({ state: "done", finished_at: store.now() }).execute();
  letGo();
  await eventually(
    () => stage.log.lines.some(({ event }) => event === "update_taken_over"),
    "the second to notice",
  );
  await settled(stage);
  assert.equal(stage.telegram.answers(GROUP).length, 0, "whoever took it over has answered");
});

testOnEach("What another replica is at work on is left to it until its lease is over", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram, bot: { store } } = stage;
  const { photo: _, ...sent } = photo("");
  await store.db.insertInto("inbox").values({
    update_id: 1,
    lane: `chat:${GROUP}`,
    body: JSON.stringify({ update_id: 1, message: { ...sent, text: "/ping" } }),
    received_at: store.now(),
    state: "new",
    claimed_by: "another replica",
    claimed_until: store.now() + 10_000,
    attempts: 1,
  }).execute();
  telegram.say(ANA, ANA, "/ping");
  await telegram.until(() => telegram.last(ANA), "the answer in another chat");
  const { claimed_by } = await store.db.selectFrom("inbox").select("claimed_by").where("update_id", "=", 1)
    .executeTakeFirstOrThrow();
  assert.equal(claimed_by, "another replica");
  pass(stage, 10_000);
  await settled(stage);
  assert.equal(telegram.answers(GROUP).length, 1);
});

testOnEach("A pause of the whole process starts nothing twice", async (url) => {
  const { stage, letGo } = await openSlowStage(url);
  await using _ = stage;
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await asked(stage);
  pass(stage, 60_000);
  stage.telegram.say(ANA, ANA, "/ping");
  await stage.telegram.until(() => stage.telegram.last(ANA));
  letGo();
  await settled(stage);
  assert.equal(stage.gravityzone.calls.length, 1);
  assert.equal(stage.telegram.answers(GROUP).length, 1);
  await checkManners(stage);
});

testOnPostgres("Two bots on one database share the chats and answer each update once", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const second = await Countersign.open({
    config: readConfig(stage.environment),
    clock: stage.clock,
    log: stage.log,
  });
  await second.start();
  const said = Array.from(
    { length: 40 },
    () => [GROUP, ANA, BEN].map((chat) => stage.telegram.say(chat === ANA ? ANA : BEN, chat, "/ping")),
  );
  await settled(stage);
  for (const [index, chat] of [GROUP, ANA, BEN].entries()) {
    assert.deepEqual(answeredIn(stage, chat), said.map((row) => row[index]?.message_id));
  }
  await second.stop(AbortSignal.timeout(HANG_MS));
  await checkManners(stage);
});

testOnPostgres("What a bot that stops has not finished is taken by the other one at once", async (url) => {
  const { stage, letGo } = await openSlowStage(url);
  await using _ = stage;
  const second = await Countersign.open({
    config: readConfig(stage.environment),
    clock: stage.clock,
    log: stage.log,
  });
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await asked(stage);
  await stage.bot.stop(AbortSignal.abort());
  await second.start();
  await stage.telegram.until(() => stage.telegram.last(GROUP), "the answer of the second");
  assert.match(render(stage.telegram.last(GROUP)!), /2 of 14/);
  letGo();
  assert.equal(stage.gravityzone.calls.length, 2);
  await second.stop(AbortSignal.timeout(HANG_MS));
  assert.equal(stage.telegram.answers(GROUP).length, 1);
});

testOnEach("Long polling fills the same inbox, and confirms an update only once it is kept", async (url) => {
  const clock = createTestClock();
  const environment = { DATABASE_URL: url };
  await using stage = await openStage({ clock, polling: true, asleep: true, environment });
  const { telegram } = stage;
  telegram.faults.push({ method: "getUpdates", status: 502 }, { method: "getUpdates", retryAfter: 3 });
  await stage.bot.start();
  const first = telegram.say(BEN, GROUP, "/ping");
  await eventually(() => {
    pass(stage, 500);
    return telegram.answers(GROUP).length === 1;
  }, "the answer");
  telegram.redeliver(700_000_001);
  const second = telegram.say(BEN, GROUP, "/ping");
  await telegram.until(() => telegram.answers(GROUP).length === 2);
  await settled(stage);
  assert.deepEqual(answeredIn(stage, GROUP), [first.message_id, second.message_id]);
  const offsets = telegram.calls("getUpdates").map(({ parameters }) => parameters["offset"]);
  assert.deepEqual(offsets.filter((offset, index) => offset !== offsets[index - 1]).slice(0, 2), [
    0,
    700_000_002,
  ]);
  await checkManners(stage);
});

testOnEach("An update that comes once more a day later is known", async (url) => {
  await using stage = await openStage({ environment: { DATABASE_URL: url } });
  const { telegram } = stage;
  telegram.say(BEN, GROUP, "/ping");
  await settled(stage);
  stage.clock.advance(86_400_000);
  telegram.redeliver(700_000_001);
  await settled(stage);
  assert.equal(telegram.answers(GROUP).length, 1);
});
