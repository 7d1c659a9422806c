import assert from "node:assert/strict";
import { Api } from "grammy";
import { serve } from "./serve.ts";
import { createTelegram, type TelegramOptions } from "./telegram.ts";

const ANA = 101;
const GROUP = -1001;

type Answer = {
  ok: boolean;
  error_code?: number;
  description?: string;
  result?: unknown;
  parameters?: unknown;
};

/** One Telegram, served, and a bare client for it that shows the answers as they are. */
function open(options: TelegramOptions = {}) {
  const telegram = createTelegram(options);
  const server = serve(telegram.app.fetch);
  const ask = async (method: string, parameters: unknown = {}, token = telegram.token): Promise<Answer> => {
    const response = await fetch(`${server.url}/bot${token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    return await response.json();
  };
  return {
    telegram,
    ask,
    url: server.url,
    api: new Api(telegram.token, { apiRoot: server.url }),
    async [Symbol.asyncDispose]() {
      await telegram[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("createTelegram answers getMe with the bot, in any letter case of the method", async () => {
  await using fake = open();
  const me = await fake.api.getMe();
  assert.equal(me.username, "countersign_bot");
  assert.equal((await fake.ask("GETME")).ok, true);
});

Deno.test("sendMessage appears in the chat with its entities, keyboard and reply", async () => {
  await using fake = open();
  const said = fake.telegram.say(ANA, GROUP, "/status bitdefender");
  const sent = await fake.api.sendMessage(GROUP, "fine", {
    entities: [{ type: "bold", offset: 0, length: 4 }],
    reply_parameters: { message_id: said.message_id },
    reply_markup: { inline_keyboard: [[{ text: "Refresh", callback_data: "r" }]] },
  });
  assert.equal(sent.reply_to_message?.message_id, said.message_id);
  assert.match(
    fake.telegram.transcript(GROUP),
    /Countersign \(bot\).* in reply to 1\n {2}fine\n {2}\[ Refresh \]/,
  );
});
