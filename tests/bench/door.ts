import { acknowledge, type Acknowledging, CONNECTIONS, GENERATOR } from "./acknowledging.ts";
import { startChild } from "./child.ts";
import { allContenders, type Contender } from "./contenders.ts";
import { median, range, thousands } from "./figures.ts";
import type { BenchOptions } from "./options.ts";
import { aim, print, table } from "./print.ts";
import { pause } from "./rounds.ts";
import { serveTelegram } from "./telegram.ts";

const SETTLE_MS = 300;
/** Telegram lets a bot send about thirty messages a second. */
const ENOUGH_PER_SECOND = 100;

interface Round extends Acknowledging {
  readonly idleMb: number;
  readonly loadedMb: number;
}

type Rounds = ReadonlyMap<Contender["name"], Round[]>;

/** Acknowledgements and memory of all servers, taking turns. */
export async function measureDoor(options: BenchOptions): Promise<void> {
  await using telegram = serveTelegram();
  const all = await allContenders({ telegramUrl: telegram.url, folder: options.folder });
  const contenders = all.filter(isHere);
  const rounds: Rounds = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const contender of contenders) rounds.get(contender.name)?.push(await measure(contender, options));
  }
  await print(doorReport(all, rounds) + memoryReport(contenders, rounds));
}

async function measure(contender: Contender, options: BenchOptions): Promise<Round> {
  await using entry = await contender.prepare();
  await using child = await startChild(entry.server);
  await pause(SETTLE_MS);
  const idleMb = child.memoryMb() ?? NaN;
  const load = await acknowledge(child, options);
  return {
    ...load,
    idleMb,
    loadedMb: child.memoryMb() ?? NaN,
  };
}

function doorReport(all: readonly Contender[], rounds: Rounds): string {
  const contenders = all.filter(isHere);
  const absent = all.flatMap(({ label, missing }) =>
    missing === undefined ? [] : [`${label} is left out: ${missing}.\n`]
  );
  const speed = ratiosTo("hono", rounds, (round) => round.perSecond);
  const cpu = ratiosTo("hono", rounds, (round) => 1 / round.cpuUs);
  const rows = contenders.map(({ name, label }) => [
    label,
    thousands(medianOf(rounds, name, "perSecond")),
    median(speed(name)).toFixed(2),
    range(speed(name), 2),
    medianOf(rounds, name, "p50").toFixed(2),
    medianOf(rounds, name, "p99").toFixed(1),
    medianOf(rounds, name, "cpuUs").toFixed(1),
    median(cpu(name)).toFixed(2),
  ]);
  const perSecond = ratiosTo("grammy", rounds, (round) => round.perSecond);
  const ofGrammy = median(perSecond("SQLite"));
  return `\n## Webhook acknowledgements, ${CONNECTIONS} connections\n\n` +
    table(
      ["", "per s", "to (a)", "lowest to highest", "p50 ms", "p99 ms", "CPU µs each", "to (a) by CPU"],
      rows,
    ) +
    `\nLoaded by ${GENERATOR}. Every update is a message among people in the admin group. (d) and (e) have each on disk\n` +
    `before its 200; what comes in at the same moment shares a commit of (d). CPU is of the server's own process, without Postgres.\n` +
    `${absent.join("")}\n` +
    aim(
      `(d) at least ${ENOUGH_PER_SECOND} a second, several times what Telegram lets a bot answer`,
      medianOf(rounds, "SQLite", "perSecond") >= ENOUGH_PER_SECOND,
    ) +
    aim(`(d) as many as (b): ${ofGrammy.toFixed(2)} of them`, ofGrammy >= 1);
}

function isHere({ missing }: Contender): boolean {
  return missing === undefined;
}

function memoryReport(contenders: readonly Contender[], rounds: Rounds): string {
  const rows = contenders.map(({ name, label }) => [
    label,
    medianOf(rounds, name, "idleMb").toFixed(0),
    medianOf(rounds, name, "loadedMb").toFixed(0),
  ]);
  return `\n## Memory\n\n` + table(["resident", "idle MB", "after load MB"], rows);
}

/** Compares within a round, because the machine differs from one to the next. */
function ratiosTo(base: Contender["name"], rounds: Rounds, of: (round: Round) => number) {
  const figures = (name: Contender["name"]) => (rounds.get(name) ?? []).map(of);
  return (name: Contender["name"]): number[] =>
    figures(name).map((figure, index) => figure / (figures(base)[index] ?? NaN));
}

function medianOf(rounds: Rounds, name: Contender["name"], field: keyof Round): number {
  return median((rounds.get(name) ?? []).map((round) => round[field]));
}
