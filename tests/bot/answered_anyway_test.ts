/** Nobody is left without an answer: where the usual way of answering is shut, there is another one. */
import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import type { Message } from "../sandbox/telegram.ts";

const DISABLE = "/disable ec2 Globex reason=off-boarding";

/** A press that Telegram takes no answer to: it waited while the bot was away. */
async function pressLate(fixture: Fixture, person: number, message: Message, button: string): Promise<void> {
  const { telegram, clock } = fixture;
  const away = Promise.withResolvers<void>();
  const others = telegram.faults.left();
  telegram.faults.push({ method: "answerCallbackQuery", hold: away.promise });
  telegram.pressAndGo(person, message, button);
  await telegram.until(() => telegram.faults.left() === others, "the answer to the press");
  clock.advance(70_000);
  away.resolve();
  await fixture.rest();
}

Deno.test("a press that is answered 70 s late is answered in a message: a refusal", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(DISABLE);
  await pressLate(fixture, ANA, card, "Approve");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /^⛔ You asked for this change, so someone else/);
  assert.equal(fixture.ephemeralAnswers(BEN).length, 0);
});

Deno.test("a press that is answered 70 s late is answered in a message: what it did", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.ask(DISABLE);
  await pressLate(fixture, BEN, card, "Reject");
  assert.equal(await fixture.state(code), "rejected");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", new RegExp(`^ℹ️ Rejected: ${code}`));
});

Deno.test("a press that is answered late, where only everyone can be answered, is answered below its message", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(DISABLE);
  fixture.telegram.faults.push({ having: "ephemeral_message_parameters", status: 400, times: 2 });
  await pressLate(fixture, ANA, card, "Approve");
  const last = fixture.telegram.last(GROUP);
  assert.match(textOf(last!), /You asked for this change/);
  assert.equal(last?.reply_to_message?.message_id, card.message_id);
});

Deno.test("a press in time is answered once, and not in a message too", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(DISABLE);
  const { text } = await fixture.press(ANA, card, "Approve");
  assert.match(text ?? "", /You asked for this change/);
  assert.deepEqual(fixture.ephemeralAnswers(ANA), []);
});

Deno.test("a press that was answered before there was something to say gets a message", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "c:/change K7Q2X", { forged: true });
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /^⛔ /);
});

Deno.test("a command in reply to the bot's own file does not take that file for a document", async () => {
  await using fixture = await openFixture();
  await fixture.ask(DISABLE);
  await fixture.say(ANA, "/audit export");
  const file = fixture.telegram.answers(GROUP).find(({ document }) => document !== undefined);
  assert.ok(file);
  await fixture.say(ANA, "/create apono", { replyTo: file });
  assert.deepEqual(fixture.telegram.calls("getFile"), []);
  assert.doesNotMatch(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /document/i);
});

Deno.test("a command that only the bot sees is answered to its sender alone", async () => {
  await using fixture = await openFixture();
  const before = fixture.telegram.answers(GROUP).length;
  await fixture.say(ANA, "/ping", { ephemeral: true });
  await fixture.say(ANA, "/status bitdefender", { ephemeral: true });
  assert.equal(fixture.telegram.answers(GROUP).length, before);
  const [pong, status] = fixture.ephemeralAnswers(ANA);
  assert.match(pong ?? "", /pong/);
  assert.match(status ?? "", /GravityZone/);
  assert.deepEqual(fixture.telegram.calls().filter(({ outcome }) => outcome !== "ok"), []);
});

Deno.test("a secret in a command that only the bot sees is deleted", async () => {
  await using fixture = await openFixture();
  const { telegram } = fixture;
  const secret = "hunter2hunter2";
  const own = () => telegram.messages(GROUP).concat(telegram.ephemerals(idOfBot(fixture), GROUP));
  await fixture.say(ANA, `/create apono secret.apono.password=${secret}`, { ephemeral: true });
  assert.equal(telegram.calls("deleteEphemeralMessage").length, 1);
  assert.ok(!own().some(({ text }) => text?.includes(secret)));
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /I deleted it and used nothing of it/);
});

Deno.test("what is asked in the General topic of a forum is answered there, without its number", async () => {
  await using fixture = await openFixture();
  const general = { fields: { message_thread_id: 1, is_topic_message: true } };
  await fixture.say(ANA, "/ping", general);
  assert.match(fixture.groupAnswers().at(-1) ?? "", /pong/);
  await fixture.say(BEN, "/ping", { fields: { message_thread_id: 4711 } });
  for (const { parameters, outcome } of fixture.telegram.calls()) {
    assert.equal(parameters["message_thread_id"], undefined);
    assert.equal(outcome, "ok");
  }
});

Deno.test("a file of an answer comes too where its topic is gone by then", async () => {
  await using fixture = await openFixture();
  const { telegram } = fixture;
  const thread = { message_thread_id: 77, is_topic_message: true };
  await fixture.ask(DISABLE);
  await fixture.say(ANA, "/audit export", { fields: thread });
  await fixture.say(ANA, "/help notifier opsramp", { fields: thread });
  assert.deepEqual(
    telegram.answers(GROUP).flatMap(({ document }) => document?.file_name ?? []),
    ["audit.jsonl", "audit.csv"],
  );
  assert.equal(telegram.ephemerals(ANA, GROUP).filter(({ document }) => document).length, 1);
});

function idOfBot({ telegram }: Fixture): number {
  return Number(telegram.token.split(":")[0]);
}
