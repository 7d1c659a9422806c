import assert from "node:assert/strict";
import { BadInput, type Plan } from "../../../handlers/operation.ts";
import type { Fault } from "../../sandbox/gravityzone/faults.ts";
import { company, ids } from "../../sandbox/gravityzone/northwind.ts";
import { ec2Of } from "../../sandbox/gravityzone/world.ts";
import { changeOf, type HandlerFixture, handlerFixture, plain } from "./fixture.ts";

const ROLE = "arn:aws:iam::111222345123:role/test";
const OTHER_ROLE = "arn:aws-us-gov:iam::999000111222:role/path/gz";
const METHOD_NOT_FOUND: Fault = { error: { code: -32601, message: "Method not found" } };
const LOOK_UP = "getCompanyDetailsByAWSAccountId";
const BY_ROLE = "configureAmazonEC2IntegrationUsingCrossAccountRole";
const BY_KEYS = "configureAmazonEC2Integration";
const DISABLE = "disableAmazonEC2Integration";
const GENERATE = "generateAmazonEC2ExternalIdForCrossAccountRole";
const EXTERNAL_ID = "getAmazonEC2ExternalIdForCrossAccountRole";

const enableLabs = (at: HandlerFixture, role = ROLE) =>
  at.plan("enable", "ec2", { company: "acme labs", role });

/** As if this bot had enabled Acme Corp, which is what the world has it configured with. */
function recordAcmeCorp(at: HandlerFixture): void {
  at.recall.set(`ec2:${ids.acmeCorp}:role`, ROLE);
  at.recall.set(`ec2:${ids.acmeCorp}:account`, "111222345123");
}

function writesOf(at: HandlerFixture): readonly string[] {
  return at.vendor.calls.map(({ method }) => method).filter((method) =>
    /^(configure|disable|generate)/.test(method)
  );
}

async function undone(at: HandlerFixture, verb: string, plan: Plan): Promise<{ verb: string; plan: Plan }> {
  const undo = changeOf(verb, "ec2").undo(plan);
  assert.ok(undo.possible && undo.target !== null);
  return { verb: undo.verb, plan: await at.plan(undo.verb, undo.target, undo.input) };
}

Deno.test("/enable ec2 role= has nothing to do only when the role is recorded and listed", async () => {
  await using at = handlerFixture();
  const enable = changeOf("enable", "ec2");
  const input = { company: "Acme Corp", role: ROLE };
  const unrecorded = await enable.plan(at.context, input);
  assert.ok(!("nothing" in unrecorded));
  recordAcmeCorp(at);
  const nothing = await enable.plan(at.context, input);
  assert.ok("nothing" in nothing);
  assert.equal(
    plain(nothing.nothing),
    `This bot has set up EC2 of Acme Corp with ${ROLE} already, and GravityZone lists it for AWS account ` +
      "111222345123. If it was changed elsewhere since, /disable ec2 first",
  );
  at.vendor.faults.always(LOOK_UP, METHOD_NOT_FOUND);
  const blind = await enable.plan(at.context, input);
  assert.ok(!("nothing" in blind));
});

Deno.test("/enable ec2 role= that replaces a recorded role says so, and is undone to that role", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("enable", "ec2", { company: "Acme Corp", role: OTHER_ROLE });
  const card = changeOf("enable", "ec2").render(plan);
  assert.deepEqual(card.breaks.map(plain), [
    `The integration with the role ${ROLE} is replaced.`,
  ]);
  assert.deepEqual(card.warnings?.map(plain), ["Not to be confused with Acme Corporation"]);
  const { verdict } = await at.run("enable", "ec2", plan);
  assert.equal(verdict.state, "applied");
  const back = await undone(at, "enable", plan);
  assert.deepEqual(back.plan.input, { company: ids.acmeCorp, role: ROLE });
  assert.deepEqual(back.plan.before, verdict.after);
});

Deno.test("/enable ec2 role= is only accepted when the account listed the company before", async () => {
  await using at = handlerFixture();
  const plan = await at.plan("enable", "ec2", { company: "Acme Corp", role: `${ROLE}-2` });
  const { verdict } = await at.run("enable", "ec2", plan);
  assert.equal(verdict.state, "accepted");
  assert.match(plain(verdict.evidence), /was listed for AWS account 111222345123 before/);
  assert.equal(at.recall.get(`ec2:${ids.acmeCorp}:role`), `${ROLE}-2`);
});

Deno.test("/enable ec2 role= is only accepted where the look-up cannot tell", async () => {
  const thirty = (at: HandlerFixture) => {
    const labs = company(ids.acmeLabs, "Acme Labs");
    at.vendor.world.companies.delete(ids.acmeLabs);
    for (let index = 0; index < 30; index++) {
      const id = index.toString(16).padStart(24, "0");
      at.vendor.world.companies.set(id, company(id, `Branch ${index}`));
      ec2Of(at.vendor.world, id).configured = { by: "role", roleArn: OTHER_ROLE, accountId: "999000111222" };
    }
    at.vendor.world.companies.set(labs.id, labs);
  };
  const blind = (at: HandlerFixture) => at.vendor.faults.always(LOOK_UP, METHOD_NOT_FOUND);
  for (const prepare of [thirty, blind]) {
    await using at = handlerFixture();
    prepare(at);
    const { verdict } = await at.run("enable", "ec2", await enableLabs(at, OTHER_ROLE));
    assert.equal(verdict.state, "accepted");
    assert.match(
      plain(verdict.evidence),
      /^GravityZone said yes\. It does not show whether the company uses/,
    );
    assert.equal(at.vendor.world.ec2.get(ids.acmeLabs)?.configured?.accountId, "999000111222");
  }
});

Deno.test("/enable ec2 role= warns when no external ID was generated yet", async () => {
  await using at = handlerFixture();
  const plan = await at.plan("enable", "ec2", { company: "Initech", role: ROLE });
  const card = changeOf("enable", "ec2").render(plan);
  assert.match(card.warnings?.map(plain).join() ?? "", /^No external ID was generated yet/);
});

const nonsense: readonly (readonly [name: string, input: Record<string, string>, says: RegExp])[] = [
  ["no way", {}, /Say how: role=<arn> for a cross-account role, or key=/],
  [
    "both ways",
    { role: ROLE, key: "AKIAIHEBSE2JFZ6CAAAA", secret: "?" },
    /Type either role=.* or key=.*, not both/,
  ],
  ["a role and a secret", { role: ROLE, secret: "?" }, /not both/],
  ["a key without its secret", { key: "AKIAIHEBSE2JFZ6CAAAA" }, /Add secret=\? to the command/],
  ["a secret alone", { secret: "?" }, /Say how/],
  ["a secret typed in the chat", { key: "AKIAIHEBSE2JFZ6CAAAA", secret: "hunter2" }, /Type secret=\?/],
  ["a temporary key", { key: "ASIAIHEBSE2JFZ6CAAAA", secret: "?" }, /ASIA are temporary/],
  ["what is no key id", { key: "akia", secret: "?" }, /"akia" is not an access key id/],
  ["a user instead of a role", { role: "arn:aws:iam::111222345123:user/x" }, /is not the ARN of a role/],
  ["an account of 11 digits", { role: "arn:aws:iam::11122234512:role/x" }, /12 digits of the AWS account/],
  ["a role with a line break", { role: `${ROLE}\nx` }, /is not the ARN of a role/],
];

for (const [name, input, says] of nonsense) {
  Deno.test(`/enable ec2 refuses ${name} before anything is asked`, async () => {
    await using at = handlerFixture();
    const error = await changeOf("enable", "ec2").plan(at.context, { company: "Acme Labs", ...input })
      .catch((error: unknown) => error);
    assert.ok(error instanceof BadInput);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, /hunter2/);
    assert.equal(at.vendor.calls.length, 0);
  });
}

Deno.test("/enable ec2 key= sends nothing without the secret", async () => {
  await using at = handlerFixture();
  const plan = await at.plan("enable", "ec2", {
    company: "Globex",
    key: "AKIAIHEBSE2JFZ6CAAAA",
    secret: "?",
  });
  await assert.rejects(changeOf("enable", "ec2").apply(at.context, plan, {}), BadInput);
  assert.deepEqual(writesOf(at), []);
});

Deno.test("/enable ec2 key= forgets the role it replaces, and stays unknown when no answer came", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("enable", "ec2", {
    company: "Acme Corp",
    key: "AKIAIHEBSE2JFZ6CAAAA",
    secret: "?",
  });
  at.vendor.faults.next(BY_KEYS, { status: 500, applied: true });
  const lost = await at.run("enable", "ec2", plan, { secret: "x".repeat(40) });
  assert.deepEqual([lost.verdict.state, at.recall.size], ["unknown", 2]);
  await at.run("enable", "ec2", plan, { secret: "x".repeat(40) });
  assert.equal(at.recall.size, 0);
});

interface Ambiguous {
  readonly name: string;
  readonly fault: Fault;
  readonly applied: boolean;
}

const ambiguous: readonly Ambiguous[] = [
  { name: "a timeout before it took effect", fault: { hang: true }, applied: false },
  { name: "a timeout after it took effect", fault: { applied: true, hang: true }, applied: true },
  { name: "a 500 before it took effect", fault: { status: 500 }, applied: false },
  { name: "a 500 after it took effect", fault: { applied: true, status: 500 }, applied: true },
  { name: "an answer that was cut off", fault: { cut: true }, applied: true },
  { name: "an answer that is no JSON", fault: { applied: true, body: "<html>oops</html>" }, applied: true },
];

/** Long enough to send and answer on a busy machine; only who hangs is waited for. */
function patienceWith(fault: { hang?: boolean }): number {
  return fault.hang ? 1_000 : 20_000;
}

for (const { name, fault, applied } of ambiguous) {
  Deno.test(`/enable ec2 role= reads back after ${name}, and sends once`, async () => {
    await using at = handlerFixture({ timeoutMs: patienceWith(fault) });
    const plan = await enableLabs(at);
    at.vendor.faults.next(BY_ROLE, fault);
    const { failure, verdict } = await at.run("enable", "ec2", plan);
    assert.equal(failure?.failure.ambiguous, true);
    assert.equal(verdict.state, applied ? "applied" : "not applied");
    assert.equal(at.recall.has(`ec2:${ids.acmeLabs}:role`), applied);
    assert.deepEqual(writesOf(at), [BY_ROLE]);
  });

  Deno.test(`/disable ec2 reads back after ${name}, and sends once`, async () => {
    await using at = handlerFixture({ timeoutMs: patienceWith(fault) });
    recordAcmeCorp(at);
    const plan = await at.plan("disable", "ec2", { company: "Acme Corp" });
    at.vendor.faults.next(DISABLE, fault);
    const { failure, verdict } = await at.run("disable", "ec2", plan);
    assert.equal(failure?.failure.ambiguous, true);
    assert.equal(verdict.state, applied ? "applied" : "not applied");
    assert.equal(at.recall.has(`ec2:${ids.acmeCorp}:role`), !applied);
    assert.deepEqual(writesOf(at), [DISABLE]);
  });

  Deno.test(`/rotate externalid reads back after ${name}, and sends once`, async () => {
    await using at = handlerFixture({ timeoutMs: patienceWith(fault) });
    const plan = await at.plan("rotate", "externalid", { company: "Acme Corp" });
    at.vendor.faults.next(GENERATE, fault);
    const { failure, verdict } = await at.run("rotate", "externalid", plan);
    assert.equal(failure?.failure.ambiguous, true);
    assert.equal(verdict.state, applied ? "applied" : "not applied");
    assert.deepEqual(writesOf(at), [GENERATE]);
  });
}

Deno.test("/enable ec2 role= that the vendor refuses is not applied", async () => {
  await using at = handlerFixture();
  const plan = await enableLabs(at);
  at.vendor.faults.next(BY_ROLE, {
    error: { code: -32602, message: "Invalid params", details: "No such role" },
  });
  const { failure, verdict } = await at.run("enable", "ec2", plan);
  assert.deepEqual([failure?.kind, failure?.failure.ambiguous], ["rejected", false]);
  assert.equal(failure?.failure.detail, "No such role");
  assert.equal(verdict.state, "not applied");
});

Deno.test("/disable ec2 and others stay unknown when the read-back fails, and can be judged later", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("disable", "ec2", { company: "Acme Corp" });
  at.vendor.faults.next(EXTERNAL_ID, { status: 403 });
  const { verdict } = await at.run("disable", "ec2", plan);
  assert.deepEqual([verdict.state, plain(verdict.evidence)], [
    "unknown",
    "The state could not be read back: GravityZone does not let our key do this (403).",
  ]);
  const later = await changeOf("disable", "ec2").verify(at.context, plan, undefined);
  assert.equal(later.state, "applied");
});

Deno.test("/disable ec2 shows what breaks and how it is taken back", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const disable = changeOf("disable", "ec2");
  const plan = await at.plan("disable", "ec2", { company: "acme corp" });
  const card = disable.render(plan);
  assert.equal(disable.risk, "danger");
  assert.equal(plain(card.title), "Disable the EC2 integration of Acme Corp");
  assert.equal(plain(card.done), "the EC2 integration of Acme Corp is disabled");
  assert.deepEqual(card.rows.map(({ label, now, after }) => [label, plain(now), plain(after)]), [
    ["Integration", ROLE, "disabled"],
    ["External ID", "5e93f474a30a2db85dd6046d6d5fg188", "kept"],
  ]);
  assert.deepEqual(card.breaks.map(plain), ["EC2 instances of Acme Corp are no longer imported."]);
  assert.deepEqual(card.sends, { method: DISABLE, params: { companyId: ids.acmeCorp } });
  const undo = disable.undo(plan);
  assert.equal(undo.possible && plain(undo.how), "with role/test");
});

Deno.test("/disable ec2 is undone by enabling with the role, from exactly the state that was read back", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("disable", "ec2", { company: "Acme Corp" });
  const { verdict } = await at.run("disable", "ec2", plan);
  assert.deepEqual([verdict.state, plain(verdict.evidence)], [
    "applied",
    "Acme Corp is no longer listed for AWS account 111222345123",
  ]);
  const back = await undone(at, "disable", plan);
  assert.deepEqual(back.plan.input, { company: ids.acmeCorp, role: ROLE });
  assert.deepEqual(back.plan.before, verdict.after);
  const { verdict: on } = await at.run("enable", "ec2", back.plan);
  assert.equal(on.state, "applied");
  assert.deepEqual(at.vendor.world.ec2.get(ids.acmeCorp)?.configured, {
    by: "role",
    roleArn: ROLE,
    accountId: "111222345123",
  });
});

Deno.test("/disable ec2 of an unrecorded integration is only accepted, and cannot be undone", async () => {
  await using at = handlerFixture();
  const plan = await at.plan("disable", "ec2", { company: "Globex" });
  const disable = changeOf("disable", "ec2");
  const undo = disable.undo(plan);
  assert.match(undo.possible ? "" : plain(undo.why), /^the old role is not known; you would need its ARN$/);
  const { verdict } = await at.run("disable", "ec2", plan);
  assert.equal(verdict.state, "accepted");
  assert.match(plain(verdict.evidence), /^GravityZone said yes\. The AWS account is not known here/);
  at.vendor.faults.next(DISABLE, { status: 500 });
  assert.equal((await at.run("disable", "ec2", plan)).verdict.state, "unknown");
});

Deno.test("/disable ec2 warns when the integration may be gone already, and claims no more than it saw", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  ec2Of(at.vendor.world, ids.acmeCorp).configured = null;
  const plan = await at.plan("disable", "ec2", { company: "Acme Corp" });
  const [warning] = changeOf("disable", "ec2").render(plan).warnings ?? [];
  assert.equal(
    plain(warning ?? ""),
    "It is not listed for AWS account 111222345123 now: it may be disabled already.",
  );
  const { verdict } = await at.run("disable", "ec2", plan);
  assert.equal(verdict.state, "accepted");
});

Deno.test("/disable ec2 is not applied while the account still lists the company", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("disable", "ec2", { company: "Acme Corp" });
  const verdict = await changeOf("disable", "ec2").verify(at.context, plan, {});
  assert.deepEqual([verdict.state, plain(verdict.evidence)], [
    "not applied",
    "Acme Corp is still listed for AWS account 111222345123",
  ]);
  assert.equal(verdict.remember, undefined);
});

Deno.test("/rotate externalid is applied when the id read back is the new one", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("rotate", "externalid", { company: "Acme Corp" });
  const { receipt, verdict } = await at.run("rotate", "externalid", plan);
  const made = at.vendor.world.ec2.get(ids.acmeCorp)?.externalId;
  assert.deepEqual(receipt, { data: { externalId: made ?? "" } });
  assert.deepEqual([verdict.state, plain(verdict.evidence)], [
    "applied",
    `The external ID is now ${made}. Give it to the role in AWS, then /enable ec2 ${ids.acmeCorp} role=${ROLE}`,
  ]);
  assert.deepEqual(Object.fromEntries(at.recall), {
    [`ec2:${ids.acmeCorp}:role`]: ROLE,
    [`ec2:${ids.acmeCorp}:account`]: "111222345123",
    [`ec2:${ids.acmeCorp}:off`]: "rotated",
  });
});

Deno.test("/rotate externalid stays unknown when a third id is read back", async () => {
  await using at = handlerFixture();
  const plan = await at.plan("rotate", "externalid", { company: "Acme Corp" });
  const rotate = changeOf("rotate", "externalid");
  const receipt = await rotate.apply(at.context, plan, {});
  await rotate.apply(at.context, plan, {});
  const verdict = await rotate.verify(at.context, plan, receipt);
  assert.equal(verdict.state, "unknown");
  assert.match(plain(verdict.evidence), /someone may have generated another one/);
});

Deno.test("/rotate externalid generates the first one where there was none", async () => {
  await using at = handlerFixture();
  const plan = await at.plan("rotate", "externalid", { company: "Initech" });
  assert.equal(
    plain(changeOf("rotate", "externalid").render(plan).title),
    "Generate the external ID of Initech",
  );
  const { verdict } = await at.run("rotate", "externalid", plan);
  assert.equal(verdict.state, "applied");
  assert.match(plain(verdict.evidence), /role=<arn>$/);
});

Deno.test("a plan of EC2 differs as soon as the state it was made against has moved", async () => {
  await using at = handlerFixture();
  recordAcmeCorp(at);
  const plan = await at.plan("disable", "ec2", { company: "Acme Corp" });
  await at.client.generateAmazonEC2ExternalIdForCrossAccountRole(
    { companyId: ids.acmeCorp },
    at.context.call,
  );
  const again = await at.plan("disable", "ec2", plan.input);
  assert.notDeepEqual(again.before, plan.before);
});
