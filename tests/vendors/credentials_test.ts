import assert from "node:assert/strict";
import type { Environment } from "../../bot/config.ts";
import { vendors } from "../../handlers/registry.ts";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { callsOf } from "./vendor_call.ts";

interface Access {
  readonly read: string;
  readonly change: string;
  /** Variables that make the vendor refuse us. */
  readonly wrong: Environment;
  /** What `/doctor` says when it does not. */
  readonly proof: RegExp;
}

const ACCESS: Readonly<Record<string, Access>> = {
  bitdefender: {
    read: "/status bitdefender",
    change: "/rotate externalid Acme Corp reason=leaked",
    wrong: { BITDEFENDER_API_KEY: "another-key" },
    proof: /Bitdefender\s+the key works; enabled: companies, licensing, network, integrations/,
  },
  apono: {
    read: "/catalog",
    change: "/refresh apono Orders DB",
    wrong: { APONO_API_TOKEN: "aup_another" },
    proof: /Apono\s+the token may read the integrations \(v4 API\)/,
  },
  opsramp: {
    read: "/list opsramp",
    change: "/enable opsramp AWS staging",
    wrong: { OPSRAMP_CLIENT_SECRET: "another-secret" },
    proof: /OpsRamp\s+the client works for this tenant; it sees 9 installed integrations/,
  },
  halo: {
    read: "/list armis",
    change: "/disable armis 4",
    wrong: { HALO_CLIENT_SECRET: "another-secret" },
    proof: /HaloPSA\s+accepted; 12 of 12 products can be read/,
  },
};

Deno.test("every vendor is asked here with and without its credentials", () => {
  assert.deepEqual(vendors.map(({ name }) => name).filter((name) => !(name in ACCESS)), []);
});

for (const { name, label, environment, credentials } of vendors) {
  const access = ACCESS[name];
  if (!access) continue;
  const { read, change, wrong, proof } = access;
  const look = credentials.join(" and ");

  Deno.test(`${read} and ${change} of ${label} without credentials say what to set`, async () => {
    const unset = Object.fromEntries(environment.map((variable) => [variable, undefined]));
    await using fixture = await openFixture({ environment: unset });
    for (const command of [read, change]) await fixture.say(ANA, command);
    const told = fixture.ephemeralAnswers(ANA);
    assert.equal(told.length, 2, fixture.telegram.transcript(-1001));
    for (const answer of told) {
      assert.ok(answer.includes(label) && environment.every((variable) => answer.includes(variable)), answer);
    }
    assert.deepEqual(callsOf(fixture), []);
    await fixture.say(ANA, "/doctor");
    assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`${label}\\s+not set up`));
  });

  Deno.test(`/doctor proves ${label}'s credentials, and says when they are refused`, async () => {
    await using right = await openFixture();
    await right.say(ANA, "/doctor");
    assert.match(right.groupAnswers().at(-1) ?? "", proof);
    await using refused = await openFixture({ environment: wrong });
    await refused.say(ANA, "/doctor");
    assert.match(
      refused.groupAnswers().at(-1) ?? "",
      new RegExp(
        `${label}\\s+unreachable: refused our key \\(401\\)\\. Someone with access to the bot: check ${look}, then /doctor\\.`,
      ),
    );
    for (const command of [read, change]) await refused.say(ANA, command);
    for (const told of [refused.groupAnswers().at(-1), refused.ephemeralAnswers(ANA).at(-1)]) {
      assert.ok(told?.includes(`check ${look}, then /doctor.`), `${told}`);
    }
  });
}
