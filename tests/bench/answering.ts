import { acknowledge, CONNECTIONS } from "./acknowledging.ts";
import { type Child, type ChildOptions, deno, post, startChild } from "./child.ts";
import { median, range, thousands } from "./figures.ts";
import type { BenchOptions } from "./options.ts";
import { ours } from "./ours.ts";
import { aim, print, table } from "./print.ts";
import { storeKinds } from "./stores.ts";
import { telegrafServer } from "./telegraf.ts";
import { serveTelegram, type TelegramStandIn } from "./telegram.ts";
import { command, GROUP } from "./update.ts";

/** As many groups as a large team has, each with its own order of answers. */
const CHATS = Array.from({ length: 50 }, (_, index) => GROUP - index);
const COMMANDS = 3_000;
/** How many of them each bot answers before it is the next one's turn: a machine is slower at some moments than at others. */
const IN_A_TURN = 500;
/** Commands that have not been answered yet at any moment. */
const IN_FLIGHT = 32;
/** A process that has just started: it has answered so many, and V8 is busy with compiling what is used most. */
const FIRST_COMMANDS = 1_000;
/** From here on a command takes no less CPU than one before, of any of the bots. */
const WARM_UP_COMMANDS = 6_000;
const FIRST_ID = 3_000_000;
const FIRST_FLOODED_ID = 4_000_000;

interface Answerer {
  readonly name: string;
  readonly label: string;
  readonly missing?: string | undefined;
  /** Per second, one figure a round. */
  readonly rates: number[];
  /** The same of a process that has just started. */
  readonly firstRates: number[];
  /** CPU time of the server's own process for each command, in µs. */
  readonly cpuUs: number[];
  /** Per second while talk comes in as fast as it is taken. */
  readonly floodedRates: number[];
  readonly talkRates: number[];
  prepare(): Promise<ChildOptions & AsyncDisposable>;
}

/** How many commands a second are answered by bots that reply, side by side: those that keep nothing, and ours. */
export async function measureAnswering(options: BenchOptions): Promise<void> {
  const { rounds, folder } = options;
  await using telegram = serveTelegram();
  const all = await allAnswerers(telegram.url, folder);
  const here = all.filter(({ missing }) => missing === undefined);
  for (let round = 0; round < rounds; round++) await measure(here, telegram, options);
  await print(report(all));
}

/** One round of all of them, each in a process of its own. */
async function measure(
  answerers: readonly Answerer[],
  telegram: TelegramStandIn,
  options: BenchOptions,
): Promise<void> {
  await using processes = new AsyncDisposableStack();
  const running: Running[] = [];
  for (const answerer of answerers) {
    const child = processes.use(await startChild(processes.use(await answerer.prepare())));
    running.push(new Running(answerer, child, telegram));
  }
  for (const one of running) await one.warmUp();
  for (let turn = 0; turn < COMMANDS / IN_A_TURN; turn++) {
    for (const one of running) await one.takeTurn();
  }
  for (const one of running) await one.bear(options);
}

/** A bot that answers in a process of its own. */
class Running {
  private nextId = FIRST_ID;
  private seconds = 0;
  private cpuMs = 0;

  constructor(
    private readonly answerer: Answerer,
    private readonly child: Child,
    private readonly telegram: TelegramStandIn,
  ) {}

  async warmUp(): Promise<void> {
    await this.answerNext(FIRST_COMMANDS);
    this.answerer.firstRates.push(FIRST_COMMANDS / await this.answerNext(FIRST_COMMANDS));
    await this.answerNext(WARM_UP_COMMANDS - 2 * FIRST_COMMANDS);
  }

  async takeTurn(): Promise<void> {
    const cpuBefore = this.child.cpuMs() ?? NaN;
    this.seconds += await this.answerNext(IN_A_TURN);
    this.cpuMs += (this.child.cpuMs() ?? NaN) - cpuBefore;
  }

  /** What it does in a flood, after all its turns. */
  async bear(options: BenchOptions): Promise<void> {
    const { answerer, child, telegram } = this;
    answerer.rates.push(COMMANDS / this.seconds);
    answerer.cpuUs.push(this.cpuMs * 1000 / COMMANDS);
    let isOver = false;
    const flood = acknowledge(child, options).finally(() => isOver = true);
    const { posted, seconds } = await answer(child, telegram, FIRST_FLOODED_ID, () => !isOver);
    answerer.floodedRates.push(posted / seconds);
    answerer.talkRates.push((await flood).perSecond);
  }

  /** Resolves to the seconds it took. */
  private async answerNext(count: number): Promise<number> {
    const firstId = this.nextId;
    this.nextId += count;
    const { seconds } = await answer(this.child, this.telegram, firstId, (posted) => posted < count);
    return seconds;
  }
}

/** Posts commands, never more unanswered than `IN_FLIGHT`, as long as it goes on. */
async function answer(
  { port }: Child,
  telegram: TelegramStandIn,
  firstId: number,
  goesOn: (posted: number) => boolean,
): Promise<{ readonly posted: number; readonly seconds: number }> {
  const startedAt = performance.now();
  let posted = 0;
  const drive = async () => {
    while (goesOn(posted)) {
      const id = firstId + posted++;
      const chat = CHATS[id % CHATS.length] ?? GROUP;
      const answered = telegram.next(({ payload }) => payload.reply_parameters?.message_id === id);
      const status = await post(port, command(id, chat, "/ping"));
      if (status !== 200) throw new Error(`An update was answered ${status}`);
      await answered;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, drive));
  return { posted, seconds: (performance.now() - startedAt) / 1000 };
}

async function allAnswerers(telegramUrl: string, folder: string): Promise<readonly Answerer[]> {
  const environment = { BENCH_API_ROOT: telegramUrl };
  const telegraf = await telegrafServer();
  const keepsNothing = (server: ChildOptions) => ({
    ...server,
    environment: { ...server.environment, ...environment },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  return [
    {
      name: "grammy",
      label: "grammY, replies and keeps nothing",
      ...figures(),
      prepare: () => Promise.resolve(keepsNothing({ command: deno("server_grammy.ts") })),
    },
    {
      name: "telegraf",
      label: "telegraf on Node, the same",
      missing: telegraf.missing,
      ...figures(),
      prepare: () => Promise.resolve(keepsNothing(telegraf.server)),
    },
    ...storeKinds.map((kind): Answerer => ({
      name: kind.name,
      label: `Countersign on ${kind.name}`,
      missing: kind.missing,
      ...figures(),
      async prepare() {
        const store = await kind.open(folder);
        const server = ours({ telegramUrl, database: store.url, chats: CHATS });
        return { ...server, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
      },
    })),
  ];
}

function figures(): Pick<Answerer, "rates" | "firstRates" | "cpuUs" | "floodedRates" | "talkRates"> {
  return { rates: [], firstRates: [], cpuUs: [], floodedRates: [], talkRates: [] };
}

function report(all: readonly Answerer[]): string {
  const base = all.find(({ name }) => name === "grammy");
  const toBase = (rates: (answerer: Answerer) => readonly number[]) => (answerer: Answerer) =>
    rates(answerer).map((rate, round) => rate / (base && rates(base)[round] || NaN));
  const ratios = toBase(({ rates }) => rates);
  const firstRatios = toBase(({ firstRates }) => firstRates);
  const rows = all.filter(({ missing }) => missing === undefined).map((answerer) => [
    answerer.label,
    thousands(median(answerer.rates)),
    median(ratios(answerer)).toFixed(2),
    range(ratios(answerer), 2),
    median(firstRatios(answerer)).toFixed(2),
    median(answerer.cpuUs).toFixed(0),
    thousands(median(answerer.floodedRates)),
    thousands(median(answerer.talkRates)),
  ]);
  const absent = all.flatMap(({ label, missing }) =>
    missing === undefined ? [] : [`${label} is left out: ${missing}.\n`]
  );
  const onSqlite = all.find(({ name }) => name === "SQLite");
  const ratio = onSqlite ? median(ratios(onSqlite)) : NaN;
  const left = onSqlite ? median(onSqlite.floodedRates) / median(onSqlite.rates) : NaN;
  return `\n## Answering under load\n\n` +
    table(
      [
        "",
        "answers per s",
        "to grammY",
        "lowest to highest",
        "just started",
        "CPU µs each",
        "in a flood",
        "talk per s",
      ],
      rows,
    ) +
    `\n${COMMANDS} times /ping in ${CHATS.length} groups after ${WARM_UP_COMMANDS} others, ${IN_FLIGHT} unanswered at any moment, in turns\n` +
    `of ${IN_A_TURN}; Telegram answers at once. Just started: the second thousand, to that of grammY.\n` +
    `The flood: people's talk over ${CONNECTIONS} more connections, as fast as it is acknowledged.\n` +
    `${absent.join("")}\n` +
    aim(`on SQLite at least 0.5 of grammY: ${ratio.toFixed(2)}`, ratio >= 0.5) +
    aim(`on SQLite at least half as many in the flood: ${left.toFixed(2)}`, left >= 0.5);
}
