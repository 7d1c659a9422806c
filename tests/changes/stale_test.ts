import assert from "node:assert/strict";
import { ANA, BEN, type Desk, openDesk } from "./desk.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

/** Typed so many seconds ago, and heard now. */
const ago = (desk: Desk, seconds: number) => ({ date: Math.floor(desk.clock.now() / 1000) - seconds });

for (const [person, command] of [[BEN, "approve"], [BEN, "reject"], [ANA, "withdraw"]] as const) {
  Deno.test(`/${command}: typed an hour ago it decides nothing, and says how to go on`, async () => {
    await using desk = await openDesk();
    const { code } = await desk.ask(DISABLE);
    await desk.say(person, `/${command} ${code}`, ago(desk, 3600));
    assert.equal(await desk.state(code), "pending");
    const [told = "", ...more] = desk.whispers(person);
    assert.match(told, /^⛔ That was typed more than two minutes ago, so it was not carried out\.\n/);
    assert.match(told, new RegExp(`It was typed \\S.*\\. If it .* send it again: /${command} ${code}`));
    assert.deepEqual(more, []);
    const last = (await desk.audit()).at(-1);
    assert.deepEqual([last?.event, last?.reason_code, last?.operation], [
      "refused",
      "stale_message",
      `/${command}`,
    ]);
    await desk.say(person, `/${command} ${code}`, ago(desk, 100));
    assert.notEqual(await desk.state(code), "pending");
  });
}

Deno.test("/undo, /freeze and /unfreeze: typed an hour ago they do nothing", async () => {
  await using desk = await openDesk();
  const freezes = () => desk.store.db.selectFrom("freezes").selectAll().execute();
  const enable = "/enable ec2 Acme Labs role=arn:aws:iam::111222333444:role/gz";
  const { code } = await desk.carryOut(enable);
  await desk.say(ANA, `/undo ${code}`, ago(desk, 3600));
  assert.equal((await desk.changes()).length, 1);
  assert.match(desk.whispers(ANA).at(-1) ?? "", new RegExp(`send it again: /undo ${code}`));
  await desk.say(BEN, "/freeze apono for=2h incident 4711", ago(desk, 3600));
  assert.deepEqual(await freezes(), []);
  assert.match(desk.whispers(BEN).at(-1) ?? "", /send it again: \/freeze apono for=2h incident 4711/);
  await desk.say(BEN, "/freeze incident 4711");
  await desk.say(BEN, "/unfreeze", ago(desk, 3600));
  assert.equal((await freezes()).length, 1);
});

Deno.test("/pending: typed an hour ago it is answered, since it only reads", async () => {
  await using desk = await openDesk();
  await desk.say(BEN, "/pending", ago(desk, 3600));
  assert.match(desk.news().at(-1) ?? "", /Nothing is waiting/);
});
