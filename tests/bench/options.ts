import { parseArgs } from "node:util";

export interface BenchOptions {
  /** How often each thing is measured; what is printed is the median. */
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Commands and presses of each kind whose answer is timed. */
  readonly commands: number;
  /** The same in each round of what has both. */
  readonly commandsInRound: number;
  /** Audit rows, and as many finished updates, of a bot that has been at work for long. */
  readonly history: number;
  /** How long the soak lasts. */
  readonly minutes: number;
  /** For the databases: the disk under it is measured along. */
  readonly folder: string;
}

/** What was asked for. */
export interface Wish extends Omit<BenchOptions, "folder"> {
  /** Where the bench's own folder goes; the system's usual place if undefined. */
  readonly within: string | undefined;
  /** One part by its name; all that belong to a usual run if undefined. */
  readonly only: string | undefined;
}

const FULL = {
  rounds: 5,
  warmUpSeconds: 1,
  seconds: 2,
  commands: 30,
  commandsInRound: 6,
  history: 1_000_000,
};
const QUICK = {
  rounds: 2,
  warmUpSeconds: 0.5,
  seconds: 1,
  commands: 10,
  commandsInRound: 4,
  history: 100_000,
};
const SOAK_MINUTES = "10";

/** Undefined for words that nobody understands. */
export function readWish(words: readonly string[], parts: readonly string[]): Wish | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        quick: { type: "boolean" },
        only: { type: "string" },
        soak: { type: "boolean" },
        minutes: { type: "string" },
        folder: { type: "string" },
      },
    });
    const minutes = Number(values.minutes ?? SOAK_MINUTES);
    const only = values.soak ? "soak" : values.only;
    if (!(minutes > 0) || (only !== undefined && !parts.includes(only))) return undefined;
    return { ...(values.quick ? QUICK : FULL), minutes, only, within: values.folder };
  } catch {
    return undefined;
  }
}

export function usage(parts: readonly string[]): string {
  return `deno task bench [--quick] [--only=${parts.join("|")}] [--folder=<where the databases go>]\n` +
    `deno task bench --soak [--minutes=${SOAK_MINUTES}]    not part of a usual run\n`;
}
