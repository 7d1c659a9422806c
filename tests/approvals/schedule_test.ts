import assert from "node:assert/strict";
import { createStillClock } from "../sandbox/stage.ts";
import { testOnEach } from "./database.ts";
import { ANA, BEN, company, type Fixture, openFixture, textOf } from "./fixture.ts";
import { ENABLE_BY_KEYS, enter, linkOf, SECRET, statusOf } from "./secret_page.ts";
import { wallText } from "../../bot/zone.ts";

const ENABLE = "/enable ec2 Globex role=arn:aws:iam::999888777666:role/gravityzone";
const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** So many ms from now, to the minute, as it is typed. */
function typedIn(fixture: Fixture, ms: number, zone = "UTC"): string {
  return wallText(zone, fixture.store.now() + ms);
}

/** How long it is until the minute that was typed. */
function untilTyped(fixture: Fixture, typed: string): number {
  return Date.parse(`${typed}Z`) - fixture.store.now();
}

testOnEach("at= is approved now and runs then, once everything has been looked at again", async (url) => {
  await using fixture = await openFixture({ clock: createStillClock(), environment: { DATABASE_URL: url } });
  const at = typedIn(fixture, 3 * HOUR_MS);
  const asked = await fixture.ask(`${ENABLE} at=${at}`);
  assert.match(
    textOf(asked.card),
    new RegExp(`Runs +${at.slice(0, 10)} \\(${at.slice(11)} UTC\\), if everything is as it is now`),
  );
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "approved");
  assert.match(textOf(asked.card), /^⏳ Scheduled: Enable the EC2 integration of Globex/);
  assert.match(textOf(asked.card), /\[ Stop \]/);
  await fixture.say(ANA, "/pending");
  assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`runs .+, /stop ${asked.code}`));
  await fixture.pass(untilTyped(fixture, at) - 1);
  assert.equal(await fixture.state(asked.code), "approved");
  await fixture.pass(1);
  assert.equal(await fixture.state(asked.code), "applied");
  assert.equal(fixture.writes().length, 1);
});

Deno.test("at= with a time of day is the next one there is, in the zone of TZ, and is shown in it too", async () => {
  await using fixture = await openFixture({ environment: { TZ: "Asia/Tokyo" } });
  const at = typedIn(fixture, 5 * HOUR_MS, "Asia/Tokyo");
  const asked = await fixture.ask(`${ENABLE} at=${at.slice(11)}`);
  const { scheduled_at } = await fixture.change(asked.code);
  assert.equal(scheduled_at, Date.parse(`${at}:00+09:00`));
  const typed = new RegExp(` · ${at.slice(11)} Asia/Tokyo, if everything is as it is now`);
  assert.match(textOf(asked.card), typed);
  const inReadersZone = new RegExp(`"unix_time":${(scheduled_at ?? 0) / 1000}\\b`);
  assert.match(JSON.stringify(asked.card), inReadersZone);
  await fixture.press(BEN, asked.card, "Approve");
  assert.match(textOf(asked.card), typed);
  await fixture.say(BEN, "/freeze incident");
  assert.match(textOf(asked.card), typed);
});

Deno.test("a dangerous change that is approved in the last moment can still be stopped", async () => {
  await using fixture = await openFixture({ clock: createStillClock(), environment: { GRACE: "10m" } });
  const at = typedIn(fixture, 5 * MINUTE_MS);
  const asked = await fixture.carryOut(`${ROTATE} at=${at}`);
  await fixture.pass(9 * MINUTE_MS);
  assert.equal(await fixture.state(asked.code), "approved");
  await fixture.pass(MINUTE_MS);
  assert.equal(await fixture.state(asked.code), "applied");
});

Deno.test("what nobody approved by the time it should run is over", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(`${ENABLE} at=${typedIn(fixture, 5 * MINUTE_MS)}`);
  await fixture.pass(5 * MINUTE_MS);
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "expired");
});

for (
  const [what, meddle] of [
    ["frozen", (fixture) => fixture.say(BEN, "/freeze ec2 incident 4711")],
    ["moved", (fixture) => {
      fixture.gravityzone.world.companies.delete(company.globex);
      return Promise.resolve();
    }],
  ] as readonly [string, (fixture: Fixture) => Promise<void>][]
) {
  Deno.test(`what is ${what} by the time it should run is told, and does not run`, async () => {
    await using fixture = await openFixture({ clock: createStillClock() });
    const at = typedIn(fixture, HOUR_MS);
    const asked = await fixture.carryOut(`${ENABLE} at=${at}`);
    await meddle(fixture);
    await fixture.pass(untilTyped(fixture, at));
    assert.equal(await fixture.state(asked.code), "superseded");
    assert.deepEqual(fixture.writes(), []);
    assert.match(fixture.outcomes().at(-1) ?? "", /Superseded, nothing ran/);
  });
}

for (
  const [typed, said] of [
    [
      "at=2020-01-01T10:00",
      /That is not after \d{4}-\d\d-\d\dT\d\d:\d\d in UTC\. Next is at=\d{4}-\d\d-\d\dT10:00\./,
    ],
    ["at=2099-01-01T10:00", /That is more than 90 days ahead\. The last is at=\d{4}-\d\d-\d\dT10:00\./],
    ["at=25:00", /at= takes a time such as at=22:00 or at=\d{4}-\d\d-\d\dT\d\d:\d\d \(UTC\)\./],
    ["at=2026-02-30T10:00", /at= takes a time such as/],
    ["at=tonight", /at= takes a time such as/],
    ["for=soon", /for= takes a time from 1m to 30d, such as for=2h\./],
    ["for=10s", /for= takes a time from 1m/],
    ["for=31d", /for= takes a time from 1m/],
  ] as const
) {
  Deno.test(`${typed} is refused in words, and nothing is asked for`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, `${ENABLE} ${typed}`);
    const [answer] = fixture.ephemeralAnswers(ANA).slice(-1);
    assert.match(answer ?? "", /^⛔ That time cannot be used, so nothing was done\./);
    assert.match(answer ?? "", said);
    assert.deepEqual(await fixture.changes(), []);
  });
}

Deno.test("a time that is over when the secret comes asks for nothing, and the secret is wiped", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  await fixture.say(ANA, `${ENABLE_BY_KEYS} at=${typedIn(fixture, 5 * MINUTE_MS)}`);
  const link = linkOf(fixture, ANA);
  await fixture.pass(6 * MINUTE_MS);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await fixture.rest();
  assert.deepEqual(await fixture.changes(), []);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /That time cannot be used, so nothing was done\./);
  const entries = await fixture.store.db.selectFrom("secret_entries").select("sealed").execute();
  assert.deepEqual(entries.map(({ sealed }) => sealed), [null]);
});

Deno.test("/stop ends a scheduled change, and asking for the same at another time is another request", async () => {
  await using fixture = await openFixture();
  const first = await fixture.carryOut(`${ENABLE} at=${typedIn(fixture, HOUR_MS)}`);
  const second = await fixture.ask(`${ENABLE} at=${typedIn(fixture, 2 * HOUR_MS)}`);
  assert.match(textOf(second.card), new RegExp(`Also asked +.*${first.code} by Ana`));
  await fixture.say(BEN, `/stop ${first.code}`);
  assert.equal(await fixture.state(first.code), "stopped");
});

Deno.test("what is superseded at its time is asked for again without it", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  const at = typedIn(fixture, HOUR_MS);
  const asked = await fixture.carryOut(`${ENABLE} at=${at}`);
  await fixture.say(BEN, "/freeze ec2 for=2h incident 4711");
  await fixture.pass(untilTyped(fixture, at));
  await fixture.press(ANA, asked.card, "Ask again");
  const [, again] = await fixture.changes();
  assert.equal(again?.scheduled_at, null);
});
