import assert from "node:assert/strict";
import { lasting, testOn } from "../approvals/database.ts";
import { live, lives } from "./lives.ts";

for (const database of lasting) {
  for (const [story, all] of Map.groupBy(lives, (life) => life.story)) {
    testOn(database, `Countersign survives kill -9 at every step of "${story.name}"`, async () => {
      assert.equal(await live(all.filter((life) => life.database === database)), "");
    });
  }
}
