import assert from "node:assert/strict";
import { ANA, openFixture } from "./fixture.ts";

for (const typed of ["/enable opsramp INTG-x/../y", "/show opsramp INTG-x/../y"]) {
  Deno.test(`${typed} is answered with what is wrong with the id`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, typed);
    const told = [...fixture.ephemeralAnswers(ANA), ...fixture.groupAnswers()].join("\n");
    assert.match(told, /must not be "\."|must not contain "\."|contain them as a step/);
    assert.doesNotMatch(told, /inside the bot/);
  });
}
