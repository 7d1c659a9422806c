import assert from "node:assert/strict";
import { lasting, testOn } from "../approvals/database.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";
import { openGround } from "./ground.ts";
import { atRest, ENABLE, outcome, proveAudit, theChange, writesTo } from "./story.ts";

/** Telegram has taken the card, and nobody has written down where it stands. */
const BEFORE_THE_ID_IS_KEPT = { at: "update messages.sent_version", when: "before" } as const;

for (const database of lasting) {
  testOn(
    database,
    "a card that was sent twice because of kill -9: the second decides, a press of the first closes it and says so",
    async () => {
      await using ground = await openGround({ database });
      const { telegram } = ground;
      await ground.succession([BEFORE_THE_ID_IS_KEPT]);
      telegram.say(ANA, GROUP, ENABLE);
      const cards = () => telegram.answers(GROUP).filter((message) => buttonsOf(message).length > 0);
      await ground.until("two cards", () => Promise.resolve(cards().length === 2));
      await atRest(ground);
      const [orphan, card] = cards();
      assert.ok(orphan && card);
      const { code } = await theChange(ground);

      const { text, show_alert } = await telegram.press(BEN, orphan, "Approve");
      assert.match(text ?? "", new RegExp(`The card of ${code} came twice\\. Use the other one`));
      assert.ok(show_alert);
      await atRest(ground);
      assert.match(render(orphan), new RegExp(`^ℹ️ The card of ${code} came twice\n.*/change ${code}\\.$`));
      assert.deepEqual(buttonsOf(orphan), []);
      assert.equal((await theChange(ground)).state, "pending");

      await telegram.press(BEN, card, "Approve");
      await outcome(ground, { state: "applied", writes: 1 });
      await atRest(ground);
      assert.equal(writesTo(ground).length, 1);
      await proveAudit(ground);
    },
  );
}
