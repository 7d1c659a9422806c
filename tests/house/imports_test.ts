import assert from "node:assert/strict";
import { declaredName, importFaults, importsIn, textAt } from "./imports.ts";
import { configuration, sourcePaths } from "./program.ts";

Deno.test("importsIn reads every form of import", () => {
  const code = `
    // @ts-types="@types/pg"
    import pg from "pg";
    import type { A } from "./a.ts";
    export { b } from "./b.ts";
    export * from "./c.ts";
    const { chromium } = await import("playwright-core");
    import "./d.ts";
    const text = 'import x from "not-one"';
  `;
  assert.deepEqual(importsIn("bot/x.ts", code), [
    "@types/pg",
    "pg",
    "./a.ts",
    "./b.ts",
    "./c.ts",
    "playwright-core",
    "./d.ts",
  ]);
});

Deno.test.each([
  ["clients/http.ts", "../handlers/operation.ts"],
  ["clients/http.ts", "../bot/config.ts"],
  ["handlers/halo/fields.ts", "../../bot/log.ts"],
  ["bot/context.ts", "../tests/clock.ts"],
  ["tests/sandbox/halo.ts", "../../clients/halo.ts"],
  ["tests/sandbox/halo/world.ts", "../../../handlers/reply.ts"],
  ["handlers/halo.ts", "hono"],
  ["handlers/halo.ts", "grammy/types"],
  ["clients/halo.ts", "kysely"],
  ["bot/telegram/api.ts", "ofetch"],
  ["bot/context.ts", "npm:zod@4"],
  ["bot/context.ts", "left-pad"],
  ["bot/context.ts", "jsr:@std/assert"],
])("importFaults refuses %s importing %s", (path, specifier) => {
  assert.equal(importFaults(path, [specifier]).length, 1);
});

Deno.test.each([
  ["bot/context.ts", "../handlers/reply.ts"],
  ["bot/context.ts", "../clients/clock.ts"],
  ["handlers/halo.ts", "../clients/halo.ts"],
  ["handlers/halo.ts", "./halo/create.ts"],
  ["tests/sandbox/main.ts", "../../bot/config.ts"],
  ["tests/sandbox/telegram_test.ts", "../../bot/config.ts"],
  ["tests/sandbox/halo/world.ts", "../serve.ts"],
  ["bot/http.ts", "hono/body-limit"],
  ["tests/bot/edge_test.ts", "hono"],
  ["clients/path.ts", "node:path"],
])("importFaults lets %s import %s", (path, specifier) => {
  assert.deepEqual(importFaults(path, [specifier]), []);
});

Deno.test("the code imports in one direction, and only what deno.json declares", () => {
  const faults = sourcePaths().flatMap((path) => importFaults(path, importsIn(path, textAt(path))));
  assert.deepEqual(faults, []);
});

Deno.test("deno.json declares only what the code imports", () => {
  const used = new Set(sourcePaths().flatMap((path) => importsIn(path, textAt(path)).map(declaredName)));
  assert.deepEqual(Object.keys(configuration.imports).filter((name) => !used.has(name)), []);
});
