/** The same as `server_grammy.ts`, with telegraf on Node's own HTTP server: nothing is kept, nothing handled. */
const { createServer } = require("node:http");
const { env } = require("node:process");
const { Telegraf } = require("telegraf");

const bot = new Telegraf(env.BENCH_TOKEN);
bot.botInfo = { id: 123456, is_bot: true, first_name: "Bench", username: "bench_bot" };
bot.on("message", () => {});

const callback = bot.webhookCallback(env.BENCH_PATH, { secretToken: env.BENCH_SECRET });
createServer(callback).listen(Number(env.PORT), "127.0.0.1");
