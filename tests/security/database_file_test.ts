import assert from "node:assert/strict";
import { basename } from "node:path";
import { backUp } from "../../bot/ops/backup.ts";
import { systemClock } from "../../clients/clock.ts";
import { openStore } from "../../bot/store/database.ts";
import { openFile } from "../approvals/database.ts";

const EVERYONE_MAY_LOOK = 0o755;

Deno.test("openStore and backUp keep the database, all that SQLite puts beside it, and the copy to their owner", async () => {
  await using place = await openFile();
  const folder = `${place.path}.d/data`;
  const path = `${folder}/countersign.db`;
  const store = await openStore({ kind: "sqlite", path }, systemClock);
  try {
    await backUp(path, `${folder}/copy.db`);
    const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => `${folder}/${name}`);
    assert.deepEqual(files.map((file) => basename(file)).sort(), [
      "copy.db",
      "countersign.db",
      "countersign.db-shm",
      "countersign.db-wal",
      "countersign.db.lock",
    ]);
    for (const file of files) assert.equal(await modeOf(file), 0o600, file);
    assert.equal(await modeOf(folder), 0o700);
  } finally {
    await store.close();
  }
});

Deno.test("openStore leaves a folder as it is that was there before", async () => {
  await using place = await openFile();
  const folder = `${place.path}.d`;
  await Deno.mkdir(folder);
  await Deno.chmod(folder, EVERYONE_MAY_LOOK);
  await (await openStore({ kind: "sqlite", path: `${folder}/countersign.db` }, systemClock)).close();
  assert.equal(await modeOf(folder), EVERYONE_MAY_LOOK);
});

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}
