import assert from "node:assert/strict";
import { guards, misplaced } from "./guards.ts";

Deno.test("deno task mutation finds every guard exactly once where it says, and every test that has to miss it", async () => {
  assert.deepEqual(await misplaced(guards), []);
});
