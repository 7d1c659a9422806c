import assert from "node:assert/strict";
import { ANA, openDesk } from "../changes/desk.ts";

Deno.test("/doctor is not green when a vendor's key allows none of its commands", async () => {
  await using desk = await openDesk();
  desk.gravityzone.world.apiKey.enabledApis.splice(0, Infinity, "companies", "network");
  await desk.say(ANA, "/doctor");
  const [answer = ""] = [...desk.news(), ...desk.whispers(ANA)];
  assert.match(answer, /^🟡 \d+ of \d+ checks need attention\n/);
  assert.match(
    answer,
    /^🟡 +Bitdefender +the key works; .*not enabled: integrations \(no Bitdefender command/m,
  );
});
