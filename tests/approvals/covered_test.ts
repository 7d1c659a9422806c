import assert from "node:assert/strict";
import { vendors as registry } from "../../handlers/registry.ts";
import { systemClock } from "../../clients/clock.ts";
import { type Environment, readConfig } from "../../bot/config.ts";
import { type Change, COVERED, fingerprintOf } from "../../bot/store/changes.ts";
import { connect } from "../../bot/vendors.ts";
import { busyElsewhere, doneElsewhere, restarted } from "./another_bot.ts";
import { openFile } from "./database.ts";
import { ANA, type Asked, BEN, company, type Fixture, openFixture, OSKAR, textOf } from "./fixture.ts";
import { DANGER, openWithPolicy, POLICY } from "./policy_file.ts";

const GENERATE = "generateAmazonEC2ExternalIdForCrossAccountRole";
const READ = "getAmazonEC2ExternalIdForCrossAccountRole";
const ROTATE = "/rotate externalid Acme Corp reason=leaked";

/** What someone who can write to the database makes of one column once all have decided, and of nothing else. */
const ALTERED: { readonly [column in typeof COVERED[number]]: (change: Change) => Partial<Change> } = {
  verb: () => ({ verb: "status" }),
  target: () => ({ target: "ec2" }),
  vendor: () => ({ vendor: "unknown" }),
  risk: () => ({ risk: "write" }),
  plan: ({ plan }) => ({ plan: plan.replaceAll(company.acmeCorp, company.globex) }),
  policy: () => ({ policy: "another" }),
  account: () => ({ account: null }),
  target_key: () => ({ target_key: `ec2:${company.globex}` }),
  company: () => ({ company: company.globex }),
  card: ({ card }) => ({ card: card.replaceAll("Acme Corp", "Acme Labs") }),
  undo: () => ({ undo: "{}" }),
  undo_of: () => ({ undo_of: "AAAAA" }),
  reason: () => ({ reason: "agreed by phone" }),
  ticket: () => ({ ticket: "4711" }),
  requester_id: () => ({ requester_id: OSKAR }),
  requester_name: () => ({ requester_name: "Chidi" }),
  origin_chat: () => ({ origin_chat: ANA }),
  chat_id: () => ({ chat_id: -2002 }),
  handle: () => ({ handle: "another" }),
  created_at: ({ created_at }) => ({ created_at: created_at + 1 }),
  expires_at: ({ expires_at }) => ({ expires_at: expires_at + 86_400_000 }),
  scheduled_at: ({ created_at }) => ({ scheduled_at: created_at }),
  lasts_ms: () => ({ lasts_ms: 3_600_000 }),
  loan_of: () => ({ loan_of: "AAAAA" }),
};

for (const column of COVERED) {
  Deno.test(`approve: with another ${column} in the store nothing runs`, async () => {
    await using fixture = await openFixture();
    const asked = await fixture.ask(ROTATE);
    await busyElsewhere(fixture, asked.code);
    await fixture.telegram.press(BEN, asked.card, "Approve");
    await fixture.rest({ running: true });
    await alter(fixture, asked, ALTERED[column](await fixture.change(asked.code)));
    await doneElsewhere(fixture);
    await assertNotRun(fixture, asked, column === "account" ? "account_changed" : "plan_altered");
  });
}

/** The parts of the plan that a card shows or that a write is made from. */
for (const part of ["input", "before", "after", "target"]) {
  Deno.test(`approve: with another “${part}” in the stored plan nothing runs`, async () => {
    await using fixture = await openFixture();
    const asked = await fixture.ask(ROTATE);
    const plan = JSON.parse((await fixture.change(asked.code)).plan);
    await alter(fixture, asked, { plan: JSON.stringify({ ...plan, [part]: { ...plan[part], more: 1 } }) });
    await fixture.say(BEN, `/approve ${asked.code}`);
    await assertNotRun(fixture, asked, "plan_altered");
  });
}

Deno.test("approve: a plan with a hash that fits it runs only if the audit has that hash", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  const change = await fixture.change(asked.code);
  const altered = { ...change, plan: change.plan.replaceAll(company.acmeCorp, company.globex) };
  await alter(fixture, asked, { plan: altered.plan, hash: fingerprintOf(altered) });
  await fixture.say(BEN, `/approve ${asked.code}`);
  await assertNotRun(fixture, asked, "not_on_record");
});

Deno.test("approve: what only the table of changes calls approved does not run", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  await alter(fixture, asked, { state: "approved", decider_id: BEN, decider_name: "Ben", decided_at: 1 });
  await fixture.pass(1);
  await assertNotRun(fixture, asked, "not_on_record");
});

Deno.test("approve: what the table of changes calls approved by one of two does not run", async () => {
  await using fixture = await openWithPolicy(POLICY + DANGER);
  const asked = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  await fixture.press(BEN, asked.card, "Approve");
  await alter(fixture, asked, { state: "approved", decided_at: 1 });
  await fixture.pass(1);
  await assertNotRun(fixture, asked, "rights_changed");
});

Deno.test("approve: an approval that someone else gave does not count for the one in the store", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  const row = { person_id: OSKAR, event: "approve", seq: 900, hash: "" };
  const [first] = await fixture.audit(asked.code);
  await fixture.store.db.insertInto("audit").values({ ...first!, ...row }).execute();
  await fixture.store.db.insertInto("audit").values({ ...first!, ...row, person_id: BEN, seq: 901 })
    .execute();
  await alter(fixture, asked, { state: "approved", decider_id: BEN, decider_name: "Ben", decided_at: 1 });
  await fixture.pass(1);
  await assertNotRun(fixture, asked, "not_on_record");
});

const DATTO = "/update datto 1 url=https://rmm.northwind.example";

/** Each leads to another account, or to the same one by another way: the bot cannot tell, and does not run it. */
const ACCOUNTS: readonly [what: string, asked: string, environment: Environment][] = [
  ["another address", DATTO, { HALO_API_URL: "http://127.0.0.1:9/api" }],
  ["another tenant", DATTO, { HALO_TENANT: "globex" }],
  ["another client id", DATTO, { HALO_CLIENT_ID: "another" }],
  ["another secret", DATTO, { HALO_CLIENT_SECRET: "another-secret-of-halo" }],
  ["another key", ROTATE, { BITDEFENDER_API_KEY: "another-gravityzone-key" }],
  ["another version of the API", "/refresh apono Orders DB", { APONO_API: "v2" }],
];

for (const [what, command, environment] of ACCOUNTS) {
  Deno.test(`approve: after a restart with ${what} of the vendor, what was asked for does not run`, async () => {
    await using file = await openFile();
    await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
    const asked = await first.ask(command);
    await using fixture = await restarted(first, environment);
    await fixture.say(BEN, `/approve ${asked.code}`);
    await assertNotRun(fixture, asked, "account_changed");
    assert.match(
      textOf(asked.card),
      /^⛔ Superseded, nothing ran: .*\nIt was asked for with another account/,
    );
  });
}

Deno.test("approve: a restart with the same account runs what was asked for before", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  const asked = await first.ask(ROTATE);
  await using fixture = await restarted(first, { HALO_TENANT: "globex" });
  await fixture.say(BEN, `/approve ${asked.code}`);
  assert.equal(await fixture.state(asked.code), "applied");
});

Deno.test("connect() tells accounts apart by a digest that only the bot's own token leads to", () => {
  const vendors = { BITDEFENDER_API_URL: "https://gz.example/api", BITDEFENDER_API_KEY: "gravityzone-key" };
  const digestOf = (changes: Environment = {}) => {
    const environment = { TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1", ...vendors, ...changes };
    const shared = { clock: systemClock, onCall: () => {}, onToken: () => () => {} };
    return connect(registry, readConfig(environment), shared)[0]?.account;
  };
  assert.equal(digestOf(), digestOf());
  assert.match(digestOf() ?? "", /^[0-9a-f]{64}$/);
  assert.notEqual(digestOf({ TELEGRAM_BOT_TOKEN: "7:abd" }), digestOf());
  assert.notEqual(digestOf({ BITDEFENDER_API_KEY: "gravityzone-keY" }), digestOf());
});

Deno.test("read-back and undo: another account is not taken for the one that was changed", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  const done = await first.carryOut("/update datto 1 url=https://rmm.northwind.example");
  first.gravityzone.faults.next(GENERATE, { status: 500, applied: true });
  first.gravityzone.faults.always(READ, ({ nth }) => nth > 2 ? { status: 503 } : undefined);
  const asked = await first.carryOut(ROTATE);
  assert.deepEqual([await first.state(done.code), await first.state(asked.code)], ["applied", "unknown"]);
  first.gravityzone.faults.clear();
  const changes = { BITDEFENDER_API_KEY: "another-gravityzone-key", HALO_TENANT: "globex" };
  await using fixture = await restarted(first, changes);
  fixture.gravityzone.calls.length = 0;
  await fixture.pass(61_000);
  assert.equal(await fixture.state(asked.code), "unknown");
  assert.match(textOf(asked.card), /The bot works with another account of the vendor now\./);
  assert.deepEqual(fixture.gravityzone.calls, []);
  await fixture.say(ANA, `/undo ${done.code}`);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /It was made with another account of this vendor/);
});

async function alter({ store }: Fixture, { code }: Asked, altered: Partial<Change>): Promise<void> {
  await store.db.updateTable("changes").set(altered).where("code", "=", code).execute();
}

async function assertNotRun(fixture: Fixture, { code }: Asked, reason: string): Promise<void> {
  const { state, sent_at } = await fixture.change(code);
  assert.deepEqual([state, sent_at], ["superseded", null]);
  assert.deepEqual(fixture.writes(), []);
  assert.equal((await fixture.audit(code)).at(-1)?.reason_code, reason);
}
