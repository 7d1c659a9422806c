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
