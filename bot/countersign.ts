import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { Clock } from "../clients/clock.ts";
import { createDecisions } from "./changes/decisions.ts";
import { createExecutor } from "./changes/executor.ts";
import { createRequests } from "./changes/requests.ts";
import type { Config } from "./config.ts";
import { connect } from "./connect.ts";
import { aboutCommands } from "./desk/about.ts";
import { auditCommands } from "./desk/audit_commands.ts";
import type { Builtin } from "./desk/builtin.ts";
import { changeCommands } from "./desk/change_commands.ts";
import { createDesk } from "./desk/desk.ts";
import { doctorCommand } from "./desk/doctor.ts";
import { freezeCommands } from "./desk/freeze_commands.ts";
import { createOverview } from "./desk/overview.ts";
import { overviewCommand } from "./desk/overview_command.ts";
import { createReads } from "./desk/reads.ts";
import { createEdge } from "./edge.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { createLanes } from "./lanes.ts";
import { errorFields, type Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createPeople } from "./people/people.ts";
import { createRedactor, type Redactor } from "./redact.ts";
import { createSecretPages } from "./secrets/page.ts";
import { createSecrets } from "./secrets/secrets.ts";
import { createVault } from "./secrets/vault.ts";
import { createInbox } from "./store/inbox.ts";
import { PRIORITY, putMessage } from "./store/messages.ts";
import { openStore, type Store } from "./store/store.ts";
import { createApi } from "./telegram/api.ts";
import type { Capabilities } from "./telegram/deliver.ts";
import { introduce, learnName } from "./telegram/introduction.ts";
import { poll } from "./telegram/polling.ts";
import { createPrivate } from "./telegram/private.ts";
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
  readonly onVendorCall?: Parameters<typeof connect>[1]["onCall"];
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
  const { config, clock, log, redactor = createRedactor(config.secrets) } = options;
  const store = await openStore(config.database, clock);
  const holder = randomUUID();
  const metrics = createMetrics();
  const startedAt = clock.now();
  const capabilities: Capabilities = { rich: true, dateTimes: true, ephemeral: undefined };
  const api = createApi({ token: config.token, apiRoot: config.apiRoot, metrics });
  const vendors = createVendors({
    vendors: connect(config, {
      clock,
      onCall(event) {
        metrics.vendorCall(event);
        log.info("vendor_call", { ...event, durationMs: Math.round(event.durationMs) });
        options.onVendorCall?.(event);
      },
    }),
    store,
    statusCacheTtlMs: config.statusCacheTtlMs,
  });
  const people = createPeople({ policy: config, api, store, log });
  const privately = createPrivate({ api, capabilities, redactor, log });
  const secrets = createSecrets({
    store,
    vault: config.secretKey && await createVault(config.secretKey),
    pageUrl: config.publicUrl ?? `http://127.0.0.1:${config.port}`,
    sendPrivately: privately.sendLink,
  });
  const builtins: Builtin[] = [];
  const vocabulary = { commands: [...builtins, ...vendors.operations], aliases: vendors.aliases };
  const requests = createRequests({ config, store, vendors, people, secrets, vocabulary });
  const decisions = createDecisions({ config, store, people, secrets, metrics });
  const executor = createExecutor({
    config,
    store,
    vendors,
    people,
    secrets,
    redactor,
    metrics,
    log,
    holder,
    handOver: privately.handOver,
  });
  const reads = createReads({ store, vendors, clock, vocabulary });
  const overview = createOverview({ vendors, store, clock, log });
  builtins.push(
    overviewCommand(overview),
    ...changeCommands({ store, decisions, requests }),
    ...freezeCommands(store, vendors.aliases),
    ...auditCommands(store, api),
    ...aboutCommands({ vocabulary: () => vocabulary, vendors, startedAt, now: store.now }),
    doctorCommand({ config, api, store, vendors, capabilities, clock }),
  );
  vocabulary.commands.unshift(...builtins);

  const inbox = createInbox(store);
  const introduction = { api, config, commands: vocabulary.commands, clock, log };
  const sender = createSender({
    store,
    api,
    holder,
    clock,
    redactor,
    log,
    capabilities,
    async onDead(row, refusal) {
      const [kind, code] = row.key.split(":");
      if (kind !== "card" || code === undefined) return;
      const dropped = await decisions.dropUnseen(code, refusal.description);
      if (!dropped) return;
      await putMessage(store, store.db, {
        key: `dropped:${code}`,
        chatId: dropped.requester_id,
        reply: {
          mark: "refused",
          title: ["The group did not take the card of ", { code }, ", so nobody could approve it"],
          blocks: [{
            kind: "text",
            text: [
              "Telegram said: ",
              { data: refusal.description, max: 120 },
              ". Nothing is pending. /doctor shows the bot's rights.",
            ],
          }],
        },
        priority: PRIORITY.outcome,
      });
      store.wakeUp.everyone("messages");
    },
  });
  const housekeeping = createHousekeeping({ store, executor, decisions, holder, metrics, log });
  const stopping = new AbortController();
  let lanes: ReturnType<typeof createLanes> | undefined;
  let polling: Promise<void> | undefined;

  const app = createEdge({
    webhookSecrets: config.webhookSecrets,
    inbox,
    metrics,
    log,
    async ready() {
      if (!lanes?.running) throw new Error("The worker is not running");
      await store.check();
    },
    pages: createSecretPages(secrets),
  });

  return {
    app,
    store,
    async start() {
      const botName = await learnName(introduction, stopping.signal);
      await introduce(introduction);
      const desk = createDesk({
        config,
        store,
        api,
        botName,
        clock,
        vendors,
        people,
        requests,
        decisions,
        reads,
        builtins,
        metrics,
        log,
      });
      lanes = createLanes({ store, holder, width: WIDTH, log, handle: desk.handle });
      lanes.start();
      sender.start();
      housekeeping.start();
      if (config.publicUrl === undefined) polling = poll({ api, inbox, clock, log }, stopping.signal);
      log.info("started", {
        name: botName,
        mode: config.publicUrl ? "webhook" : "polling",
        store: store.kind,
      });
    },
    async stop(deadline) {
      stopping.abort();
      await polling?.catch((error) => log.error("polling_failed", errorFields(error)));
      await lanes?.stop(deadline);
      await housekeeping.stop(deadline);
      await sender.stop(deadline);
      await store.close();
      log.info("stopped");
    },
  };
}
