import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";

Deno.test("/doctor is not green when a vendor's key allows none of its commands", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.world.apiKey.enabledApis.splice(0, Infinity, "companies", "network");
  await fixture.say(ANA, "/doctor");
  const [answer = ""] = [...fixture.groupAnswers(), ...fixture.ephemeralAnswers(ANA)];
  assert.match(answer, /^🟡 \d+ of \d+ checks need attention\n/);
  assert.match(
    answer,
    /^🟡 +Bitdefender +the key works; .*not enabled: integrations \(no Bitdefender command/m,
  );
});
