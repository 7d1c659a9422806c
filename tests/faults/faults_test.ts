import assert from "node:assert/strict";
import { postgres, testOn } from "../approvals/database.ts";
import { wage } from "./campaign.ts";
import { freshSeed } from "./chance.ts";
import corpus from "./corpus.json" with { type: "json" };
import { report } from "./table.ts";

/** A taste of `faults_slow.ts`: what ever went wrong, and something new. */
for (const { seed, seconds } of [...corpus, { seed: freshSeed(), seconds: 8 }]) {
  testOn(
    postgres,
    `deno task faults finds nothing lost, doubled or unapproved in ${seconds} s with two deaths, seed ${seed}`,
    async () => {
      await using database = await postgres.open();
      const campaign = await wage({ database, seconds, seed, killEveryMs: [2_500, 3_500] });
      const { text, broken } = report(campaign);
      assert.deepEqual(broken, [], `${text}\n${campaign.log.join("\n")}`);
    },
  );
}
