import assert from "node:assert/strict";
import { VCENTER } from "../clients/opsramp_fixture.ts";
import { openHandlerFixture, stored } from "./opsramp_fixture.ts";

Deno.test("/enable opsramp says that it is enabled already, whatever the letter case", async () => {
  await using at = openHandlerFixture({
    installations: [{ id: "INTG-1", displayName: "One", status: "ENABLED" }],
  });
  assert.equal(await at.nothing("/enable opsramp INTG-1"), "One is enabled already");
});

Deno.test("/disable opsramp cannot prove itself on an SDK app, and offers no way back", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/disable opsramp ${VCENTER} reason=x`);
  assert.equal(change.undo.possible, false);
  assert.equal((await change.run()).verdict.state, "applied");
  stored(at, VCENTER).status = "Installed";
  at.fixture.emulator.fail("disable", { kind: "status", status: 200 });
  assert.equal((await change.run()).verdict.state, "accepted");
  at.fixture.emulator.fail("disable", { kind: "status", status: 500 });
  assert.equal((await change.run()).verdict.state, "unknown");
});

Deno.test("/disable opsramp reads back after a timeout: applied when it arrived, not applied when it did not", async () => {
  await using at = openHandlerFixture({}, { timeoutMs: 1_000 });
  const change = await at.plan("/disable opsramp Service Desk reason=x");
  at.fixture.emulator.fail("disable", { kind: "hang" });
  const lost = await change.run();
  assert.deepEqual([lost.failure?.kind, lost.verdict.state], ["timed_out", "not applied"]);
  at.fixture.emulator.fail("disable", { kind: "apply-then-hang" });
  const late = await change.run();
  assert.deepEqual([late.receipt, late.verdict.state], [undefined, "applied"]);
});
