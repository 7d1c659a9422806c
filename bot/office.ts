import type { Bot } from "grammy";
import type { Clock } from "../clients/clock.ts";
import { createDecisions, type Decisions } from "./changes/decisions.ts";
import { createExecutor, type Executor } from "./changes/executor.ts";
import { createRequests } from "./changes/requests.ts";
import type { Config } from "./config.ts";
import { aboutCommands } from "./desk/about.ts";
import { auditCommands } from "./desk/audit_commands.ts";
import type { Builtin } from "./desk/builtin.ts";
import { changeCommands } from "./desk/change_commands.ts";
import { createDesk, type Desk } from "./desk/desk.ts";
import { doctorCommand } from "./desk/doctor.ts";
import { freezeCommands } from "./desk/freeze_commands.ts";
import { createHearing } from "./desk/hearing.ts";
import { type AnyCommand, createInterpreter } from "./desk/interpreter.ts";
import { createOverview } from "./desk/overview.ts";
import { overviewCommand } from "./desk/overview_command.ts";
import { createPresses } from "./desk/presses.ts";
import { createReads } from "./desk/reads.ts";
import { createStrangers } from "./desk/strangers.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { createPeople } from "./people/people.ts";
import type { Redactor } from "./redact.ts";
import { createOffers, type Offers } from "./secrets/offers.ts";
import { createSecrets, type Secrets } from "./secrets/secrets.ts";
import type { Vault } from "./secrets/vault.ts";
import type { Store } from "./store/store.ts";
import type { Capabilities } from "./telegram/capabilities.ts";
import { createPrivate } from "./telegram/private.ts";
import type { Vendors } from "./vendors.ts";

/** What everyone in the office works with. */
export interface OfficeOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly bot: Bot;
  readonly capabilities: Capabilities;
  readonly vendors: Vendors;
  readonly vault: Vault | undefined;
  /** This replica, in claims and leases. */
  readonly holder: string;
}

/** Those who do the work: who hears, who decides, who executes. No loops, no network of its own. */
export interface Office {
  readonly desk: Desk;
  readonly decisions: Decisions;
  readonly executor: Executor;
  readonly secrets: Secrets;
  readonly offers: Offers;
  readonly commands: readonly AnyCommand[];
}

export function createOffice(options: OfficeOptions): Office {
  const { config, store, vendors, vault, bot } = options;
  const shared = { ...options, api: bot.api };
  const people = createPeople({ ...shared, policy: config });
  const privately = createPrivate(shared);
  const pageUrl = config.publicUrl ?? `http://127.0.0.1:${config.port}`;
  const secrets = createSecrets({ store, vault, pageUrl, sendPrivately: privately.sendLink });
  const offers = createOffers({ ...options, pageUrl, sendPrivately: privately.sendOffer });
  // The bot's own commands name all commands, themselves included, so the list is filled after they are made.
  const commands: AnyCommand[] = [...vendors.operations];
  const vocabulary = { commands, aliases: vendors.aliases };
  const requests = createRequests({ ...shared, people, secrets, vocabulary });
  const decisions = createDecisions({ ...shared, people, secrets });
  const reads = createReads({ ...shared, vocabulary });
  const builtins: Builtin[] = [
    overviewCommand(createOverview(shared)),
    ...changeCommands({ store, decisions, requests }),
    ...freezeCommands({ store, aliases: vendors.aliases, groups: config.adminChats.filter((id) => id < 0) }),
    ...auditCommands(store, bot.api),
    ...aboutCommands({ vocabulary, vendors, startedAt: store.now(), now: store.now }),
    doctorCommand({ ...shared, botId: () => bot.botInfo.id }),
  ];
  commands.unshift(...builtins);

  const botName = () => bot.botInfo.username;
  const strangers = createStrangers({ ...shared, people });
  const interpreter = createInterpreter({
    ...shared,
    ...vocabulary,
    botName,
    people,
    strangers,
    requests,
    reads,
  });
  return {
    desk: createDesk({
      ...shared,
      people,
      interpreter,
      hearing: createHearing({ ...shared, people, interpreter, strangers }),
      presses: createPresses({ ...shared, people, requests, decisions, interpreter }),
      strangers,
    }),
    decisions,
    executor: createExecutor({ ...shared, people, secrets, offers }),
    secrets,
    offers,
    commands,
  };
}
