import assert from "node:assert/strict";
import { Countersign } from "../../bot/app.ts";
import { builtins } from "../../bot/commands/builtins.ts";
import { readConfig } from "../../bot/config.ts";
import type { Command } from "../../bot/parser/command.ts";
import { areDays, nextTime, putDueReads } from "../../bot/queue/schedules.ts";
import { wallText } from "../../bot/zone.ts";
import { vendors } from "../../handlers/registry.ts";
import { testOnEach, testOnPostgres } from "../approvals/database.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { eventually, HANG_MS } from "../eventually.ts";
import { chatTest } from "./conversation.ts";

const QUICK = { expireMs: 20, lookMs: 20 };

Deno.test.each([
  ["08:00", "daily", "UTC", "2026-11-30T08:00:00Z", "2026-12-01T08:00:00Z"],
  ["08:00", "mon-fri", "Europe/Lisbon", "2026-12-04T09:00:00Z", "2026-12-07T08:00:00Z"],
  ["08:00", "mon,thu", "Europe/Berlin", "2026-11-30T09:00:00Z", "2026-12-03T07:00:00Z"],
  ["08:00", "fri-mon", "UTC", "2026-12-07T09:00:00Z", "2026-12-11T08:00:00Z"],
  ["08:00", "sunday", "UTC", "2026-12-07T09:00:00Z", "2026-12-13T08:00:00Z"],
  // Clocks are put forward over it: it is meant as soon as they have.
  ["01:30", "daily", "Europe/London", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"],
  ["01:30", "daily", "Europe/London", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
  // Clocks are put back, and it comes twice: the first one counts.
  ["01:30", "daily", "Europe/London", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"],
  ["01:30", "daily", "Europe/London", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
])("%s %s in %s comes after %s at %s", (time, days, zone, after, at) => {
  assert.ok(areDays(days));
  assert.equal(
    new Date(nextTime({ time, days }, zone, Date.parse(after))).toISOString(),
    new Date(at).toISOString(),
  );
});

Deno.test.each(["", "monday-", "mon-tue-wed", "noon", "status", "mon;thu", "1-5"])(
  "%s are no days",
  (text) => {
    assert.ok(!areDays(text));
  },
);

chatTest("/every sets a read, lists it and stops it", {}, [
  { said: "/every", answered: /No read comes into this chat by itself/ },
  {
    said: "/every 8:00 mon-fri /status bitdefender",
    answered: /Mon-fri at 08:00 \(UTC\): \/status bitdefender.*your rights.*\/every stop 1/s,
    audited: ["schedule_set"],
  },
  {
    said: "/every 7:30 usage ec2 Acme Corp month=11/2026",
    answered: /Daily at 07:30 \(UTC\): \/usage ec2 Acme Corp month=11\/2026/,
    audited: ["schedule_set"],
  },
  {
    said: "/every",
    answered: /2 reads come.*1 · mon-fri 08:00 · \/status bitdefender · set by Ben.*2 · daily 07:30/s,
  },
  { said: "/every stop 3", answered: /Which one\? Nothing was stopped/ },
  { said: "/every stop 1", answered: /Number 1 is stopped/, audited: ["schedule_stopped"] },
  { said: "/every", answered: /1 read comes into this chat by itself.*2 · daily 07:30/s },
]);

chatTest("/every takes only what reads and can be understood, at a time of day", {}, [
  {
    said: "/every 25:00 /status",
    answered: { says: /"25:00" is no time of day.*Nothing was done/s, only: BEN },
  },
  {
    said: "/every 08:00 /disable ec2 Acme Corp reason=x",
    answered: { says: /Only a read can be scheduled/, only: BEN },
  },
  {
    said: "/every 08:00 disable sophos",
    answered: { says: /Only a read can be scheduled/, only: BEN },
  },
  { said: "/every 08:00 /every 09:00 /status", answered: { says: /\/every does more than read/, only: BEN } },
  { said: "/every 08:00 /statsu", answered: { says: /Nothing was done/, only: BEN } },
  { said: "/every", answered: /No read comes into this chat by itself/ },
]);

Deno.test("/every takes every command that is declared to read, and no other", async () => {
  await using fixture = await openFixture();
  const operations = vendors.flatMap((vendor): readonly Command[] => vendor.operations);
  const taken: boolean[] = [];
  for (const { example } of [...builtins, ...operations]) {
    await fixture.say(BEN, `/every 08:00 ${example}`);
    taken.push((await fixture.store.db.deleteFrom("schedules").returning("command").execute()).length === 1);
  }
  assert.deepEqual(taken, [...builtins, ...operations].map(({ risk }) => risk === "read"));
  assert.deepEqual(builtins.filter((_, at) => !taken[at]).map(({ verb }) => verb), [
    ...["approve", "reject", "withdraw", "stop", "settle", "undo", "freeze", "unfreeze", "board", "every"],
    ...["hold", "release", "watch", "unwatch", "quiet", "alias", "unalias", "emergency", "pass", "reviewed"],
  ]);
});

testOnEach("an export of the audit comes on schedule, for who may have it", async (url) => {
  const rights = { OPERATORS: `${ANA},${BEN}`, APPROVERS: String(BEN) };
  await using fixture = await openFixture({ timing: QUICK, environment: { ...rights, DATABASE_URL: url } });
  await fixture.say(ANA, "/every 08:00 /audit export");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /You may not approve changes/);
  await fixture.say(BEN, `/every ${farOff(fixture)} /audit export`);
  await makeDue(fixture);
  const files = () => fixture.telegram.answers(GROUP).filter(({ document }) => document !== undefined);
  await fixture.telegram.until(() => files().length === 2, "the two files");
  await fixture.rest();
  assert.match(reads(fixture).at(-1) ?? "", /The audit as JSON lines and CSV.*\/every stop 1/s);
});

chatTest("/every takes in a group who may ask for changes, and alone whoever may read", {
  environment: { OPERATORS: String(ANA), APPROVERS: String(BEN) },
}, [
  {
    said: "/every 08:00 /status",
    answered: { says: /You may read here but not ask for changes/, only: BEN },
    audited: ["refused not_operator"],
    logged: [{ event: "refused", reason: "not_operator" }],
  },
  { said: "/every 08:00 /status", by: ANA, answered: /Daily at 08:00/, audited: ["schedule_set"] },
  {
    said: "/every stop 1",
    answered: { says: /You may read here but not ask for changes/, only: BEN },
    audited: ["refused not_operator"],
    logged: [{ event: "refused", reason: "not_operator" }],
  },
  {
    said: "/every 08:00 /status",
    in: BEN,
    answered: { says: /Daily at 08:00/, in: BEN },
    audited: ["schedule_set"],
  },
]);

const BY_MEMBERSHIP = { OPERATORS: undefined, APPROVERS: undefined };

/** A time of day that does not come by itself in the middle of a test. */
function farOff({ store }: Fixture): string {
  return wallText("UTC", store.now() + 12 * 3_600_000).slice(11);
}

async function makeDue({ store }: Fixture): Promise<void> {
  await store.db.updateTable("schedules").set({ next_at: store.now() - 1 }).execute();
}

function reads(fixture: Fixture): string[] {
  return fixture.groupAnswers().filter((text) => text.includes("/every stop 1"));
}

testOnEach("a scheduled read comes when it is due, says why, and comes again", async (url) => {
  await using fixture = await openFixture({ timing: QUICK, environment: { DATABASE_URL: url } });
  const time = farOff(fixture);
  await fixture.say(ANA, `/every ${time} /status bitdefender`);
  for (const times of [1, 2]) {
    await makeDue(fixture);
    await fixture.telegram.until(() => reads(fixture).length === 1 + times, "the scheduled read");
    await fixture.rest();
  }
  assert.match(reads(fixture).at(-1) ?? "", new RegExp(`2 of 14.*daily ${time} · /every stop 1`, "s"));
  assert.equal(fixture.gravityzone.calls.length, 1, "the second one is served from the cache of the first");
  const [call] = fixture.telegram.calls("sendRichMessage").slice(-1);
  assert.equal(call?.parameters["disable_notification"], true);
});

testOnEach("a scheduled read ends when whoever set it lost the right", async (url) => {
  await using fixture = await openFixture({
    timing: QUICK,
    environment: { ...BY_MEMBERSHIP, DATABASE_URL: url },
  });
  const time = farOff(fixture);
  await fixture.say(ANA, `/every ${time} /status bitdefender`);
  fixture.telegram.leave(ANA, GROUP);
  await makeDue(fixture);
  const said = () => fixture.groupAnswers().find((text) => text.includes("does not come by itself any more"));
  await fixture.telegram.until(said, "the end of the schedule");
  await fixture.rest();
  const words = new RegExp(`Ana set it and may not any more. Nothing was read.*/every ${time} daily`, "s");
  assert.match(said() ?? "", words);
  assert.deepEqual(await fixture.store.db.selectFrom("schedules").selectAll().execute(), []);
  assert.equal(fixture.gravityzone.calls.length, 0);
  const ended = (await fixture.audit()).find(({ event }) => event === "schedule_ended");
  assert.equal(ended?.reason_code, "not_member");
});

Deno.test("a scheduled read stays set while Telegram does not say whether its person belongs here", async () => {
  await using fixture = await openFixture({ timing: QUICK, environment: BY_MEMBERSHIP });
  await fixture.say(ANA, "/every 08:00 /status bitdefender");
  const description = "Bad Request: member list is inaccessible";
  fixture.telegram.faults.push({ method: "getChatMember", status: 400, description, times: 5 });
  fixture.clock.advance(3_600_000);
  await makeDue(fixture);
  const told = async () => (await fixture.audit()).find(({ event }) => event !== "schedule_set");
  const { event, reason_code } = await eventually(told, "the schedule to be refused, or to end");
  assert.deepEqual([event, reason_code], ["refused", "membership_unknown"]);
  assert.equal((await fixture.store.db.selectFrom("schedules").selectAll().execute()).length, 1);
});

Deno.test("/every sets no more reads in a chat than it can be asked to bear", async () => {
  await using fixture = await openFixture();
  for (let set = 0; set < 20; set++) fixture.telegram.say(ANA, GROUP, "/every 08:00 /status");
  await fixture.say(ANA, "/every 08:00 /status");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /20 reads come into this chat already/);
  assert.equal((await fixture.store.db.selectFrom("schedules").selectAll().execute()).length, 20);
});

testOnPostgres("two bots on one database run a scheduled read once", async (url) => {
  await using fixture = await openFixture({ timing: QUICK, environment: { DATABASE_URL: url } });
  const { clock, log, environment } = fixture;
  const second = await Countersign.open({ config: readConfig(environment), clock, log, timing: QUICK });
  await second.start();
  await fixture.say(ANA, `/every ${farOff(fixture)} /ping`);
  for (const times of [1, 2, 3]) {
    await makeDue(fixture);
    const config = readConfig(environment);
    await Promise.all([
      putDueReads({ store: fixture.store, config }),
      putDueReads({ store: second.store, config }),
    ]);
    await fixture.telegram.until(() => reads(fixture).length >= 1 + times, "the scheduled read");
    await fixture.rest();
    assert.equal(reads(fixture).length, 1 + times);
  }
  await second.stop(AbortSignal.timeout(HANG_MS));
});
