import assert from "node:assert/strict";
import { drawn, freshSeed } from "../faults/chance.ts";
import { droppedPromises } from "./dropped_promise.ts";
import { createProgram, sourcePaths } from "./program.ts";

const PLANTED = "tests/house/planted.ts";

function found(code: string): string[] {
  const program = createProgram([PLANTED], { [PLANTED]: code });
  return droppedPromises(program, [PLANTED]).map((finding) => finding.replace(/^.*:\d+ /, ""));
}

Deno.test("droppedPromises finds statements that are promises, whoever made them", () => {
  const dropped = found(`
    import { readFile } from "node:fs/promises";
    import type { Kysely } from "kysely";
    import pg from "pg";
    import { systemClock } from "../../clients/clock.ts";
    async function own() {}
    const mine = { maybe: (): Promise<void> | undefined => undefined };
    export function drop(db: Kysely<{ row: { id: number } }>, pool: pg.Pool, sure: boolean) {
      own();
      systemClock.sleep(1);
      db.selectFrom("row").selectAll().execute();
      pool.query("select 1");
      fetch("http://127.0.0.1");
      readFile("x");
      Deno.readTextFile("x");
      sure && own();
      sure ? own() : 0;
      mine.maybe?.();
      own().then(() => 1);
      own().finally(() => {});
      [1, 2].map(own);
    }
  `);
  assert.deepEqual(dropped, [
    "own();",
    "systemClock.sleep(1);",
    'db.selectFrom("row").selectAll().execute();',
    'pool.query("select 1");',
    'fetch("http://127.0.0.1");',
    'readFile("x");',
    'Deno.readTextFile("x");',
    "sure && own();",
    "sure ? own() : 0;",
    "mine.maybe?.();",
    "own().then(() => 1);",
    "own().finally(() => {});",
    "[1, 2].map(own);",
  ]);
});

Deno.test("droppedPromises finds functions whose promise nobody expects", () => {
  const dropped = found(`
    async function own() {}
    [1].forEach(own);
    setTimeout(async () => await own(), 1);
    Deno.addSignalListener("SIGTERM", () => own());
  `);
  assert.deepEqual(dropped, ["own", "async () => await own()", "() => own()"]);
});

Deno.test("droppedPromises leaves promises alone that someone waits for or gives up on purpose", () => {
  const dropped = found(`
    async function own() {}
    let kept: Promise<void>;
    export async function wait() {
      await own();
      void own();
      kept = own();
      own().catch(() => {});
      own().then(() => 1, () => 2);
      own().catch(() => {}).finally(() => {});
      setTimeout(() => kept = own(), 1);
      setTimeout(() => void own(), 1);
      [1].map(own).forEach((promise) => void promise);
      await Promise.all([1].map(own));
      await own().then(() => own());
      return kept;
    }
  `);
  assert.deepEqual(dropped, []);
});

/** `dropped_promise_slow.ts` looks at all files, which takes the compiler a while. */
const SAMPLE = 10;
const seed = freshSeed();

Deno.test(`${SAMPLE} files drawn by seed ${seed} drop no promise`, () => {
  const paths = drawn(seed, sourcePaths(), SAMPLE);
  assert.deepEqual(droppedPromises(createProgram(paths), paths), []);
});
