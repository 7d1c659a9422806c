import { fileURLToPath } from "node:url";
import { createApono } from "../sandbox/apono.ts";
import { createGravityZone, type GravityZone } from "../sandbox/gravityzone.ts";
import { createHalo } from "../sandbox/halo.ts";
import { createOpsRamp } from "../sandbox/opsramp.ts";
import { serve } from "../sandbox/serve.ts";
import { sandboxEnvironment } from "../sandbox/stage.ts";
import { createTelegram, type Telegram } from "../sandbox/telegram.ts";
import { leastPermissions, type Running, start } from "../deploy/process.ts";
import { freePort } from "../free_port.ts";

/** Telegram and the vendors here, the bot in a process of its own, started as an operator starts it. */
export interface Outside extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly gravityzone: GravityZone;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the bot listens. */
  readonly url: string;
  /** Starts the bot; it is killed when the outside is disposed of. */
  begin(): Running;
  /** The same, and waits until it has started. */
  launch(): Promise<Running>;
}

export function openOutside(
  changes: Readonly<Record<string, string | undefined>>,
): Outside {
  const stack = new AsyncDisposableStack();
  const telegram = stack.use(createTelegram());
  const gravityzone = createGravityZone();
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const [telegramUrl = "", ...vendorUrls] = [
    (request: Request) => telegram.app.fetch(request),
    gravityzone.fetch,
    createApono().fetch,
    createOpsRamp().fetch,
    createHalo().fetch,
  ].map((handler) => stack.use(serve(handler)).url);
  stack.defer(() => gravityzone.release());
  const environment = defined({
    ...sandboxEnvironment({ url, telegramUrl, vendorUrls, token: telegram.token }),
    HOST: "127.0.0.1",
    PORT: String(port),
    ...changes,
  });
  return {
    telegram,
    gravityzone,
    environment,
    url,
    begin: () =>
      stack.use(start({
        command: Deno.execPath(),
        args: ["run", "-q", "--frozen", ...leastPermissions(environment), "bot/main.ts"],
        cwd: fileURLToPath(new URL("../../", import.meta.url)),
        environment,
      })),
    async launch() {
      const bot = this.begin();
      await bot.says('"message":"started"');
      return bot;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function defined(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
