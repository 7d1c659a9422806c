import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { instructions } from "./dockerfile.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("instructions joins continued lines and leaves comments out", () => {
  assert.deepEqual(instructions('# first\nFROM a AS b\nRUN one && \\\n  two\n\ncmd ["x"]\n'), [
    ["FROM", "a AS b"],
    ["RUN", "one && two"],
    ["CMD", '["x"]'],
  ]);
});

/** `dockerfile_slow.ts` builds the image and runs what is in it. */
Deno.test("the Dockerfile copies what there is, and starts tasks that there are", () => {
  const all = instructions(Deno.readTextFileSync(`${ROOT}Dockerfile`));
  const copied = all.filter(([keyword, rest]) => keyword === "COPY" && !rest.includes("--from="))
    .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1));
  assert.deepEqual(copied.filter((path) => !existsSync(ROOT + path)), []);
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`)) as {
    tasks: Record<string, unknown>;
  };
  const started = all.flatMap(([, rest]) => /\["deno", "task", "-q", "(\w+)"\]/.exec(rest)?.[1] ?? []);
  assert.deepEqual(started.filter((task) => !(task in tasks)), []);
  assert.equal(started.length, 2);
});
