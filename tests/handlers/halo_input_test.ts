import fc from "fast-check";
import assert from "node:assert/strict";
import { PRODUCTS } from "../../clients/halo/products.ts";
import type { JsonObject } from "../../clients/json.ts";
import { BadInput } from "../../handlers/operation.ts";
import { openFixture } from "../clients/halo_fixture.ts";
import { changeOf, contextOf, refusal } from "./halo_carry.ts";

const REFUSED: readonly (readonly [verb: string, target: string, input: JsonObject, says: RegExp])[] = [
  ["create", "tenable", { fields: { nmae: "x" } }, /Tenable has no field "nmae"\. Did you mean name\?/],
  ["update", "ncentral", { id: "1", fields: { zzzzzzzzzzz: "x" } }, /It takes name, url, username/],
  ["update", "ncentral", { id: "1", fields: { password: "?" } }, /Did you mean new_password\?/],
  ["update", "ncentral", { id: "1", fields: { toplevel: "many" } }, /toplevel takes a whole number/],
  ["update", "ncentral", { id: "1", fields: { toplevel: "99999999999" } }, /toplevel takes a whole number/],
  [
    "update",
    "ncentral",
    { id: "1", fields: { ignore_probes: "maybe" } },
    /ignore_probes takes true or false/,
  ],
  ["update", "ncentral", { id: "1", fields: { client_links: "x" } }, /client_links takes a list/],
  ["update", "ncentral", { id: "1", document: { name: 5 } }, /name takes a text/],
  ["update", "sentinelone", { id: "1", fields: { token_expiry: "soon" } }, /token_expiry takes a date/],
  ["update", "sentinelone", { id: "1", fields: { token_expiry: "2027-02-30" } }, /token_expiry takes a date/],
  [
    "update",
    "sentinelone",
    { id: "1", fields: { token_expiry: "2027-01-31 late" } },
    /takes a date, or .* in UTC/,
  ],
  ["update", "ncentral", { id: "1", fields: { lastsyncdate: "2026-01-01" } }, /set by HaloPSA itself/],
  ["update", "ncentral", { id: "1", fields: { name: "?" } }, /name is not secret/],
  ["update", "ncentral", { id: "1" }, /Type what to change/],
  ["update", "ncentral", { fields: { name: "x" } }, /Which one/],
  ["update", "ncentral", { id: "2", document: { id: 1, name: "x" } }, /The document is for id 1/],
  ["update", "ncentral", { id: "1", document: [{ name: "a" }, { name: "b" }] }, /several integrations/],
  ["update", "snow", { id: "5", document: { username: "••••••" } }, /only stands for a hidden value/],
  ["create", "tenable", { document: { id: 3, name: "x" } }, /\/update tenable 3/],
  ["create", "tenable", { fields: { new_integration_key: "?" } }, /Type at least one field/],
];

for (const [verb, target, input, says] of REFUSED) {
  Deno.test(`/${verb} ${target} refuses ${JSON.stringify(input)}`, async () => {
    await using fixture = openFixture();
    const error = await refusal(changeOf(verb, target).plan(contextOf(fixture), input));
    assert.ok(error instanceof BadInput, String(error));
    assert.match(error.message, says);
    assert.deepEqual(fixture.asked().filter((line) => !line.startsWith("GET")), []);
  });
}

Deno.test("/update <product> never repeats a value that was typed where a secret belongs", async () => {
  await using fixture = openFixture();
  const context = contextOf(fixture);
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,30}$/);
  const field = fc.constantFrom(
    "new_password",
    "new_pasword",
    "new_client_secret",
    "toplevel",
    "ignore_probes",
  );
  await fc.assert(
    fc.asyncProperty(field, secret, async (name, value) => {
      const error = await refusal(
        changeOf("update", "ncentral").plan(context, { id: "1", fields: { [name]: value } }),
      );
      assert.ok(error instanceof BadInput);
      assert.ok(!`${error.message} ${error.suggestions}`.includes(value));
    }),
    { numRuns: 30 },
  );
});

Deno.test("/update <product> asks for a secret within a list by its path", async () => {
  await using fixture = openFixture();
  const operation = changeOf("update", "snow");
  const link = { third_party_id: "NW", new_subscription_key: "?" };
  const path = "client_links.0.new_subscription_key";
  assert.equal(operation.secret(path), true);
  const literal = { id: "5", document: { client_links: [{ ...link, new_subscription_key: "abcdef" }] } };
  assert.match(String(await refusal(operation.plan(contextOf(fixture), literal))), /holds a secret/);
  const plan = await operation.plan(contextOf(fixture), { id: "5", document: { client_links: [link] } });
  assert.ok("target" in plan);
  await operation.apply(contextOf(fixture), plan, { [path]: "entered" });
  assert.deepEqual(fixture.emulator.calls.at(-1)?.body, [
    { id: 5, client_links: [{ third_party_id: "NW", new_subscription_key: "entered" }] },
  ]);
});

Deno.test("halo takes every write-only and stored password for secret, and a flag that only sounds so not", () => {
  for (const row of PRODUCTS) {
    const operation = changeOf("update", row.target);
    for (const [field, kind] of row.fields) {
      if (kind === "secret" || kind === "flag") {
        assert.equal(operation.secret(field), kind === "secret", field);
      }
    }
  }
  const snow = changeOf("update", "snow");
  for (
    const field of ["password", "SDPASSWORD", "new_integration_key", "0.new_integration_key", "new_typo"]
  ) {
    assert.equal(snow.secret(field), true, field);
  }
  assert.equal(changeOf("update", "prtg").secret("new_method"), false);
  assert.equal(snow.secret("name"), false);
});
