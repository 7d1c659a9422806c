import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Desk, openDesk } from "./desk.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

testOnEach(
  "/freeze: one that ends sooner does not shorten the one in force, and says how to",
  async (url) => {
    await using desk = await openDesk({ environment: { DATABASE_URL: url } });
    await desk.say(BEN, "/freeze major incident, ask me first");
    const news = desk.news().length;
    await desk.say(ANA, "/freeze for=1m short one");
    assert.match(
      desk.whispers(ANA).at(-1) ?? "",
      /^⛔ A freeze that lasts longer is in force, so this one was not set\.\nFrozen: everything by Ben \(…102\): major incident, ask me first · until lifted\. \/unfreeze lifts it; then a shorter one can be set\.$/m,
    );
    assert.equal(desk.news().length, news);
    desk.clock.advance(61_000);
    const { card, code } = await desk.ask(DISABLE);
    await desk.press(BEN, card, "Approve");
    assert.equal(await desk.state(code), "pending");
    const rows = (await desk.audit()).filter(({ target }) => target === "*");
    assert.deepEqual(rows.map((row) => [row.event, row.reason_code, row.person_id, row.detail]), [
      ["frozen", null, BEN, "major incident, ask me first"],
      ["refused", "frozen_longer", ANA, "short one"],
    ]);
  },
);

Deno.test("/freeze: the command that lifts the longer one names its target", async () => {
  await using desk = await openDesk();
  await desk.say(BEN, "/freeze ec2 for=2h review");
  await desk.say(ANA, "/freeze ec2 for=1h lunch");
  assert.match(
    desk.whispers(ANA).at(-1) ?? "",
    /Frozen: ec2 by Ben .*: review .*\. \/unfreeze ec2 lifts it;/,
  );
  assert.deepEqual(await reasons(desk), ["review"]);
});

for (
  const [sooner, later] of [["for=1h ", "for=2h "], ["for=1h ", ""], ["", ""]] as const
) {
  Deno.test(`/freeze: “${later}b” replaces “${sooner}a”, and says which one it replaces`, async () => {
    await using desk = await openDesk();
    await desk.say(BEN, `/freeze ${sooner}a`);
    await desk.say(ANA, `/freeze ${later}b`);
    const news = desk.news().at(-1) ?? "";
    assert.match(news, /^⛔ Frozen: everything by Ana \(…101\): b · until/);
    assert.match(news, /^It replaces: everything by Ben \(…102\): a · until .*\.$/m);
    assert.deepEqual(await reasons(desk), ["b"]);
    const details = (await desk.audit()).map(({ event, detail }) => [event, detail]);
    assert.deepEqual(details, [["frozen", "a"], ["frozen", "b · replaces that of Ben: a"]]);
  });
}

Deno.test("/freeze: of two at the same moment the longer one stands", async () => {
  await using desk = await openDesk();
  for (const round of ["1", "2", "3", "4"]) {
    desk.telegram.say(BEN, BEN, `/freeze long ${round}`);
    desk.telegram.say(ANA, ANA, `/freeze for=1m short ${round}`);
    await desk.rest();
    assert.deepEqual(await reasons(desk), [`long ${round}`]);
    await desk.say(BEN, "/unfreeze");
  }
});

Deno.test("/freeze: one that has ended is neither in the way nor replaced", async () => {
  await using desk = await openDesk();
  await desk.say(BEN, "/freeze for=2h a");
  desk.clock.advance(2 * 3_600_000);
  await desk.say(ANA, "/freeze for=1m b");
  assert.match(desk.news().at(-1) ?? "", /^⛔ Frozen: everything by Ana \(…101\): b/);
  assert.doesNotMatch(desk.news().at(-1) ?? "", /replaces/);
});

Deno.test("/freeze: one target's stands beside that of everything", async () => {
  await using desk = await openDesk();
  await desk.say(BEN, "/freeze a");
  await desk.say(ANA, "/freeze ec2 for=1m b");
  assert.deepEqual((await reasons(desk)).toSorted(), ["a", "b"]);
});

Deno.test("/freeze: the announcement says which changes stand still", async () => {
  await using desk = await openDesk();
  await desk.say(BEN, "/freeze ec2 review");
  assert.match(desk.news().at(-1) ?? "", /^No change of ec2 runs until it is lifted; reads go on\.$/m);
  await desk.say(BEN, "/freeze incident");
  assert.match(desk.news().at(-1) ?? "", /^No change runs until it is lifted; reads go on\.$/m);
});

Deno.test("Approve: what is frozen is refused with the command that lifts it", async () => {
  await using desk = await openDesk();
  const { card, code } = await desk.ask(DISABLE);
  await desk.say(ANA, "/freeze ec2 incident");
  const one = await desk.press(BEN, card, "Approve");
  assert.match(one.text ?? "", /Frozen: ec2 by Ana .* until lifted\. \/unfreeze ec2 lifts it\.$/);
  await desk.say(BEN, "/unfreeze ec2");
  await desk.say(ANA, "/freeze incident");
  const all = await desk.press(BEN, card, "Approve");
  assert.match(all.text ?? "", /Frozen: everything by Ana .* until lifted\. \/unfreeze lifts it\.$/);
  await desk.say(BEN, "/unfreeze");
  await desk.press(BEN, card, "Approve");
  assert.equal(await desk.state(code), "accepted");
});

async function reasons({ store }: Desk): Promise<string[]> {
  return (await store.db.selectFrom("freezes").select("reason").execute()).map(({ reason }) => reason);
}
