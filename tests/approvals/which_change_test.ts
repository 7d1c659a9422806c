import assert from "node:assert/strict";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";

const ONE = "/disable ncentral 1";
const OTHER = "/disable sophos 1";

function told({ telegram }: Fixture, person: number): Message {
  const message = telegram.ephemerals(person, GROUP).at(-1);
  assert.ok(message, "nothing was said to this person alone");
  return message;
}

Deno.test("/approve without a code takes the only one that this person may approve", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(ONE);
  await fixture.say(BEN, "/approve");
  assert.equal(await fixture.state(code), "applied");
});

Deno.test("nobody approves their own by leaving the code out", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(ONE);
  await fixture.say(ANA, "/approve");
  assert.equal(await fixture.state(code), "pending");
  assert.match(textOf(told(fixture, ANA)), /Nothing waits that you may approve/);
});

Deno.test("of several each is offered, and a press takes the one that it names", async () => {
  await using fixture = await openFixture();
  const [one, other] = [await fixture.ask(ONE), await fixture.ask(OTHER)];
  await fixture.say(BEN, "/approve");
  assert.equal(buttonsOf(told(fixture, BEN)).length, 2);
  await fixture.press(BEN, told(fixture, BEN), one.code);
  assert.deepEqual([await fixture.state(one.code), await fixture.state(other.code)], ["applied", "pending"]);
});

Deno.test("/change without a code shows the only one, and offers the last ones whatever became of them", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/change");
  assert.match(textOf(told(fixture, ANA)), /Nothing was asked for here yet/);
  const one = await fixture.carryOut(ONE);
  await fixture.say(BEN, "/change");
  assert.match(
    textOf(fixture.telegram.last(GROUP)!),
    new RegExp(`N-central EU[^]*approved +Ben[^]*${one.code}`),
  );
  const other = await fixture.ask(OTHER);
  await fixture.say(BEN, "/change");
  const offered = told(fixture, BEN);
  assert.deepEqual(buttonsOf(offered).map(({ text }) => text.slice(0, 5)), [other.code, one.code]);
  await fixture.press(BEN, offered, other.code);
  assert.match(textOf(told(fixture, BEN)), /Sophos Central/);
  assert.equal(await fixture.state(other.code), "pending");
});

Deno.test("/reject in reply to a card takes that one, and the words for the reason", async () => {
  await using fixture = await openFixture();
  const [one, other] = [await fixture.ask(ONE), await fixture.ask(OTHER)];
  await fixture.say(BEN, "/reject there is an audit today", { replyTo: one.card.message_id });
  assert.deepEqual([await fixture.state(one.code), await fixture.state(other.code)], ["rejected", "pending"]);
  assert.equal((await fixture.change(one.code)).decision_reason, "there is an audit today");
});

Deno.test("/withdraw without a code is about one's own alone", async () => {
  await using fixture = await openFixture();
  const [one, other] = [await fixture.ask(ONE), await fixture.ask(OTHER, { by: BEN })];
  await fixture.say(ANA, "/withdraw");
  assert.deepEqual([await fixture.state(one.code), await fixture.state(other.code)], [
    "withdrawn",
    "pending",
  ]);
});

Deno.test("/undo offers what can be taken back, and takes none by itself", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.carryOut(ONE);
  await fixture.say(ANA, "/undo");
  assert.equal((await fixture.changes()).length, 1);
  await fixture.press(ANA, told(fixture, ANA), code);
  assert.equal((await fixture.changes()).at(-1)?.undo_of, code);
});

Deno.test("what is a day old is not offered to be undone", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut(ONE);
  await fixture.pass(24 * 3_600_000 + 1);
  await fixture.say(ANA, "/undo");
  assert.match(textOf(told(fixture, ANA)), /Nothing of the last 24 hours can be undone/);
});

for (const words of ["yes", "Approved!", "👍", "no"]) {
  Deno.test(`"${words}" in reply to a card decides nothing and offers the buttons`, async () => {
    await using fixture = await openFixture();
    const { code, card } = await fixture.ask(ONE);
    await fixture.say(BEN, words, { replyTo: card.message_id });
    assert.equal(await fixture.state(code), "pending");
    assert.deepEqual(buttonsOf(told(fixture, BEN)).map(({ text }) => text), ["Approve", "Reject"]);
    await fixture.press(BEN, told(fixture, BEN), "Approve");
    assert.equal(await fixture.state(code), "applied");
  });
}

Deno.test("talk in reply to a card stays talk", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(ONE);
  const before = fixture.telegram.calls().length;
  await fixture.say(BEN, "yes but let us wait for Chidi", { replyTo: card.message_id });
  assert.equal(fixture.telegram.calls().length, before);
});

Deno.test("/help has each of the bot's own commands where it belongs, and /pending says once what is unknown", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/help");
  assert.match(
    fixture.ephemeralAnswers(BEN).at(-1) ?? "",
    /^ *Look +\/status \/recent \/help \/start \/show \/usage/m,
  );
  fixture.gravityzone.faults.next("disableAmazonEC2Integration", { status: 502 });
  const { code } = await fixture.carryOut("/disable ec2 Globex reason=over");
  await fixture.say(BEN, "/pending");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`${code} Unknown: Disable the EC2 integration of Globex · asked by Ana \\(…101\\)$`, "m"),
  );
});

Deno.test("in private /pending has the buttons, and says the outcome there", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(ONE);
  await fixture.say(BEN, "/pending", { chat: BEN });
  const [list] = fixture.telegram.answers(BEN);
  assert.ok(list);
  assert.ok(textOf(list).endsWith(`[ Show ${code} ]\n[ Approve ${code} ] [ Reject ${code} ]`), textOf(list));
  await fixture.press(BEN, list, `Approve ${code}`);
  assert.equal(await fixture.state(code), "applied");
  assert.match(fixture.privateAnswers(BEN).join("\n"), /Applied/);
});

Deno.test("words that are no code decide nothing: what waits is offered, and they become the reason", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(ONE);
  await fixture.say(BEN, "/reject there is an audit today");
  assert.equal(await fixture.state(code), "pending");
  const [offered] = buttonsOf(told(fixture, BEN)).map(({ text }) => text);
  assert.equal(offered, `${code} · N-central EU · disable`);
  await fixture.press(BEN, told(fixture, BEN), code);
  assert.equal(await fixture.state(code), "rejected");
  assert.equal((await fixture.change(code)).decision_reason, "there is an audit today");
});

Deno.test("/stop without a code takes the card that it answers, the only one, or offers each", async () => {
  await using fixture = await openFixture({ environment: { GRACE: "5m" } });
  const wait = async (text: string) => {
    const asked = await fixture.ask(text);
    await fixture.say(BEN, `/approve ${asked.code}`);
    assert.equal(await fixture.state(asked.code), "approved");
    return asked;
  };
  await fixture.say(ANA, "/stop");
  assert.match(textOf(told(fixture, ANA)), /Nothing is approved that has not begun/);
  const one = await wait("/disable opsramp AWS production reason=x");
  const other = await wait("/disable opsramp Datadog EU reason=x");
  await fixture.say(ANA, "/stop");
  assert.deepEqual(
    buttonsOf(told(fixture, ANA)).map(({ text }) => text).toSorted(),
    [
      `${one.code} · AWS production · disable`,
      `${other.code} · Datadog EU · disable`,
    ].toSorted(),
  );
  await fixture.say(BEN, "/stop", { replyTo: one.card.message_id });
  assert.deepEqual([await fixture.state(one.code), await fixture.state(other.code)], ["stopped", "approved"]);
  await fixture.say(ANA, "/stop");
  assert.equal(await fixture.state(other.code), "stopped");
});

Deno.test("a reply to a card is enough to approve it, to withdraw it and to undo it", async () => {
  await using fixture = await openFixture();
  const [one, other] = [await fixture.ask(ONE), await fixture.ask(OTHER)];
  await fixture.say(ANA, "/withdraw", { replyTo: other.card.message_id });
  await fixture.say(BEN, "/approve", { replyTo: one.card.message_id });
  assert.deepEqual([await fixture.state(one.code), await fixture.state(other.code)], [
    "applied",
    "withdrawn",
  ]);
  await fixture.say(ANA, "/undo", { replyTo: one.card.message_id });
  assert.equal((await fixture.changes()).at(-1)?.undo_of, one.code);
});

Deno.test("of several each is offered to be withdrawn or undone, and a press takes the one that it names", async () => {
  await using fixture = await openFixture();
  const [one, other] = [await fixture.ask(ONE), await fixture.ask(OTHER)];
  await fixture.say(ANA, "/withdraw");
  assert.equal(buttonsOf(told(fixture, ANA)).length, 2);
  await fixture.press(ANA, told(fixture, ANA), one.code);
  assert.deepEqual([await fixture.state(one.code), await fixture.state(other.code)], [
    "withdrawn",
    "pending",
  ]);
  await fixture.say(BEN, `/approve ${other.code}`);
  const third = await fixture.carryOut(ONE);
  await fixture.say(ANA, "/undo");
  assert.equal(buttonsOf(told(fixture, ANA)).length, 2);
  await fixture.press(ANA, told(fixture, ANA), third.code);
  assert.equal((await fixture.changes()).at(-1)?.undo_of, third.code);
});

Deno.test("/help and what it leads to offer only what this person may do here", async () => {
  await using fixture = await openFixture({
    environment: { OPERATORS: String(BEN), APPROVERS: String(BEN) },
  });
  const seen = async (words: string) => {
    await fixture.say(ANA, words, { chat: GROUP });
    return textOf(told(fixture, ANA));
  };
  assert.doesNotMatch(await seen("/help"), /\[ Change \]|\/disable|\/approve\b/);
  assert.doesNotMatch(await seen("/help changing"), /\[ sophos \]/);
  assert.match(await seen("/help looking sophos"), /\/status sophos/);
  const menu = fixture.telegram.menu(ANA, GROUP).map(({ command }) => command);
  assert.ok(menu.includes("pending") && !menu.includes("approve"));
  await fixture.say(BEN, "/help");
  assert.match(textOf(told(fixture, BEN)), /\[ Change \]/);
});
