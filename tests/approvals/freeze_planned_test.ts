import assert from "node:assert/strict";
import { wallText } from "../../bot/zone.ts";
import { eventually } from "../eventually.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Fixture, openFixture } from "./fixture.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const HOUR_MS = 3_600_000;

/** So many hours from now, as it is typed. */
function inHours(fixture: Fixture, hours: number): string {
  return wallText("UTC", fixture.store.now() + hours * HOUR_MS);
}

async function said(fixture: Fixture, words: RegExp): Promise<string> {
  return await eventually(
    () => Promise.resolve(fixture.groupAnswers().findLast((text) => words.test(text))),
    String(words),
  );
}

testOnEach("a freeze that is planned ahead begins and ends by itself, and says so", async (url) => {
  await using fixture = await openFixture({
    clock: createStillClock(),
    timing: { lookMs: 20, expireMs: 20 },
    environment: { DATABASE_URL: url },
  });
  await fixture.say(BEN, `/freeze ec2 from=${inHours(fixture, 1)} until=${inHours(fixture, 3)} release`);
  await said(
    fixture,
    /^🟡 Freeze planned: ec2 by Ben \(…102\): release · from .+ UTC · until .+\nNo change of ec2 runs in that time\./,
  );
  const free = await fixture.carryOut(DISABLE);
  assert.equal(await fixture.state(free.code), "accepted");
  await fixture.say(ANA, "/freeze status");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /Nothing is frozen\n• Planned: ec2 by Ben/);
  await fixture.say(ANA, "/board");
  await said(fixture, /^Freeze planned: ec2 by Ben .+: release · from .+ · until/m);
  await fixture.say(ANA, "/handover");
  await said(fixture, /^Frozen \(1\)\n• ec2 by Ben .+: release · from/m);
  await fixture.pass(HOUR_MS);
  await said(fixture, /^🟡 Frozen: ec2 by Ben \(…102\): release · until/);
  const held = await fixture.ask("/disable ec2 Globex reason=test");
  await fixture.press(BEN, held.card, "Approve");
  assert.equal(await fixture.state(held.code), "pending");
  await fixture.pass(2 * HOUR_MS);
  await said(fixture, /^🟢 Changes of ec2 are allowed again \(its time is over\)/);
  const events = (await fixture.audit()).map(({ event }) => event).filter((event) => /fr[eo]e?z/.test(event));
  assert.deepEqual(events, ["frozen", "freeze_begun", "freeze_ended"]);
});

Deno.test("what is planned ahead stands beside what is in force, and is lifted after it", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze ec2 for=1h incident");
  await fixture.say(BEN, `/freeze ec2 from=${inHours(fixture, 5)} for=2h later`);
  await fixture.say(BEN, "/unfreeze ec2");
  await said(fixture, /Changes of ec2 are allowed again/);
  await fixture.say(BEN, "/unfreeze ec2");
  await said(fixture, /Changes of ec2 will not be frozen \(Ben/);
  assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), []);
});

for (
  const [typed, said] of [
    ["from=22:00 for=2h until=23:00 release", /for= and until= both say when it ends\./],
    ["from=soon release", /from= takes a time such as from=22:00/],
    ["from=2020-01-01T10:00 release", /That is not after/],
    ["from=22:00 until=2020-01-01T10:00 release", /That is not after/],
  ] as const
) {
  Deno.test(`/freeze ${typed} freezes nothing`, async () => {
    await using fixture = await openFixture();
    await fixture.say(BEN, `/freeze ec2 ${typed}`);
    assert.match([...fixture.ephemeralAnswers(BEN), ...fixture.groupAnswers()].at(-1) ?? "", said);
    assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), []);
  });
}

Deno.test("/freeze from= without a reason asks for it, and an unknown key= freezes nothing", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze ec2 from=22:00 until=23:00");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /Type the reason in reply[^]*\/freeze ec2 from=22:00 until=23:00 …/,
  );
  await fixture.say(BEN, "/freeze ec2 form=22:00 until=23:00 release");
  assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), []);
});
