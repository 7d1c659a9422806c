import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

for (
  const said of ["/webhook armis create 4", "/refresh halo 1", "/statsu armis create 4", "/rotate ec2 x y=1"]
) {
  Deno.test(`every button under the refusal of ${said} leads to an answer`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, said);
    const refusal = fixture.telegram.ephemerals(ANA, -1001)[0];
    assert.ok(refusal);
    const presses = buttonsOf(refusal).filter(({ callback_data }) => callback_data !== undefined);
    assert.ok(presses.length > 0);
    for (const { text } of presses) {
      const { text: told = "" } = await fixture.press(ANA, refusal, text);
      assert.doesNotMatch(told, /no longer known/, text);
    }
  });
}
