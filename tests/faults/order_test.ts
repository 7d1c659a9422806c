import assert from "node:assert/strict";
import { lasting, testOn, testOnEach } from "../approvals/database.ts";
import { pass, settled } from "../bot/conversation.ts";
import { openGround } from "../crash/ground.ts";
import { atRest } from "../crash/story.ts";
import { eventually } from "../eventually.ts";
import { ANA, BEN, createStillClock, GROUP, openStage } from "../sandbox/stage.ts";
import { type Message, render, type Telegram } from "../sandbox/telegram.ts";

const COMMANDS = ["/ping", "/whoami", "/help status", "/pending", "/ping", "/status nobody"];
/** Longer than Telegram is left alone after any of the first refusals, and than a dead replica's claim. */
const LATER_MS = 30_000;

/** The commands that the answers of a chat stand below, in the order in which Telegram took them. */
function answered(telegram: Telegram, chat: number): (number | undefined)[] {
  return telegram.answers(chat).map(({ reply_to_message }) => reply_to_message?.message_id);
}

const publicly = { OPERATORS: String(BEN) };

testOnEach("Answers leave in the order of their commands, though clocks disagree", async (url) => {
  const clock = createStillClock();
  await using stage = await openStage({ clock, environment: { DATABASE_URL: url, ...publicly } });
  const { telegram, bot: { store } } = stage;
  telegram.faults.push({ method: "sendRichMessage", chat: BEN, retryAfter: LATER_MS / 1000 });
  const said: number[] = [];
  for (const text of COMMANDS) {
    said.push(telegram.say(BEN, BEN, text).message_id);
    await eventually(async () => {
      const rows = await store.db.selectFrom("messages").select("key").where("chat_id", "=", BEN).execute();
      return rows.length === said.length;
    }, `the answer to ${text} to be written down`);
    // As when another replica, whose clock is behind, handles the next one.
    clock.advance(-500);
  }
  pass(stage, 2 * LATER_MS);
  await settled(stage);
  assert.deepEqual(answered(telegram, BEN), said);
});

testOnEach("Answers leave in the order of their commands after Telegram was away", async (url) => {
  const clock = createStillClock();
  await using stage = await openStage({ clock, environment: { DATABASE_URL: url, ...publicly } });
  const { telegram, bot: { store } } = stage;
  telegram.faults.push({ method: "sendRichMessage", chat: BEN, status: 502, times: 3 });
  const said = COMMANDS.map((text) => telegram.say(BEN, BEN, text).message_id);
  for (let failures = 1; failures <= 3; failures++) {
    await eventually(async () => {
      const row = await store.db.selectFrom("messages").select("key").where("chat_id", "=", BEN)
        .where("attempts", "=", failures).executeTakeFirst();
      return row !== undefined;
    }, `refusal ${failures}`);
    pass(stage, LATER_MS);
  }
  await settled(stage);
  assert.deepEqual(answered(telegram, BEN), said);
});

testOnEach("A decision does not wait for an answer that Telegram does not take", async (url) => {
  const clock = createStillClock();
  await using stage = await openStage({ clock, environment: { DATABASE_URL: url } });
  const { telegram, bot: { store } } = stage;
  telegram.faults.push({ method: "sendRichMessage", chat: GROUP, status: 502 });
  telegram.say(BEN, GROUP, "/ping");
  await eventually(async () => {
    const row = await store.db.selectFrom("messages").select("key").where("attempts", "=", 1)
      .executeTakeFirst();
    return row !== undefined;
  }, "the refusal");
  const next = telegram.say(BEN, GROUP, "/pending");
  telegram.say(ANA, GROUP, "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone");
  const card = await telegram.until(() => telegram.last(GROUP), "the card");
  assert.match(render(card), /\[ Approve \]/);
  await telegram.press(BEN, card, "Approve");
  await telegram.until(() => /Applied/.test(render(card)), "the outcome");
  await telegram.until(() => telegram.answers(GROUP).length === 2, "the requester to be told");
  assert.match(render(telegram.answers(GROUP)[1]!), /Applied/, "the answers still wait");
  pass(stage, LATER_MS);
  await settled(stage);
  const [, , first, second] = telegram.answers(GROUP) as [Message, Message, Message, Message];
  assert.match(render(first), /pong/);
  assert.equal(second.reply_to_message?.message_id, next.message_id);
});

testOnEach(
  "An answer that Telegram never takes holds up the others for minutes, not for ever",
  async (url) => {
    const clock = createStillClock();
    await using stage = await openStage({ clock, environment: { DATABASE_URL: url, ...publicly } });
    const { telegram, bot: { store } } = stage;
    telegram.faults.push({ method: "sendRichMessage", chat: BEN, status: 500, times: 12 });
    telegram.say(BEN, BEN, "/ping");
    telegram.say(BEN, BEN, "/whoami");
    for (let failures = 1; failures <= 12; failures++) {
      await eventually(async () => {
        const row = await store.db.selectFrom("messages").select("key").where("attempts", ">=", failures)
          .executeTakeFirst();
        return row !== undefined;
      }, `refusal ${failures}`);
      if (failures < 12) pass(stage, 60_000);
    }
    await telegram.until(() => telegram.last(BEN), "the other answer");
    assert.equal(telegram.answers(BEN).length, 1);
  },
);

for (const kind of lasting) {
  testOn(kind, "Answers leave in the order of their commands after kill -9", async () => {
    await using ground = await openGround({ database: kind, environment: publicly });
    const { telegram, store } = ground;
    await ground.launch();
    const held = Promise.withResolvers<void>();
    telegram.faults.push({ method: "sendRichMessage", hold: held.promise, status: 502 });
    const first = telegram.say(BEN, BEN, "/ping");
    await ground.until("the first answer to be on its way", async () => {
      const row = await store.db.selectFrom("messages").select("key").where("claimed_by", "is not", null)
        .executeTakeFirst();
      return row !== undefined;
    });
    await ground.kill();
    held.resolve();
    await ground.launch();
    const said = [first, ...COMMANDS.map((text) => telegram.say(BEN, BEN, text))];
    await ground.until("the others to be written down", async () => {
      const rows = await store.db.selectFrom("messages").select("key").where("chat_id", "=", BEN).execute();
      return rows.length === said.length;
    });
    await ground.advance(LATER_MS);
    await atRest(ground);
    assert.deepEqual(answered(telegram, BEN), said.map(({ message_id }) => message_id));
  });
}
