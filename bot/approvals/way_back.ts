import type { Transaction } from "kysely";
import { ClientError, describe } from "../../clients/errors.ts";
import { BadInput, ChoiceNeeded, type Plan } from "../../handlers/operation.ts";
import type { Line } from "../../handlers/reply.ts";
import { NothingFits } from "../../handlers/resolve.ts";
import type { Members } from "../access/members.ts";
import { newTrace, type UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { appendAudit } from "../store/audit.ts";
import {
  auditOf,
  type Change,
  changedSince,
  findChange,
  fingerprintOf,
  freeCode,
  isPartOf,
  readUndo,
} from "../store/changes.ts";
import { StoreUnavailable } from "../store/errors.ts";
import { newHandle } from "../store/kept_values.ts";
import type { LoansTable, Schema } from "../store/schema.ts";
import { CHANGE_ANSWER_BYTES } from "../vendors.ts";
import { endLoan, findLoan, lastReadBack, reminderAt, showLoan, triedAgainAt } from "./loan.ts";
import { ruledChange } from "./view.ts";

const HOUR_MS = 3_600_000;
const PLAN_BACK_MS = 15_000;
const MOST_AT_ONCE = 20;

/** Changes that were made for a time: announces their end, and plans the way back when it has come. */
export class Loans {
  constructor(private readonly deps: Deps, private readonly members: Members) {}

  /** Does what is due of every loan. May be done by several at once: each step happens once. */
  async lookAfter(): Promise<void> {
    const { store } = this.deps;
    const due = await store.db.selectFrom("loans").selectAll()
      .where("ended_at", "is", null).where("next_at", "<=", store.now())
      .orderBy("next_at").limit(MOST_AT_ONCE).execute();
    await Promise.all(due.map((loan) => this.lookAt(loan)));
  }

  /** Lets it last an hour longer, once; for an approver other than the requester. */
  async extend(ctx: UpdateContext, change: Change): Promise<void> {
    const { store } = this.deps;
    const record = { about: auditOf(change), detail: "extend" };
    if (change.requester_id === ctx.person.id) return ctx.refuse("own_change", record);
    const decision = await this.members.judgeFor(change, "approve", ctx.person.id);
    if (!decision.allowed) return ctx.refuse(decision.reason, record);
    const loan = await findLoan(store.db, change.code);
    if (!loan || !isOpen(loan) || loan.extended_id !== null) {
      return ctx.refuse("loan_over", {
        ...record,
        next: loan && isOpen(loan) ? "It was given 1 h more before." : "",
      });
    }
    const endsAt = Math.max(loan.ends_at, store.now()) + HOUR_MS;
    await this.move(change, loan, ctx, "loan_extended", {
      ends_at: endsAt,
      next_at: reminderAt(endsAt, HOUR_MS),
      extended_id: ctx.person.id,
      extended_name: ctx.person.name,
    });
    ctx.confirm({ mark: "working", title: ["1 h more: ", { code: change.code }], personal: true });
  }

  /** Takes it back now; for whoever may ask for changes or approve them. */
  async returnNow(ctx: UpdateContext, change: Change): Promise<void> {
    const { store } = this.deps;
    const record = { about: auditOf(change), detail: "return" };
    const [asks, approves] = await Promise.all([
      this.members.judgeFor(change, "request", ctx.person.id),
      this.members.judgeFor(change, "approve", ctx.person.id),
    ]);
    if (!asks.allowed && !approves.allowed) return ctx.refuse(approves.reason, record);
    const loan = await findLoan(store.db, change.code);
    if (!loan || !isOpen(loan)) return ctx.refuse("loan_over", record);
    await this.move(change, loan, ctx, "loan_cut_short", {
      ends_at: Math.min(loan.ends_at, store.now()),
      next_at: store.now(),
    });
    ctx.confirm({ mark: "working", title: ["Taken back now: ", { code: change.code }], personal: true });
  }

  /** What a person does to a loan, when the update is finished. */
  private move(
    change: Change,
    loan: LoansTable,
    ctx: UpdateContext,
    event: string,
    set: Partial<LoansTable>,
  ): Promise<void> {
    ctx.audit({ ...auditOf(change), event });
    ctx.onCommit(async (transaction) => {
      const moved = await transaction.updateTable("loans").set(set)
        .where("code", "=", loan.code).where("ended_at", "is", null).where("back", "is", null)
        .where("extended_id", loan.extended_id === null ? "is" : "=", loan.extended_id)
        .returningAll().executeTakeFirst();
      if (moved) await showLoan(this.deps.store, transaction, change, moved);
    });
    return Promise.resolve();
  }

  private async lookAt(loan: LoansTable): Promise<void> {
    const { store, log } = this.deps;
    try {
      const change = await findChange(store, loan.code);
      if (!change) return;
      if (loan.ends_at > store.now()) await this.remind(change, loan);
      else if (loan.back === null) await this.takeBack(change, loan);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      log.error("loan_not_looked_at", { code: loan.code, ...errorFields(error) });
    }
  }

  private async remind(change: Change, loan: LoansTable): Promise<void> {
    const { store } = this.deps;
    await store.transaction(async (transaction) => {
      const reminded = await transaction.updateTable("loans")
        .set({ reminders: loan.reminders + 1, next_at: loan.ends_at })
        .where("code", "=", loan.code).where("ended_at", "is", null)
        .where("reminders", "=", loan.reminders).where("ends_at", "=", loan.ends_at)
        .returningAll().executeTakeFirst();
      if (reminded) await showLoan(store, transaction, change, reminded, { aloud: true });
    });
  }

  /** Plans the way back and hands it to the executor, unless it is not to be: then that is said. */
  private async takeBack(change: Change, loan: LoansTable): Promise<void> {
    const undo = readUndo(change);
    const operation = undo.possible ? this.deps.vendors.changeOperation(undo) : undefined;
    const connected = operation && this.deps.vendors.byName(operation.vendor);
    if (!undo.possible || !operation || !connected?.client || this.deps.vendors.isOfAnotherAccount(change)) {
      return await this.putOff(
        change,
        loan,
        "The vendor, or the account it was made with, is not set up any more.",
      );
    }
    const call = {
      signal: AbortSignal.timeout(PLAN_BACK_MS),
      fresh: true,
      trace: change.trace ?? change.code,
      maxBytes: CHANGE_ANSWER_BYTES,
    };
    let plan: Plan;
    try {
      const planned = await operation.plan(this.deps.vendors.context(connected, call), undo.input);
      if ("nothing" in planned) return await this.end(change, loan, "nothing_left", planned.nothing);
      plan = planned;
    } catch (error) {
      return await this.unplannable(change, loan, error);
    }
    const moved = await this.whatMoved(change, plan);
    if (moved) return await this.end(change, loan, "moved", moved);
    await this.hand(change, loan, {
      ...ruledChange(operation, plan),
      card: JSON.stringify(operation.render(plan)),
      undo: JSON.stringify(operation.undo(plan)),
    });
  }

  /** Why the way back would overwrite someone else's work. */
  private async whatMoved(change: Change, plan: Plan): Promise<Line | undefined> {
    const { code, after_state } = await lastReadBack(this.deps.store.db, change);
    if (after_state !== null) {
      if (isPartOf(plan.before, JSON.parse(after_state))) return undefined;
      return code === change.code
        ? "It is no longer as this change left it."
        : ["It is no longer as ", { code }, " left it."];
    }
    // Nothing was read back then, so what this bot did since is all there is to go by.
    const since = await changedSince(this.deps.store, change);
    return since === undefined ? undefined : [{ code: since }, " changed it since."];
  }

  private async unplannable(change: Change, loan: LoansTable, error: unknown): Promise<void> {
    if (error instanceof StoreUnavailable) throw error;
    const isGone = error instanceof NothingFits || error instanceof ChoiceNeeded ||
      error instanceof BadInput ||
      (error instanceof ClientError && error.kind === "not_found");
    if (isGone) return await this.end(change, loan, "moved", "It is no longer there, or not as it was.");
    if (!(error instanceof ClientError)) {
      this.deps.log.error("way_back_not_planned", { code: change.code, ...errorFields(error) });
    }
    const why = error instanceof ClientError ? describe(error.failure) : "It could not be planned";
    await this.putOff(change, loan, `${why}.`);
  }

  /** Tried again, ever more rarely; the first time it is said. */
  private async putOff(change: Change, loan: LoansTable, why: string): Promise<void> {
    const { store } = this.deps;
    const aloud = loan.trouble === null;
    await store.transaction(async (transaction) => {
      const open = await transaction.updateTable("loans").set({
        next_at: triedAgainAt(loan, store.now()),
        trouble: JSON.stringify(why),
        reminders: loan.reminders + (aloud ? 1 : 0),
      }).where("code", "=", loan.code).where("ended_at", "is", null).where("back", "is", null)
        .where("next_at", "=", loan.next_at).returningAll().executeTakeFirst();
      if (open) await showLoan(store, transaction, change, open, { aloud });
    });
  }

  private async end(
    change: Change,
    loan: LoansTable,
    outcome: "moved" | "nothing_left",
    why: Line,
  ): Promise<void> {
    const { store } = this.deps;
    await store.transaction(async (transaction) => {
      const open = await transaction.updateTable("loans").set({ next_at: null })
        .where("code", "=", loan.code).where("ended_at", "is", null).where("back", "is", null)
        .returningAll().executeTakeFirst();
      if (!open) return;
      await endLoan(store, transaction, open, { outcome, trouble: JSON.stringify(why) });
      await appendAudit(store, transaction, [{
        ...auditOf(change),
        event: outcome === "moved" ? "loan_moved" : "loan_nothing_left",
        detail: JSON.stringify(why),
      }]);
    });
  }

  /** The way back becomes a change that is approved already: with the one that it takes back. */
  private async hand(change: Change, loan: LoansTable, planned: Planned): Promise<void> {
    const { store } = this.deps;
    const row = wayBack(change, planned, store.now());
    const hash = fingerprintOf(row);
    const code = await freeCode(store);
    await store.transaction(async (transaction) => {
      const mine = await transaction.updateTable("loans").set({ back: code, next_at: null })
        .where("code", "=", loan.code).where("ended_at", "is", null).where("back", "is", null)
        .where("ends_at", "=", loan.ends_at).returning("code").executeTakeFirst();
      if (!mine) return;
      const back = await transaction.insertInto("changes").values({ ...row, code, hash }).returningAll()
        .executeTakeFirstOrThrow();
      await this.record(transaction, back, hash);
    });
    store.notifier.everyone("changes");
  }

  private async record(transaction: Transaction<Schema>, back: Change, hash: string): Promise<void> {
    const detail = JSON.stringify({ hash, loan_of: back.loan_of });
    await appendAudit(this.deps.store, transaction, [{ ...auditOf(back), event: "return_planned", detail }]);
  }
}

function isOpen({ ended_at, back }: LoansTable): boolean {
  return ended_at === null && back === null;
}

type Planned = Pick<
  Change,
  "verb" | "target" | "vendor" | "risk" | "plan" | "target_key" | "company" | "card" | "undo"
>;

/** The row of a way back, asked for and approved by those who did so of the change that it takes back. */
function wayBack(loan: Change, planned: Planned, now: number): Omit<Change, "code" | "hash"> {
  return {
    ...NOT_BEGUN,
    ...planned,
    policy: loan.policy,
    account: loan.account,
    undo_of: loan.code,
    loan_of: loan.code,
    reason: loan.reason,
    ticket: loan.ticket,
    requester_id: loan.requester_id,
    requester_name: loan.requester_name,
    origin_chat: loan.origin_chat,
    origin_thread: loan.origin_thread,
    origin_message: loan.origin_message,
    chat_id: loan.chat_id,
    thread_id: loan.thread_id,
    handle: newHandle(),
    created_at: now,
    expires_at: now,
    decided_at: now,
    emergency: loan.emergency,
    decider_id: loan.decider_id,
    decider_name: loan.decider_name,
    trace: newTrace(),
  };
}

const NOT_BEGUN = {
  state: "approved",
  scheduled_at: null,
  lasts_ms: null,
  starts_at: null,
  shown: null,
  decision_reason: null,
  settled_id: null,
  settled_name: null,
  claimed_by: null,
  claimed_until: 0,
  take_overs: 0,
  sent_at: null,
  receipt: null,
  evidence: null,
  after_state: null,
  finished_at: null,
  next_check_at: null,
  checks: 0,
} as const;
