import type { Chance } from "./chance.ts";
import { type Replica, startReplica } from "./replica.ts";

/** Clocks of replicas are off by up to so much. */
const MOST_SKEW_MS = 3 * 3_600_000;

export interface FleetOptions {
  readonly size: number;
  readonly chance: Chance;
  /** What a replica of this number is told at its start. */
  readonly environmentOf: (number: number) => Readonly<Record<string, string | undefined>>;
}

/** Several replicas, of which some die and others take their place. */
export interface Fleet extends AsyncDisposable {
  /** Those that take updates now. */
  readonly alive: readonly Replica[];
  /** Every replica there ever was, by its number. */
  readonly all: ReadonlyMap<number, Replica>;
  readonly kills: number;
  readonly pauses: number;
  /** What the replicas warned of, one JSON line each. */
  readonly log: readonly string[];
  /** Replicas that ended although nobody had killed them. */
  readonly collapses: readonly number[];
  /** Resolves when all work. */
  start(): Promise<void>;
  /** Kills a replica in the middle of its work and puts another one in its place, at once or a little later. */
  killOne(restAfterMs: number): Promise<void>;
  /** Stops a replica in the middle of its work and lets it go on where it was after so long. */
  pauseOne(ms: number): Promise<void>;
  /** Moves the store's time on for all of them. */
  advance(ms: number): Promise<void>;
}

export function createFleet({ size, chance, environmentOf }: FleetOptions): Fleet {
  const alive: Replica[] = [];
  const all = new Map<number, Replica>();
  const log: string[] = [];
  const collapses: number[] = [];
  const started = new Set<Replica>();
  let next = 1;
  let kills = 0;
  let pauses = 0;
  let aheadMs = 0;

  async function launch(): Promise<void> {
    const number = next++;
    const replica = await startReplica({
      number,
      order: { skewMs: chance.between(-MOST_SKEW_MS, MOST_SKEW_MS), aheadMs },
      environment: environmentOf(number),
      onLine: (line) => log.push(`${number} ${line}`),
      onCollapse: () => {
        collapses.push(number);
        remove(number);
      },
    });
    all.set(number, replica);
    alive.push(replica);
    await replica.started;
    started.add(replica);
  }

  function remove(number: number): void {
    const place = alive.findIndex((replica) => replica.number === number);
    if (place >= 0) alive.splice(place, 1);
  }

  return {
    alive,
    all,
    log,
    collapses,
    get kills() {
      return kills;
    },
    get pauses() {
      return pauses;
    },
    async start() {
      await Promise.all(Array.from({ length: size }, launch));
    },
    async killOne(restAfterMs) {
      // Where a start takes longer than a life, nothing would ever get done: one that has started is left.
      if (alive.filter((replica) => started.has(replica)).length < 2) return;
      const victim = chance.pick(alive);
      remove(victim.number);
      kills++;
      await victim.kill();
      await new Promise((resolve) => setTimeout(resolve, restAfterMs));
      await launch();
    },
    async pauseOne(ms) {
      // Somebody has to be there to take over.
      if (alive.length < 2) return;
      const sleeper = chance.pick(alive);
      remove(sleeper.number);
      pauses++;
      sleeper.pause();
      await new Promise((resolve) => setTimeout(resolve, ms));
      sleeper.goOn();
      alive.push(sleeper);
    },
    async advance(ms) {
      aheadMs += ms;
      await Promise.all(alive.map((replica) => replica.tell(`ahead ${ms}`)));
    },
    async [Symbol.asyncDispose]() {
      const living = [...all.values()].filter(({ diedAt }) => diedAt === undefined);
      await Promise.all(living.map((replica) => replica.kill()));
    },
  };
}
