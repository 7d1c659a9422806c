import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { createRecordedLog, createTestClock } from "../sandbox/stage.ts";
import { deno, startProcess } from "./child.ts";
import { median, range, thousands } from "./figures.ts";
import { createGroup } from "./group.ts";
import type { BenchOptions } from "./options.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, print, table } from "./print.ts";
import { sqlite } from "./stores.ts";
import { serveTelegram } from "./telegram.ts";
import { PATH, SECRET } from "./update.ts";

const SMALLER = 1_000;
const LARGEST = 10_000;
const SIZES = [100, SMALLER, LARGEST];
/** Fills the allowance of vendor calls again, of which the largest tenant takes all. */
const REFILL_MS = 60_000;
const WARM_UP = 2;

/** In ms from the update. */
interface Times {
  readonly answer: number;
  readonly file: number;
}

interface Tenant extends AsyncDisposable {
  readonly size: number;
  /** Asks for the status once. */
  ask(): Promise<Times>;
}

/** `/status bitdefender` by the number of integrations; the vendor in a process of its own answers at once. */
export async function measureGrowth({ rounds, folder }: BenchOptions): Promise<void> {
  await using vendor = await startProcess({ command: deno("vendor.ts") });
  await using stack = new AsyncDisposableStack();
  const tenants: Tenant[] = [];
  for (const size of SIZES) {
    tenants.push(stack.use(await openTenant(size, { vendorPort: vendor.port, folder })));
  }
  const times = new Map(SIZES.map((size) => [size, [] as Times[]]));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const tenant of tenants) {
      const time = await tenant.ask();
      if (round >= 0) times.get(tenant.size)?.push(time);
    }
  }
  await print(report(times));
}

async function openTenant(
  size: number,
  { vendorPort, folder }: { vendorPort: number; folder: string },
): Promise<Tenant> {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(serveTelegram());
  const store = stack.use(await sqlite.open(folder));
  const clock = createTestClock();
  const vendors = { bitdefender: `http://127.0.0.1:${vendorPort}/${size}/api` };
  const config = readConfig(ourEnvironment({ telegramUrl: telegram.url, database: store.url, vendors }));
  const bot = await Countersign.open({ config, clock, log: createRecordedLog() });
  stack.defer(() => bot.stop(AbortSignal.timeout(5_000)));
  await bot.start();
  let id = 1;
  const group = createGroup({ telegram, post: (update) => hand(bot, update), nextId: () => id++ });
  const kept = stack.move();
  return {
    size,
    async ask() {
      clock.advance(REFILL_MS);
      const sent = telegram.next(({ method }) => method === "sendDocument");
      const { ms, shown } = await group.say("/status bitdefender");
      return { answer: ms, file: ms + (await sent).at - shown.at };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function hand({ app }: Countersign, update: string): Promise<number> {
  const headers = { "x-telegram-bot-api-secret-token": SECRET };
  return (await app.request(PATH, { method: "POST", headers, body: update })).status;
}

function report(times: ReadonlyMap<number, readonly Times[]>): string {
  const answers = (size: number) => (times.get(size) ?? []).map(({ answer }) => answer);
  const rows = SIZES.map((size) => [
    thousands(size),
    median(answers(size)).toFixed(1),
    range(answers(size), 1),
    median((times.get(size) ?? []).map(({ file }) => file)).toFixed(1),
    (median(answers(size)) * 1000 / size).toFixed(1),
  ]);
  const growth = median(answers(LARGEST)) / median(answers(SMALLER));
  return `\n## /status bitdefender by integrations\n\n` +
    table(["integrations", "answer ms", "lowest to highest", "file ms", "answer µs each"], rows) +
    `\nThe vendor answers at once: what remains is reading the pages, sorting, rendering and sending.\n\n` +
    aim(
      `${thousands(LARGEST)} take at most ${LARGEST / SMALLER} times as long as ${thousands(SMALLER)}: ` +
        `${growth.toFixed(1)} times`,
      growth <= LARGEST / SMALLER,
    );
}
