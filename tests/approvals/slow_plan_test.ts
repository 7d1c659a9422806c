import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import type { TelegramOptions } from "../sandbox/telegram.ts";

/** There the bot says in words that it is at work. */
const WITHOUT_REACTIONS: TelegramOptions = {
  chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN], withoutReactions: true }],
};

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

testOnEach("a change: while a slow vendor is asked that is shown, and becomes the card", async (url) => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using fixture = await openFixture({
    environment: { DATABASE_URL: url },
    telegram: WITHOUT_REACTIONS,
    async onTheWay(_vendor, _request, passOn) {
      asked.resolve();
      await answer.promise;
      return await passOn();
    },
  });
  await askSlowly(fixture, asked.promise);
  answer.resolve();
  await fixture.rest();
  const [card, ...more] = fixture.telegram.answers(GROUP);
  assert(card);
  assert.deepEqual([more, fixture.ephemeralAnswers(ANA)], [[], []]);
  assert.match(textOf(card), /^⚠️ Disable the EC2 integration of Acme Corp\?/);
  await fixture.press(BEN, card, "Approve");
  assert.deepEqual((await fixture.changes()).map(({ state }) => state), ["accepted"]);
  assert.match(
    fixture.groupAnswers().join("\n"),
    /^✅ GravityZone accepted: disable the EC2 integration of Acme Corp/,
  );
});

Deno.test("a change: what was shown meanwhile becomes the failure of the vendor as well", async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using fixture = await openFixture({
    telegram: WITHOUT_REACTIONS,
    async onTheWay() {
      asked.resolve();
      await answer.promise;
      return new Response(null, { status: 401 });
    },
  });
  await askSlowly(fixture, asked.promise);
  answer.resolve();
  await fixture.rest();
  assert.equal(fixture.groupAnswers().length, 1);
  assert.match(fixture.groupAnswers()[0] ?? "", /^🔴 Bitdefender GravityZone|^🔴 GravityZone/);
  assert.deepEqual(await fixture.changes(), []);
});

async function askSlowly(fixture: Fixture, asked: Promise<void>): Promise<void> {
  fixture.telegram.say(ANA, GROUP, DISABLE);
  await asked;
  fixture.clock.advance(1_500);
  const shown = () => Promise.resolve(fixture.groupAnswers()[0]);
  assert.match(await eventually(shown, "a sign of work"), /^⏳ Asking .* about a change …$/);
  const key = "update:%";
  await eventually(
    () =>
      fixture.store.db.selectFrom("messages").select("key").where("key", "like", key)
        .where("state", "=", "idle").executeTakeFirst(),
    "the sign to be recorded",
  );
}

for (
  const { typed, shown, ends } of [
    { typed: "/status apono", shown: /^🟡 Apono/, ends: "👍" },
    // A thumb on a request could be taken for an approval.
    { typed: DISABLE, shown: /^⚠️ Disable the EC2 integration of Acme Corp\?/, ends: undefined },
  ]
) {
  Deno.test(`${typed} is marked as looked at while a slow vendor is asked, and nothing is written meanwhile`, async () => {
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using fixture = await openFixture({
      async onTheWay(_vendor, _request, passOn) {
        asked.resolve();
        await answer.promise;
        return await passOn();
      },
    });
    const { telegram } = fixture;
    const said = telegram.say(ANA, GROUP, typed).message_id;
    const reaction = () => telegram.reaction(GROUP, said);
    await asked.promise;
    assert.equal(reaction(), undefined);
    fixture.clock.advance(1_500);
    await telegram.until(() => reaction() === "👀", "eyes on the request");
    assert.deepEqual(fixture.groupAnswers(), []);
    answer.resolve();
    await fixture.rest();
    await telegram.until(() => reaction() === ends, "the end of it");
    assert.match(fixture.groupAnswers().at(-1) ?? "", shown);
    assert.equal(fixture.groupAnswers().length, 1);
  });
}

Deno.test("a chat that takes no reactions is asked once, and told in words", async () => {
  let [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using fixture = await openFixture({
    telegram: WITHOUT_REACTIONS,
    async onTheWay(_vendor, _request, passOn) {
      asked.resolve();
      await answer.promise;
      return await passOn();
    },
  });
  for (
    const [typed, told] of [["/status apono", "⏳ Asking Apono …"], [
      "/status opsramp",
      "⏳ Asking OpsRamp …",
    ]]
  ) {
    [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    fixture.telegram.say(ANA, GROUP, typed ?? "");
    await asked.promise;
    fixture.clock.advance(1_500);
    await fixture.telegram.until(() => fixture.groupAnswers().includes(told ?? ""), told);
    answer.resolve();
    await fixture.rest();
  }
  assert.equal(fixture.telegram.calls("setMessageReaction").length, 1);
});
