import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openFile } from "../approvals/database.ts";
import { WHOLE, writePolicy } from "../approvals/policy_file.ts";
import { freePort } from "../free_port.ts";
import { leastPermissions, run } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PASSWORD = "Sup3rSecretPassw0rd";

/** What one of our programs said, and how it ended, where only this is set. */
function ran(program: string, changes: Readonly<Record<string, string>>) {
  const environment = { TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1", HOST: "127.0.0.1", ...changes };
  const args = ["run", "-q", "--frozen", ...leastPermissions(environment), `bot/${program}.ts`];
  return run({ command: Deno.execPath(), args, cwd: ROOT, environment });
}

/** The sentence in the bot's only line of the log. */
function sentenceOf(output: string): string {
  assert.equal(output.trim().split("\n").length, 1, output);
  const { level, properties } = JSON.parse(output);
  assert.deepEqual([level, Object.keys(properties)], ["ERROR", ["message"]], output);
  return properties.message;
}

Deno.test("a bot whose port is taken says so, and which variable to change", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, output } = await ran("main", {
    DATABASE_URL: "sqlite::memory:",
    PORT: String(other.addr.port),
  });
  assert.equal(code, 1);
  assert.equal(
    sentenceOf(output),
    `Something else listens on port ${other.addr.port}: stop it, or set PORT to another one.`,
  );
});

Deno.test("a bot that cannot start says what it doubted before it says why", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, output } = await ran("main", {
    DATABASE_URL: "sqlite::memory:",
    PORT: String(other.addr.port),
    BITDEFENDER_API_URL: "https://gravityzone.example",
    BITDEFENDER_API_KEY: "gravityzone-key",
  });
  assert.equal(code, 1);
  const events = output.trim().split("\n").map((line) => JSON.parse(line).message);
  assert.deepEqual(events, ["doubtful_configuration", "not_listening"]);
});

Deno.test("a bot that is to listen on another machine's address says so, and which variable to change", async () => {
  const { code, output } = await ran("main", {
    DATABASE_URL: "sqlite::memory:",
    HOST: "192.0.2.1",
    PORT: String(freePort()),
  });
  assert.equal(code, 1);
  assert.match(
    sentenceOf(output),
    /^Cannot listen on 192\.0\.2\.1, port \d+ \(.+\): set HOST to an address of this machine\.$/,
  );
});

Deno.test("a bot does not start with a policy that cannot be used, and says where it is wrong", async () => {
  const file = await writePolicy(WHOLE.replace("remind =", "remnd ="));
  const { code, output } = await ran("main", { DATABASE_URL: "sqlite::memory:", POLICY: file });
  await Deno.remove(file);
  assert.equal(code, 1);
  assert.match(output, /^The configuration is not usable:\n- \S*policy-\S+\.toml:17:1 unknown key “remnd”/);
});

for (const [program, expected] of [["main", 1], ["ops/migrate", 1], ["ops/audit_verify", 2]] as const) {
  Deno.test(`${program} says where it finds no Postgres, and not with which password`, async () => {
    const place = `127.0.0.1:${freePort()}/test`;
    const { code, output } = await ran(program, { DATABASE_URL: `postgres://bot:${PASSWORD}@${place}` });
    assert.equal(code, expected);
    const sentence = program === "main" ? sentenceOf(output) : output;
    assert.match(
      sentence,
      /^The database \S+ cannot be used \(.*ECONNREFUSED.*\): check DATABASE_URL, .*\.\n?$/,
    );
    assert.ok(sentence.includes(place), sentence);
    assert.ok(!output.includes(PASSWORD), output);
  });

  Deno.test(`${program} says which file it cannot open, in one sentence`, async () => {
    await using file = await openFile();
    await Deno.writeTextFile(file.path, "This is no database. ".repeat(100));
    const { code, output } = await ran(program, { DATABASE_URL: file.url });
    assert.equal(code, expected);
    const sentence = program === "main" ? sentenceOf(output) : output;
    assert.match(
      sentence,
      /^The database \S+ cannot be used \(.*\): check the path in DATABASE_URL, .*\.\n?$/,
    );
    assert.ok(sentence.includes(file.path), sentence);
  });
}

Deno.test("audit_verify makes no database where there is none, and migrates none", async () => {
  await using file = await openFile();
  assert.deepEqual(await ran("ops/audit_verify", { DATABASE_URL: file.url }), {
    code: 2,
    output: `There is no database at ${file.path}: check DATABASE_URL.\n`,
  });
  assert.equal(existsSync(file.path), false);
  await Deno.writeTextFile(file.path, "");
  const { code, output } = await ran("ops/audit_verify", { DATABASE_URL: file.url });
  assert.equal(code, 2);
  assert.match(output, /^The database \S+ cannot be used \(no such table: .*\n$/);
});
