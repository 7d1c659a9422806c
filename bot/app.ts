import type { Hono } from "hono";
import { randomUUID } from "node:crypto";
import type { Clock } from "../clients/clock.ts";
import type { CallEvent } from "../clients/http/contract.ts";
import { Members } from "./access/members.ts";
import { Decisions, withdrawUndeliverable } from "./approvals/decide.ts";
import { Executor } from "./approvals/execute.ts";
import { Requests } from "./approvals/request.ts";
import { builtins } from "./commands/builtins.ts";
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
import { SecretEntry } from "./secrets/entry.ts";
import { CredentialHandover } from "./secrets/handover.ts";
import { secretPages } from "./secrets/page.ts";
import { openStore, type Store } from "./store/database.ts";
import { createBot, unknownCapabilities } from "./telegram/api.ts";
import { poll } from "./telegram/polling.ts";
import { introduce, learnIdentity } from "./telegram/setup.ts";
import type { Arrival } from "./telegram/update.ts";
import { Vault } from "./vault.ts";
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
  const sender = createOutboxSender({
    ...equipment,
    api: bot.api,
    onDead: (row, refusal) => withdrawUndeliverable(store, row, refusal),
  });
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
    pages: secretPages(parts.secretEntry, parts.handover),
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
    vault: config.secretKey && await Vault.fromKey(config.secretKey),
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
  readonly secretEntry: SecretEntry;
  readonly handover: CredentialHandover;
  readonly commands: readonly AnyCommand[];
}

export function createParts(options: Deps): Parts {
  const { store, vendors } = options;
  const members = new Members(options);
  const secretEntry = new SecretEntry(options);
  const handover = new CredentialHandover(options);
  const commands: readonly AnyCommand[] = [...builtins, ...vendors.operations];
  const commandSet = { commands, aliases: vendors.aliases };
  const requests = new Requests(options, members, secretEntry, commandSet);
  const decisions = new Decisions(options, members);
  const commandParts = { ...options, requests, decisions, commandSet, startedAt: store.now() };
  const unauthorized = new Unauthorized(options, members);
  const router = new Router(options, commands, members, unauthorized, requests, commandParts);
  const callbacks = new Callbacks(options, members, requests, decisions, router);
  return {
    desk: new Dispatcher(options, members, router, callbacks, unauthorized),
    decisions,
    executor: new Executor(options, members, secretEntry, handover),
    secretEntry,
    handover,
    commands,
  };
}
