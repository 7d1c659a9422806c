import { sql, type Transaction } from "kysely";
import { BadInput, type ChangeOperation, type Plan, riskOf, ValueNeeded } from "../../handlers/operation.ts";
import { joinLines, type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { canBeMet } from "../access/policy.ts";
import { type ReasonCode, reasons } from "../reason_codes.ts";
import { offeringForm } from "../clarify.ts";
import type { Config } from "../config.ts";
import type { RefusalDetails, UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorReply } from "../error_reply.ts";
import type { Invocation } from "../invocation.ts";
import { adoptMessage, findMessage, putMessage } from "../outbox/messages.ts";
import type { Outgoing } from "../outbox/outgoing.ts";
import type { CommandSet } from "../parser/command.ts";
import { askedIn } from "../parser/secret_scan.ts";
import { type SecretEntry, wipeSecrets } from "../secrets/entry.ts";
import {
  auditOf,
  type Change,
  findChange,
  fingerprintOf,
  freeCode,
  holdFor,
  isPartOf,
  isTwin,
  openBeside,
  openRepeatOf,
  openUndoOf,
  operationName,
  type PlannedChange,
  planOf,
  readUndo,
  takenBackBy,
  TOOK_EFFECT,
} from "../store/changes.ts";
import type { Store } from "../store/database.ts";
import { newHandle } from "../store/kept_values.ts";
import type { Schema } from "../store/schema.ts";
import { CHANGE_ANSWER_BYTES, type Connected } from "../vendors.ts";
import { cardMessage, cardOf, duplicateReply, plannedOnly, waitingReply } from "./card.ts";
import { type Times, timesAgain, timesOf, timesTyped, whyNotLent } from "./schedule.ts";
import { planReminders } from "./remind.ts";
import { type CardView, holdLine, ruledChange, shownOf, viewOf } from "./view.ts";

/** Planning reads the vendor; after this long the request is given up. */
const PLAN_MS = 30_000;

type Asked = Promise<ValueNeeded | undefined>;

/** From what someone typed to a change that waits for its second person. */
export class Requests {
  constructor(
    private readonly deps: Deps,
    private readonly members: Members,
    private readonly secretEntry: SecretEntry,
    private readonly commandSet: CommandSet,
  ) {}

  /** Plans the change and shows its card to the group, or says what stands in the way; returned is what has to be named. */
  async ask(ctx: UpdateContext, operation: ChangeOperation, invocation: Invocation): Asked {
    const asked = await this.tryToAsk(ctx, operation, invocation);
    const unused = asked === true ? undefined : invocation.handle;
    if (unused !== undefined) ctx.onCommit((within) => wipeSecrets(within, unused));
    return asked instanceof ValueNeeded ? asked : undefined;
  }

  /** The way back from a change, asked for like any other. */
  async undo(
    ctx: UpdateContext,
    change: Change,
    how: Pick<Invocation, "reason" | "ticket" | "for" | "at"> = {},
  ): Promise<void> {
    const undo = readUndo(change);
    const about = auditOf(change);
    if (!undo.possible) return ctx.refuse("no_way_back", { about, next: whyNot(undo.why) });
    if (!TOOK_EFFECT.has(change.state)) {
      return ctx.refuse("no_way_back", { about, next: `It is ${change.state}. See /change ${change.code}.` });
    }
    if (this.deps.vendors.isOfAnotherAccount(change)) {
      const next = "It was made with another account of this vendor than the bot works with now.";
      return ctx.refuse("no_way_back", { about, next });
    }
    const open = await openUndoOf(this.deps.store, change);
    if (open !== undefined) return ctx.answer(duplicateReply(open));
    const operation = this.deps.vendors.changeOperation(undo);
    if (!operation) throw new Error(`No change to undo with: ${undo.verb}`);
    await this.ask(ctx, operation, {
      verb: undo.verb,
      target: undo.target,
      input: undo.input,
      asked: askedIn(undo.input, (field) => operation.secret(field)),
      ...how,
      reason: how.reason ?? `undo of ${change.code}`,
      ticket: how.ticket ?? change.ticket ?? undefined,
      undoOf: change.code,
    });
  }

  /** The same request once more, against the state of today. */
  async again(ctx: UpdateContext, change: Change): Promise<void> {
    // Only these offer it; any client can send what their button sends.
    if (change.state !== "superseded" && change.state !== "expired") {
      return ctx.refuse("unknown_button", { about: auditOf(change) });
    }
    const open = await openRepeatOf(this.deps.store, change);
    if (open !== undefined) return ctx.answer(duplicateReply(open));
    const operation = this.deps.vendors.changeOperation(change);
    if (!operation) return ctx.refuse("unknown_change");
    await this.ask(ctx, operation, {
      verb: change.verb,
      target: change.target,
      input: planOf(change).input,
      asked: await this.secretEntry.fieldsOf(change.handle),
      reason: change.reason ?? undefined,
      ticket: change.ticket ?? undefined,
      undoOf: change.undo_of ?? undefined,
      ...timesAgain(change, this.deps),
    });
  }

  /** True once a change waits for its second person; what has to be named first, where that is all it lacks. */
  private async tryToAsk(
    ctx: UpdateContext,
    operation: ChangeOperation,
    invocation: Invocation,
  ): Promise<boolean | ValueNeeded> {
    const { config, vendors } = this.deps;
    const refuse = (reason: ReasonCode, more: RefusalDetails = {}) => {
      ctx.refuse(reason, { operation: operationName(operation), ...more });
      return false;
    };
    const chatId = groupFor(ctx, config);
    if (chatId === undefined) return refuse("no_group");
    const connected = vendors.byName(operation.vendor);
    if (!connected?.client) {
      const { label, environment } = connected!.vendor;
      return refuse("vendor_not_set_up", {
        next: [`${label} needs `, { code: environment.join(", ") }, ". /doctor shows what is set."],
      });
    }
    if (!this.members.mayAsk(operation, ctx.person.id)) {
      return refuse("no_rule_allows", { next: await this.members.whoMayAsk(operation) });
    }
    if (invocation.asked.length > 0 && !config.secretKey) return refuse("no_secret_key");
    if (await this.isTakenBack(ctx, invocation)) return false;
    const times = timesOf(ctx, invocation, config.zone);
    if (!times) return false;
    const plan = await this.planOrAnswer(ctx, operation, invocation, connected);
    if (plan instanceof ValueNeeded) return plan;
    if (!plan || !await this.wayBackIsOpen(ctx, plan, invocation)) return false;
    const unlendable = times.lasts_ms === null ? undefined : whyNotLent(operation, plan);
    if (unlendable) return refuse("not_lendable", { next: unlendable });
    const request = { ctx, operation, invocation, plan, times, chatId };
    if (invocation.onlyPlan) {
      const row = { ...newChange(request, this.deps, this.members), code: "" };
      ctx.answer(plannedOnly(row, await viewOf(this.deps, this.members, row)));
      return false;
    }
    const hold = await holdFor(this.deps.store, { target_key: plan.target.key, requester_id: ctx.person.id });
    if (hold) return refuse("held", { next: line("Held: ", holdLine(hold), ".") });
    if (riskOf(operation, plan) === "danger" && !invocation.reason?.trim()) {
      const next = joinLines(operation.render(plan).breaks, " ");
      refuse("needs_reason", { next });
      return new ValueNeeded(reasons.needs_reason, "reason", next);
    }
    const ruling = this.members.rulingOf(ruledChange(operation, plan));
    if (ruling.asks && !canBeMet(ruling.needs, ctx.person.id)) {
      return refuse("nobody_approves", { next: await this.members.whoMayApprove(ruling, ctx.person.id) });
    }
    const wanted = { verb: operation.verb, target: operation.target, plan: JSON.stringify(plan), ...times };
    if (await this.isAskedAlready(ctx, plan, wanted)) return false;
    if (invocation.asked.length > 0 && !await this.secretEntry.isComplete(invocation)) {
      const kept = { ...invocation, ...timesTyped(times, config.zone) };
      await this.secretEntry.askFor(ctx, kept, operation.render(plan).title);
      return false;
    }
    await this.record(request);
    return true;
  }

  private async isTakenBack(ctx: UpdateContext, { undoOf }: Invocation): Promise<boolean> {
    const { store } = this.deps;
    const change = undoOf === undefined ? undefined : await findChange(store, undoOf);
    const back = change && await takenBackBy(store, change);
    if (!change || back === undefined) return false;
    ctx.refuse("no_way_back", {
      about: auditOf(change),
      next: line({ code: back }, " took it back already. ", { code: `/undo ${back}` }, " brings it again."),
    });
    return true;
  }

  private async planOrAnswer(
    ctx: UpdateContext,
    operation: ChangeOperation,
    invocation: Invocation,
    connected: Connected,
  ): Promise<Plan | ValueNeeded | undefined> {
    const { config, clock, vendors } = this.deps;
    const signal = AbortSignal.timeout(PLAN_MS);
    const call = { signal, fresh: true, trace: ctx.trace, maxBytes: CHANGE_ANSWER_BYTES };
    try {
      const plan = await ctx.withProgress(
        { mark: "working", title: `Asking ${connected.vendor.label} about a change …` },
        clock,
        () => operation.plan(vendors.context(connected, call), invocation.input),
        // An edit makes no sound, and what this becomes is for those who must act.
        { sound: groupFor(ctx, config) === ctx.chat.id },
      );
      if (!("nothing" in plan)) return plan;
      ctx.answer({ mark: "info", title: plan.nothing, personal: true });
    } catch (error) {
      const reply = { ...errorReply(error, ctx, invocation, this.commandSet), personal: true };
      // A document stands for all that a form would ask for.
      const isTyped = invocation.undoOf === undefined && invocation.input.document === undefined;
      const hasForm = operation.form !== undefined && error instanceof BadInput && isTyped;
      ctx.answer(hasForm ? offeringForm(config, ctx, reply, invocation) : reply, { paged: true });
      if (error instanceof ValueNeeded && isTyped) return error;
    }
    return undefined;
  }

  /** An undo would be a plain overwrite if someone has changed the target since. */
  private async wayBackIsOpen(ctx: UpdateContext, plan: Plan, { undoOf }: Invocation): Promise<boolean> {
    if (undoOf === undefined) return true;
    const change = await findChange(this.deps.store, undoOf);
    // Of what took effect in part only a part has to be set back.
    if (!change?.after_state || isPartOf(plan.before, JSON.parse(change.after_state))) return true;
    ctx.refuse("undo_moved", { about: auditOf(change) });
    return false;
  }

  /** Who asks for the same again is shown what waits, whatever the reason: a twin would be approved twice. */
  private async isAskedAlready(ctx: UpdateContext, plan: Plan, wanted: PlannedChange): Promise<boolean> {
    const beside = await openBeside(this.deps.store, { target_key: plan.target.key });
    const twin = beside.find((other) => other.requester_id === ctx.person.id && isTwin(other, wanted));
    if (!twin) return false;
    ctx.answer(waitingReply(twin));
    return true;
  }

  private async record(request: PlannedRequest): Promise<void> {
    const { deps: { store }, ctx } = { deps: this.deps, ...request };
    const sameChat = request.chatId === ctx.chat.id;
    const row = newChange(request, this.deps, this.members);
    const code = await freeCode(store);
    const view = await viewOf(this.deps, this.members, { ...row, code });
    const theirViews = new Map<string, CardView>();
    for (const other of view.beside ?? []) {
      theirViews.set(other.code, await viewOf(this.deps, this.members, other));
    }
    ctx.onCommit(async (transaction) => {
      // The same may be asked for in another chat at this moment: whoever comes second sees what came first.
      await lockTarget(store, transaction, row.target_key);
      const beside = await openBeside(store, row, transaction);
      const twin = beside.find((other) => other.requester_id === row.requester_id && isTwin(other, row));
      if (twin) {
        await wipeSecrets(transaction, row.handle);
        return ctx.answer(waitingReply(twin));
      }
      const insert = transaction.insertInto("changes").values({ ...row, code, shown: shownOf(view) });
      const change = await insert.returningAll().executeTakeFirstOrThrow();
      if (view.ruling.asks) await planReminders(transaction, change, view.ruling);
      await attachCard(store, transaction, change, {
        ...cardMessage(change),
        replyTo: sameChat ? change.origin_message ?? undefined : undefined,
        reply: cardOf(change, { ...view, beside }),
        sound: true,
        answers: ctx.updateId,
      }, ctx.key);
      for (const other of beside) {
        const theirs = theirViews.get(other.code) ??
          { freeze: view.freeze, ruling: this.members.rulingOf(other) };
        const known = [...beside.filter((one) => one !== other), change];
        await showBeside(store, transaction, other.code, { ...theirs, beside: known });
      }
      const { hash, reason, ticket, undo_of } = row;
      const detail = JSON.stringify({ hash, reason, ticket, undo_of, policy: this.members.rules?.hash });
      ctx.audit({ ...auditOf({ ...row, code }), event: "asked", detail });
      if (!sameChat) ctx.answer(sentToGroup(code, !canBeMet(view.ruling.needs, ctx.person.id)));
    });
  }
}

/** A request whose plan is made, and which only has to be written down. */
interface PlannedRequest {
  readonly ctx: UpdateContext;
  readonly operation: ChangeOperation;
  readonly invocation: Invocation;
  readonly plan: Plan;
  readonly times: Times;
  /** The group whose members decide. */
  readonly chatId: number;
}

/** The row of a change that waits for its second person: all that will be executed, and all that people will see. */
function newChange(
  { ctx, operation, invocation, plan, times, chatId }: PlannedRequest,
  { store, vendors }: Deps,
  members: Members,
) {
  const now = store.now();
  const what = ruledChange(operation, plan);
  const ruling = members.rulingOf(what);
  const row = {
    ...what,
    state: "pending" as const,
    policy: ruling.digest,
    account: vendors.byName(operation.vendor)?.account ?? null,
    card: JSON.stringify(operation.render(plan)),
    undo: JSON.stringify(operation.undo(plan)),
    undo_of: invocation.undoOf ?? null,
    reason: invocation.reason ?? null,
    ticket: invocation.ticket ?? null,
    requester_id: ctx.person.id,
    requester_name: ctx.person.name,
    origin_chat: ctx.chat.id,
    origin_thread: ctx.threadId ?? null,
    origin_message: ctx.messageId ?? invocation.messageId ?? null,
    chat_id: chatId,
    thread_id: chatId === ctx.chat.id ? ctx.threadId ?? null : null,
    handle: invocation.handle ?? newHandle(),
    created_at: now,
    // Nobody can approve any more what should have run by then.
    expires_at: Math.min(now + ruling.ttlMs, times.scheduled_at ?? Infinity),
    ...times,
    loan_of: null,
    starts_at: null,
    claimed_until: 0,
    checks: 0,
    take_overs: 0,
    trace: ctx.trace,
  };
  return { ...row, hash: fingerprintOf(row) };
}

function groupFor(ctx: UpdateContext, config: Config): number | undefined {
  return ctx.chat.type === "private" ? config.adminChats.find((id) => id < 0) : ctx.chat.id;
}

/** As a sentence; on the card it is the end of one. */
function whyNot(why: Line): Line {
  return line("Why: ", typeof why === "string" ? why.replace(/\.$/, "") : why, ".");
}

function sentToGroup(code: string, inVain: boolean): Reply {
  return {
    mark: "working",
    title: ["Sent to the group for approval: ", { code }],
    blocks: [
      textBlock(inVain ? "But nobody can approve it: APPROVERS lists nobody but you." : ""),
      textBlock(["/withdraw ", { code }, " takes it back."]),
    ],
  };
}

/** Any number that only we use. */
const TARGET_LOCKS = 7_205;

/** Until the transaction ends nobody else writes down a request for this target; SQLite has one writer at a time. */
async function lockTarget(store: Store, transaction: Transaction<Schema>, targetKey: string): Promise<void> {
  if (store.kind !== "postgres") return;
  await sql`select pg_advisory_xact_lock(${TARGET_LOCKS}, hashtext(${targetKey}))`.execute(transaction);
}

/**
 * Shows a card for the first time: in place of what was shown while its vendor was asked, if that was, so that a
 * request stays one message.
 */
async function attachCard(
  store: Store,
  transaction: Transaction<Schema>,
  change: Change,
  card: Outgoing,
  meanwhile: string,
): Promise<void> {
  const shown = await findMessage(transaction, meanwhile);
  if (shown?.state === "idle" && shown.message_id !== null && shown.chat_id === card.chatId) {
    await adoptMessage(store, transaction, card, shown.message_id);
    return void await transaction.deleteFrom("messages").where("key", "=", meanwhile).execute();
  }
  await putMessage(store, transaction, card);
  if (!shown) return;
  // It is on its way to Telegram at this moment, so nobody knows yet where it will stand.
  const reply = { mark: "info", title: ["Asked for: ", { code: change.code }] } as const;
  await putMessage(store, transaction, { ...card, key: meanwhile, reply, sound: false });
}

/** Says on a card that still asks what else is asked for; the row is locked, so that no decision comes in between. */
async function showBeside(
  store: Store,
  transaction: Transaction<Schema>,
  code: string,
  view: CardView,
): Promise<void> {
  const other = await transaction.updateTable("changes").set({ shown: shownOf(view) })
    .where("code", "=", code).where("state", "=", "pending").returningAll().executeTakeFirst();
  if (other) await putMessage(store, transaction, cardMessage(other, view));
}
