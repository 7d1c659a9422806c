import assert from "node:assert/strict";
import { ANA, company, openFixture, textOf } from "../approvals/fixture.ts";
import type { Fault } from "../sandbox/gravityzone/faults.ts";

const WHOIS = "getCompanyDetailsByAWSAccountId";

Deno.test("a method that the tenant does not offer is said to be missing, in GravityZone's words and ours apart", async () => {
  await using fixture = await openFixture();
  const error = { code: -32601, message: "Method not found", details: "The selected API is not available." };
  fixture.gravityzone.faults.always(WHOIS, { error });
  await fixture.say(ANA, "/whois 111222345123");
  const [answer = ""] = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)];
  assert.match(answer, /^🟡 GravityZone does not offer getCompanyDetailsByAWSAccountId to us\n/);
  assert.match(answer, /Nothing was changed\. Do this in GravityZone's own console/);
  assert.match(answer, /GravityZone said\s+The selected API is not available\./);
});

Deno.test("an answer that is not as documented is our finding, not what the vendor said", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always(WHOIS, { body: { id: "another", jsonrpc: "2.0", result: [] } });
  await fixture.say(ANA, "/whois 111222345123");
  const [answer = ""] = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)];
  assert.match(answer, /Cause\s+not as documented: id \(invalid_value\)/);
  assert.doesNotMatch(answer, /GravityZone said/);
});

const SERVER_ERROR: Fault = { error: { code: -32000, message: "Server error" }, applied: true };

Deno.test("a write that GravityZone answers with a server error is looked for, whichever it is", async () => {
  await using fixture = await openFixture();
  const enable = "configureAmazonEC2IntegrationUsingCrossAccountRole";
  fixture.gravityzone.faults.next(enable, SERVER_ERROR);
  const enabled = await fixture.carryOut(
    `/enable ec2 ${company.acmeLabs} role=arn:aws:iam::111222345123:role/labs`,
  );
  assert.equal(await fixture.state(enabled.code), "applied", textOf(enabled.card));
  fixture.gravityzone.faults.next("disableAmazonEC2Integration", SERVER_ERROR);
  const disabled = await fixture.carryOut(`/disable ec2 ${company.acmeLabs} reason=test`);
  assert.equal(await fixture.state(disabled.code), "applied", textOf(disabled.card));
  fixture.gravityzone.faults.next("disableAmazonEC2Integration", SERVER_ERROR);
  const unseen = await fixture.carryOut(`/disable ec2 ${company.globex} reason=test`);
  assert.equal(await fixture.state(unseen.code), "unknown", textOf(unseen.card));
  assert.equal(fixture.writes().length, 3);
});
