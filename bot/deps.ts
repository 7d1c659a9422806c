import type { Bot } from "grammy";
import type { Clock } from "../clients/clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Redactor } from "./redact.ts";
import type { Store } from "./store/database.ts";
import type { Capabilities, Intake } from "./telegram/api.ts";
import type { Vault } from "./vault.ts";
import type { Vendors } from "./vendors.ts";

/** What every part of the bot may work with. Made once, at the start; tests put their own clock and store in. */
export interface Deps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly bot: Bot;
  /** Carries every call that has the bot's token in its address. */
  readonly telegramFetch: typeof fetch;
  readonly capabilities: Capabilities;
  readonly intake: Intake;
  readonly vendors: Vendors;
  /** Absent without a `SECRET_KEY`: then no secret can be entered. */
  readonly vault: Vault | undefined;
  /** This replica, in claims and leases. */
  readonly holder: string;
}
