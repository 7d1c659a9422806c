import assert from "node:assert/strict";
import { ANA, BEN, GROUP, textOf } from "./fixture.ts";
import { testOnEach } from "./database.ts";
import { CHIDI, DANGER, DORA, openWithPolicy, POLICY, SECOND } from "./policy_file.ts";
import { createStillClock, SOON } from "../sandbox/stage.ts";
import { eventually } from "../eventually.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const MINUTE_MS = 60_000;
const REMINDING = POLICY + SECOND + `remind = "5m"
escalate = { after = "10m", to = ["dora"] }
`;

testOnEach("who may vote and has not is reminded once, in private, with the card's buttons", async (url) => {
  await using fixture = await openWithPolicy(REMINDING, { environment: { DATABASE_URL: url }, timing: SOON });
  const { code, card } = await fixture.ask(DISABLE);
  fixture.clock.advance(5 * MINUTE_MS + 1);
  await eventually(() => fixture.privateAnswers(CHIDI).length === 1, "Chidi to be reminded");
  await eventually(() => fixture.privateAnswers(BEN).length === 1, "Ben to be reminded");
  await fixture.rest();
  assert.match(fixture.privateAnswers(BEN)[0] ?? "", /still waits/);
  assert.deepEqual(fixture.privateAnswers(ANA), []);
  assert.deepEqual(fixture.privateAnswers(DORA), []);
  fixture.clock.advance(5 * MINUTE_MS);
  await eventually(() => fixture.privateAnswers(DORA).length === 1, "Dora to be told");
  assert.doesNotMatch(fixture.privateAnswers(DORA)[0] ?? "", /\[ Approve \]/);
  assert.equal(fixture.privateAnswers(BEN).length, 1);
  const [reminder] = fixture.telegram.answers(BEN);
  assert(reminder);
  await fixture.press(BEN, reminder, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  assert.match(textOf(reminder), /accepted/);
  assert.match(fixture.privateAnswers(CHIDI)[0] ?? "", /accepted/);
  assert.match(textOf(card), /accepted/);
  const events = (await fixture.audit(code)).map(({ event }) => event);
  assert.equal(events.filter((event) => event === "reminded").length, 1);
  assert.equal(events.filter((event) => event === "escalated").length, 1);
});

Deno.test("whom the bot may not write to is named in the group", async () => {
  await using fixture = await openWithPolicy(REMINDING, {
    timing: SOON,
    telegram: {
      persons: [
        { id: ANA, name: "Ana", started: true },
        { id: BEN, name: "Ben" },
        { id: CHIDI, name: "Chidi", started: true },
        { id: DORA, name: "Dora", started: true },
      ],
      chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, CHIDI, DORA] }],
    },
  });
  const { code } = await fixture.ask(DISABLE);
  fixture.clock.advance(5 * MINUTE_MS + 1);
  await eventually(
    () => fixture.groupAnswers().some((text) => text.includes(`Ben: ${code} waits`)),
    "Ben to be named",
  );
});

Deno.test("a vote outside the hours is refused with the rule's name, and a Reject is not", async () => {
  const today = new Date();
  const day = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"][(today.getUTCDay() + 3) % 7];
  await using fixture = await openWithPolicy(POLICY + SECOND + `hours = ["${day} 08:00-18:00"]\n`);
  const { code, card } = await fixture.ask(DISABLE);
  const refused = await fixture.press(BEN, card, "Approve");
  assert.match(refused.text ?? "", /takes no approvals at this time/);
  assert.match(refused.text ?? "", new RegExp(`Rule “second person” takes them ${day} 08:00-18:00`));
  assert.equal(await fixture.state(code), "pending");
  await fixture.press(BEN, card, "Reject");
  assert.equal(await fixture.state(code), "rejected");
});

Deno.test("what was approved for a closed day is told then, and does not run", async () => {
  const clock = createStillClock();
  const inDays = (days: number) => new Date(clock.now() + days * 86_400_000).toISOString().slice(0, 10);
  const closed = `closed = ["${inDays(2)}/${inDays(4)}"]\n`;
  await using fixture = await openWithPolicy(POLICY + SECOND + closed, { clock });
  const { code, card } = await fixture.carryOut(`${DISABLE} at=${inDays(3)}T12:00`);
  assert.equal(await fixture.state(code), "approved");
  const { scheduled_at } = await fixture.change(code);
  await fixture.pass((scheduled_at ?? 0) - clock.now());
  assert.equal(await fixture.state(code), "superseded");
  assert.match(textOf(card), /closed for it.*Rule “second person” takes them at any hour, not on/s);
  assert.deepEqual(fixture.writes(), []);
});

testOnEach("the shortest ttl of the rules that fit counts, and not APPROVAL_TTL", async (url) => {
  await using fixture = await openWithPolicy(POLICY + SECOND + `ttl = "2h"\n` + DANGER + `ttl = "1h"\n`, {
    environment: { DATABASE_URL: url },
  });
  const { code } = await fixture.ask(DISABLE);
  const { created_at, expires_at } = await fixture.change(code);
  assert.equal(expires_at - created_at, 60 * MINUTE_MS);
});

Deno.test("nobody is reminded of a rule that has its votes, though another one waits", async () => {
  await using fixture = await openWithPolicy(REMINDING + DANGER, { timing: SOON });
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  fixture.clock.advance(5 * MINUTE_MS + 1);
  const isOver = async () => {
    const left = await fixture.store.db.selectFrom("reminders").select("kind").execute();
    return left.length === 1;
  };
  await eventually(isOver, "the reminder to be looked at");
  await fixture.rest();
  assert.equal(await fixture.state(code), "pending");
  assert.deepEqual(fixture.privateAnswers(CHIDI), []);
});

Deno.test("who may neither ask for a change nor approve it does neither stop nor approve it", async () => {
  const elsewhere = `[[allow]]\nname = "elsewhere"\nwho = ["dora"]\nwhat = ["refresh apono"]
[[need]]\nname = "elsewhere"\nfits = { vendors = ["apono"] }\napprove = [{ of = ["ben", "dora"], count = 1 }]\n`;
  await using fixture = await openWithPolicy(POLICY + SECOND + elsewhere, { environment: { GRACE: "1h" } });
  const { code, card } = await fixture.ask(DISABLE);
  const refused = await fixture.press(DORA, card, "Approve");
  assert.match(refused.text ?? "", /No rule of the policy names you.*\nRule “second person”: Ben, Chidi/);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "approved");
  await fixture.say(DORA, `/stop ${code}`);
  assert.match(fixture.ephemeralAnswers(DORA).at(-1) ?? "", /No rule of the policy/);
  assert.equal(await fixture.state(code), "approved");
});

Deno.test("the metrics tell how long approvals take, what waits, who was reminded, and what nobody has looked into", async () => {
  const rules = REMINDING + `[break_glass]\nwho = ["dora"]\ntell = ["ana"]\nreview_within = "1h"\n`;
  await using fixture = await openWithPolicy(rules, { timing: { ...SOON, measureMs: 20 } });
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.say(DORA, `/emergency ${code} the site is down`);
  const tells = (line: RegExp) =>
    eventually(
      async () => line.test(await (await fetch(`${fixture.url}/metrics`)).text()),
      `the metrics to tell ${line}`,
    );
  await tells(/^countersign_emergencies\{state="unreviewed"\} 1$/m);
  fixture.clock.advance(10 * MINUTE_MS + 1);
  await tells(/^countersign_pending_age_seconds 60\d/m);
  await tells(/^countersign_pending\{at_least="0"\} 1\n.*\{at_least="300"\} 1\n.*\{at_least="900"\} 0$/m);
  await tells(/^countersign_reminders_total\{kind="remind"\} 1$/m);
  await tells(/^countersign_reminders_total\{kind="escalate"\} 1$/m);
  await fixture.press(BEN, card, "Approve");
  await tells(/^countersign_approval_seconds_sum 60\d/m);
  await tells(/^countersign_pending_age_seconds 0$/m);
  await tells(/^countersign_pending\{at_least="0"\} 0$/m);
  fixture.clock.advance(60 * MINUTE_MS);
  await tells(/^countersign_emergencies\{state="overdue"\} 1$/m);
  await fixture.say(BEN, `/reviewed ${code} it was needed`);
  await tells(/^countersign_emergencies\{state="unreviewed"\} 0$/m);
});
