import assert from "node:assert/strict";
import { importsIn, textAt } from "./imports.ts";
import { pathsUnder, sourcePaths } from "./program.ts";
import { backArrows, circles, factories, fragments, ROOMS, sharedNames, type SourceFile } from "./rooms.ts";

function file(path: string, code: string): SourceFile {
  return { path, code, imports: importsIn(path, code) };
}

const product = sourcePaths().filter((path) => !path.startsWith("tests/"))
  .map((path) => file(path, textAt(path)));

Deno.test("backArrows finds imports of a room above, and rooms without a place", () => {
  const files = [
    file("bot/store/sqlite.ts", `import type { Router } from "../dispatch/router.ts";`),
    file("bot/dispatch/router.ts", `import { open } from "../store/sqlite.ts"; import "./read.ts";`),
    file("bot/attic/box.ts", ""),
    file("handlers/apono.ts", `import "../clients/apono.ts";`),
  ];
  assert.deepEqual(backArrows(files), [
    "bot/store/sqlite.ts imports bot/dispatch/router.ts, which stands above it",
    "bot/attic/box.ts is in a room that has no place in ROOMS",
  ]);
});

Deno.test("circles finds files that import each other, by way of others and for types alone", () => {
  const files = [
    file("a.ts", `import "./b.ts";`),
    file("b.ts", `import type { C } from "./c.ts";`),
    file("c.ts", `import "./a.ts"; import "./d.ts";`),
    file("d.ts", ""),
  ];
  assert.deepEqual(circles(files), [["a.ts", "b.ts", "c.ts"]]);
});

Deno.test("sharedNames finds what two files export under one name", () => {
  const files = [
    file("a.ts", "export const one = 1, two = 2; interface Three {}"),
    file("b.ts", "export function two(): void {}\nexport interface Three {}"),
  ];
  assert.deepEqual(sharedNames(files), ["two is exported by a.ts and b.ts"]);
});

Deno.test("fragments finds short files that one file alone imports", () => {
  const long = "export const x = 1;\n".repeat(60);
  const files = [
    file("main.ts", `import "./short.ts"; import "./long.ts"; import "./shared.ts";`),
    file("other.ts", `import "./shared.ts";`),
    file("short.ts", ""),
    file("long.ts", long),
    file("shared.ts", ""),
  ];
  assert.deepEqual(fragments(files), ["short.ts has 1 lines and is imported by main.ts alone"]);
});

Deno.test("the rooms of bot/ are those of its folder, and import only what stands below them", () => {
  const there = new Set(pathsUnder("bot").map((path) => path.split("/")[1]));
  assert.deepEqual(ROOMS.filter((room) => !there.has(room)), [], "rooms that are no more");
  assert.deepEqual(backArrows(product), []);
});

Deno.test("no files of the product import each other in a circle", () => {
  assert.deepEqual(circles(product), []);
});

Deno.test("no two files of the product export the same name", () => {
  assert.deepEqual(sharedNames(product), []);
});

/** Short files with one importer that say something on their own. */
const ON_THEIR_OWN: ReadonlySet<string> = new Set([
  // The one list of the bot's own commands.
  "bot/commands/builtins.ts",
  // The way in where there is no webhook.
  "bot/queue/polling.ts",
  // The declaration of a vendor.
  "handlers/apono.ts",
  "handlers/bitdefender.ts",
  "handlers/halo.ts",
  "handlers/opsramp.ts",
]);

Deno.test("no file of the product is a fragment of another", () => {
  const found = fragments(product).filter((fault) => !ON_THEIR_OWN.has(fault.split(" ")[0] ?? ""));
  assert.deepEqual(found, []);
});

Deno.test("parts of the product are classes, whose methods a call leads to", () => {
  assert.deepEqual(factories(product), []);
});
