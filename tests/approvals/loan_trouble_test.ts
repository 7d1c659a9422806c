import assert from "node:assert/strict";
import { fingerprintOf } from "../../bot/store/changes.ts";
import { eventually } from "../eventually.ts";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { busyElsewhere, doneElsewhere, restarted } from "./another_bot.ts";
import { announced, HOUR_MS, loanOf, MINUTE_MS, openLoan, said, wayBackOf } from "./borrowing.ts";
import { openFile, testOnEach } from "./database.ts";
import { ANA, BEN, company, type Fixture, GROUP, textOf } from "./fixture.ts";

function vendorAway({ gravityzone: { faults } }: Fixture): void {
  for (const read of READS) faults.always(read, { status: 503 });
}

const READS = [
  "getCompanyDetails",
  "getAmazonEC2ExternalIdForCrossAccountRole",
  "getCompanyDetailsByAWSAccountId",
];

Deno.test("a way back whose vendor is away is tried until it is known, and the first time that is said", async () => {
  await using fixture = await openLoan(undefined, { timing: { measureMs: 20 } });
  const tells = (open: number, overdue: number) =>
    eventually(
      async () => {
        const text = await (await fetch(`${fixture.url}/metrics`)).text();
        return Object.entries({ open, overdue }).every(([state, count]) =>
          text.includes(`countersign_loans{state="${state}"} ${count}\n`)
        );
      },
      `the metrics to tell of ${open} loans and of ${overdue} overdue`,
    );
  const { code } = await announced(fixture);
  await tells(1, 0);
  vendorAway(fixture);
  await fixture.pass(10 * MINUTE_MS);
  const told = await said(
    fixture,
    /^🟡 Not taken back yet: Enable the EC2 integration of Globex\nGravityZone .+\.\nIt is tried again .+ \/borrowed lists it\./,
  );
  assert.match(textOf(told), /\[ Now \]/);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /1 borrowed, 1 not taken back yet\n.*over since/);
  await fixture.pass(5 * MINUTE_MS);
  await tells(0, 1);
  fixture.gravityzone.faults.clear();
  await fixture.pass(15 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
  await tells(0, 0);
  // One announcement before, one of the trouble: both end up saying what came of it.
  const announcements = fixture.groupAnswers().filter((text) => /^ℹ️ Taken back as agreed/.test(text));
  assert.equal(announcements.length, 2);
});

Deno.test("what has moved while its vendor was away is said aloud once more", async () => {
  await using fixture = await openLoan();
  const { code } = await announced(fixture);
  vendorAway(fixture);
  await fixture.pass(10 * MINUTE_MS);
  await said(fixture, /^🟡 Not taken back yet/);
  fixture.gravityzone.faults.clear();
  ec2Of(fixture.gravityzone.world, company.globex).externalId = "somebody-else-was-here";
  await fixture.pass(15 * MINUTE_MS);
  await said(fixture, /^🟡 Not taken back, nothing was sent/);
  await fixture.rest();
  const rows = await fixture.store.db.selectFrom("messages").select(["key", "silent"])
    .where("key", "like", `loan:${code}:%`).orderBy("key").execute();
  assert.deepEqual(rows.map(({ silent }) => silent), [1, 1, 0]);
});

Deno.test("a way back does not go to another account of the vendor, and waits for the one of its loan", async () => {
  await using file = await openFile();
  await using first = await openLoan(file.url);
  const { code } = await announced(first);
  await using fixture = await restarted(first, { BITDEFENDER_API_KEY: "another-gravityzone-key" });
  fixture.gravityzone.calls.length = 0;
  await fixture.pass(10 * MINUTE_MS);
  await said(
    fixture,
    /^🟡 Not taken back yet: Enable .+\nThe vendor, or the account it was made with, is not set up any more\./,
  );
  assert.deepEqual(fixture.gravityzone.calls, []);
  await using again = await restarted(fixture, {
    BITDEFENDER_API_KEY: first.environment.BITDEFENDER_API_KEY,
  });
  await again.pass(5 * MINUTE_MS);
  assert.equal((await wayBackOf(again, code)).state, "applied");
});

testOnEach("more time that is given while the way back is planned counts", async (url) => {
  await using fixture = await openLoan(url);
  const { code, reminder } = await announced(fixture);
  const planned = Promise.withResolvers<void>();
  fixture.gravityzone.faults.next("getCompanyDetails", { after: planned.promise });
  fixture.gravityzone.calls.length = 0;
  fixture.clock.advance(10 * MINUTE_MS);
  await eventually(
    () => fixture.gravityzone.calls.some(({ method }) => method === "getCompanyDetails"),
    "the way back to be planned",
  );
  await fixture.press(BEN, reminder, "+ 1 h");
  planned.resolve();
  await fixture.pass(50 * MINUTE_MS);
  const announcements = () => fixture.groupAnswers().filter((text) => text.startsWith("⏳ Taken back "));
  await eventually(
    async () => announcements().length > 1 || (await fixture.changes()).length > 1,
    "another announcement, or a way back",
  );
  assert.deepEqual((await fixture.changes()).map((change) => change.code), [code]);
});

Deno.test("a way back that is not the one that was planned does not run", async () => {
  await using fixture = await openLoan();
  const { code } = await announced(fixture);
  await busyElsewhere(fixture, code);
  fixture.clock.advance(10 * MINUTE_MS);
  const planned = await eventually(
    async () => (await fixture.changes()).find(({ loan_of }) => loan_of === code),
    "the way back",
  );
  const altered = { ...planned, requester_name: "Chidi" };
  await fixture.store.db.updateTable("changes")
    .set({ requester_name: "Chidi", hash: fingerprintOf(altered) }).where("code", "=", planned.code)
    .execute();
  await doneElsewhere(fixture);
  assert.equal((await wayBackOf(fixture, code)).state, "superseded");
  assert.equal(fixture.writes().length, 1);
  assert.equal((await fixture.audit(planned.code)).at(-1)?.reason_code, "not_on_record");
});

testOnEach("a way back that the vendor refuses waits for a person, and Now tries once more", async (url) => {
  await using fixture = await openLoan(url);
  const { code, card, reminder } = await announced(fixture);
  fixture.gravityzone.faults.next("disableAmazonEC2Integration", {
    error: { code: -32000, message: "Locked", details: "The integration is locked" },
  });
  await fixture.pass(10 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "not applied");
  assert.match(
    textOf(reminder),
    /^🟡 Not taken back yet: Enable .+\n.+locked.+\nNothing more is sent by itself\./i,
  );
  assert.match(textOf(card), /Not taken back yet, over since .+locked/i);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /1 not taken back yet\n.+locked/i);
  await fixture.pass(5 * HOUR_MS);
  assert.equal(fixture.writes().length, 2);
  await fixture.press(BEN, reminder, "Now");
  await said(fixture, /^ℹ️ Taken back as agreed/);
  assert.equal(fixture.writes().length, 3);
  assert.equal((await loanOf(fixture, code)).outcome, "returned");
});

Deno.test("/stop keeps a way back that has not begun from running; the loan stays open and says why", async () => {
  await using fixture = await openLoan();
  const { code, reminder } = await announced(fixture);
  await busyElsewhere(fixture, code);
  fixture.clock.advance(10 * MINUTE_MS);
  const { back } = await eventually(async () => {
    const loan = await loanOf(fixture, code);
    return loan.back === null ? undefined : { back: loan.back };
  }, "the way back");
  fixture.telegram.say(BEN, GROUP, `/stop ${back} not now`);
  await fixture.rest({ running: true });
  assert.equal(await fixture.state(back), "stopped");
  assert.match(textOf(reminder), /^🟡 Not taken back yet: .+\nBen .+ stopped it before it ran: “not now”\./);
  await doneElsewhere(fixture);
  assert.equal((await loanOf(fixture, code)).ended_at, null);
  assert.equal(fixture.writes().length, 1);
});

testOnEach("a way back of which only a part took effect says so, and Now sends the rest", async (url) => {
  let halfDone = false;
  await using fixture = await openLoan(url, {
    async onTheWay(vendor, request, passOn) {
      const answer = await passOn();
      if (vendor !== "HaloPSA" || request.method !== "GET" || !halfDone) return answer;
      return new Response(
        (await answer.text()).replaceAll('"username":"halo"', '"username":"other"'),
        answer,
      );
    },
  });
  const { code, card, reminder } = await announced(
    fixture,
    "/update prtg 1 url=https://prtg2.northwind.example username=other for=2h",
  );
  halfDone = true;
  await fixture.pass(10 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "partly applied");
  const half =
    /Only a part was taken back\. Read back: url is now “https:\/\/prtg\..+”; username unchanged\./;
  assert.match(
    textOf(reminder),
    /^🟡 Not taken back yet: .+\n.+\nNothing more is sent by itself\. Now tries/,
  );
  for (const message of [card, reminder]) assert.match(textOf(message), half);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /1 borrowed, 1 not taken back yet\n.+Only a part/);
  await fixture.press(BEN, reminder, "Now");
  // What the bot itself left behind is not somebody else's work.
  const came = await eventually(async () => {
    const ways = (await fixture.changes()).filter(({ loan_of, finished_at }) =>
      loan_of === code && finished_at
    );
    return (await loanOf(fixture, code)).outcome ??
      ways.find(({ state }) => state !== "partly applied")?.state;
  }, "the rest");
  assert.equal(came, "not applied");
  await fixture.rest();
  halfDone = false;
  await fixture.pass(61_000);
  await said(fixture, /^ℹ️ Taken back as agreed/);
  assert.equal((await loanOf(fixture, code)).outcome, "returned");
});
