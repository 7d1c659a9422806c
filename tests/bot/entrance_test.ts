import assert from "node:assert/strict";
import { Countersign } from "../../bot/app.ts";
import { readConfig } from "../../bot/config.ts";
import { Entrance } from "../../bot/entrance.ts";
import { SECRET_HEADER } from "../../bot/http.ts";
import { HANG_MS } from "../eventually.ts";
import { serve } from "../sandbox/serve.ts";
import { createRealClock, createRecordedLog, GROUP, SANDBOX_WEBHOOK_SECRET } from "../sandbox/stage.ts";
import { createTelegram } from "../sandbox/telegram.ts";
import { typed } from "./typed.ts";

Deno.test("what comes in while the rest is loaded is kept and answered afterwards, and pages are waited for", async () => {
  await using telegram = createTelegram();
  await using server = serve((request) => telegram.app.fetch(request));
  const config = readConfig({
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: server.url,
    TELEGRAM_WEBHOOK_SECRET: SANDBOX_WEBHOOK_SECRET,
    PUBLIC_URL: "https://bot.example",
    ADMIN_CHATS: String(GROUP),
    DATABASE_URL: "sqlite::memory:",
  });
  const entrance = await Entrance.open({ config, clock: createRealClock(), log: createRecordedLog() });
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await entrance.app.request(path, init);
    return [answer.status, await answer.text()];
  };
  const update = {
    method: "POST",
    headers: { [SECRET_HEADER]: SANDBOX_WEBHOOK_SECRET },
    body: typed("/ping"),
  };
  assert.deepEqual(await ask("/telegram", update), [200, ""]);
  assert.deepEqual(await ask("/healthz"), [200, "alive"]);
  assert.deepEqual(await ask("/readyz"), [503, "not ready"]);
  const later = Promise.all([ask(`/secret/${"x".repeat(43)}`), ask("/nothing")]);

  const bot = await Countersign.behind(entrance);
  const [[gone], nothing] = await later;
  assert.deepEqual([gone, nothing], [410, [404, ""]]);
  assert.deepEqual(await ask("/readyz"), [503, "not ready"], "the worker does not run yet");
  await bot.start();
  await telegram.until(() => telegram.transcript(GROUP).includes("pong"), "the answer");
  assert.deepEqual(await ask("/readyz"), [200, "ready"]);
  await bot.stop(AbortSignal.timeout(HANG_MS));
});
