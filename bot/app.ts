import type { Hono } from "hono";
import { randomUUID } from "node:crypto";
import type { CallEvent } from "../clients/http/contract.ts";
import { vendors as registry } from "../handlers/registry.ts";
import type { Vendor } from "../handlers/vendor.ts";
import { Members } from "./access/members.ts";
import { readRules } from "./access/policy_check.ts";
import { Replicas } from "./access/replicas.ts";
import type { Rulebook } from "./access/rulebook.ts";
import { Decisions } from "./approvals/decide.ts";
import { Executor } from "./approvals/execute.ts";
import { Loans } from "./approvals/way_back.ts";
import { Reminders } from "./approvals/remind.ts";
import { LiveCards } from "./approvals/live_cards.ts";
import { Requests } from "./approvals/request.ts";
import { withdrawUndeliverable } from "./approvals/settle.ts";
import { builtins } from "./commands/builtins.ts";
import type { Deps, EntranceDeps } from "./deps.ts";
import { Callbacks } from "./dispatch/callbacks.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { type AnyCommand, Router } from "./dispatch/router.ts";
import { Unauthorized } from "./dispatch/unauthorized.ts";
import { Undelivered } from "./dispatch/undelivered.ts";
import { Forms } from "./forms/forms.ts";
import { OpenForms } from "./forms/open_forms.ts";
import { formPages } from "./forms/page.ts";
import { Entrance, type EntranceOptions } from "./entrance.ts";
import { errorFields } from "./log.ts";
import { jobsOf, type Timing } from "./jobs.ts";
import { OutboxSender } from "./outbox/sender.ts";
import { acceptUpdates, type Arrival } from "./queue/inbox.ts";
import { poll } from "./queue/polling.ts";
import { takeLease } from "./queue/timetable.ts";
import { Worker } from "./queue/worker.ts";
import { SecretEntry } from "./secrets/entry.ts";
import { CredentialHandover } from "./secrets/handover.ts";
import { secretPages } from "./secrets/page.ts";
import type { Store } from "./store/database.ts";
import { recall, remember } from "./store/kept_values.ts";
import type { MessagesTable } from "./store/schema.ts";
import { fetchClient, makeBot, unknownCapabilities } from "./telegram/api.ts";
import { Pickers } from "./pickers/picker.ts";
import type { Lists } from "./telegram/menus.ts";
import { SocketClient, type TelegramHttp } from "./telegram/socket_client.ts";
import { insistOnWebhook, introduce, keepWebhook, learnIdentity, setMenus } from "./telegram/setup.ts";
import { Vault } from "./vault.ts";
import { callObserver, connect, Vendors } from "./vendors.ts";
import { AlertMessages } from "./watch/alert_message.ts";
import { Alerts } from "./watch/alerts.ts";
import { Looks } from "./watch/look.ts";

/** What stands behind an entrance, where it is not the bot's own. */
export interface InteriorOptions {
  /** Every vendor that there is, whether it is set up or not. */
  readonly vendors?: readonly Vendor[];
  readonly onVendorCall?: (event: CallEvent) => void;
  readonly timing?: Timing;
  /** What carries calls with the bot's token in their address, and is closed with the bot. */
  readonly telegramHttp?: TelegramHttp;
}

export type CountersignOptions = EntranceOptions & InteriorOptions;

/** The bot, put together. */
export class Countersign {
  /** Its HTTP side. */
  readonly app: Hono;
  readonly store: Store;
  private readonly commands: readonly AnyCommand[];
  private readonly lists: Lists;
  private readonly worker: Worker;
  private readonly replicas: Replicas;
  private readonly stopping = new AbortController();
  private receiving: Promise<void> | undefined;
  /** From the start on: resolves when Telegram has its menus, or refused them. */
  menus: Promise<void> | undefined;

  /** Builds everything and starts nothing. Throws `ConfigError` for what is wrong with the policy, and `StoreOpenError`. */
  static async open(options: CountersignOptions): Promise<Countersign> {
    const entrance = await Entrance.open(options);
    try {
      return await Countersign.behind(entrance, options);
    } catch (error) {
      await entrance.deps.store.close();
      throw error;
    }
  }

  /** The same where updates come in already. Throws `ConfigError` for what is wrong with the policy. */
  static async behind(entrance: Entrance, options: InteriorOptions = {}): Promise<Countersign> {
    const { vendors = registry, timing = {} } = options;
    const { config } = entrance.deps;
    const rules = await readRules({ ...config, vendors });
    const deps = await makeDeps(
      { ...entrance.deps, config: rules ? { ...config, zone: rules.zone } : config },
      { ...options, vendors },
    );
    return new Countersign(entrance, deps, timing, rules);
  }

  private constructor(
    entrance: Entrance,
    private readonly deps: Deps,
    timing: Timing,
    rules: Rulebook | undefined,
  ) {
    const { store, vendors } = deps;
    const members = new Members(deps, rules);
    const reminders = new Reminders(deps, members);
    const replicas = new Replicas(deps, rules?.hash ?? "");
    const secretEntry = new SecretEntry(deps);
    const handover = new CredentialHandover(deps);
    const commands: readonly AnyCommand[] = [...builtins, ...vendors.operations];
    const commandSet = { commands, aliases: vendors.aliases };
    const requests = new Requests(deps, members, secretEntry, commandSet);
    const decisions = new Decisions(deps, members);
    const loans = new Loans(deps, members);
    const cards = new LiveCards(deps, members);
    const executor = new Executor(deps, members, secretEntry, handover);
    const commandWork = { members, requests, decisions, commandSet, replicas, cards };
    const commandParts = { ...deps, ...commandWork, startedAt: store.now() };
    const unauthorized = new Unauthorized(deps, members);
    const openForms = new OpenForms(deps);
    const forms = new Forms(deps, members, openForms, commandSet);
    const pickers = new Pickers(deps, members, commandSet);
    const router = new Router(deps, commands, members, unauthorized, requests, pickers, forms, commandParts);
    const alerts = new Alerts(deps, members, new AlertMessages(deps, commandSet));
    const callbacks = new Callbacks(deps, members, requests, decisions, loans, router, pickers, alerts);
    const dispatcher = new Dispatcher(deps, members, router, callbacks, unauthorized, pickers);
    const undelivered = new Undelivered(deps);
    const bringElsewhere = async (row: MessagesTable) => {
      await secretEntry.bringElsewhere(row);
      await handover.bringElsewhere(row);
    };
    const sender = new OutboxSender(deps, {
      moved: (migration) => undelivered.follow(migration),
      withheld: bringElsewhere,
      async dead(row, refusal) {
        await withdrawUndeliverable(store, row, refusal);
        await bringElsewhere(row);
        await reminders.bringToGroup(row);
        await undelivered.bringInPrivate(row, refusal);
      },
    });
    const looks = new Looks(deps);
    const parts = {
      dispatcher,
      executor,
      sender,
      decisions,
      cards,
      loans,
      handover,
      openForms,
      looks,
      alerts,
    };
    const jobs = jobsOf(deps, { ...parts, members, reminders, replicas }, timing);

    this.store = store;
    this.replicas = replicas;
    this.commands = commands;
    this.lists = members.lists;
    this.worker = new Worker(deps, jobs, timing.lookMs);
    this.app = entrance.app;
    const pages = secretPages(deps.config, secretEntry, handover).route("/", formPages(deps.config, forms));
    entrance.leadTo({ worker: this.worker, pages });
  }

  /** Learns its name, tells Telegram where it is, and begins to work. */
  async start(): Promise<void> {
    const { bot, config, log, store } = this.deps;
    bot.botInfo = await learnIdentity(this.deps, this.stopping.signal);
    const comeIn = await introduce(this.deps, this.stopping.signal);
    if (this.stopping.signal.aborted) return;
    this.worker.start();
    this.menus = this.setMenus(this.stopping.signal).catch(() => {});
    if (config.publicUrl === undefined) this.receiving = this.poll();
    else if (!comeIn) this.receiving = this.insist();
    const mode = config.publicUrl ? "webhook" : "polling";
    log.info("started", { name: bot.botInfo.username, mode, store: store.kind });
  }

  /**
   * Does what waits and what is due, beginning nothing once `end` has fired, in a process that may end afterwards. Between
   * `start` and `stop` that goes on by itself. Throws when Telegram does not say before that who the bot is.
   */
  async workFor(end: AbortSignal): Promise<void> {
    const { bot } = this.deps;
    if (!bot.isInited()) bot.botInfo = await learnIdentity(this.deps, end);
    await this.worker.workFor(end);
  }

  /**
   * Tells Telegram where the bot is and what it can do, over all processes once each time the live `revision` is
   * another, and sees to it that Telegram still knows. Rejects where Telegram does not take it in before `signal` aborts.
   */
  async beKnown(revision: string, signal: AbortSignal): Promise<void> {
    const { store, holder } = this.deps;
    if (await recall(store, INTRODUCED) === revision) return await keepWebhook(this.deps);
    if (!await takeLease(store, INTRODUCTION, holder, INTRODUCTION_MS)) return;
    const isTaken = await introduce(this.deps, signal);
    // For those Telegram may have it wait for minutes: what is not done now is done next time.
    const isWhole = await this.setMenus(signal).then(() => isTaken, () => false);
    if (isWhole) await remember(store, store.db, { [INTRODUCED]: revision });
    await takeLease(store, INTRODUCTION, holder, 0);
  }

  /** Why no updates come in and what to do about it, as a sentence; undefined when nothing is known to be wrong. */
  get problem(): string | undefined {
    return this.deps.intake.problem;
  }

  /** Takes nothing new, finishes or gives back what is under way, closes the store. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.receiving, this.menus]);
    await this.worker.stop(deadline);
    await this.replicas.leave().catch((error) => this.deps.log.warning("not_signed_off", errorFields(error)));
    this.deps.telegramHttp.close();
    await this.store.close();
    this.deps.log.info("stopped");
  }

  private async setMenus(signal: AbortSignal): Promise<void> {
    await setMenus(this.deps, this.commands, this.lists, signal);
  }

  private async insist(): Promise<void> {
    const { deps } = this;
    await insistOnWebhook(deps, this.stopping.signal)
      .catch((error) => deps.log.error("webhook_given_up", errorFields(error)));
  }

  private async poll(): Promise<void> {
    const { deps } = this;
    const accept = (arrivals: readonly Arrival[]) => acceptUpdates(deps, arrivals);
    await poll(deps, accept, this.stopping.signal)
      .catch((error) => deps.log.error("polling_failed", errorFields(error)));
  }
}

const INTRODUCTION = "introduce";
/** Who has not finished introducing the bot by then is taken to be dead. */
const INTRODUCTION_MS = 60_000;
/** The revision that Telegram knows: after it was taken back to an earlier one, that one is new again. */
const INTRODUCED = "introduced revision";

/** What every part works with. */
async function makeDeps(
  entrance: EntranceDeps,
  options: InteriorOptions & Required<Pick<InteriorOptions, "vendors">>,
): Promise<Deps> {
  const { config, clock, redactor, store } = entrance;
  const { vendors, onVendorCall } = options;
  const { telegramHttp = config.hasProxy ? fetchClient : new SocketClient(clock) } = options;
  const shared = { clock, onCall: callObserver(entrance, onVendorCall), onToken: redactor.hold };
  return {
    ...entrance,
    bot: makeBot(config, entrance, telegramHttp.fetch),
    telegramHttp,
    capabilities: unknownCapabilities(config),
    vendors: new Vendors(connect(vendors, config, shared), store, config.statusCacheTtlMs),
    vault: config.secretKey && await Vault.fromKey(config.secretKey),
    holder: randomUUID(),
  };
}
