/** Instances of the bot that are never started: they live for a request or a tick of a timer, side by side. */
import assert from "node:assert/strict";
import { Countersign } from "../../bot/app.ts";
import { readConfig } from "../../bot/config.ts";
import { vendors } from "../../handlers/registry.ts";
import { findChange } from "../../bot/store/changes.ts";
import { putMessage } from "../../bot/outbox/messages.ts";
import { lasting, testOnEach, testWith } from "../approvals/database.ts";
import { ANA, BEN, createTestClock, GROUP, openStage } from "../sandbox/stage.ts";
import { systemClock } from "../../clients/clock.ts";
import { eventually, HANG_MS } from "../eventually.ts";
import { render } from "../sandbox/telegram.ts";
import { checkManners } from "./conversation.ts";
import { ALL_DAY, NEVER, openSleepers, type Sleepers } from "./sleepers.ts";

/** A database that is opened again tells a server's own time, which cannot be moved on: a file does not. */
const SQLITE_FILE = lasting[0]!;
const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const DISABLED = "disableAmazonEC2Integration";

function testOnLasting(sentence: string, test: (url: string) => Promise<void>): void {
  for (const kind of lasting) testWith(kind, sentence, test);
}

async function assertNothingClaimed({ store }: Countersign): Promise<void> {
  for (const table of ["inbox", "messages", "changes"] as const) {
    const rows = await store.db.selectFrom(table).select("claimed_by").where("claimed_by", "is not", null)
      .execute();
    assert.deepEqual(rows, [], `claims on ${table}`);
  }
}

async function theCode({ store }: Countersign): Promise<string> {
  return (await store.db.selectFrom("changes").select("code").executeTakeFirstOrThrow()).code;
}

async function theState(bot: Countersign): Promise<string | undefined> {
  return (await findChange(bot.store, await theCode(bot)))?.state;
}

/** Asked for and shown by the first instance. */
async function ask({ stage, one, send }: Sleepers): Promise<void> {
  stage.telegram.say(ANA, GROUP, DISABLE);
  await send(one);
  await one.workFor(ALL_DAY);
  assert.match(render(stage.telegram.last(GROUP)!), /\[ Approve \]/);
}

testOnLasting("workFor answers what came to a bot that is never started, and keeps nothing", async (url) => {
  await using sleepers = await openSleepers(url);
  const { stage, one, other, send } = sleepers;
  stage.telegram.say(BEN, GROUP, "/ping");
  await send(one);
  assert.equal(stage.telegram.answers(GROUP).length, 0, "nobody works yet");
  await one.workFor(ALL_DAY);
  assert.match(render(stage.telegram.last(GROUP)!), /pong/);
  await assertNothingClaimed(one);
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await send(one);
  await Promise.all([one.workFor(ALL_DAY), other.workFor(ALL_DAY)]);
  assert.equal(stage.telegram.answers(GROUP).length, 2);
  await assertNothingClaimed(one);
  await checkManners(stage);
});

testOnLasting("workFor runs what another instance approved, once", async (url) => {
  await using sleepers = await openSleepers(url);
  const { stage, one, other, send } = sleepers;
  await ask(sleepers);
  // The second's change of the same target keeps the first from going on with what it approves.
  const elsewhere = {
    ...(await findChange(one.store, await theCode(one)))!,
    code: "ELSE2",
    handle: "elsewhere",
    state: "executing" as const,
    claimed_until: Number.MAX_SAFE_INTEGER,
  };
  await one.store.db.insertInto("changes").values(elsewhere).execute();
  stage.telegram.pressAndGo(BEN, stage.telegram.last(GROUP)!, "Approve");
  await send(one);
  await one.workFor(ALL_DAY);
  await one.store.db.deleteFrom("changes").where("code", "=", "ELSE2").execute();
  assert.equal(await theState(one), "approved");
  await other.workFor(ALL_DAY);
  assert.equal(await theState(one), "accepted");
  await one.workFor(ALL_DAY);
  assert.equal(stage.gravityzone.calls.filter(({ method }) => method === DISABLED).length, 1);
  assert.match(render(stage.telegram.answers(GROUP)[0]!), /accepted/i);
  await assertNothingClaimed(one);
  await checkManners(stage);
});

testOnLasting("workFor takes over from an instance that is paused, once its lease has ended", async (url) => {
  // Who is paused does not notice how late it is.
  const clock = { ...createTestClock(), sleep: systemClock.sleep };
  await using sleepers = await openSleepers(url, { clock });
  const { stage, one, other, send } = sleepers;
  const held = Promise.withResolvers<void>();
  stage.gravityzone.faults.next("getConfiguredIntegrations", { after: held.promise });
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await send(one);
  const paused = one.workFor(ALL_DAY);
  await eventually(() => stage.gravityzone.calls.length === 1, "GravityZone to be asked");
  await other.workFor(ALL_DAY);
  assert.equal(stage.telegram.answers(GROUP).length, 0, "the first has it");
  stage.clock.advance(10_001);
  await other.workFor(ALL_DAY);
  assert.match(render(stage.telegram.last(GROUP)!), /of 14/);
  held.resolve();
  await paused;
  assert.equal(stage.telegram.answers(GROUP).length, 1, "what the first found out comes too late");
  await assertNothingClaimed(one);
});

testOnLasting("workFor begins nothing once its time is over, and leaves that to the next", async (url) => {
  await using sleepers = await openSleepers(url);
  const { stage, one, other, send } = sleepers;
  const held = Promise.withResolvers<void>();
  stage.gravityzone.faults.next("getConfiguredIntegrations", { after: held.promise });
  stage.telegram.say(BEN, GROUP, "/status bitdefender");
  await send(one);
  const time = new AbortController();
  const working = one.workFor(time.signal);
  await eventually(() => stage.gravityzone.calls.length > 0, "the vendor to be asked");
  time.abort();
  stage.telegram.say(ANA, ANA, "/ping");
  await send(one);
  held.resolve();
  await working;
  await assertNothingClaimed(one);
  assert.equal(stage.telegram.answers(ANA).length, 0, "it came too late");
  await other.workFor(ALL_DAY);
  assert.deepEqual([GROUP, ANA].map((chat) => stage.telegram.answers(chat).length), [1, 1]);
  await checkManners(stage);
});

for (const who of ["other", "one"] as const) {
  const whose = who === "one" ? "one that stood still meanwhile" : "another process";
  testOnLasting(`workFor ends what nobody decided in time, in ${whose}`, async (url) => {
    await using sleepers = await openSleepers(url);
    const { stage, one, [who]: next } = sleepers;
    await ask(sleepers);
    stage.clock.advance(16 * 60_000);
    await next.workFor(ALL_DAY);
    assert.equal(await theState(one), "expired");
    assert.match(render(stage.telegram.answers(GROUP)[0]!), /Expired/);
  });
}

for (
  const [before, isSeen] of [["after one that was answered", true], [
    "of which none was answered",
    false,
  ]] as const
) {
  testWith(
    SQLITE_FILE,
    `workFor tells that nobody looks, in processes that live for one look each, ${before}`,
    async (url) => {
      const broken = vendors.filter(({ name }) => name === "halo").map((vendor) => ({
        ...vendor,
        sight: () => Promise.reject(new Error("a mistake of ours")),
      }));
      await using sleepers = await openSleepers(url, { environment: { WATCH_EVERY: "1m" } });
      const { stage: { environment, clock, log, telegram }, one } = sleepers;
      if (isSeen) await one.workFor(ALL_DAY);
      for (let minute = 0; minute < 7; minute++) {
        clock.advance(62_000);
        const bot = await Countersign.open({
          config: readConfig(environment, broken),
          clock,
          log,
          vendors: broken,
          timing: NEVER,
        });
        await bot.workFor(ALL_DAY);
        await bot.stop(AbortSignal.timeout(HANG_MS));
      }
      assert.match(telegram.transcript(GROUP), /Nobody has looked at HaloPSA for \d min/);
    },
  );
}

testOnEach("start works on by itself, and stop still sends what was decided last", async (url) => {
  const clock = createTestClock();
  await using stage = await openStage({ clock, timing: NEVER, environment: { DATABASE_URL: url } });
  const { bot, telegram } = stage;
  telegram.say(BEN, GROUP, "/ping");
  await telegram.until(() => telegram.last(GROUP), "the answer");
  await bot.workFor(ALL_DAY);
  const reply = { mark: "info", title: "decided last" } as const;
  await putMessage(bot.store, bot.store.db, { key: "last", chatId: GROUP, priority: 0, reply });
  await bot.stop(AbortSignal.timeout(HANG_MS));
  assert.match(render(telegram.last(GROUP)!), /decided last/);
});
