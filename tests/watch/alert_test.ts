import assert from "node:assert/strict";
import { openWatch } from "./fixture.ts";

Deno.test("the first looks set the starting state: what is bad then is one silent message per vendor", async () => {
  await using fixture = await openWatch();
  assert.deepEqual(fixture.groupAnswers(), [], "one look says nothing yet");
  await fixture.look(2);
  const titles = fixture.groupAnswers().map((text) => text.split("\n")[0]).toSorted();
  assert.deepEqual(titles, [
    "🔴 2 of 10 HaloPSA integrations are down",
    "🔴 2 of 14 Bitdefender integrations are not fine",
    "🔴 3 of 31 Apono integrations are not fine",
  ]);
});
