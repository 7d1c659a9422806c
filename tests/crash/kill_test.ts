import assert from "node:assert/strict";
import { drawn, freshSeed } from "../faults/chance.ts";
import { live, lives, nameOf } from "./lives.ts";

/** A taste of `kill_slow.ts`: what matters most, what was ever found wanting, and a few more that chance draws. */
const ALWAYS: readonly string[] = [
  "SQLite, approve: after audit send",
  "SQLite, approve: after vendor write, after audit take_over, before audit apply",
  "SQLite, watch: after insert episodes 2, before update messages.sent_version",
  "Postgres, withdraw: before audit withdraw, after audit withdraw",
];
const MORE = 4;

const seed = freshSeed();
const here = lives.filter(({ database }) => database.missing === undefined);
const chosen = [
  ...here.filter((life) => ALWAYS.includes(nameOf(life))),
  ...drawn(seed, here.filter((life) => !ALWAYS.includes(nameOf(life))), MORE),
];

Deno.test(`Countersign survives kill -9 at the steps that matter most, and at some drawn by seed ${seed}`, async () => {
  assert.equal(await live(chosen), "");
});

Deno.test("lives knows those that are always lived", () => {
  const known = new Set(lives.map(nameOf));
  assert.deepEqual(ALWAYS.filter((name) => !known.has(name)), []);
});
