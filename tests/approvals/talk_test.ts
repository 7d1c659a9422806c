import assert from "node:assert/strict";
import { ANA, BEN, GROUP, textOf } from "./fixture.ts";
import { testOnEach } from "./database.ts";
import { CHIDI, DANGER, DORA, openWithPolicy, POLICY, SECOND } from "./policy_file.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const RULES = POLICY + SECOND + DANGER;

testOnEach(
  "who may approve asks in reply to the card, and the requester's reply is the answer",
  async (url) => {
    await using fixture = await openWithPolicy(RULES, { environment: { DATABASE_URL: url } });
    const { code, card } = await fixture.ask(DISABLE);
    await fixture.press(BEN, card, "Approve");
    await fixture.say(CHIDI, "Why not wait for Monday?", { replyTo: card });
    assert.match(textOf(card), /Question +Chidi: “Why not wait for Monday\?” · no answer yet/);
    assert.match(textOf(card), /1 of 2: Ben ✓/);
    const asked = fixture.telegram.answers(GROUP).at(-1)!;
    assert.match(textOf(asked), new RegExp(`Chidi asks about ${code}\\n“Why not wait for Monday\\?”`));
    await fixture.say(ANA, "the contract ends today", { replyTo: asked });
    assert.match(
      textOf(card),
      /Question +Chidi: “Why not wait for Monday\?” · Ana: “the contract ends today”/,
    );
    assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`Ana answers about ${code}`));
    assert.equal(await fixture.state(code), "pending");
    assert.deepEqual(
      (await fixture.audit(code)).map(({ event, person_name, detail }) => [event, person_name, detail]).slice(
        2,
      ),
      [["question", "Chidi", "Why not wait for Monday?"], ["answered", "Ana", "the contract ends today"]],
    );
  },
);

Deno.test("only who may approve asks, and only the requester answers; nobody decides by words", async () => {
  await using fixture = await openWithPolicy(RULES);
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.say(DORA, "What is this?", { replyTo: card });
  await fixture.say(ANA, "please be quick", { replyTo: card });
  assert.doesNotMatch(textOf(card), /Question/);
  await fixture.say(BEN, "one?", { replyTo: card });
  await fixture.say(BEN, "two?", { replyTo: card });
  await fixture.say(ANA, "to the last", { replyTo: card });
  await fixture.say(ANA, "to the first", { replyTo: card });
  await fixture.say(ANA, "to none", { replyTo: card });
  assert.match(textOf(card), /Ben: “one\?” · Ana: “to the first”/);
  assert.match(textOf(card), /Ben: “two\?” · Ana: “to the last”/);
  assert.doesNotMatch(textOf(card), /to none/);
  await fixture.say(BEN, "yes", { replyTo: card });
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Nothing was decided/);
  await fixture.say(BEN, "is it password=hunter2hunter2 ?", { replyTo: card });
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /That message held a secret/);
  assert.doesNotMatch(
    JSON.stringify(await fixture.store.db.selectFrom("questions").selectAll().execute()),
    /hunter2/,
  );
  await fixture.press(BEN, card, "Reject");
  await fixture.say(CHIDI, "and now?", { replyTo: card });
  assert.doesNotMatch(textOf(card), /and now/);
  assert.equal(await fixture.state(code), "rejected");
});

Deno.test("a question goes to where it was asked for, and the answer to where the question was", async () => {
  await using fixture = await openWithPolicy(RULES);
  const { code, card } = await fixture.ask(DISABLE, { chat: ANA });
  await fixture.say(BEN, "which one?", { replyTo: card });
  assert.match(fixture.privateAnswers(ANA).at(-1) ?? "", new RegExp(`Ben asks about ${code}`));
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Asked Ana about/);
  await fixture.say(ANA, "the old one", { chat: ANA, replyTo: fixture.telegram.answers(ANA).at(-1)! });
  assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`Ana answers about ${code}\\n“the old one”`));
  assert.match(textOf(card), /Question +Ben: “which one\?” · Ana: “the old one”/);
});
