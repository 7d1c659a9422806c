import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { backUp, BackupError, backupPath } from "../../bot/ops/backup.ts";
import { systemClock } from "../../clients/clock.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { appendAudit } from "../../bot/store/audit.ts";
import { openFile } from "../approvals/database.ts";
import { run } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function write(store: Store, event: string): Promise<void> {
  return store.transaction((transaction) => appendAudit(store, transaction, [{ event }]));
}

Deno.test("backUp copies what was committed, though the bot goes on writing", async () => {
  await using file = await openFile();
  const store = await openStore({ kind: "sqlite", path: file.path }, systemClock);
  try {
    for (const event of ["one", "two", "three"]) await write(store, event);
    const copy = `${file.path}.copy`;
    const [verdict] = await Promise.all([backUp(file.path, copy), write(store, "four")]);
    assert.match(verdict, /^intact \([34] rows\)$/);
    await write(store, "five");
    using opened = new DatabaseSync(copy);
    const events = opened.prepare("select event from audit order by seq limit 3").all();
    assert.deepEqual(events.map((row) => row["event"]), ["one", "two", "three"]);
  } finally {
    await store.close();
  }
});

Deno.test("backUp refuses to write over a file, and to copy what is not there", async () => {
  await using file = await openFile();
  await assert.rejects(
    backUp(file.path, `${file.path}.copy`),
    /There is no database at .*: check DATABASE_URL/,
  );
  await (await openStore({ kind: "sqlite", path: file.path }, systemClock)).close();
  await backUp(file.path, `${file.path}.copy`);
  await assert.rejects(backUp(file.path, `${file.path}.copy`), /is there already: choose another name/);
});

Deno.test("backUp calls a copy whose audit was changed no backup", async () => {
  await using file = await openFile();
  const store = await openStore({ kind: "sqlite", path: file.path }, systemClock);
  await write(store, "one");
  await store.close();
  const forger = new DatabaseSync(file.path);
  forger.exec("update audit set event = 'another'");
  forger.close();
  await assert.rejects(
    backUp(file.path, `${file.path}.copy`),
    /The audit in the copy .* is broken at row 1: its content was changed/,
  );
});

Deno.test("backupPath stays in the database's folder", () => {
  const at = new Date("2026-11-21T23:58:00.123Z");
  assert.equal(backupPath("./data/countersign.db", at), "data/countersign-20261121T235800Z.db");
  assert.equal(backupPath("/var/lib/bot/x", at, "copy.db"), "/var/lib/bot/copy.db");
  for (const name of ["../x.db", "/etc/x.db", ""]) {
    assert.throws(() => backupPath("data/x.db", at, name), BackupError, name);
  }
});

Deno.test("deno task backup copies with the bot's own permissions, and says where the copy is", async () => {
  await using file = await openFile();
  const program = (...args: string[]) =>
    run({
      command: Deno.execPath(),
      args: ["task", "-q", ...args],
      cwd: ROOT,
      environment: { TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1", DATABASE_URL: file.url },
    });
  assert.equal((await program("migrate")).code, 0);
  const { code, output } = await program("backup", "copy.db");
  assert.deepEqual([code, output], [0, `${file.path.replace(/[^/]*$/, "copy.db")}: audit intact (0 rows)\n`]);
  const again = await program("backup", "copy.db");
  assert.equal(again.code, 1);
  assert.match(again.output, /is there already/);
});
