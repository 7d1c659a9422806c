import assert from "node:assert/strict";
import { openFixture } from "./halo_fixture.ts";

const STATUSES: readonly (readonly [body: unknown, state: string])[] = [
  [[], "none"],
  ["PROCESSING", "running"],
  ["Processing (45%)", "running"],
  ["In progress", "running"],
  ["45%", "running"],
  ["100%", "finished"],
  ["Not started", "none"],
  ["Not finished", "unclear"],
  ["Incomplete", "unclear"],
  ["Not ready", "unclear"],
  ["Not running", "unclear"],
  ["Restart needed", "unclear"],
  ["45", "unclear"],
  [{ status: 3 }, "unclear"],
  [{ status: 100 }, "unclear"],
  [{ export_progress: 45 }, "running"],
  [{ export_progress: "100" }, "finished"],
  [{ export_progress: 300 }, "unclear"],
  [{ status: "ERROR" }, "failed"],
  [{ status: "No errors" }, "unclear"],
  [{ status: "Cancelled by user" }, "cancelled"],
  [{ status: "Cannot be cancelled" }, "unclear"],
  [{ export_progress: "PROCESSING", progress_error: "disk full" }, "failed"],
  [{
    exports: [{ status: "FINISHED", export_date: "2026-01-01" }, {
      status: "QUEUED",
      export_date: "2026-01-02",
    }],
  }, "running"],
  [[{ id: 9, status: "FINISHED" }, { id: 10, status: "QUEUED" }], "running"],
  [{ ready_for_import: true }, "finished"],
  [{ status: "Quux" }, "unclear"],
];

for (const [body, state] of STATUSES) {
  Deno.test(`halo.exportStatus reads ${JSON.stringify(body)} as ${state}`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail("GET Tenable/Status", { kind: "status", status: 200, body: JSON.stringify(body) });
    assert.equal((await fixture.client.exportStatus(fixture.call)).state, state);
  });
}
