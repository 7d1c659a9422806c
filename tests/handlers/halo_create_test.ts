import assert from "node:assert/strict";
import { openFixture } from "../clients/halo_fixture.ts";
import { carry, changeOf, contextOf } from "./halo_carry.ts";

Deno.test("/create <product> is unknown when HaloPSA said yes, gave no id and lists nothing under that name", async () => {
  await using fixture = openFixture({ shape: { savedStatus: 204 } });
  const operation = changeOf("create", "sophos");
  const context = contextOf(fixture);
  const plan = await operation.plan(context, { fields: { name: "Sophos EU" } });
  assert.ok("target" in plan);
  const receipt = await operation.apply(context, plan, {});
  fixture.emulator.records.SophosDetails!.at(-1)!.name = "SOPHOS-EU";
  const { state, evidence } = await operation.verify(context, plan, receipt);
  assert.equal(state, "unknown");
  assert.match(JSON.stringify(evidence), /lists nothing of that name.*before you ask again/);
});

Deno.test("/create <product> is not applied when the id that HaloPSA gave is nobody's", async () => {
  await using fixture = openFixture();
  const operation = changeOf("create", "sophos");
  const context = contextOf(fixture);
  const plan = await operation.plan(context, { fields: { name: "Sophos EU" } });
  assert.ok("target" in plan);
  const verdict = await operation.verify(context, plan, { data: { id: 99 } });
  assert.equal(verdict.state, "not applied");
  assert.match(JSON.stringify(verdict.evidence), /id 99/);
});

for (const name of ["4", "#4"]) {
  Deno.test(`/create armis name=${name} has no way back by a name that reads as an id`, async () => {
    await using fixture = openFixture();
    const { undo, verdict } = await carry(fixture, "create", "armis", { fields: { name } });
    assert.equal(verdict.state, "applied");
    assert.deepEqual(undo, {
      possible: false,
      why: "Not by name, as it looks like an id: /delete armis with its id.",
    });
  });
}
