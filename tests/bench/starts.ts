import { bundling } from "../../bot/ops/bundle.ts";
import { type ChildOptions, deno, startChild } from "./child.ts";
import { allContenders } from "./contenders.ts";
import { median, range } from "./figures.ts";
import type { BenchOptions } from "./options.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, print, table } from "./print.ts";
import { sqlite } from "./stores.ts";
import { serveTelegram } from "./telegram.ts";

interface Starter {
  readonly label: string;
  readonly server: ChildOptions;
  readonly times: number[];
  /** CPU time until then, in ms: unlike the time it takes, hardly longer beside other work. */
  readonly cpuMs: number[];
  /** The same a little later, with whatever is loaded behind the first answer. */
  readonly idleCpuMs: number[];
  readonly residentMb: number[];
}

const BASE = "(b)";
const OURS = "(d)";
const BUNDLED = `${OURS} from its bundle`;
/** After this long whatever a start leaves to be done is done. */
const IDLE_MS = 1_000;

/** From the start of a process to its first 200, of all servers in turn. */
export async function measureStarts({ rounds, folder }: BenchOptions): Promise<void> {
  await using telegram = serveTelegram();
  await using store = await sqlite.open(folder);
  await using stack = new AsyncDisposableStack();
  const starters: Starter[] = [];
  let firstStartMs = NaN;
  for (const contender of await allContenders({ telegramUrl: telegram.url, folder })) {
    if (contender.missing !== undefined) continue;
    const entry = stack.use(await contender.prepare());
    if (contender.name === "SQLite") firstStartMs = entry.firstStartMs ?? NaN;
    starters.push({ label: contender.label, server: entry.server, ...figures() });
  }
  starters.push(
    { label: `${OURS}'s libraries alone`, server: { command: deno("server_libraries.ts") }, ...figures() },
    {
      label: BUNDLED,
      server: {
        command: [Deno.execPath(), "run", "-q", "-A", await bundle(folder)],
        environment: ourEnvironment({ telegramUrl: telegram.url, database: store.url }),
      },
      ...figures(),
    },
  );
  // The first start of each compiles its code; V8 keeps that for the next.
  for (let round = -1; round < rounds; round++) {
    for (const { server, times, cpuMs, idleCpuMs, residentMb } of starters) {
      await using child = await startChild(server);
      if (round < 0) continue;
      times.push(child.coldStartMs);
      cpuMs.push(child.cpuMs() ?? NaN);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      idleCpuMs.push(child.cpuMs() ?? NaN);
      residentMb.push(child.memoryMb() ?? NaN);
    }
  }
  await print(report(starters, firstStartMs));
}

function figures(): Omit<Starter, "label" | "server"> {
  return { times: [], cpuMs: [], idleCpuMs: [], residentMb: [] };
}

async function bundle(folder: string): Promise<string> {
  const main = new URL("../../bot/main.ts", import.meta.url).pathname;
  const args = [...bundling(`${folder}/dist`), main];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) throw new Error("The bot could not be bundled");
  return `${folder}/dist/main.js`;
}

function report(starters: readonly Starter[], firstStartMs: number): string {
  const base = starters.find(({ label }) => label.startsWith(BASE));
  const toBase = (starter: Starter, of: "times" | "cpuMs") =>
    starter[of].map((figure, round) => figure / (base?.[of][round] ?? NaN));
  const rows = starters.map((starter) => [
    starter.label,
    median(starter.times).toFixed(0),
    median(toBase(starter, "times")).toFixed(2),
    median(starter.cpuMs).toFixed(0),
    median(toBase(starter, "cpuMs")).toFixed(2),
    range(toBase(starter, "cpuMs"), 2),
    median(starter.idleCpuMs).toFixed(0),
    median(starter.residentMb).toFixed(0),
  ]);
  const [bundled, source] = [BUNDLED, OURS].map((label) =>
    starters.find((one) => one.label.startsWith(label))
  );
  const within = (most: number, what: string, starter: Starter | undefined) => {
    const ratio = starter ? median(toBase(starter, "cpuMs")) : NaN;
    return aim(`${what} within ${most.toFixed(1)} times ${BASE} by CPU: ${ratio.toFixed(2)}`, ratio <= most);
  };
  const idleMb = bundled ? median(bundled.residentMb) : NaN;
  return `\n## Cold start\n\n` +
    table([
      "",
      "ms",
      `to ${BASE}`,
      "CPU ms",
      `to ${BASE}`,
      "lowest to highest",
      "CPU ms when idle",
      "idle MB",
    ], rows) +
    `\nFrom the start of the process to the first update that is acknowledged. ${OURS}'s very first start, which ` +
    `creates the tables: ${firstStartMs.toFixed(0)} ms.\n\n` +
    within(2, "from its bundle", bundled) + within(3, "from source", source) +
    aim(`from its bundle at most 80 MB when idle: ${idleMb.toFixed(0)} MB`, idleMb <= 80);
}
