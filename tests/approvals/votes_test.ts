import assert from "node:assert/strict";
import { ANA, BEN, textOf } from "./fixture.ts";
import { testOnEach } from "./database.ts";
import { CHIDI, DANGER, DORA, openWithPolicy, POLICY, SECOND } from "./policy_file.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const RULES = POLICY + SECOND + DANGER;

testOnEach("a card that needs two says 1 of 2 after the first, and runs with the second", async (url) => {
  await using fixture = await openWithPolicy(RULES, { environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(DISABLE);
  assert.match(textOf(card), /Needs +0 of 2: 2 of Ben, Chidi \(rule “danger”\)/);
  const answer = await fixture.press(BEN, card, "Approve");
  assert.match(answer.text ?? "", /Your approval counts/);
  assert.match(textOf(card), /Needs +1 of 2: Ben ✓ · Chidi \(rule “danger”\)/);
  assert.match(textOf(card), /\[ Approve \] \[ Reject \]\n\[ Take back \]/);
  assert.deepEqual(fixture.writes(), []);
  await fixture.press(CHIDI, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  assert.equal(fixture.writes().length, 1);
  const events = (await fixture.audit(code)).map(({ event }) => event);
  assert.deepEqual(events, ["asked", "vote", "approve", "claim", "send", "accept"]);
});

testOnEach("nobody counts twice, and the requester not at all", async (url) => {
  await using fixture = await openWithPolicy(RULES, { environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  const again = await fixture.press(BEN, card, "Approve");
  assert.match(again.text ?? "", /You have approved this already/);
  await fixture.say(BEN, `/approve ${code}`, { chat: BEN });
  const own = await fixture.press(ANA, card, "Approve");
  assert.match(own.text ?? "", /someone else has to approve it/);
  assert.equal(await fixture.state(code), "pending");
});

testOnEach("an approval can be taken back until there are enough", async (url) => {
  await using fixture = await openWithPolicy(RULES, { environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  const none = await fixture.press(CHIDI, card, "Take back");
  assert.match(none.text ?? "", /You have not approved this/);
  assert.deepEqual((await fixture.audit(code)).map(({ event }) => event), ["asked", "vote", "refused"]);
  const taken = await fixture.press(BEN, card, "Take back");
  assert.match(taken.text ?? "", /Taken back/);
  assert.match(textOf(card), /0 of 2/);
  await fixture.press(CHIDI, card, "Approve");
  assert.equal(await fixture.state(code), "pending");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
});

Deno.test("one Reject by anyone who may approve ends it, and a stranger to its rules ends nothing", async () => {
  await using fixture = await openWithPolicy(RULES);
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  const refused = await fixture.press(DORA, card, "Reject");
  assert.match(refused.text ?? "", /No rule of the policy names you/);
  assert.match(refused.text ?? "", /Rule “danger”: Ben, Chidi/);
  assert.equal(await fixture.state(code), "pending");
  await fixture.press(CHIDI, card, "Reject");
  assert.equal(await fixture.state(code), "rejected");
});

Deno.test("what no rule allows cannot be asked for, and the rule and its people are named", async () => {
  await using fixture = await openWithPolicy(RULES);
  await fixture.say(DORA, DISABLE);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /No rule of the policy lets you ask for this/);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /Rule “on-call”: Ana, Ben, Chidi/);
  await fixture.say(ANA, "/refresh apono Orders DB");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /No rule lets anybody ask for it/);
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("what nobody else could approve is not asked for", async () => {
  await using fixture = await openWithPolicy(
    POLICY + `[[need]]\nname = "leads"\napprove = [{ of = ["leads"], count = 1 }]\n`,
  );
  await fixture.say(CHIDI, DISABLE);
  assert.match(
    fixture.ephemeralAnswers(CHIDI).at(-1) ?? "",
    /names nobody who could approve this besides you/,
  );
  assert.match(fixture.ephemeralAnswers(CHIDI).at(-1) ?? "", /Rule “leads”: nobody else/);
});
