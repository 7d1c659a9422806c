import assert from "node:assert/strict";
import { restarted } from "../approvals/another_bot.ts";
import { lasting, testOnEach } from "../approvals/database.ts";
import { ANA, BEN, GROUP, OSKAR } from "../approvals/fixture.ts";
import { render } from "../sandbox/telegram.ts";
import { chatTest } from "../bot/conversation.ts";
import { eventually, HANG_MS } from "../eventually.ts";
import { EVERY_MS, openWatch, type WatchFixture } from "./fixture.ts";

function breakSophos({ halo }: WatchFixture): void {
  Object.assign(halo.records["SophosDetails"]?.[0] ?? {}, { halointegrator_lasterror: "No route to host" });
}

const answersIn = ({ telegram }: WatchFixture, chat: number) => telegram.answers(chat).map(render);

testOnEach("an admin group watches everything until it says /unwatch, and /watch adds", async (url) => {
  await using fixture = await openWatch({ environment: { DATABASE_URL: url } });
  await fixture.look(2);
  await fixture.say(OSKAR, "/unwatch halo");
  assert.match(fixture.ephemeralAnswers(OSKAR).at(-1) ?? "", /You may read here but not ask for changes/);
  await fixture.say(BEN, "/watches");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /This chat is told of everything/);
  await fixture.say(BEN, "/unwatch halo");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /told nothing more of HaloPSA/);
  await fixture.say(BEN, "/watches");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /told of 3 of 16 targets\nWatched +Bitdefender, Apono, OpsRamp/,
  );
  const before = fixture.groupAnswers().length;
  breakSophos(fixture);
  await fixture.look(2);
  assert.equal(fixture.groupAnswers().length, before, "nothing is told of it");
  await fixture.say(BEN, "/watch sophos");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /told when Sophos breaks and when it is mended\nNot fine now, and not told again: 1\n• Sophos Central · failing/,
  );
  await fixture.look(2);
  assert.equal(fixture.groupAnswers().length, before + 1, "what was so before is not told again");
  const events = (await fixture.audit()).map(({ event, target }) => [event, target]);
  assert.deepEqual(events.slice(1), [["unwatched", "halo"], ["watched", "sophos"]]);
});

Deno.test("a private chat is told only for as long as its person may read", async () => {
  await using fixture = await openWatch({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  await fixture.look(2);
  await fixture.say(OSKAR, "/watch sophos", { chat: OSKAR });
  await fixture.say(ANA, "/watch halo", { chat: ANA });
  assert.match(answersIn(fixture, OSKAR).at(-1) ?? "", /told when Sophos breaks/);
  fixture.telegram.leave(OSKAR, GROUP);
  breakSophos(fixture);
  await fixture.look(2);
  assert.match(answersIn(fixture, ANA).at(-1) ?? "", /^🔴 Sophos Central is down: failing/);
  assert.doesNotMatch(answersIn(fixture, OSKAR).at(-1) ?? "", /is down/);
});

Deno.test("a private chat whose right Telegram does not tell is asked about again, and the alert is not lost", async () => {
  await using fixture = await openWatch({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  await fixture.look(2);
  await fixture.say(ANA, "/watch halo", { chat: ANA });
  fixture.telegram.faults.push({
    method: "getChatMember",
    status: 500,
    description: "Internal",
    times: 1_000,
  });
  breakSophos(fixture);
  await fixture.look(2);
  assert.doesNotMatch(answersIn(fixture, ANA).at(-1) ?? "", /is down/);
  fixture.telegram.faults.clear();
  await fixture.wait(11_000);
  assert.match(answersIn(fixture, ANA).at(-1) ?? "", /^🔴 Sophos Central is down: failing/);
});

Deno.test("what broke before its vendor went away is not told until that one answers", async () => {
  let away = false;
  await using fixture = await openWatch({
    environment: { OPERATORS: undefined, APPROVERS: undefined },
    onTheWay: async (vendor, _request, passOn) =>
      away && vendor === "HaloPSA" ? new Response(null, { status: 503 }) : await passOn(),
  });
  await fixture.look(2);
  await fixture.say(ANA, "/watch halo", { chat: ANA });
  const silence = { method: "getChatMember", status: 500, description: "Internal", times: 1_000 };
  fixture.telegram.faults.push(silence);
  breakSophos(fixture);
  await fixture.look(2);
  away = true;
  await fixture.look(2);
  fixture.telegram.faults.clear();
  await fixture.wait(11_000);
  const told = () => answersIn(fixture, ANA).join("\n");
  assert.match(told(), /^🔴 HaloPSA /m);
  assert.doesNotMatch(told(), /Sophos Central is down/);
  away = false;
  await fixture.look(2);
  assert.match(told(), /^🔴 Sophos Central is down/m);
});

Deno.test("who may not read any more, or does not watch any more, is not reminded, nor told how it went on", async () => {
  await using fixture = await openWatch({
    environment: { OPERATORS: undefined, APPROVERS: undefined, WATCH_REMIND: "5m" },
  });
  await fixture.look(2);
  for (const person of [ANA, OSKAR]) await fixture.say(person, "/watch sophos", { chat: person });
  breakSophos(fixture);
  await fixture.look(2);
  const said = (chat: number) => answersIn(fixture, chat).join("\n\n");
  assert.match(said(OSKAR), /🔴 Sophos Central is down/);
  fixture.telegram.leave(OSKAR, GROUP);
  await fixture.say(BEN, "/unwatch sophos");
  const before = said(OSKAR);
  await fixture.look(6);
  assert.match(said(ANA), /Reminder 1 of 3/);
  assert.doesNotMatch(said(GROUP), /Still: Sophos/);
  Object.assign(fixture.halo.records["SophosDetails"]?.[0] ?? {}, { halointegrator_lasterror: "" });
  await fixture.look(2);
  assert.match(said(ANA), /🟢 Sophos Central is fine again/);
  assert.equal(said(OSKAR), before);
});

testOnEach(
  "/watch loses nothing that is found and not told yet, and adds what was not watched",
  async (url) => {
    await using fixture = await openWatch({ environment: { DATABASE_URL: url } });
    await fixture.look(2);
    await fixture.say(BEN, "/unwatch apono");
    const paused = { free_at: fixture.clock.now() + 5 * 60_000 };
    await fixture.store.db.insertInto("watch_chats").values({ chat_id: GROUP, ...paused })
      .onConflict((conflict) => conflict.column("chat_id").doUpdateSet(paused)).execute();
    breakSophos(fixture);
    await fixture.look(2);
    for (const text of ["/watch sophos", "/watch halo", "/watch"]) await fixture.say(BEN, text);
    await fixture.say(BEN, "/watches");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /This chat is told of everything/);
    await fixture.look(4);
    assert.match(fixture.groupAnswers().at(-1) ?? "", /^🔴 Sophos Central is down: failing/);
  },
);

Deno.test("/quiet: alerts make no sound in these hours, except that a whole vendor is down", async () => {
  let away = false;
  await using fixture = await openWatch({
    onTheWay: async (vendor, _request, passOn) =>
      away && vendor === "OpsRamp" ? new Response(null, { status: 503 }) : await passOn(),
  });
  await fixture.look(2);
  await fixture.say(BEN, "/quiet 22:00-22:00");
  await fixture.say(BEN, "/quiet 22:00-07:00 Atlantis");
  const hour = (ahead: number) =>
    new Date(fixture.clock.now() + ahead * 3_600_000).toISOString().slice(11, 13);
  await fixture.say(BEN, `/quiet ${hour(-1)}:00-${hour(2)}:00 UTC`);
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^ℹ️ Quiet \d\d:00-\d\d:00 \(UTC\)/u);
  breakSophos(fixture);
  await fixture.look(2);
  away = true;
  await fixture.look(2);
  const heard = (words: string) => {
    const sent = fixture.telegram.calls().find(({ method, parameters, outcome }) =>
      method.startsWith("send") && outcome === "ok" && JSON.stringify(parameters).includes(words)
    );
    assert.ok(sent, words);
    return sent.parameters["disable_notification"] !== true;
  };
  assert.equal(heard("Sophos Central"), false);
  assert.equal(heard("OpsRamp is not reachable"), true);
  await fixture.say(BEN, "/quiet off");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /No quiet hours/);
});

chatTest("/quiet takes hours as people write them, and a zone in any case", {}, [
  { said: "/quiet 22:00 - 07:00", answered: /^ℹ️ Quiet 22:00-07:00 \(UTC\)/, audited: ["quiet_hours"] },
  {
    said: "/quiet 22-7 europe/lisbon",
    answered: /^ℹ️ Quiet 22:00-07:00 \(Europe\/Lisbon\)/,
    audited: ["quiet_hours"],
  },
  { said: "/quiet 22.30–7.15 UTC", answered: /^ℹ️ Quiet 22:30-07:15 \(UTC\)/, audited: ["quiet_hours"] },
  { said: "/quiet 22:00", answered: { says: /Quiet from when to when\?/, only: BEN } },
  { said: "/quiet 25-7", answered: { says: /Quiet from when to when\?/, only: BEN } },
  { said: "/quiet 22-7 Lisbon", answered: { says: /There is no time zone "Lisbon"/, only: BEN } },
]);

Deno.test("1,000 items that go bad at once are one message", async () => {
  await using fixture = await openWatch();
  await fixture.look(2);
  const template = fixture.halo.records["SophosDetails"]?.[0];
  assert.ok(template);
  const many = Array.from(
    { length: 1_000 },
    (_, index) => ({ ...template, id: index + 10, name: `Sophos ${index}` }),
  );
  fixture.halo.records["SophosDetails"]?.push(...many);
  await fixture.look(3);
  const before = fixture.groupAnswers().length;
  for (const record of fixture.halo.records["SophosDetails"] ?? []) {
    Object.assign(record, { halointegrator_lasterror: "The remote server returned an error: (503)." });
  }
  await fixture.look(2);
  const news = fixture.groupAnswers().slice(before);
  assert.equal(news.length, 1, `${news.length} messages`);
  assert.match(
    news[0] ?? "",
    /^🔴 1,001 of 1,010 HaloPSA integrations are down\nsince .*\nAll say: “The remote server returned an error: \(503\)\.”/,
  );
});

Deno.test("the bot's own blindness is told, and when it looks again", async () => {
  let hold: Promise<void> | undefined;
  await using fixture = await openWatch({
    onTheWay: async (_vendor, _request, passOn) => {
      await hold;
      return await passOn();
    },
  });
  await fixture.look(2);
  const before = fixture.groupAnswers().length;
  const { promise, resolve } = Promise.withResolvers<void>();
  hold = promise;
  await fixture.wait(64_000);
  assert.equal(fixture.groupAnswers().length, before);
  await fixture.wait(4 * 60_000);
  const news = () => fixture.groupAnswers().slice(before);
  assert.equal(news().length, 1);
  assert.match(
    news()[0] ?? "",
    /^🔴 Nobody has looked at 4 vendors for 5 min\nThe bot's own watch stands still, .* \/doctor\./,
  );
  hold = undefined;
  resolve();
  await fixture.look();
  assert.match(news()[0] ?? "", /^🟢 All 4 are looked at again: /);
});

const QUICK = { lookMs: 20, watchMs: 10 };

Deno.test.each([
  ["two days", 2 * 86_400_000],
  ["almost as long as makes it blind", 5 * EVERY_MS - 4_000],
])(
  "where the bot did not run for %s, the first look may end before it is called blind",
  async (_long, downMs) => {
    await using database = await lasting[0]!.open();
    let hold: Promise<void> | undefined;
    await using fixture = await openWatch({
      environment: { DATABASE_URL: database.url },
      onTheWay: async (_vendor, _request, passOn) => {
        await hold;
        return await passOn();
      },
    });
    await fixture.look(2);
    const { clock, log, groupAnswers } = fixture;
    const before = groupAnswers().length;
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    await fixture.bot.stop(AbortSignal.timeout(HANG_MS));
    clock.advance(downMs);
    await using again = await restarted(fixture, {}, QUICK);
    const told = () => log.lines.filter(({ event }) => event === "watch_told").length;
    await eventually(async () => {
      const { store } = again.bot;
      const looks = await store.db.selectFrom("looks").select("claimed_until").execute();
      return looks.every(({ claimed_until }) => claimed_until > store.now());
    }, "a look at every vendor");
    clock.advance(5_000);
    const was = told();
    await eventually(() => told() >= was + 2, "the watch to tell");
    hold = undefined;
    resolve();
    await again.rest();
    assert.deepEqual(groupAnswers().slice(before), []);
  },
);

Deno.test("GET /metrics tells how old the last look is when it is asked, also where the watch stands still", async () => {
  await using fixture = await openWatch();
  await fixture.look();
  await fixture.bot.stop(AbortSignal.timeout(HANG_MS));
  const age = async () => {
    const text = await (await fixture.bot.app.request("/metrics")).text();
    return Number(/^countersign_look_age_seconds\{vendor="halo"\} (.*)$/m.exec(text)?.[1]);
  };
  assert.equal(await age(), 0);
  fixture.clock.advance(600_000);
  assert.equal(await age(), 600);
});
