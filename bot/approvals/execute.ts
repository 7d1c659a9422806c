import { ClientError } from "../../clients/errors.ts";
import { BadInput, type Receipt } from "../../handlers/operation.ts";
import type { Line } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { Config } from "../config.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Redactor } from "../redact.ts";
import { redactLine } from "../render/redact_reply.ts";
import { SecretMissing, type Secrets } from "../secrets/entry.ts";
import type { Offers } from "../secrets/handover.ts";
import { type Store, StoreUnavailable } from "../store/database.ts";
import { remember } from "../store/key_value.ts";
import type { Vendors } from "../vendors.ts";
import { EXECUTION_LEASE_MS } from "./claim.ts";
import { cardMessage } from "./decide.ts";
import { outcomeFor, refusedBy } from "./outcome.ts";
import { type FailedCheck, lastCheck, notRun, precheck } from "./precheck.ts";
import { boundOperation, type Change, transition, type TransitionStep } from "./state_machine.ts";
import { type Observation, verifyOutcome } from "./verify.ts";

/** To write down an outcome. */
const ATTEMPTS_TO_RECORD = 3;

export interface ExecutorOptions {
  readonly config: Config;
  readonly store: Store;
  readonly vendors: Vendors;
  readonly members: Members;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly holder: string;
  readonly offers: Pick<Offers, "handOver">;
}

/** Runs approved changes: each once, and only what was approved. */
export interface Executor {
  /** Finishes a change that this replica has claimed: runs it, or reads back what may have been sent already. */
  run(change: Change): Promise<void>;
}

export function createExecutor(options: ExecutorOptions): Executor {
  const { store, vendors, secrets, redactor, metrics, log, holder } = options;

  async function execute(change: Change): Promise<void> {
    const obstacle = await precheck(change, boundOperation(vendors, change), options);
    if (obstacle) return await stop(change, obstacle);
    let values: Record<string, string>;
    try {
      values = await secrets.open(change.handle);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      if (!(error instanceof SecretMissing)) {
        log.error("secret_unreadable", { code: change.code, ...errorFields(error) });
      }
      return await stop(change, notRun("secret_missing"));
    }
    const forget = Object.values(values).map((value) => redactor.hold(value));
    try {
      await sendOnce(change, values);
    } finally {
      forget.forEach((release) => release());
    }
  }

  /** Marks the write as sent before sending it: whoever comes after a crash reads back and does not repeat. */
  async function markAsSent(change: Change): Promise<Change | undefined> {
    try {
      return await transition(store, {
        code: change.code,
        event: "send",
        set: { sent_at: store.now(), claimed_until: store.now() + EXECUTION_LEASE_MS },
        only: { claimedBy: holder },
        audit: { detail: change.hash },
        async also(transaction) {
          const sudden = await lastCheck(change, store, transaction);
          if (sudden) throw new ChangeStopped(sudden);
        },
      });
    } catch (error) {
      if (!(error instanceof ChangeStopped)) throw error;
      await stop(change, error.obstacle);
      return undefined;
    }
  }

  async function sendOnce(change: Change, values: Readonly<Record<string, string>>): Promise<void> {
    const sending = await markAsSent(change);
    const part = sending && boundOperation(vendors, sending);
    if (!part) return;
    // Whoever took over meanwhile reads back, and must not see this write arrive afterwards.
    if (sending.claimed_until <= store.now()) {
      return log.warning("write_withheld", { code: change.code, trace: change.trace });
    }
    let receipt: Receipt;
    try {
      receipt = await part.operation.apply(part.context(), part.plan, values);
    } catch (error) {
      if (error instanceof BadInput) {
        return await refuse(sending, `Nothing was sent. ${error.message}`);
      }
      if (error instanceof ClientError && !error.failure.ambiguous) {
        return await refuse(sending, refusedBy(error));
      }
      if (!(error instanceof ClientError)) {
        log.error("apply_failed", { code: change.code, ...errorFields(error) });
      }
      return void await settle(sending, undefined, error);
    }
    await conclude(sending, receipt);
  }

  /** Reads back, and hands what the vendor made to the requester unless it turns out not to be there. */
  async function conclude(change: Change, receipt: Receipt): Promise<void> {
    const { personal = [] } = receipt;
    const forget = personal.map(({ value }) => redactor.hold(value));
    try {
      const finished = await settle(change, receipt);
      if (personal.length === 0 || !finished || finished.state === "not applied") return;
      await options.offers.handOver(finished, personal)
        .catch((error) => log.error("hand_over_failed", { code: change.code, ...errorFields(error) }));
    } finally {
      forget.forEach((release) => release());
    }
  }

  /** Resolves to what became of the change; undefined when somebody else has it by now. */
  async function settle(
    change: Change,
    receipt: Receipt | undefined,
    cause?: unknown,
  ): Promise<Change | undefined> {
    const seen = await verifyOutcome(change, {
      store,
      part: boundOperation(vendors, change),
      receipt,
      cause,
      onError: (error) => log.error("verify_failed", { code: change.code, ...errorFields(error) }),
    });
    return await finish(change, seen, receipt);
  }

  async function refuse(change: Change, evidence: Line): Promise<void> {
    await finish(change, { event: "fail", evidence, againAfterMs: null });
  }

  async function finish(
    change: Change,
    { event, evidence, verdict, againAfterMs }: Observation,
    receipt?: Receipt,
  ): Promise<Change | undefined> {
    const detail = JSON.stringify(redactLine(evidence, redactor.text));
    const step: TransitionStep = {
      code: change.code,
      event,
      set: {
        evidence: detail,
        ...(receipt?.data ? { receipt: JSON.stringify(redactor.deep(receipt.data)) } : {}),
        ...(verdict?.after === undefined ? {} : { after_state: JSON.stringify(verdict.after) }),
        ...(event === "still_not_applied" ? { finished_at: change.finished_at } : {}),
        claimed_by: null,
        claimed_until: 0,
        next_check_at: againAfterMs === null ? null : store.now() + againAfterMs,
        checks: change.checks + 1,
      },
      only: { claimedBy: holder },
      audit: { detail },
      show: (row) => (row.state === change.state ? [cardMessage(row)] : [cardMessage(row), outcomeFor(row)]),
      also: async (transaction, row) => {
        await remember(store, transaction, verdict?.remember ?? {});
        await secrets.wipe(transaction, row.handle);
      },
    };
    const moved = await persistently(() => transition(store, step));
    if (!moved) return undefined;
    if (moved.state !== change.state) metrics.changes.inc({ state: moved.state });
    log.info("change_finished", { code: moved.code, state: moved.state, trace: moved.trace });
    return moved;
  }

  /** What the vendor said is not lost to a moment's trouble; the claim keeps a second attempt from counting twice. */
  async function persistently<T>(record: () => Promise<T>): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await record();
      } catch (error) {
        if (attempt === ATTEMPTS_TO_RECORD) throw error;
        log.warning("outcome_not_recorded", errorFields(error));
      }
    }
  }

  async function stop(change: Change, { reason, event, ...seen }: FailedCheck): Promise<void> {
    const evidence = JSON.stringify(redactLine(seen.evidence, redactor.text));
    const moved = await transition(store, {
      code: change.code,
      event,
      set: { evidence, claimed_by: null, claimed_until: 0 },
      only: { claimedBy: holder },
      audit: { reason_code: reason, detail: evidence },
      show: (row) => [cardMessage(row), outcomeFor(row)],
      also: (transaction, row) => secrets.wipe(transaction, row.handle),
    });
    if (moved) metrics.changes.inc({ state: moved.state });
  }

  return {
    async run(change) {
      if (change.sent_at !== null) await settle(change, undefined);
      else await execute(change);
    },
  };
}

/** Undoes the mark of a write that must not leave. */
class ChangeStopped extends Error {
  constructor(readonly obstacle: FailedCheck) {
    super("An obstacle came up at the last moment");
    this.name = "Stopped";
  }
}
