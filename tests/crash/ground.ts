import { systemClock } from "../../clients/clock.ts";
import { readConfig } from "../../bot/config.ts";
import { openStore, type Store } from "../../bot/store/database.ts";
import { createApono } from "../sandbox/apono.ts";
import { createGravityZone, type GravityZone } from "../sandbox/gravityzone.ts";
import { createHalo } from "../sandbox/halo.ts";
import { createOpsRamp } from "../sandbox/opsramp.ts";
import { serve } from "../sandbox/serve.ts";
import { sandboxEnvironment } from "../sandbox/stage.ts";
import { createTelegram, type Telegram, type TelegramOptions } from "../sandbox/telegram.ts";
import type { DatabaseKind } from "../approvals/database.ts";
import { lines, type Order } from "./entry.ts";
import type { Moment } from "./moment.ts";
import { eventually } from "../eventually.ts";
import { fewConnections } from "../few_connections.ts";

/** Longer than any lease, so that a successor takes over at once what the dead one held. */
const TAKEOVER_MS = 30_000;

export interface GroundOptions {
  readonly database: DatabaseKind;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly telegram?: TelegramOptions;
}

/** Telegram and the vendors in this process, the bot in processes of its own on one database. */
export interface Ground extends AsyncDisposable {
  readonly telegram: Telegram;
  readonly gravityzone: GravityZone;
  /** To look at what the bots have stored. */
  readonly store: Store;
  /** Where Telegram reaches the bots. */
  readonly url: string;
  /** What the bots warned of. */
  readonly log: readonly string[];
  /** How many bots were killed so far. */
  readonly deaths: number;
  /** Starts a bot; resolves once Telegram knows it. */
  launch(order?: Order): Promise<Bot>;
  /** Starts a bot that ends at the first moment; its successor, at once in its place, at the next; the last one lives. */
  succession(moments: readonly Moment[]): Promise<void>;
  /** Kills every bot that runs now, as `kill -9` does. */
  kill(): Promise<void>;
  /** Moves the clock of every bot on. */
  advance(ms: number): Promise<void>;
  /** Resolves once `look` finds something; rejects with the bots' log when it never does. */
  until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<Exclude<T, undefined | false>>;
}

export interface Bot {
  readonly url: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  kill(): void;
  /** Stops the process where it is, as a machine that is put to sleep does, until it goes on. */
  pause(): void;
  goOn(): void;
  /** Resolves when the bot has done it, or is no more. */
  tell(line: string): Promise<void>;
}

export async function openGround(options: GroundOptions): Promise<Ground> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await options.database.open());
  const telegram = stack.use(createTelegram(options.telegram));
  const gravityzone = createGravityZone();
  const bots: Bot[] = [];
  const log: string[] = [];
  let turn = 0;
  let deaths = 0;
  let aheadMs = 0;
  let closing = false;

  const [bot, telegramUrl, ...vendorUrls] = [
    (request: Request) => passOn(request, bots[turn++ % bots.length]?.url),
    (request: Request) => telegram.app.fetch(request),
    gravityzone.fetch,
    createApono().fetch,
    createOpsRamp().fetch,
    createHalo().fetch,
  ].map((handler) => stack.use(serve(handler)).url) as [string, string, ...string[]];
  const environment = {
    ...sandboxEnvironment({ url: bot, telegramUrl, vendorUrls, token: telegram.token }),
    DATABASE_URL: database.url,
    ...options.environment,
  };
  const store = await openStore(fewConnections(readConfig(environment).database), systemClock);
  stack.defer(() => store.close());
  stack.defer(() => gravityzone.release());
  const following = new Set<Promise<void>>();
  stack.defer(async () => void await Promise.all(following));
  stack.defer(kill);
  stack.defer(() => void (closing = true));

  async function launch(order: Order = {}): Promise<Bot> {
    const knownMs = aheadMs;
    let caughtUp = Promise.resolve();
    const started = await spawn({ ...order, aheadMs }, environment, log, (one) => {
      if (closing) one.kill();
      bots.push(one);
      // While it came up nobody could tell it that the time moved on.
      if (aheadMs > knownMs) caughtUp = one.tell(`ahead ${aheadMs - knownMs}`);
    });
    void started.ended.then((status) => {
      bots.splice(bots.indexOf(started), 1);
      if (status.signal === "SIGKILL") deaths++;
    });
    await started.ready;
    await caughtUp;
    return started;
  }

  async function succession([moment, ...rest]: readonly Moment[]): Promise<void> {
    // A death before the bot is up ends the launch early; the successor is on its way all the same.
    const { ended } = await launch(moment ? { dieAt: moment } : {});
    if (!moment) return;
    following.add(ended.then(async () => {
      if (closing) return;
      aheadMs += TAKEOVER_MS;
      await succession(rest);
    }));
  }

  async function kill(): Promise<void> {
    const all = [...bots];
    all.forEach((one) => one.kill());
    await Promise.all(all.map((one) => one.ended));
  }

  return {
    telegram,
    gravityzone,
    store,
    url: bot,
    log,
    get deaths() {
      return deaths;
    },
    launch,
    succession,
    kill,
    async advance(ms) {
      aheadMs += ms;
      await Promise.all(bots.map((one) => one.tell(`ahead ${ms}`)));
    },
    async until(what, look) {
      try {
        return await eventually(look, what);
      } catch (error) {
        throw new Error(`${(error as Error).message} The bots said:\n${log.join("\n")}`);
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** As a load balancer does; a bot that is not there, or dies meanwhile, is a 503 to Telegram. */
async function passOn(request: Request, to: string | undefined): Promise<Response> {
  const { pathname } = new URL(request.url);
  const body = await request.arrayBuffer();
  if (to === undefined) return new Response(null, { status: 503 });
  try {
    const answer = await fetch(`${to}${pathname}`, {
      method: request.method,
      headers: request.headers,
      ...(request.method === "POST" ? { body } : {}),
    });
    return new Response(await answer.text(), { status: answer.status });
  } catch {
    return new Response(null, { status: 503 });
  }
}

async function spawn(
  order: Order,
  environment: Readonly<Record<string, string | undefined>>,
  log: string[],
  onListening: (bot: Bot) => void,
): Promise<Bot & { readonly ready: Promise<void> }> {
  const defined = Object.entries(environment).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--frozen", "-A", new URL("entry.ts", import.meta.url).pathname],
    env: { ...Object.fromEntries(defined), CRASH_ORDER: JSON.stringify(order), NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const listening = Promise.withResolvers<number>();
  const hearing = new Map<string, () => void>();
  const ready = Promise.withResolvers<void>();
  const read = (async () => {
    for await (const line of lines(child.stdout)) {
      const said = JSON.parse(line) as { listening?: number; started?: true; heard?: string };
      if (said.listening) listening.resolve(said.listening);
      else if (said.started) ready.resolve();
      else if (said.heard) hearing.get(said.heard)?.();
      else log.push(line);
    }
  })();
  const ended = child.status.then(async (status) => {
    await read;
    await stdin.abort().catch(() => {});
    listening.reject(new Error(`The bot ended before it listened (${status.code}): ${log.join("\n")}`));
    ready.resolve();
    return status;
  });
  const bot = {
    url: `http://127.0.0.1:${await listening.promise}`,
    ready: ready.promise,
    ended,
    kill: () => child.kill("SIGKILL"),
    pause: () => child.kill("SIGSTOP"),
    goOn: () => child.kill("SIGCONT"),
    async tell(line: string) {
      const heard = new Promise<void>((resolve) => hearing.set(line, resolve));
      await stdin.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
      await Promise.race([heard, ended]);
    },
  };
  onListening(bot);
  return bot;
}
