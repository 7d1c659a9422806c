import assert from "node:assert/strict";
import { ANA, openDesk } from "./desk.ts";

for (const typed of ["/enable opsramp INTG-x/../y", "/show opsramp INTG-x/../y"]) {
  Deno.test(`${typed} is answered with what is wrong with the id`, async () => {
    await using desk = await openDesk();
    await desk.say(ANA, typed);
    const told = [...desk.whispers(ANA), ...desk.news()].join("\n");
    assert.match(told, /must not be "\."|must not contain "\."|contain them as a step/);
    assert.doesNotMatch(told, /inside the bot/);
  });
}
