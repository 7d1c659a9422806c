import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Fixture, openFixture } from "./fixture.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

testOnEach(
  "/freeze: one that ends sooner does not shorten the one in force, and says how to",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await fixture.say(BEN, "/freeze major incident, ask me first");
    const answers = fixture.groupAnswers().length;
    await fixture.say(ANA, "/freeze for=1m short one");
    assert.match(
      fixture.ephemeralAnswers(ANA).at(-1) ?? "",
      /^⛔ A freeze that lasts longer is in force, so this one was not set\.\nFrozen: everything by Ben \(…102\): major incident, ask me first · until lifted\. \/unfreeze lifts it; then a shorter one can be set\.$/m,
    );
    assert.equal(fixture.groupAnswers().length, answers);
    fixture.clock.advance(61_000);
    const { card, code } = await fixture.ask(DISABLE);
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(code), "pending");
    const rows = (await fixture.audit()).filter(({ target }) => target === "*");
    assert.deepEqual(rows.map((row) => [row.event, row.reason_code, row.person_id, row.detail]), [
      ["frozen", null, BEN, "major incident, ask me first"],
      ["refused", "frozen_longer", ANA, "short one"],
    ]);
  },
);

Deno.test("/freeze: the command that lifts the longer one names its target", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze ec2 for=2h review");
  await fixture.say(ANA, "/freeze ec2 for=1h lunch");
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /Frozen: ec2 by Ben .*: review .*\. \/unfreeze ec2 lifts it;/,
  );
  assert.deepEqual(await reasons(fixture), ["review"]);
});

for (
  const [sooner, later] of [["for=1h ", "for=2h "], ["for=1h ", ""], ["", ""]] as const
) {
  Deno.test(`/freeze: “${later}b” replaces “${sooner}a”, and says which one it replaces`, async () => {
    await using fixture = await openFixture();
    await fixture.say(BEN, `/freeze ${sooner}a`);
    await fixture.say(ANA, `/freeze ${later}b`);
    const answer = fixture.groupAnswers().at(-1) ?? "";
    assert.match(answer, /^🟡 Frozen: everything by Ana \(…101\): b · until/);
    assert.match(answer, /^It replaces: everything by Ben \(…102\): a · until .*\.$/m);
    assert.deepEqual(await reasons(fixture), ["b"]);
    const details = (await fixture.audit()).map(({ event, detail }) => [event, detail]);
    assert.deepEqual(details, [["frozen", "a"], ["frozen", "b · replaces that of Ben: a"]]);
  });
}

Deno.test("/freeze: of two at the same moment the longer one stands", async () => {
  await using fixture = await openFixture();
  for (const round of ["1", "2", "3", "4"]) {
    fixture.telegram.say(BEN, BEN, `/freeze long ${round}`);
    fixture.telegram.say(ANA, ANA, `/freeze for=1m short ${round}`);
    await fixture.rest();
    assert.deepEqual(await reasons(fixture), [`long ${round}`]);
    await fixture.say(BEN, "/unfreeze");
  }
});

Deno.test("/freeze: one that has ended is neither in the way nor replaced", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze for=2h a");
  fixture.clock.advance(2 * 3_600_000);
  await fixture.say(ANA, "/freeze for=1m b");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🟡 Frozen: everything by Ana \(…101\): b/);
  assert.doesNotMatch(fixture.groupAnswers().at(-1) ?? "", /replaces/);
});

Deno.test("/freeze: one target's stands beside that of everything", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze a");
  await fixture.say(ANA, "/freeze ec2 for=1m b");
  assert.deepEqual((await reasons(fixture)).toSorted(), ["a", "b"]);
});

Deno.test("/freeze: the announcement says which changes stand still", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze ec2 review");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /^No change of ec2 runs until someone lifts it\. Status still works\.$/m,
  );
  await fixture.say(BEN, "/freeze incident");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /^No change runs until someone lifts it\. Status still works\.$/m,
  );
});

Deno.test("Approve: what is frozen is refused with the command that lifts it", async () => {
  await using fixture = await openFixture();
  const { card, code } = await fixture.ask(DISABLE);
  await fixture.say(ANA, "/freeze ec2 incident");
  const one = await fixture.press(BEN, card, "Approve");
  assert.match(one.text ?? "", /Frozen: ec2 by Ana .* until lifted\. \/unfreeze ec2 lifts it\.$/);
  await fixture.say(BEN, "/unfreeze ec2");
  await fixture.say(ANA, "/freeze incident");
  const all = await fixture.press(BEN, card, "Approve");
  assert.match(all.text ?? "", /Frozen: everything by Ana .* until lifted\. \/unfreeze lifts it\.$/);
  await fixture.say(BEN, "/unfreeze");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
});

async function reasons({ store }: Fixture): Promise<string[]> {
  return (await store.db.selectFrom("freezes").select("reason").execute()).map(({ reason }) => reason);
}
