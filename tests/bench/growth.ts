import { readConfig } from "../../bot/config.ts";
import { type Countersign, createCountersign } from "../../bot/countersign.ts";
import { createRecordedLog, createTestClock } from "../sandbox/stage.ts";
import { startProcess } from "./child.ts";
import type { BenchOptions } from "./main.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, median, print, range, table, thousands } from "./print.ts";
import { serveTelegram, SHOWING, type TelegramStandIn } from "./telegram.ts";
import { command, PATH, SECRET } from "./update.ts";

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
  await using vendor = await startProcess({ entry: "vendor.ts" });
  await using stack = new AsyncDisposableStack();
  const tenants: Tenant[] = [];
  for (const size of SIZES) {
    const vendorUrl = `http://127.0.0.1:${vendor.port}/${size}/api`;
    tenants.push(stack.use(await openTenant({ size, vendorUrl, database: `${folder}/growth-${size}.db` })));
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
  { size, vendorUrl, database }: { size: number; vendorUrl: string; database: string },
): Promise<Tenant> {
  const telegram = serveTelegram();
  const clock = createTestClock();
  const config = readConfig(ourEnvironment({ telegramUrl: telegram.url, vendorUrl, database }));
  const bot = await createCountersign({ config, clock, log: createRecordedLog() });
  await bot.start();
  let updateId = 1;
  return {
    size,
    ask() {
      clock.advance(REFILL_MS);
      return askStatus(bot, telegram, updateId++);
    },
    async [Symbol.asyncDispose]() {
      await bot.stop(AbortSignal.timeout(5_000));
      await telegram[Symbol.asyncDispose]();
    },
  };
}

async function askStatus(bot: Countersign, telegram: TelegramStandIn, updateId: number): Promise<Times> {
  const answered = telegram.next(...SHOWING);
  const sent = telegram.next("sendDocument");
  const startedAt = performance.now();
  const acknowledged = await bot.app.request(PATH, {
    method: "POST",
    headers: { "x-telegram-bot-api-secret-token": SECRET },
    body: command(updateId, "/status bitdefender"),
  });
  if (acknowledged.status !== 200) throw new Error(`The update was answered ${acknowledged.status}`);
  return { answer: await answered - startedAt, file: await sent - startedAt };
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
