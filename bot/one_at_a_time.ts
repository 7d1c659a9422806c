/** Work that is begun from many places and never runs twice at once. */
export interface OneAtATime {
  /** Begins it; asked for while it runs, it runs once more afterwards. */
  begin(): void;
  /** Resolves when it does not run. */
  rested(): Promise<void>;
}

/** `work` must not throw. */
export function oneAtATime(work: () => Promise<void>): OneAtATime {
  let running: Promise<void> | undefined;
  let again = false;

  async function run(): Promise<void> {
    do {
      again = false;
      await work();
    } while (again);
    running = undefined;
  }

  return {
    begin() {
      again = true;
      running ??= run();
    },
    async rested() {
      await running;
    },
  };
}
