import assert from "node:assert/strict";
import { vendors } from "../../handlers/registry.ts";
import { eventually } from "../eventually.ts";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { announced, ENABLE, HOUR_MS, loanOf, MINUTE_MS, openLoan, said, wayBackOf } from "./borrowing.ts";
import { testOnEach } from "./database.ts";
import { ANA, BEN, company, GROUP, OSKAR, textOf } from "./fixture.ts";

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
  const reminder = await said(
    fixture,
    /^⏳ Taken back .+: Enable the EC2 integration of Globex\nBy itself, by disabling it, if nothing has moved\./,
  );
  assert.match(textOf(reminder), /\[ \+ 1 h \] \[ Now \]/);
  assert.equal(fixture.writes().length, 1);
  await fixture.pass(10 * MINUTE_MS);
  const back = await wayBackOf(fixture, asked.code);
  assert.ok(["applied", "accepted"].includes(back.state), back.state);
  assert.deepEqual(fixture.writes().length, 2);
  assert.match(
    textOf(reminder),
    new RegExp(
      `^ℹ️ Taken back as agreed: Enable the EC2 integration of Globex\nBy change ${back.code}\nchange ${asked.code}$`,
    ),
  );
  assert.match(textOf(asked.card), new RegExp(`Taken back as agreed .+ by change ${back.code}\n`));
  assert.doesNotMatch(textOf(asked.card), /Only until|Undo/);
  await fixture.say(ANA, "/borrowed");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing is borrowed/);
  assert.deepEqual(
    (await fixture.audit(back.code)).map(({ event, person_id }) => [event, person_id]).slice(0, 3),
    [["return_planned", null], ["claim", null], ["send", null]],
  );
});

testOnEach("+ 1 h is for an approver other than the requester, and for once", async (url) => {
  await using fixture = await openLoan(url);
  const { code, card, reminder } = await announced(fixture);
  const untilOf = () => /Only until (\d\d:\d\d)/.exec(textOf(card))?.[1];
  const until = untilOf();
  await fixture.press(ANA, reminder, "+ 1 h");
  await fixture.press(OSKAR, reminder, "+ 1 h");
  const { ends_at } = await loanOf(fixture, code);
  const { handle } = await fixture.change(code);
  await fixture.press(BEN, reminder, "+ 1 h");
  const twice = await fixture.press(BEN, reminder, `e:${handle}`, { forged: true });
  assert.match(twice.text ?? "", /It was given 1 h more before\./);
  assert.equal((await loanOf(fixture, code)).ends_at, ends_at + HOUR_MS);
  assert.match(textOf(reminder), /Ben gave it 1 h more\./);
  assert.doesNotMatch(textOf(reminder), /\+ 1 h/);
  assert.notEqual(untilOf(), until);
  await fixture.pass(60 * MINUTE_MS);
  const second = await eventually(
    () =>
      Promise.resolve(
        fixture.telegram.answers(GROUP).filter((one) => /^⏳ Taken back /.test(textOf(one))).at(1),
      ),
    "the second announcement",
  );
  assert.match(textOf(second), /\[ Now \]/);
  assert.doesNotMatch(textOf(second), /\+ 1 h/);
  assert.equal(fixture.writes().length, 1);
  await fixture.pass(10 * MINUTE_MS);
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
  for (const message of [reminder, second]) assert.match(textOf(message), /^ℹ️ Taken back as agreed/);
  assert.deepEqual(
    (await fixture.audit(code)).filter(({ event }) => /loan|refused/.test(event)).map((
      row,
    ) => [row.event, row.reason_code, row.person_id]),
    [
      ["refused", "own_change", ANA],
      ["refused", "not_approver", OSKAR],
      ["loan_extended", null, BEN],
      ["refused", "loan_over", BEN],
    ],
  );
});

Deno.test("Now takes it back at once, and is for whoever may ask or approve", async () => {
  await using fixture = await openLoan();
  const { code, reminder } = await announced(fixture);
  const refused = await fixture.press(OSKAR, reminder, "Now");
  assert.match(refused.text ?? "", /You may not approve changes/);
  assert.ok((await loanOf(fixture, code)).ends_at > fixture.store.now());
  await fixture.press(ANA, reminder, "Now");
  assert.equal((await wayBackOf(fixture, code)).state, "applied");
  await said(fixture, /Taken back as agreed/);
});

testOnEach("what has moved meanwhile is not overwritten, and that is said aloud", async (url) => {
  await using fixture = await openLoan(url);
  const { code, card } = await announced(fixture);
  ec2Of(fixture.gravityzone.world, company.globex).externalId = "somebody-else-was-here";
  await fixture.pass(10 * MINUTE_MS);
  const told = await said(
    fixture,
    /^🟡 Not taken back, nothing was sent: Enable .+\nIt is no longer as this change left it\./,
  );
  // An undo would be refused for the same reason.
  assert.match(textOf(told), new RegExp(`How it was before: /change ${code}`));
  assert.match(textOf(card), /Not taken back .+: It is no longer as this change left it\./);
  assert.equal(fixture.writes().length, 1);
  assert.equal((await loanOf(fixture, code)).outcome, "moved");
});

Deno.test("an undo by hand ends the loan", async () => {
  await using fixture = await openLoan();
  const { code, card } = await announced(fixture);
  const undo = await fixture.ask(`/undo ${code}`);
  await fixture.press(BEN, undo.card, "Approve");
  assert.equal((await loanOf(fixture, code)).outcome, "undone");
  await said(fixture, new RegExp(`^ℹ️ Taken back by hand: .+\nBy change ${undo.code}`));
  assert.match(textOf(card), /Taken back by hand/);
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

Deno.test("a loan shorter than twenty minutes is announced at half time, a longer one ten minutes before", async () => {
  await using fixture = await openLoan();
  for (const [lasts, before] of [["4m", 2], ["20m", 10], ["3h", 10]] as const) {
    const { code } = await fixture.carryOut(`${ENABLE} for=${lasts}`);
    const { ends_at, next_at } = await loanOf(fixture, code);
    assert.equal(ends_at - (next_at ?? 0), before * MINUTE_MS);
    await fixture.carryOut(`/undo ${code}`);
  }
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
    [
      "/rotate externalid Acme Corp reason=leaked for=2h",
      /It has no way back\. GravityZone cannot restore an old ID\. Without for= it can be asked for\./,
    ],
    ["/plan rotate externalid Acme Corp reason=leaked for=2h", /It has no way back\. /],
    [
      "/enable ec2 Globex key=AKIAIOSFODNN7EXAMPLE secret=? for=2h",
      /It has no way back\. What was set up before the keys cannot be read; /,
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

Deno.test("what is taken back only with a secret is not lent", async () => {
  const undo =
    () => ({ possible: true, how: "", verb: "enable", target: "ec2", input: { secret: "?" } } as const);
  const withSecret = vendors.map((vendor) => ({
    ...vendor,
    operations: vendor.operations.map((one) =>
      one.verb === "enable" && "undo" in one ? { ...one, undo } : one
    ),
  }));
  await using fixture = await openLoan(undefined, { vendors: withSecret });
  await fixture.say(ANA, `${ENABLE} for=2h`);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /Its way back needs a secret, and none is kept until then\./,
  );
  assert.deepEqual(await fixture.changes(), []);
});
