// deno-lint-ignore triple-slash-reference -- only here is the clock typed
/// <reference lib="deno.unstable" />
/** The control of the leak test: as the product starts, but with Deno's own `fetch` on the road named by `PLAIN`. */
import { HostedBot, untracedFetch } from "../../bot/hosted.ts";

const bot = new HostedBot(Deno.env.toObject(), async () => {
  const untraced = await untracedFetch();
  return (input, init) => {
    const road = String(input).includes("/file/bot") ? "downloads" : "calls";
    return Deno.env.get("PLAIN") === road ? fetch(input, init) : untraced(input, init);
  };
});

void Deno.cron("countersign", "* * * * *", () => bot.tick());
const server = Deno.serve((request) => bot.fetch(request));
Deno.addSignalListener("SIGINT", () => {
  void Promise.all([server.shutdown(), bot.stop(AbortSignal.timeout(3_000))]).then(() => Deno.exit(0));
});
