import assert from "node:assert/strict";
// @ts-types="./telegram_test_api.d.ts"
import TelegramServer from "telegram-test-api";
import { systemClock } from "../../clients/clock.ts";
import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { createGravityZone } from "../sandbox/gravityzone.ts";
import { serve } from "../sandbox/serve.ts";
import { BEN, createRecordedLog, GROUP } from "../sandbox/stage.ts";
import { HANG_MS } from "../eventually.ts";
import { freePort } from "../free_port.ts";

const TOKEN = "123456:second-opinion";

/**
 * The one other emulator of the Bot API on npm, written by people who have not seen this bot. It knows neither rich
 * messages nor menus, answers methods it lacks in a form of its own, and does not wait in getUpdates. It keeps
 * sockets and timers to itself, so these are not checked here.
 */
Deno.test({
  name: "/status bitdefender is answered over an emulator of Telegram that is not ours",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const port = freePort();
    const telegram = new TelegramServer({ host: "127.0.0.1", port, storage: "RAM", storeTimeout: 60 });
    await telegram.start();
    await using gravityzone = serve(createGravityZone().fetch);
    const log = createRecordedLog();
    const bot = await Countersign.open({
      config: readConfig({
        TELEGRAM_BOT_TOKEN: TOKEN,
        TELEGRAM_API_ROOT: `http://127.0.0.1:${port}`,
        ADMIN_CHATS: String(GROUP),
        OPERATORS: String(BEN),
        DATABASE_URL: "sqlite::memory:",
        BITDEFENDER_API_URL: `${gravityzone.url}/api`,
        BITDEFENDER_API_KEY: "sandbox-gravityzone-key",
      }),
      clock: systemClock,
      log,
    });
    await bot.start();
    const ben = telegram.getClient(TOKEN, { chatId: GROUP, userId: BEN, type: "group", timeout: HANG_MS });

    await ben.sendMessage(ben.makeMessage("/status bitdefender"));
    const answer = (await ben.getUpdates()).result[0];
    assert.match(answer?.message.text ?? "", /^🟡 GravityZone: 2 of 14 need action\n/);
    assert.match(JSON.stringify(answer?.message.reply_markup), /"callback_data":"c:\/status bitdefender"/);

    await ben.sendMessage(ben.makeMessage("/nonsense"));
    const refusal = (await ben.getUpdates()).result[0];
    assert.match(refusal?.message.text ?? "", /There is no command "\/nonsense"/);

    const outsider = telegram.getClient(TOKEN, { chatId: 7, userId: 7, type: "private", timeout: HANG_MS });
    await outsider.sendMessage(outsider.makeMessage("/status bitdefender"));
    await outsider.sendMessage(outsider.makeMessage("/whoami"));
    const said = (await outsider.getUpdates()).result;
    assert.deepEqual(said.map(({ message }) => message.text?.split("\n")[0]), [
      "ℹ️ You are 7, this chat is 7",
    ]);

    await bot.stop(AbortSignal.timeout(HANG_MS));
    await telegram.stop();
  },
});
