import assert from "node:assert/strict";
import { builtins } from "../../bot/commands/builtins.ts";
import { readConfig, variablesOf } from "../../bot/config.ts";
import { Metrics } from "../../bot/metrics.ts";
import { type Command, usageOf } from "../../bot/parser/command.ts";
import { parse } from "../../bot/parser/parse.ts";
import { operations, vendors } from "../../handlers/registry.ts";
import { textAt } from "../house/imports.ts";
import { configuration } from "../house/program.ts";
import { commands } from "../bot/command_vocabulary.ts";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { builtinTable, commandTable, vendorSections } from "./commands.ts";
import { exampleFile, variableTables } from "./configuration.ts";
import { withParts } from "./pages.ts";

const PAGE = "before\n<!-- generated: one -->\nold\n<!-- end -->\nafter\n";
const MOST_OF_README = 9 * 1024;

Deno.test("withParts replaces what is between the markers and nothing else", () => {
  const filled = withParts("x.md", PAGE, { one: "new $& text" });
  assert.equal(filled, "before\n<!-- generated: one -->\n\nnew $& text\n\n<!-- end -->\nafter\n");
});

Deno.test("withParts comes to the same when done again", () => {
  const once = withParts("x.md", PAGE, { one: "new" });
  assert.equal(withParts("x.md", once, { one: "new" }), once);
});

Deno.test("withParts refuses a part without a place, and a place without a part", () => {
  assert.throws(() => withParts("x.md", PAGE, { one: "x", two: "y" }), /x\.md has no place for two/);
  assert.throws(() => withParts("x.md", PAGE, {}), /x\.md has a place for one/);
});

Deno.test("docs/commands.md has every command of the bot and of each vendor", () => {
  for (const command of builtins) {
    const usage = usageOf(command).replaceAll("|", "\\|");
    assert.ok(builtinTable().includes(`\`${usage}\``), `${usage} is missing`);
  }
  const sections = vendorSections();
  for (const { label } of vendors) assert.match(sections, new RegExp(`^## ${label}$`, "m"));
  for (const { verb } of operations) assert.ok(sections.includes(`\`/${verb} `), `/${verb} is missing`);
});

Deno.test("docs/configuration.md has every variable", () => {
  for (const { name } of variablesOf()) assert.ok(variableTables().includes(`| \`${name}\` |`), name);
});

Deno.test("docs/operations.md names every metric of the bot's own, and no other", async () => {
  const told = (await new Metrics().text(0)).matchAll(/^# HELP (countersign_\w+) /gm);
  const named = textAt("docs/operations.md").matchAll(
    /`(countersign_[a-z]+_[a-z_]+|countersign_(?:loans|pending|emergencies))`/g,
  );
  const names = (found: Iterable<RegExpExecArray>) => [...new Set([...found].map(([, name]) => name))].sort();
  assert.deepEqual(names(named), names(told));
});

Deno.test("commandTable has three cells a row, pipes escaped", () => {
  const lines = commandTable(commands).split("\n");
  for (const line of lines.filter((line) => !line.startsWith("- ") && line !== "")) {
    assert.equal(line.replaceAll("\\|", "").split("|").length, 5, line);
  }
  assert.match(lines.join("\n"), /`\/map opsramp <id> in\\\|out/);
  assert.match(lines.join("\n"), /^- `\/list apono` `\[name=<name>\]` `\[status=Active\|Error\|Paused\]`/m);
  assert.match(lines.join("\n"), /`\/create apono .*` or a document/);
});

Deno.test("commandTable joins rows that differ only in the target, and names who has them unless all have", () => {
  const one = commandAt("/webhook kaseya create");
  const twice = [one, { ...one, target: "datto" }];
  assert.match(commandTable(twice), /`\/webhook <target> <id>` \| [^(|]+ \|/);
  const rows = commandTable([
    ...twice,
    ...["kaseya", "datto", "armis"].map((target) => ({ ...one, verb: "x", target })),
  ]);
  assert.match(rows, /`\/webhook <target> <id>` \| .* \(`kaseya create`, `datto`\) \|/);
  const other = commandTable([...twice, { ...one, target: "armis", risk: "danger" }]);
  assert.equal(other.split("\n").length, 4);
});

Deno.test("commandTable leaves out of a joined summary what differs, and joins nothing else", () => {
  const one = commandAt("/webhook kaseya create");
  const row = (target: string, summary: string) => ({ ...one, verb: "list", target, summary });
  const table = commandTable([
    row("datto", "All Datto RMM integrations with their ids"),
    row("kaseya", "All Kaseya integrations with their ids"),
    row("ec2", "With role=<arn>"),
  ]);
  assert.match(table, /`\/list <target> <id>` \| All … integrations with their ids \|/);
  assert.match(table, /`\/list ec2 <id>` \| With role=&lt;arn> \|/);
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

Deno.test("README.md is short, and every command in it can be typed as it stands", () => {
  const readme = textAt("README.md");
  assert.ok(new TextEncoder().encode(readme).length <= MOST_OF_README);
  const all = { commands: [...builtins, ...operations], aliases: targetAliases() };
  const typed = [...readme.matchAll(/(?:^|`)(\/[a-z]+(?: [^`\n]+)?)(?:`|$)/gm)].map(([, text = ""]) => text);
  assert.ok(typed.length > 10);
  for (const text of typed.filter((text) => !text.startsWith("/newbot"))) {
    const parsed = parse(text, { ...all, botName: "countersign_bot" });
    assert.equal(parsed.kind, "command", `${text}: ${Deno.inspect(parsed)}`);
  }
});

Deno.test("CONTRIBUTING.md says of every dependency why it is there", () => {
  const text = textAt("CONTRIBUTING.md").toLowerCase();
  const packages = Object.values(configuration.imports).flatMap((specifier) =>
    /^npm:\/?(.+?)@/.exec(specifier)?.[1] ?? []
  );
  const names = packages.filter((name) => !name.startsWith("@types/")).map((name) =>
    name.split("/").at(-1) ?? ""
  );
  assert.deepEqual(names.filter((name) => !new RegExp(`\\*\\*${name}:?\\*\\*`).test(text)), []);
});

Deno.test("README.md's three lines do in the sandbox what it says", async () => {
  const [, look = "", change = "", undo = ""] = /^```\n(.+)\n(.+)\n(.+)\n```$/m.exec(textAt("README.md")) ??
    [];
  await using fixture = await openFixture();
  await fixture.say(ANA, look);
  assert.match(fixture.groupAnswers().at(-1) ?? "", /vendors need attention/);
  const { code } = await fixture.carryOut(change);
  assert.equal(await fixture.state(code), "applied");
  const back = await fixture.carryOut(undo.replace("K7Q2X", code));
  assert.equal(await fixture.state(back.code), "applied");
});

function targetAliases(): Record<string, readonly string[]> {
  return Object.assign({}, ...vendors.map(({ targets }) => targets));
}

function commandAt(head: string): Command {
  const found = commands.find(({ verb, target }) => `/${verb} ${target}` === head);
  assert.ok(found, head);
  return found;
}
