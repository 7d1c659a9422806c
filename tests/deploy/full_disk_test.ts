import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SECRET_HEADER } from "../../bot/http.ts";
import { openFile } from "../approvals/database.ts";
import { eventually } from "../eventually.ts";
import { GROUP } from "../sandbox/stage.ts";
import { leastPermissions, openSurroundings, run, start, type Surroundings } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The bot where no file can grow beyond so many blocks of 512 bytes: to SQLite that is a full disk. */
function limited({ environment }: Surroundings, blocks: number) {
  const bot = ["run", "-q", "--frozen", ...leastPermissions(environment), "bot/main.ts"];
  const shell = `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`;
  return { command: "sh", args: ["-c", shell, "sh", Deno.execPath(), ...bot], cwd: ROOT, environment };
}

async function post({ url, environment }: Surroundings, updateId: number): Promise<number> {
  const chat = { id: GROUP, type: "group", title: "On-call" };
  const from = { id: 102, is_bot: false, first_name: "Ben" };
  // Of what begins with a word nothing would be kept.
  const message = { message_id: updateId, date: 1, chat, from, text: `…${"words".repeat(4000)}` };
  const response = await fetch(`${url}/telegram`, {
    method: "POST",
    body: JSON.stringify({ update_id: updateId, message }),
    headers: { [SECRET_HEADER]: environment["TELEGRAM_WEBHOOK_SECRET"] ?? "" },
  });
  await response.text();
  return response.status;
}

async function readiness({ url }: Surroundings): Promise<number> {
  const response = await fetch(`${url}/readyz`);
  await response.text();
  return response.status;
}

Deno.test("a bot whose disk is full takes nothing, and says that it is not ready", async () => {
  await using file = await openFile();
  await using surroundings = openSurroundings({ environment: { DATABASE_URL: file.url } });
  await using bot = start(limited(surroundings, 2048));
  await bot.says('"started"');
  assert.equal(await readiness(surroundings), 200);
  let updateId = 1;
  while (updateId < 100 && await post(surroundings, updateId) === 200) updateId++;
  assert.ok(updateId < 100, "the disk did not become full");
  // What it found out holds for everyone who asks within the next second.
  await eventually(async () => await readiness(surroundings) === 503, "it to say so");
});

Deno.test("a bot whose database takes no writes does not start, and says which and what to do", async () => {
  await using file = await openFile();
  await using surroundings = openSurroundings({ environment: { DATABASE_URL: file.url } });
  const { environment } = surroundings;
  const migrated = await run({
    command: Deno.execPath(),
    args: ["run", "-q", "--frozen", "-A", "bot/ops/migrate.ts"],
    cwd: ROOT,
    environment,
  });
  assert.equal(migrated.code, 0, migrated.output);
  const { code, output } = await run(limited(surroundings, 0));
  assert.equal(code, 1);
  assert.ok(output.includes(`The database ${file.path} cannot be used (`), output);
  assert.match(output, /check the path in DATABASE_URL, and that this user may write the file/);
});
