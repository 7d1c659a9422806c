import assert from "node:assert/strict";
import * as fc from "fast-check";
import { freshSeed } from "../faults/chance.ts";
import { run, type Target } from "./campaign.ts";
import seeds from "./corpus/seeds.json" with { type: "json" };
import { Finding } from "./ground.ts";
import { readOrder, tableOf } from "./main.ts";
import { targets } from "./targets.ts";

/** A taste of `fuzz_slow.ts`: what was found once, and what one second brings. */
const SHORT = { seed: freshSeed(), seconds: 1 };

for (const target of targets) {
  Deno.test(`fuzz: hostile ${target.name} break nothing, leak nothing and change nothing, seed ${SHORT.seed}`, async () => {
    const replayed = seeds.filter(({ name }) => name === target.name);
    const { cases, finding } = await run(target, { ...SHORT, replayed });
    assert.equal(finding, undefined, `${finding?.sentence}\n${finding?.input}`);
    assert.ok(cases > 0);
  });
}

Deno.test("run names what a target found, with the smallest input that leads to it", async () => {
  const target: Target<number> = {
    name: "numbers",
    inputs: fc.nat(1000),
    attack: (_ground, value) =>
      value < 7 ? Promise.resolve() : Promise.reject(new Finding("leak", `${value} is too much`)),
  };
  const result = await run(target, SHORT);
  const { seed, ...finding } = result.finding ?? {};
  assert.ok(Number.isInteger(seed));
  assert.deepEqual(finding, { kind: "leak", sentence: "leak: 7 is too much", input: "7" });
  assert.match(tableOf([result], 0), /^numbers +\d+ +\d+ +0 +0 +leak$/m);
});

Deno.test("run tells what it found before it makes it smaller", async () => {
  const told: string[] = [];
  const target: Target<number> = {
    name: "numbers",
    inputs: fc.integer({ min: 500, max: 1000 }),
    attack: (_ground, value) => Promise.reject(new Finding("leak", `${value} after ${told.length} told`)),
  };
  await run(target, { ...SHORT, onFound: (sentence) => told.push(sentence) });
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^numbers: leak: \d+ after 0 told\ninput: \d+$/);
});

Deno.test("readOrder refuses a door that is none and an option that is none", () => {
  assert.throws(
    () => readOrder(["--only", "windows"]),
    /No door is called “windows”\. The doors are “webhook/,
  );
  assert.throws(() => readOrder(["--database", "sqlite"]), /--database/);
  assert.throws(() => readOrder(["--seconds", "soon"]), /--seconds takes a number/);
  assert.deepEqual(readOrder(["--only", "bodies"]).chosen.map(({ name }) => name), ["webhook bodies"]);
});

Deno.test("run reports an update that was answered, left undone and forgotten", async () => {
  const target: Target<null> = {
    name: "thefts",
    inputs: fc.constant(null),
    async attack({ stage }) {
      const { db } = stage.bot.store;
      stage.telegram.say(101, -1001, "/ping");
      await stage.telegram.until(() => stage.telegram.answers(-1001).length > 0);
      await db.updateTable("inbox").set({ state: "failed" }).execute();
    },
  };
  const { finding } = await run(target, SHORT);
  assert.equal(finding?.kind, "lost");
});
