import assert from "node:assert/strict";
import { droppedPromises } from "./dropped_promise.ts";
import { createProgram, sourcePaths } from "./program.ts";

Deno.test("the code drops no promise", () => {
  const paths = sourcePaths();
  assert.deepEqual(droppedPromises(createProgram(paths), paths), []);
});
