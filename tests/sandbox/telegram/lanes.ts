/** Work by lane: one run per lane at a time, lanes side by side. */
export interface Lanes {
  /** Joins the run under way, or begins one. */
  run(lane: string): Promise<void>;
  /** Call it in the turn in which a run decides to end, so that nothing that comes later joins it. */
  leave(lane: string): void;
  running(): readonly Promise<void>[];
}

export function createLanes(work: (lane: string) => Promise<void>): Lanes {
  const runs = new Map<string, Promise<void>>();
  return {
    run(lane) {
      const current = runs.get(lane);
      if (current) return current;
      const run = Promise.resolve().then(() => work(lane));
      runs.set(lane, run);
      return run;
    },
    leave: (lane) => void runs.delete(lane),
    running: () => [...runs.values()],
  };
}
