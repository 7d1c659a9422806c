/** The bare baseline: a Hono route that reads JSON and answers. */
import { Hono } from "hono";

const app = new Hono();
app.post("/telegram", async (context) => {
  const update = await context.req.json<{ update_id: number }>();
  return context.json({ ok: update.update_id > 0 });
});
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen() {} }, app.fetch);
