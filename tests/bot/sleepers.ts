import assert from "node:assert/strict";
import { Countersign } from "../../bot/app.ts";
import { readConfig } from "../../bot/config.ts";
import { SECRET_HEADER } from "../../bot/http.ts";
import { HANG_MS } from "../eventually.ts";
import {
  MEASURED_ONCE,
  openStage,
  SANDBOX_WEBHOOK_SECRET,
  type Stage,
  type StageOptions,
} from "../sandbox/stage.ts";

/** Until nothing is due any more. */
export const ALL_DAY = new AbortController().signal;
/** Instances that do not look by themselves, as if they were paused between two steps. */
export const NEVER = { ...MEASURED_ONCE, lookMs: 3_600_000 };

/** Two instances on one database, neither of which is started. */
export interface Sleepers extends AsyncDisposable {
  readonly stage: Stage;
  readonly one: Countersign;
  readonly other: Countersign;
  /** Hands the newest update to this instance, which only puts it on disk. */
  send(to: Countersign): Promise<void>;
}

export async function openSleepers(url: string, options: StageOptions = {}): Promise<Sleepers> {
  const stage = await openStage({
    asleep: true,
    timing: NEVER,
    ...options,
    environment: { DATABASE_URL: url, ...options.environment },
  });
  const { bot: one, clock, log, telegram } = stage;
  const other = await Countersign.open({ config: readConfig(stage.environment), clock, log, timing: NEVER });
  return {
    stage,
    one,
    other,
    async send(to) {
      const response = await to.app.request("/telegram", {
        method: "POST",
        headers: { [SECRET_HEADER]: SANDBOX_WEBHOOK_SECRET },
        body: JSON.stringify(telegram.updates().at(-1)),
      });
      assert.equal(response.status, 200);
    },
    async [Symbol.asyncDispose]() {
      await other.stop(AbortSignal.timeout(HANG_MS));
      await stage[Symbol.asyncDispose]();
    },
  };
}
