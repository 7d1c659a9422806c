import type { Transaction } from "kysely";
import type { Clock } from "../../clients/clock.ts";
import type { ChangeOperation, Plan } from "../../handlers/operation.ts";
import { type Line, line, type Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { ReasonCode } from "../access/reason_codes.ts";
import type { Config } from "../config.ts";
import type { RefusalDetails, UpdateContext } from "../context.ts";
import { errorReply } from "../error_reply.ts";
import type { Invocation } from "../invocation.ts";
import { adoptMessage, findMessage, type Outgoing, PRIORITY, putMessage } from "../outbox/messages.ts";
import type { Vocabulary } from "../parser/parse.ts";
import { askedIn } from "../parser/secret_scan.ts";
import { withProgress } from "../progress.ts";
import type { Secrets } from "../secrets/entry.ts";
import type { Store } from "../store/database.ts";
import type { Schema } from "../store/schema.ts";
import type { Vendors } from "../vendors.ts";
import { cardOf } from "./card.ts";
import { freezeFor } from "./freeze.ts";
import { freeCode, newChange, sameJson } from "./plan.ts";
import { auditOf, type Change, findChange } from "./state_machine.ts";

/** Planning reads the vendor; after this long the request is given up. */
const PLAN_MS = 30_000;

export interface RequestsOptions {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly vendors: Vendors;
  readonly members: Members;
  readonly secrets: Secrets;
  readonly vocabulary: Vocabulary;
}

/** From what someone typed to a change that waits for its second person. */
export interface Requests {
  ask(ctx: UpdateContext, operation: ChangeOperation, invocation: Invocation): Promise<void>;
  /** The way back from a change, asked for like any other. */
  undo(ctx: UpdateContext, change: Change): Promise<void>;
  /** The same request once more, against the state of today. */
  again(ctx: UpdateContext, change: Change): Promise<void>;
}

export function createRequests(options: RequestsOptions): Requests {
  const { config, store, clock, vendors, members, secrets, vocabulary } = options;

  async function ask(ctx: UpdateContext, operation: ChangeOperation, invocation: Invocation): Promise<void> {
    const { handle } = invocation;
    if (await tryToAsk(ctx, operation, invocation) || handle === undefined) return;
    // Nothing came of it, so the secrets that were entered for it are of no use any more.
    ctx.onCommit((transaction) => secrets.wipe(transaction, handle));
  }

  /** True once a change waits for its second person. */
  async function tryToAsk(
    ctx: UpdateContext,
    operation: ChangeOperation,
    invocation: Invocation,
  ): Promise<boolean> {
    const named = nameOf(operation);
    const refuse = (reason: ReasonCode, more: RefusalDetails = {}) => {
      ctx.refuse(reason, { operation: named, ...more });
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
    if (invocation.asked.length > 0 && !config.secretKey) return refuse("no_secret_key");
    if (await isTakenBack(ctx, invocation)) return false;
    const plan = await planOrAnswer(ctx, operation, invocation);
    if (!plan || !await wayBackIsOpen(ctx, plan, invocation)) return false;
    if (invocation.asked.length > 0 && !await secrets.complete(invocation)) {
      await secrets.askFor(ctx, invocation, operation.render(plan).title);
      return false;
    }
    await record(ctx, operation, invocation, plan, chatId);
    return true;
  }

  async function isTakenBack(ctx: UpdateContext, { undoOf }: Invocation): Promise<boolean> {
    const change = undoOf === undefined ? undefined : await findChange(store, undoOf);
    const back = change && await takenBackBy(store, change);
    if (!change || back === undefined) return false;
    ctx.refuse("no_way_back", {
      about: auditOf(change),
      next: line({ code: back }, " took it back already. ", { code: `/undo ${back}` }, " brings it again."),
    });
    return true;
  }

  async function planOrAnswer(
    ctx: UpdateContext,
    operation: ChangeOperation,
    invocation: Invocation,
  ): Promise<Plan | undefined> {
    const connected = vendors.byName(operation.vendor)!;
    const call = { signal: AbortSignal.timeout(PLAN_MS), fresh: true, trace: ctx.trace };
    try {
      const { label } = connected.vendor;
      const plan = await withProgress(
        ctx,
        { mark: "working", title: ["Asking ", label, " about a change …"] },
        clock,
        () => operation.plan(vendors.context(connected, call), invocation.input),
        // An edit makes no sound, and what this becomes is for those who must act.
        { sound: groupFor(ctx, config) === ctx.chat.id },
      );
      if (!("nothing" in plan)) return plan;
      ctx.answer({ mark: "info", title: plan.nothing, personal: true });
    } catch (error) {
      ctx.answer({ ...errorReply(error, { store, ctx, invocation, vocabulary }), personal: true });
    }
    return undefined;
  }

  /** An undo would be a plain overwrite if someone has changed the target since. */
  async function wayBackIsOpen(ctx: UpdateContext, plan: Plan, { undoOf }: Invocation): Promise<boolean> {
    if (undoOf === undefined) return true;
    const change = await findChange(store, undoOf);
    if (!change?.after_state || sameJson(JSON.parse(change.after_state), plan.before)) return true;
    ctx.refuse("undo_moved", { about: auditOf(change) });
    return false;
  }

  async function record(
    ctx: UpdateContext,
    operation: ChangeOperation,
    invocation: Invocation,
    plan: Plan,
    chatId: number,
  ): Promise<void> {
    const sameChat = chatId === ctx.chat.id;
    const row = newChange({ config, ctx, operation, invocation, plan, chatId, now: store.now() });
    const freeze = await freezeFor(store, row);
    const approvers = await members.approversBesides(ctx.person.id);
    const code = await freeCode(store);
    ctx.onCommit(async (transaction) => {
      const change = await transaction.insertInto("changes").values({ ...row, code }).returningAll()
        .executeTakeFirstOrThrow();
      const card: Outgoing = {
        key: cardKey(change.code),
        chatId,
        threadId: change.thread_id ?? undefined,
        replyTo: sameChat ? change.origin_message ?? undefined : undefined,
        reply: cardOf(change, { freeze, approvers }),
        priority: PRIORITY.decision,
        sound: true,
        trace: ctx.trace,
      };
      await attachCard(store, transaction, card, { meanwhile: ctx.key, code });
    });
    ctx.audit({
      ...auditOf({ ...row, code }),
      event: "asked",
      detail: JSON.stringify({
        hash: row.hash,
        reason: row.reason,
        ticket: row.ticket,
        undo_of: row.undo_of,
      }),
    });
    if (!sameChat) ctx.answer(sentToGroup(code, approvers === ""));
  }

  return {
    ask,
    async undo(ctx, change) {
      const undo = JSON.parse(change.undo) as ReturnType<ChangeOperation["undo"]>;
      const done = change.state === "applied" || change.state === "accepted";
      if (!done || !undo.possible) {
        return ctx.refuse("no_way_back", {
          about: auditOf(change),
          next: undo.possible ? `It is ${change.state}.` : whyNot(undo.why),
        });
      }
      const open = await openUndoOf(store, change);
      if (open !== undefined) return ctx.answer(duplicateReply(open));
      const operation = vendors.find(undo.verb, undo.target);
      if (!operation || operation.risk === "read") throw new Error(`No change to undo with: ${undo.verb}`);
      await ask(ctx, operation, {
        verb: undo.verb,
        target: undo.target,
        input: undo.input,
        asked: askedIn(undo.input, (field) => operation.secret(field)),
        reason: `undo of ${change.code}`,
        ticket: change.ticket ?? undefined,
        undoOf: change.code,
      });
    },
    async again(ctx, change) {
      // Only these offer it; any client can send what their button sends.
      if (change.state !== "superseded" && change.state !== "expired") {
        return ctx.refuse("unknown_button", { about: auditOf(change) });
      }
      const open = await openRepeatOf(store, change);
      if (open !== undefined) return ctx.answer(duplicateReply(open));
      const operation = vendors.find(change.verb, change.target);
      if (!operation || operation.risk === "read") return ctx.refuse("unknown_change");
      const plan = JSON.parse(change.plan) as Plan;
      await ask(ctx, operation, {
        verb: change.verb,
        target: change.target,
        input: plan.input,
        asked: await secrets.fieldsOf(change.handle),
        reason: change.reason ?? undefined,
        ticket: change.ticket ?? undefined,
        undoOf: change.undo_of ?? undefined,
      });
    },
  };
}

/** As a sentence; on the card it is the end of one. */
function whyNot(why: Line): Line {
  return line("Why: ", typeof why === "string" ? why.replace(/\.$/, "") : why, ".");
}

/** The key of the one message of a change in the group. */
export function cardKey(code: string): string {
  return `card:${code}`;
}

function nameOf(operation: { verb: string; target: string | null }): string {
  return [operation.verb, operation.target].filter(Boolean).join(" ");
}

function groupFor(ctx: UpdateContext, config: Config): number | undefined {
  if (ctx.chat.type !== "private") return ctx.chat.id;
  return config.adminChats.find((id) => id < 0);
}

function sentToGroup(code: string, inVain: boolean): Reply {
  return {
    mark: "working",
    title: ["Sent to the group for approval: ", { code }],
    blocks: [
      ...(inVain
        ? [{ kind: "text" as const, text: "But nobody can approve it: APPROVERS lists nobody but you." }]
        : []),
      { kind: "text", text: ["/withdraw ", { code }, " takes it back."] },
    ],
  };
}

/**
 * Shows a card for the first time: in place of what was shown while its vendor was asked, if that was, so that a
 * request stays one message.
 */
export async function attachCard(
  store: Store,
  transaction: Transaction<Schema>,
  card: Outgoing,
  { meanwhile, code }: { readonly meanwhile: string; readonly code: string },
): Promise<void> {
  const shown = await findMessage(transaction, meanwhile);
  if (shown?.state === "idle" && shown.message_id !== null && shown.chat_id === card.chatId) {
    await adoptMessage(store, transaction, card, shown.message_id);
    await transaction.deleteFrom("messages").where("key", "=", meanwhile).execute();
    return;
  }
  await putMessage(store, transaction, card);
  if (!shown) return;
  // It is on its way to Telegram at this moment, so nobody knows yet where it will stand.
  const reply = { mark: "info", title: ["Asked for: ", { code }] } as const;
  await putMessage(store, transaction, { ...card, key: meanwhile, reply, sound: false });
}

/** An open change that takes this one back: a second press must not ask for the same way back again. */
export async function openUndoOf(store: Store, change: Change): Promise<string | undefined> {
  const open = await openChanges(store).where("undo_of", "=", change.code).executeTakeFirst();
  return open?.code;
}

/** The change that took this one back; undefined also where that was itself taken back since. */
export async function takenBackBy(store: Store, change: Change): Promise<string | undefined> {
  const back = await store.db.selectFrom("changes").selectAll()
    .where("state", "in", ["applied", "accepted"]).where("created_at", ">=", change.created_at)
    .where("undo_of", "=", change.code).orderBy("created_at", "desc").limit(1).executeTakeFirst();
  return back && await takenBackBy(store, back) === undefined ? back.code : undefined;
}

/** An open change that asks for the same since this one was superseded. */
export async function openRepeatOf(store: Store, change: Change): Promise<string | undefined> {
  const { verb, target, target_key, finished_at } = change;
  const open = await openChanges(store)
    .where("verb", "=", verb).where("target_key", "=", target_key).where("created_at", ">=", finished_at ?? 0)
    .$if(target !== null, (query) => query.where("target", "=", target))
    .executeTakeFirst();
  return open?.code;
}

export function duplicateReply(code: string): Reply {
  return {
    mark: "info",
    title: ["It was asked for already: ", { code }],
    blocks: [{ kind: "text", text: { code: `/change ${code}` } }],
    personal: true,
  };
}

function openChanges(store: Store) {
  return store.db.selectFrom("changes").select("code").where((is) =>
    is.or([
      is("state", "in", ["approved", "executing"]),
      is.and([is("state", "=", "pending"), is("expires_at", ">", store.now())]),
    ])
  ).orderBy("created_at").limit(1);
}
