import { HEARTBEAT_MS, type Replicas } from "./access/replicas.ts";
import type { Members } from "./access/members.ts";
import { Boards } from "./commands/board.ts";
import { cardKey } from "./approvals/card.ts";
import { openEmergencies } from "./approvals/emergency.ts";
import type { Decisions } from "./approvals/decide.ts";
import { changeQueue, type Executor } from "./approvals/execute.ts";
import type { Loans } from "./approvals/way_back.ts";
import type { Reminders } from "./approvals/remind.ts";
import type { LiveCards } from "./approvals/live_cards.ts";
import { beginFreezes, endFreezes } from "./commands/freeze.ts";
import { endHolds } from "./commands/hold.ts";
import type { Deps } from "./deps.ts";
import { type Dispatcher, updateQueue } from "./dispatch/dispatcher.ts";
import type { OpenForms } from "./forms/open_forms.ts";
import { errorFields } from "./log.ts";
import { messageQueue } from "./outbox/messages.ts";
import type { OutboxSender } from "./outbox/sender.ts";
import { oldestWaiting, pruneInbox } from "./queue/inbox.ts";
import { putDueReads } from "./queue/schedules.ts";
import type { PeriodicJob } from "./queue/timetable.ts";
import type { Jobs } from "./queue/worker.ts";
import { wipeAbandoned } from "./secrets/entry.ts";
import { keepWebhook } from "./telegram/setup.ts";
import type { Alerts } from "./watch/alerts.ts";
import type { Looks } from "./watch/look.ts";
import type { CredentialHandover } from "./secrets/handover.ts";
import type { Store } from "./store/database.ts";
import { prunePrompts, pruneRecent } from "./store/kept_values.ts";
import { pruneWatch } from "./store/watch.ts";

export interface JobParts {
  readonly members: Members;
  readonly dispatcher: Dispatcher;
  readonly executor: Executor;
  readonly sender: OutboxSender;
  readonly decisions: Decisions;
  readonly cards: LiveCards;
  readonly loans: Loans;
  readonly handover: CredentialHandover;
  readonly openForms: OpenForms;
  readonly looks: Looks;
  readonly alerts: Alerts;
  readonly reminders: Reminders;
  readonly replicas: Replicas;
}

/** What tests may shorten. */
export interface Timing {
  /** How often the worker looks for work of which nobody told it. */
  readonly lookMs?: number;
  /** How often what has expired is noticed. */
  readonly expireMs?: number;
  /** How often it is looked whether what waits has moved. */
  readonly recheckMs?: number;
  /** How often it is looked whether it is time for a look at a vendor, or for an alert. */
  readonly watchMs?: number;
  /** How often a replica says that it is alive. */
  readonly beatMs?: number;
  /** How often the store is looked after, and how far its clock is off is measured. */
  readonly measureMs?: number;
}

/** All that the bot does without being asked over HTTP, one job each. */
export function jobsOf(
  deps: Deps,
  parts: JobParts,
  {
    expireMs = EXPIRE_MS,
    recheckMs = RECHECK_MS,
    watchMs = WATCH_MS,
    beatMs = HEARTBEAT_MS,
    measureMs = MEASURE_MS,
  }: Timing = {},
): Jobs {
  return {
    queues: [updateQueue(deps, parts.dispatcher), changeQueue(deps, parts), messageQueue(deps, parts.sender)],
    periodic: [
      expire(deps, parts, expireMs),
      lookAfterLoans(parts, expireMs),
      remind(parts, expireMs),
      {
        name: "heartbeat",
        everyMs: beatMs,
        atOnce: true,
        exclusive: false,
        run: () => parts.replicas.beat(),
      },
      recheck(parts, recheckMs),
      tidyHandover(parts, expireMs),
      readsDue(deps, expireMs),
      boards(deps, parts, expireMs),
      prune(deps, parts),
      measure(deps, measureMs),
      askTelegram(deps),
      ...(deps.config.watchEveryMs > 0 ? watchJobs(deps, parts, watchMs) : []),
    ],
  };
}

const EXPIRE_MS = 5_000;
const RECHECK_MS = 60_000;
/** A way back that is under way is not late yet. */
const OVERDUE_MS = 60_000;
const WATCH_MS = 1_000;
const PRUNE_MS = 10 * 60_000;
const MEASURE_MS = 10_000;
const ASK_TELEGRAM_MS = 60_000;
/** Telegram re-sends an update for at most a day. */
const KEEP_UPDATES_MS = 2 * 86_400_000;
const KEEP_MESSAGES_MS = 30 * 86_400_000;

function expire(deps: Deps, { decisions, cards }: JobParts, everyMs: number): PeriodicJob {
  return {
    name: "expire",
    everyMs,
    atOnce: true,
    exclusive: true,
    async run() {
      // First the changes: what a freeze kept from being approved is told so.
      await decisions.expireOverdue();
      await beginFreezes(deps);
      await endFreezes(deps);
      await endHolds(deps);
      await cards.refresh();
    },
  };
}

function recheck({ cards }: JobParts, everyMs: number): PeriodicJob {
  return {
    name: "recheck",
    everyMs,
    atOnce: true,
    exclusive: true,
    run: async () => void await cards.recheck({ background: true }),
  };
}

function lookAfterLoans({ loans }: JobParts, everyMs: number): PeriodicJob {
  return { name: "loans", everyMs, atOnce: true, exclusive: true, run: () => loans.lookAfter() };
}

function remind({ reminders }: JobParts, everyMs: number): PeriodicJob {
  return { name: "remind", everyMs, atOnce: true, exclusive: true, run: () => reminders.remind() };
}

/** On every replica: each has a redactor of its own. */
function tidyHandover({ handover }: JobParts, everyMs: number): PeriodicJob {
  return { name: "tidy_handover", everyMs, atOnce: true, exclusive: false, run: () => handover.tidy() };
}

function boards(deps: Deps, { members }: JobParts, everyMs: number): PeriodicJob {
  const all = new Boards(deps, members);
  return { name: "boards", everyMs, atOnce: true, exclusive: true, run: () => all.refresh() };
}

function readsDue(deps: Deps, everyMs: number): PeriodicJob {
  return { name: "reads_due", everyMs, atOnce: true, exclusive: true, run: () => putDueReads(deps) };
}

/** Who looks and who tells is settled by claims in the store: several replicas may try. */
function watchJobs({ vendors }: Deps, { looks, alerts }: JobParts, everyMs: number): PeriodicJob[] {
  const look = vendors.all.map((connected): PeriodicJob => ({
    name: `look_at_${connected.vendor.name}`,
    everyMs,
    atOnce: true,
    exclusive: false,
    async run() {
      if (await looks.lookIfDue(connected)) await alerts.tell();
    },
  }));
  const tell: PeriodicJob = {
    name: "tell",
    everyMs,
    atOnce: true,
    exclusive: false,
    async run() {
      await looks.noteBlindness();
      await alerts.tell();
    },
  };
  return [...look, tell];
}

function prune({ store, config }: Deps, { openForms }: JobParts): PeriodicJob {
  return {
    name: "prune",
    everyMs: PRUNE_MS,
    atOnce: true,
    exclusive: true,
    async run() {
      await pruneInbox(store, KEEP_UPDATES_MS);
      await prunePrompts(store);
      await pruneRecent(store);
      await wipeAbandoned(store);
      await openForms.prune();
      await pruneWatch(store, config.watchKeepMs);
      // A card's buttons, such as Undo, are good for as long as its change is known.
      await store.db.deleteFrom("messages").where("key", "not like", cardKey("%"))
        .where("created_at", "<", store.now() - KEEP_MESSAGES_MS).where("state", "<>", "due").execute();
    },
  };
}

function measure({ store, metrics }: Deps, everyMs: number): PeriodicJob {
  return {
    name: "measure",
    everyMs,
    // Opening the store has checked it.
    atOnce: false,
    exclusive: false,
    async run() {
      await store.check();
      const oldest = await oldestWaiting(store);
      await countLoans(store, metrics);
      metrics.inboxAge.set(oldest === undefined ? 0 : Math.max(0, store.now() - oldest) / 1000);
      await measureApprovals(store, metrics);
    },
  };
}

/** A loan is overdue once its end has passed and nobody knows it to be taken back. */
async function countLoans(store: Store, metrics: Deps["metrics"]): Promise<void> {
  const open = await store.db.selectFrom("loans").select("ends_at").where("ended_at", "is", null).execute();
  const overdue = open.filter(({ ends_at }) => ends_at < store.now() - OVERDUE_MS).length;
  metrics.loans.set(overdue, { state: "overdue" });
  metrics.loans.set(open.length - overdue, { state: "open" });
}

/** A bot whose token was revoked, or whose webhook somebody took away, hears nothing, and would not know. */
function askTelegram(deps: Deps): PeriodicJob {
  const { bot, config, log } = deps;
  return {
    name: "ask_telegram",
    everyMs: ASK_TELEGRAM_MS,
    // At the start it was asked who the bot is, and told where it is.
    atOnce: false,
    exclusive: false,
    async run() {
      await (config.publicUrl === undefined ? bot.api.getMe() : keepWebhook(deps))
        .catch((error) => log.warning("telegram_not_reachable", errorFields(error)));
    },
  };
}

/** In seconds; the first one counts all that wait. */
const PENDING_AGES = [0, 300, 900, 3600] as const;

async function measureApprovals(store: Store, metrics: Deps["metrics"]): Promise<void> {
  const now = store.now();
  const waiting = await store.db.selectFrom("changes").select("created_at")
    .where("state", "=", "pending").where("expires_at", ">", now).execute();
  const ages = waiting.map(({ created_at }) => Math.max(0, now - created_at) / 1000);
  metrics.pendingAge.set(Math.max(0, ...ages));
  for (const age of PENDING_AGES) {
    metrics.pending.set(ages.filter((one) => one >= age).length, { at_least: String(age) });
  }
  const open = await openEmergencies(store.db);
  metrics.emergencies.set(open.length, { state: "unreviewed" });
  const overdue = open.filter(({ review_by }) => (review_by ?? now) < now).length;
  metrics.emergencies.set(overdue, { state: "overdue" });
}
