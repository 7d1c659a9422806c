/**
 * A bot in a process of its own, with a clock that is off by as much as the order says. It says on standard output
 * where it listens and what it warns of, one JSON line each; a line "ahead 60000" on standard input moves the
 * store's time on by that many ms.
 */
import * as z from "zod";
import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { Log } from "../../bot/log.ts";
import { openStore } from "../../bot/store/database.ts";
import { systemClock } from "../../clients/clock.ts";
import { lines } from "../crash/entry.ts";
import { storeWith } from "../approvals/database.ts";
import { fewConnections } from "../few_connections.ts";

/** Passed as JSON in the environment. */
const orderShape = z.object({ skewMs: z.number(), aheadMs: z.number() });
export type Order = z.output<typeof orderShape>;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const order = orderShape.parse(JSON.parse(Deno.env.get("FAULTS_ORDER") ?? "{}"));
  let { aheadMs } = order;
  const bot = await Countersign.open({
    config: readConfig(Deno.env.toObject()),
    clock: { ...systemClock, now: () => systemClock.now() + order.skewMs },
    log: createLineLog(),
    async openStore(config, ...more) {
      const store = await openStore(fewConnections(config), ...more);
      return storeWith(store, { now: () => store.now() + aheadMs });
    },
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, bot.app.fetch);
  await say({ listening: server.addr.port });
  await bot.start();
  await say({ started: true });
  for await (const line of lines(Deno.stdin.readable)) {
    const [word, ms] = line.split(" ");
    if (word === "ahead") aheadMs += Number(ms);
  }
}

function createLineLog(): Log {
  return new Log((level, event, fields) => {
    if (level === "warning" || level === "error") void say({ level, event, ...fields });
  });
}

async function say(line: Record<string, unknown>): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}
