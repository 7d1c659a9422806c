import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { type Change, isTargetBusy } from "../store/changes.ts";
import { transition } from "./state_machine.ts";

/** A replica that dies while executing is replaced after this long; one that lives renews in time. */
export const EXECUTION_LEASE_MS = 10_000;

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
    .where("state", "in", ["executing", "unknown", "not applied"]).execute();
}

function claimOf({ store, holder }: ClaimDeps): Pick<Change, "claimed_by" | "claimed_until"> {
  return { claimed_by: holder, claimed_until: store.now() + EXECUTION_LEASE_MS };
}

async function claimApproved(deps: ClaimDeps): Promise<Change | undefined> {
  const { store, log } = deps;
  const waiting = await store.db.selectFrom("changes").select("code").where("state", "=", "approved")
    .where(({ not, exists, selectFrom }) =>
      not(exists(
        selectFrom("changes as running").select("running.code").where("running.state", "=", "executing")
          .whereRef("running.target_key", "=", "changes.target_key"),
      ))
    )
    .orderBy("decided_at").limit(1).executeTakeFirst();
  if (!waiting) return undefined;
  try {
    return await transition(store, { code: waiting.code, event: "claim", set: claimOf(deps), audit: {} });
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
  const left = await store.db.selectFrom("changes").select("code")
    .where("state", "=", "executing").where("claimed_until", "<=", now)
    .$if(underWay.size > 0, (query) => query.where("code", "not in", [...underWay]))
    .orderBy("decided_at").limit(1).executeTakeFirst();
  const only = { leaseEndedBefore: now };
  return left &&
    await transition(store, { code: left.code, event: "take_over", set: claimOf(deps), only, audit: {} });
}

/** No audit row for a look that may find nothing new: the lease alone keeps other replicas off. */
async function claimUncertain(deps: ClaimDeps): Promise<Change | undefined> {
  const { store } = deps;
  const now = store.now();
  const due = await store.db.selectFrom("changes").select(["code", "checks"])
    .where("next_check_at", "<=", now).where("claimed_until", "<=", now)
    .orderBy("next_check_at").limit(1).executeTakeFirst();
  return due && await store.db.updateTable("changes").set(claimOf(deps))
    .where("code", "=", due.code).where("checks", "=", due.checks).where("claimed_until", "<=", now)
    .returningAll().executeTakeFirst();
}
