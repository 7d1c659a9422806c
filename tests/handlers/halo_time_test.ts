import assert from "node:assert/strict";
import { openFixture } from "../clients/halo_fixture.ts";
import { carry, changeOf, contextOf } from "./halo_carry.ts";

const WRITTEN = [
  ["2027-01-31", "2027-01-31T00:00:00"],
  ["2027-01-31 09:00", "2027-01-31T09:00:00"],
  ["2027-01-31t09:00:07.25", "2027-01-31T09:00:07"],
  ["2027-02-28T10:00:00Z", "2027-02-28T10:00:00"],
  ["2027-02-28T23:30:00-02:00", "2027-03-01T01:30:00"],
] as const;

for (const [written, sent] of WRITTEN) {
  Deno.test(`/update sentinelone sends token_expiry=${written} in HaloPSA's own form, and sees it taken`, async () => {
    await using fixture = openFixture();
    const input = { id: "1", fields: { token_expiry: written } };
    const carried = await carry(fixture, "update", "sentinelone", input);
    assert.deepEqual(carried.sent[0]?.[2], [{ id: 1, token_expiry: sent }]);
    assert.equal(carried.verdict.state, "applied");
    const again = await changeOf("update", "sentinelone").plan(contextOf(fixture), input);
    assert.ok("nothing" in again);
  });
}

Deno.test("/update sentinelone finds a date as it was, whatever form HaloPSA keeps it in", async () => {
  await using fixture = openFixture();
  const record = fixture.emulator.records.SentinelOneDetails![0]!;
  record.token_expiry = "2027-01-31T10:00:00+01:00";
  const operation = changeOf("update", "sentinelone");
  const plan = await operation.plan(contextOf(fixture), { id: "1", fields: { token_expiry: "2027-06-01" } });
  assert.ok("target" in plan);
  record.token_expiry = "2027-01-31T09:00:00.000";
  assert.equal((await operation.verify(contextOf(fixture), plan, {})).state, "not applied");
  record.token_expiry = "2027-06-01T02:00:00+02:00";
  assert.equal((await operation.verify(contextOf(fixture), plan, {})).state, "applied");
});

Deno.test("/update manageengine sets back a date that means never", async () => {
  await using fixture = openFixture({
    records: { ManageEngineDetails: [{ id: 1, name: "SDP", tokenexpiry: "1900-01-01T00:00:00" }] },
  });
  const { undone } = await carry(fixture, "update", "manageengine", {
    id: "1",
    fields: { tokenexpiry: "2027-01-31" },
  });
  assert.ok(undone);
  const back = await carry(fixture, undone.verb, "manageengine", undone.input);
  assert.equal(back.verdict.state, "applied");
});
