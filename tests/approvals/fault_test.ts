import assert from "node:assert/strict";
import type { ChangeState } from "../../bot/store/schema.ts";
import { createStillClock } from "../sandbox/stage.ts";
import type { Fault } from "../sandbox/gravityzone/faults.ts";
import { ANA, BEN, company, type Fixture, openFixture, textOf } from "./fixture.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const GENERATE = "generateAmazonEC2ExternalIdForCrossAccountRole";
const READ = "getAmazonEC2ExternalIdForCrossAccountRole";
const DISABLE = "disableAmazonEC2Integration";

interface Row {
  readonly what: string;
  readonly fault: Fault;
  readonly state: ChangeState;
  /** What the card says was seen. */
  readonly evidence: RegExp;
}

const ROWS: readonly Row[] = [
  {
    what: "500 before it took effect",
    fault: { status: 500 },
    state: "not applied",
    evidence: /GravityZone answered .*\(500\)\. The external ID is still the old one\./,
  },
  {
    what: "500 after it took effect",
    fault: { status: 500, applied: true },
    state: "applied",
    evidence: /GravityZone answered .*\(500\)\. The external ID is now 00000001a30a/,
  },
  {
    what: "an answer that makes no sense, before it took effect",
    fault: { body: "<html>maintenance</html>" },
    state: "not applied",
    evidence: /gave an unexpected answer.*The external ID is still the old one\./,
  },
  {
    what: "an answer that makes no sense, after it took effect",
    fault: { body: { jsonrpc: "2.0" }, applied: true },
    state: "applied",
    evidence: /gave an unexpected answer.*The external ID is now/,
  },
  {
    what: "an answer that breaks off",
    fault: { cut: true },
    state: "applied",
    evidence: /The external ID is now/,
  },
  {
    what: "a refusal with its reason",
    fault: { error: { code: -32000, message: "Server error", details: "The license has expired." } },
    state: "not applied",
    evidence: /Nothing was changed\. GravityZone said: “The license has expired\.”/,
  },
  {
    what: "an error of the vendor's own inside HTTP 200, before it took effect",
    fault: { error: { code: -32000, message: "Server error" } },
    state: "not applied",
    evidence: /error of its own\. GravityZone said: “Server error”\. The external ID is still the old one\./,
  },
  {
    what: "an error of the vendor's own inside HTTP 200, after it took effect",
    fault: { error: { code: -32000, message: "Server error" }, applied: true },
    state: "applied",
    evidence: /error of its own\. GravityZone said: “Server error”\. The external ID is now 00000001a30a/,
  },
  {
    what: "a refusal",
    fault: { error: { code: -32602, message: "Invalid params", details: "No such company" } },
    state: "not applied",
    evidence: /Nothing was changed\. GravityZone said: “No such company”/,
  },
  {
    what: "a refusal of our key",
    fault: { status: 401 },
    state: "not applied",
    evidence: /GravityZone refused our key \(401\)\. The external ID is still the old one\./,
  },
  {
    what: "a demand to slow down",
    fault: { status: 429, headers: { "retry-after": "7" } },
    state: "not applied",
    evidence: /GravityZone asks us to slow down \(429\).*Nothing was changed\. Ask again in 7 s\./,
  },
];

for (const { what, fault, state, evidence } of ROWS) {
  Deno.test(`apply: ${what} ends as “${state}” after one write`, async () => {
    await using fixture = await openFixture();
    fixture.gravityzone.faults.next(GENERATE, fault);
    const asked = await fixture.carryOut(ROTATE);
    assert.equal(await fixture.state(asked.code), state);
    assert.deepEqual(fixture.writes(), [GENERATE]);
    assert.match(textOf(asked.card), evidence);
    const word = state === "applied" ? "✅ Applied: " : "🔴 Not applied: ";
    assert(textOf(asked.card).startsWith(word), textOf(asked.card));
    assert(fixture.outcomes().at(-1)?.startsWith(word));
    const events = (await fixture.audit(asked.code)).map((row) => row.event);
    assert.deepEqual(events, ["asked", "approve", "claim", "send", state === "applied" ? "apply" : "fail"]);
  });
}

Deno.test("apply: no answer in time is read back, whether or not the write took effect", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always(GENERATE, ({ params }) => ({
    hang: true,
    applied: params["companyId"] === company.acmeCorp,
  }));
  const [worked, lost] = [
    await fixture.ask(ROTATE),
    await fixture.ask("/rotate externalid Globex reason=leaked"),
  ];
  await Promise.all([worked, lost].map(({ card }) => fixture.telegram.press(BEN, card, "Approve")));
  await fixture.rest();
  assert.equal(await fixture.state(worked.code), "applied");
  assert.match(textOf(worked.card), /GravityZone did not answer in time\. The external ID is now/);
  assert.equal(await fixture.state(lost.code), "not applied");
  assert.match(
    textOf(lost.card),
    /GravityZone did not answer in time\. The external ID is still the old one/,
  );
  assert.deepEqual(fixture.writes(), [GENERATE, GENERATE]);
});

Deno.test("apply: an outcome that cannot be known is unknown, looked at ever more rarely, and never sent again", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  dark(fixture);
  const asked = await fixture.carryOut(ROTATE);
  assert.equal(await fixture.state(asked.code), "unknown");
  assert.match(textOf(asked.card), /^❔ Unknown: Replace the external ID of Acme Corp/);
  assert.match(textOf(asked.card), /Nothing will be sent again by itself\. Next look /);
  assert.match(fixture.outcomes().at(-1) ?? "", /^❔ Unknown: /);
  const pauses = [];
  while (true) {
    const { next_check_at } = await fixture.change(asked.code);
    if (next_check_at === null) break;
    const pause = next_check_at - fixture.clock.now();
    pauses.push(Math.round(pause / 60_000));
    await fixture.pass(pause - 1000);
    assert.equal((await fixture.change(asked.code)).checks, pauses.length);
    await fixture.pass(1001);
  }
  assert.deepEqual(pauses, [1, 4, 15, 60, 240, 720]);
  assert.match(textOf(asked.card), /Look in the vendor's console/);
  assert.deepEqual(fixture.writes(), [GENERATE]);
  assert.equal(fixture.outcomes().length, 1);
});

Deno.test("apply: where nothing can be read back nobody looks again, and the card asks for a word", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.next(DISABLE, { status: 500, applied: true });
  const asked = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  const { state, next_check_at } = await fixture.change(asked.code);
  assert.deepEqual([state, next_check_at], ["unknown", null]);
  assert.match(
    textOf(asked.card),
    new RegExp(`then say what became of it: /settle ${asked.code} applied\\|not <note>`),
  );
  fixture.gravityzone.calls.length = 0;
  await fixture.pass(86_400_000);
  assert.deepEqual(fixture.gravityzone.calls, []);
});

Deno.test("apply: what became of an unknown change is told as soon as it is known", async () => {
  await using fixture = await openFixture();
  const vendor = dark(fixture);
  const asked = await fixture.carryOut(ROTATE);
  assert.equal(await fixture.state(asked.code), "unknown");
  await fixture.pass(61_000);
  assert.equal(await fixture.state(asked.code), "unknown");
  vendor.isDark = false;
  await fixture.pass(241_000);
  assert.equal(await fixture.state(asked.code), "applied");
  assert.match(textOf(asked.card), /^✅ Applied: .*\nThe external ID is now/);
  assert.deepEqual(fixture.outcomes().map((text) => text.split(" ")[1]), ["Unknown:", "Applied:"]);
  assert.deepEqual(fixture.writes(), [GENERATE]);
  const events = (await fixture.audit(asked.code)).map((row) => row.event);
  assert.deepEqual(events, ["asked", "approve", "claim", "send", "mark_unknown", "mark_unknown", "apply"]);
});

Deno.test("apply: a yes of the vendor without a read-back is accepted, and a silence is not", async () => {
  await using fixture = await openFixture();
  const said = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  assert.equal(await fixture.state(said.code), "accepted");
  assert.match(textOf(said.card), /GravityZone said yes\. The AWS account is not known here/);
  fixture.gravityzone.faults.next(DISABLE, { cut: true });
  const silent = await fixture.carryOut("/disable ec2 Globex reason=off-boarding");
  assert.equal(await fixture.state(silent.code), "unknown");
  assert.match(
    textOf(silent.card),
    /GravityZone gave no usable answer\. The AWS account is not known here/,
  );
});

Deno.test("apply: a vendor that echoes our key in its refusal does not bring it into the chat, the audit or the store", async () => {
  await using fixture = await openFixture();
  const key = "sandbox-gravityzone-key";
  fixture.gravityzone.faults.next(GENERATE, {
    error: { code: -32000, message: "Server error", details: `key ${key} is wrong` },
  });
  const asked = await fixture.carryOut(ROTATE);
  assert.equal(await fixture.state(asked.code), "not applied");
  const everything = [
    ...fixture.groupAnswers(),
    ...fixture.ephemeralAnswers(ANA),
    ...(await fixture.audit()).map((row) => JSON.stringify(row)),
    JSON.stringify(await fixture.changes()),
    JSON.stringify(await fixture.store.db.selectFrom("messages").select("reply").execute()),
    JSON.stringify(fixture.log.lines),
  ].join("\n");
  assert(!everything.includes(key));
});

/** The write takes effect and is answered with 500; from then on the vendor cannot be read until it is light again. */
function dark(fixture: Fixture): { isDark: boolean } {
  const vendor = { isDark: false };
  fixture.gravityzone.faults.always(GENERATE, () => {
    vendor.isDark = true;
    return { status: 500, applied: true };
  });
  fixture.gravityzone.faults.always(READ, () => (vendor.isDark ? { status: 503 } : undefined));
  return vendor;
}
