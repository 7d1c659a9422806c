import assert from "node:assert/strict";
import { wipeAbandoned } from "../../bot/secrets/entry.ts";
import { restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import { ANA, BEN, cardOf, company, type Desk, GROUP, openDesk, textOf } from "./desk.ts";
import { ENABLE_BY_KEYS, enter, linkOf, nowhere, SECRET, statusOf } from "./secret_page.ts";
import { createStillClock } from "../sandbox/stage.ts";

const CONFIGURE = "configureAmazonEC2Integration";

testOnEach(
  "secret=?: it goes from the page to the vendor, once, and is written nowhere else",
  async (url) => {
    await using desk = await openDesk({ environment: { DATABASE_URL: url } });
    await desk.say(ANA, ENABLE_BY_KEYS);
    assert.deepEqual(await desk.changes(), []);
    assert.match(desk.whispers(ANA).at(-1) ?? "", /Waiting for secret/);
    assert.equal(await statusOf(enter(linkOf(desk, ANA), { secret: SECRET })), 200);
    await desk.rest();
    const [change] = await desk.changes();
    assert(change);
    const { card } = await cardOf(desk, change.code);
    assert.match(textOf(card), /Enable the EC2 integration of Globex\?/);
    assert.match(textOf(card), /access key AKIAIOSFODNN7EXAMPLE/);
    assert.notEqual((await sealed(desk))[0], null);
    await desk.press(BEN, card, "Approve");
    assert.equal(await desk.state(change.code), "accepted");
    const sent = desk.gravityzone.calls.filter(({ params }) =>
      JSON.stringify(params).includes("wJalrXUtnFEMI")
    );
    assert.deepEqual(sent.map(({ method, params }) => ({ method, params })), [{
      method: CONFIGURE,
      params: { companyId: company.globex, keyId: "AKIAIOSFODNN7EXAMPLE", keySecret: SECRET },
    }]);
    assert.deepEqual(await sealed(desk), [null]);
    await nowhere(desk, SECRET);
  },
);

Deno.test("secret=?: the link goes to the requester alone, and no token is stored", async () => {
  await using desk = await openDesk();
  await desk.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(desk, ANA);
  const token = link.split("/").at(-1) ?? "";
  assert(link.startsWith(`${desk.url}/secret/`));
  assert.equal(token.length, 43);
  assert(![...desk.news(), ...desk.whispers(BEN), ...desk.letters(BEN)].join().includes(token));
  const rows = await desk.store.db.selectFrom("secret_entries").selectAll().execute();
  const prompts = await desk.store.db.selectFrom("prompts").selectAll().execute();
  assert(!JSON.stringify([rows, prompts, desk.log.lines, await desk.audit()]).includes(token));
  const letter = desk.telegram.answers(ANA).at(-1);
  assert.equal(letter?.has_protected_content, true);
});

Deno.test("secret=?: who never started the bot gets the link where only that person sees it", async () => {
  await using desk = await openDesk({ telegram: notStarted() });
  await desk.say(ANA, ENABLE_BY_KEYS);
  assert.deepEqual(desk.letters(ANA), []);
  const link = linkOf(desk, ANA);
  assert(!desk.news().join().includes("/secret/"));
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await desk.rest();
  assert.equal((await desk.changes()).length, 1);
});

Deno.test("secret=?: where Telegram has no private way, no link is shown and the person is told what to do", async () => {
  await using desk = await openDesk({ telegram: { ...notStarted(), legacy: true } });
  await desk.say(ANA, ENABLE_BY_KEYS);
  assert.match(
    desk.news().at(-1) ?? "",
    /can only be sent privately.*Open a private chat with me, press Start/s,
  );
  const inGroup = desk.telegram.calls().filter(({ parameters }) => Number(parameters["chat_id"]) === GROUP);
  assert(inGroup.length > 0 && !JSON.stringify(inGroup).includes("/secret/"));
  assert.deepEqual(await desk.changes(), []);
});

Deno.test("secret=?: two requests at once each take their own", async () => {
  await using desk = await openDesk();
  await desk.say(ANA, ENABLE_BY_KEYS);
  const first = linkOf(desk, ANA);
  await desk.say(ANA, "/enable ec2 Acme Labs key=AKIAIOSFODNN7OTHERS1 secret=?");
  const second = linkOf(desk, ANA);
  assert.notEqual(first, second);
  assert.equal(await statusOf(enter(second, { secret: "for Acme Labs" })), 200);
  assert.equal(await statusOf(enter(first, { secret: "for Globex" })), 200);
  await desk.rest();
  for (const { code } of await desk.changes()) {
    await desk.press(BEN, (await cardOf(desk, code)).card, "Approve");
    assert.equal(await desk.state(code), "accepted");
  }
  const sent = desk.gravityzone.calls.filter(({ method }) => method === CONFIGURE);
  assert.deepEqual(
    sent.map(({ params }) => [params["companyId"], params["keySecret"]]).sort(),
    [[company.acmeLabs, "for Acme Labs"], [company.globex, "for Globex"]],
  );
});

for (const [how, end] of ENDS()) {
  Deno.test(`secret=?: what was entered is wiped when the request ${how}`, async () => {
    await using desk = await openDesk();
    await desk.say(ANA, ENABLE_BY_KEYS);
    assert.equal(await statusOf(enter(linkOf(desk, ANA), { secret: SECRET })), 200);
    await desk.rest();
    const [change] = await desk.changes();
    assert(change);
    assert.notEqual((await sealed(desk))[0], null);
    await end(desk, change.code);
    assert.deepEqual(await sealed(desk), [null]);
    await nowhere(desk, SECRET);
  });
}

function ENDS(): [how: string, end: (desk: Desk, code: string) => Promise<unknown>][] {
  return [
    ["is rejected", (desk, code) => desk.say(BEN, `/reject ${code}`)],
    ["is withdrawn", (desk, code) => desk.say(ANA, `/withdraw ${code}`)],
    ["expires", async (desk, code) => {
      desk.clock.advance(15 * 60_000);
      await desk.say(BEN, `/approve ${code}`);
      assert.equal(await desk.state(code), "expired");
    }],
    ["is superseded", async (desk, code) => {
      desk.gravityzone.world.ec2.get(company.globex)!.externalId = "somebody-else-was-here";
      await desk.say(BEN, `/approve ${code}`);
      assert.equal(await desk.state(code), "superseded");
    }],
    ["is refused by the vendor", async (desk, code) => {
      const details = `Invalid value for 'keySecret': ${SECRET}`;
      desk.gravityzone.faults.next(CONFIGURE, {
        error: { code: -32602, message: "Invalid params", details },
      });
      await desk.say(BEN, `/approve ${code}`);
      assert.equal(await desk.state(code), "not applied");
    }],
    ["ends unknown", async (desk, code) => {
      desk.gravityzone.faults.next(CONFIGURE, { status: 500, body: SECRET, applied: true });
      await desk.say(BEN, `/approve ${code}`);
      assert.equal(await desk.state(code), "unknown");
    }],
  ];
}

Deno.test("secret=?: what was entered is wiped when the request cannot be planned any more", async () => {
  await using desk = await openDesk();
  await desk.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(desk, ANA);
  desk.gravityzone.world.companies.delete(company.globex);
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await desk.rest();
  assert.deepEqual(await desk.changes(), []);
  assert.match(desk.whispers(ANA).at(-1) ?? "", /No company/);
  assert.deepEqual(await sealed(desk), [null]);
});

Deno.test("secret=?: what was entered in time goes on, however late the bot gets to it", async () => {
  await using desk = await openDesk({ clock: createStillClock() });
  await desk.say(ANA, ENABLE_BY_KEYS);
  const link = linkOf(desk, ANA);
  await desk.pass(10 * 60_000 - 1);
  const { store } = desk;
  await store.db.updateTable("prompts").set({ expires_at: store.now() - 1 }).execute();
  assert.equal(await statusOf(enter(link, { secret: SECRET })), 200);
  await desk.rest();
  assert.equal((await desk.changes()).length, 1);
});

Deno.test("secret=?: what nobody came back for is wiped after a day, and what waits for approval is not", async () => {
  await using desk = await openDesk({ environment: { APPROVAL_TTL: "7d" } });
  for (const text of [ENABLE_BY_KEYS, "/enable ec2 Acme Labs key=AKIAIOSFODNN7OTHERS1 secret=?"]) {
    await desk.say(ANA, text);
    assert.equal(await statusOf(enter(linkOf(desk, ANA), { secret: SECRET })), 200);
    await desk.rest();
  }
  const [lost, waiting] = await desk.changes();
  assert(lost && waiting);
  await desk.store.db.deleteFrom("changes").where("code", "=", lost.code).execute();
  desk.clock.advance(86_400_000 + 1000);
  await wipeAbandoned(desk.store);
  const rows = await desk.store.db.selectFrom("secret_entries").selectAll().where("sealed", "is not", null)
    .execute();
  assert.deepEqual(rows.map(({ request }) => request), [waiting.handle]);
});

const OTHER_KEY = btoa("another-key-another-key-another-");

for (
  const [what, key] of [["with another SECRET_KEY", OTHER_KEY], ["without SECRET_KEY", undefined]] as const
) {
  Deno.test(`secret=?: after a restart ${what} nothing is sent, and the card says why`, async () => {
    await using file = await openFile();
    await using first = await openDesk({ environment: { DATABASE_URL: file.url } });
    await first.say(ANA, ENABLE_BY_KEYS);
    assert.equal(await statusOf(enter(linkOf(first, ANA), { secret: SECRET })), 200);
    await first.rest();
    await using desk = await restarted(first, { SECRET_KEY: key });
    const [change] = await desk.changes();
    assert(change);
    const { card } = await cardOf(desk, change.code);
    await desk.press(BEN, card, "Approve");
    assert.equal(await desk.state(change.code), "superseded");
    assert.match(
      textOf(card),
      /The secret that was entered cannot be opened any more: .*SECRET_KEY is another one now/,
    );
    assert.deepEqual(desk.writes(), []);
    assert.equal((await desk.audit(change.code)).at(-1)?.reason_code, "secret_missing");
  });
}

Deno.test("secret=?: without SECRET_KEY it is refused before anything is asked", async () => {
  await using desk = await openDesk({ environment: { SECRET_KEY: undefined } });
  await desk.say(ANA, ENABLE_BY_KEYS);
  assert.match(desk.whispers(ANA).at(-1) ?? "", /Secrets cannot be entered: the bot has no SECRET_KEY/);
  assert.deepEqual(desk.gravityzone.calls, []);
});

Deno.test("secret=?: a stored value moved to another request cannot be opened there", async () => {
  await using desk = await openDesk();
  await desk.say(ANA, ENABLE_BY_KEYS);
  assert.equal(await statusOf(enter(linkOf(desk, ANA), { secret: "for Globex" })), 200);
  await desk.say(ANA, "/enable ec2 Acme Labs key=AKIAIOSFODNN7OTHERS1 secret=?");
  assert.equal(await statusOf(enter(linkOf(desk, ANA), { secret: "for Acme Labs" })), 200);
  await desk.rest();
  const [globex, labs] = await desk.changes();
  assert(globex && labs);
  const { db } = desk.store;
  const row = await db.selectFrom("secret_entries").select("sealed").where("request", "=", globex.handle)
    .executeTakeFirst();
  await db.updateTable("secret_entries").set({ sealed: row?.sealed ?? null }).where(
    "request",
    "=",
    labs.handle,
  ).execute();
  await desk.press(BEN, (await cardOf(desk, labs.code)).card, "Approve");
  assert.equal(await desk.state(labs.code), "superseded");
  assert.deepEqual(desk.writes(), []);
});

function notStarted() {
  return {
    persons: [{ id: ANA, name: "Ana" }, { id: BEN, name: "Ben", started: true }],
    chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN] }],
  };
}

async function sealed({ store }: Desk): Promise<(string | null)[]> {
  const rows = await store.db.selectFrom("secret_entries").select("sealed").execute();
  return rows.map((row) => row.sealed);
}
