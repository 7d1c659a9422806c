import assert from "node:assert/strict";
import { lasting, testWith } from "../approvals/database.ts";
import { ALL_DAY, openSleepers } from "../bot/sleepers.ts";
import { ANA, GROUP } from "../sandbox/stage.ts";
import { buttonsOf, type Message, render } from "../sandbox/telegram.ts";

/** Every step is done by a process that knows nothing of the one before, as after a restart. */
for (const kind of lasting) {
  testWith(kind, "a half-finished command goes on in whatever process comes next", async (url) => {
    await using sleepers = await openSleepers(url);
    const { stage: { telegram, bot: { store } }, one, other, send } = sleepers;
    const asked = (): Message => telegram.ephemerals(ANA, GROUP).at(-1)!;
    telegram.say(ANA, GROUP, "/delete");
    await send(one);
    await one.workFor(ALL_DAY);
    telegram.pressAndGo(ANA, asked(), "apono");
    await send(one);
    await other.workFor(ALL_DAY);
    assert.match(render(asked()), /which one\?[^]*\/delete apono …/);
    const [, earlier] = buttonsOf(asked()).flatMap(({ callback_data }) => callback_data ?? []);
    telegram.say(ANA, GROUP, "postgresql analytics", { replyTo: asked() });
    await send(other);
    await one.workFor(ALL_DAY);
    const question = telegram.last(GROUP)!;
    assert.match(render(question), /Type the reason in reply/);
    telegram.pressAndGo(ANA, asked(), earlier!, { forged: true });
    await send(one);
    await other.workFor(ALL_DAY);
    telegram.say(ANA, GROUP, "the database is gone", { replyTo: question });
    await send(one);
    // An update that comes twice is worked on once.
    await send(other);
    for (const bot of [one, other]) await bot.workFor(ALL_DAY);
    const changes = await store.db.selectFrom("changes").select(["reason", "state"]).execute();
    assert.deepEqual(changes.map(({ reason, state }) => [reason, state]), [[
      "the database is gone",
      "pending",
    ]]);
    const open = await store.db.selectFrom("prompts").select("handle").where("kind", "=", "picker")
      .where("used_at", "is", null).execute();
    assert.deepEqual(open, []);
  });
}

testWith(lasting[1]!, "of two presses at once in two processes one takes the step", async (url) => {
  await using sleepers = await openSleepers(url);
  const { stage: { telegram, bot: { store } }, one, other, send } = sleepers;
  telegram.say(ANA, GROUP, "/disable ncentral");
  await send(one);
  await one.workFor(ALL_DAY);
  const question = telegram.ephemerals(ANA, GROUP).at(-1)!;
  for (const name of ["N-central EU", "N-central US"]) {
    telegram.pressAndGo(ANA, question, name);
    await send(one);
  }
  await Promise.all([one.workFor(ALL_DAY), other.workFor(ALL_DAY)]);
  const changes = await store.db.selectFrom("changes").select("target_key").execute();
  assert.equal(changes.length, 1);
});
