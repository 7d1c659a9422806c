import { commitMs } from "./commit.ts";
import { measureAnswers } from "./answers.ts";
import { measureDoor } from "./door.ts";
import { measureGrowth } from "./growth.ts";
import { print } from "./print.ts";

export interface BenchOptions {
  /** How often each thing is measured; what is printed is the median. */
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Commands of each kind whose answer is timed. */
  readonly commands: number;
  /** For the databases: the disk under it is measured along. */
  readonly folder: string;
}

const FULL = { rounds: 5, warmUpSeconds: 1, seconds: 2, commands: 40 };
const QUICK = { rounds: 2, warmUpSeconds: 0.5, seconds: 1, commands: 15 };
const USAGE = "deno task bench [--quick] [--folder=<where the databases go>]\n";

/** `deno task bench`: measures the edge, the answers and the growth, and says which aims are met. */
async function bench(words: readonly string[]): Promise<number> {
  const dir = words.find((word) => word.startsWith("--folder="))?.slice("--folder=".length);
  if (words.some((word) => word !== "--quick" && !word.startsWith("--folder="))) {
    await print(USAGE);
    return 2;
  }
  const folder = await Deno.makeTempDir({ prefix: "countersign-bench-", ...(dir && { dir }) });
  try {
    const options = { ...(words.includes("--quick") ? QUICK : FULL), folder };
    const startedAt = performance.now();
    await print(`${machine(folder)}\n`);
    await measureDoor(options);
    await measureAnswers(options);
    await measureGrowth(options);
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
