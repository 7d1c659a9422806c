import assert from "node:assert/strict";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { MANNERS } from "./platform.ts";
import { DISABLE } from "./scenarios.ts";
import { type Scenario, testHosted } from "./scene.ts";

const crowded: Scenario = {
  name: "one connection is enough for a status, a change and a document that come at once",
  async play(scene) {
    const { platform, telegram } = scene;
    const { message_id } = telegram.say(ANA, GROUP, "", {
      document: { name: "change.json", content: JSON.stringify({ name: "Sophos EU" }) },
    });
    telegram.say(ANA, GROUP, "/update sophos 1", { replyTo: message_id });
    telegram.say(ANA, GROUP, DISABLE);
    telegram.say(BEN, BEN, "/status");
    telegram.say(ANA, ANA, "/status bitdefender");
    const cards = await telegram.until(() => {
      const shown = telegram.answers(GROUP).filter((one) => /\[ Approve \]/.test(render(one)));
      return shown.length === 2 && shown;
    }, "both cards");
    for (const card of cards) telegram.pressAndGo(BEN, card, "Approve");
    telegram.say(ANA, ANA, "/audit 5");
    await telegram.until(() => cards.every((card) => /Applied|accepted/.test(render(card))), "both outcomes");
    await telegram.until(
      () => telegram.answers(ANA).length === 2 && telegram.answers(BEN).length === 1,
      "the answers in private",
    );
    assert.doesNotMatch(platform.output(), /did not answer|"level":"ERROR"/);
  },
};

for (const manner of MANNERS) testHosted(crowded, manner, { entrypoint: "tests/hosted/one_connection.ts" });
