import assert from "node:assert/strict";
import { settled } from "../bot/conversation.ts";
import { testOnEach } from "../approvals/database.ts";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { ENABLE_BY_KEYS } from "../approvals/secret_page.ts";
import { BEN, GROUP, openStage, SANDBOX_WEBHOOK_SECRET, type Stage } from "../sandbox/stage.ts";

/** Each in the form of an update as far as its first part; what follows is none. */
const MISSHAPEN: readonly Record<string, unknown>[] = [
  { message: ping({ chat: { id: "\u0000", type: "group" } }) },
  { message: ping({ chat: { id: "x".repeat(20_000), type: "group" } }) },
  { message: ping({ chat: null }) },
  { message: ping({ message_thread_id: { "0": 7 }, is_topic_message: true }) },
  { message: ping({ message_thread_id: "\u0000", is_topic_message: true }) },
  { message: ping({ from: { id: BEN, is_bot: false, first_name: "B\u0000en \ud800" } }) },
  { message: ping({ document: { file_id: {} } }) },
  { message: ping({ reply_to_message: { document: { file_id: 7 } } }) },
  { message: ping({ migrate_to_chat_id: "x" }) },
  { callback_query: "x" },
  { callback_query: {} },
  { callback_query: { id: "1", from: { id: BEN }, message: 5 } },
];

testOnEach(
  "POST /telegram takes and finishes an update of any shape, and goes on with the next",
  async (url) => {
    await using stage = await openStage({ environment: { DATABASE_URL: url } });
    for (const [index, update] of MISSHAPEN.entries()) {
      const status = await post(stage, { update_id: index + 1, ...update });
      assert.equal(status, 200, JSON.stringify(update).slice(0, 200));
    }
    await settled(stage);
    const rows = await stage.bot.store.db.selectFrom("inbox").select(["state", "attempts"]).execute();
    assert.deepEqual(new Set(rows.map(({ state, attempts }) => `${state} ${attempts}`)), new Set(["done 1"]));
    stage.telegram.say(BEN, GROUP, "/ping");
    await settled(stage);
    assert.match(stage.telegram.transcript(GROUP), /pong/);
  },
);

Deno.test("POST /telegram takes nobody's word for it that a secret was entered", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/start", { chat: ANA });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const { request } = await fixture.store.db.selectFrom("secret_entries").select("request")
    .executeTakeFirstOrThrow();
  const before = fixture.telegram.calls().length;
  assert.equal(await post(fixture, { update_id: 7, countersign: "secrets_entered", request }), 200);
  assert.equal(await post(fixture, { update_id: -7, countersign: "secrets_entered", request }), 400);
  await fixture.rest();
  assert.deepEqual(fixture.telegram.calls().slice(before), []);
  assert.deepEqual(await fixture.changes(), []);
});

function ping(fields: Record<string, unknown>): Record<string, unknown> {
  return {
    message_id: 1,
    date: Math.floor(Date.now() / 1000),
    chat: { id: GROUP, type: "group", title: "On-call" },
    from: { id: BEN, is_bot: false, first_name: "Ben" },
    text: "/ping",
    ...fields,
  };
}

async function post(stage: Stage, update: Record<string, unknown>): Promise<number> {
  const response = await fetch(`${stage.url}/telegram`, {
    method: "POST",
    body: JSON.stringify(update),
    headers: { "x-telegram-bot-api-secret-token": SANDBOX_WEBHOOK_SECRET },
  });
  await response.body?.cancel();
  return response.status;
}
