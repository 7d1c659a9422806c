import assert from "node:assert/strict";
import { ANA, company, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { company as branch, generateIntegrations } from "../sandbox/gravityzone/northwind.ts";

async function said(fixture: Fixture, text: string): Promise<string> {
  fixture.gravityzone.calls.length = 0;
  await fixture.say(ANA, text);
  return [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)].at(-1) ?? "";
}

function askedFor({ gravityzone: { calls } }: Fixture, method: string): number {
  return calls.filter((call) => call.method === method).length;
}

for (const words of ["globex-hq", "GLOBEX-hq", "679b6952a5d00afed2030030"]) {
  Deno.test(`/show bitdefender ${words} finds it at the company that has it`, async () => {
    await using fixture = await openFixture();
    const answer = await said(fixture, `/show bitdefender ${words}`);
    assert.match(answer, /^🟢 globex-hq: Active/);
    assert.match(answer, /company\s+Globex/);
  });
}

Deno.test("/show bitdefender asks no other company for what the key's own has", async () => {
  await using fixture = await openFixture();
  assert.match(await said(fixture, "/show bitdefender vcenter-de"), /^🟢 vcenter-de/);
  assert.equal(fixture.gravityzone.calls.length, 1);
});

Deno.test("/show bitdefender of a name that several companies have asks which is meant", async () => {
  await using fixture = await openFixture();
  for (const [at, of] of [company.globex, company.acmeCorp].entries()) {
    const [one] = generateIntegrations(1);
    const twin = { ...one!, id: `679b6952a5d00afed203009${at}`, name: `twin ${at}` };
    fixture.gravityzone.world.integrations.get(of)!.push(twin);
  }
  assert.match(await said(fixture, "/show bitdefender twin"), /"twin" fits 2 GravityZone integrations/);
  const question = fixture.telegram.ephemerals(ANA, GROUP).at(-1)!;
  await fixture.press(ANA, question, "twin 1");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /twin 1: [^]*company\s+Acme Corp/);
});

/** So many companies below the key's own that not all of them are asked. */
function crowd({ gravityzone: { world } }: Fixture, count: number): void {
  for (let index = 0; index < count; index++) {
    const id = index.toString(16).padStart(24, "d");
    world.companies.set(id, branch(id, `Zeta ${index}`));
  }
}

Deno.test("/show bitdefender says when not all companies were asked, and asks a bounded number", async () => {
  await using fixture = await openFixture();
  crowd(fixture, 90);
  const answer = await said(fixture, "/show bitdefender nowhere-at-all");
  assert.match(answer, /^\S+ No GravityZone integration fits "nowhere-at-all"\./);
  assert.match(
    answer,
    /Only 51 companies were asked, and there are more: name the company, .*company=<name>/,
  );
  assert.equal(askedFor(fixture, "getConfiguredIntegrations"), 51);
});

Deno.test("/show bitdefender says no more than that nothing fits where all companies were asked", async () => {
  await using fixture = await openFixture();
  const answer = await said(fixture, "/show bitdefender nowhere-at-all");
  assert.match(answer, /^\S+ No GravityZone integration fits "nowhere-at-all"\./);
  assert.doesNotMatch(answer, /companies were asked/);
});

Deno.test("/show bitdefender says that a company did not answer, by not counting it as asked", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always(
    "getConfiguredIntegrations",
    ({ params }) =>
      params["companyId"] === company.globex ? { error: { code: -32001, message: "No" } } : undefined,
  );
  assert.match(
    await said(fixture, "/show bitdefender globex-hq"),
    /companies were asked, and there are more/,
  );
});
