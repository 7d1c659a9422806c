/** The same as `server_grammy.ts`, with telegraf on Node's own HTTP server. */
const { createServer } = require("node:http");
const { env } = require("node:process");
const { Telegraf } = require("telegraf");

const apiRoot = env.BENCH_API_ROOT;
const bot = new Telegraf(env.BENCH_TOKEN, apiRoot ? { telegram: { apiRoot } } : {});
bot.botInfo = { id: 123456, is_bot: true, first_name: "Bench", username: "bench_bot" };
bot.on("message", async (ctx) => {
  if (apiRoot) await ctx.reply("pong", { reply_parameters: { message_id: ctx.message.message_id } });
});

const callback = bot.webhookCallback(env.BENCH_PATH, { secretToken: env.BENCH_SECRET });
createServer(callback).listen(Number(env.PORT), "127.0.0.1");
