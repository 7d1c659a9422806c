import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, GROUP, OSKAR } from "../approvals/fixture.ts";
import type { Message } from "../sandbox/telegram.ts";
import { buttonsOf, render } from "../sandbox/telegram.ts";
import { createChance } from "../faults/chance.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { openWatch, type WatchFixture } from "./fixture.ts";

/** A Sophos integration that HaloPSA cannot sync any more, and syncs again. */
function breakSophos({ halo }: WatchFixture, words = "The refresh token has expired."): void {
  Object.assign(halo.records["SophosDetails"]?.[0] ?? {}, { halointegrator_lasterror: words });
}

function mendSophos(fixture: WatchFixture): void {
  breakSophos(fixture, "");
}

/** The newest message of the group that says this. */
function alert({ telegram }: WatchFixture, words: string, chat = GROUP): Message {
  const found = telegram.answers(chat).findLast((message) => render(message).includes(words));
  assert.ok(found, `nothing says "${words}":\n${telegram.answers(chat).map(render).join("\n\n")}`);
  return found;
}

/** What was said since. */
function since({ groupAnswers }: WatchFixture): () => string[] {
  const before = groupAnswers().length;
  return () => groupAnswers().slice(before);
}

function wasHeard({ telegram }: WatchFixture, message: Message): boolean {
  const sent = telegram.calls().find(({ method, parameters, outcome }) =>
    /^send/.test(method) && outcome === "ok" && JSON.stringify(parameters).includes("is down: failing") &&
    parameters["chat_id"] === message.chat.id
  );
  assert.ok(sent, "it was sent");
  return sent.parameters["disable_notification"] !== true;
}

testOnEach(
  "the first looks set the starting state: what is bad then is one silent message per vendor",
  async (url) => {
    await using fixture = await openWatch({ environment: { DATABASE_URL: url } });
    assert.deepEqual(fixture.groupAnswers(), [], "one look says nothing yet");
    await fixture.look(2);
    const titles = fixture.groupAnswers().map((text) => text.split("\n")[0]).toSorted();
    assert.deepEqual(titles, [
      "🔴 2 of 10 HaloPSA integrations are down",
      "🔴 2 of 14 Bitdefender integrations are not fine",
      "🔴 3 of 31 Apono integrations are not fine",
    ]);
    const sends = fixture.telegram.calls().filter(({ method }) => method.startsWith("send"));
    assert.ok(sends.every(({ parameters }) => parameters["disable_notification"] === true), "all are silent");
  },
);

testOnEach("an integration breaks, is acked, and is mended: one message, edited", async (url) => {
  await using fixture = await openWatch({ environment: { DATABASE_URL: url } });
  await fixture.look(2);
  const news = since(fixture);
  breakSophos(fixture);
  await fixture.look();
  assert.deepEqual(news(), [], "a single bad look alerts nobody");
  await fixture.look();
  const [text = "", ...others] = news();
  assert.deepEqual(others, []);
  assert.match(
    text,
    /^🔴 Sophos Central is down: failing\nHaloPSA · since .* \(1 min\) · was fine for \d min\nHaloPSA says: “The refresh token has expired\.”\nA new one: \/update sophos 1 new_refresh_token=\?\n/,
  );
  assert.match(text, /\[ Show \] \[ Ack \] \[ Mute 1 h \]\n\[ Turn its sync off \]/);
  const message = alert(fixture, "Sophos Central is down");
  assert.ok(wasHeard(fixture, message), "it has a sound");

  const refused = await fixture.press(OSKAR, message, "Ack");
  assert.match(refused.text ?? "", /You may read here but not ask for changes/);
  await fixture.press(BEN, message, "Ack");
  assert.match(render(alert(fixture, "Sophos Central is down")), /Ben acked .*\n/);
  const again = await fixture.press(ANA, message, "Mute 1 h");
  assert.match(again.text ?? "", /Muted for an hour/);

  mendSophos(fixture);
  await fixture.look();
  assert.match(news()[0] ?? "", /Sophos Central is down/, "one fine look ends nothing");
  await fixture.look();
  assert.equal(news().length, 1, "it is the same message");
  assert.match(
    news()[0] ?? "",
    /^🟢 Sophos Central is fine again\nHaloPSA · Recovered after 2 min · down .* to .* · Ben acked .*$/,
  );
  const events = (await fixture.audit()).map(({ event, person_id }) => [event, person_id]);
  assert.deepEqual(events, [["refused", OSKAR], ["acked", BEN], ["muted", ANA]]);
});

Deno.test("Ack and Mute count at the alert itself, while it lasts, and Ack once", async () => {
  await using fixture = await openWatch();
  await fixture.look(2);
  breakSophos(fixture);
  await fixture.look(2);
  const message = alert(fixture, "Sophos Central is down");
  const carried = (label: string) =>
    buttonsOf(message).find(({ text }) => text === label)?.callback_data as string;
  const [ack, mute] = [carried("Ack"), carried("Mute 1 h")];
  await fixture.say(ANA, "/ping", { chat: ANA });
  await fixture.press(ANA, fixture.telegram.last(ANA)!, ack, { forged: true });
  await fixture.press(BEN, message, ack, { forged: true });
  await fixture.press(ANA, message, ack, { forged: true });
  mendSophos(fixture);
  await fixture.look(2);
  await fixture.press(ANA, message, mute, { forged: true });
  assert.deepEqual(
    (await fixture.audit()).map(({ event, reason_code, person_id }) => [
      reason_code ?? event,
      person_id,
    ]),
    [["foreign_button", ANA], ["acked", BEN], ["already_acked", ANA], ["alert_over", ANA]],
  );
});

Deno.test("what helps is a button, and a change still becomes a card", async () => {
  await using fixture = await openWatch();
  await fixture.look(2);
  breakSophos(fixture);
  await fixture.look(2);
  const message = alert(fixture, "Sophos Central is down");
  await fixture.press(ANA, message, "Turn its sync off");
  const [change] = await fixture.changes();
  assert.deepEqual([change?.verb, change?.target, change?.requester_id, change?.state], [
    "disable",
    "sophos",
    ANA,
    "pending",
  ]);
  assert.match(render(alert(fixture, "Sophos Central is down")), /Turn its sync off/, "the alert stays");
  await fixture.press(OSKAR, message, "Turn its sync off");
  assert.equal((await fixture.changes()).length, 1, "who may not ask asks for nothing");
});

Deno.test("an alert says what it was before, that it is frozen, and that it is borrowed", async () => {
  await using fixture = await openWatch();
  const ERROR = 6;
  await fixture.look(2);
  await fixture.say(BEN, '/freeze bitdefender company="Northwind MSP" incident 4711');
  const integrations = [...fixture.gravityzone.world.integrations.values()].flat();
  Object.assign(integrations.find(({ name }) => name === "vcenter-lab") ?? {}, { status: ERROR });
  await fixture.look(2);
  const frozen = render(alert(fixture, "vcenter-lab"));
  assert.match(frozen, / · was not known\n/);
  assert.match(frozen, /🟡 Frozen: .*Northwind MSP by Ben .*incident 4711/);
  const { code } = await fixture.carryOut("/disable sophos 1 for=2h");
  await fixture.look(4);
  Object.assign(fixture.halo.records["SophosDetails"]?.[0] ?? {}, { halointegrator: true });
  breakSophos(fixture);
  await fixture.look(2);
  const borrowed = render(alert(fixture, "Sophos Central is down"));
  assert.match(borrowed, / · was switched off\n/);
  assert.match(borrowed, new RegExp(`⏳ Borrowed: ${code} .* · asked by Ana .* · until `));
  assert.doesNotMatch(borrowed, /Frozen/);
});

Deno.test("what changed because of a change made here is no alert", async () => {
  await using fixture = await openWatch();
  await fixture.look(2);
  const { code } = await fixture.carryOut("/disable sophos 1");
  assert.equal(await fixture.state(code), "applied");
  const news = since(fixture);
  breakSophos(fixture);
  Object.assign(fixture.halo.records["SophosDetails"]?.[0] ?? {}, { halointegrator: true });
  await fixture.look(2);
  assert.deepEqual(news(), []);
});

Deno.test("vendors that fail 5 % of calls at random alert nobody in an hour of looks", async () => {
  const chance = createChance(1, "a flaky hour");
  const still = createStillClock();
  let [isFlaky, failed] = [false, 0];
  await using fixture = await openWatch({
    // Nobody need wait for the pause between two attempts.
    clock: { ...still, sleep: (ms, signal) => still.sleep(ms < 100 || ms >= 1_000 ? ms : 1, signal) },
    environment: { WATCH_AFTER: "2" },
    onTheWay: async (_vendor, _request, passOn) => {
      if (!isFlaky || !chance.happens(0.05)) return await passOn();
      failed++;
      return new Response(null, { status: chance.pick([500, 502, 503]) });
    },
  });
  const { db } = fixture.store;
  const alerts = db.selectFrom("episodes").select(["item", "word"]).where("kind", "<>", "start");
  await fixture.look(2);
  const before = fixture.groupAnswers();
  isFlaky = true;
  await fixture.look(60);
  assert.ok(failed > 40, `${failed} calls failed`);
  assert.deepEqual(await alerts.execute(), []);
  assert.deepEqual(fixture.groupAnswers(), before);
});

Deno.test("a vendor that goes away as a whole is one alert, and holds back those of its items", async () => {
  let away = false;
  await using fixture = await openWatch({
    onTheWay: async (vendor, _request, passOn) =>
      away && vendor === "HaloPSA" ? new Response(null, { status: 503 }) : await passOn(),
  });
  await fixture.look(2);
  const news = since(fixture);
  away = true;
  await fixture.look(2);
  assert.equal(news().length, 1);
  assert.match(news()[0] ?? "", /^🔴 HaloPSA .*\nsince .* \(1 min\)/);
  assert.match(news()[0] ?? "", /Its 10 integrations are not known until it answers\./);
  breakSophos(fixture);
  away = false;
  await fixture.look(2);
  assert.equal(news().length, 2, news().join("\n\n"));
  assert.match(news()[0] ?? "", /^🟢 HaloPSA answers again\nRecovered after 2 min/);
  assert.match(news()[1] ?? "", /^🔴 Sophos Central is down/);
});

Deno.test("a reminder comes every WATCH_REMIND, three at most, and none once it is acked", async () => {
  await using fixture = await openWatch({ environment: { WATCH_REMIND: "5m" } });
  await fixture.look(2);
  breakSophos(fixture);
  await fixture.look(2);
  const news = since(fixture);
  await fixture.look(20);
  assert.deepEqual(news().map((text) => /Reminder \d of \d/.exec(text)?.[0]), [
    "Reminder 1 of 3",
    "Reminder 2 of 3",
    "Reminder 3 of 3",
  ]);
  assert.match(news()[0] ?? "", /^🔴 Still: Sophos Central is down: failing/);
  const metrics = await (await fetch(`${fixture.url}/metrics`)).text();
  for (
    const line of [
      `looks_total{vendor="halo",result="answered"} 25`,
      `look_age_seconds{vendor="halo"} 0`,
      `episodes_open{vendor="halo",state="down"} 3`,
      `alerts_total{kind="start"} 3`,
      `alerts_total{kind="alert"} 1`,
      `alerts_total{kind="reminder"} 3`,
    ]
  ) assert.ok(metrics.includes(`countersign_${line}\n`), `${line} in\n${metrics}`);
  mendSophos(fixture);
  await fixture.look(2);
  breakSophos(fixture);
  await fixture.look(2);
  await fixture.press(BEN, alert(fixture, "Sophos Central is down"), "Ack");
  const later = since(fixture);
  await fixture.look(8);
  assert.deepEqual(later(), []);
});

Deno.test("what is muted is neither told anew nor reminded of in that hour", async () => {
  await using fixture = await openWatch({ environment: { WATCH_REMIND: "5m" } });
  await fixture.look(2);
  breakSophos(fixture);
  await fixture.look(2);
  await fixture.press(BEN, alert(fixture, "Sophos Central is down"), "Mute 1 h");
  const news = since(fixture);
  await fixture.look(6);
  mendSophos(fixture);
  await fixture.look(2);
  breakSophos(fixture);
  await fixture.look(2);
  assert.deepEqual(news(), []);
});

Deno.test("an item that vanishes or is new is told, without a sound, and once", async () => {
  await using fixture = await openWatch();
  await fixture.look(2);
  const news = since(fixture);
  const [sophos] = fixture.halo.records["SophosDetails"]?.splice(0, 1) ?? [];
  await fixture.look(3);
  assert.equal(news().length, 1);
  assert.match(news()[0] ?? "", /^ℹ️ Gone from HaloPSA: Sophos Central\n• last seen /u);
  fixture.halo.records["SophosDetails"]?.push(sophos!);
  await fixture.look(3);
  assert.equal(news().length, 2);
  assert.match(news()[1] ?? "", /New in HaloPSA: Sophos Central\n• syncing/);
});

Deno.test("what is known to end soon is told 7 days and 1 day before, once each", async () => {
  const DAY = 86_400_000;
  await using fixture = await openWatch();
  const ends = (inMs: number) =>
    Object.assign(fixture.halo.records["SentinelOneDetails"]?.[0] ?? {}, {
      token_expiry: new Date(fixture.clock.now() + inMs).toISOString().slice(0, 19),
      last_sync: new Date(fixture.clock.now()).toISOString().slice(0, 19),
    });
  ends(8 * DAY);
  await fixture.look(2);
  const news = since(fixture);
  ends(6.5 * DAY);
  await fixture.look(3);
  assert.equal(news().length, 1, news().join("\n\n"));
  assert.match(news()[0] ?? "", /^🟡 The token of .* ends /);
  assert.match(
    news()[0] ?? "",
    /SentinelOne in HaloPSA · ends .*\nA new one: \/update sentinelone 1 new_\w+=\?/,
  );
  ends(0.5 * DAY);
  await fixture.look(3);
  assert.equal(news().length, 2);
});
