import { ClientError, describe, nextStep } from "../../clients/errors.ts";
import {
  BadInput,
  type ChangeOperation,
  ChoiceNeeded,
  type Context,
  type Nothing,
  type Plan,
  type Receipt,
  type Verdict,
} from "../../handlers/operation.ts";
import { type Line, line } from "../../handlers/reply.ts";
import type { Config } from "../config.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { People } from "../people/people.ts";
import type { ReasonCode } from "../people/reasons.ts";
import { reasons } from "../people/reasons.ts";
import type { Redactor } from "../redact.ts";
import { SecretMissing, type Secrets } from "../secrets/secrets.ts";
import { type Outgoing, PRIORITY } from "../store/messages.ts";
import type { Store } from "../store/store.ts";
import type { Connected, Vendors } from "../vendors.ts";
import { freezeLine, stateLine } from "./card.ts";
import { cardMessage } from "./decisions.ts";
import { type Difference, differences, fingerprint, policyOf } from "./fingerprint.ts";
import { freezeFor } from "./freeze.ts";
import { type Change, type ChangeEvent, move } from "./machine.ts";

/** A replica that dies while executing is replaced after this long; one that lives renews in time. */
export const EXECUTION_LEASE_MS = 10_000;
const CALL_MS = 15_000;
/** After an unknown outcome: look again soon, then ever more rarely, for about a day. */
const CHECK_AFTER_MS = [60_000, 240_000, 900_000, 3_600_000, 14_400_000, 43_200_000] as const;

export interface ExecutorOptions {
  readonly config: Config;
  readonly store: Store;
  readonly vendors: Vendors;
  readonly people: People;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly holder: string;
  /** Shows the requester a credential that the vendor gave once; it is stored nowhere. */
  readonly handOver: (change: Change, personal: NonNullable<Receipt["personal"]>) => Promise<void>;
}

/** Runs approved changes: each once, and only what was approved. */
export interface Executor {
  /** Claims and finishes one change that is due; false when there is none. */
  runNext(): Promise<boolean>;
  /** Says that this replica is alive and still at work. */
  renew(): Promise<void>;
}

/** What stands in the way of running what was approved. */
interface Obstacle {
  readonly reason: ReasonCode;
  readonly event: "supersede" | "expire" | "fail";
  readonly evidence: Line;
}

export function createExecutor(options: ExecutorOptions): Executor {
  const { config, store, vendors, people, secrets, redactor, metrics, log, holder } = options;

  async function runNext(): Promise<boolean> {
    const change = await claimApproved() ?? await takeOverAbandoned() ?? await claimUnknown();
    if (!change) return false;
    if (change.state === "unknown" || change.sent_at !== null) await readBack(change, undefined);
    else await execute(change);
    return true;
  }

  async function claimApproved(): Promise<Change | undefined> {
    const waiting = await store.db.selectFrom("changes").select("code")
      .where("state", "=", "approved")
      .where(({ not, exists, selectFrom }) =>
        not(exists(
          selectFrom("changes as running").select("running.code")
            .where("running.state", "=", "executing").whereRef(
              "running.target_key",
              "=",
              "changes.target_key",
            ),
        ))
      )
      .orderBy("decided_at").limit(1).executeTakeFirst();
    if (!waiting) return undefined;
    try {
      return await move(store, { code: waiting.code, event: "claim", set: claim(), audit: {} });
    } catch (error) {
      // Another replica began with the same target in this moment: the index lets only one in.
      log.debug("target_busy", { code: waiting.code, ...errorFields(error) });
      return undefined;
    }
  }

  async function takeOverAbandoned(): Promise<Change | undefined> {
    const now = store.now();
    const abandoned = await store.db.selectFrom("changes").select("code")
      .where("state", "=", "executing").where("claimed_until", "<=", now)
      .orderBy("decided_at").limit(1).executeTakeFirst();
    return abandoned && await move(store, {
      code: abandoned.code,
      event: "take_over",
      set: claim(),
      only: { leaseEndedBefore: now },
      audit: {},
    });
  }

  /** No audit row for a look that may find nothing new: the lease alone keeps other replicas off. */
  async function claimUnknown(): Promise<Change | undefined> {
    const now = store.now();
    return await store.db.updateTable("changes").set(claim())
      .where(
        "code",
        "in",
        (select) =>
          select.selectFrom("changes").select("code").where("state", "=", "unknown")
            .where("next_check_at", "<=", now).where("claimed_until", "<=", now).orderBy("next_check_at")
            .limit(1),
      )
      .where("claimed_until", "<=", now)
      .returningAll().executeTakeFirst();
  }

  async function execute(change: Change): Promise<void> {
    const obstacle = await obstacleTo(change);
    if (obstacle) return await stop(change, obstacle);
    let values: Record<string, string>;
    try {
      values = await secrets.open(change.handle);
    } catch (error) {
      if (!(error instanceof SecretMissing)) {
        log.error("secret_unreadable", { code: change.code, ...errorFields(error) });
      }
      return await stop(change, notRun("secret_missing", "supersede"));
    }
    const forget = Object.values(values).map((value) => redactor.hold(value));
    try {
      await sendOnce(change, values);
    } finally {
      forget.forEach((release) => release());
    }
  }

  /** Marks the write as sent before sending it: whoever comes after a crash reads back and does not repeat. */
  async function sendOnce(change: Change, values: Readonly<Record<string, string>>): Promise<void> {
    const sending = await move(store, {
      code: change.code,
      event: "send",
      set: { sent_at: store.now() },
      only: { claimedBy: holder },
      audit: { detail: change.hash },
    });
    if (!sending) return;
    const { operation, connected } = partsOf(sending);
    let receipt: Receipt;
    try {
      receipt = await operation.apply(contextFor(connected, sending), planOf(sending), values);
    } catch (error) {
      if (error instanceof ClientError && !error.failure.ambiguous) {
        return await finish(sending, "fail", refusedBy(error));
      }
      if (!(error instanceof ClientError)) {
        log.error("apply_failed", { code: change.code, ...errorFields(error) });
      }
      return await readBack(sending, undefined, error);
    }
    if (receipt.personal) {
      await options.handOver(sending, receipt.personal)
        .catch((error) => log.error("hand_over_failed", { code: change.code, ...errorFields(error) }));
    }
    await readBack(sending, receipt);
  }

  async function readBack(change: Change, receipt: Receipt | undefined, cause?: unknown): Promise<void> {
    const { operation, connected } = partsOf(change);
    const why = cause instanceof ClientError ? `${describe(cause.failure)}. ` : "";
    try {
      const verdict = await operation.verify(contextFor(connected, change), planOf(change), receipt);
      const { event, evidence } = conclusion(verdict, receipt, why);
      await finish(change, event, evidence, { receipt, verdict });
    } catch (error) {
      if (!(error instanceof ClientError)) {
        log.error("verify_failed", { code: change.code, ...errorFields(error) });
      }
      const seen = error instanceof ClientError ? describe(error.failure) : "The read-back failed";
      await finish(change, "lose", `${why}${seen}, so nobody can say yet whether it took effect.`, {
        receipt,
      });
    }
  }

  async function finish(
    change: Change,
    event: Extract<ChangeEvent, "apply" | "accept" | "fail" | "lose">,
    evidence: Line,
    { receipt, verdict }: { receipt?: Receipt | undefined; verdict?: Verdict } = {},
  ): Promise<void> {
    const again = event === "lose" ? CHECK_AFTER_MS[change.checks] : undefined;
    const moved = await move(store, {
      code: change.code,
      event,
      set: {
        evidence: JSON.stringify(redactor.deep(evidence)),
        ...(receipt?.data ? { receipt: JSON.stringify(redactor.deep(receipt.data)) } : {}),
        ...(verdict?.after === undefined ? {} : { after_state: JSON.stringify(verdict.after) }),
        claimed_by: null,
        claimed_until: 0,
        next_check_at: again === undefined ? null : store.now() + again,
        checks: change.checks + 1,
      },
      only: { claimedBy: holder },
      audit: { detail: JSON.stringify(redactor.deep(evidence)) },
      show: (row) => (row.state === change.state ? [cardMessage(row)] : [cardMessage(row), outcomeFor(row)]),
      also: async (transaction, row) => {
        for (const [key, value] of Object.entries(verdict?.remember ?? {})) {
          if (value === null) await transaction.deleteFrom("memory").where("key", "=", key).execute();
          else {
            const fact = { key, value, updated_at: store.now() };
            await transaction.insertInto("memory").values(fact)
              .onConflict((conflict) => conflict.column("key").doUpdateSet(fact)).execute();
          }
        }
        await secrets.wipe(transaction, row.handle);
      },
    });
    if (!moved) return;
    metrics.changes.inc({ state: moved.state });
    log.info("change_finished", { code: moved.code, state: moved.state, trace: moved.trace });
  }

  async function stop(change: Change, { reason, event, evidence }: Obstacle): Promise<void> {
    const moved = await move(store, {
      code: change.code,
      event,
      set: { evidence: JSON.stringify(evidence), claimed_by: null, claimed_until: 0 },
      only: { claimedBy: holder },
      audit: { reason_code: reason, detail: JSON.stringify(evidence) },
      show: (row) => [cardMessage(row), outcomeFor(row)],
      also: (transaction, row) => secrets.wipe(transaction, row.handle),
    });
    if (moved) metrics.changes.inc({ state: moved.state });
  }

  /** Everything that was true when it was approved has to be true now. */
  async function obstacleTo(change: Change): Promise<Obstacle | undefined> {
    const plan = planOf(change);
    if (fingerprint(change.verb, change.target, plan, change.policy) !== change.hash) {
      return notRun("plan_altered", "supersede");
    }
    if (change.policy !== policyOf(config)) return notRun("policy_changed", "supersede");
    if (change.expires_at <= store.now()) return notRun("expired", "expire");
    const freeze = await freezeFor(store, change);
    if (freeze) {
      return { reason: "frozen", event: "supersede", evidence: line("Frozen: ", freezeLine(freeze)) };
    }
    return await rightsObstacle(change) ?? await driftObstacle(change, plan);
  }

  async function rightsObstacle(change: Change): Promise<Obstacle | undefined> {
    const group = { id: change.chat_id, type: "supergroup" as const };
    if (change.decider_id === null || change.decider_id === change.requester_id) {
      return notRun("rights_changed", "supersede");
    }
    const [requester, approver] = await Promise.all([
      people.judge("request", change.requester_id, group),
      people.judge("approve", change.decider_id, group),
    ]);
    return requester.allowed && approver.allowed ? undefined : notRun("rights_changed", "supersede");
  }

  async function driftObstacle(change: Change, plan: Plan): Promise<Obstacle | undefined> {
    const { operation, connected } = partsOf(change);
    let now: Plan | Nothing;
    try {
      now = await operation.plan(contextFor(connected, change), plan.input);
    } catch (error) {
      if (error instanceof ClientError) {
        const gone = error.kind === "not_found";
        return {
          reason: "target_moved",
          event: gone ? "supersede" : "fail",
          evidence: `${describe(error.failure)}. Nothing was sent. ${nextStep(error.failure)}`,
        };
      }
      if (!(error instanceof BadInput || error instanceof ChoiceNeeded)) {
        log.error("replan_failed", { code: change.code, ...errorFields(error) });
      }
      const words = error instanceof BadInput
        ? { data: error.message, max: 200 }
        : "it can no longer be planned";
      return moved(line("Moved: ", words));
    }
    if ("nothing" in now) return moved(line("Moved: ", now.nothing));
    if (fingerprint(change.verb, change.target, now, change.policy) === change.hash) return undefined;
    return moved(driftLine(differences(factsOf(plan), factsOf(now))));
  }

  function claim() {
    return { claimed_by: holder, claimed_until: store.now() + EXECUTION_LEASE_MS };
  }

  function partsOf(change: Change): { operation: ChangeOperation; connected: Connected } {
    const operation = vendors.find(change.verb, change.target);
    const connected = vendors.byName(change.vendor);
    if (!operation || operation.risk === "read" || !connected?.client) {
      throw new Error(`There is no such change any more: ${change.verb} ${change.target ?? ""}`);
    }
    return { operation, connected };
  }

  function contextFor(connected: Connected, change: Change): Context<unknown> {
    const signal = AbortSignal.timeout(CALL_MS);
    return vendors.context(connected, { signal, fresh: true, trace: change.trace ?? change.code });
  }

  return {
    runNext,
    async renew() {
      await store.db.updateTable("changes").set({ claimed_until: store.now() + EXECUTION_LEASE_MS })
        .where("claimed_by", "=", holder).where("state", "in", ["executing", "unknown"]).execute();
    },
  };
}

/** Tells the requester; in the group only that person sees it, where Telegram can. */
function outcomeFor(change: Change): Outgoing {
  return {
    key: `outcome:${change.code}`,
    chatId: change.origin_chat,
    threadId: change.origin_thread ?? undefined,
    replyTo: change.origin_message ?? undefined,
    receiverId: change.origin_chat === change.requester_id ? undefined : change.requester_id,
    reply: { ...stateLine(change), footer: ["/change ", { code: change.code }], personal: true },
    priority: PRIORITY.outcome,
    trace: change.trace ?? undefined,
  };
}

function conclusion(
  verdict: Verdict,
  receipt: Receipt | undefined,
  why: string,
): { event: "apply" | "accept" | "fail" | "lose"; evidence: Line } {
  const evidence = line(why, verdict.evidence);
  switch (verdict.state) {
    case "applied":
      return { event: "apply", evidence };
    case "not applied":
      return { event: "fail", evidence };
    case "unknown":
      return { event: "lose", evidence };
    case "accepted":
      // "The vendor said yes" cannot be said when the vendor said nothing.
      return receipt ? { event: "accept", evidence } : { event: "lose", evidence };
  }
}

function refusedBy({ failure }: ClientError): Line {
  return line(
    `${describe(failure)}. Nothing was changed. `,
    failure.detail ? [`${failure.vendor} said: “`, { data: failure.detail, max: 200 }, "”. "] : "",
    nextStep(failure),
  );
}

function notRun(reason: ReasonCode, event: Obstacle["event"]): Obstacle {
  return { reason, event, evidence: reasons[reason] ?? reason };
}

function moved(evidence: Line): Obstacle {
  return { reason: "target_moved", event: "supersede", evidence };
}

function planOf(change: Change): Plan {
  return JSON.parse(change.plan) as Plan;
}

function factsOf(plan: Plan) {
  return {
    name: plan.target.name,
    id: plan.target.id,
    before: plan.before,
    after: plan.after,
    input: plan.input,
  };
}

const MOST_DIFFERENCES = 5;

function driftLine(found: readonly Difference[]): Line {
  const shown = found.slice(0, MOST_DIFFERENCES).map(({ path, was, is }) =>
    line({ data: path, max: 60 }, " was ", { data: worded(was), max: 60 }, ", is now ", {
      data: worded(is),
      max: 60,
    })
  );
  const rest = found.length - shown.length;
  return line(
    "Moved since it was asked for: ",
    ...shown.flatMap((one, index) => (index > 0 ? ["; ", one] : [one])),
    rest > 0 ? ` and ${rest} more` : "",
  );
}

function worded(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
