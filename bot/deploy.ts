// deno-lint-ignore triple-slash-reference -- only here is the clock typed
/// <reference lib="deno.unstable" />
/**
 * The bot on Deno Deploy. The clock is registered and the server listens before anything else is loaded: that is what
 * the platform looks for when it deploys. See docs/operations.md.
 */
import type { HostedBot } from "./hosted.ts";

/** SIGKILL comes five seconds after SIGINT. */
const DRAIN_MS = 3_000;
const LAST_MOMENT_MS = 4_000;

let loading: Promise<HostedBot> | undefined;

function hosted(): Promise<HostedBot> {
  return loading ??= import("./hosted.ts").then(({ HostedBot }) => new HostedBot(Deno.env.toObject()));
}

void Deno.cron("countersign", "* * * * *", async () => await (await hosted()).tick());

const server = Deno.serve(async (request) => await (await hosted()).fetch(request));

Deno.addSignalListener("SIGINT", () => {
  setTimeout(() => Deno.exit(0), LAST_MOMENT_MS);
  const stop = async () => await (await loading)?.stop(AbortSignal.timeout(DRAIN_MS));
  void Promise.allSettled([server.shutdown(), stop()]).then(() => Deno.exit(0));
});
