import assert from "node:assert/strict";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { ANA, BEN, company, textOf } from "./fixture.ts";
import { CHIDI, clockAt, DORA, openWithPolicy, POLICY, WHOLE, writePolicy } from "./policy_file.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const ENABLE = "/enable ec2 Globex role=arn:aws:iam::111222345123:role/x";
const TUESDAY = "2026-12-08T10:00:00Z";

/** Postgres goes by its own clock. */
const AT_ANY_TIME = WHOLE.replace("mon-fri 08:00-18:00", "mon-sun 00:00-24:00")
  .replace("2026-12-20/2027-01-04", "2099-12-20/2100-01-04");

testOnEach("the details of a card say of every need how far it is, and who voted", async (url) => {
  await using fixture = await openWithPolicy(AT_ANY_TIME, { environment: { DATABASE_URL: url } });
  const { card } = await fixture.ask(DISABLE);
  await fixture.press(BEN, card, "Approve");
  assert.match(textOf(card), /Needs +1 of 2: Ben ✓ · Chidi \(rule “danger”\)/);
  assert.match(
    textOf(card),
    /• 1 of 2: Ben ✓ · Chidi \(rule “danger”\) · mon-sun 00:00-24:00 · not on/,
  );
  assert.match(textOf(card), /• 1 of 1: Ben ✓ \(rule “second person”\)/);
});

const TWO_KINDS = `${POLICY}[[need]]
name = "two kinds"
approve = [{ of = ["ben"], count = 1 }, { of = ["chidi", "dora"], count = 1 }]
[break_glass]
who = ["chidi"]
tell = ["ana", "ben"]
`;

Deno.test("of several lists the card names those whose vote is still lacking, and no others", async () => {
  await using fixture = await openWithPolicy(TWO_KINDS);
  const { code, card } = await fixture.ask(DISABLE);
  const needs = () => textOf(card).match(/Needs +(.*) \(rule/)?.[1];
  assert.equal(needs(), "0 of 2: Ben and one of Chidi, Dora");
  await fixture.press(DORA, card, "Approve");
  assert.equal(needs(), "1 of 2: Dora ✓ · Ben");
  await fixture.press(CHIDI, card, "Approve");
  assert.equal(needs(), "1 of 2: Dora ✓, Chidi ✓ · Ben");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
});

Deno.test("in an emergency one approver is enough for a need of several lists, and it is on the hand-over", async () => {
  await using fixture = await openWithPolicy(TWO_KINDS);
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.say(CHIDI, `/emergency ${code} the site is down`);
  assert.match(textOf(card), /Needs +0 of 1: one of Ben, Chidi, Dora \(rule “two kinds”\)/);
  assert.match(fixture.privateAnswers(BEN).at(-1) ?? "", new RegExp(`Emergency: ${code} by Chidi`));
  await fixture.press(DORA, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  await fixture.say(BEN, "/handover");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`To be looked into \\(1\\)\\n• Emergency ${code} by Chidi: the site is down`),
  );
});

Deno.test("/policy says who may ask and who could approve, and what to type where it cannot tell", async () => {
  await using fixture = await openWithPolicy(WHOLE, { clock: clockAt("2026-12-08T19:00:00Z") });
  const { code } = await fixture.ask(DISABLE);
  const says = async (person: number, about: string) => {
    await fixture.say(person, `/policy ${about}`);
    return fixture.ephemeralAnswers(person).at(-1) ?? "";
  };
  await fixture.say(BEN, "/policy");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /“danger”: risk danger · 2 of oncall · votes mon-fri 08:00-18:00 · no votes 2026-12-20\/2027-01-04 · within/,
  );
  assert.match(await says(BEN, code), new RegExp(`What ${code} needs`));
  const mine = await says(ANA, "disable ec2 Acme Corp");
  assert.match(mine, /You may ask for: \/disable ec2 Acme Corp/);
  assert.match(mine, /Asked for by +Rule “on-call”: Ana, Ben, Chidi\./);
  assert.match(mine, /2 needed\. Rule “danger”: Ben, Chidi\. Takes no votes now\./);
  assert.match(await says(DORA, "/disable ec2 Acme Corp"), /You may not ask for: \/disable ec2 Acme Corp/);
  assert.match(await says(ANA, "delete sophos 3"), /Nobody may ask for: \/delete sophos 3\nNo rule lets/);
  assert.match(await says(ANA, "QQQQ2"), /There is no change with this code/);
  assert.match(await says(ANA, "status ec2"), /Such as: \/policy disable ec2 Acme Corp or \/policy K7Q2X/);
  const which = await says(ANA, "disable ec2 acme");
  assert.match(which, /Write the id in place of the name: \/policy disable ec2 55115935b1a43dcc4a7b23c6/);
  assert.doesNotMatch(which, /reason/);
});

Deno.test("an edit elsewhere in the file voids nothing, and one that concerns a change makes it superseded", async () => {
  await using database = await openFile();
  await using fixture = await openWithPolicy(WHOLE, {
    clock: clockAt(TUESDAY),
    environment: { DATABASE_URL: database.url },
  });
  const kept = await fixture.ask(DISABLE);
  const voided = await fixture.ask(ENABLE);
  await fixture.press(BEN, kept.card, "Approve");
  const edited = await writePolicy(
    WHOLE.replace(`"update sophos"`, `"update prtg"`).replace("24h", "12h").replace(`remind = "5m"`, "")
      .replace(
        "[[need]]",
        `[[need]]\nname = "Globex"\nfits = { companies = ["${company.globex.toUpperCase()}"] }
approve = [{ of = ["leads"], count = 1 }]\n[[need]]`,
      ),
  );
  await using second = await restarted(fixture, { POLICY: edited });
  await second.say(CHIDI, `/approve ${kept.code}`);
  assert.equal(await second.state(kept.code), "accepted");
  await second.press(BEN, voided.card, "Approve");
  assert.match(textOf(voided.card), /0 of 1: Chidi \(rule “Globex”\)/);
  await second.press(CHIDI, voided.card, "Approve");
  assert.equal(await second.state(voided.code), "superseded");
  const [refused] = (await second.audit(voided.code)).filter(({ event }) => event === "supersede");
  assert.equal(refused?.reason_code, "policy_changed");
  await Deno.remove(edited);
});

testOnEach("a process with another policy than the one that runs longest runs no changes", async (url) => {
  await using fixture = await openWithPolicy(AT_ANY_TIME, { environment: { DATABASE_URL: url } });
  const { db } = fixture.store;
  const now = fixture.store.now();
  const elsewhere = { holder: "elsewhere", policy: "another", started_at: now - 60_000, seen_at: now };
  await db.insertInto("replicas").values(elsewhere).execute();
  const { code, card } = await fixture.ask(ENABLE);
  await fixture.telegram.press(BEN, card, "Approve");
  await fixture.rest({ running: true });
  assert.equal(await fixture.state(code), "approved");
  assert.deepEqual(fixture.writes(), []);
  await db.updateTable("replicas").set({ started_at: now + 60_000 }).where("holder", "=", "elsewhere")
    .execute();
  fixture.store.notifier.local("changes");
  await fixture.rest();
  assert.equal(await fixture.state(code), "applied");
});

Deno.test("the hash of the policy is in /ping, /doctor and the audit", async () => {
  await using fixture = await openWithPolicy(WHOLE, { clock: clockAt(TUESDAY) });
  const { code } = await fixture.ask(DISABLE);
  const [read] = (await fixture.audit()).filter(({ event }) => event === "policy_read");
  const hash = read?.detail ?? "";
  assert.match(hash, /^[0-9a-f]{8,}$/);
  for (const command of ["/ping", "/doctor"]) {
    await fixture.say(BEN, command);
    assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`Policy +(hash )?${hash}`));
  }
  assert.match((await fixture.audit(code))[0]?.detail ?? "", new RegExp(`"policy":"${hash}"`));
});
