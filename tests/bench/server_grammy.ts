/**
 * What most bots put on the edge: grammY's own callback on a Hono route; nothing is kept. It replies where
 * `BENCH_API_ROOT` says to whom, and else handles nothing.
 */
import { Bot, webhookCallback } from "grammy";
import { Hono } from "hono";
import { SECRET, TOKEN } from "./update.ts";

const apiRoot = Deno.env.get("BENCH_API_ROOT");
const bot = new Bot(TOKEN, {
  ...(apiRoot && { client: { apiRoot } }),
  botInfo: {
    id: 123456,
    is_bot: true,
    first_name: "Bench",
    username: "bench_bot",
    can_join_groups: true,
    can_read_all_group_messages: true,
    can_manage_bots: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    supports_guest_queries: false,
    supports_join_request_queries: false,
  },
});
bot.on("message", async (ctx) => {
  if (apiRoot) await ctx.reply("pong", { reply_parameters: { message_id: ctx.msgId } });
});

const app = new Hono();
app.post("/telegram", webhookCallback(bot, "hono", { secretToken: SECRET }));
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen() {} }, app.fetch);
