import type { Hono } from "hono";
import type { Clock } from "../clients/clock.ts";
import type { Config } from "./config.ts";
import type { EntranceDeps } from "./deps.ts";
import { httpApp, type Interior } from "./http.ts";
import type { Log } from "./log.ts";
import { Intake, Metrics } from "./metrics.ts";
import { Redactor } from "./redact.ts";
import { openStore } from "./store/database.ts";

export interface EntranceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** What covers our secrets in the log too; one is made from the configuration where absent. */
  readonly redactor?: Redactor;
  /** What opens the store, for whoever wants to watch what is written; the bot's own where absent. */
  readonly openStore?: typeof openStore;
}

/**
 * Where updates come in: the store and the HTTP side, and nothing that works on what came in. That is most of the bot
 * and takes long to load, so a process listens before it does.
 */
export class Entrance {
  readonly app: Hono;
  /** Resolves once an update has come in and is on disk. */
  readonly firstUpdate: Promise<void>;
  private readonly interior = Promise.withResolvers<Interior>();

  private constructor(readonly deps: EntranceDeps) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.firstUpdate = promise;
    this.app = httpApp(deps, this.interior.promise, resolve);
  }

  /** Throws `StoreOpenError`. */
  static async open(options: EntranceOptions): Promise<Entrance> {
    const { config, clock, log, redactor = new Redactor(config.secrets) } = options;
    const store = await (options.openStore ?? openStore)(config.database, clock, { redact: redactor.text });
    const metrics = new Metrics();
    return new Entrance({ config, clock, log, redactor, metrics, store, intake: new Intake(metrics) });
  }

  /** From here on what comes in may be worked on, and people see their pages. */
  leadTo(interior: Interior): void {
    this.interior.resolve(interior);
  }
}
