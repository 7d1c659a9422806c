import * as fc from "fast-check";
import type { DatabaseKind } from "../approvals/database.ts";
import { Finding, type FindingKind, type Ground, openGround } from "./ground.ts";

/** One door that hostile input may come through. */
export interface Target<T = unknown> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<T>;
  /** Tried before anything else: what was found once. */
  readonly corpus?: readonly T[];
  /** After so many the emulators are replaced by new ones. */
  readonly casesPerGround?: number;
  /** How many inputs one value stands for; one unless said. */
  size?(value: T): number;
  /** Sends the input and waits until all that comes of it is over. Throws a `Finding` of its own where it knows more. */
  attack(ground: Ground, value: T): Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly cases: number;
  readonly perSecond: number;
  readonly finding?: {
    readonly kind: FindingKind;
    readonly sentence: string;
    readonly input: string;
    /** Of the round in which it was found: with it, the round joins `corpus/seeds.json`. */
    readonly seed: number;
  };
}

export interface CampaignOptions {
  readonly seed: number;
  /** For each target. */
  readonly seconds: number;
  readonly database?: DatabaseKind;
  /** Seeds of rounds in which something was found once, and how many cases it took. */
  readonly replayed?: readonly { readonly seed: number; readonly cases: number }[];
  /** Told of what was found, before it is made smaller. */
  readonly onFound?: (sentence: string) => void;
}

/** The emulators keep all they have seen, so they are replaced now and then. */
const CASES_PER_GROUND = 400;
const CASES_PER_ROUND = 20;
/** What was found is told at once; for so long it is then made smaller. */
const SHRINK_MS = 30_000;

/** Attacks one target for a while. */
export async function run<T>(target: Target<T>, options: CampaignOptions): Promise<Result> {
  const { seed, seconds, database } = options;
  const started = performance.now();
  let cases = 0;
  let used = 0;
  let ground: Ground | undefined;

  let shrinkUntil = Infinity;
  const property = fc.asyncProperty(target.inputs, async (value) => {
    if (performance.now() > shrinkUntil) return;
    if (used++ >= (target.casesPerGround ?? CASES_PER_GROUND)) await leave();
    ground ??= await openGround(database);
    try {
      await target.attack(ground, value);
      await ground.inspect();
      cases += target.size?.(value) ?? 1;
    } catch (error) {
      // What went wrong once may go on doing so; the next, smaller input is tried on fresh ground.
      await leave();
      if (shrinkUntil === Infinity) {
        shrinkUntil = performance.now() + SHRINK_MS;
        options.onFound?.(`${target.name}: ${sentenceOf(error)}\ninput: ${fc.stringify(value)}`);
      }
      throw error;
    }
  });
  async function leave(): Promise<void> {
    const left = ground;
    [ground, used] = [undefined, 0];
    await left?.[Symbol.asyncDispose]();
  }

  const { corpus = [] } = target;
  let details = await fc.check(property, {
    seed,
    numRuns: corpus.length,
    examples: corpus.map((value) => [value]),
  });
  for (const { seed, cases } of options.replayed ?? []) {
    if (!details.failed) details = await fc.check(property, { seed, numRuns: cases });
  }
  const end = performance.now() + seconds * 1000;
  // Rounds of which each can be repeated by its seed, and none is broken off before it could fail.
  for (let round = 1; !details.failed && performance.now() < end; round++) {
    details = await fc.check(property, { seed: seed + round, numRuns: CASES_PER_ROUND });
  }
  await leave();
  const perSecond = cases / ((performance.now() - started) / 1000);
  return { name: target.name, cases, perSecond, ...(details.failed ? { finding: findingOf(details) } : {}) };
}

function findingOf<T>(details: fc.RunDetails<[T]>): NonNullable<Result["finding"]> {
  const { errorInstance: error, counterexample } = details;
  const input = fc.stringify(counterexample?.[0]);
  const { seed } = details;
  if (error instanceof Finding) return { kind: error.kind, sentence: error.message, input, seed };
  return { kind: "crash", sentence: sentenceOf(error), input, seed };
}

function sentenceOf(error: unknown): string {
  if (error instanceof Finding) return error.message;
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
