import assert from "node:assert/strict";
import { closingLine, countsIn, skippedIn } from "./run.ts";

Deno.test("countsIn reads the summary, steps and filtered tests aside", () => {
  const output =
    "x ... ok (1ms)\n\nFAILED | 12 passed (8 steps) | 2 failed | 1 ignored | 3 filtered out (48s)\n";
  assert.deepEqual(countsIn(output, false), { passed: 12, failed: 2, skipped: 1 });
});

Deno.test("countsIn takes zero for what the summary leaves out", () => {
  assert.deepEqual(countsIn("ok | 7 passed | 0 failed (2s)\n", true), { passed: 7, failed: 0, skipped: 0 });
});

Deno.test("countsIn counts a run that ended badly without a failed test as one failure", () => {
  assert.deepEqual(countsIn("error: Type checking failed.\n", false), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(countsIn("ok | 7 passed | 0 failed (2s)\n", false), { passed: 7, failed: 1, skipped: 0 });
});

Deno.test("countsIn is not taken in by a test that prints a summary of its own", () => {
  const output = "ok | 99 passed | 0 failed (1s)\nFAILED | 1 passed | 1 failed (1s)\n";
  assert.deepEqual(countsIn(output, false), { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("skippedIn names the tests that were not run, with the reason in the name", () => {
  const output = "a ... ok (1ms)\nthe page works (skipped: no Chromium) ... ignored (0ms)\nb ... ok (1ms)\n";
  assert.deepEqual(skippedIn(output), ["the page works (skipped: no Chromium)"]);
});

Deno.test("closingLine is the line that scripts read", () => {
  assert.equal(closingLine({ passed: 12, failed: 0, skipped: 1 }), "12 passed, 0 failed, 1 skipped");
});
