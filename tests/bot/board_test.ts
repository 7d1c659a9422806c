import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";
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
  assert.match(textOf(board()), /^🔴 1 problem\n• Sophos EU down since .*\nFine: OpsRamp 1\nas of/);
  await telegram.until(() => telegram.calls("pinChatMessage")[0], "the pin");
  assert.equal(telegram.calls("pinChatMessage")[0]?.parameters["disable_notification"], true);
  await store.db.updateTable("looks").set({ answered_at: store.now() - 3_600_000 }).execute();
  await store.db.updateTable("boards").set({ next_at: store.now() - 1 }).execute();
  await telegram.until(() => /Stale since/.test(textOf(board())), "the board to be stale");
  await fixture.say(ANA, "/board off");
  assert.ok(fixture.groupAnswers().some((text) => /This board is off since .* \(Ana\)/.test(text)));
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
