import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { textAt } from "./imports.ts";
import { ROOT, sourcePaths } from "./program.ts";
import { codeFaults, lengthFaults, machineFaults, nameFaults } from "./style.ts";

/** Files that may be longer, each with its reason. */
const LONGER: Readonly<Record<string, string>> = {
  "bot/store/migrations.ts": "one migration is one list of tables",
};

Deno.test.each(["bot/utils.ts", "clients/types.ts", "handlers/common/x.ts", "tests/helpers_test.ts"])(
  "nameFaults refuses %s",
  (path) => assert.equal(nameFaults(path).length, 1),
);

Deno.test("nameFaults lets names through that say something", () => {
  assert.deepEqual(
    ["bot/parser/command.ts", "tests/clock.ts", "clients/halo/type_names.ts"].flatMap(nameFaults),
    [],
  );
});

Deno.test("codeFaults finds what the house does not do", () => {
  const code = [
    'console.log("x");',
    "let a: any = 1;",
    "const b = a as unknown as string;",
    "// TO" + "DO later",
    "/* FIX" + "ME */",
  ].join("\n");
  assert.deepEqual(codeFaults("bot/x.ts", code), [
    "bot/x.ts:1 writes to the console",
    "bot/x.ts:2 says any without a reason",
    "bot/x.ts:3 casts by way of unknown",
    "bot/x.ts:4 leaves a TO" + "DO",
    "bot/x.ts:5 leaves a FIX" + "ME",
  ]);
});

Deno.test("codeFaults lets any pass with a reason, and words that only look alike", () => {
  const code = [
    "// deno-lint-ignore no-explicit-any -- the library's own type says so",
    "let a: any = 1;",
    "// any of these may be console output",
    'const text = "as unknown as";',
    "const b = a as unknown;",
  ].join("\n");
  assert.deepEqual(codeFaults("bot/x.ts", code), []);
});

Deno.test("lengthFaults finds long files and long functions", () => {
  const long = `function grow() {\n${"  0;\n".repeat(59)}}\n`;
  assert.deepEqual(lengthFaults("bot/x.ts", long), ["bot/x.ts:1 grow has 61 lines of its own"]);
  assert.deepEqual(lengthFaults("bot/x.ts", "0;\n".repeat(401)), [
    "bot/x.ts has 401 lines: split it by noun",
  ]);
  assert.deepEqual(lengthFaults("bot/x.ts", "0;\n".repeat(400)), []);
});

Deno.test("lengthFaults counts the functions within a factory by themselves", () => {
  const member = `function member() {\n${"0;\n".repeat(58)}}\n`;
  const factory = (members: string) => lengthFaults("bot/x.ts", `function factory() {\n${members}}\n`);
  assert.deepEqual(factory(member), []);
  assert.deepEqual(factory(member + member), ["bot/x.ts:1 factory has 122 lines in all"]);
});

Deno.test("machineFaults finds paths and hosts of one machine", () => {
  const text = [
    "read /ro" + "ot/x",
    "from https://regis" + "try.example.org/zod",
    "see https://a.example/home/x",
    "./tmp/x",
  ];
  assert.deepEqual(machineFaults("README.md", text.join("\n")), [
    "README.md:1 names /ro" + "ot/x",
    "README.md:2 names regis" + "try.example.",
  ]);
});

Deno.test("the code keeps to the house style", () => {
  assert.deepEqual(sourcePaths().flatMap((path) => codeFaults(path, textAt(path))), []);
});

Deno.test("the product's files and functions are short", () => {
  const product = sourcePaths().filter((path) => !path.startsWith("tests/") && !(path in LONGER));
  assert.deepEqual(product.flatMap((path) => lengthFaults(path, textAt(path))), []);
});

Deno.test("every file is named after what it holds, and knows nothing of anyone's machine", () => {
  const paths = trackedPaths();
  assert.deepEqual(paths.flatMap(nameFaults), []);
  assert.deepEqual(paths.flatMap((path) => machineFaults(path, textAt(path))), []);
});

/** What git keeps or is about to; without git, the code. */
function trackedPaths(): string[] {
  const { success, stdout } = new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
    stderr: "null",
  }).outputSync();
  if (!success) return sourcePaths();
  return new TextDecoder().decode(stdout).split("\0").filter((path) =>
    path !== "" && existsSync(ROOT + path)
  );
}
