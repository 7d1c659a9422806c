import assert from "node:assert/strict";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { eventually } from "../eventually.ts";
import { testOnEach } from "./database.ts";
import { BEN, company, type Fixture, openFixture, textOf } from "./fixture.ts";
import type { Message } from "../sandbox/telegram.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const ENABLE = "/enable ec2 Acme Corp role=arn:aws:iam::999888777666:role/gravityzone";
const READ = "getAmazonEC2ExternalIdForCrossAccountRole";
const OFTEN = { lookMs: 20, expireMs: 20, recheckMs: 20 };

async function shows(card: Message, words: RegExp): Promise<void> {
  await eventually(
    () => Promise.resolve(words.test(textOf(card)) || undefined),
    `${words} on\n${textOf(card)}`,
  );
}

async function lacks(card: Message, words: RegExp): Promise<void> {
  await eventually(() => Promise.resolve(!words.test(textOf(card)) || undefined), `no ${words} on the card`);
}

function meddle({ gravityzone }: Fixture): void {
  ec2Of(gravityzone.world, company.acmeCorp).externalId = "somebody-else-was-here";
}

testOnEach("a card whose target has moved says so by itself", async (url) => {
  await using fixture = await openFixture({ timing: OFTEN, environment: { DATABASE_URL: url } });
  const asked = await fixture.ask(ROTATE);
  meddle(fixture);
  await shows(
    asked.card,
    /^⛔ Superseded, nothing ran: .*\nMoved since it was asked for: .*externalId was .*, is now somebody-else-was-here/,
  );
  assert.equal(await fixture.state(asked.code), "superseded");
  assert.match(textOf(asked.card), /\[ Ask again \]/);
  await fixture.rest();
  assert.match(fixture.outcomes().at(-1) ?? "", /Superseded/);
});

Deno.test("/pending looks first whether what waits has moved", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  meddle(fixture);
  await fixture.say(BEN, "/pending");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing is waiting/);
  assert.equal(await fixture.state(asked.code), "superseded");
});

Deno.test("a vendor that does not answer supersedes nothing, and /pending says that it did not", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  fixture.gravityzone.faults.always(READ, { status: 503 });
  await fixture.say(BEN, "/pending");
  const answer = fixture.groupAnswers().at(-1) ?? "";
  assert.match(answer, /1 open change/);
  assert.match(answer, new RegExp(`Whether ${asked.code} has moved is not known\\. GravityZone .*503`));
  assert.equal(await fixture.state(asked.code), "pending");
});

Deno.test("/pending does not wait for a vendor that hangs, and says that nothing is known", async () => {
  await using fixture = await openFixture();
  await fixture.ask(ROTATE);
  fixture.gravityzone.faults.always(READ, { hang: true });
  const calls = fixture.gravityzone.calls.length;
  const answered = fixture.say(BEN, "/pending");
  await eventually(() => fixture.gravityzone.calls.length > calls + 1, "the call that hangs");
  fixture.clock.advance(5_001);
  await answered;
  assert.match(fixture.groupAnswers().at(-1) ?? "", /not known: the vendors did not answer within 5 s/);
  const { durationMs } = await eventually(
    () => fixture.log.lines.find(({ fields }) => fields["outcome"] === "timed_out")?.fields,
    "the call to be given up as well",
  );
  assert.ok(Number(durationMs) < 10_000, `after ${durationMs} ms`);
});

Deno.test("/pending that gives up, however often, is no reason to ask the vendor no more", async () => {
  await using fixture = await openFixture();
  const { card, code } = await fixture.ask(ROTATE);
  const { faults, calls } = fixture.gravityzone;
  for (const read of ["findCompaniesByName", "getCompanyDetails", READ]) faults.always(read, { hang: true });
  for (let again = 0; again < 5; again++) {
    const before = calls.length;
    let isAnswered = false;
    const answered = fixture.say(BEN, "/pending").finally(() => isAnswered = true);
    await eventually(() => isAnswered || calls.length > before, "the call that hangs");
    fixture.clock.advance(5_001);
    await answered;
  }
  faults.clear();
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "applied");
});

Deno.test("a change whose second source does not answer has not moved, and does not run", async () => {
  await using fixture = await openFixture();
  const { card, code } = await fixture.ask("/refresh apono Orders DB");
  fixture.apono.fail("v3.connectors", { kind: "status", status: 503 }, 100);
  await fixture.say(BEN, "/pending");
  assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`Whether ${code} has moved is not known`));
  assert.equal(await fixture.state(code), "pending");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "not applied");
  assert.match(textOf(card), /Apono .*Nothing was sent/s);
});

testOnEach("a freeze that begins is shown on the cards it stops, and goes when it is lifted", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const asked = await fixture.ask(ROTATE);
  await fixture.say(BEN, "/freeze opsramp outage");
  assert.doesNotMatch(textOf(asked.card), /Frozen/);
  await fixture.say(BEN, "/freeze ec2 incident 4711");
  assert.match(textOf(asked.card), /^Frozen +ec2 by Ben \(…102\): incident 4711 · until lifted$/m);
  assert.match(textOf(asked.card), /\[ Approve \]/);
  await fixture.say(BEN, "/unfreeze ec2");
  assert.doesNotMatch(textOf(asked.card), /Frozen/);
});

Deno.test("a freeze that ends by itself goes from the cards", async () => {
  await using fixture = await openFixture({ clock: createStillClock(), timing: OFTEN });
  const asked = await fixture.ask(ROTATE);
  await fixture.say(BEN, "/freeze ec2 for=5m incident 4711");
  await shows(asked.card, /^Frozen +ec2/m);
  await fixture.pass(5 * 60_000);
  await lacks(asked.card, /Frozen/);
});

Deno.test("a freeze is shown on a scheduled change when it is in force at its time, and only then", async () => {
  await using fixture = await openFixture();
  const at = new Date(fixture.store.now() + 3_600_000).toISOString().slice(0, 16);
  const asked = await fixture.carryOut(`${ROTATE} at=${at}`);
  await fixture.say(BEN, "/freeze ec2 for=10m incident 4711");
  assert.doesNotMatch(textOf(asked.card), /Frozen/);
  await fixture.say(BEN, "/freeze ec2 for=3h incident 4711");
  assert.match(textOf(asked.card), /^⏳ Scheduled: /);
  assert.match(textOf(asked.card), /^Frozen +ec2 by Ben/m);
  assert.match(textOf(asked.card), /\[ Stop \]/);
});

Deno.test("a hold is shown on the cards of others, and goes when it is released", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  await fixture.say(BEN, "/hold ec2 Acme Corp for=1h moving the role");
  assert.match(textOf(asked.card), /^Held +ec2 Acme Corp by Ben \(…102\): moving the role · until/m);
  await fixture.say(BEN, "/release ec2 Acme Corp");
  assert.doesNotMatch(textOf(asked.card), /Held/);
});

Deno.test("what else is asked for of the target goes from a card once it is decided", async () => {
  await using fixture = await openFixture({ timing: OFTEN });
  const first = await fixture.ask(ROTATE);
  const second = await fixture.ask(ENABLE, { by: BEN });
  await shows(first.card, new RegExp(`Also asked +.*${second.code}`));
  await fixture.say(BEN, `/withdraw ${second.code}`);
  await lacks(first.card, /Also asked/);
});

Deno.test("a card carries the last three changes of its target", async () => {
  await using fixture = await openFixture();
  const codes: string[] = [];
  for (let time = 0; time < 4; time++) {
    fixture.clock.advance(1000);
    codes.push((await fixture.carryOut(ROTATE)).code);
  }
  const asked = await fixture.ask(ROTATE);
  const text = textOf(asked.card);
  assert.match(text, /Last changes of this target/);
  const shown = codes.filter((code) => text.includes(code));
  assert.deepEqual(shown, codes.slice(1));
  assert.match(text, new RegExp(`rotate externalid: applied · Ana ${codes[3]}`));
});

Deno.test("a card carries how the watch saw its target last", async () => {
  await using fixture = await openFixture({
    environment: { WATCH_EVERY: "1s", WATCH_AFTER: "1" },
    timing: { lookMs: 20, watchMs: 20 },
  });
  const settled = () =>
    fixture.store.db.selectFrom("items").select("key").where("settled", "=", 1)
      .where("key", "like", "opsramp:%").executeTakeFirst();
  await eventually(settled, "the first look");
  const asked = await fixture.ask("/enable opsramp AWS staging");
  assert.match(textOf(asked.card), /^Watch +⚪ off: .+ since /m);
});
