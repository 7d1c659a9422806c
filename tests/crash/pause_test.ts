import assert from "node:assert/strict";
import { postgres, testOn } from "../approvals/database.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { type Bot, type Ground, openGround } from "./ground.ts";
import { atRest, ENABLE } from "./story.ts";

/** Longer than any lease: what a paused process held is somebody else's by then. */
const LONG_MS = 30_000;

/** Two replicas of which the first does all the work, until the second takes over. */
async function takeOver(ground: Ground, first: Bot): Promise<void> {
  first.pause();
  const second = await ground.launch();
  await second.tell(`ahead ${LONG_MS}`);
}

/** Lets the first go on, and waits until it has found out that nothing of its turn counts. */
async function wake({ until, log }: Ground, first: Bot, event: string): Promise<void> {
  first.goOn();
  await until(event, () => Promise.resolve(log.some((line) => line.includes(event))));
}

testOn(
  postgres,
  "A replica that was paused does not show that it works on what another has answered",
  async () => {
    await using ground = await openGround({ database: postgres });
    const { telegram, gravityzone } = ground;
    const first = await ground.launch();
    const held = Promise.withResolvers<void>();
    gravityzone.faults.next("getConfiguredIntegrations", { after: held.promise });
    telegram.say(BEN, GROUP, "/status bitdefender");
    await ground.until("the question", () => Promise.resolve(gravityzone.calls.length === 1));
    await takeOver(ground, first);
    const answer = await telegram.until(() => telegram.last(GROUP), "the other's answer");
    await telegram.until(() => /of 14/.test(render(answer)), "all of the other's answer");
    held.resolve();
    await wake(ground, first, "update_taken_over");
    await atRest(ground);
    assert.deepEqual(telegram.answers(GROUP).map((message) => /of 14/.test(render(message))), [true]);
  },
);

testOn(
  postgres,
  "A replica that was paused sends no second secret link, and asks for no second change",
  async () => {
    await using ground = await openGround({ database: postgres });
    const { telegram, gravityzone, store } = ground;
    const first = await ground.launch();
    const held = Promise.withResolvers<void>();
    gravityzone.faults.next("findCompaniesByName", { after: held.promise });
    telegram.say(ANA, GROUP, "/enable ec2 Acme Labs key=AKIAIOSFODNN7EXAMPLE secret=?");
    await ground.until("the question", () => Promise.resolve(gravityzone.calls.length > 0));
    await takeOver(ground, first);
    await telegram.until(() => telegram.last(ANA), "the other's link");
    held.resolve();
    await wake(ground, first, "update_taken_over");
    await atRest(ground);
    assert.equal(telegram.answers(ANA).length, 1);
    const pages = await store.db.selectFrom("secret_entries").select("request").execute();
    assert.equal(pages.length, 1);
  },
);

testOn(postgres, "A replica that was paused while it sent a card takes its own away", async () => {
  await using ground = await openGround({ database: postgres });
  const { telegram } = ground;
  const first = await ground.launch();
  const held = Promise.withResolvers<void>();
  telegram.faults.push({ method: "sendRichMessage", hold: held.promise });
  telegram.say(ANA, GROUP, ENABLE);
  await ground.until("the card to be on its way", () => Promise.resolve(telegram.faults.left() === 0));
  await takeOver(ground, first);
  const card = await telegram.until(() => telegram.last(GROUP), "the other's card");
  held.resolve();
  await wake(ground, first, "message_taken_over");
  await atRest(ground);
  await telegram.until(() => telegram.answers(GROUP).length === 1, "one card");
  await telegram.press(BEN, card, "Approve");
  await telegram.until(() => /Applied/.test(render(card)), "the outcome");
});

testOn(postgres, "A replica that was paused while it sent a secret link takes its own away", async () => {
  await using ground = await openGround({ database: postgres });
  const { telegram } = ground;
  const first = await ground.launch();
  const held = Promise.withResolvers<void>();
  telegram.faults.push({ chat: ANA, hold: held.promise });
  telegram.say(ANA, GROUP, "/enable ec2 Acme Labs key=AKIAIOSFODNN7EXAMPLE secret=?");
  await ground.until("the link to be on its way", () => Promise.resolve(telegram.faults.left() === 0));
  await takeOver(ground, first);
  const link = await telegram.until(() => telegram.last(ANA), "the other's link");
  held.resolve();
  await wake(ground, first, "message_taken_over");
  await atRest(ground);
  await telegram.until(() => telegram.answers(ANA).length === 1, "one link");
  assert.equal(telegram.last(ANA), link);
});
