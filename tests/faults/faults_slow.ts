import assert from "node:assert/strict";
import { postgres, testOn } from "../approvals/database.ts";
import { wage } from "./campaign.ts";
import { freshSeed } from "./chance.ts";
import { report } from "./table.ts";

const SECONDS = 60;
const seed = freshSeed();

testOn(
  postgres,
  `deno task faults finds nothing lost, doubled or unapproved in a minute, seed ${seed}`,
  async () => {
    await using database = await postgres.open();
    const campaign = await wage({
      database,
      seconds: SECONDS,
      seed,
      killEveryMs: [3_000, 6_000],
      pauseMs: [11_000, 16_000],
    });
    const { text, broken } = report(campaign);
    assert.deepEqual(broken, [], `${text}\n${campaign.log.join("\n")}`);
  },
);
