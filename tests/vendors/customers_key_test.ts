import assert from "node:assert/strict";
import { ANA, company, type Fixture, openFixture, textOf } from "../approvals/fixture.ts";
import type { GravityZone } from "../sandbox/gravityzone.ts";

const ROLE = "arn:aws:iam::111222345123:role/test";
const ONLY_ITS_OWN =
  /^\S+ Our key belongs to the customer "Globex" and reaches no other company\. Leave the company out\./;

/** The key belongs to Globex, which knows no parameter that names a company. */
async function customers(prepare: (vendor: GravityZone) => void = () => {}): Promise<Fixture> {
  const fixture = await openFixture();
  fixture.gravityzone.world.ownCompanyId = company.globex;
  prepare(fixture.gravityzone);
  return fixture;
}

async function said(fixture: Fixture, text: string): Promise<string> {
  await fixture.say(ANA, text);
  return fixture.ephemeralAnswers(ANA).at(-1) ?? fixture.groupAnswers().at(-1) ?? "";
}

for (const whose of ["", " Globex", ` ${company.globex}`]) {
  Deno.test(`a customer's key reads its own company, named "${whose.trim()}"`, async () => {
    await using fixture = await customers();
    assert.match(await said(fixture, `/externalid${whose}`), /External ID of Globex[^]*7b21c0d9/);
    assert.match(await said(fixture, `/status ec2${whose}`), /^ℹ️ EC2 of Globex: 792 hours this month/);
    assert.match(await said(fixture, `/usage ec2${whose}`), /^ℹ️ 792 EC2 hours in .* · Globex/);
    assert.match(await said(fixture, `/status bitdefender${whose}`), /^🟢 GravityZone: 1 of 1 active/);
  });

  Deno.test(`a customer's key changes its own company, named "${whose.trim()}", and takes it back`, async () => {
    await using fixture = await customers();
    const { code, card } = await fixture.carryOut(`/enable ec2${whose} role=${ROLE}`);
    assert.equal(await fixture.state(code), "accepted", textOf(card));
    const last = () =>
      fixture.gravityzone.calls.findLast(({ method }) => /^(configure|disable|gen)/.test(method));
    assert.deepEqual(last()?.params, { crossAccountRoleArn: ROLE });
    const back = await fixture.carryOut(`/undo ${code}`);
    assert.match(textOf(back.card), /EC2 integration of Globex/i);
    assert.deepEqual([last()?.method, last()?.params], ["disableAmazonEC2Integration", {}]);
    assert.equal(fixture.gravityzone.world.ec2.get(company.globex)?.configured, null);
    const rotated = await fixture.carryOut(`/rotate externalid${whose} reason=leaked`);
    assert.equal(await fixture.state(rotated.code), "applied", textOf(rotated.card));
    assert.deepEqual(last()?.params, {});
  });
}

Deno.test("a customer's key does what /externalid says about generating one", async () => {
  await using fixture = await customers(({ world }) => world.ec2.clear());
  const [command] = /\/rotate externalid.*/.exec(await said(fixture, "/externalid")) ?? [];
  assert.equal(command, `/rotate externalid ${company.globex}`);
  const { code, card } = await fixture.carryOut(`${command} reason=first`);
  assert.equal(await fixture.state(code), "applied", textOf(card));
});

for (const other of ["Acme Corp", company.acmeCorp]) {
  Deno.test(`a customer's key that is asked about ${other} says that it reaches its own company alone`, async () => {
    await using fixture = await customers();
    assert.match(await said(fixture, `/externalid ${other}`), ONLY_ITS_OWN);
    assert.match(await said(fixture, `/disable ec2 ${other} reason=off-boarding`), ONLY_ITS_OWN);
    assert.deepEqual(await fixture.changes(), []);
  });
}

Deno.test("a customer's key without the Companies area changes its own company, and no id is taken for it", async () => {
  await using fixture = await customers(({ world }) =>
    world.apiKey.enabledApis.splice(0, Infinity, "integrations")
  );
  const { code, card } = await fixture.carryOut("/disable ec2 reason=off-boarding");
  assert.match(textOf(card), /EC2 integration of the company of the key/i);
  assert.equal(await fixture.state(code), "accepted");
  assert.match(
    await said(fixture, `/disable ec2 ${company.globex} reason=off-boarding`),
    /^\S+ Our key belongs to a customer and reaches no other company\. Leave the company out\./,
  );
});

Deno.test("a customer's key is known by a refusal where the account does not say what it is", async () => {
  await using fixture = await customers(({ faults }) => {
    faults.always(
      "getCompanyDetails",
      ({ params }) =>
        Object.keys(params).length === 0 ? { result: { id: company.globex, name: "Globex" } } : undefined,
    );
  });
  const { code } = await fixture.carryOut("/disable ec2 reason=off-boarding");
  assert.equal(await fixture.state(code), "accepted");
});

Deno.test("a partner's key must be told the company to change, and is never taken for its own", async () => {
  await using fixture = await openFixture();
  for (
    const text of [
      "/disable ec2 reason=off-boarding",
      `/enable ec2 role=${ROLE}`,
      "/rotate externalid reason=x",
    ]
  ) {
    assert.match(await said(fixture, text), /company[^]*which one\?|company[^]*Acme/i, text);
  }
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("a refusal that is about something else is not read as an unknown company", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always("getCompanyDetails", {
    error: { code: -32000, message: "Server error", details: "The directory is being rebuilt" },
  });
  const answer = await said(fixture, `/externalid ${company.globex}`);
  assert.match(answer, /The directory is being rebuilt/);
  assert.doesNotMatch(answer, /No company/);
});
