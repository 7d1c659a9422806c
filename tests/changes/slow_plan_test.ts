import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Desk, GROUP, openDesk, textOf } from "./desk.ts";
import { eventually } from "../eventually.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

testOnEach("a change: while a slow vendor is asked that is shown, and becomes the card", async (url) => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using desk = await openDesk({
    environment: { DATABASE_URL: url },
    async onTheWay(_vendor, _request, passOn) {
      asked.resolve();
      await answer.promise;
      return await passOn();
    },
  });
  await askSlowly(desk, asked.promise);
  answer.resolve();
  await desk.rest();
  const [card, ...more] = desk.telegram.answers(GROUP);
  assert(card);
  assert.deepEqual([more, desk.whispers(ANA)], [[], []]);
  assert.match(textOf(card), /^⚠️ Disable the EC2 integration of Acme Corp\?/);
  await desk.press(BEN, card, "Approve");
  assert.deepEqual((await desk.changes()).map(({ state }) => state), ["accepted"]);
  assert.match(desk.news().join("\n"), /^✅ Accepted: the EC2 integration of Acme Corp/);
});

Deno.test("a change: what was shown meanwhile becomes the failure of the vendor as well", async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using desk = await openDesk({
    async onTheWay() {
      asked.resolve();
      await answer.promise;
      return new Response(null, { status: 401 });
    },
  });
  await askSlowly(desk, asked.promise);
  answer.resolve();
  await desk.rest();
  assert.equal(desk.news().length, 1);
  assert.match(desk.news()[0] ?? "", /^🔴 Bitdefender GravityZone|^🔴 GravityZone/);
  assert.deepEqual(await desk.changes(), []);
});

async function askSlowly(desk: Desk, asked: Promise<void>): Promise<void> {
  desk.telegram.say(ANA, GROUP, DISABLE);
  await asked;
  desk.clock.advance(1_500);
  const shown = () => Promise.resolve(desk.news()[0]);
  assert.match(await eventually(shown, "a sign of work"), /^⏳ Asking .* about a change …$/);
  const key = "update:%";
  await eventually(
    () =>
      desk.store.db.selectFrom("messages").select("key").where("key", "like", key)
        .where("state", "=", "idle").executeTakeFirst(),
    "the sign to be recorded",
  );
}
