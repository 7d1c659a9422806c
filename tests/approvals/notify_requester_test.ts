import assert from "node:assert/strict";
import { SOON } from "../sandbox/stage.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { CARA, THREE } from "./decision_path.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

/** Where a request may be typed, and where its requester reads what became of it. */
const PLACES = [
  { place: "in private", chat: ANA, read: (fixture: Fixture) => fixture.privateAnswers(ANA) },
  { place: "in the group", chat: GROUP, read: (fixture: Fixture) => fixture.outcomes() },
] as const;

for (const { place, chat, read } of PLACES) {
  Deno.test(`a request asked for ${place}: whoever asked is told that it was rejected, by whom and why`, async () => {
    await using fixture = await openFixture();
    const { code } = await fixture.ask(DISABLE, { chat });
    const before = read(fixture).length;
    await fixture.say(BEN, `/reject ${code} not before the contract ends`);
    const told = read(fixture).slice(before);
    assert.equal(told.length, 1, told.join("\n\n"));
    assert.match(told[0]!, /^ℹ️ Rejected: Disable the EC2 integration of Acme Corp/);
    assert.match(
      told[0]!,
      /^Ben \(…102\) rejected it: “not before the contract ends”\. Nothing was sent\.$/m,
    );
    assert.match(told[0]!, new RegExp(`^/change ${code}$`, "m"));
  });

  Deno.test(`a request asked for ${place}: whoever asked is told that it has expired, and how to ask again`, async () => {
    await using fixture = await openFixture();
    const { code } = await fixture.ask(DISABLE, { chat });
    const before = read(fixture).length;
    fixture.clock.advance(15 * 60_000);
    await fixture.say(BEN, `/approve ${code}`);
    const told = read(fixture).slice(before);
    assert.equal(told.length, 1, told.join("\n\n"));
    assert.match(told[0]!, /^🟡 Expired: Disable the EC2 integration of Acme Corp/);
    assert.match(told[0]!, /^Nobody decided in time\. Nothing was sent\. .*“Ask again”/m);
  });
}

Deno.test("a request that nobody decides about: whoever asked is told by itself, with a sound", async () => {
  await using fixture = await openFixture({ timing: SOON });
  await fixture.ask(DISABLE, { chat: ANA });
  fixture.clock.advance(15 * 60_000);
  await fixture.telegram.until(
    () => fixture.privateAnswers(ANA).some((text) => /^🟡 Expired: /.test(text)),
    "the letter",
  );
  const [letter] = fixture.telegram.calls("sendRichMessage").filter(({ parameters }) =>
    parameters["chat_id"] === ANA && JSON.stringify(parameters).includes("Expired")
  );
  assert.ok(letter);
  assert.notEqual(letter.parameters["disable_notification"], true);
});

Deno.test("a request that its requester took back: nobody is told twice", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(DISABLE, { chat: ANA });
  const before = fixture.privateAnswers(ANA).length;
  await fixture.say(ANA, `/withdraw ${code}`, { chat: ANA });
  assert.deepEqual(fixture.privateAnswers(ANA).slice(before).map((text) => text.split("\n")[0]), [
    "ℹ️ Withdrawn: Disable the EC2 integration of Acme Corp",
  ]);
});

Deno.test("a request that its requester takes back too late: the refusal says it, and nothing else does", async () => {
  await using fixture = await openFixture(THREE);
  const { code } = await fixture.ask(DISABLE, { chat: ANA });
  const before = fixture.privateAnswers(ANA).length;
  fixture.clock.advance(15 * 60_000);
  await fixture.say(ANA, `/withdraw ${code}`, { chat: ANA });
  const told = fixture.privateAnswers(ANA).slice(before);
  assert.equal(told.length, 1, told.join("\n\n"));
  assert.match(told[0]!, /waited too long and has expired/);
  await fixture.say(CARA, `/approve ${code}`);
  assert.equal(fixture.privateAnswers(ANA).length, before + 1);
});

Deno.test("whoever asked is told in reply to the request, and not by a message that passes whoever is offline", async () => {
  await using fixture = await openFixture();
  const { telegram } = fixture;
  const asking = (text: string) => telegram.messages(GROUP).find((one) => one.text === text)?.message_id;
  const replies = () =>
    telegram.answers(GROUP).filter((one) => fixture.outcomes().includes(textOf(one)))
      .map(({ reply_to_message }) => reply_to_message?.message_id);
  const rejected = "/disable ec2 Globex reason=off-boarding";
  const { card } = await fixture.ask(rejected);
  await fixture.press(BEN, card, "Reject");
  await fixture.carryOut(DISABLE);
  assert.deepEqual(replies(), [asking(rejected), asking(DISABLE)]);
  assert.deepEqual(fixture.ephemeralAnswers(ANA), []);
});

Deno.test("whoever rejects by the button says why in reply, once, and all who were told read it", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.ask("/disable sophos");
  await fixture.press(BEN, card, "Reject");
  const told = fixture.telegram.last(GROUP)!;
  assert.match(textOf(told), /Ben \(…102\) rejected it\. Nothing was sent\. A reply to this says why\./);
  await fixture.say(ANA, "that is a pity", { replyTo: told.message_id });
  await fixture.say(BEN, "ok", { replyTo: told.message_id });
  assert.equal((await fixture.change(code)).decision_reason, null);
  const { finished_at } = await fixture.change(code);
  await fixture.say(BEN, "not before the audit", { replyTo: told.message_id });
  const { state, decision_reason, ...after } = await fixture.change(code);
  assert.deepEqual([state, decision_reason, after.finished_at], [
    "rejected",
    "not before the audit",
    finished_at,
  ]);
  assert.match(textOf(told), /rejected it: “not before the audit”\. Nothing was sent\.$/m);
  assert.match(textOf(card), /not before the audit/);
  await fixture.say(BEN, "or rather because of the weather", { replyTo: told.message_id });
  assert.equal((await fixture.change(code)).decision_reason, "not before the audit");
  assert.deepEqual(
    (await fixture.audit(code)).map(({ event, detail }) => [event, detail]).slice(-2),
    [["reject", null], ["explain", "not before the audit"]],
  );
});
