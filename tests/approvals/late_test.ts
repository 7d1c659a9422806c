import assert from "node:assert/strict";
import { openStore } from "../../bot/store/database.ts";
import { watched } from "../crash/moment.ts";
import { testOnEach } from "./database.ts";
import { BEN, company, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const GENERATE = "generateAmazonEC2ExternalIdForCrossAccountRole";
const READ = "getAmazonEC2ExternalIdForCrossAccountRole";
const ENABLE = "configureAmazonEC2IntegrationUsingCrossAccountRole";
const [FIRST_LOOK_MS, SECOND_LOOK_MS] = [61_000, 241_000];

function acme({ gravityzone }: Fixture) {
  return gravityzone.world.ec2.get(company.acmeCorp)!;
}

async function events(fixture: Fixture, code: string): Promise<string[]> {
  return (await fixture.audit(code)).map(({ event }) => event);
}

testOnEach("a write that takes effect after its read-back is noticed, and told", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  fixture.gravityzone.faults.next(GENERATE, { status: 500 });
  const { code, card } = await fixture.carryOut(ROTATE);
  assert.match(
    textOf(card),
    /^🔴 Not applied: .*\n.*still the old one.*\n?[^]*In case it is only slow: next look/,
  );
  acme(fixture).externalId = "arrived-late";
  await fixture.pass(FIRST_LOOK_MS);
  assert.match(
    textOf(card),
    /^✅ Applied: .*\nIt took effect after all, only late\. The external ID is now arrived-late/,
  );
  assert.deepEqual(fixture.outcomes().map((text) => text.split(":")[0]), [
    "🔴 Not applied",
    "✅ Applied",
  ]);
  assert.deepEqual(await events(fixture, code), [
    "asked",
    "approve",
    "claim",
    "send",
    "fail",
    "applied_late",
  ]);
  assert.deepEqual(fixture.writes(), [GENERATE]);
});

Deno.test("a write that is not there is looked for twice more, quietly, and no further", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.next(GENERATE, { status: 500 });
  const { code, card } = await fixture.carryOut(ROTATE);
  const { finished_at } = await fixture.change(code);
  for (const ms of [FIRST_LOOK_MS, SECOND_LOOK_MS]) await fixture.pass(ms);
  const { next_check_at, state, finished_at: stillAt } = await fixture.change(code);
  assert.deepEqual([state, next_check_at, stillAt], ["not applied", null, finished_at]);
  assert.match(
    textOf(card),
    /^🔴 Not applied: .*\nGravityZone answered .*\(500\)\. The external ID is still the old one/,
  );
  assert.doesNotMatch(textOf(card), /next look/);
  assert.deepEqual(await events(fixture, code), [
    "asked",
    "approve",
    "claim",
    "send",
    "fail",
    "still_not_applied",
    "still_not_applied",
  ]);
  assert.equal(fixture.outcomes().length, 1);
});

Deno.test("a write that the vendor refused is not looked for again", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.next(GENERATE, { status: 403 });
  const { code } = await fixture.carryOut(ROTATE);
  const { state, next_check_at } = await fixture.change(code);
  assert.deepEqual([state, next_check_at], ["not applied", null]);
});

testOnEach("the effect of another change is not taken for that of an earlier one", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const role = (name: string) => `arn:aws:iam::999888777666:role/${name}`;
  const enable = (name: string) => `/enable ec2 Acme Labs role=${role(name)}`;
  let dark = false;
  fixture.gravityzone.faults.always(
    "getCompanyDetailsByAWSAccountId",
    () => dark ? { status: 503 } : undefined,
  );
  fixture.gravityzone.faults.always(ENABLE, ({ nth }) => {
    dark = nth === 1;
    return dark ? { status: 500 } : undefined;
  });
  const first = await fixture.carryOut(enable("old"));
  assert.equal(await fixture.state(first.code), "unknown");
  dark = false;
  const second = await fixture.carryOut(enable("new"));
  await fixture.pass(FIRST_LOOK_MS);
  assert.equal(await fixture.state(first.code), "unknown");
  assert.match(textOf(first.card), new RegExp(`${second.code} changed it since, so nobody can tell`));
  assert.equal((await fixture.change(first.code)).next_check_at, null);
  const disable = await fixture.ask("/disable ec2 Acme Labs reason=test");
  assert.match(textOf(disable.card), /role\/new/);
  assert.doesNotMatch(textOf(disable.card), /role\/old/);
});

testOnEach("a freeze that is announced while the state is read again stops the write", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(ROTATE);
  const gate = Promise.withResolvers<void>();
  fixture.gravityzone.faults.next(READ, { after: gate.promise });
  await fixture.telegram.press(BEN, card, "Approve");
  await eventually(
    () => Promise.resolve(fixture.gravityzone.calls.filter(({ method }) => method === READ).length > 1),
    "the re-read",
  );
  fixture.telegram.say(BEN, GROUP, "/freeze incident 4711");
  await eventually(
    () => Promise.resolve(fixture.groupAnswers().some((text) => text.startsWith("🟡 Frozen"))),
    "the announcement",
  );
  gate.resolve();
  await fixture.rest();
  assert.deepEqual(fixture.writes(), []);
  assert.equal(await fixture.state(code), "superseded");
  assert.match(textOf(card), /Frozen: everything by Ben/);
  assert.deepEqual((await fixture.audit(code)).map(({ event, reason_code }) => [event, reason_code]).at(-1), [
    "supersede",
    "frozen",
  ]);
});

testOnEach("an outcome that cannot be written down is tried again after ever longer pauses", async (url) => {
  let troubles = 2;
  await using fixture = await openFixture({
    environment: { DATABASE_URL: url },
    openStore: async (...where) =>
      watched(await openStore(...where), (what, when) => {
        if (what === "audit accept" && when === "before" && troubles-- > 0) throw new Error("disk I/O error");
      }),
  });
  const pauses = pausesOf(fixture);
  const { code, card } = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  assert.ok(troubles < 1, "there was no trouble");
  assert.equal(await fixture.state(code), "accepted");
  assert.deepEqual(pauses, [250, 1_000]);
  assert.match(textOf(card), /GravityZone said yes/);
});

/** The waits that nothing may end early, from here on; none of them takes its time. */
function pausesOf({ clock }: Fixture): readonly number[] {
  const pauses: number[] = [];
  const { sleep } = clock;
  Object.assign(clock, {
    sleep(ms: number, signal?: AbortSignal) {
      if (signal) return sleep(ms, signal);
      pauses.push(ms);
      return sleep(1);
    },
  });
  return pauses;
}
