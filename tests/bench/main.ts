import { measureAnswering } from "./answering.ts";
import { measureAnswers } from "./answers.ts";
import { commitMs } from "./commit.ts";
import { measureDoor } from "./door.ts";
import { measureGrowth } from "./growth.ts";
import { historyOn } from "./history.ts";
import { type BenchOptions, readWish, usage } from "./options.ts";
import { measureOverview } from "./overview.ts";
import { measurePolicy } from "./policy.ts";
import { print } from "./print.ts";
import { measureSoak } from "./soak.ts";
import { measureStarts } from "./starts.ts";
import { postgres, sqlite } from "./stores.ts";
import { measureTaps } from "./taps.ts";
import { measureWatch } from "./watch.ts";

/** Takes long, so only for who asks for it. */
const ON_REQUEST: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  soak: measureSoak,
  "history-postgres": historyOn(postgres),
};

const PARTS: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  door: measureDoor,
  starts: measureStarts,
  policy: measurePolicy,
  answering: measureAnswering,
  answers: measureAnswers,
  taps: measureTaps,
  overview: measureOverview,
  growth: measureGrowth,
  history: historyOn(sqlite),
  watch: measureWatch,
  ...ON_REQUEST,
};

/** `deno task bench`: measures one part after the other, and says which aims are met. */
async function bench(words: readonly string[]): Promise<number> {
  const wish = readWish(words, Object.keys(PARTS));
  if (!wish) {
    await print(usage(Object.keys(PARTS)));
    return 2;
  }
  const { within: dir, only } = wish;
  const folder = await Deno.makeTempDir({ prefix: "countersign-bench-", ...(dir && { dir }) });
  try {
    const startedAt = performance.now();
    await print(`${machine(folder)}\n`);
    for (const [name, measure] of Object.entries(PARTS)) {
      if (only === undefined ? !(name in ON_REQUEST) : name === only) await measure({ ...wish, folder });
    }
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    await print(`\n${machine(folder)}\nTook ${seconds} s.\n`);
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the figures depend on; printed before and after, since other work on the machine comes and goes. */
function machine(folder: string): string {
  const load = Deno.loadavg()[0]?.toFixed(1);
  const { median, slowest } = commitMs(folder);
  return `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, load average ${load}; ` +
    `one durable commit takes ${median.toFixed(2)} ms (median; slowest ${slowest.toFixed(1)} ms)`;
}

if (import.meta.main) Deno.exit(await bench(Deno.args));
