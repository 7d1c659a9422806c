/** Guards against leaks that no other test would miss; `deno task mutation` takes each of them away in turn. */
import { sql } from "kysely";
import assert from "node:assert/strict";
import { ENABLE_BY_KEYS, enter, linkOf, SECRET, statusOf } from "../approvals/secret_page.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";
import { serve } from "../sandbox/serve.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

const MEMBERS_ONLY = { OPERATORS: undefined, APPROVERS: undefined };
const DISABLE = "/disable ec2 Globex reason=off-boarding";
/** As which the sandbox's bot is known to GravityZone. */
const OUR_KEY = "sandbox-gravityzone-key";

async function refusals(fixture: Fixture): Promise<(string | null)[]> {
  return (await fixture.audit()).filter(({ event }) => event === "refused").map((row) => row.reason_code);
}

async function sealed({ store: { db } }: Fixture): Promise<number> {
  return (await db.selectFrom("secret_entries").select("field").where("sealed", "is not", null).execute())
    .length;
}

Deno.test("a secret whose sender may no longer ask when it comes is wiped at once", async () => {
  await using fixture = await openFixture({ environment: MEMBERS_ONLY });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  fixture.telegram.leave(ANA, GROUP);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await fixture.rest();
  assert.deepEqual(await refusals(fixture), ["not_member"]);
  assert.equal(await sealed(fixture), 0);
});

/** What goes wrong with a request whose secret has come, as long as the database is like this. */
const MISHAPS: readonly (readonly [what: string, spoil: string, mend: string])[] = [
  [
    "is answered with an apology",
    "alter table changes rename to changes_away",
    "alter table changes_away rename to changes",
  ],
  [
    "is set aside after several attempts",
    "create trigger full before insert on changes begin select raise(abort, 'full'); end",
    "drop trigger full",
  ],
];

for (const [what, spoil, mend] of MISHAPS) {
  Deno.test(`a secret whose request ${what} is wiped at once`, async () => {
    await using fixture = await openFixture();
    const { db } = fixture.store;
    await fixture.say(ANA, ENABLE_BY_KEYS);
    await sql.raw(spoil).execute(db);
    assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
    await failing(fixture);
    await sql.raw(mend).execute(db);
    assert.equal(await sealed(fixture), 0);
    assert.deepEqual(await fixture.changes(), []);
  });
}

/** What goes wrong with a message, as long as the database is like this. */
const MISCARRIAGES: readonly (readonly [what: string, spoil: string, mend: string])[] = [
  [
    "is answered with an apology",
    "alter table memory rename to memory_away",
    "alter table memory_away rename to memory",
  ],
  [
    "is set aside after several attempts",
    "create trigger full before insert on audit begin select raise(abort, 'full'); end",
    "drop trigger full",
  ],
];

for (const [what, spoil, mend] of MISCARRIAGES) {
  Deno.test(`the words of an update that ${what} are not kept`, async () => {
    await using fixture = await openFixture();
    const { store, telegram } = fixture;
    await sql.raw(spoil).execute(store.db);
    telegram.say(ANA, GROUP, "/fnid words that nobody looked through");
    await failing(fixture);
    await sql.raw(mend).execute(store.db);
    await fixture.rest();
    assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /Something went wrong inside the bot/);
    const bodies = await store.db.selectFrom("inbox").select("body").execute();
    assert.deepEqual(bodies.map(({ body }) => body), ["{}"]);
  });
}

/** Lets time pass until nothing waits: what fails is tried again a few times. */
async function failing({ store, clock, telegram }: Fixture): Promise<void> {
  await eventually(async () => {
    if (telegram.pending().length > 0) return false;
    clock.advance(1_000);
    store.notifier.local("inbox");
    const { db } = store;
    const waiting = await db.selectFrom("inbox").select("update_id").where("state", "=", "new").execute();
    return waiting.length === 0;
  }, "nothing to wait");
}

Deno.test("a secret of ours that a vendor sends back does not get onto a copy button", async () => {
  await using fixture = await openFixture();
  const { gravityzone: { world } } = fixture;
  for (const company of world.ec2.values()) company.externalId = OUR_KEY;
  await fixture.say(ANA, "/externalid Acme Corp");
  const answer = fixture.telegram.last(GROUP);
  assert.ok(answer && buttonsOf(answer).some(({ copy_text }) => copy_text !== undefined));
  assert.ok(!JSON.stringify(answer).includes(OUR_KEY));
  const written = await fixture.store.db.selectFrom("messages").select("reply").execute();
  assert.ok(!JSON.stringify(written).includes(OUR_KEY), "another replica may send it");
});

Deno.test("a secret of ours that another replica wrote into a message does not leave", async () => {
  await using fixture = await openFixture();
  const { store, telegram } = fixture;
  await fixture.say(ANA, "/ping");
  const reply = JSON.stringify({ mark: "info", title: `It said ${OUR_KEY}` });
  await store.db.updateTable("messages").set({ reply, version: 2, state: "due" }).execute();
  store.notifier.local("messages");
  await fixture.rest();
  assert.match(fixture.groupAnswers().at(-1) ?? "", /It said /);
  assert.ok(!JSON.stringify(telegram.calls()).includes(OUR_KEY));
});

const BIG = { name: "big.json", content: `{"name":"${"x".repeat(1024 * 1024)}"}` };

Deno.test("a document is as large as what comes of it, whatever Telegram says of its size", async () => {
  await using fixture = await openFixture();
  const held = fixture.telegram.say(BEN, GROUP, "", { document: BIG });
  const document = { ...held.document, file_size: 10 };
  await fixture.say(BEN, "/create apono", { fields: { document } });
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /The document is larger than 1 MiB/);
});

Deno.test("a document that is said to be elsewhere is not fetched from there", async () => {
  const asked: string[] = [];
  await using elsewhere = serve((request) => {
    asked.push(request.url);
    return Response.json({ type: "postgresql", name: "Ledger" });
  });
  await using fixture = await openFixture();
  fixture.telegram.faults.push({ method: "/file", location: `${elsewhere.url}/x.json` });
  await fixture.say(BEN, "/create apono", { document: { name: "x.json", content: { type: "mysql" } } });
  assert.deepEqual(asked, []);
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /could not be fetched from Telegram/);
});

for (const status of ["restricted", "restricted_outside"] as const) {
  Deno.test(`without lists, whoever is ${status.replace("_", " and ")} ${status === "restricted" ? "may" : "may not"} ask`, async () => {
    await using fixture = await openFixture({ environment: MEMBERS_ONLY });
    fixture.telegram.promote(ANA, GROUP, status);
    await fixture.rest();
    await fixture.say(ANA, DISABLE, { chat: ANA });
    const wanted = status === "restricted" ? [1, []] : [0, ["unknown_person"]];
    assert.deepEqual([(await fixture.changes()).length, await refusals(fixture)], wanted);
  });
}

Deno.test("without lists, whom Telegram calls a bot may not ask, whatever the message says", async () => {
  await using fixture = await openFixture({ environment: MEMBERS_ONLY });
  const id = Number(fixture.telegram.token.split(":")[0]);
  await fixture.say(ANA, DISABLE, { fields: { from: { id, is_bot: false, first_name: "Robert" } } });
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual(await refusals(fixture), ["not_member"]);
});
