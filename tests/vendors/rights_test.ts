import assert from "node:assert/strict";
import { ANA, BEN, company, type Fixture, openFixture, textOf } from "../approvals/fixture.ts";
import type { StageOptions } from "../sandbox/stage.ts";

/** A vendor's answer to a key that lacks the right for one kind of call. */
function refusing(vendor: string, call: RegExp): Required<Pick<StageOptions, "onTheWay">> {
  return {
    onTheWay: async (whose, request, passOn) =>
      whose === vendor && call.test(`${request.method} ${new URL(request.url).pathname}`)
        ? new Response(null, { status: 403 })
        : await passOn(),
  };
}

const NO_RIGHT = { error: { code: -32001, message: "Operation not allowed" } };

async function said(fixture: Fixture, text: string): Promise<string> {
  await fixture.say(ANA, text);
  return [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)].at(-1) ?? "";
}

const METHODS = [
  "getConfiguredIntegrations",
  "getAmazonEC2ExternalIdForCrossAccountRole",
  "getHourlyUsageForAmazonEC2Instances",
  "getCompanyDetailsByAWSAccountId",
  "getCompanyDetails",
  "findCompaniesByName",
  "getCompaniesList",
];

for (const method of METHODS) {
  Deno.test(`/doctor is not green for a key without the right for ${method}, and names it`, async () => {
    await using fixture = await openFixture();
    fixture.gravityzone.faults.always(method, NO_RIGHT);
    const answer = await said(fixture, "/doctor");
    assert.match(answer, new RegExp(`🟡\\s+Bitdefender\\s+the key works.*no right for ${method} \\(`));
  });
}

const ONE_RIGHT: readonly (readonly [vendor: string, call: RegExp, says: RegExp])[] = [
  ["HaloPSA", /SophosDetails/, /🟡\s+HaloPSA\s+accepted; 11 of 12 .*; no right for Sophos/],
  ["Apono", /\/api\/v2\/integrations$/, /🟡\s+Apono\s+the token .*; no right for the v2 API \(why/],
  ["Apono", /connectors/, /🟡\s+Apono\s+the token .*; no right for connectors \(\/list connectors\)/],
  ["Apono", /v3\/integrations\/[^/]+\/resources$/, /🟡\s+Apono\s+the token .*; no right for resources \(/],
  ["Apono", /permissions$/, /🟡\s+Apono\s+the token .*; no right for permissions \(/],
  ["Apono", /user-tags$/, /🟡\s+Apono\s+the token .*; no right for tags \(/],
  [
    "OpsRamp",
    /GET .*\/INTG-/,
    /🟡\s+OpsRamp\s+the client .*; no right for one integration \(\/show, and every change\)/,
  ],
  ["Apono", /catalog/, /🟡\s+Apono\s+the token .*; no right for the catalog \(/],
];

for (const [vendor, call, says] of ONE_RIGHT) {
  Deno.test(`/doctor is not green where ${vendor} refuses ${call.source}, and names it`, async () => {
    await using fixture = await openFixture(refusing(vendor, call));
    assert.match(await said(fixture, "/doctor"), says);
  });
}

Deno.test("a card says that a suspension is not known where the key may not ask for companies", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.world.apiKey.enabledApis.splice(0, Infinity, "network", "integrations");
  const { card } = await fixture.ask("/disable ec2 Globex reason=off-boarding");
  assert.match(textOf(card), /Whether Globex is suspended is not known/);
});

Deno.test("a suspension is seen in the search where the key has no right for getCompanyDetails", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.always("getCompanyDetails", NO_RIGHT);
  const { code, card } = await fixture.ask("/disable ec2 Globex reason=off-boarding");
  assert.doesNotMatch(textOf(card), /suspended/);
  Object.assign(fixture.gravityzone.world.companies.get(company.globex) ?? {}, { isSuspended: true });
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "superseded");
  assert.match(textOf(card), /suspended was no, is now yes/);
  assert.deepEqual(fixture.writes(), []);
});
