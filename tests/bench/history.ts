import { acknowledge, FIRST_LOAD_ID } from "./acknowledging.ts";
import { createSwitching } from "./writes.ts";
import { serveDelayed } from "./delayed.ts";
import { median, range, thousands } from "./figures.ts";
import { createBenchOpsRamp } from "./opsramp.ts";
import type { BenchOptions } from "./options.ts";
import { writePast } from "./past.ts";
import { aim, print, table } from "./print.ts";
import { inRounds, pause, type Series, seriesOf } from "./rounds.ts";
import { openScene } from "./scene.ts";
import type { BenchStore, StoreKind } from "./stores.ts";
import { serveVendor } from "./vendor.ts";

const INTEGRATIONS = 14;
const WARM_UP = 3;
const FIRST_ID = 100_000_000;
/** More updates than one round needs. */
const IDS_OF_A_ROUND = 10_000;
/** What a long history may cost. */
const MOST = 0.1;

type Side = "empty" | "full";

interface Costs extends Record<string, number> {
  readonly perSecond: number;
  readonly ping: number;
  readonly status: number;
  readonly approval: number;
  readonly start: number;
}

/** What the same work costs with an empty store and with one that has seen much, by turns. */
export function historyOn(kind: StoreKind): (options: BenchOptions) => Promise<void> {
  return async function measureHistory(options) {
    if (kind.missing !== undefined) return await print(`\nNo history on ${kind.name}: ${kind.missing}.\n`);
    await using empty = await openUsed(kind, options);
    await using full = await openUsed(kind, options);
    await writePast(full, options.history);
    const stores = { empty, full };
    const costs: Record<Side, Costs[]> = { empty: [], full: [] };
    for (let round = 0; round < options.rounds; round++) {
      const firstId = FIRST_ID + round * IDS_OF_A_ROUND;
      // Whoever comes second in a round finds the machine otherwise, so neither always does.
      const order: readonly Side[] = round % 2 === 0 ? ["empty", "full"] : ["full", "empty"];
      for (const side of order) costs[side].push(await measure(stores[side], firstId, options));
    }
    await print(report(kind, options, seriesOf(costs.empty), seriesOf(costs.full)));
  };
}

/** A store in which the bot has made its tables. */
async function openUsed(kind: StoreKind, { folder }: BenchOptions): Promise<BenchStore> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await kind.open(folder));
  await using _ = await openScene({ database: store.url });
  // Whoever asked for it disposes of it now.
  stack.move();
  return store;
}

async function measure(store: BenchStore, firstId: number, options: BenchOptions): Promise<Costs> {
  await using opsramp = serveDelayed(createBenchOpsRamp().fetch, 0);
  await using bitdefender = serveVendor();
  const vendors = { opsramp: opsramp.url, bitdefender: bitdefender.apiUrl(INTEGRATIONS) };
  const scene = await openScene({ database: store.url, vendors, firstId });
  try {
    const group = scene.groupIn();
    const switching = createSwitching(group);
    const answers = await inRounds(options.commandsInRound, async () => {
      await pause();
      const ping = await group.say("/ping");
      await pause();
      const status = await group.say("/status bitdefender");
      await pause();
      const asked = await switching.ask();
      await pause();
      const approval = await switching.approve(asked.shown);
      return { ping: ping.ms, status: status.ms, approval: approval.ms };
    }, WARM_UP);
    await pause();
    const { perSecond } = await acknowledge(scene.child, options);
    return {
      perSecond,
      ping: median(answers.ping),
      status: median(answers.status),
      approval: median(answers.approval),
      start: scene.child.coldStartMs,
    };
  } finally {
    await scene[Symbol.asyncDispose]();
    await store.run(`delete from inbox where update_id >= ${FIRST_LOAD_ID}`);
    await store.settle();
  }
}

function report(
  { name }: StoreKind,
  { history }: BenchOptions,
  empty: Series<Costs>,
  full: Series<Costs>,
): string {
  const ratios = (figure: keyof Costs) =>
    (full[figure] ?? []).map((value, round) => value / (empty[figure]?.[round] ?? NaN));
  const row = (label: string, figure: keyof Costs, shown: (value: number) => string) => [
    label,
    shown(median(empty[figure] ?? [])),
    shown(median(full[figure] ?? [])),
    median(ratios(figure)).toFixed(2),
    range(ratios(figure), 2),
  ];
  const ms = (value: number) => value.toFixed(1);
  const slower = (figure: keyof Costs) => median(ratios(figure)) <= 1 + MOST;
  return `\n## With a history, on ${name}\n\n` +
    table(["", "empty", "full", "full to empty", "lowest to highest"], [
      row("acknowledgements per s", "perSecond", thousands),
      row("/ping, ms", "ping", ms),
      row("/status bitdefender, ms", "status", ms),
      row("an approval to its outcome, ms", "approval", ms),
      row("start, ms", "start", ms),
    ]) +
    `\nFull: ${
      thousands(history)
    } audit rows and as many finished updates. The vendors answer at once. The two ` +
    `take turns;\nthe bot is started anew for each round.\n\n` +
    aim("acknowledgements within 10 %", median(ratios("perSecond")) >= 1 - MOST) +
    aim(
      "/ping, /status and an approval within 10 %",
      (["ping", "status", "approval"] as const).every(slower),
    );
}
