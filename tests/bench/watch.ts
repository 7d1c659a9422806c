import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import { putWatched, type Watched } from "../bot/watched.ts";
import { eventually } from "../eventually.ts";
import { createRecordedLog, createTestClock, type TestClock } from "../sandbox/stage.ts";
import { deno, startProcess } from "./child.ts";
import { median, range, thousands } from "./figures.ts";
import { createGroup, type Group } from "./group.ts";
import type { BenchOptions } from "./options.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, print, table } from "./print.ts";
import { type BenchStore, sqlite } from "./stores.ts";
import { serveTelegram, type TelegramStandIn } from "./telegram.ts";
import { PATH, SECRET } from "./update.ts";

const DAY_MS = 86_400_000;
const WATCHED = 200;
/** Each item is down so often, for half an hour. */
const DAYS_APART = 2;
const YEAR_DAYS = 365;
const MOST_DAYS = 90;
const MOST_STORED_MB = 50;
const MOST_HISTORY_MS = 1_000;

const MANY = 10_000;
const HOUR_MS = 3_600_000;
const MOST_MORE_MB = 30;
const MB = 1_048_576;

/** What it costs to watch: memory over an hour of looks at many items, and what a year of it leaves behind. */
export async function measureWatch(options: BenchOptions): Promise<void> {
  await print(await memoryOfAnHour(options));
  await print(await aYear(options));
}

interface Watching extends AsyncDisposable {
  readonly bot: Countersign;
  readonly clock: TestClock;
  readonly telegram: TelegramStandIn;
  readonly group: Group;
  /** How many looks there were. */
  looks(): number;
}

/** The bot in this process, on a clock that is moved on. */
async function openWatching(store: BenchStore, bitdefender: string | undefined): Promise<Watching> {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(serveTelegram());
  const [clock, log] = [createTestClock(), createRecordedLog()];
  const vendors = bitdefender === undefined ? {} : { bitdefender };
  const environment = ourEnvironment({ telegramUrl: telegram.url, database: store.url, vendors });
  const watch = bitdefender === undefined ? { WATCH_EVERY: "0" } : { WATCH_EVERY: "1m" };
  const bot = await Countersign.open({
    config: readConfig({ ...environment, WATCH_KEEP: `${YEAR_DAYS + 1}d`, ...watch }),
    clock,
    log,
    timing: { watchMs: 10 },
  });
  stack.defer(() => bot.stop(AbortSignal.timeout(5_000)));
  await bot.start();
  let id = 1;
  const headers = { "x-telegram-bot-api-secret-token": SECRET };
  const post = async (body: string) =>
    (await bot.app.request(PATH, { method: "POST", headers, body })).status;
  const kept = stack.move();
  return {
    bot,
    clock,
    telegram,
    group: createGroup({ telegram, post, nextId: () => id++ }),
    looks: () => log.lines.filter(({ event }) => event === "looked").length,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** An hour of looks at a vendor, in a process of its own, that has many items. */
async function memoryOfAnHour({ folder }: BenchOptions): Promise<string> {
  await using vendor = startProcess({ command: deno("vendor.ts") });
  await using store = await sqlite.open(folder);
  await using watching = await openWatching(store, `http://127.0.0.1:${vendor.port}/${MANY}/api`);
  const { bot, clock, looks } = watching;
  const idle = memoryMb();
  const samples: Memory[] = [];
  const startedAt = clock.now();
  while (clock.now() - startedAt < HOUR_MS) {
    const known = looks();
    const next = await bot.store.db.selectFrom("looks").select("next_at").executeTakeFirst();
    clock.advance(Math.max(0, (next?.next_at ?? 0) - clock.now()) + 10);
    await eventually(() => looks() > known, "a look");
    samples.push(memoryMb());
  }
  const seen = await bot.store.db.selectFrom("items").select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirst();
  const row = (what: string, figure: keyof Memory) => {
    const all = samples.map((sample) => sample[figure]);
    const shown = [idle[figure], all[0], all[all.length >> 1], all.at(-1), Math.max(...all)];
    return [what, ...shown.map((mb = NaN) => mb.toFixed(0))];
  };
  const more = Math.max(...samples.map(({ used }) => used)) - idle.used;
  return `\n## An hour of looks at ${thousands(MANY)} items\n\n` +
    table(["MB", "idle", "after one look", "half-time", "last", "highest"], [
      row("in use, garbage collected", "used"),
      row("resident", "resident"),
    ]) + `\n${samples.length} looks; ${thousands(Number(seen?.count))} items are known.\n\n` +
    aim(`at most ${MOST_MORE_MB} MB more in use than idle: ${more.toFixed(0)}`, more <= MOST_MORE_MB);
}

/** In MB: what is still referred to, and what the system has given, garbage and the caches of SQLite among it. */
interface Memory {
  readonly used: number;
  readonly resident: number;
}

function memoryMb(): Memory {
  collectGarbage();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { used: (heapUsed + external) / MB, resident: rss / MB };
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

async function aYear({ rounds, folder }: BenchOptions): Promise<string> {
  await using store = await sqlite.open(folder);
  await using watching = await openWatching(store, undefined);
  const { bot, group, telegram } = watching;
  const size = () => store.figure("select page_count * page_size from pragma_page_count, pragma_page_size");
  await store.settle();
  const empty = await size();
  const all = Array.from({ length: WATCHED }, (_, index) => courseOf(index));
  await putWatched(bot.store, all);
  await store.settle();
  const mb = (await size() - empty) / MB;
  const spans = all.reduce((sum, { course }) => sum + course.length, 0);
  const rows: string[][] = [];
  let slowest = 0;
  for (const days of [7, MOST_DAYS]) {
    const [text, picture]: [number[], number[]] = [[], []];
    for (let round = -1; round < rounds; round++) {
      const drawn = telegram.next(({ method }) => method === "sendPhoto");
      const { ms, shown } = await group.say(`/history days=${days}`);
      const pictureMs = ms + (await drawn).at - shown.at;
      if (round < 0) continue;
      text.push(ms);
      picture.push(pictureMs);
    }
    slowest = Math.max(slowest, median(picture));
    rows.push([`${days} days`, median(text).toFixed(0), median(picture).toFixed(0), range(picture)]);
  }
  return `\n## A year of ${WATCHED} items\n\n` +
    `Each is down every ${DAYS_APART} days: ${thousands(spans)} spans, ${mb.toFixed(1)} MB.\n\n` +
    table(["/history", "text ms", "with its picture ms", "lowest to highest"], rows) + "\n" +
    aim(`less than ${MOST_STORED_MB} MB: ${mb.toFixed(1)}`, mb < MOST_STORED_MB) +
    aim(`/history with its picture in less than 1 s`, slowest < MOST_HISTORY_MS);
}

/** A year of an item, each item at another time of the day. */
function courseOf(index: number): Watched {
  const course: [state: "fine" | "down", agoMs: number][] = [];
  const shift = index * 60_000;
  for (let day = YEAR_DAYS; day > 0; day -= DAYS_APART) {
    course.push(["fine", day * DAY_MS - shift], ["down", day * DAY_MS - DAY_MS / 2 - shift]);
  }
  course.push(["fine", DAY_MS / 4 - shift / 2]);
  return { vendor: "bitdefender", target: "ec2", name: `Customer ${index}`, course };
}
