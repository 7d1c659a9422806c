import type { Bot } from "grammy";
import type { Clock } from "../clients/clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Intake, Metrics } from "./metrics.ts";
import type { Redactor } from "./redact.ts";
import type { Store } from "./store/database.ts";
import type { Capabilities } from "./telegram/api.ts";
import type { TelegramHttp } from "./telegram/socket_client.ts";
import type { Vault } from "./vault.ts";
import type { Vendors } from "./vendors.ts";

/** What it takes to take updates in. */
export interface EntranceDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly intake: Intake;
}

/** What every part of the bot may work with. Made once, at the start; tests put their own clock and store in. */
export interface Deps extends EntranceDeps {
  readonly bot: Bot;
  readonly telegramHttp: TelegramHttp;
  readonly capabilities: Capabilities;
  readonly vendors: Vendors;
  /** Absent without a `SECRET_KEY`: then no secret can be entered. */
  readonly vault: Vault | undefined;
  /** This replica, in claims and leases. */
  readonly holder: string;
}
