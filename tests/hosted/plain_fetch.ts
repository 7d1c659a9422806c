// deno-lint-ignore triple-slash-reference -- only here is the clock typed
/// <reference lib="deno.unstable" />
/** The control of the leak test: as the product starts, but with Deno's own `fetch` on every road. */
import { HostedBot } from "../../bot/hosted.ts";
import { fetchClient } from "../../bot/telegram/api.ts";

const bot = new HostedBot(Deno.env.toObject(), fetchClient);

void Deno.cron("countersign", "* * * * *", () => bot.tick());
const server = Deno.serve((request) => bot.fetch(request));
Deno.addSignalListener("SIGINT", () => {
  void Promise.all([server.shutdown(), bot.stop(AbortSignal.timeout(3_000))]).then(() => Deno.exit(0));
});
