import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";

/** What Ana is asked in the group, which only she sees. */
function question({ telegram }: Fixture): Message {
  const asked = telegram.ephemerals(ANA, GROUP).at(-1);
  assert.ok(asked, "nothing was asked");
  return asked;
}

function labels(message: Message): string[] {
  return buttonsOf(message).map(({ text }) => text);
}

Deno.test("a bare verb becomes a card by two presses, and shows the command as it grows", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable");
  assert.ok(labels(question(fixture)).includes("ncentral"));
  await fixture.press(ANA, question(fixture), "ncentral");
  assert.match(textOf(question(fixture)), /which one\?[^]*\/disable ncentral …/);
  assert.deepEqual(labels(question(fixture)).slice(0, 2), ["🟡 N-central US · #2", "🟢 N-central EU · #1"]);
  await fixture.press(ANA, question(fixture), "N-central EU");
  const [change] = await fixture.changes();
  assert.equal(change?.target_key, "ncentral:1");
  assert.match(textOf(question(fixture)), /Asked for: \/disable ncentral 1/);
});

Deno.test("a change that only names what it is about is led on, like one that names nothing", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/enable ec2 Globex");
  assert.match(textOf(question(fixture)), /what shall be set\?[^]*\/enable ec2 Globex …/);
  assert.deepEqual(labels(question(fixture)), ["role", "key", "Cancel"]);
});

Deno.test("what there is only one of is taken", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask("/disable sophos");
  assert.equal((await fixture.change(code)).target_key, "sophos:1");
});

Deno.test("in private the question itself becomes the answer", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/show", { chat: ANA });
  const [asked] = fixture.telegram.answers(ANA);
  assert.ok(asked);
  await fixture.press(ANA, asked, "sophos");
  assert.equal(fixture.telegram.answers(ANA).length, 1);
  assert.match(textOf(asked), /Sophos Central/);
});

Deno.test("a reason is asked for in words, and only its asker gives it", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable opsramp AWS production");
  const asked = fixture.telegram.last(GROUP);
  assert.ok(asked);
  assert.match(textOf(asked), /Type the reason in reply/);
  const [sent] = fixture.telegram.calls("sendRichMessage").slice(-1);
  assert.deepEqual(sent?.parameters["reply_markup"], {
    force_reply: true,
    selective: true,
    input_field_placeholder: "reason",
  });
  await fixture.say(BEN, "me too", { replyTo: asked.message_id });
  assert.deepEqual(await fixture.changes(), []);
  await fixture.say(ANA, "too noisy", { replyTo: asked.message_id });
  const [change] = await fixture.changes();
  assert.equal(change?.reason, "too noisy");
  assert.equal(change?.requester_id, ANA);
});

Deno.test("a part of a name is typed instead of pressed", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable ncentral", { chat: ANA });
  await fixture.say(ANA, "central", { chat: ANA });
  assert.match(fixture.privateAnswers(ANA).at(-1) ?? "", /fits several/);
  await fixture.say(ANA, "n-central us", { chat: ANA });
  const [change] = await fixture.changes();
  assert.equal(change?.target_key, "ncentral:2");
});

Deno.test("others are told that it is not theirs, by an alert", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable", { chat: GROUP });
  const { text, show_alert } = await fixture.press(BEN, question(fixture), "ncentral");
  assert.match(text ?? "", /offered to someone else/);
  assert.equal(show_alert, true);
});

Deno.test("it is over after ten minutes, and by another command", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable");
  const first = question(fixture);
  await fixture.say(ANA, "/disable ncentral");
  assert.match((await fixture.press(ANA, first, "sophos")).text ?? "", /That choice is over/);
  await fixture.pass(10 * 60_000);
  assert.match(
    (await fixture.press(ANA, question(fixture), "N-central EU")).text ?? "",
    /That choice is over/,
  );
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("a button of an earlier step does nothing", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable");
  const [sophos] = buttonsOf(question(fixture)).filter(({ text }) => text === "sophos");
  await fixture.press(ANA, question(fixture), "ncentral");
  const data = sophos?.callback_data ?? "";
  assert.match(
    (await fixture.press(ANA, question(fixture), data, { forged: true })).text ?? "",
    /That choice is over/,
  );
});

Deno.test("a button counts where it was offered, and not after it was left", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable ncentral", { chat: ANA });
  const [asked] = fixture.telegram.answers(ANA);
  assert.ok(asked);
  const data = buttonsOf(asked)[0]?.callback_data ?? "";
  await fixture.say(ANA, "/disable ncentral");
  const elsewhere = await fixture.press(ANA, question(fixture), data, { forged: true });
  assert.match(elsewhere.text ?? "", /belongs to another message/);
  await fixture.press(ANA, asked, "Cancel");
  const left = await fixture.press(ANA, asked, data, { forged: true });
  assert.match(left.text ?? "", /That choice is over/);
  assert.deepEqual(await fixture.changes(), []);
});

/** The last thing that the bot said to Ana in private. */
function lastSaid({ telegram }: Fixture): Message {
  const last = telegram.answers(ANA).at(-1);
  assert.ok(last, "nothing was said");
  return last;
}

Deno.test("/plan of half a command is led on, and asks for nothing but the card", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/plan disable", { chat: ANA });
  await fixture.press(ANA, lastSaid(fixture), "opsramp");
  assert.match(textOf(lastSaid(fixture)), /\/plan disable opsramp …/);
  await fixture.press(ANA, lastSaid(fixture), "AWS production");
  assert.match(
    textOf(lastSaid(fixture)),
    /Disable AWS production in OpsRamp\?[^]*Nothing was asked of anybody/,
  );
  await fixture.say(ANA, "/plan", { chat: ANA });
  assert.match(textOf(lastSaid(fixture)), /Type the command in reply, such as in \/plan disable sophos 1/);
  await fixture.say(ANA, "disable ncentral", { chat: ANA });
  assert.match(textOf(lastSaid(fixture)), /which one\?[^]*\/plan disable ncentral …/);
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("what only the vendor's present state makes necessary is asked for too", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/notifier opsramp Service Desk uri=https://desk.example.com auth=JWT", {
    chat: ANA,
  });
  assert.match(textOf(lastSaid(fixture)), /Type the tokenURL in reply/);
  await fixture.say(ANA, "/update ncentral new_password=?", { chat: ANA });
  assert.match(textOf(lastSaid(fixture)), /which one\?/);
  await fixture.say(ANA, "/map opsramp Service Desk", { chat: ANA });
  assert.match(textOf(lastSaid(fixture)), /Which direction\?[^]*\/map opsramp Service Desk …/);
  await fixture.say(ANA, "/map opsramp Service Desk in INCIDENT", { chat: ANA });
  assert.match(textOf(lastSaid(fixture)), /Type the attribute in reply/);
  await fixture.say(ANA, "priority", { chat: ANA });
  assert.ok(
    fixture.privateAnswers(ANA).some((text) =>
      text === "ℹ️ Goes on below: /map opsramp Service Desk in INCIDENT priority …"
    ),
  );
});

Deno.test("types are called by their names alone, and asked for as types", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/create apono", { chat: ANA });
  assert.match(textOf(lastSaid(fixture)), /which type\?/);
  assert.ok(labels(lastSaid(fixture)).includes("AWS EC2 by SSM"));
});
