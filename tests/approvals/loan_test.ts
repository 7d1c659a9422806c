import assert from "node:assert/strict";
import { createStillClock } from "../sandbox/stage.ts";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { SANDBOX_GROUP } from "../sandbox/conversation.ts";
import type { Message } from "../sandbox/telegram.ts";
import { eventually } from "../eventually.ts";
import { testOnEach } from "./database.ts";
import { ANA, BEN, company, type Fixture, GROUP, openFixture, OSKAR, textOf } from "./fixture.ts";

const ROLE = "arn:aws:iam::999888777666:role/gravityzone";
const ENABLE = `/enable ec2 Globex role=${ROLE}`;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SOON = { lookMs: 20, expireMs: 20 };

async function openLoan(url?: string): Promise<Fixture> {
  return await openFixture({
    clock: createStillClock(),
    telegram: { chats: [SANDBOX_GROUP] },
    timing: SOON,
    environment: url === undefined ? {} : { DATABASE_URL: url },
  });
}

/** The newest message of the group that says this. */
async function said(fixture: Fixture, words: RegExp): Promise<Message> {
  return await eventually(
    () => Promise.resolve(fixture.telegram.answers(GROUP).findLast((message) => words.test(textOf(message)))),
    String(words),
  );
}

/** The change that takes this one back. */
async function wayBackOf(fixture: Fixture, code: string) {
  return await eventually(
    async () =>
      (await fixture.changes()).find(({ loan_of, state }) =>
        loan_of === code && state !== "approved" && state !== "executing"
      ),
    `the way back of ${code}`,
  );
}

testOnEach("for= takes a change back at its end by itself, announced before", async (url) => {
  await using fixture = await openLoan(url);
  const asked = await fixture.ask(`${ENABLE} for=2h`);
  assert.match(textOf(asked.card), /^🟡 Enable the EC2 integration of Globex for 2 h\?/);
  assert.match(
    textOf(asked.card),
    /Back +by itself 2 h after it took effect, if nothing has moved until then/,
  );
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "applied");
  assert.match(textOf(asked.card), /Only until .+: then it is taken back by itself, if nothing has moved\./);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`1 borrowed\n.*${asked.code} .*until`));
  await fixture.pass(110 * MINUTE_MS);
  const reminder = await said(fixture, /^⏳ Ends .+: the EC2 integration of Globex is enabled/);
  assert.match(textOf(reminder), /\[ \+ 1 h \] \[ Now \]/);
  assert.equal(fixture.writes().length, 1);
  await fixture.pass(10 * MINUTE_MS);
  const back = await wayBackOf(fixture, asked.code);
  assert.ok(["applied", "accepted"].includes(back.state), back.state);
  assert.deepEqual(fixture.writes().length, 2);
  await said(fixture, /Taken back as agreed: the EC2 integration of Globex is enabled/);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing is borrowed/);
  assert.deepEqual(
    (await fixture.audit(back.code)).map(({ event, person_id }) => [event, person_id]).slice(0, 3),
    [["return_planned", null], ["claim", null], ["send", null]],
  );
});

/** A loan of two hours whose end has just been announced. */
async function announced(fixture: Fixture, command = `${ENABLE} for=2h`) {
  const asked = await fixture.carryOut(command);
  assert.equal(await fixture.state(asked.code), "applied");
  await fixture.pass(110 * MINUTE_MS);
  const reminder = await said(fixture, /^⏳ Ends /);
  // Until the bot has noted where it stands, its buttons are of no message that it knows.
  await fixture.rest();
  return { ...asked, reminder };
}

testOnEach("+ 1 h is for an approver other than the requester, and for once", async (url) => {
  await using fixture = await openLoan(url);
  const { code, reminder } = await announced(fixture);
  await fixture.press(ANA, reminder, "+ 1 h");
  await fixture.press(OSKAR, reminder, "+ 1 h");
  const { ends_at } = await loanOf(fixture, code);
  await fixture.press(BEN, reminder, "+ 1 h");
  assert.equal((await loanOf(fixture, code)).ends_at, ends_at + HOUR_MS);
  assert.match(textOf(reminder), /Ben gave it 1 h more\./);
  assert.doesNotMatch(textOf(reminder), /\+ 1 h/);
  await fixture.pass(60 * MINUTE_MS);
  const second = await eventually(
    () =>
      Promise.resolve(fixture.telegram.answers(GROUP).filter((one) => /^⏳ Ends /.test(textOf(one))).at(1)),
    "the second announcement",
  );
  assert.match(textOf(second), /\[ Now \]/);
  assert.doesNotMatch(textOf(second), /\+ 1 h/);
  assert.equal(fixture.writes().length, 1);
  await fixture.pass(10 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
  assert.deepEqual(
    (await fixture.audit(code)).filter(({ event }) => /loan|refused/.test(event)).map((
      row,
    ) => [row.event, row.reason_code, row.person_id]),
    [
      ["refused", "own_change", ANA],
      ["refused", "not_approver", OSKAR],
      ["loan_extended", null, BEN],
    ],
  );
});

Deno.test("Now takes it back at once, and is for whoever may ask or approve", async () => {
  await using fixture = await openLoan();
  const { code, reminder } = await announced(fixture);
  await fixture.press(OSKAR, reminder, "Now");
  assert.equal(fixture.writes().length, 1);
  await fixture.press(ANA, reminder, "Now");
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
  await said(fixture, /Taken back as agreed/);
});

testOnEach("what has moved meanwhile is not overwritten, and that is said aloud", async (url) => {
  await using fixture = await openLoan(url);
  const { code } = await announced(fixture);
  ec2Of(fixture.gravityzone.world, company.globex).externalId = "somebody-else-was-here";
  await fixture.pass(10 * MINUTE_MS);
  const told = await said(fixture, /Not taken back, nothing was sent/);
  assert.match(textOf(told), new RegExp(`/undo ${code}`));
  assert.equal(fixture.writes().length, 1);
  assert.equal((await loanOf(fixture, code)).outcome, "moved");
});

Deno.test("an undo by hand ends the loan", async () => {
  await using fixture = await openLoan();
  const { code } = await announced(fixture);
  const undo = await fixture.ask(`/undo ${code}`);
  await fixture.press(BEN, undo.card, "Approve");
  assert.equal((await loanOf(fixture, code)).outcome, "undone");
  await said(fixture, /Taken back by hand/);
  await fixture.pass(HOUR_MS);
  assert.equal(fixture.writes().length, 2);
});

Deno.test("a freeze does not stop a way back", async () => {
  await using fixture = await openLoan();
  const { code } = await announced(fixture);
  await fixture.say(BEN, "/freeze incident 4711");
  await fixture.pass(10 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
});

Deno.test("a way back whose vendor is away is tried until it is known, and the first time that is said", async () => {
  await using fixture = await openLoan();
  const { code } = await announced(fixture);
  fixture.gravityzone.faults.always("getCompanyDetails", { status: 503 });
  fixture.gravityzone.faults.always("getAmazonEC2ExternalIdForCrossAccountRole", { status: 503 });
  fixture.gravityzone.faults.always("getCompanyDetailsByAWSAccountId", { status: 503 });
  await fixture.pass(10 * MINUTE_MS);
  await said(fixture, /Not taken back yet: the EC2 integration of Globex is enabled/);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /1 borrowed, 1 not taken back yet\n.*over since/);
  await fixture.pass(5 * MINUTE_MS);
  fixture.gravityzone.faults.clear();
  await fixture.pass(15 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
  const aloud = fixture.groupAnswers().filter((text) => /Not taken back yet/.test(text));
  assert.equal(aloud.length, 1);
});

Deno.test("for= and at= combine: the loan begins at the run", async () => {
  await using fixture = await openLoan();
  const at = new Date(fixture.store.now() + 5 * HOUR_MS).toISOString().slice(0, 16);
  const { code } = await fixture.carryOut(`${ENABLE} at=${at} for=2h`);
  assert.equal(await fixture.state(code), "approved");
  await fixture.pass(Date.parse(`${at}Z`) - fixture.store.now());
  assert.equal(await fixture.state(code), "applied");
  assert.equal((await loanOf(fixture, code)).ends_at, Date.parse(`${at}Z`) + 2 * HOUR_MS);
});

for (
  const [command, why] of [
    ["/rotate externalid Acme Corp reason=leaked for=2h", /It has no way back: /],
    [
      "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=? for=2h",
      /It has no way back: |Its way back needs a secret/,
    ],
  ] as const
) {
  Deno.test(`${command} is refused in words`, async () => {
    await using fixture = await openLoan();
    await fixture.say(ANA, command);
    assert.match(
      fixture.ephemeralAnswers(ANA).at(-1) ?? "",
      /^⛔ This change cannot be made for a time, so nothing was asked for\./,
    );
    assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", why);
    assert.deepEqual(await fixture.changes(), []);
  });
}

async function loanOf({ store }: Fixture, code: string) {
  return await store.db.selectFrom("loans").selectAll().where("code", "=", code).executeTakeFirstOrThrow();
}
