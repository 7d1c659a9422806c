/** What people do with time in the kill tests: lend, schedule, stop, hold and freeze. */
import assert from "node:assert/strict";
import type { LoansTable } from "../../bot/store/schema.ts";
import { wallText } from "../../bot/zone.ts";
import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import { type Message, render } from "../sandbox/telegram.ts";
import type { Ground } from "./ground.ts";
import { COMPANY, decide, DISABLE, ENABLE, outcome, type Story, theChange } from "./story.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Lent for two hours, announced, given an hour more, announced again, taken back when its time has come. */
export const lent: Story = {
  name: "lend",
  async play(ground) {
    await lend(ground);
    await press(ground, "+ 1 h", "loan_extended");
    await ground.advance(HOUR_MS);
    await announced(ground, 2);
    await ground.advance(10 * MINUTE_MS);
    await takenBack(ground);
  },
};

/** Lent, and taken back by a press of Now. */
export const cutShort: Story = {
  name: "cut short",
  async play(ground) {
    await lend(ground);
    await press(ground, "Now", "loan_cut_short");
    await takenBack(ground);
  },
};

/** Lent, and moved by someone else before it is taken back. */
export const lentAndMoved: Story = {
  name: "lend what moves",
  async play(ground) {
    await lend(ground);
    ground.gravityzone.world.companies.delete(COMPANY);
    await ground.advance(10 * MINUTE_MS);
    const { outcome } = await takenBack(ground);
    assert.equal(outcome, "moved");
    await says(ground, "Not taken back, nothing was sent");
  },
};

export const scheduled: Story = {
  name: "schedule",
  async play(ground, end) {
    const at = wallText("UTC", Date.now() + 2 * HOUR_MS);
    ground.telegram.say(ANA, GROUP, `${ENABLE} at=${at}`);
    await decide(ground, BEN, "Approve");
    await says(ground, "Scheduled: ");
    await ground.advance(2 * HOUR_MS);
    await outcome(ground, end);
  },
};

const GRACE = { GRACE: "10m" };

/** Dangerous: it waits until nobody has stopped it. */
export const waited: Story = {
  name: "wait for nobody to stop it",
  environment: GRACE,
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, DISABLE);
    await decide(ground, BEN, "Approve");
    await ground.advance(10 * MINUTE_MS);
    await outcome(ground, end);
  },
};

export const stopped: Story = {
  name: "stop",
  environment: GRACE,
  async play(ground, end) {
    ground.telegram.say(ANA, GROUP, DISABLE);
    await decide(ground, BEN, "Approve");
    await press(ground, "Stop", "stop");
    await outcome(ground, end);
  },
};

export const held: Story = {
  name: "hold",
  async play(ground) {
    await hold(ground);
    ground.telegram.say(ANA, GROUP, "/release ec2 Globex");
    await says(ground, "may be changed again (Ana");
    assert.deepEqual(await holdsOf(ground), []);
  },
};

export const heldForAWhile: Story = {
  name: "hold for a while",
  async play(ground) {
    await hold(ground);
    await ground.advance(HOUR_MS);
    await says(ground, "may be changed again (its time is over)");
    assert.deepEqual(await holdsOf(ground), []);
  },
};

async function hold(ground: Ground): Promise<void> {
  ground.telegram.say(ANA, GROUP, "/hold ec2 Globex for=1h testing");
  await says(ground, "Held: ec2 Globex");
  assert.equal((await holdsOf(ground)).length, 1);
}

async function holdsOf({ store }: Ground): Promise<unknown[]> {
  return await store.db.selectFrom("holds").select("name").execute();
}

export const frozenAhead: Story = {
  name: "freeze ahead",
  async play(ground) {
    const from = wallText("UTC", Date.now() + 2 * HOUR_MS);
    ground.telegram.say(BEN, GROUP, `/freeze opsramp from=${from} for=1h release`);
    await says(ground, "Freeze planned: opsramp");
    await ground.advance(2 * HOUR_MS);
    await says(ground, "Frozen: opsramp");
    await ground.advance(HOUR_MS);
    await says(ground, "allowed again (its time is over)");
    assert.deepEqual(await ground.store.db.selectFrom("freezes").select("target").execute(), []);
  },
};

/** Until its end has been announced. */
async function lend(ground: Ground): Promise<void> {
  ground.telegram.say(ANA, GROUP, `${ENABLE} for=2h`);
  await decide(ground, BEN, "Approve");
  await outcome(ground, { state: "applied", writes: 1 });
  await ground.advance(110 * MINUTE_MS);
  await announced(ground, 1);
}

async function announced({ store, until }: Ground, times: number): Promise<void> {
  const messages = () =>
    store.db.selectFrom("messages").select("key").where("key", "like", `loan:%:${times}`)
      .where("message_id", "is not", null).executeTakeFirst();
  await until(`announcement ${times}`, messages);
}

/** Presses the button of every message that appears until the audit knows it, as people do. */
async function press(ground: Ground, button: string, event: string): Promise<void> {
  const pressed = new Set<Message>();
  const { telegram, store } = ground;
  await ground.until(`${button} to be taken`, async () => {
    const message = telegram.answers(GROUP).findLast((one) => render(one).includes(`[ ${button} ]`));
    if (message && !pressed.has(message)) {
      pressed.add(message);
      telegram.pressAndGo(BEN, message, button);
    }
    return await store.db.selectFrom("audit").select("seq").where("event", "=", event).executeTakeFirst();
  });
}

/** Until the loan is over, or nothing more comes of it by itself. */
async function takenBack(ground: Ground): Promise<LoansTable> {
  const { code } = await theChange(ground);
  return await ground.until("the way back", async () => {
    const loan = await ground.store.db.selectFrom("loans").selectAll().where("code", "=", code)
      .executeTakeFirst();
    const isLeft = loan?.back === null && loan.next_at === null;
    return loan && (loan.ended_at !== null || isLeft) ? loan : undefined;
  });
}

async function says({ telegram }: Ground, words: string): Promise<void> {
  await telegram.until(() => telegram.answers(GROUP).some((one) => render(one).includes(words)), words);
}
