import assert from "node:assert/strict";
import { eventually } from "../eventually.ts";
import { SANDBOX_GROUP } from "../sandbox/conversation.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, OSKAR, textOf } from "./fixture.ts";

const ENABLE = "/enable ec2 Globex role=arn:aws:iam::999888777666:role/gravityzone";
const HOUR_MS = 3_600_000;
const PEOPLE = { OPERATORS: `${ANA},${BEN},${OSKAR}`, APPROVERS: `${ANA},${BEN}` };

async function said(fixture: Fixture, words: RegExp): Promise<string> {
  return await eventually(
    () => Promise.resolve(fixture.groupAnswers().findLast((text) => words.test(text))),
    String(words),
  );
}

testOnEach("/hold keeps a target for one person: others are refused, and told by whom", async (url) => {
  await using fixture = await openFixture({ environment: { ...PEOPLE, DATABASE_URL: url } });
  await fixture.say(BEN, "/hold ec2 Globex for=1h moving the role");
  await said(
    fixture,
    /^🟡 Held: ec2 Globex by Ben \(…102\): moving the role · until .+\nUntil then nobody else changes it\./,
  );
  await fixture.say(ANA, ENABLE);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /^⛔ Someone keeps this target for themselves, so nobody else changes it now\.\nHeld: ec2 Globex by Ben \(…102\): moving the role/,
  );
  assert.deepEqual(await fixture.changes(), []);
  const own = await fixture.ask(ENABLE, { by: BEN });
  await fixture.press(ANA, own.card, "Approve");
  assert.equal(await fixture.state(own.code), "applied");
  const elsewhere = await fixture.carryOut(
    "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone",
  );
  assert.equal(await fixture.state(elsewhere.code), "applied");
});

testOnEach("what waited before a hold is not approved, and what was approved does not run", async (url) => {
  await using fixture = await openFixture({
    clock: createStillClock(),
    environment: { ...PEOPLE, DATABASE_URL: url, GRACE: "1m" },
  });
  const rotate = await fixture.ask("/rotate externalid Globex reason=leaked");
  await fixture.press(BEN, rotate.card, "Approve");
  const waits = await fixture.ask(ENABLE);
  await fixture.say(BEN, "/hold ec2 Globex for=1h moving the role");
  await fixture.press(BEN, waits.card, "Approve");
  assert.equal(await fixture.state(waits.code), "pending");
  await fixture.pass(60_000);
  assert.equal(await fixture.state(rotate.code), "superseded");
  assert.match(textOf(rotate.card), /Held: ec2 Globex by Ben/);
  assert.deepEqual(fixture.writes(), []);
});

Deno.test("a hold that is over keeps nobody off, though nobody has tidied it away yet", async () => {
  await using fixture = await openFixture({ clock: createStillClock(), environment: PEOPLE });
  await fixture.say(BEN, "/hold ec2 Globex for=1h moving the role");
  await fixture.pass(3_600_001);
  assert.equal((await fixture.store.db.selectFrom("holds").selectAll().execute()).length, 1);
  const asked = await fixture.ask(ENABLE);
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "applied");
});

Deno.test("/hold alone lists, /release is for the holder or an approver, and a hold ends by itself", async () => {
  await using fixture = await openFixture({
    clock: createStillClock(),
    environment: PEOPLE,
    telegram: { chats: [SANDBOX_GROUP] },
    timing: { lookMs: 20, expireMs: 20 },
  });
  await fixture.say(ANA, "/hold ec2 Globex for=1h testing");
  await fixture.say(BEN, "/hold");
  assert.match(
    fixture.ephemeralAnswers(BEN).at(-1) ?? "",
    /1 target is held\n• ec2 Globex by Ana .* · \/release ec2 Globex/,
  );
  await fixture.say(OSKAR, "/release ec2 Globex");
  assert.match(fixture.ephemeralAnswers(OSKAR).at(-1) ?? "", /You may not approve changes/);
  await fixture.say(BEN, "/release ec2 Globex");
  await said(fixture, /^🟢 ec2 Globex may be changed again \(Ben\)/);
  await fixture.say(ANA, "/hold ec2 Globex for=1h testing");
  await fixture.say(ANA, "/release");
  await said(fixture, /may be changed again \(Ana/);
  await fixture.say(BEN, "/audit company=globex");
  await said(fixture, /Ana · no longer held: ec2 Globex\n.*Ana · held: ec2 Globex\n/);
  await fixture.say(ANA, "/hold ec2 Globex for=1h testing");
  await fixture.pass(HOUR_MS);
  await said(fixture, /^🟢 ec2 Globex may be changed again \(its time is over\)/);
  const events = (await fixture.audit()).map(({ event }) => event).filter((event) =>
    /hold|held|released/.test(event)
  );
  assert.deepEqual(events, ["held", "released", "held", "released", "held", "hold_ended"]);
});

Deno.test("/hold of what someone else holds is refused, of one's own it is renewed", async () => {
  await using fixture = await openFixture({ environment: PEOPLE });
  await fixture.say(ANA, "/hold ec2 Globex for=1h testing");
  await fixture.say(BEN, "/hold ec2 Globex for=2h mine");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Held: ec2 Globex by Ana/);
  await fixture.say(ANA, "/hold ec2 Globex for=3h still testing");
  const [hold, ...others] = await fixture.store.db.selectFrom("holds").selectAll().execute();
  assert.deepEqual([hold?.reason, others], ["still testing", []]);
});

for (
  const [typed, asked] of [
    ["/hold sophos", /for how long\?[^]*\/hold sophos 1 …/],
    ["/hold ec2", /which one\?[^]*\/hold ec2 …[^]*Globex/],
    ["/hold ec2 Globex", /for how long\?[^]*\/hold ec2 Globex …/],
    ["/hold ec2 Globex for=2h", /Type the reason in reply[^]*\/hold ec2 Globex for=2h …/],
    ["/hold ec2 Acme Corp 2h moving the role", /Hold ec2 Acme Corp for 2h\? Nothing was held\./],
    ["/hold Globex for=2h moving", /Which target\?[^]*\/hold Globex for=2h reason=moving …/],
    ["/hold Acme Corp", /Which target\?[^]*\/hold "Acme Corp" …/],
  ] as const
) {
  Deno.test(`${typed} holds nothing and asks for what is missing`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, typed);
    const [last] = fixture.telegram.seen(ANA, GROUP).slice(-1);
    assert.match(last ? textOf(last) : "", asked);
    assert.deepEqual(await fixture.store.db.selectFrom("holds").selectAll().execute(), []);
  });
}

Deno.test("/hold offers several that fit, and holds the one that is chosen", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/hold ec2 acme for=1h testing");
  const question = fixture.telegram.ephemerals(ANA, -1001).at(-1)!;
  assert.match(textOf(question), /"acme" fits/);
  await fixture.press(ANA, question, question.reply_markup!.inline_keyboard[0]![0]!.text);
  assert.equal((await fixture.store.db.selectFrom("holds").selectAll().execute()).length, 1);
});

for (
  const [target, name, key] of [
    ["sophos", "Sophos Central", /^sophos:1$/],
    ["halo", "Sophos Central", /^sophos:1$/],
    ["apono", "MySQL Legacy CRM", /^apono:/],
    ["opsramp", "AWS staging", /^opsramp:/],
  ] as const
) {
  Deno.test(`/hold ${target} ${name} keeps it by the key that its changes go by`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, `/hold ${target} ${name} for=1h testing`);
    const [hold] = await fixture.store.db.selectFrom("holds").selectAll().execute();
    assert.match(hold?.target_key ?? fixture.ephemeralAnswers(ANA).at(-1) ?? "", key);
  });
}

Deno.test("the key that a hold is on is the one that changes go by, whatever the vendor", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/hold opsramp AWS staging for=1h testing");
  await fixture.say(BEN, "/enable opsramp AWS staging");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Held: opsramp AWS staging by Ana/);
});
