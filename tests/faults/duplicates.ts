import { readConfig } from "../../bot/config.ts";
import { Countersign } from "../../bot/app.ts";
import {
  createTestClock,
  MEASURED_ONCE,
  openStage,
  type Stage,
  type StageOptions,
  type TestClock,
} from "../sandbox/stage.ts";
import { HANG_MS } from "../eventually.ts";

/** Two bots in this process that share one Postgres and one time. */
export interface Duplicates extends AsyncDisposable {
  /** The first, with all around it. */
  readonly stage: Stage;
  readonly second: Countersign;
  /** Moves time on and lets both look for work. */
  pass(ms: number): void;
}

export async function openDuplicates(url: string, options: StageOptions = {}): Promise<Duplicates> {
  const clock: TestClock = createTestClock();
  const stage = await openStage({
    clock,
    ...options,
    environment: { DATABASE_URL: url, ...options.environment },
  });
  const second = await Countersign.open({
    config: readConfig(stage.environment),
    clock,
    log: stage.log,
    timing: MEASURED_ONCE,
  });
  await second.start();
  return {
    stage,
    second,
    pass(ms) {
      clock.advance(ms);
      for (const work of ["inbox", "messages", "changes"] as const) {
        for (const { notifier: wakeUp } of [stage.bot.store, second.store]) wakeUp.local(work);
      }
    },
    async [Symbol.asyncDispose]() {
      await second.stop(AbortSignal.timeout(HANG_MS));
      await stage[Symbol.asyncDispose]();
    },
  };
}
