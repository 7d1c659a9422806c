import assert from "node:assert/strict";
import { findMessage } from "../../bot/outbox/messages.ts";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { ANA, type Asked, BEN, cardOf, company, type Fixture, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import { CARA, THREE } from "./decision_path.ts";

const ROLE = "arn:aws:iam::999888777666:role/gravityzone";
const ENABLE = `/enable ec2 Acme Labs role=${ROLE}`;
const WRITTEN = "configureAmazonEC2IntegrationUsingCrossAccountRole";

testOnEach(
  "Undo: pressed under the outcome it asks for the way back, which is approved like any change",
  async (url) => {
    await using fixture = await openFixture({
      ...THREE,
      environment: { ...THREE.environment, DATABASE_URL: url },
    });
    const done = await fixture.carryOut(ENABLE);
    assert.match(textOf(done.card), /\[ Undo \]/);
    await fixture.press(BEN, done.card, "Undo");
    assert.deepEqual(fixture.writes(), [WRITTEN]);
    const back = await newest(fixture);
    const row = await fixture.change(back.code);
    assert.deepEqual([row.requester_id, row.undo_of, row.verb, row.target], [
      BEN,
      done.code,
      "disable",
      "ec2",
    ]);
    assert.match(textOf(back.card), /^⚠️ Disable the EC2 integration of Acme Labs\?/);
    assert.match(textOf(back.card), new RegExp(`“undo of ${done.code}”`));
    const refused = await fixture.press(BEN, back.card, "Approve");
    assert.match(refused.text ?? "", /You asked for this change/);
    await fixture.press(CARA, back.card, "Approve");
    assert.equal(await fixture.state(back.code), "applied");
    assert.deepEqual(fixture.writes(), [WRITTEN, "disableAmazonEC2Integration"]);
    assert.equal(fixture.gravityzone.world.ec2.get(company.acmeLabs)?.configured, null);
  },
);

Deno.test("/undo: typed it does what the button does, and can itself be undone", async () => {
  await using fixture = await openFixture();
  const done = await fixture.carryOut(ENABLE);
  const back = await fixture.carryOut(`/undo ${done.code.toLowerCase()}`);
  assert.equal(await fixture.state(back.code), "applied");
  const again = await fixture.carryOut(`/undo ${back.code}`);
  assert.equal(await fixture.state(again.code), "applied");
  const row = await fixture.change(again.code);
  assert.deepEqual([row.undo_of, row.verb], [back.code, "enable"]);
  const configured = fixture.gravityzone.world.ec2.get(company.acmeLabs)?.configured;
  assert.deepEqual(configured, { by: "role", roleArn: ROLE, accountId: "999888777666" });
  assert.deepEqual(fixture.writes(), [WRITTEN, "disableAmazonEC2Integration", WRITTEN]);
});

Deno.test("/undo: refused when the target has moved since, by button and by command", async () => {
  await using fixture = await openFixture();
  const done = await fixture.carryOut(ENABLE);
  fixture.gravityzone.world.ec2.get(company.acmeLabs)!.externalId = "somebody-else-was-here";
  await fixture.press(BEN, done.card, "Undo");
  await fixture.say(ANA, `/undo ${done.code}`);
  for (const person of [BEN, ANA]) {
    assert.match(
      fixture.ephemeralAnswers(person).at(-1) ?? "",
      /The target has changed since, so the way back would overwrite/,
    );
  }
  assert.equal((await fixture.changes()).length, 1);
  const refused = (await fixture.audit(done.code)).slice(-2).map((row) => [row.reason_code, row.person_id]);
  assert.deepEqual(refused, [["undo_moved", BEN], ["undo_moved", ANA]]);
});

Deno.test("/undo: refused once it has been undone, with what undid it and not as if a stranger had", async () => {
  await using fixture = await openFixture();
  const done = await fixture.carryOut(ENABLE);
  const back = await fixture.carryOut(`/undo ${done.code}`);
  await fixture.press(ANA, done.card, "Undo");
  await fixture.say(BEN, `/undo ${done.code}`);
  for (const person of [ANA, BEN]) {
    assert.match(
      fixture.ephemeralAnswers(person).at(-1) ?? "",
      new RegExp(
        `cannot be undone\\.\n${back.code} took it back already\\. /undo ${back.code} brings it again\\.$`,
        "m",
      ),
    );
  }
  assert.equal((await fixture.changes()).length, 2);
  const refused = (await fixture.audit(done.code)).slice(-2).map((row) => row.reason_code);
  assert.deepEqual(refused, ["no_way_back", "no_way_back"]);
});

Deno.test("/undo: what was taken back and brought again can be taken back again", async () => {
  await using fixture = await openFixture();
  const done = await fixture.carryOut(ENABLE);
  const back = await fixture.carryOut(`/undo ${done.code}`);
  await fixture.carryOut(`/undo ${back.code}`);
  const once = await fixture.carryOut(`/undo ${done.code}`);
  assert.deepEqual([await fixture.state(once.code), (await fixture.change(once.code)).undo_of], [
    "applied",
    done.code,
  ]);
  await fixture.say(ANA, `/undo ${done.code}`);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", new RegExp(`${once.code} took it back already`));
});

Deno.test("/undo: a way back that came to nothing does not stand in the way of another one", async () => {
  await using fixture = await openFixture();
  const done = await fixture.carryOut(ENABLE);
  const { card } = await fixture.ask(`/undo ${done.code}`);
  await fixture.press(BEN, card, "Reject");
  const back = await fixture.carryOut(`/undo ${done.code}`);
  assert.equal(await fixture.state(back.code), "applied");
});

Deno.test("Undo: pressed on a card of last year it asks for the way back", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  const done = await first.carryOut(ENABLE);
  first.clock.advance(365 * 86_400_000);
  await using fixture = await restarted(first);
  const outcome = `outcome:${done.code}`;
  await eventually(async () => await findMessage(fixture.store.db, outcome) === undefined, "the tidying");
  await fixture.press(BEN, done.card, "Undo");
  assert.equal((await fixture.changes()).at(-1)?.undo_of, done.code);
});

Deno.test("Undo: pressed twice it asks for the way back once", async () => {
  await using fixture = await openFixture();
  const done = await fixture.carryOut(ENABLE);
  await Promise.all([fixture.press(ANA, done.card, "Undo"), fixture.press(BEN, done.card, "Undo")]);
  assert.equal((await fixture.changes()).length, 2);
  const { code } = await newest(fixture);
  const told = [...fixture.ephemeralAnswers(ANA), ...fixture.ephemeralAnswers(BEN)].join("\n");
  assert.match(told, new RegExp(`asked for already: ${code}`));
});

Deno.test("/undo: where there is no way back the card says so beforehand, and asking is refused with the reason", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask("/rotate externalid Acme Corp reason=leaked");
  assert.match(textOf(asked.card), /^Undo +No. GravityZone cannot restore an old ID\.$/m);
  await fixture.press(BEN, asked.card, "Approve");
  assert.doesNotMatch(textOf(asked.card), /\[ Undo \]/);
  await fixture.say(ANA, `/undo ${asked.code}`);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /This change cannot be undone\.\nWhy: GravityZone cannot restore an old ID\.$/m,
  );
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("/undo: what did not happen is not taken back", async () => {
  await using fixture = await openFixture();
  const waiting = await fixture.ask(ENABLE);
  await fixture.say(ANA, `/undo ${waiting.code}`);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /This change cannot be undone\.\nIt is pending\. See \/change [A-Z0-9]{5}\./,
  );
  await fixture.press(BEN, waiting.card, "Reject");
  await fixture.say(ANA, `/undo ${waiting.code}`);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /It is rejected\./);
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("Undo: who may not ask for changes may not ask for the way back", async () => {
  await using fixture = await openFixture({
    ...THREE,
    environment: { ...THREE.environment, OPERATORS: String(ANA) },
  });
  const done = await fixture.carryOut(ENABLE);
  const answer = await fixture.press(CARA, done.card, "Undo");
  assert.match(answer.text ?? "", /may read here but not ask for changes/);
  assert.equal((await fixture.changes()).length, 1);
});

async function newest(fixture: Fixture): Promise<Asked> {
  const last = (await fixture.changes()).at(-1);
  assert(last);
  return await cardOf(fixture, last.code);
}

Deno.test("/undo: takes a reason and a ticket, and without them says what it takes back", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.carryOut("/enable ec2 Acme Labs role=arn:aws:iam::111222333444:role/gz");
  const { card } = await fixture.ask(`/undo ${code} reason="the wrong company" ticket=4711`);
  assert.match(textOf(card), new RegExp(`Why +“the wrong company” · ticket 4711 · .* takes back ${code}`));
  await fixture.press(ANA, card, "Reject");
  const { card: plain } = await fixture.ask(`/undo ${code}`);
  assert.match(textOf(plain), new RegExp(`Why +“undo of ${code}”`));
});
