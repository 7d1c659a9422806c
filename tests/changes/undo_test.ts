import assert from "node:assert/strict";
import { findMessage } from "../../bot/outbox/messages.ts";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { ANA, type Asked, BEN, cardOf, company, type Desk, openDesk, textOf } from "./desk.ts";
import { eventually } from "../eventually.ts";
import { CARA, THREE } from "./path.ts";

const ROLE = "arn:aws:iam::999888777666:role/gravityzone";
const ENABLE = `/enable ec2 Acme Labs role=${ROLE}`;
const WRITTEN = "configureAmazonEC2IntegrationUsingCrossAccountRole";

testOnEach(
  "Undo: pressed under the outcome it asks for the way back, which is approved like any change",
  async (url) => {
    await using desk = await openDesk({ ...THREE, environment: { ...THREE.environment, DATABASE_URL: url } });
    const done = await desk.carryOut(ENABLE);
    assert.match(textOf(done.card), /\[ Undo \]/);
    await desk.press(BEN, done.card, "Undo");
    assert.deepEqual(desk.writes(), [WRITTEN]);
    const back = await newest(desk);
    const row = await desk.change(back.code);
    assert.deepEqual([row.requester_id, row.undo_of, row.verb, row.target], [
      BEN,
      done.code,
      "disable",
      "ec2",
    ]);
    assert.match(textOf(back.card), /^⚠️ Disable the EC2 integration of Acme Labs\?/);
    assert.match(textOf(back.card), new RegExp(`“undo of ${done.code}”`));
    const refused = await desk.press(BEN, back.card, "Approve");
    assert.match(refused.text ?? "", /You asked for this change/);
    await desk.press(CARA, back.card, "Approve");
    assert.equal(await desk.state(back.code), "applied");
    assert.deepEqual(desk.writes(), [WRITTEN, "disableAmazonEC2Integration"]);
    assert.equal(desk.gravityzone.world.ec2.get(company.acmeLabs)?.configured, null);
  },
);

Deno.test("/undo: typed it does what the button does, and can itself be undone", async () => {
  await using desk = await openDesk();
  const done = await desk.carryOut(ENABLE);
  const back = await desk.carryOut(`/undo ${done.code.toLowerCase()}`);
  assert.equal(await desk.state(back.code), "applied");
  const again = await desk.carryOut(`/undo ${back.code}`);
  assert.equal(await desk.state(again.code), "applied");
  const row = await desk.change(again.code);
  assert.deepEqual([row.undo_of, row.verb], [back.code, "enable"]);
  const configured = desk.gravityzone.world.ec2.get(company.acmeLabs)?.configured;
  assert.deepEqual(configured, { by: "role", roleArn: ROLE, accountId: "999888777666" });
  assert.deepEqual(desk.writes(), [WRITTEN, "disableAmazonEC2Integration", WRITTEN]);
});

Deno.test("/undo: refused when the target has moved since, by button and by command", async () => {
  await using desk = await openDesk();
  const done = await desk.carryOut(ENABLE);
  desk.gravityzone.world.ec2.get(company.acmeLabs)!.externalId = "somebody-else-was-here";
  await desk.press(BEN, done.card, "Undo");
  await desk.say(ANA, `/undo ${done.code}`);
  for (const person of [BEN, ANA]) {
    assert.match(
      desk.whispers(person).at(-1) ?? "",
      /The target has changed since, so the way back would overwrite/,
    );
  }
  assert.equal((await desk.changes()).length, 1);
  const refused = (await desk.audit(done.code)).slice(-2).map((row) => [row.reason_code, row.person_id]);
  assert.deepEqual(refused, [["undo_moved", BEN], ["undo_moved", ANA]]);
});

Deno.test("/undo: refused once it has been undone, with what undid it and not as if a stranger had", async () => {
  await using desk = await openDesk();
  const done = await desk.carryOut(ENABLE);
  const back = await desk.carryOut(`/undo ${done.code}`);
  await desk.press(ANA, done.card, "Undo");
  await desk.say(BEN, `/undo ${done.code}`);
  for (const person of [ANA, BEN]) {
    assert.match(
      desk.whispers(person).at(-1) ?? "",
      new RegExp(
        `cannot be undone\\.\n${back.code} took it back already\\. /undo ${back.code} brings it again\\.$`,
        "m",
      ),
    );
  }
  assert.equal((await desk.changes()).length, 2);
  const refused = (await desk.audit(done.code)).slice(-2).map((row) => row.reason_code);
  assert.deepEqual(refused, ["no_way_back", "no_way_back"]);
});

Deno.test("/undo: what was taken back and brought again can be taken back again", async () => {
  await using desk = await openDesk();
  const done = await desk.carryOut(ENABLE);
  const back = await desk.carryOut(`/undo ${done.code}`);
  await desk.carryOut(`/undo ${back.code}`);
  const once = await desk.carryOut(`/undo ${done.code}`);
  assert.deepEqual([await desk.state(once.code), (await desk.change(once.code)).undo_of], [
    "applied",
    done.code,
  ]);
  await desk.say(ANA, `/undo ${done.code}`);
  assert.match(desk.whispers(ANA).at(-1) ?? "", new RegExp(`${once.code} took it back already`));
});

Deno.test("/undo: a way back that came to nothing does not stand in the way of another one", async () => {
  await using desk = await openDesk();
  const done = await desk.carryOut(ENABLE);
  const { card } = await desk.ask(`/undo ${done.code}`);
  await desk.press(BEN, card, "Reject");
  const back = await desk.carryOut(`/undo ${done.code}`);
  assert.equal(await desk.state(back.code), "applied");
});

Deno.test("Undo: pressed on a card of last year it asks for the way back", async () => {
  await using file = await openFile();
  await using first = await openDesk({ environment: { DATABASE_URL: file.url } });
  const done = await first.carryOut(ENABLE);
  first.clock.advance(365 * 86_400_000);
  await using desk = await restarted(first);
  const outcome = `outcome:${done.code}`;
  await eventually(async () => await findMessage(desk.store.db, outcome) === undefined, "the tidying");
  await desk.press(BEN, done.card, "Undo");
  assert.equal((await desk.changes()).at(-1)?.undo_of, done.code);
});

Deno.test("Undo: pressed twice it asks for the way back once", async () => {
  await using desk = await openDesk();
  const done = await desk.carryOut(ENABLE);
  await Promise.all([desk.press(ANA, done.card, "Undo"), desk.press(BEN, done.card, "Undo")]);
  assert.equal((await desk.changes()).length, 2);
  const { code } = await newest(desk);
  const told = [...desk.whispers(ANA), ...desk.whispers(BEN)].join("\n");
  assert.match(told, new RegExp(`asked for already: ${code}`));
});

Deno.test("/undo: where there is no way back the card says so beforehand, and asking is refused with the reason", async () => {
  await using desk = await openDesk();
  const asked = await desk.ask("/rotate externalid Acme Corp reason=leaked");
  assert.match(textOf(asked.card), /^Undo +no: GravityZone does not accept an external ID of before$/m);
  await desk.press(BEN, asked.card, "Approve");
  assert.doesNotMatch(textOf(asked.card), /\[ Undo \]/);
  await desk.say(ANA, `/undo ${asked.code}`);
  assert.match(
    desk.whispers(ANA).at(-1) ?? "",
    /This change cannot be undone\.\nWhy: GravityZone does not accept an external ID of before\.$/m,
  );
  assert.equal((await desk.changes()).length, 1);
});

Deno.test("/undo: what did not happen is not taken back", async () => {
  await using desk = await openDesk();
  const waiting = await desk.ask(ENABLE);
  await desk.say(ANA, `/undo ${waiting.code}`);
  assert.match(desk.whispers(ANA).at(-1) ?? "", /This change cannot be undone\.\nIt is pending\./);
  await desk.press(BEN, waiting.card, "Reject");
  await desk.say(ANA, `/undo ${waiting.code}`);
  assert.match(desk.whispers(ANA).at(-1) ?? "", /It is rejected\./);
  assert.equal((await desk.changes()).length, 1);
});

Deno.test("Undo: who may not ask for changes may not ask for the way back", async () => {
  await using desk = await openDesk({
    ...THREE,
    environment: { ...THREE.environment, OPERATORS: String(ANA) },
  });
  const done = await desk.carryOut(ENABLE);
  const answer = await desk.press(CARA, done.card, "Undo");
  assert.match(answer.text ?? "", /may read here but not ask for changes/);
  assert.equal((await desk.changes()).length, 1);
});

async function newest(desk: Desk): Promise<Asked> {
  const last = (await desk.changes()).at(-1);
  assert(last);
  return await cardOf(desk, last.code);
}
