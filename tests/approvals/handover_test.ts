import assert from "node:assert/strict";
import { wipeUnclaimed } from "../../bot/secrets/handover.ts";
import { openStore } from "../../bot/store/database.ts";
import { CUSTOM } from "../clients/opsramp_fixture.ts";
import { watched } from "../crash/moment.ts";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { createStillClock, SOON } from "../sandbox/stage.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import { enter, everyRow, offerOf, statusOf } from "./secret_page.ts";

const TO_WEBHOOK = "/update opsramp Custom Integration auth=WEBHOOK reason=leaked";
const WHERE_ELSE = /Its credential is in OpsRamp: Setup, Account, Integrations and Apps/;

testOnEach(
  "a new credential: the requester gets a link to it, opens the page and sees it once",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const { code, card } = await fixture.carryOut(TO_WEBHOOK);
    const link = await offerOf(fixture, ANA);
    const letter = fixture.privateAnswers(ANA).join();
    assert.match(letter, new RegExp(`New with ${code}: Inbound token, Webhook URL`));
    assert.match(letter, /Applied: the inbound authentication of Custom Integration is changed/);
    assert.match(letter, /works once and until .* UTC/);
    assert.match(textOf(card), WHERE_ELSE);
    assert.equal(fixture.telegram.answers(ANA).at(-1)?.has_protected_content, true);
    const waiting = await (await fetch(link)).text();
    assert.match(waiting, new RegExp(`${code} · Applied: the inbound authentication of Custom Integration`));
    assert.match(waiting, /<form method="post"><button type="submit">Show it/);
    const answer = await enter(link, {});
    assert.equal(answer.status, 200);
    const page = await answer.text();
    assert.ok(page.includes(`<code>${made(fixture).token}</code>`), page);
    assert.ok(page.includes(`<code>${made(fixture).webhookUrl}</code>`), page);
    assert.deepEqual(await sealed(fixture), [null]);
    const events = (await fixture.audit(code)).map((
      { event, person_id, detail },
    ) => [event, person_id, detail]);
    assert.deepEqual(events.slice(-2), [
      ["credential_offered", ANA, "Inbound token, Webhook URL"],
      ["credential_shown", ANA, "Inbound token, Webhook URL"],
    ]);
  },
);

for (const when of ["before", "after"] as const) {
  testOnEach(`a new credential is offered once, though the store fails ${when} its commit`, async (url) => {
    let isDone = false;
    await using fixture = await openFixture({
      environment: { DATABASE_URL: url },
      openStore: async (...where) =>
        watched(await openStore(...where), (what, moment) => {
          if (isDone || what !== "audit credential_offered" || moment !== when) return;
          isDone = true;
          throw new Error("disk I/O error");
        }),
    });
    const { code } = await fixture.carryOut(TO_WEBHOOK);
    assert.equal(await statusOf(enter(await offerOf(fixture, ANA), {})), 200);
    assert.ok(isDone, "the store did not fail");
    const offers = (await fixture.audit(code)).filter(({ event }) => event === "credential_offered");
    assert.equal(offers.length, 1);
  });
}

Deno.test("a new credential is offered by who asked for it, though another has the change by then", async () => {
  await using fixture = await openFixture({
    async onTheWay(_vendor, { method }, passOn) {
      const answer = await passOn();
      if (method === "POST") {
        await fixture.store.db.updateTable("changes").set({ claimed_by: "another" }).execute();
      }
      return answer;
    },
  });
  const { code, card } = await fixture.ask(TO_WEBHOOK);
  fixture.telegram.pressAndGo(BEN, card, "Approve");
  assert.equal(await statusOf(enter(await offerOf(fixture, ANA), {})), 200);
  assert.equal(await fixture.state(code), "executing");
});

testOnEach("a new credential: looking takes nothing, and of several who press one sees it", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await fixture.carryOut(TO_WEBHOOK);
  const link = await offerOf(fixture, ANA);
  for (const method of ["GET", "HEAD", "GET"]) {
    const answer = await fetch(link, { method });
    assert.equal(answer.status, 200);
    assert.ok(!(await answer.text()).includes(made(fixture).token));
  }
  const statuses = await Promise.all([1, 2, 3, 4].map(() => statusOf(enter(link, {}))));
  assert.deepEqual(statuses.sort(), [200, 410, 410, 410]);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal((await fixture.audit()).filter(({ event }) => event === "credential_shown").length, 1);
});

Deno.test("a new credential: after ten minutes it is gone, and wiped", async () => {
  await using fixture = await openFixture({ clock: createStillClock(), timing: SOON });
  await fixture.carryOut(TO_WEBHOOK);
  const link = await offerOf(fixture, ANA);
  fixture.clock.advance(10 * 60_000 - 1);
  assert.equal(await statusOf(fetch(link)), 200);
  fixture.clock.advance(1);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal(await statusOf(enter(link, {})), 410);
  await eventually(async () => (await sealed(fixture)).every((value) => value === null), "the wiping");
});

Deno.test("a new credential: it outlives a restart, and the bot that begins covers it elsewhere", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  await first.carryOut(TO_WEBHOOK);
  const path = new URL(await offerOf(first, ANA)).pathname;
  await using fixture = await restarted(first);
  await fixture.say(BEN, "/ping");
  const { code } = await fixture.ask(`/disable ec2 Acme Corp reason="as ${made(fixture).token} is new"`);
  assert.match(JSON.stringify(await fixture.audit(code)), /as \[redacted\] is new/);
  const answer = await enter(fixture.url + path, {});
  assert.ok((await answer.text()).includes(made(fixture).token));
});

Deno.test("a new credential: with another SECRET_KEY nothing is shown", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  await first.carryOut(TO_WEBHOOK);
  const path = new URL(await offerOf(first, ANA)).pathname;
  await using fixture = await restarted(first, { SECRET_KEY: btoa("another-key-another-key-another-") });
  assert.equal(await statusOf(enter(fixture.url + path, {})), 410);
});

Deno.test("a new credential: without SECRET_KEY nothing is kept or sent, and the outcome says where it is", async () => {
  await using fixture = await openFixture({ environment: { SECRET_KEY: undefined } });
  const { code, card } = await fixture.carryOut(TO_WEBHOOK);
  await eventually(
    async () => (await fixture.audit(code)).at(-1)?.event === "credential_withheld",
    "the end",
  );
  assert.equal((await fixture.audit(code)).at(-1)?.reason_code, "no_secret_key");
  assert.deepEqual([fixture.privateAnswers(ANA), await sealed(fixture)], [[], []]);
  assert.match(textOf(card), WHERE_ELSE);
});

Deno.test("a new credential: who never started the bot gets the link where only that person sees it", async () => {
  await using fixture = await openFixture({ telegram: notStarted() });
  await fixture.carryOut(TO_WEBHOOK);
  const link = await offerOf(fixture, ANA);
  assert.deepEqual(fixture.privateAnswers(ANA), []);
  assert.ok(!fixture.groupAnswers().join().includes("/secret/"));
  assert.ok((await (await enter(link, {})).text()).includes(made(fixture).token));
});

testOnEach("a new credential: a 429 delays the link to it, and no row has the link", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const { faults } = fixture.telegram;
  faults.push({ chat: ANA, retryAfter: 30 });
  await fixture.carryOut(TO_WEBHOOK);
  await eventually(() => faults.left() === 0, "the limit");
  await fixture.rest();
  assert.deepEqual(fixture.privateAnswers(ANA), []);
  const waiting = await everyRow(fixture);
  await fixture.pass(30_001);
  const link = await offerOf(fixture, ANA);
  assert.ok(![waiting, await everyRow(fixture)].join().includes(link.split("/").at(-1) ?? ""));
  assert.ok((await (await enter(link, {})).text()).includes(made(fixture).token));
});

Deno.test("a new credential: where Telegram has no private way, no link is shown and what was kept is wiped", async () => {
  await using fixture = await openFixture({ telegram: { ...notStarted(), legacy: true } });
  const { code, card } = await fixture.carryOut(TO_WEBHOOK);
  await eventually(
    async () => (await fixture.audit(code)).at(-1)?.event === "credential_withheld",
    "the end",
  );
  assert.ok(!JSON.stringify(fixture.telegram.calls().filter(isInGroup)).includes("/secret/"));
  assert.deepEqual(await sealed(fixture), [null]);
  assert.match(textOf(card), WHERE_ELSE);
});

Deno.test("a new credential: none is offered when the read-back shows that the change did not take", async () => {
  await using fixture = await openFixture();
  const authentication = { authType: "WEBHOOK", token: "never-in-effect" };
  const body = { id: CUSTOM, inboundConfig: { authentication } };
  fixture.opsramp.fail("update", { kind: "status", status: 200, body });
  const { code } = await fixture.carryOut(TO_WEBHOOK);
  assert.equal(await fixture.state(code), "not applied");
  assert.deepEqual((await fixture.audit(code)).map(({ event }) => event).slice(-1), ["fail"]);
  assert.deepEqual([fixture.privateAnswers(ANA), await sealed(fixture)], [[], []]);
});

Deno.test("wipeUnclaimed: what nobody came for in time is wiped, and what still waits is not", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut(TO_WEBHOOK);
  await offerOf(fixture, ANA);
  fixture.clock.advance(9 * 60_000);
  await wipeUnclaimed(fixture.store);
  assert.notDeepEqual(await sealed(fixture), [null]);
  fixture.clock.advance(60_000);
  await wipeUnclaimed(fixture.store);
  assert.deepEqual(await sealed(fixture), [null]);
});

function made(fixture: Fixture): { readonly token: string; readonly webhookUrl: string } {
  const { token, webhookUrl } = fixture.opsramp.installations.find(({ id }) => id === CUSTOM)?.inboundConfig
    ?.authentication ?? {};
  assert.ok(token && webhookUrl);
  return { token, webhookUrl };
}

function notStarted() {
  return {
    persons: [{ id: ANA, name: "Ana" }, { id: BEN, name: "Ben", started: true }],
    chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN] }],
  };
}

function isInGroup({ parameters }: ReturnType<Fixture["telegram"]["calls"]>[number]): boolean {
  return Number(parameters["chat_id"]) === GROUP;
}

async function sealed({ store }: Fixture): Promise<(string | null)[]> {
  const rows = await store.db.selectFrom("secret_entries").select("sealed").execute();
  return rows.map((row) => row.sealed);
}
