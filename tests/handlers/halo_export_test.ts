import assert from "node:assert/strict";
import { openFixture } from "../clients/halo_fixture.ts";
import { changeOf, contextOf, read } from "./halo_carry.ts";

Deno.test("/export tenable start is not held up by an export whose state nobody knows", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("GET Tenable/Status", { kind: "status", status: 200, body: { status: 3 } });
  const plan = await changeOf("export", "tenable start").plan(contextOf(fixture), {});
  assert.ok("target" in plan);
});

Deno.test("/export tenable status shows the newest of several exports", async () => {
  await using fixture = openFixture();
  const exports = [
    { id: 1, export_progress: "FINISHED", export_date: "2026-01-01T00:00:00" },
    { id: 2, export_progress: "PROCESSING", export_date: "2026-01-02T00:00:00" },
  ];
  fixture.emulator.fail("GET Tenable/Status", { kind: "status", status: 200, body: exports });
  const reply = await read(fixture, "export", "tenable status");
  assert.equal(reply.title, "Tenable export: running");
  assert.match(JSON.stringify(reply.blocks), /\["exports","2, this is the newest"\].*PROCESSING/);
  assert.doesNotMatch(JSON.stringify(reply.blocks), /FINISHED/);
});
