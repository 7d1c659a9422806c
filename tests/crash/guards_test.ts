/** Guards that no other test would miss; `deno task mutation` takes each of them away in turn. */
import assert from "node:assert/strict";
import { newHandle, putPrompt } from "../../bot/store/kept_values.ts";
import { chatTest } from "../bot/conversation.ts";
import { ANA, BEN, type Desk, GROUP, openDesk } from "../changes/desk.ts";
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
  await using desk = await openDesk({ environment: { OPERATORS: String(ANA), APPROVERS: String(BEN) } });
  await desk.say(BEN, DISABLE);
  assert.deepEqual(await desk.changes(), []);
  const { code } = await desk.carryOut(DISABLE);
  assert.equal(await desk.state(code), "accepted");
  assert.deepEqual(await refusals(desk), ["not_operator"]);
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
  await using desk = await openDesk();
  const other = await desk.ask("/disable ec2 Initech reason=off-boarding");
  const { code } = await desk.carryOut(DISABLE);
  assert.deepEqual([await desk.state(code), await desk.state(other.code)], ["accepted", "pending"]);
});

Deno.test("approve: what somebody else has brought about meanwhile is not sent again", async () => {
  await using desk = await openDesk();
  const [first, second] = [await desk.ask(ENABLE), await desk.ask(ENABLE)];
  await desk.press(BEN, first.card, "Approve");
  await desk.press(BEN, second.card, "Approve");
  assert.deepEqual([await desk.state(first.code), await desk.state(second.code)], ["applied", "superseded"]);
  assert.deepEqual(desk.writes(), [ENABLE_METHOD]);
});

Deno.test("approve: a target that waits for its turn does not hold up the others", async () => {
  await using desk = await openDesk();
  const { gravityzone, telegram } = desk;
  const held = Promise.withResolvers<void>();
  gravityzone.faults.next(ENABLE_METHOD, { after: held.promise });
  const [running, waiting] = [await desk.ask(ENABLE), await desk.ask(`${ENABLE}2`)];
  const free = await desk.ask(DISABLE);
  for (const { code } of [running, waiting, free]) telegram.say(BEN, BEN, `/approve ${code}`);
  await telegram.until(
    () => desk.news().some((text) => text.includes("Accepted: ")),
    "the change of the other target",
  );
  assert.deepEqual([await desk.state(running.code), await desk.state(waiting.code)], [
    "executing",
    "approved",
  ]);
  held.resolve();
  await desk.rest();
  assert.deepEqual([await desk.state(running.code), await desk.state(waiting.code)], [
    "applied",
    "superseded",
  ]);
});

Deno.test("A button does only what it is for, where it was offered", async () => {
  await using desk = await openDesk();
  const { card } = await desk.ask(DISABLE);
  const [page, choice] = [newHandle(), newHandle()];
  const shared = { person_id: null, ttlMs: 60_000 };
  const invocation = { verb: "find", target: null, input: { name: "Globex" }, asked: [] };
  await desk.store.transaction(async (transaction) => {
    const put = (prompt: Pick<Parameters<typeof putPrompt>[2], "handle" | "kind" | "chat_id" | "body">) =>
      putPrompt(desk.store, transaction, { ...shared, ...prompt });
    await put({ handle: page, kind: "page", chat_id: GROUP, body: "/status" });
    await put({ handle: choice, kind: "choice", chat_id: -2002, body: invocation });
  });
  const calls = desk.gravityzone.calls.length;
  for (const data of [`h:${page}`, `k:${page}`, `k:${choice}`, `p:${choice}:1`]) {
    await desk.press(BEN, card, data, { forged: true });
  }
  assert.deepEqual(await refusals(desk), [
    "unknown_button",
    "unknown_button",
    "foreign_button",
    "unknown_button",
  ]);
  assert.equal(desk.gravityzone.calls.length, calls);
});

Deno.test("A choice goes on only for somebody who still may", async () => {
  await using desk = await openDesk({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  await desk.say(ANA, "/disable ec2 Acme reason=off-boarding");
  const choice = desk.telegram.ephemerals(ANA, GROUP).at(-1);
  assert.ok(choice);
  desk.telegram.leave(ANA, GROUP);
  const data = choice.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "";
  await desk.press(ANA, choice, data, { forged: true });
  assert.deepEqual(await desk.changes(), []);
  assert.deepEqual(await refusals(desk), ["not_member"]);
});

Deno.test("/create apono: of somebody who may not ask for changes, no document is fetched", async () => {
  await using desk = await openDesk({ telegram: WITH_CARL });
  const content = { name: "billing", type: "postgresql", integration_config: {} };
  await desk.say(CARL, "/create apono", { document: { name: "new.json", content } });
  assert.deepEqual(await refusals(desk), ["not_operator"]);
  assert.deepEqual(desk.telegram.calls("getFile"), []);
});

Deno.test("Ask again is for what was superseded or has expired, whatever a client sends", async () => {
  await using desk = await openDesk();
  const rejected = await desk.ask(DISABLE);
  await desk.press(BEN, rejected.card, "Reject");
  const { handle } = await desk.change(rejected.code);
  await desk.press(ANA, rejected.card, `k:${handle}`, { forged: true });
  assert.deepEqual(await refusals(desk), ["unknown_button"]);
  assert.equal((await desk.changes()).length, 1);

  const late = await desk.ask(DISABLE);
  await desk.pass(16 * 60_000);
  await desk.press(BEN, late.card, "Approve");
  assert.equal(await desk.state(late.code), "expired");
  await desk.press(ANA, late.card, "Ask again");
  assert.deepEqual((await desk.changes()).map(({ state }) => state), ["rejected", "expired", "pending"]);
});

Deno.test("A secret that only its command knows to be one does not stay in the inbox", async () => {
  await using desk = await openDesk();
  await desk.say(ANA, "/create datto bearer=4711-0815");
  assert.deepEqual(await refusals(desk), ["literal_secret"]);
  const bodies = await desk.store.db.selectFrom("inbox").select("body").execute();
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

async function refusals(desk: Desk): Promise<(string | null)[]> {
  return (await desk.audit()).filter(({ event }) => event === "refused").map((row) => row.reason_code);
}
