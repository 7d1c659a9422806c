import assert from "node:assert/strict";
import { wallText } from "../../bot/zone.ts";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";
import { openWatch } from "../watch/fixture.ts";
import { putWatched } from "./watched.ts";

const QUICK = { expireMs: 20, lookMs: 20 };

testOnEach("/board is one silent pinned message, edited with what changes, and off says so", async (url) => {
  const environment = { WATCH_EVERY: "0", DATABASE_URL: url };
  await using fixture = await openFixture({ timing: QUICK, environment });
  const { telegram, store } = fixture;
  await putWatched(store, [
    { vendor: "halo", target: "sophos", name: "Sophos EU", course: [["fine", 600_000], ["down", 300_000]] },
    { vendor: "opsramp", target: "opsramp", name: "ServiceNow", course: [["fine", 600_000]] },
  ]);
  await fixture.say(ANA, "/board");
  const board = () => telegram.answers(GROUP).find((message) => /as of/.test(textOf(message)))!;
  assert.match(
    textOf(board()),
    /^🔴 1 problem\n🔴 +HaloPSA +Sophos EU down since .* \(5 min\)\n🟢 Fine: OpsRamp 1\nas of/,
  );
  await telegram.until(() => telegram.calls("pinChatMessage")[0], "the pin");
  assert.equal(telegram.calls("pinChatMessage")[0]?.parameters["disable_notification"], true);
  await store.db.updateTable("looks").set({ answered_at: store.now() - 3_600_000 }).execute();
  await store.db.updateTable("boards").set({ next_at: store.now() - 1 }).execute();
  await telegram.until(() => /Stale since/.test(textOf(board())), "the board to be stale");
  await store.db.updateTable("looks").set({ answered_at: store.now() }).where("vendor", "=", "halo")
    .execute();
  await store.db.updateTable("boards").set({ next_at: store.now() - 1 }).execute();
  await telegram.until(() => /^🔴 1 problem\n/.test(textOf(board())), "one that answers to be enough");
  await fixture.say(ANA, "/board off");
  assert.ok(fixture.groupAnswers().some((text) => /This board is off since .* \(Ana\)/.test(text)));
  assert.deepEqual(await store.db.selectFrom("boards").selectAll().execute(), []);
  await telegram.until(() => telegram.calls("unpinChatMessage")[0], "it to be unpinned");
});

testOnEach("/board names what is frozen, planned, held and lent, and who acked", async (url) => {
  const environment = { WATCH_EVERY: "0", DATABASE_URL: url };
  await using fixture = await openFixture({ timing: QUICK, environment });
  const { telegram, store } = fixture;
  await putWatched(store, [{
    vendor: "halo",
    target: "sophos",
    name: "Sophos EU",
    course: [["fine", 600_000]],
  }]);
  await fixture.carryOut('/disable opsramp "AWS production" for=2h reason=test');
  await fixture.ask("/disable ec2 Globex reason=x");
  await fixture.say(BEN, "/freeze apono for=2h incident 4711");
  const [from, until] = [1, 2].map((hours) => wallText("UTC", store.now() + hours * 3_600_000));
  await fixture.say(BEN, `/freeze ec2 from=${from} until=${until} moving`);
  await fixture.say(BEN, "/hold sophos 1 for=1h looking into it");
  await fixture.say(ANA, "/board");
  const text = textOf(telegram.answers(GROUP).find((message) => /as of/.test(textOf(message)))!);
  assert.match(text, /^🟢 0 problems · 1 change waits · apono frozen\n🟢 Fine: HaloPSA 1\n/);
  assert.match(text, /\nFrozen: apono by Ben .*: incident 4711 · until /);
  assert.match(text, /\nFreeze planned: ec2 by Ben .*: moving · from .* · until /);
  assert.match(text, /\nHeld: sophos Sophos Central by Ben .*: looking into it · until /);
  assert.match(
    text,
    /\nBorrowed: [2-9A-Z]{5} AWS production is disabled in OpsRamp · asked by Ana .* · until /,
  );
});

Deno.test("what Telegram did not pin or unpin is asked for again, and a message sent anew is pinned too", async () => {
  await using fixture = await openFixture({ timing: QUICK, environment: { WATCH_EVERY: "0" } });
  const { telegram, store, clock } = fixture;
  const pins = () => telegram.calls("pinChatMessage");
  // What was refused is asked for again some time after the bot has heard of it.
  const heard = (refusals: number) =>
    eventually(
      () => fixture.log.lines.filter(({ event }) => event === "board_not_pinned").length === refusals,
      `refusal ${refusals}`,
    );
  telegram.faults.push({
    method: "pinChatMessage",
    status: 429,
    retryAfter: 40,
    description: "Too Many Requests",
  });
  telegram.faults.push({ method: "unpinChatMessage", status: 500, description: "Internal" });
  await fixture.say(ANA, "/board");
  await heard(1);
  clock.advance(41_000);
  await telegram.until(() => pins().length === 2, "the second try");
  const pinned = async () =>
    (await store.db.selectFrom("boards").select("pinned").executeTakeFirst())?.pinned ?? 0;
  await eventually(async () => await pinned() > 0, "it to be pinned");
  const before = await pinned();
  telegram.faults.push({
    method: "editMessageText",
    status: 400,
    description: "Bad Request: message to edit not found",
  });
  await store.db.updateTable("boards").set({ next_at: store.now() - 1 }).execute();
  await eventually(async () => await pinned() > before, "the new message to be pinned");
  await fixture.say(ANA, "/board off");
  await heard(2);
  clock.advance(31_000);
  await telegram.until(() => telegram.calls("unpinChatMessage").length === 2, "the second try");
});

Deno.test("/board of who may not read any more ends with a word", async () => {
  const environment = { WATCH_EVERY: "0", OPERATORS: undefined, APPROVERS: undefined };
  await using fixture = await openFixture({ timing: QUICK, environment });
  const { telegram, store } = fixture;
  await fixture.say(ANA, "/board", { chat: ANA });
  await telegram.until(() => telegram.calls("pinChatMessage")[0], "the pin");
  telegram.faults.push({ method: "getChatMember", status: 500, description: "Internal", times: 3 });
  telegram.leave(ANA, GROUP);
  const said = () =>
    telegram.answers(ANA).map(textOf).find((text) => text.startsWith("⚪ This board is off since"));
  await telegram.until(said, "the end of the board");
  assert.match(said() ?? "", /\nYou may not read here any more\.$/);
  await telegram.until(() => telegram.calls("unpinChatMessage")[0], "it to be unpinned");
  assert.deepEqual(await store.db.selectFrom("boards").selectAll().execute(), []);
});

Deno.test("/board of a group that is no admin chat any more is told nothing new", async () => {
  await using fixture = await openFixture({ timing: QUICK, environment: { WATCH_EVERY: "0" } });
  const { telegram, store } = fixture;
  const item = { vendor: "halo", target: "sophos", name: "Sophos EU" };
  await putWatched(store, [{ ...item, course: [["fine", 600_000], ["down", 300_000]] }]);
  await fixture.say(ANA, "/board");
  await telegram.until(() => telegram.calls("pinChatMessage")[0], "the pin");
  const elsewhere = { chat_id: GROUP - 1, next_at: store.now() - 1 };
  await store.db.updateTable("boards").set(elsewhere).execute();
  // Another board is looked at after it, so it was its turn.
  await fixture.say(BEN, "/board", { chat: BEN });
  await store.db.updateTable("boards").set({ next_at: store.now() - 1 }).where("chat_id", "=", BEN).execute();
  await eventually(
    async () => {
      const row = await store.db.selectFrom("boards").select("next_at").where("chat_id", "=", BEN)
        .executeTakeFirstOrThrow();
      return row.next_at > store.now();
    },
    "Ben's own board to be brought up to date",
  );
  const left = await store.db.selectFrom("messages").select("key").where("chat_id", "=", GROUP - 1).execute();
  assert.deepEqual(left, []);
});

Deno.test("/board does not say that all is well before looks enough have said so", async () => {
  await using fixture = await openWatch();
  await fixture.say(ANA, "/board");
  assert.ok(fixture.groupAnswers().some((text) => text === "❔ Nothing is known yet"));
});

Deno.test("/board says once that the watch is off, and what to set", async () => {
  await using fixture = await openFixture({ timing: QUICK, environment: { WATCH_EVERY: "0" } });
  await fixture.ask("/disable ec2 Globex reason=x");
  await fixture.say(ANA, "/board");
  const text = await eventually(
    () => Promise.resolve(fixture.groupAnswers().find((one) => /watch is off/.test(one))),
    "the board",
  );
  assert.equal(
    text.trim(),
    "❔ The watch is off · 1 change waits\n" +
      "No vendor is looked at. Someone with access to the bot: set WATCH_EVERY, such as 60s, then restart it.",
  );
});
