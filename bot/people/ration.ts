export interface RationOptions {
  /** Of one key, such as a chat. */
  readonly each: number;
  readonly altogether: number;
  readonly perMs: number;
}

export interface Share {
  readonly granted: boolean;
  /** What was not granted since the last that was, this one included. */
  readonly missed: number;
  /** When the time began in which so many are granted, epoch ms. */
  readonly since: number;
}

/** Lets so much through in a while, and counts the rest. Each process has its own. */
export interface Ration {
  take(key: string, now: number): Share;
}

export function createRation({ each, altogether, perMs }: RationOptions): Ration {
  // Grows by what is granted only, so that nobody fills the memory with keys.
  const granted = new Map<string, number>();
  let total = 0;
  let missed = 0;
  let since = -Infinity;
  return {
    take(key, now) {
      if (now - since >= perMs) {
        granted.clear();
        total = 0;
        since = now;
      }
      const taken = granted.get(key) ?? 0;
      if (taken >= each || total >= altogether) return { granted: false, missed: ++missed, since };
      granted.set(key, taken + 1);
      total++;
      const share = { granted: true, missed, since };
      missed = 0;
      return share;
    },
  };
}
