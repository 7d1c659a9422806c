import assert from "node:assert/strict";
import { databases, testOn } from "../approvals/database.ts";
import { freshSeed } from "../faults/chance.ts";
import { run } from "./campaign.ts";
import { targets } from "./targets.ts";

const SECONDS = 10;
const seed = freshSeed();

for (const database of databases) {
  for (const target of targets) {
    testOn(database, `fuzz: hostile ${target.name} find nothing in ten seconds, seed ${seed}`, async () => {
      const { finding } = await run(target, { seed, seconds: SECONDS, database });
      assert.equal(finding, undefined, `${finding?.sentence}\n${finding?.input}`);
    });
  }
}
