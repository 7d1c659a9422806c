import assert from "node:assert/strict";
import { endLeases, inStore, lasting, openFile, testOn } from "../approvals/database.ts";
import { SECRET_HEADER } from "../../bot/http.ts";
import { serve } from "../sandbox/serve.ts";
import { ANA, BEN, GROUP, SANDBOX_WEBHOOK_SECRET } from "../sandbox/stage.ts";
import { render } from "../sandbox/telegram.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free_port.ts";
import { openOutside } from "./process.ts";
import { typed } from "./typed.ts";

const INTEGRATIONS = "getConfiguredIntegrations";

for (const kind of lasting) {
  testOn(kind, "A bot killed between the 200 and the answer answers after its restart, once", async () => {
    await using database = await kind.open();
    await using outside = openOutside({ DATABASE_URL: database.url });
    const { telegram, gravityzone } = outside;
    const gate = Promise.withResolvers<void>();
    const killed = await outside.launch();
    gravityzone.faults.next(INTEGRATIONS, { after: gate.promise });
    telegram.say(BEN, GROUP, "/status bitdefender");
    telegram.say(BEN, GROUP, "/ping");
    await eventually(() => gravityzone.calls.length === 1, "GravityZone to be asked");
    await eventually(() => telegram.pending().length === 0, "both updates to be taken");
    await killed[Symbol.asyncDispose]();
    gate.resolve();
    assert.equal(telegram.answers(GROUP).length, 0);

    await endLeases(database.url);
    const heir = await outside.launch();
    await telegram.until(() => telegram.answers(GROUP).length === 2);
    telegram.redeliver(700_000_001);
    telegram.say(ANA, ANA, "/ping");
    await telegram.until(() => telegram.last(ANA));
    await eventually(() => telegram.pending().length === 0, "the repeated update to be taken");
    assert.equal((await heir.terminate()).code, 0);
    const [status, ping, ...more] = telegram.answers(GROUP).map(render);
    assert.match(status ?? "", /2 of 14 need action/);
    assert.match(ping ?? "", /pong/);
    assert.deepEqual(more, []);
  });
}

Deno.test("SIGTERM: what can be finished is, what cannot is handed back, exit 0 within ten seconds", async () => {
  await using database = await openFile();
  await using outside = openOutside({ DATABASE_URL: database.url });
  const { telegram, gravityzone } = outside;
  const gate = Promise.withResolvers<void>();
  const bot = await outside.launch();
  gravityzone.faults.next(INTEGRATIONS, { after: gate.promise });
  gravityzone.faults.always("findCompaniesByName", { hang: true });
  const slow = telegram.say(BEN, GROUP, "/status bitdefender");
  telegram.say(ANA, ANA, "/find Globex");
  await eventually(() => gravityzone.calls.length === 2, "GravityZone to be asked twice");

  const began = performance.now();
  const ended = bot.terminate();
  await eventually(async () => await isGone(outside.url), "the bot to take nothing new");
  gate.resolve();
  const { code } = await ended;
  assert.equal(code, 0, bot.output());
  // The ten seconds and what a slow machine adds; the call that hangs would take longer than that.
  assert.ok(performance.now() - began < 14_000, `it took ${performance.now() - began} ms`);
  const [answer] = telegram.answers(GROUP);
  assert.equal(answer?.reply_to_message?.message_id, slow.message_id);
  assert.match(render(answer!), /2 of 14/);
  const left = await inStore(
    database.url,
    ({ db }) =>
      db.selectFrom("inbox").select(["update_id", "claimed_by", "claimed_until"]).where("state", "=", "new")
        .execute(),
  );
  assert.deepEqual(left.map((row) => ({ ...row })), [{
    update_id: 700_000_002,
    claimed_by: null,
    claimed_until: 0,
  }]);
});

Deno.test("where a proxy leads out, calls to Telegram go through it", async () => {
  await using database = await openFile();
  const nowhere = `localhost:${freePort()}`;
  const hosts = new Set<string>();
  await using proxy = serve((request) => {
    hosts.add(new URL(request.url).host);
    return outside.telegram.app.fetch(request);
  });
  await using outside = openOutside({
    DATABASE_URL: database.url,
    TELEGRAM_API_ROOT: `http://${nowhere}`,
    HTTP_PROXY: proxy.url,
    NO_PROXY: "127.0.0.1",
  });
  await outside.launch();
  outside.telegram.say(ANA, ANA, "/ping");
  assert.match(render(await outside.telegram.until(() => outside.telegram.last(ANA))), /pong/);
  assert.deepEqual([...hosts], [nowhere]);
});

Deno.test("SIGTERM to a bot that polls and has nothing to do ends it at once", async () => {
  await using database = await openFile();
  await using outside = openOutside({ DATABASE_URL: database.url, PUBLIC_URL: undefined });
  const bot = await outside.launch();
  outside.telegram.say(BEN, GROUP, "/ping");
  await outside.telegram.until(() => outside.telegram.last(GROUP));
  assert.equal((await bot.terminate()).code, 0);
  assert.match(bot.output(), /"message":"stopped"/, "it did not have to be cut off");
});

Deno.test("SIGTERM before all is loaded ends the bot as well, and the next one answers what came in", async () => {
  await using database = await openFile();
  await using outside = openOutside({ DATABASE_URL: database.url });
  const first = outside.begin();
  await eventually(async () => !await isGone(outside.url), "the bot to listen");
  const answer = await fetch(`${outside.url}/telegram`, {
    method: "POST",
    headers: { [SECRET_HEADER]: SANDBOX_WEBHOOK_SECRET },
    body: typed("/ping"),
  });
  assert.deepEqual([answer.status, await answer.text()], [200, ""]);
  assert.equal((await first.terminate()).code, 0, first.output());
  assert.match(first.output(), /"message":"stopped"/, "it did not have to be cut off");
  await outside.launch();
  await outside.telegram.until(() => outside.telegram.transcript(GROUP).includes("pong"), "the answer");
});

Deno.test("SIGTERM while the database does not answer ends the bot at once", async () => {
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = mute.addr as Deno.NetAddr;
  await using outside = openOutside({ DATABASE_URL: `postgres://bot@127.0.0.1:${port}/bot` });
  const bot = outside.begin();
  using _asked = await mute.accept();
  assert.equal((await bot.terminate()).code, 0, bot.output());
});

Deno.test("GET /metrics tells what the bot's memory is, and no number that it may not know", async () => {
  await using outside = openOutside({ DATABASE_URL: "sqlite::memory:" });
  await outside.launch();
  const text = await (await fetch(`${outside.url}/metrics`)).text();
  const resident = Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1]);
  assert.ok(resident > 10_000_000, String(resident));
  assert.doesNotMatch(text, /^process_(virtual_memory_bytes|heap_bytes|open_fds|max_fds) 0$/m);
});

async function isGone(url: string): Promise<boolean> {
  try {
    await (await fetch(`${url}/healthz`)).text();
    return false;
  } catch {
    return true;
  }
}
