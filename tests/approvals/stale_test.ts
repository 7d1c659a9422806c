import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, openFixture } from "./fixture.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

/** Typed so many seconds ago, and heard now. */
const ago = (fixture: Fixture, seconds: number) => ({
  date: Math.floor(fixture.clock.now() / 1000) - seconds,
});

for (const [person, command] of [[BEN, "approve"], [BEN, "reject"], [ANA, "withdraw"]] as const) {
  Deno.test(`/${command}: typed an hour ago it decides nothing, and says how to go on`, async () => {
    await using fixture = await openFixture();
    const { code } = await fixture.ask(DISABLE);
    await fixture.say(person, `/${command} ${code}`, ago(fixture, 3600));
    assert.equal(await fixture.state(code), "pending");
    const [told = "", ...more] = fixture.ephemeralAnswers(person);
    assert.match(told, /^⛔ That was typed more than two minutes ago, so it was not carried out\.\n/);
    assert.match(told, new RegExp(`It was typed \\S.*\\. If it .* send it again: /${command} ${code}`));
    assert.deepEqual(more, []);
    const last = (await fixture.audit()).at(-1);
    assert.deepEqual([last?.event, last?.reason_code, last?.operation], [
      "refused",
      "stale_message",
      `/${command}`,
    ]);
    await fixture.say(person, `/${command} ${code}`, ago(fixture, 100));
    assert.notEqual(await fixture.state(code), "pending");
  });
}

Deno.test("/undo and /unfreeze: typed an hour ago they do nothing", async () => {
  await using fixture = await openFixture();
  const enable = "/enable ec2 Acme Labs role=arn:aws:iam::111222333444:role/gz";
  const { code } = await fixture.carryOut(enable);
  await fixture.say(ANA, `/undo ${code}`, ago(fixture, 3600));
  assert.equal((await fixture.changes()).length, 1);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", new RegExp(`send it again: /undo ${code}`));
  await fixture.say(BEN, "/freeze incident 4711");
  await fixture.say(BEN, "/unfreeze", ago(fixture, 3600));
  assert.equal((await freezesIn(fixture)).length, 1);
});

for (const seconds of [180, 3600]) {
  Deno.test(`/freeze: acts although it was typed ${seconds} s ago by the bot's clock, which may be wrong`, async () => {
    await using fixture = await openFixture();
    await fixture.say(BEN, "/freeze apono for=2h incident 4711", ago(fixture, seconds));
    assert.deepEqual((await freezesIn(fixture)).map(({ target }) => target), ["apono"]);
  });
}

function freezesIn({ store }: Fixture) {
  return store.db.selectFrom("freezes").selectAll().execute();
}

Deno.test("/pending: typed an hour ago it is answered, since it only reads", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/pending", ago(fixture, 3600));
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing is waiting/);
});
