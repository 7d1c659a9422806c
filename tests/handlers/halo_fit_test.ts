import assert from "node:assert/strict";
import type { JsonObject } from "../../clients/json.ts";
import { BadInput } from "../../handlers/operation.ts";
import { openFixture } from "../clients/halo_fixture.ts";
import { carry, changeOf, contextOf, refusal } from "./halo_carry.ts";

const ADDRESS = /url takes an address that begins with https:\/\/ or http:\/\/, without a user or a password/;

const REFUSED: readonly (readonly [verb: string, target: string, input: JsonObject, says: RegExp])[] = [
  ["update", "armis", { id: "4", fields: { url: "nonsense" } }, ADDRESS],
  ["update", "armis", { id: "4", fields: { url: "ftp://armis.example" } }, ADDRESS],
  [
    "update",
    "armis",
    { id: "4", fields: { url: "https://ana:hunter2@armis.example" } },
    /^url has a user or a password before its host/,
  ],
  ["create", "manageengine", { fields: { server_url: "sdp.example" } }, /server_url takes an address/],
  [
    "update",
    "armis",
    { id: "4", fields: { name: "x".repeat(251) } },
    /name takes 250 characters at most; this has 251/,
  ],
  [
    "update",
    "armis",
    { id: "4", document: { url: `https://${"x".repeat(250)}` } },
    /url takes 250 characters/,
  ],
  ["update", "prtg", { id: "1", fields: { username: "x".repeat(1_001) } }, /username takes 1000 characters/],
  ["update", "sophos", { id: "1", document: { type: 2 ** 31 } }, /type takes .* 2147483647/],
  ["update", "sophos", { id: "1", fields: { type: "2147483648" } }, /type takes .* 2147483647/],
  ["update", "armis", { document: { id: 2 ** 31, name: "x" } }, /whole number/],
  [
    "update",
    "sophos",
    { id: "1", document: { guid: "another", connected: false, name: "x" } },
    /^guid, connected are set by HaloPSA itself and cannot be changed here/,
  ],
  ["create", "sophos", { document: { guid: "a", name: "x" } }, /^guid is set by HaloPSA itself/],
];

for (const [verb, target, input, says] of REFUSED) {
  Deno.test(`/${verb} ${target} refuses what does not fit: ${JSON.stringify(input).slice(0, 80)}`, async () => {
    await using fixture = openFixture();
    const error = await refusal(changeOf(verb, target).plan(contextOf(fixture), input));
    assert.ok(error instanceof BadInput, String(error));
    assert.match(error.message, says);
    assert.ok(!error.message.includes("hunter2"));
  });
}

Deno.test("/update <product> takes HaloPSA's own record back with one field changed", async () => {
  await using fixture = openFixture();
  const record = { ...fixture.emulator.records.SophosDetails![0]!, update_addresses: true, _warning: "" };
  const { sent } = await carry(fixture, "update", "sophos", { document: JSON.parse(JSON.stringify(record)) });
  assert.deepEqual(sent[0]?.[2], [{ id: 1, update_addresses: true }]);
});

Deno.test("/create <product> takes a name and a text as long as HaloPSA keeps them", async () => {
  await using fixture = openFixture();
  const fields = { name: "x".repeat(1_000) };
  const { verdict } = await carry(fixture, "create", "sophos", { fields });
  assert.equal(verdict.state, "applied");
});

Deno.test("/update <product> says that an address of old that is none cannot be set back", async () => {
  await using fixture = openFixture({
    records: { PRTGDetails: [{ id: 1, url: "prtg.example", username: "halo" }] },
  });
  const operation = changeOf("update", "prtg");
  const plan = await operation.plan(contextOf(fixture), { id: "1", fields: { url: "https://prtg.example" } });
  assert.ok("target" in plan);
  assert.deepEqual(operation.undo(plan), {
    possible: false,
    why: "the old url cannot be set again: url takes an address that begins with https:// or http://, " +
      "without a user or a password",
  });
});
