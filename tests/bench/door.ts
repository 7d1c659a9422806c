import { DatabaseSync } from "node:sqlite";
import { type Child, startChild } from "./child.ts";
import type { Load, LoadOptions } from "./load.ts";
import type { BenchOptions } from "./main.ts";
import { ourEnvironment } from "./ours.ts";
import { aim, median, print, range, table, thousands } from "./print.ts";
import { serveTelegram } from "./telegram.ts";
import { PATH } from "./update.ts";

const CONNECTIONS = 64;
const SETTLE_MS = 300;

const servers = {
  hono: { label: "(a) bare Hono JSON route", entry: "server_hono.ts" },
  grammy: { label: "(b) Hono + grammY webhookCallback, no-op", entry: "server_grammy.ts" },
  ours: { label: "(c) Countersign, durable", entry: "../../bot/main.ts" },
} as const;

type Name = keyof typeof servers;

interface Round extends Load {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly coldStartMs: number;
  readonly idleMb: number;
  readonly loadedMb: number;
  /** Updates that our worker handled during the load, per second. */
  readonly handledPerSecond: number;
}

/** Acknowledgements, start and memory of the three servers, taking turns. */
export async function measureDoor(options: BenchOptions): Promise<void> {
  await using telegram = serveTelegram();
  const template = `${options.folder}/template.db`;
  const environment = (database: string) => ourEnvironment({ telegramUrl: telegram.url, database });
  const firstEverMs = await startAndStop(environment(template));
  const rounds: Record<Name, Round[]> = { hono: [], grammy: [], ours: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (const name of Object.keys(servers) as Name[]) {
      const database = `${options.folder}/${name}-${round}.db`;
      if (name === "ours") await Deno.copyFile(template, database);
      await using child = await startChild({
        entry: servers[name].entry,
        ...(name === "ours" && { environment: environment(database) }),
      });
      rounds[name].push(await measure(child, options, name === "ours" ? database : undefined));
    }
  }
  await print(doorReport(rounds));
  await print(startReport(rounds, firstEverMs));
}

/** The first start of all creates the tables; those that are measured find them, as every later one does. */
async function startAndStop(environment: Readonly<Record<string, string>>): Promise<number> {
  await using child = await startChild({ entry: servers.ours.entry, environment });
  return child.coldStartMs;
}

async function measure(
  child: Child,
  { warmUpSeconds, seconds }: BenchOptions,
  database: string | undefined,
): Promise<Round> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const idleMb = child.memoryMb() ?? NaN;
  const target = { port: child.port, path: PATH, connections: CONNECTIONS };
  await runLoad({ ...target, seconds: warmUpSeconds, firstId: 1_000_000_000 });
  const [cpuBefore, handledBefore] = [child.cpuMs() ?? NaN, handledIn(database)];
  const load = await runLoad({ ...target, seconds, firstId: 2_000_000_000 });
  if (load.refused > 0) throw new Error(`${load.refused} of ${load.requests} updates were refused`);
  return {
    ...load,
    perSecond: load.requests / load.seconds,
    cpuUs: ((child.cpuMs() ?? NaN) - cpuBefore) * 1000 / load.requests,
    coldStartMs: child.coldStartMs,
    idleMb,
    loadedMb: child.memoryMb() ?? NaN,
    handledPerSecond: (handledIn(database) - handledBefore) / load.seconds,
  };
}

async function runLoad(options: LoadOptions): Promise<Load> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--frozen", "-A", new URL("load.ts", import.meta.url).href, JSON.stringify(options)],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error("The load generator failed");
  return JSON.parse(new TextDecoder().decode(stdout)) as Load;
}

function handledIn(database: string | undefined): number {
  if (database === undefined) return 0;
  using open = new DatabaseSync(database, { readOnly: true });
  const row = open.prepare("select count(*) as handled from inbox where state = 'done'").get();
  return Number(row?.handled);
}

function doorReport(rounds: Readonly<Record<Name, readonly Round[]>>): string {
  const ratios = ratiosTo(rounds.hono, rounds, (round) => round.perSecond);
  const cpu = ratiosTo(rounds.hono, rounds, (round) => 1 / round.cpuUs);
  const rows = (Object.keys(servers) as Name[]).map((name) => [
    servers[name].label,
    thousands(medianOf(rounds[name], "perSecond")),
    median(ratios[name]).toFixed(2),
    range(ratios[name], 2),
    medianOf(rounds[name], "p50").toFixed(2),
    medianOf(rounds[name], "p99").toFixed(1),
    medianOf(rounds[name], "cpuUs").toFixed(1),
    median(cpu[name]).toFixed(2),
  ]);
  const handled = thousands(medianOf(rounds.ours, "handledPerSecond"));
  return `\n## Webhook acknowledgements, ${CONNECTIONS} connections\n\n` +
    table(
      ["", "per s", "to (a)", "lowest to highest", "p50 ms", "p99 ms", "CPU µs each", "to (a) by CPU"],
      rows,
    ) +
    `\nEvery update is a message among people in the admin group. (c) has each on disk before its 200; meanwhile\n` +
    `its worker takes them in order, finds no command and marks them done, ${handled} a second during the load.\n\n` +
    aim("(c) at least 0.6 of (a)", median(ratios.ours) >= 0.6) +
    aim("(c) at least as fast as (b)", median(ratios.ours) >= median(ratios.grammy));
}

function startReport(rounds: Readonly<Record<Name, readonly Round[]>>, firstEverMs: number): string {
  const starts = ratiosTo(rounds.grammy, rounds, (round) => round.coldStartMs);
  const rows = (Object.keys(servers) as Name[]).map((name) => [
    servers[name].label,
    medianOf(rounds[name], "coldStartMs").toFixed(0),
    median(starts[name]).toFixed(2),
    range(starts[name], 2),
    medianOf(rounds[name], "idleMb").toFixed(0),
    medianOf(rounds[name], "loadedMb").toFixed(0),
  ]);
  return `\n## Start and memory\n\n` +
    table(["", "cold start ms", "to (b)", "lowest to highest", "idle MB", "after load MB"], rows) +
    `\nFrom the start of the process to the first 200. (c)'s very first start, which creates the tables: ` +
    `${firstEverMs.toFixed(0)} ms.\n\n` +
    aim("(c) starts within 1.5 times (b)", median(starts.ours) <= 1.5);
}

/** Compares within a round, because the machine differs from one to the next. */
function ratiosTo(
  base: readonly Round[],
  rounds: Readonly<Record<Name, readonly Round[]>>,
  of: (round: Round) => number,
): Record<Name, number[]> {
  const ratios = (of_: readonly Round[]) =>
    of_.map((round, index) => of(round) / (base[index] ? of(base[index]) : NaN));
  return { hono: ratios(rounds.hono), grammy: ratios(rounds.grammy), ours: ratios(rounds.ours) };
}

function medianOf(rounds: readonly Round[], field: keyof Round): number {
  return median(rounds.map((round) => round[field]));
}
