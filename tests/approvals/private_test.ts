import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Fixture, openFixture, textOf } from "./fixture.ts";
import { createStillClock, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";

const DISABLE = "/disable opsramp AWS production reason=off-boarding";

function newest({ telegram }: Fixture, chat: number): Message {
  return telegram.answers(chat).at(-1)!;
}

async function shown(fixture: Fixture, person: number): Promise<Message> {
  await fixture.say(person, "/pending", { chat: person });
  const list = newest(fixture, person);
  const [show] = buttonsOf(list).flat().filter(({ text }) => text.startsWith("Show"));
  await fixture.press(person, list, show?.text ?? "");
  return newest(fixture, person);
}

testOnEach("/pending in private: Show has Approve and Reject, and is edited to the outcome", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(DISABLE);
  const answers = fixture.telegram.answers(BEN).length;
  const view = await shown(fixture, BEN);
  assert.match(textOf(view), /^⚠️ Disable AWS production in OpsRamp.*\?/);
  assert.match(textOf(view), /^Breaks +/m);
  assert.deepEqual(buttonsOf(view).flat().map(({ text }) => text), ["Approve", "Reject"]);
  const { text } = await fixture.press(BEN, view, "Approve");
  assert.match(text ?? "", new RegExp(`Approved: ${code}`));
  assert.equal(await fixture.state(code), "applied");
  assert.match(textOf(newest(fixture, BEN)), /^✅ Applied: /);
  assert.deepEqual(buttonsOf(newest(fixture, BEN)), []);
  assert.equal(fixture.telegram.answers(BEN).length, answers + 1);
  assert.match(textOf(card), /^✅ Applied: /);
});

Deno.test("/pending in private: a rejection is edited in too, and its own request can only be taken back", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(DISABLE);
  const own = await shown(fixture, ANA);
  assert.deepEqual(buttonsOf(own).flat().map(({ text }) => text), ["Withdraw"]);
  const view = await shown(fixture, BEN);
  await fixture.press(BEN, view, "Reject");
  assert.equal(await fixture.state(code), "rejected");
  assert.match(
    textOf(newest(fixture, BEN)),
    /Rejected: Disable AWS production in OpsRamp.*\nNothing was sent\./,
  );
  const late = await fixture.press(ANA, own, "Withdraw");
  assert.match(late.text ?? "", /decided already/);
});

Deno.test("/approve in private: the answer is edited to the outcome", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  const { code } = await fixture.ask("/enable ec2 Acme Labs role=arn:aws:iam::111222333444:role/gz");
  fixture.gravityzone.faults.next("configureAmazonEC2IntegrationUsingCrossAccountRole", {
    applied: true,
    status: 503,
    body: "",
  });
  fixture.gravityzone.faults.next("getCompanyDetailsByAWSAccountId", { status: 503, body: "" });
  await fixture.say(BEN, `/approve ${code}`, { chat: BEN });
  const answers = fixture.telegram.answers(BEN).length;
  assert.match(textOf(newest(fixture, BEN)), /^(❔ Unknown|✅ Applied): /);
  await fixture.pass(61_000);
  assert.match(textOf(newest(fixture, BEN)), /^✅ Applied: /);
  assert.equal(fixture.telegram.answers(BEN).length, answers);
});

Deno.test("a view in private gives its buttons to nobody else and to no other message", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.say(BEN, `/change ${code}`);
  const inGroup = fixture.telegram.answers(GROUP).at(-1)!;
  assert.notEqual(inGroup.message_id, card.message_id);
  assert.deepEqual(buttonsOf(inGroup), []);
  assert.match(textOf(inGroup), new RegExp(`/approve ${code} or /reject ${code}`));
  await fixture.say(BEN, "/whoami", { chat: BEN });
  const list = newest(fixture, BEN);
  const { handle } = await fixture.change(code);
  const { text } = await fixture.press(BEN, list, `a:${handle}`, { forged: true });
  assert.match(text ?? "", /belongs to another message/);
  assert.equal(await fixture.state(code), "pending");
});
