/** Guards that no other test would miss; `deno task mutation` takes each of them away in turn. */
import assert from "node:assert/strict";
import { newHandle, putPrompt } from "../../bot/store/kept_values.ts";
import { chatTest } from "../bot/conversation.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { ENABLE_METHOD, ROLE } from "./story.ts";

const CARL = 103;
const CHANNEL = { id: -100_777, type: "channel", title: "News" };
const ENABLE = `/enable ec2 Acme Labs role=${ROLE}`;
const DISABLE = "/disable ec2 Globex reason=off-boarding";

/** Carl belongs to the group and is on no list. */
const WITH_CARL = {
  persons: [
    { id: ANA, name: "Ana", started: true },
    { id: BEN, name: "Ben", started: true },
    { id: CARL, name: "Carl", started: true },
  ],
  chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, CARL] }],
};

chatTest("/status in private is not for a member of the group who is on no list", { telegram: WITH_CARL }, [
  { said: "/status bitdefender", by: CARL, in: CARL, audited: ["refused unknown_person"] },
]);

Deno.test("/disable is for operators and /approve for approvers, not the other way round", async () => {
  await using fixture = await openFixture({
    environment: { OPERATORS: String(ANA), APPROVERS: String(BEN) },
  });
  await fixture.say(BEN, DISABLE);
  assert.deepEqual(await fixture.changes(), []);
  const { code } = await fixture.carryOut(DISABLE);
  assert.equal(await fixture.state(code), "accepted");
  assert.deepEqual(await refusals(fixture), ["not_operator"]);
});

const TELEGRAM = { id: 777_000, is_bot: false, first_name: "Telegram" };

chatTest("/status from a chat, or from Telegram itself, does nothing", {}, [
  {
    said: "/status bitdefender",
    saying: { fields: { sender_chat: CHANNEL } },
    answered: "Switch off “Remain anonymous”",
    audited: ["refused anonymous_sender"],
  },
  {
    said: "/status bitdefender",
    saying: { fields: { from: TELEGRAM } },
    answered: "Switch off “Remain anonymous”",
    audited: ["refused anonymous_sender"],
  },
  {
    happens: ({ telegram }) => telegram.raw({ message: { ...command(), chat: CHANNEL } }),
    audited: ["refused channel_post"],
  },
  {
    happens: ({ telegram }) => telegram.raw({ message: command() }),
    answered: "Switch off “Remain anonymous”",
    audited: ["refused anonymous_sender"],
  },
]);

chatTest("A press under a message that was sent by way of the bot does nothing", {}, [{
  happens: ({ telegram }) =>
    telegram.raw({
      callback_query: {
        id: "1",
        from: { id: BEN, is_bot: false, first_name: "Ben" },
        message: { ...command(), from: TELEGRAM },
        inline_message_id: "inline",
        chat_instance: "1",
        data: "c:/status bitdefender",
      },
    }),
  answered: { says: "This button belongs to another message.", only: BEN },
  audited: ["refused foreign_button"],
}]);

chatTest("A bot that is made administrator of its own group stays", {}, [{
  happens: ({ telegram }) => telegram.addBot(GROUP, ANA, "administrator"),
}]);

Deno.test("approve moves the change it is about, and no other", async () => {
  await using fixture = await openFixture();
  const other = await fixture.ask("/disable ec2 Initech reason=off-boarding");
  const { code } = await fixture.carryOut(DISABLE);
  assert.deepEqual([await fixture.state(code), await fixture.state(other.code)], ["accepted", "pending"]);
});

Deno.test("approve: what somebody else has brought about meanwhile is not sent again", async () => {
  await using fixture = await openFixture({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  const [first, second] = [await fixture.ask(ENABLE), await fixture.ask(ENABLE, { by: BEN })];
  await fixture.press(BEN, first.card, "Approve");
  await fixture.press(ANA, second.card, "Approve");
  assert.deepEqual([await fixture.state(first.code), await fixture.state(second.code)], [
    "applied",
    "superseded",
  ]);
  assert.deepEqual(fixture.writes(), [ENABLE_METHOD]);
});

Deno.test("approve: a target that waits for its turn does not hold up the others", async () => {
  await using fixture = await openFixture();
  const { gravityzone, telegram } = fixture;
  const held = Promise.withResolvers<void>();
  gravityzone.faults.next(ENABLE_METHOD, { after: held.promise });
  const [running, waiting] = [await fixture.ask(ENABLE), await fixture.ask(`${ENABLE}2`)];
  const free = await fixture.ask(DISABLE);
  for (const { code } of [running, waiting, free]) telegram.say(BEN, BEN, `/approve ${code}`);
  await telegram.until(
    () => fixture.groupAnswers().some((text) => text.includes(" accepted: ")),
    "the change of the other target",
  );
  assert.deepEqual([await fixture.state(running.code), await fixture.state(waiting.code)], [
    "executing",
    "approved",
  ]);
  held.resolve();
  await fixture.rest();
  assert.deepEqual([await fixture.state(running.code), await fixture.state(waiting.code)], [
    "applied",
    "superseded",
  ]);
});

Deno.test("A button does only what it is for, where it was offered", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(DISABLE);
  const [page, choice] = [newHandle(), newHandle()];
  const shared = { person_id: null, ttlMs: 60_000 };
  const invocation = { verb: "find", target: null, input: { name: "Globex" }, asked: [] };
  await fixture.store.transaction(async (transaction) => {
    const put = (prompt: Pick<Parameters<typeof putPrompt>[2], "handle" | "kind" | "chat_id" | "body">) =>
      putPrompt(fixture.store, transaction, { ...shared, ...prompt });
    await put({ handle: page, kind: "page", chat_id: GROUP, body: "/status" });
    await put({ handle: choice, kind: "choice", chat_id: -2002, body: invocation });
  });
  const calls = fixture.gravityzone.calls.length;
  for (const data of [`h:${page}`, `k:${page}`, `k:${choice}`, `p:${choice}:1`]) {
    await fixture.press(BEN, card, data, { forged: true });
  }
  assert.deepEqual(await refusals(fixture), [
    "unknown_button",
    "unknown_button",
    "foreign_button",
    "unknown_button",
  ]);
  assert.equal(fixture.gravityzone.calls.length, calls);
});

Deno.test("A choice goes on only for somebody who still may", async () => {
  await using fixture = await openFixture({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  await fixture.say(ANA, "/disable ec2 Acme reason=off-boarding");
  const choice = fixture.telegram.ephemerals(ANA, GROUP).at(-1);
  assert.ok(choice);
  fixture.telegram.leave(ANA, GROUP);
  const data = choice.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "";
  await fixture.press(ANA, choice, data, { forged: true });
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual(await refusals(fixture), ["not_member"]);
});

Deno.test("/create apono: of somebody who may not ask for changes, no document is fetched", async () => {
  await using fixture = await openFixture({ telegram: WITH_CARL });
  const content = { name: "billing", type: "postgresql", integration_config: {} };
  await fixture.say(CARL, "/create apono", { document: { name: "new.json", content } });
  assert.deepEqual(await refusals(fixture), ["not_operator"]);
  assert.deepEqual(fixture.telegram.calls("getFile"), []);
});

Deno.test("Ask again is for what was superseded or has expired, whatever a client sends", async () => {
  await using fixture = await openFixture();
  const rejected = await fixture.ask(DISABLE);
  await fixture.press(BEN, rejected.card, "Reject");
  const { handle } = await fixture.change(rejected.code);
  await fixture.press(ANA, rejected.card, `k:${handle}`, { forged: true });
  assert.deepEqual(await refusals(fixture), ["unknown_button"]);
  assert.equal((await fixture.changes()).length, 1);

  const late = await fixture.ask(DISABLE);
  await fixture.pass(16 * 60_000);
  await fixture.press(BEN, late.card, "Approve");
  assert.equal(await fixture.state(late.code), "expired");
  await fixture.press(ANA, late.card, "Ask again");
  assert.deepEqual((await fixture.changes()).map(({ state }) => state), ["rejected", "expired", "pending"]);
});

Deno.test("A secret that only its command knows to be one does not stay in the inbox", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/create datto bearer=4711-0815");
  assert.deepEqual(await refusals(fixture), ["literal_secret"]);
  const bodies = await fixture.store.db.selectFrom("inbox").select("body").execute();
  assert.deepEqual(bodies.filter(({ body }) => body.includes("4711-0815")), []);
});

function command() {
  return {
    message_id: 900,
    date: Math.floor(Date.now() / 1000),
    chat: { id: GROUP, type: "group", title: "On-call" },
    text: "/status bitdefender",
    entities: [{ type: "bot_command", offset: 0, length: 7 }],
  };
}

async function refusals(fixture: Fixture): Promise<(string | null)[]> {
  return (await fixture.audit()).filter(({ event }) => event === "refused").map((row) => row.reason_code);
}
