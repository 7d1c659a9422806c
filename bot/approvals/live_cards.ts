import type { Transaction } from "kysely";
import type { CallOptions } from "../../clients/http/contract.ts";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Line } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { putMessage } from "../outbox/messages.ts";
import { redactLine } from "../render/sanitize.ts";
import { type Change, votesOf } from "../store/changes.ts";
import { StoreUnavailable } from "../store/errors.ts";
import type { Schema } from "../store/schema.ts";
import { cardMessage, outcomeMessage } from "./card.ts";
import { drift, type FailedCheck } from "./precheck.ts";
import { transition } from "./state_machine.ts";
import { obstaclesOf, shownOf, viewOf } from "./view.ts";

/** So many cards are kept true; nobody reads more that wait. */
const MOST_OPEN = 50;

/** A change that waits and could not be read again, and why. */
export interface Unread {
  readonly change: Change;
  readonly why: Line;
}

type How = Partial<Pick<CallOptions, "background" | "signal">>;

/** Keeps the cards of what waits true: what came up around it, and what has moved under it. */
export class LiveCards {
  constructor(private readonly deps: Deps, private readonly members: Members) {}

  /** Shows on every card what keeps its change back now, and no longer what does not. */
  async refresh(): Promise<void> {
    await this.deps.store.transaction(await this.refreshing());
  }

  /** The same together with what an update leads to. */
  async refreshWith(ctx: UpdateContext): Promise<void> {
    ctx.onCommit(await this.refreshing());
  }

  /** The same as part of a transaction: who is called what is asked before it. */
  private async refreshing(): Promise<(transaction: Transaction<Schema>) => Promise<void>> {
    const waiting = await this.waiting();
    const views = await Promise.all(waiting.map((change) => viewOf(this.deps, this.members, change)));
    return async (transaction) => {
      for (const [at, change] of waiting.entries()) {
        const now = { ...views[at], ...await obstaclesOf(this.deps.store, change, transaction) };
        if (shownOf(now) === change.shown) continue;
        // The row is locked, so that no decision comes in between.
        const row = await transaction.updateTable("changes").set({ shown: shownOf(now) })
          .where("code", "=", change.code).where("state", "=", change.state).returningAll()
          .executeTakeFirst();
        if (!row) continue;
        const view = { ...now, votes: await votesOf(transaction, row) };
        await putMessage(this.deps.store, transaction, cardMessage(row, view));
      }
    };
  }

  /**
   * Reads again what waiting changes were planned against: what has moved is superseded, and says so. Resolves to why
   * some could not be read; nothing more is asked once the signal fires.
   */
  async recheck(how: How = {}): Promise<readonly Unread[]> {
    const pending = (await this.waiting()).filter(({ state }) => state === "pending");
    const read = pending.map(async (change) => ({ change, why: await this.recheckOne(change, how) }));
    return (await Promise.all(read)).flatMap(({ change, why }) => why === undefined ? [] : [{ change, why }]);
  }

  private async recheckOne(change: Change, how: How): Promise<Line | undefined> {
    const { store, vendors, redactor, metrics, log } = this.deps;
    const bound = vendors.boundOperation(change, how);
    if (!bound || vendors.isOfAnotherAccount(change)) return undefined;
    let failed: FailedCheck | undefined;
    try {
      failed = await drift(change, bound, log);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      log.error("recheck_failed", errorFields(error));
      return "The bot itself failed; its log says why.";
    }
    // That the vendor does not answer now is no sign of anything.
    if (failed?.reason === "vendor_failed") return failed.evidence;
    if (failed?.reason !== "target_moved") return undefined;
    const evidence = JSON.stringify(redactLine(failed.evidence, redactor.text));
    const moved = await transition(store, {
      code: change.code,
      event: "supersede",
      set: { evidence },
      only: { pending: true },
      audit: { reason_code: failed.reason, detail: evidence },
      show: (row) => [cardMessage(row), outcomeMessage(row)],
    });
    if (moved) metrics.changes.inc({ state: moved.state });
    return undefined;
  }

  /** What somebody may still decide about, or stop. */
  private async waiting(): Promise<Change[]> {
    const { store } = this.deps;
    const now = store.now();
    return await store.db.selectFrom("changes").selectAll()
      .where((is) =>
        is.or([
          is.and([is("state", "=", "pending"), is("expires_at", ">", now)]),
          is.and([is("state", "=", "approved"), is("starts_at", ">", now)]),
        ])
      ).orderBy("created_at").limit(MOST_OPEN).execute();
  }
}
