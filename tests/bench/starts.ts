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
}

const BASE = "(b)";
const OURS = "(d)";

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
    starters.push({ label: contender.label, server: entry.server, times: [] });
  }
  starters.push(
    { label: `${OURS}'s libraries alone`, server: { command: deno("server_libraries.ts") }, times: [] },
    {
      label: `${OURS} from its bundle`,
      server: {
        command: [Deno.execPath(), "run", "-q", "-A", await bundle(folder)],
        environment: ourEnvironment({ telegramUrl: telegram.url, database: store.url }),
      },
      times: [],
    },
  );
  // The first start of each compiles its code; V8 keeps that for the next.
  for (let round = -1; round < rounds; round++) {
    for (const { server, times } of starters) {
      await using child = await startChild(server);
      if (round >= 0) times.push(child.coldStartMs);
    }
  }
  await print(report(starters, firstStartMs));
}

async function bundle(folder: string): Promise<string> {
  const main = new URL("../../bot/main.ts", import.meta.url).pathname;
  const output = `${folder}/main.js`;
  const args = ["bundle", "-q", "--frozen", "--platform", "deno", "--output", output, main];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) throw new Error("The bot could not be bundled");
  return output;
}

function report(starters: readonly Starter[], firstStartMs: number): string {
  const base = starters.find(({ label }) => label.startsWith(BASE))?.times ?? [];
  const ratios = ({ times }: Starter) => times.map((time, round) => time / (base[round] ?? NaN));
  const rows = starters.map((starter) => [
    starter.label,
    median(starter.times).toFixed(0),
    median(ratios(starter)).toFixed(2),
    range(ratios(starter), 2),
  ]);
  const ours = starters.find(({ label }) => label.startsWith(OURS));
  return `\n## Cold start\n\n` +
    table(["", "ms", `to ${BASE}`, "lowest to highest"], rows) +
    `\nFrom the start of the process to the first 200. ${OURS}'s very first start, which creates the tables: ` +
    `${firstStartMs.toFixed(0)} ms.\n\n` +
    aim(`${OURS} starts within 1.5 times ${BASE}`, ours !== undefined && median(ratios(ours)) <= 1.5);
}
