import { ClientError } from "../../clients/errors.ts";
import { BadInput, type Receipt } from "../../handlers/operation.ts";
import type { Line } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { Replicas } from "../access/replicas.ts";
import type { Deps } from "../deps.ts";
import type { QueueJob } from "../queue/worker.ts";
import { reasons } from "../reason_codes.ts";
import type { Store } from "../store/database.ts";
import { errorFields } from "../log.ts";
import { redactLine } from "../render/sanitize.ts";
import type { SecretEntry } from "../secrets/entry.ts";
import type { CredentialHandover } from "../secrets/handover.ts";
import { type Change, findChange, isTargetBusy, TOOK_EFFECT } from "../store/changes.ts";
import { policyInForce, remember } from "../store/kept_values.ts";
import { cardMessage, outcomeMessage } from "./card.ts";
import { type FailedCheck, lastCheck, notRun, precheck } from "./precheck.ts";
import { type ChangeEvent, transition } from "./state_machine.ts";
import { type Observation, refusedBy, verifyOutcome, type WriteResult } from "./verify.ts";

/** A replica that dies while executing is replaced after this long; one that lives renews in time. */
export const EXECUTION_LEASE_MS = 10_000;

/** How long to wait before an outcome that could not be written down is tried again, each time. */
const RECORD_AGAIN_AFTER_MS: readonly number[] = [250, 1_000, 4_000];

/** Runs approved changes: each once, and only what was approved. */
export class Executor {
  constructor(
    private readonly deps: Deps,
    private readonly members: Members,
    private readonly secretEntry: SecretEntry,
    private readonly handover: CredentialHandover,
  ) {}

  /** Finishes a change that this replica has claimed: runs it, or reads back what may have been sent already. */
  async run(change: Change): Promise<void> {
    if (change.sent_at !== null) await this.settle(change);
    else await this.execute(change);
  }

  private async execute(change: Change): Promise<void> {
    const failed = await precheck(this.deps, this.members, change);
    if (failed) return await this.stop(change, failed);
    const secrets = await this.secretEntry.open(change.handle);
    if (!secrets) return await this.stop(change, notRun("secret_missing"));
    await this.redacting(Object.values(secrets), () => this.sendOnce(change, secrets));
  }

  /** While the work goes on these values are redacted from whatever is written. */
  private async redacting(values: readonly string[], work: () => Promise<void>): Promise<void> {
    const releases = values.map((value) => this.deps.redactor.hold(value));
    try {
      await work();
    } finally {
      releases.forEach((release) => release());
    }
  }

  private async sendOnce(change: Change, secrets: Readonly<Record<string, string>>): Promise<void> {
    const { store, vendors, log, clock } = this.deps;
    const began = clock.now();
    const sending = await this.markAsSent(change);
    const bound = sending && vendors.boundOperation(sending);
    if (!bound) return;
    // Whoever took over meanwhile reads back, and must not see this write arrive afterwards. If the machine slept, the
    // store's clock does not know yet how long.
    if (sending.claimed_until <= store.now() || clock.now() - began >= EXECUTION_LEASE_MS) {
      return log.warning("write_withheld", { code: change.code, trace: change.trace });
    }
    let receipt: Receipt;
    try {
      receipt = await bound.operation.apply(bound.context(), bound.plan, secrets);
    } catch (error) {
      return await this.concludeFailure(sending, error);
    }
    await this.conclude(sending, receipt);
  }

  /** Marks the write as sent before sending it: whoever comes after a crash reads back and does not repeat. */
  private async markAsSent(change: Change): Promise<Change | undefined> {
    const { store, holder } = this.deps;
    try {
      return await transition(store, {
        code: change.code,
        event: "send",
        set: { sent_at: store.now(), claimed_until: store.now() + EXECUTION_LEASE_MS },
        only: { claimedBy: holder },
        audit: { detail: change.hash },
        async also(transaction) {
          const failed = await lastCheck(store, change, transaction);
          if (failed) throw new LastCheckFailed(failed);
        },
      });
    } catch (error) {
      if (!(error instanceof LastCheckFailed)) throw error;
      await this.stop(change, error.check);
      return undefined;
    }
  }

  /** What was refused is over; what got no clear answer may have taken effect, and is read back. */
  private async concludeFailure(change: Change, error: unknown): Promise<void> {
    if (error instanceof BadInput) return await this.refuse(change, `Nothing was sent. ${error.message}`);
    if (error instanceof ClientError && !error.failure.ambiguous) {
      return await this.refuse(change, refusedBy(error));
    }
    if (!(error instanceof ClientError)) {
      this.deps.log.error("apply_failed", { code: change.code, ...errorFields(error) });
    }
    await this.settle(change, { cause: error });
  }

  /** Reads back, and hands what the vendor made to the requester unless it turns out not to be there. */
  private async conclude(change: Change, receipt: Receipt): Promise<void> {
    const { store, log } = this.deps;
    const { personal = [] } = receipt;
    await this.redacting(personal.map(({ value }) => value), async () => {
      const finished = await this.settle(change, { receipt });
      if (personal.length === 0) return;
      await this.persistently(async () => {
        // Whoever has taken the change over does not know what the vendor made.
        const now = finished ?? await findChange(store, change.code);
        if (now && now.state !== "not applied") await this.handover.offer(now, personal);
      }).catch((error) => log.error("hand_over_failed", { code: change.code, ...errorFields(error) }));
    });
  }

  /** Resolves to what became of the change; undefined when somebody else has it by now. */
  private async settle(change: Change, result: WriteResult = {}): Promise<Change | undefined> {
    return await this.finish(change, await verifyOutcome(this.deps, change, result), result.receipt);
  }

  private async refuse(change: Change, evidence: Line): Promise<void> {
    await this.finish(change, { event: "fail", evidence, againAfterMs: null });
  }

  private async finish(
    change: Change,
    { event, evidence, verdict, againAfterMs }: Observation,
    receipt?: Receipt,
  ): Promise<Change | undefined> {
    const { store, redactor, metrics, log, holder } = this.deps;
    const detail = JSON.stringify(redactLine(evidence, redactor.text));
    const moved = await this.persistently(() =>
      transition(store, {
        code: change.code,
        event,
        set: {
          evidence: detail,
          ...(receipt?.data ? { receipt: JSON.stringify(redactor.deep(receipt.data)) } : {}),
          ...(verdict?.after === undefined ? {} : { after_state: JSON.stringify(verdict.after) }),
          ...(event.startsWith("still_") ? { finished_at: change.finished_at } : {}),
          claimed_by: null,
          claimed_until: 0,
          take_overs: 0,
          next_check_at: againAfterMs === null ? null : store.now() + againAfterMs,
          checks: change.checks + 1,
        },
        only: { claimedBy: holder },
        audit: { detail },
        show: (row, around) => [
          cardMessage(row, around),
          ...(row.state === change.state ? [] : [outcomeMessage(row)]),
        ],
        also: (transaction, { state }) =>
          remember(store, transaction, TOOK_EFFECT.has(state) ? verdict?.remember ?? {} : {}),
      })
    );
    if (!moved) return undefined;
    if (moved.state !== change.state) metrics.changes.inc({ state: moved.state });
    log.info("change_finished", { code: moved.code, state: moved.state, trace: moved.trace });
    return moved;
  }

  /** What the vendor said is not lost to a moment's trouble; the claim keeps a second attempt from counting twice. */
  private async persistently<T>(record: () => Promise<T>): Promise<T> {
    const { clock, log } = this.deps;
    for (const pauseMs of RECORD_AGAIN_AFTER_MS) {
      try {
        return await record();
      } catch (error) {
        log.warning("outcome_not_recorded", errorFields(error));
        await clock.sleep(pauseMs);
      }
    }
    return await record();
  }

  private async stop(change: Change, { reason, event, ...seen }: FailedCheck): Promise<void> {
    const { store, redactor, metrics, holder } = this.deps;
    const evidence = JSON.stringify(redactLine(seen.evidence, redactor.text));
    const moved = await transition(store, {
      code: change.code,
      event,
      set: { evidence, claimed_by: null, claimed_until: 0 },
      only: { claimedBy: holder },
      audit: { reason_code: reason, detail: evidence },
      show: (row) => [cardMessage(row), outcomeMessage(row)],
    });
    if (moved) metrics.changes.inc({ state: moved.state });
  }
}

/** Takes the mark of a write back that must not leave. */
class LastCheckFailed extends Error {
  constructor(readonly check: FailedCheck) {
    super("Something came up at the last moment");
    this.name = "LastCheckFailed";
  }
}

/** When the next approved change begins that has to wait for its time, epoch ms. */
async function nextStartAt({ store }: ClaimDeps): Promise<number | undefined> {
  const next = await store.db.selectFrom("changes").select("starts_at").where("state", "=", "approved")
    .where("starts_at", ">", store.now()).orderBy("starts_at").limit(1).executeTakeFirst();
  return next?.starts_at ?? undefined;
}

type ClaimDeps = Pick<Deps, "store" | "holder" | "log">;

/**
 * Takes at most so many changes for this replica; of several replicas one gets each. They are approved changes, those
 * that a dead replica left, and those whose time to look again has come; none of `underWay`, which this replica is at
 * work on even if a long pause made it miss the renewal.
 */
export async function claimChanges(
  deps: ClaimDeps,
  most: number,
  underWay: ReadonlySet<string>,
): Promise<Change[]> {
  const claimed = new Map<string, Change>();
  while (claimed.size < most) {
    const busy = new Set([...underWay, ...claimed.keys()]);
    const change = await claimApproved(deps) ?? await claimAbandoned(deps, busy) ??
      await claimUncertain(deps);
    if (!change) break;
    claimed.set(change.code, change);
  }
  return [...claimed.values()];
}

/**
 * Says that this replica is alive and still at work on these. What it claimed and gave up, because the store was
 * away at the wrong moment, is not among them: that is taken over like a dead replica's.
 */
export async function renewChanges(deps: ClaimDeps, underWay: readonly string[]): Promise<void> {
  await deps.store.db.updateTable("changes").set(claimOf(deps))
    .where("code", "in", underWay).where("claimed_by", "=", deps.holder)
    .where("state", "in", ["executing", "unknown", "not applied", "partly applied"]).execute();
}

function claimOf({ store, holder }: ClaimDeps): Pick<Change, "claimed_by" | "claimed_until"> {
  return { claimed_by: holder, claimed_until: store.now() + EXECUTION_LEASE_MS };
}

async function claimApproved(deps: ClaimDeps): Promise<Change | undefined> {
  const { store, log } = deps;
  const waiting = await store.db.selectFrom("changes").select("code").where("state", "=", "approved")
    .where((is) => is.or([is("starts_at", "is", null), is("starts_at", "<=", store.now())]))
    .where(({ not, exists, selectFrom }) =>
      not(exists(
        selectFrom("changes as running").select("running.code").where("running.state", "=", "executing")
          .whereRef("running.target_key", "=", "changes.target_key"),
      ))
    )
    .orderBy("decided_at").limit(1).executeTakeFirst();
  if (!waiting) return undefined;
  try {
    return await transition(store, {
      code: waiting.code,
      event: "claim",
      set: claimOf(deps),
      audit: {},
      // Its button to stop it goes.
      show: (change) => change.starts_at === change.decided_at ? [] : [cardMessage(change)],
    });
  } catch (error) {
    // Another replica began with the same target in this moment: the index lets only one in.
    if (!isTargetBusy(error)) throw error;
    log.debug("target_busy", { code: waiting.code, ...errorFields(error) });
    return undefined;
  }
}

async function claimAbandoned(
  deps: ClaimDeps,
  underWay: ReadonlySet<string>,
): Promise<Change | undefined> {
  const { store } = deps;
  const now = store.now();
  const left = await store.db.selectFrom("changes").selectAll()
    .where("state", "=", "executing").where("claimed_until", "<=", now)
    .$if(underWay.size > 0, (query) => query.where("code", "not in", [...underWay]))
    .orderBy("decided_at").limit(1).executeTakeFirst();
  if (!left) return undefined;
  if (left.take_overs >= MOST_TAKE_OVERS) return await giveUp(store, left);
  const set = { ...claimOf(deps), take_overs: left.take_overs + 1 };
  const only = { leaseEndedBefore: now };
  return await transition(store, { code: left.code, event: "take_over", set, only, audit: {} });
}

/** After so many replicas that died at work on one change, it is likely what they die of. */
const MOST_TAKE_OVERS = 3;

/** What nothing was sent of is over; of the rest nobody can say what became of it. */
async function giveUp(store: Store, change: Change): Promise<undefined> {
  const { code, state, sent_at, finished_at } = change;
  const unsent = state === "executing" && sent_at === null;
  const evidence: Line = unsent
    ? reasons.gave_up
    : "The bot was stopped each time it read this back, so it does not try again.";
  await transition(store, {
    code,
    event: unsent ? "supersede" : STILL[state] ?? "mark_unknown",
    set: {
      evidence: JSON.stringify(evidence),
      claimed_by: null,
      claimed_until: 0,
      next_check_at: null,
      ...(finished_at !== null && { finished_at }),
    },
    only: { leaseEndedBefore: store.now() },
    audit: { reason_code: "gave_up" },
    show: (row, around) => [
      cardMessage(row, around),
      ...(row.state === state ? [] : [outcomeMessage(row)]),
    ],
  });
}

const STILL: Readonly<Partial<Record<Change["state"], ChangeEvent>>> = {
  "not applied": "still_not_applied",
  "partly applied": "still_partly_applied",
};

/** No audit row for a look that may find nothing new: the lease alone keeps other replicas off. */
async function claimUncertain(deps: ClaimDeps): Promise<Change | undefined> {
  const { store } = deps;
  const now = store.now();
  const due = await store.db.selectFrom("changes").selectAll()
    .where("next_check_at", "<=", now).where("claimed_until", "<=", now)
    .orderBy("next_check_at").limit(1).executeTakeFirst();
  if (!due) return undefined;
  // Who comes to an end of a look gives it back.
  const abandoned = due.claimed_by !== null;
  if (abandoned && due.take_overs >= MOST_TAKE_OVERS) return await giveUp(store, due);
  const set = { ...claimOf(deps), take_overs: due.take_overs + (abandoned ? 1 : 0) };
  return await store.db.updateTable("changes").set(set)
    .where("code", "=", due.code).where("checks", "=", due.checks).where("claimed_until", "<=", now)
    .returningAll().executeTakeFirst();
}

/** Changes side by side, of different targets: two of one target never run at once. */
const CHANGES = 4;

export function changeQueue(
  deps: Deps,
  { executor, replicas }: { readonly executor: Executor; readonly replicas: Replicas },
): QueueJob<Change> {
  return {
    name: "changes",
    width: CHANGES,
    leaseMs: EXECUTION_LEASE_MS,
    async claim(most, underWay) {
      const inForce = await policyInForce(deps.store);
      if (inForce === undefined || inForce === replicas.policy) {
        return await claimChanges(deps, most, underWay);
      }
      deps.log.warning("other_policy", { here: replicas.policy, elsewhere: inForce });
      return [];
    },
    partition: ({ code }) => code,
    run: (change) => executor.run(change),
    renew: (rows) => renewChanges(deps, rows.map(({ code }) => code)),
    nextAt: () => nextStartAt(deps),
  };
}
