import type { Hono } from "hono";
import { randomUUID } from "node:crypto";
import type { Clock } from "../clients/clock.ts";
import type { CallEvent } from "../clients/http.ts";
import { Members } from "./access/members.ts";
import { createDecisions, type Decisions, undeliverableCard } from "./approvals/decide.ts";
import { createExecutor, type Executor } from "./approvals/execute.ts";
import { createRequests } from "./approvals/request.ts";
import { aboutCommands } from "./commands/about.ts";
import { auditCommands } from "./commands/audit.ts";
import type { Builtin } from "./commands/builtin.ts";
import { changeCommands } from "./commands/changes.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { freezeCommands } from "./commands/freeze.ts";
import { createOverview, overviewCommand } from "./commands/status.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { Callbacks } from "./dispatch/callbacks.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { type AnyCommand, Router } from "./dispatch/router.ts";
import { Unauthorized } from "./dispatch/unauthorized.ts";
import { createHttpApp } from "./http.ts";
import { errorFields, type Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { createOutboxSender } from "./outbox/sender.ts";
import { acceptUpdates } from "./queue/inbox.ts";
import { createInboxWorker } from "./queue/worker.ts";
import { Redactor } from "./redact.ts";
import { createScheduler } from "./scheduler.ts";
import { createPrivateDelivery } from "./secrets/deliver.ts";
import { createSecrets, type Secrets } from "./secrets/entry.ts";
import { createOffers, type Offers } from "./secrets/handover.ts";
import { createSecretPages } from "./secrets/page.ts";
import { createVault } from "./vault.ts";
import { openStore, type Store } from "./store/database.ts";
import { createBot, unknownCapabilities } from "./telegram/api.ts";
import { poll } from "./telegram/polling.ts";
import type { Arrival } from "./telegram/update.ts";
import { introduce, learnIdentity } from "./telegram/setup.ts";
import { connect, Vendors } from "./vendors.ts";

/** Lanes handled side by side in one process. */
const WIDTH = 16;

export interface CountersignOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** What covers our secrets in the log too; one is made from the configuration where absent. */
  readonly redactor?: Redactor;
  /** What opens the store, for whoever wants to watch what is written; the bot's own where absent. */
  readonly openStore?: typeof openStore;
  readonly onVendorCall?: (event: CallEvent) => void;
}

/** The bot, put together. */
export interface Countersign {
  /** Its HTTP side. */
  readonly app: Hono;
  readonly store: Store;
  /** Learns its name, tells Telegram where it is, and begins to work. */
  start(): Promise<void>;
  /** Takes nothing new, finishes or hands back what is under way, closes the store. */
  stop(deadline: AbortSignal): Promise<void>;
}

/** Builds everything and starts nothing. Throws when the store cannot be opened. */
export async function createCountersign(options: CountersignOptions): Promise<Countersign> {
  const equipment = await equip(options);
  const { config, store, metrics, log, bot } = equipment;
  const parts = createParts(equipment);
  const inboxWorker = createInboxWorker({
    ...equipment,
    width: WIDTH,
    handle: (row) => parts.desk.handle(row),
    giveUp: (row) => parts.desk.giveUp(row),
  });
  const onDead = undeliverableCard(store, parts.secrets);
  const sender = createOutboxSender({ ...equipment, api: bot.api, onDead });
  const scheduler = createScheduler({ ...equipment, ...parts });
  const stopping = new AbortController();
  let fed: Promise<void> | undefined;

  const app = createHttpApp({
    webhookSecrets: config.webhookSecrets,
    store,
    metrics,
    log,
    async ready() {
      if (!inboxWorker.running) throw new Error("The worker is not running");
      await store.check();
    },
    pages: createSecretPages(parts),
  });

  return {
    app,
    store,
    async start() {
      const introduction = { ...equipment, api: bot.api, commands: parts.commands };
      bot.botInfo = await learnIdentity(introduction, stopping.signal);
      await introduce(introduction, stopping.signal);
      inboxWorker.start();
      sender.start();
      scheduler.start();
      if (config.publicUrl === undefined) fed = feed(equipment, stopping.signal);
      const mode = config.publicUrl ? "webhook" : "polling";
      log.info("started", { name: bot.botInfo.username, mode, store: store.kind });
    },
    async stop(deadline) {
      stopping.abort();
      await fed;
      await inboxWorker.stop(deadline);
      await scheduler.stop(deadline);
      await sender.stop(deadline);
      await store.close();
      log.info("stopped");
    },
  };
}

async function equip(options: CountersignOptions): Promise<Deps> {
  const { config, clock, log, redactor = new Redactor(config.secrets) } = options;
  const opened = await (options.openStore ?? openStore)(config.database, clock);
  const store = { ...opened, cover: redactor.text };
  const metrics = new Metrics();
  const onCall = (event: CallEvent) => {
    metrics.vendorCall(event);
    log.info("vendor_call", { ...event, durationMs: Math.round(event.durationMs) });
    options.onVendorCall?.(event);
  };
  const { statusCacheTtlMs } = config;
  return {
    config,
    clock,
    log,
    redactor,
    metrics,
    store,
    bot: createBot({ token: config.token, apiRoot: config.apiRoot, metrics }),
    capabilities: unknownCapabilities(),
    vendors: new Vendors(connect(config, { clock, onCall, onToken: redactor.hold }), store, statusCacheTtlMs),
    vault: config.secretKey && await createVault(config.secretKey),
    holder: randomUUID(),
  };
}

async function feed(deps: Deps, signal: AbortSignal): Promise<void> {
  const { bot, clock, log } = deps;
  try {
    const accept = (arrivals: readonly Arrival[]) => acceptUpdates(deps, arrivals);
    await poll({ api: bot.api, clock, log, accept }, signal);
  } catch (error) {
    log.error("polling_failed", errorFields(error));
  }
}

/** Those who do the work: who hears, who decides, who executes. No loops, no network of its own. */
export interface Parts {
  readonly desk: Dispatcher;
  readonly decisions: Decisions;
  readonly executor: Executor;
  readonly secrets: Secrets;
  readonly offers: Offers;
  readonly commands: readonly AnyCommand[];
}

export function createParts(options: Deps): Parts {
  const { config, store, vendors, vault, bot } = options;
  const shared = { ...options, api: bot.api };
  const members = new Members(options);
  const privately = createPrivateDelivery(shared);
  const pageUrl = config.publicUrl ?? `http://127.0.0.1:${config.port}`;
  const secrets = createSecrets({ store, vault, pageUrl, sendPrivately: privately.sendLink });
  const offers = createOffers({ ...options, pageUrl, sendPrivately: privately.sendOffer });
  // The bot's own commands name all commands, themselves included, so the list is filled after they are made.
  const commands: AnyCommand[] = [...vendors.operations];
  const vocabulary = { commands, aliases: vendors.aliases };
  const requests = createRequests({ ...shared, members, secrets, vocabulary });
  const decisions = createDecisions({ ...shared, members, secrets });
  const builtins: Builtin[] = [
    overviewCommand(createOverview(shared)),
    ...changeCommands({ store, decisions, requests }),
    ...freezeCommands({ store, aliases: vendors.aliases, groups: config.adminChats.filter((id) => id < 0) }),
    ...auditCommands(store, bot.api),
    ...aboutCommands({ vocabulary, vendors, startedAt: store.now(), now: store.now }),
    doctorCommand({ ...shared, botId: () => bot.botInfo.id }),
  ];
  commands.unshift(...builtins);

  const unauthorized = new Unauthorized(options, members);
  const router = new Router(options, commands, members, unauthorized, requests);
  const callbacks = new Callbacks(options, members, requests, decisions, router);
  return {
    desk: new Dispatcher(options, members, router, callbacks, unauthorized),
    decisions,
    executor: createExecutor({ ...shared, members, secrets, offers }),
    secrets,
    offers,
    commands,
  };
}
