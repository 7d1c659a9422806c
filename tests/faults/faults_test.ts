import assert from "node:assert/strict";
import { postgres, testOn } from "../changes/database.ts";
import { wage } from "./campaign.ts";
import { report } from "./table.ts";

testOn(
  postgres,
  "deno task faults finds nothing lost, doubled or unapproved in 8 s with two deaths",
  async () => {
    await using database = await postgres.open();
    const campaign = await wage({ database, seconds: 8, seed: 8, killEveryMs: [2_500, 3_500] });
    const { text, broken } = report(campaign);
    assert.deepEqual(broken, [], `${text}\n${campaign.log.join("\n")}`);
    assert.ok(campaign.kills >= 2, text);
    assert.ok(campaign.evidence.records.changes.some(({ state }) => state === "applied"), text);
    assert.ok(campaign.evidence.writes.some(({ fault }) => fault === undefined), text);
  },
);
