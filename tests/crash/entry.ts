/**
 * A bot in a process of its own, for tests that kill it. It says on standard output where it listens and what it
 * logs, one JSON line each; a line "ahead 60000" on standard input moves its clock on by that many ms, and is
 * answered once that is done.
 */
import * as z from "zod";
import { systemClock } from "../../clients/clock.ts";
import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { Log } from "../../bot/log.ts";
import { openStore } from "../../bot/store/database.ts";
import { type Moment, momentShape, type Watch, watched } from "./moment.ts";
import { storeWith } from "../approvals/database.ts";
import { fewConnections } from "../few_connections.ts";

/** What the test has in mind for this process; passed as JSON in the environment. */
const orderShape = z.object({ dieAt: momentShape.optional(), aheadMs: z.number().default(0) });
export type Order = z.input<typeof orderShape>;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const order = orderShape.parse(JSON.parse(Deno.env.get("CRASH_ORDER") ?? "{}"));
  let { aheadMs } = order;
  const passed = createDeath(order.dieAt);
  const bot = await Countersign.open({
    config: readConfig(Deno.env.toObject()),
    clock: systemClock,
    log: createLineLog(),
    async openStore(config, ...more) {
      const store = await openStore(fewConnections(config), ...more);
      return watched(storeWith(store, { now: () => store.now() + aheadMs }), passed);
    },
    timing: { expireMs: 250, watchMs: 50 },
    onVendorCall: (event) => event.write && passed("vendor write", "after"),
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    passed("webhook", "before");
    const response = await bot.app.fetch(request);
    passed("webhook", "after");
    return response;
  });
  await say({ listening: server.addr.port });
  await bot.start();
  await say({ started: true });
  for await (const line of lines(Deno.stdin.readable)) {
    const [word, ms] = line.split(" ");
    if (word === "ahead") aheadMs += Number(ms);
    await say({ heard: line });
  }
}

/** Ends this process for good, without a word to anyone, when the moment comes. */
function createDeath(moment: Moment | undefined): Watch {
  let left = moment?.nth ?? 1;
  return (what, when) => {
    if (what !== moment?.at || when !== moment.when) return;
    if (--left === 0) Deno.kill(Deno.pid, "SIGKILL");
  };
}

function createLineLog(): Log {
  return new Log((level, event, fields) => {
    if (level === "warning" || level === "error") void say({ level, event, ...fields });
  });
}

async function say(line: Record<string, unknown>): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}

/** The lines of a stream as they come. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = `${rest}${text}`.split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
