/** Chance that can be had again: the same seed makes the same choices. */
export interface Chance {
  /** A number in [0, 1). */
  next(): number;
  /** True in this share of the cases. */
  happens(share: number): boolean;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  /** One of the names; a share says how often, and what is missing to 1 is undefined. */
  draw<K extends string>(shares: Readonly<Record<K, number>>): K | undefined;
}

/** One stream of chance per purpose, so that what one does not use up changes nothing for the others. */
export function createChance(seed: number, purpose: string): Chance {
  let state = [...purpose].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed) | 0;

  // Mulberry32: 32 bits of state are plenty to choose faults by.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  return {
    next,
    happens: (share) => next() < share,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new RangeError("There is nothing to pick from.");
      return from[Math.floor(next() * from.length)] as T;
    },
    draw<K extends string>(shares: Readonly<Record<K, number>>): K | undefined {
      let left = next();
      for (const name of Object.keys(shares) as K[]) if ((left -= shares[name]) < 0) return name;
      return undefined;
    },
  };
}

/**
 * A new one for every run, small enough for any generator and without a sign that a command line would take for an
 * option; the environment variable TEST_SEED repeats a run by the seed that it printed.
 */
export function freshSeed(): number {
  return Number(Deno.env.get("TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1);
}

/** So many of them, each once. */
export function drawn<T>(seed: number, from: readonly T[], count: number): T[] {
  const chance = createChance(seed, "drawn");
  const left = [...from];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(chance.between(0, left.length - 1), 1),
  ).flat();
}
