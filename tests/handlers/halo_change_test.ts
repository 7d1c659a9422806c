import assert from "node:assert/strict";
import { ClientError } from "../../clients/errors.ts";
import { BadInput } from "../../handlers/operation.ts";
import { openFixture } from "../clients/halo_fixture.ts";
import { schema } from "../sandbox/halo.ts";
import { carry, changeOf, contextOf, refusal } from "./halo_carry.ts";

Deno.test("/disable datto sends the flag under the name that HaloPSA returned", async () => {
  const record = { id: 1, url: "https://x.example", enableintegrator: true };
  await using fixture = openFixture({ records: { DattoRmmDetails: [record] } });
  const { sent } = await carry(fixture, "disable", "datto", { id: "1" });
  assert.deepEqual(sent[0]?.[2], [{ id: 1, enableintegrator: false }]);
});

Deno.test("/disable <product> says so when it is off already", async () => {
  await using fixture = openFixture({
    records: { ArmisDetails: [{ id: 4, name: "Armis", enableintegrator: false }] },
  });
  const plan = await changeOf("disable", "armis").plan(contextOf(fixture), { id: "4" });
  assert.ok("nothing" in plan);
  assert.match(JSON.stringify(plan.nothing), /already off/);
});

Deno.test("/disable <product> is accepted, not applied, when HaloPSA does not return the flag", async () => {
  await using fixture = openFixture({
    records: { ArmisDetails: [{ id: 4, name: "Armis" }] },
    shape: { saved: "empty" },
  });
  const operation = changeOf("disable", "armis");
  const context = contextOf(fixture);
  const plan = await operation.plan(context, { id: "4" });
  assert.ok("target" in plan);
  assert.equal((await operation.verify(context, plan, {})).state, "accepted");
  assert.equal((await operation.verify(context, plan, undefined)).state, "unknown");
});

Deno.test("/create <product> finds the new integration when the answer held no id", async () => {
  await using fixture = openFixture({ shape: { savedStatus: 204 } });
  const { verdict } = await carry(fixture, "create", "sophos", { fields: { name: "Sophos EU" } });
  assert.equal(verdict.state, "applied");
  assert.match(JSON.stringify(verdict.evidence), /"code":"2"/);
});

Deno.test("/create <product> after a lost answer is found by reading back", async () => {
  await using fixture = openFixture({}, { timeoutMs: 1_000 });
  const operation = changeOf("create", "sophos");
  const context = contextOf(fixture);
  for (const [fault, state] of [["hang", "not applied"], ["apply-then-hang", "applied"]] as const) {
    const plan = await operation.plan(context, { fields: { name: `Sophos ${fault}` } });
    assert.ok("target" in plan);
    fixture.emulator.fail("POST SophosDetails", { kind: fault });
    const error = await refusal(operation.apply(context, plan, {}));
    assert.ok(error instanceof ClientError && error.failure.ambiguous);
    assert.equal((await operation.verify(context, plan, undefined)).state, state);
  }
});

Deno.test("/create <product> warns about a look-alike and then has no way back by name", async () => {
  await using fixture = openFixture();
  const operation = changeOf("create", "sophos");
  const plan = await operation.plan(contextOf(fixture), { fields: { name: "sophos central" } });
  assert.ok("target" in plan);
  assert.match(JSON.stringify(operation.render(plan).warnings), /already has 1 of this name: id 1/);
  assert.equal(operation.undo(plan).possible, false);
});

Deno.test("/create <product> takes the vendor's own body, alone or in an array, with secrets as =?", async () => {
  await using fixture = openFixture();
  const body = {
    name: "Tenable EU",
    url: "https://eu.example",
    default_devicesite: 3,
    enableintegrator: true,
  };
  for (const [document, id] of [[body, 1], [[{ ...body, name: "Tenable US" }], 2]] as const) {
    const { sent } = await carry(
      fixture,
      "create",
      "tenable",
      { document, fields: { new_integration_key: "?" } },
      { new_integration_key: "k" },
    );
    const expected = { ...(Array.isArray(document) ? document[0] : document), new_integration_key: "k" };
    assert.deepEqual(sent[0]?.[2], [expected]);
    assert.equal(fixture.emulator.records.TenableDetails?.length, id + 1);
  }
});

Deno.test("/update <product> sends only what differs and leaves the rest alone", async () => {
  await using fixture = openFixture();
  const { sent, plan } = await carry(fixture, "update", "ncentral", {
    id: "N-central EU",
    fields: { toplevel: "1", syncentities: "7", ignore_probes: "yes", NAME: "N-central Europe" },
  });
  assert.deepEqual(sent[0]?.[2], [{ id: 1, syncentities: 7, ignore_probes: true, name: "N-central Europe" }]);
  assert.equal(plan.target.key, "ncentral:1");
  assert.deepEqual(plan.before, {
    id: 1,
    name: "N-central EU",
    fields: { name: "N-central EU", syncentities: 3 },
  });
});

Deno.test("/update <product> takes lists from a document and the id from within it", async () => {
  await using fixture = openFixture();
  const links = [{ halo_id: 4, third_party_id: "NW2" }];
  const { sent, verdict } = await carry(fixture, "update", "snow", {
    document: [{ id: 5, client_links: links }],
  });
  assert.deepEqual(sent[0]?.[2], [{ id: 5, client_links: links }]);
  assert.equal(verdict.state, "applied");
});

Deno.test("/update <product> takes a document with the id of the one that was named", async () => {
  await using fixture = openFixture();
  const input = { id: "armis", document: { id: 4, name: "Plant" } };
  const { sent } = await carry(fixture, "update", "armis", input);
  assert.deepEqual(sent[0]?.[2], [{ id: 4, name: "Plant" }]);
});

Deno.test("/update <product> says so when there is nothing to change", async () => {
  await using fixture = openFixture();
  const plan = await changeOf("update", "prtg").plan(contextOf(fixture), {
    id: "1",
    fields: { username: "halo", new_method: "true" },
  });
  assert.ok("nothing" in plan);
});

Deno.test("/update <product> of a secret alone is accepted and cannot be undone", async () => {
  await using fixture = openFixture();
  const { verdict, undo, card, sent } = await carry(
    fixture,
    "update",
    "ncentral",
    { id: "1", fields: { new_password: "?" } },
    { new_password: "s3cret-value" },
  );
  assert.deepEqual(sent[0]?.[2], [{ id: 1, new_password: "s3cret-value" }]);
  assert.equal(verdict.state, "accepted");
  assert.deepEqual(undo, { possible: false, why: "the old new_password cannot be read from HaloPSA" });
  assert.deepEqual(card.sends, [{ id: 1, new_password: "?" }]);
});

Deno.test("/update snow sends the password under the name that HaloPSA returned", async () => {
  const record = { id: 1, name: "Snow", sdpassword: "enc" };
  const older = schema({
    int: "",
    str: "name sdpassword",
    bool: "enableintegrator",
    dt: "lastsyncdate",
    error: "lastsyncerror",
    array: "",
    secret: "new_integration_key",
  });
  await using fixture = openFixture({ records: { SnowDetails: [record] }, schemas: { SnowDetails: older } });
  const { sent } = await carry(
    fixture,
    "update",
    "snow",
    { id: "1", fields: { password: "?" } },
    { password: "s3cret-value" },
  );
  assert.deepEqual(sent[0]?.[2], [{ id: 1, sdpassword: "s3cret-value" }]);
});

Deno.test("/update <product> is not applied when HaloPSA kept the old value", async () => {
  await using fixture = openFixture();
  const operation = changeOf("update", "armis");
  const context = contextOf(fixture);
  const plan = await operation.plan(context, { id: "4", fields: { name: "Armis 2" } });
  assert.ok("target" in plan);
  const verdict = await operation.verify(context, plan, {});
  assert.equal(verdict.state, "not applied");
  assert.match(JSON.stringify(verdict.evidence), /name/);
});

Deno.test("/delete <product> is made against its settings, not against its sync", async () => {
  await using fixture = openFixture();
  const operation = changeOf("delete", "armis");
  const plan = await operation.plan(contextOf(fixture), { id: "4" });
  fixture.emulator.records.ArmisDetails![0]!.lastsyncdate = "2026-01-01T02:59:00";
  assert.deepEqual(await operation.plan(contextOf(fixture), { id: "4" }), plan);
  fixture.emulator.records.ArmisDetails![0]!.url = "https://other.example";
  assert.notDeepEqual(await operation.plan(contextOf(fixture), { id: "4" }), plan);
});

Deno.test("/delete <product> of what is gone says what there is", async () => {
  await using fixture = openFixture();
  const error = await refusal(changeOf("delete", "armis").plan(contextOf(fixture), { id: "99" }));
  assert.ok(error instanceof BadInput);
});

Deno.test("/webhook kaseya create says so when there is one already", async () => {
  await using fixture = openFixture();
  await carry(fixture, "webhook", "kaseya create", { id: "VSA X" });
  const again = await changeOf("webhook", "kaseya create").plan(contextOf(fixture), { id: "2" });
  assert.match(JSON.stringify(again), /already has webhook 4711/);
});

Deno.test("/export tenable start and cancel follow the one export there is", async () => {
  await using fixture = openFixture();
  const none = await changeOf("export", "tenable cancel").plan(contextOf(fixture), {});
  assert.match(JSON.stringify(none), /No Tenable export is running\."/);
  await carry(fixture, "export", "tenable start", {});
  const again = await changeOf("export", "tenable start").plan(contextOf(fixture), {});
  assert.match(JSON.stringify(again), /already running",":"," ",\{"code":/);
});

Deno.test("/export tenable start refuses a chunk that is no number", () => {
  const { input } = changeOf("export", "tenable start");
  for (const chunk of ["many", "0", "1.5"]) {
    assert.match(input.safeParse({ chunk }).error?.issues[0]?.message ?? "", /whole number from 1 to 100000/);
  }
});
