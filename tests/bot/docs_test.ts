import assert from "node:assert/strict";
import { builtins } from "../../bot/commands/builtins.ts";
import { exampleFile, generatedParts, withParts } from "../../bot/ops/docs.ts";
import { readConfig, variablesOf } from "../../bot/config.ts";
import { usageOf } from "../../bot/parser/command.ts";
import { operations } from "../../handlers/registry.ts";

const PAGE = "before\n<!-- generated: one -->\nold\n<!-- end -->\nafter\n";

Deno.test("withParts replaces what is between the markers and nothing else", () => {
  const filled = withParts(PAGE, { one: "new $& text" });
  assert.equal(filled, "before\n<!-- generated: one -->\n\nnew $& text\n\n<!-- end -->\nafter\n");
});

Deno.test("withParts comes to the same when done again", () => {
  const once = withParts(PAGE, { one: "new" });
  assert.equal(withParts(once, { one: "new" }), once);
});

Deno.test("withParts refuses a part without a place, and a place without a part", () => {
  assert.throws(() => withParts(PAGE, { one: "x", two: "y" }), /no place for two/);
  assert.throws(() => withParts(PAGE, {}), /place for one/);
});

Deno.test("generatedParts names every command by its verb and every variable", () => {
  const { reads = "", changes = "", environment = "" } = generatedParts();
  const tables = reads + changes;
  for (const { verb } of operations) assert.ok(tables.includes(`\`/${verb} `), `/${verb} is missing`);
  for (const { name } of variablesOf()) assert.ok(environment.includes(`\`${name}\``));
});

Deno.test("generatedParts lists every command of the bot itself", () => {
  const { reads = "", approvals = "" } = generatedParts();
  for (const command of builtins) {
    const usage = usageOf(command).replaceAll("|", "\\|");
    assert.ok((reads + approvals).includes(`\`${usage}\``), `${usage} is missing`);
  }
});

Deno.test("exampleFile is usable once the required variables are filled in", () => {
  const given = exampleFile().split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.deepEqual(given, ["TELEGRAM_BOT_TOKEN=", "ADMIN_CHATS="]);
  const commented = [...exampleFile().matchAll(/^# ([A-Z_]+)=(.*)$/gm)];
  const defaults = Object.fromEntries(
    commented.flatMap(([, name = "", value = ""]) => value ? [[name, value]] : []),
  );
  const config = readConfig({ ...defaults, TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1001" });
  assert.deepEqual(config, readConfig({ TELEGRAM_BOT_TOKEN: "7:abc", ADMIN_CHATS: "-1001" }));
});
