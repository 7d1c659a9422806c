import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";
import { openFile } from "../approvals/database.ts";

Deno.test("check waits for who writes to the file for a moment, and holds nobody else up", async () => {
  await using file = await openFile();
  const store = await openStore({ kind: "sqlite", path: file.path }, systemClock);
  await using _closing = { [Symbol.asyncDispose]: () => store.close() };
  using other = new DatabaseSync(file.path);
  other.exec("begin immediate");
  const checked = store.check().then(() => "checked");
  const others = new Promise((resolve) => setImmediate(resolve, "the others go on"));
  assert.equal(await Promise.race([checked, others]), "the others go on");
  other.exec("rollback");
  assert.equal(await checked, "checked");
});
