import assert from "node:assert/strict";
import { ROOT } from "./program.ts";

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

interface Dependency {
  /** Absent where types alone are imported. */
  readonly code?: { readonly specifier: string };
  readonly isDynamic?: boolean;
}

/** What a file cannot run without, as `deno info` has it, packages by their names; the product's own files are left out. */
function neededBy(path: string): string[] {
  const args = ["info", "--json", "--frozen", path];
  const { stdout } = new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).outputSync();
  const { modules }: Graph = JSON.parse(new TextDecoder().decode(stdout));
  const needs = new Map(modules.map(({ specifier, dependencies = [] }) => [
    specifier,
    dependencies.flatMap(({ code, isDynamic }) => code && !isDynamic ? [code.specifier] : []),
  ]));
  const found = new Set([`file://${ROOT}${path}`]);
  for (const one of found) needs.get(one)?.forEach((other) => found.add(other));
  const foreign = [...found].filter((specifier) => !specifier.startsWith("file:"));
  return [...new Set(foreign.map((specifier) => specifier.replace(/^npm:\/?(@?[^@]+)@.*$/, "$1")))].sort();
}

Deno.test("the bot listens before it loads what it does not take updates in with", () => {
  assert.deepEqual(neededBy("bot/main.ts"), [
    "hono",
    "kysely",
    "node:sqlite",
    "node:timers",
    "node:timers/promises",
    "zod",
  ]);
});

/** Tells what a file that is loaded writes or sorts for people while it loads. */
const WATCHED = `
  const used = [];
  for (const [of, names] of [
    [Number.prototype, ["toLocaleString"]],
    [Date.prototype, ["toLocaleString", "toLocaleDateString", "toLocaleTimeString"]],
    [String.prototype, ["localeCompare"]],
    [Intl, ["DateTimeFormat", "NumberFormat", "Collator", "Segmenter", "ListFormat", "RelativeTimeFormat"]],
  ]) {
    for (const name of names) {
      const note = (how) => (...call) => {
        used.push(name);
        return how(...call);
      };
      const watched = { apply: note(Reflect.apply), construct: note(Reflect.construct) };
      of[name] = new Proxy(of[name], watched);
    }
  }
  await import(Deno.args[0]);
  console.log(JSON.stringify(used));
`;

Deno.test("what writes for people is not set up before there is something to write: it takes 6 MB", () => {
  const args = ["eval", "--frozen", WATCHED, `${ROOT}bot/app.ts`];
  const { stdout, stderr } = new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).outputSync();
  const told = new TextDecoder();
  assert.equal(told.decode(stdout).trim(), "[]", told.decode(stderr));
});
