import assert from "node:assert/strict";
import { wipeAbandoned } from "../../bot/secrets/entry.ts";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { ANA, BEN, cardOf, company, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { ENABLE_BY_KEYS, enter, everyRow, linkOf, nowhere, SECRET, statusOf } from "./secret_page.ts";
import { createStillClock } from "../sandbox/stage.ts";

const CONFIGURE = "configureAmazonEC2Integration";

testOnEach(
  "secret=?: it goes from the page to the vendor, once, and is written nowhere else",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await fixture.say(ANA, ENABLE_BY_KEYS);
    assert.deepEqual(await fixture.changes(), []);
    assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /Waiting for secret/);
    assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
    await fixture.rest();
    const [change] = await fixture.changes();
    assert(change);
    const { card } = await cardOf(fixture, change.code);
    assert.match(textOf(card), /Enable the EC2 integration of Globex\?/);
    assert.match(textOf(card), /access key AKIAIOSFODNN7EXAMPLE/);
    assert.notEqual((await sealed(fixture))[0], null);
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(change.code), "accepted");
    const sent = fixture.gravityzone.calls.filter(({ params }) =>
      JSON.stringify(params).includes("wJalrXUtnFEMI")
    );
    assert.deepEqual(sent.map(({ method, params }) => ({ method, params })), [{
      method: CONFIGURE,
      params: { companyId: company.globex, keyId: "AKIAIOSFODNN7EXAMPLE", keySecret: SECRET },
    }]);
    assert.deepEqual(await sealed(fixture), [null]);
    await nowhere(fixture, SECRET);
  },
);

Deno.test("secret=?: the link goes to the requester alone, and no token is stored", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  const token = link.split("/").at(-1) ?? "";
  assert(link.startsWith(`${fixture.url}/secret/`));
  assert.equal(token.length, 43);
  assert(
    ![...fixture.groupAnswers(), ...fixture.ephemeralAnswers(BEN), ...fixture.privateAnswers(BEN)].join()
      .includes(token),
  );
  const rows = await fixture.store.db.selectFrom("secret_entries").selectAll().execute();
  const prompts = await fixture.store.db.selectFrom("prompts").selectAll().execute();
  assert(!JSON.stringify([rows, prompts, fixture.log.lines, await fixture.audit()]).includes(token));
  const letter = fixture.telegram.answers(ANA).at(-1);
  assert.equal(letter?.has_protected_content, true);
});

testOnEach("secret=?: a 429 delays the link and does not lose it, and no row has it", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await sayAtTheLimit(fixture);
  const waiting = await everyRow(fixture);
  await fixture.pass(30_001);
  const token = linkOf(fixture, ANA).split("/").at(-1) ?? "";
  assert(![waiting, await everyRow(fixture)].join().includes(token));
  const letters = await fixture.store.db.selectFrom("messages").select(["state", "sealed"])
    .where("chat_id", "=", ANA).execute();
  assert.deepEqual(letters.map(({ state, sealed }) => [state, sealed]), [["idle", null]]);
  assert.equal(fixture.privateAnswers(ANA).length, 1);
  assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("secret=?: a restart does not lose the link that waits for Telegram", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  await sayAtTheLimit(first);
  await using fixture = await restarted(first);
  await fixture.pass(30_001);
  const { pathname } = new URL(linkOf(fixture, ANA));
  assert.equal(await statusOf(enter(fixture.url + pathname, { secret: SECRET })), 200);
  assert.equal(fixture.privateAnswers(ANA).length, 1);
});

Deno.test("secret=?: a 429 delays the link in the group as well, where nobody else sees it", async () => {
  await using fixture = await openFixture({ telegram: notStarted() });
  const { faults } = fixture.telegram;
  faults.push({ method: "editEphemeralMessageText", retryAfter: 30 });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.equal(faults.left(), 0);
  const waiting = await everyRow(fixture);
  assert(!fixture.ephemeralAnswers(ANA).join().includes("/secret/"));
  await fixture.pass(30_001);
  const token = linkOf(fixture, ANA).split("/").at(-1) ?? "";
  assert(![waiting, await everyRow(fixture), ...fixture.groupAnswers()].join().includes(token));
  assert.equal(fixture.ephemeralAnswers(ANA).length, 1);
  const sealed = await fixture.store.db.selectFrom("messages").select("key").where("sealed", "is not", null)
    .execute();
  assert.deepEqual(sealed, []);
});

Deno.test("secret=?: a link whose SECRET_KEY is gone is not sent, and the person is told to ask again", async () => {
  await using file = await openFile();
  await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
  await sayAtTheLimit(first);
  await using fixture = await restarted(first, { SECRET_KEY: btoa("another-key-another-key-another-") });
  await fixture.pass(30_001);
  assert.deepEqual(fixture.privateAnswers(ANA), []);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /send the command again/);
});

Deno.test("secret=?: who never started the bot gets the link where only that person sees it", async () => {
  await using fixture = await openFixture({ telegram: notStarted() });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.deepEqual(fixture.privateAnswers(ANA), []);
  const link = linkOf(fixture, ANA);
  assert(!fixture.groupAnswers().join().includes("/secret/"));
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("secret=?: where Telegram has no private way, no link is shown and the person is told what to do", async () => {
  await using fixture = await openFixture({ telegram: { ...notStarted(), legacy: true } });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /can only be sent privately.*Open a private chat with me, press Start/s,
  );
  const inGroup = fixture.telegram.calls().filter(({ parameters }) =>
    Number(parameters["chat_id"]) === GROUP
  );
  assert(inGroup.length > 0 && !JSON.stringify(inGroup).includes("/secret/"));
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("secret=?: where the link's place in the group can be edited no more, it comes anew, for that person alone", async () => {
  await using fixture = await openFixture({ telegram: notStarted() });
  fixture.telegram.faults.push({
    method: "editEphemeralMessageText",
    status: 400,
    description: GONE,
    times: 2,
  });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
  assert(!fixture.groupAnswers().join().includes("/secret/"));
});

Deno.test("secret=?: where the link can be shown in no way at all, the person is told what to do", async () => {
  await using fixture = await openFixture({ telegram: notStarted() });
  fixture.telegram.faults.push({
    method: "editEphemeralMessageText",
    status: 400,
    description: GONE,
    times: 9,
  });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /can only be sent privately.*Open a private chat with me, press Start/s,
  );
  const inGroup = fixture.telegram.messages(GROUP).concat(fixture.telegram.ephemerals(ANA, GROUP));
  assert(!JSON.stringify(inGroup).includes("/secret/"));
});

const GONE = "Bad Request: message to edit not found";

/** Asks for the link while Telegram takes nothing for her. */
async function sayAtTheLimit(fixture: Fixture): Promise<void> {
  const { faults } = fixture.telegram;
  faults.push({ chat: ANA, retryAfter: 30 });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /Waiting for secret/);
  assert.deepEqual([faults.left(), fixture.privateAnswers(ANA)], [0, []]);
}

Deno.test("secret=?: two requests at once each take their own", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const first = linkOf(fixture, ANA);
  await fixture.say(ANA, "/enable ec2 Acme Labs key=AKIAIOSFODNN7OTHERS1 secret=?");
  const second = linkOf(fixture, ANA);
  assert.notEqual(first, second);
  assert.equal(await statusOf(enter(second, { secret: "for Acme Labs" })), 200);
  assert.equal(await statusOf(enter(first, { secret: "for Globex" })), 200);
  await fixture.rest();
  for (const { code } of await fixture.changes()) {
    await fixture.press(BEN, (await cardOf(fixture, code)).card, "Approve");
    assert.equal(await fixture.state(code), "accepted");
  }
  const sent = fixture.gravityzone.calls.filter(({ method }) => method === CONFIGURE);
  assert.deepEqual(
    sent.map(({ params }) => [params["companyId"], params["keySecret"]]).sort(),
    [[company.acmeLabs, "for Acme Labs"], [company.globex, "for Globex"]],
  );
});

for (const [how, end] of ENDS()) {
  Deno.test(`secret=?: what was entered is wiped when the request ${how}`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, ENABLE_BY_KEYS);
    assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
    await fixture.rest();
    const [change] = await fixture.changes();
    assert(change);
    assert.notEqual((await sealed(fixture))[0], null);
    await end(fixture, change.code);
    assert.deepEqual(await sealed(fixture), [null]);
    await nowhere(fixture, SECRET);
  });
}

function ENDS(): [how: string, end: (fixture: Fixture, code: string) => Promise<unknown>][] {
  return [
    ["is rejected", (fixture, code) => fixture.say(BEN, `/reject ${code}`)],
    ["is withdrawn", (fixture, code) => fixture.say(ANA, `/withdraw ${code}`)],
    ["expires", async (fixture, code) => {
      fixture.clock.advance(15 * 60_000);
      await fixture.say(BEN, `/approve ${code}`);
      assert.equal(await fixture.state(code), "expired");
    }],
    ["is superseded", async (fixture, code) => {
      fixture.gravityzone.world.ec2.get(company.globex)!.externalId = "somebody-else-was-here";
      await fixture.say(BEN, `/approve ${code}`);
      assert.equal(await fixture.state(code), "superseded");
    }],
    ["is refused by the vendor", async (fixture, code) => {
      const details = `Invalid value for 'keySecret': ${SECRET}`;
      fixture.gravityzone.faults.next(CONFIGURE, {
        error: { code: -32602, message: "Invalid params", details },
      });
      await fixture.say(BEN, `/approve ${code}`);
      assert.equal(await fixture.state(code), "not applied");
    }],
    ["ends unknown", async (fixture, code) => {
      fixture.gravityzone.faults.next(CONFIGURE, { status: 500, body: SECRET, applied: true });
      await fixture.say(BEN, `/approve ${code}`);
      assert.equal(await fixture.state(code), "unknown");
    }],
  ];
}

Deno.test("secret=?: what was entered is wiped when the request cannot be planned any more", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  fixture.gravityzone.world.companies.delete(company.globex);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await fixture.rest();
  assert.deepEqual(await fixture.changes(), []);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /No company/);
  assert.deepEqual(await sealed(fixture), [null]);
});

Deno.test("secret=?: what was entered in time goes on, however late the bot gets to it", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(fixture, ANA);
  await fixture.pass(10 * 60_000 - 1);
  const { store } = fixture;
  await store.db.updateTable("prompts").set({ expires_at: store.now() - 1 }).execute();
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await fixture.rest();
  assert.equal((await fixture.changes()).length, 1);
});

Deno.test("secret=?: what nobody came back for is wiped after a day, and what waits for approval is not", async () => {
  await using fixture = await openFixture({ environment: { APPROVAL_TTL: "7d" } });
  for (const text of [ENABLE_BY_KEYS, "/enable ec2 Acme Labs key=AKIAIOSFODNN7OTHERS1 secret=?"]) {
    await fixture.say(ANA, text);
    assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: SECRET })), 200);
    await fixture.rest();
  }
  const [lost, waiting] = await fixture.changes();
  assert(lost && waiting);
  await fixture.store.db.deleteFrom("changes").where("code", "=", lost.code).execute();
  fixture.clock.advance(86_400_000 + 1000);
  await wipeAbandoned(fixture.store);
  const rows = await fixture.store.db.selectFrom("secret_entries").selectAll().where("sealed", "is not", null)
    .execute();
  assert.deepEqual(rows.map(({ request }) => request), [waiting.handle]);
});

const OTHER_KEY = btoa("another-key-another-key-another-");

for (
  const [what, key] of [["with another SECRET_KEY", OTHER_KEY], ["without SECRET_KEY", undefined]] as const
) {
  Deno.test(`secret=?: after a restart ${what} nothing is sent, and the card says why`, async () => {
    await using file = await openFile();
    await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
    await first.say(ANA, ENABLE_BY_KEYS);
    assert.equal(await statusOf(enter(linkOf(first, ANA), { secret: SECRET })), 200);
    await first.rest();
    await using fixture = await restarted(first, { SECRET_KEY: key });
    const [change] = await fixture.changes();
    assert(change);
    const { card } = await cardOf(fixture, change.code);
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(change.code), "superseded");
    assert.match(
      textOf(card),
      /The entered secret cannot be read any more: .*SECRET_KEY has changed/,
    );
    assert.deepEqual(fixture.writes(), []);
    assert.equal((await fixture.audit(change.code)).at(-1)?.reason_code, "secret_missing");
  });
}

Deno.test("secret=?: without SECRET_KEY it is refused before anything is asked", async () => {
  await using fixture = await openFixture({ environment: { SECRET_KEY: undefined } });
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /Secrets cannot be entered here: someone who runs the bot has to set SECRET_KEY\./,
  );
  assert.deepEqual(fixture.gravityzone.calls, []);
});

Deno.test("secret=?: a stored value moved to another request cannot be opened there", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ENABLE_BY_KEYS);
  assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: "for Globex" })), 200);
  await fixture.say(ANA, "/enable ec2 Acme Labs key=AKIAIOSFODNN7OTHERS1 secret=?");
  assert.equal(await statusOf(enter(linkOf(fixture, ANA), { secret: "for Acme Labs" })), 200);
  await fixture.rest();
  const [globex, labs] = await fixture.changes();
  assert(globex && labs);
  const { db } = fixture.store;
  const row = await db.selectFrom("secret_entries").select("sealed").where("request", "=", globex.handle)
    .executeTakeFirst();
  await db.updateTable("secret_entries").set({ sealed: row?.sealed ?? null }).where(
    "request",
    "=",
    labs.handle,
  ).execute();
  await fixture.press(BEN, (await cardOf(fixture, labs.code)).card, "Approve");
  assert.equal(await fixture.state(labs.code), "superseded");
  assert.deepEqual(fixture.writes(), []);
});

function notStarted() {
  return {
    persons: [{ id: ANA, name: "Ana" }, { id: BEN, name: "Ben", started: true }],
    chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN] }],
  };
}

async function sealed({ store }: Fixture): Promise<(string | null)[]> {
  const rows = await store.db.selectFrom("secret_entries").select("sealed").execute();
  return rows.map((row) => row.sealed);
}
