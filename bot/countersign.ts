import { randomUUID } from "node:crypto";
import type { Bot } from "grammy";
import type { Hono } from "hono";
import type { Clock } from "../clients/clock.ts";
import type { CallEvent } from "../clients/http.ts";
import { unseenCard } from "./changes/unseen_card.ts";
import type { Config } from "./config.ts";
import { connect } from "./connect.ts";
import { createEdge } from "./edge.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { createLanes } from "./lanes.ts";
import { errorFields, type Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createOffice, type OfficeOptions } from "./office.ts";
import { createRedactor, type Redactor } from "./redact.ts";
import { createSecretPages } from "./secrets/page.ts";
import { createVault } from "./secrets/vault.ts";
import { createInbox, type Inbox } from "./store/arrivals.ts";
import { openStore, type Store } from "./store/store.ts";
import { createBot } from "./telegram/api.ts";
import { unknownCapabilities } from "./telegram/capabilities.ts";
import { introduce, learnIdentity } from "./telegram/introduction.ts";
import { poll } from "./telegram/polling.ts";
import { createSender } from "./telegram/sender.ts";
import { createVendors } from "./vendors.ts";

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
  const office = createOffice(equipment);
  const inbox = createInbox(store, metrics.letIn);
  const lanes = createLanes({
    ...equipment,
    width: WIDTH,
    giveWay: inbox.lull,
    handle: office.desk.handle,
    giveUp: office.desk.giveUp,
  });
  const onDead = unseenCard(store, office.secrets);
  const sender = createSender({ ...equipment, api: bot.api, onDead });
  const housekeeping = createHousekeeping({ ...equipment, ...office });
  const stopping = new AbortController();
  let fed: Promise<void> | undefined;

  const app = createEdge({
    webhookSecrets: config.webhookSecrets,
    inbox,
    metrics,
    log,
    async ready() {
      if (!lanes.running) throw new Error("The worker is not running");
      await store.check();
    },
    pages: createSecretPages(office),
  });

  return {
    app,
    store,
    async start() {
      const introduction = { ...equipment, api: bot.api, commands: office.commands };
      bot.botInfo = await learnIdentity(introduction, stopping.signal);
      await introduce(introduction, stopping.signal);
      lanes.start();
      sender.start();
      housekeeping.start();
      if (config.publicUrl === undefined) fed = feed(bot, inbox, equipment, stopping.signal);
      const mode = config.publicUrl ? "webhook" : "polling";
      log.info("started", { name: bot.botInfo.username, mode, store: store.kind });
    },
    async stop(deadline) {
      stopping.abort();
      await fed;
      await lanes.stop(deadline);
      await housekeeping.stop(deadline);
      await sender.stop(deadline);
      await store.close();
      log.info("stopped");
    },
  };
}

async function equip(options: CountersignOptions): Promise<OfficeOptions> {
  const { config, clock, log, redactor = createRedactor(config.secrets) } = options;
  const opened = await (options.openStore ?? openStore)(config.database, clock);
  const store = { ...opened, cover: redactor.text };
  const metrics = createMetrics();
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
    vendors: createVendors({
      vendors: connect(config, { clock, onCall, onToken: redactor.hold }),
      store,
      statusCacheTtlMs,
    }),
    vault: config.secretKey && await createVault(config.secretKey),
    holder: randomUUID(),
  };
}

async function feed(
  bot: Bot,
  inbox: Inbox,
  { clock, log }: OfficeOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await poll({ api: bot.api, inbox, clock, log }, signal);
  } catch (error) {
    log.error("polling_failed", errorFields(error));
  }
}
