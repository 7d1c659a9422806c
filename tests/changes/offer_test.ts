import assert from "node:assert/strict";
import { wipeUnclaimed } from "../../bot/secrets/handover.ts";
import { CUSTOM } from "../clients/opsramp_desk.ts";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { createStillClock, SOON } from "../sandbox/stage.ts";
import { ANA, BEN, type Desk, GROUP, openDesk, textOf } from "./desk.ts";
import { eventually } from "../eventually.ts";
import { enter, offerOf, statusOf } from "./secret_page.ts";

const TO_WEBHOOK = "/update opsramp Custom Integration auth=WEBHOOK";
const WHERE_ELSE = /Its credential is in OpsRamp: Setup, Account, Integrations and Apps/;

testOnEach(
  "a new credential: the requester gets a link to it, opens the page and sees it once",
  async (url) => {
    await using desk = await openDesk({ environment: { DATABASE_URL: url } });
    const { code, card } = await desk.carryOut(TO_WEBHOOK);
    const link = await offerOf(desk, ANA);
    const letter = desk.letters(ANA).join();
    assert.match(letter, new RegExp(`New with ${code}: Inbound token, Webhook URL`));
    assert.match(letter, /Applied: the inbound authentication of Custom Integration is changed/);
    assert.match(letter, /works once and until .* UTC/);
    assert.match(textOf(card), WHERE_ELSE);
    assert.equal(desk.telegram.answers(ANA).at(-1)?.has_protected_content, true);
    const waiting = await (await fetch(link)).text();
    assert.match(waiting, new RegExp(`${code} · Applied: the inbound authentication of Custom Integration`));
    assert.match(waiting, /<form method="post"><button type="submit">Show it/);
    const answer = await enter(link, {});
    assert.equal(answer.status, 200);
    const page = await answer.text();
    assert.ok(page.includes(`<code>${made(desk).token}</code>`), page);
    assert.ok(page.includes(`<code>${made(desk).webhookUrl}</code>`), page);
    assert.deepEqual(await sealed(desk), [null]);
    const events = (await desk.audit(code)).map(({ event, person_id, detail }) => [event, person_id, detail]);
    assert.deepEqual(events.slice(-2), [
      ["credential_offered", ANA, "Inbound token, Webhook URL"],
      ["credential_shown", ANA, "Inbound token, Webhook URL"],
    ]);
  },
);

testOnEach("a new credential: looking takes nothing, and of several who press one sees it", async (url) => {
  await using desk = await openDesk({ environment: { DATABASE_URL: url } });
  await desk.carryOut(TO_WEBHOOK);
  const link = await offerOf(desk, ANA);
  for (const method of ["GET", "HEAD", "GET"]) {
    const answer = await fetch(link, { method });
    assert.equal(answer.status, 200);
    assert.ok(!(await answer.text()).includes(made(desk).token));
  }
  const statuses = await Promise.all([1, 2, 3, 4].map(() => statusOf(enter(link, {}))));
  assert.deepEqual(statuses.sort(), [200, 410, 410, 410]);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal((await desk.audit()).filter(({ event }) => event === "credential_shown").length, 1);
});

Deno.test("a new credential: after ten minutes it is gone, and wiped", async () => {
  await using desk = await openDesk({ clock: createStillClock(), timing: SOON });
  await desk.carryOut(TO_WEBHOOK);
  const link = await offerOf(desk, ANA);
  desk.clock.advance(10 * 60_000 - 1);
  assert.equal(await statusOf(fetch(link)), 200);
  desk.clock.advance(1);
  assert.equal(await statusOf(fetch(link)), 410);
  assert.equal(await statusOf(enter(link, {})), 410);
  await eventually(async () => (await sealed(desk)).every((value) => value === null), "the wiping");
});

Deno.test("a new credential: it outlives a restart, and the bot that begins covers it elsewhere", async () => {
  await using file = await openFile();
  await using first = await openDesk({ environment: { DATABASE_URL: file.url } });
  await first.carryOut(TO_WEBHOOK);
  const path = new URL(await offerOf(first, ANA)).pathname;
  await using desk = await restarted(first);
  await desk.say(BEN, "/ping");
  const { code } = await desk.ask(`/disable ec2 Acme Corp reason="as ${made(desk).token} is new"`);
  assert.match(JSON.stringify(await desk.audit(code)), /as \[redacted\] is new/);
  const answer = await enter(desk.url + path, {});
  assert.ok((await answer.text()).includes(made(desk).token));
});

Deno.test("a new credential: with another SECRET_KEY nothing is shown", async () => {
  await using file = await openFile();
  await using first = await openDesk({ environment: { DATABASE_URL: file.url } });
  await first.carryOut(TO_WEBHOOK);
  const path = new URL(await offerOf(first, ANA)).pathname;
  await using desk = await restarted(first, { SECRET_KEY: btoa("another-key-another-key-another-") });
  assert.equal(await statusOf(enter(desk.url + path, {})), 410);
});

Deno.test("a new credential: without SECRET_KEY nothing is kept or sent, and the outcome says where it is", async () => {
  await using desk = await openDesk({ environment: { SECRET_KEY: undefined } });
  const { code, card } = await desk.carryOut(TO_WEBHOOK);
  await eventually(async () => (await desk.audit(code)).at(-1)?.event === "credential_withheld", "the end");
  assert.equal((await desk.audit(code)).at(-1)?.reason_code, "no_secret_key");
  assert.deepEqual([desk.letters(ANA), await sealed(desk)], [[], []]);
  assert.match(textOf(card), WHERE_ELSE);
});

Deno.test("a new credential: who never started the bot gets the link where only that person sees it", async () => {
  await using desk = await openDesk({ telegram: notStarted() });
  await desk.carryOut(TO_WEBHOOK);
  const link = await offerOf(desk, ANA);
  assert.deepEqual(desk.letters(ANA), []);
  assert.ok(!desk.news().join().includes("/secret/"));
  assert.ok((await (await enter(link, {})).text()).includes(made(desk).token));
});

Deno.test("a new credential: where Telegram has no private way, no link is shown and what was kept is wiped", async () => {
  await using desk = await openDesk({ telegram: { ...notStarted(), legacy: true } });
  const { code, card } = await desk.carryOut(TO_WEBHOOK);
  await eventually(async () => (await desk.audit(code)).at(-1)?.event === "credential_withheld", "the end");
  assert.ok(!JSON.stringify(desk.telegram.calls().filter(isInGroup)).includes("/secret/"));
  assert.deepEqual(await sealed(desk), [null]);
  assert.match(textOf(card), WHERE_ELSE);
});

Deno.test("a new credential: none is offered when the read-back shows that the change did not take", async () => {
  await using desk = await openDesk();
  const authentication = { authType: "WEBHOOK", token: "never-in-effect" };
  const body = { id: CUSTOM, inboundConfig: { authentication } };
  desk.opsramp.fail("update", { kind: "status", status: 200, body });
  const { code } = await desk.carryOut(TO_WEBHOOK);
  assert.equal(await desk.state(code), "not applied");
  assert.deepEqual((await desk.audit(code)).map(({ event }) => event).slice(-1), ["fail"]);
  assert.deepEqual([desk.letters(ANA), await sealed(desk)], [[], []]);
});

Deno.test("wipeUnclaimed: what nobody came for in time is wiped, and what still waits is not", async () => {
  await using desk = await openDesk();
  await desk.carryOut(TO_WEBHOOK);
  await offerOf(desk, ANA);
  desk.clock.advance(9 * 60_000);
  await wipeUnclaimed(desk.store);
  assert.notDeepEqual(await sealed(desk), [null]);
  desk.clock.advance(60_000);
  await wipeUnclaimed(desk.store);
  assert.deepEqual(await sealed(desk), [null]);
});

function made(desk: Desk): { readonly token: string; readonly webhookUrl: string } {
  const { token, webhookUrl } = desk.opsramp.installations.find(({ id }) => id === CUSTOM)?.inboundConfig
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

function isInGroup({ parameters }: ReturnType<Desk["telegram"]["calls"]>[number]): boolean {
  return Number(parameters["chat_id"]) === GROUP;
}

async function sealed({ store }: Desk): Promise<(string | null)[]> {
  const rows = await store.db.selectFrom("secret_entries").select("sealed").execute();
  return rows.map((row) => row.sealed);
}
