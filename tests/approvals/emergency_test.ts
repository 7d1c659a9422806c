import assert from "node:assert/strict";
import { ANA, BEN, textOf } from "./fixture.ts";
import { testOnEach } from "./database.ts";
import { CHIDI, DANGER, DORA, openWithPolicy, POLICY, SECOND } from "./policy_file.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const RULES = POLICY + SECOND + DANGER +
  `hours = ["mon-sun 00:00-24:00"]
closed = ["2020-01-01/2099-01-01"]
[break_glass]
who = ["leads", "dora"]
tell = ["ana"]
review_within = "24h"
`;

testOnEach("an emergency waives counts and closed days, and one vote is still needed", async (url) => {
  await using fixture = await openWithPolicy(RULES, { environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "pending");
  await fixture.say(CHIDI, `/emergency ${code} the site is down`);
  assert.equal(await fixture.state(code), "pending");
  assert.match(textOf(card), /Emergency +Chidi \(…103\): “the site is down”/);
  assert.match(fixture.privateAnswers(ANA).at(-1) ?? "", new RegExp(`Emergency: ${code} by Chidi`));
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  assert.match(textOf(card), /Emergency +Chidi/);
  const events = (await fixture.audit(code)).map(({ event, reason_code }) => reason_code ?? event);
  assert.deepEqual(events, ["asked", "closed_hours", "emergency", "approve", "claim", "send", "accept"]);

  await fixture.say(BEN, "/pending");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`Emergency ${code} by Chidi: the site is down · to be`),
  );
  await fixture.say(CHIDI, `/reviewed ${code} fine`);
  assert.match(fixture.ephemeralAnswers(CHIDI).at(-1) ?? "", /someone else has to look into it/);
  fixture.clock.advance(25 * 3_600_000);
  await fixture.say(BEN, "/pending");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /overdue since/);
  await fixture.say(ANA, `/reviewed ${code} it was needed`);
  await fixture.say(BEN, "/pending");
  assert.doesNotMatch(fixture.groupAnswers().at(-1) ?? "", /Emergency/);
  await fixture.say(DORA, `/reviewed ${code} again`);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /No emergency of this change waits/);
  const said = await fixture.store.db.selectFrom("emergencies").select(["reviewer_name", "note"]).execute();
  assert.deepEqual(said.map(({ reviewer_name, note }) => [reviewer_name, note]), [["Ana", "it was needed"]]);
});

testOnEach("a vote that was there before is enough with an emergency after it", async (url) => {
  await using fixture = await openWithPolicy(RULES.replace(/^(hours|closed).*\n/gm, ""), {
    environment: { DATABASE_URL: url },
  });
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "pending");
  await fixture.say(DORA, `/emergency ${code} the site is down`);
  assert.equal(await fixture.state(code), "accepted");
});

Deno.test("nobody breaks the glass for their own request, nor who is not named, nor twice", async () => {
  await using fixture = await openWithPolicy(RULES);
  const { code } = await fixture.ask(DISABLE, { by: CHIDI });
  await fixture.say(CHIDI, `/emergency ${code} now`);
  assert.match(fixture.ephemeralAnswers(CHIDI).at(-1) ?? "", /someone else has to approve it/);
  await fixture.say(BEN, `/emergency ${code} now`);
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Who can: Chidi, Dora/);
  await fixture.say(DORA, `/emergency ${code} now`);
  await fixture.say(DORA, `/emergency ${code} now`);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /set aside already/);
  const called = (await fixture.audit(code)).filter(({ event }) => event === "emergency");
  assert.equal(called.length, 1);
  assert.equal(await fixture.state(code), "pending");
});

Deno.test("/policy says the rules, and those of a command with or without its slash and of a code", async () => {
  await using fixture = await openWithPolicy(RULES);
  await fixture.say(BEN, "/policy");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /“on-call”: oncall may ask for enable \*, disable \*/);
  for (const about of ["disable ec2 Acme Corp", "/disable ec2 Acme Corp"]) {
    await fixture.say(ANA, `/policy ${about}`);
    assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /2 needed. Rule “danger”: Ben, Chidi/);
  }
  const { code } = await fixture.ask(DISABLE);
  await fixture.say(DORA, `/policy ${code}`);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /Rule “second person”: Ben, Chidi/);
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("an emergency is no vote for a rule that has none, and who is of no rule does not review it", async () => {
  const rule = (name: string) => `[[need]]\nname = "${name}"\napprove = [{ of = ["${name}"], count = 1 }]\n`;
  const rules = POLICY.replace(`dora = ${DORA}\n`, "") + rule("ben") + rule("chidi");
  await using fixture = await openWithPolicy(`${rules}[break_glass]\nwho = ["leads"]\ntell = ["ana"]\n`);
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  await fixture.say(CHIDI, `/emergency ${code} the site is down`);
  assert.equal(await fixture.state(code), "pending");
  await fixture.press(CHIDI, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  await fixture.say(DORA, `/reviewed ${code} fine`);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /No rule of the policy names you/);
});

Deno.test("refusals of /reviewed do not fill the audit, however often it is typed", async () => {
  await using fixture = await openWithPolicy(RULES);
  const { code } = await fixture.ask(DISABLE);
  await fixture.say(CHIDI, `/emergency ${code} the site is down`);
  for (let time = 0; time < 210; time++) await fixture.say(CHIDI, `/reviewed ${code} fine`);
  const refused = (await fixture.audit(code)).filter(({ event }) => event === "refused");
  assert.equal(refused.length, 200);
});
