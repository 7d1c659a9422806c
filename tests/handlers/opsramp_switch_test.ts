import assert from "node:assert/strict";
import { SERVICE_DESK, STAGING, VCENTER } from "../clients/opsramp_desk.ts";
import { changesOf, openRig, stored, textOf, undone } from "./opsramp_rig.ts";

Deno.test("/enable opsramp enables, reads back and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan("/enable opsramp AWS staging");
  assert.equal(change.operation.risk, "write");
  assert.equal(textOf(change.card.title), "Enable AWS staging in OpsRamp");
  assert.deepEqual(changesOf(change.card), ["Status: disabled → enabled"]);
  assert.deepEqual(change.plan.target, { key: `opsramp:${STAGING}`, id: STAGING, name: "AWS staging" });
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.equal(textOf(verdict.evidence), "AWS staging is read back as enabled");
  assert.equal(at.desk.written()?.path.endsWith(`/installed/${STAGING}/enable`), true);
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, STAGING).status, "disabled");
});

Deno.test("/disable opsramp is a danger, says what breaks and can be undone", async () => {
  await using at = openRig();
  const change = await at.plan('/disable opsramp Service Desk reason="moving"');
  assert.equal(change.operation.risk, "danger");
  assert.deepEqual(change.card.breaks.map(textOf), [
    "OpsRamp neither takes from nor sends to Service Desk until it is enabled.",
  ]);
  const { verdict } = await change.run();
  assert.equal(verdict.state, "applied");
  assert.equal(await undone(at, change, verdict.after), "applied");
  assert.equal(stored(at, SERVICE_DESK).status, "enabled");
});

Deno.test("/enable opsramp says that it is enabled already, whatever the letter case", async () => {
  await using at = openRig({ installations: [{ id: "INTG-1", displayName: "One", status: "ENABLED" }] });
  assert.equal(await at.nothing("/enable opsramp INTG-1"), "One is enabled already");
});

Deno.test("/disable opsramp cannot prove itself on an SDK app, and offers no way back", async () => {
  await using at = openRig();
  const change = await at.plan(`/disable opsramp ${VCENTER} reason=x`);
  assert.equal(change.undo.possible, false);
  assert.equal((await change.run()).verdict.state, "applied");
  stored(at, VCENTER).status = "Installed";
  at.desk.emulator.fail("disable", { kind: "status", status: 200 });
  assert.equal((await change.run()).verdict.state, "accepted");
  at.desk.emulator.fail("disable", { kind: "status", status: 500 });
  assert.equal((await change.run()).verdict.state, "unknown");
});

Deno.test("/disable opsramp reads back after a timeout: applied when it arrived, not applied when it did not", async () => {
  await using at = openRig({}, { timeoutMs: 300 });
  const change = await at.plan("/disable opsramp Service Desk reason=x");
  at.desk.emulator.fail("disable", { kind: "hang" });
  const lost = await change.run();
  assert.deepEqual([lost.failure?.kind, lost.verdict.state], ["timed_out", "not applied"]);
  at.desk.emulator.fail("disable", { kind: "apply-then-hang" });
  const late = await change.run();
  assert.deepEqual([late.receipt, late.verdict.state], [undefined, "applied"]);
});
