import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openFile } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openFixture } from "../approvals/fixture.ts";
import { enter, linkOf, nowhere, offerOf } from "../approvals/secret_page.ts";
import { CUSTOM, SERVICE_DESK } from "../clients/opsramp_fixture.ts";

const TOKEN = `new<b>&"token'7Qx`;
const URL_WITH_TOKEN = "https://api.opsramp.example/webhook?vtoken=k6v4Zr0Qm1&x=1";

Deno.test("a new credential stands in no message, log, audit or table, nor in the database's bytes", async () => {
  await using file = await openFile();
  await using fixture = await openFixture({ environment: { DATABASE_URL: file.url } });
  answer(fixture, CUSTOM, { authType: "WEBHOOK", token: TOKEN, webhookUrl: URL_WITH_TOKEN });
  const { code } = await fixture.carryOut("/update opsramp Custom Integration auth=WEBHOOK reason=leaked");
  assert.equal(await fixture.state(code), "applied");
  const link = await offerOf(fixture, ANA);
  await assertNowhere(fixture, file.url);
  const page = await (await enter(link, {})).text();
  assert.ok(page.includes("<code>new&lt;b&gt;&amp;&quot;token&#39;7Qx</code>"), page);
  await assertNowhere(fixture, file.url);
});

Deno.test("a new credential: while it waits, no other message shows it either", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut("/update opsramp Custom Integration auth=WEBHOOK reason=leaked");
  await offerOf(fixture, ANA);
  const { token, leaking } = leak(fixture);
  await fixture.say(ANA, "/show opsramp Core switches SNMP");
  assert.match(fixture.groupAnswers().at(-1) ?? "", leaking);
  assert.ok(!JSON.stringify([fixture.telegram.calls(), fixture.log.lines]).includes(token));
});

Deno.test("a new credential: no other message shows it while its change is read back", async () => {
  const written = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<void>();
  let reads = 0;
  await using fixture = await openFixture({
    async onTheWay(vendor, request, passOn) {
      if (vendor !== "OpsRamp" || !request.url.endsWith(CUSTOM)) return await passOn();
      if (request.method === "POST") reads = 1;
      else if (reads > 0 && reads++ === 1) {
        written.resolve();
        await shown.promise;
      }
      return await passOn();
    },
  });
  const { code, card } = await fixture.ask("/update opsramp Custom Integration auth=WEBHOOK reason=leaked");
  const pressed = fixture.press(BEN, card, "Approve");
  await written.promise;
  const { token, leaking } = leak(fixture);
  fixture.telegram.say(ANA, GROUP, "/show opsramp Core switches SNMP");
  await fixture.telegram.until(
    () => fixture.groupAnswers().some((text) => leaking.test(text)),
    "the description",
  );
  shown.resolve();
  await pressed;
  assert.equal(await fixture.state(code), "applied");
  assert.ok(!JSON.stringify(fixture.telegram.calls()).includes(token));
});

Deno.test("a credential that was there before is never handed over, though the vendor answers it again", async () => {
  await using fixture = await openFixture();
  const old = { token: "YTxSGJdfkkfE3m7WaE8jYkwmsYjNU3VU", webhookUrl: URL_WITH_TOKEN };
  answer(fixture, SERVICE_DESK, { authType: "OAUTH2", ...old });
  const { code } = await fixture.carryOut("/update opsramp Service Desk auth=OAUTH2 reason=leaked");
  assert.equal(await fixture.state(code), "applied");
  assert.deepEqual((await fixture.audit(code)).at(-1)?.event, "apply");
  assert.throws(() => linkOf(fixture, ANA));
  await nowhere(fixture, old.token);
  await nowhere(fixture, URL_WITH_TOKEN);
});

Deno.test("the page of a new credential may not be kept, framed, run on or found out", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut("/update opsramp Custom Integration auth=WEBHOOK reason=leaked");
  const link = await offerOf(fixture, ANA);
  for (const page of [await fetch(link), await enter(link, {}), await enter(link, {})]) {
    await page.text();
    const csp = page.headers.get("content-security-policy") ?? "";
    assert.match(csp, /default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/);
    assert.doesNotMatch(csp, /unsafe|script-src/);
    assert.equal(page.headers.get("cache-control"), "no-store");
    assert.equal(page.headers.get("referrer-policy"), "no-referrer");
  }
});

type Staged = Awaited<ReturnType<typeof openFixture>>;

/** The vendor does the next update and answers it with this. */
function answer({ opsramp }: Staged, id: string, authentication: Record<string, string>): void {
  const stored = opsramp.installations.find((one) => one.id === id);
  assert.ok(stored);
  const before = stored.inboundConfig;
  opsramp.fail("update", { kind: "status", status: 200, body: { id, inboundConfig: { authentication } } });
  const { calls } = opsramp;
  const isWritten = () => calls.some(({ operation }) => operation === "update");
  Object.defineProperty(stored, "inboundConfig", {
    enumerable: true,
    configurable: true,
    get: () =>
      isWritten() ? { ...before, authentication: { ...before?.authentication, ...authentication } } : before,
  });
}

/** Another integration is described with the new token in its words. */
function leak({ opsramp }: Staged): { token: string; leaking: RegExp } {
  const token = opsramp.installations.find(({ id }) => id === CUSTOM)?.inboundConfig?.authentication?.token;
  const other = opsramp.installations.find(({ displayName }) => displayName === "Core switches SNMP");
  assert.ok(other && token);
  other.description = `has the token ${token} now`;
  return { token, leaking: /has the token \[redacted\] now/ };
}

async function assertNowhere(fixture: Staged, url: string): Promise<void> {
  const path = url.slice("sqlite:".length);
  const database = new DatabaseSync(path);
  database.exec("pragma wal_checkpoint(truncate)");
  database.close();
  const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
  for (const secret of [TOKEN, URL_WITH_TOKEN]) {
    assert.ok(!bytes.includes(secret) && !bytes.includes(JSON.stringify(secret).slice(1, -1)));
    await nowhere(fixture, secret);
  }
}
