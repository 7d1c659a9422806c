import type { Transaction } from "kysely";
import { type Line, line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { candidates, isMet, progressOf } from "../access/policy.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import type { ReasonCode } from "../reason_codes.ts";
import { adoptMessage, findMessage, putMessage } from "../outbox/messages.ts";
import type { Outgoing } from "../outbox/outgoing.ts";
import {
  auditOf,
  type Change,
  changeTitle,
  findChange,
  freezeFor,
  holdFor,
  lockPending,
  votesOf,
} from "../store/changes.ts";
import type { ChangeState, Schema } from "../store/schema.ts";
import { cardMessage, cardOf, copyMessage, outcomeMessage } from "./card.ts";
import { isUndecided, isUnexplained, startOf, transition, type TransitionStep } from "./state_machine.ts";
import { type CardView, holdLine, MOST_OF_NAMES, personLine, viewOf, wayOutOf, whatIsShut } from "./view.ts";

export type DecisionKind = "approve" | "reject" | "withdraw";

/**
 * The one way to decide about a change, for buttons and for commands. Who may is asked anew each time; whether it
 * is still open, and not expired, is part of the write itself. The first decision wins.
 */
export class Decisions {
  constructor(private readonly deps: Deps, private readonly members: Members) {}

  /** Decides, or says why this person may not or why it is too late. Who rejects their own request takes it back. */
  async decide(ctx: UpdateContext, change: Change, asked: DecisionKind, reason?: string): Promise<void> {
    if (asked === "reject" && reason !== undefined && isUnexplained(change, ctx.person.id)) {
      return await this.explain(ctx, change, reason);
    }
    if (!isUndecided(change, this.deps.store.now())) return await this.tellWhatItIs(ctx, change.code, asked);
    const kind = asked === "reject" && isOwn(ctx, change) ? "withdraw" : asked;
    if (!await this.mayDecide(ctx, change, kind)) return;
    const moved = kind === "approve"
      ? await this.vote(ctx, change, reason)
      : await transition(this.deps.store, decisionStep(ctx, change, kind, { reason }));
    if (moved === "voted") return ctx.refuse("voted_already", { about: auditOf(change) });
    if (!moved) return await this.tellWhatItIs(ctx, change.code, kind);
    if (moved.state !== "pending") this.deps.metrics.changes.inc({ state: moved.state });
    // In private the message itself goes on to say what becomes of it.
    if (ctx.press || ctx.chat.type !== "private") ctx.confirm(decided(moved, kind));
  }

  private async explain(ctx: UpdateContext, change: Change, reason: string): Promise<void> {
    const { only: _open, also: _copy, ...step } = decisionStep(ctx, change, "explain", { reason });
    const { decided_at, finished_at } = change;
    const moved = await transition(this.deps.store, {
      ...step,
      set: { decision_reason: reason, decided_at, finished_at },
    });
    if (moved) ctx.confirm(decided(moved, "explain"));
  }

  /** Stops what is approved and has not begun; whoever may ask for changes or approve them may. */
  async stop(ctx: UpdateContext, change: Change, reason?: string): Promise<void> {
    const record = { about: auditOf(change), detail: reason ?? "stop" };
    const denied = await this.whyNot(ctx, change, "request") && await this.whyNot(ctx, change);
    if (denied) return ctx.refuse(denied, record);
    const moved = await transition(this.deps.store, stoppingStep(ctx, change, reason));
    if (!moved) {
      const now = await this.onceOverdueEnded(change.code, ctx.person.id) ?? change;
      return ctx.refuse("not_stoppable", { ...record, next: whyNotStopped(now) });
    }
    this.deps.metrics.changes.inc({ state: moved.state });
    ctx.confirm({ ...changeTitle(moved), footer: { code: moved.code }, personal: true });
  }

  /** Takes one's own approval back, until there are enough of them. */
  async takeBack(ctx: UpdateContext, { code, ...named }: Change): Promise<void> {
    const { store } = this.deps;
    const { person } = ctx;
    const view = await viewOf(this.deps, this.members, { code, ...named });
    let missing = false;
    const moved = await transition(store, async (transaction) => {
      const change = await lockPending(store, transaction, code);
      if (!change) return undefined;
      const gone = await transaction.deleteFrom("votes").where("code", "=", code)
        .where("person_id", "=", person.id).returning("person_id").executeTakeFirst();
      missing = gone === undefined;
      if (missing) return undefined;
      return voteStep(ctx, change, "take_back", { ...view, votes: await votesOf(transaction, change) });
    });
    if (missing) return ctx.refuse("no_vote", { about: auditOf({ code, ...named }) });
    if (!moved) return await this.tellWhatItIs(ctx, code, "approve");
    ctx.confirm({ mark: "info", title: line("Taken back: ", { code }), personal: true });
  }

  /** Counts an approval; with the last one that it needs, the change is approved. */
  private async vote(
    ctx: UpdateContext,
    { code, ...named }: Change,
    reason: string | undefined,
  ): Promise<Change | "voted" | undefined> {
    const { store, config } = this.deps;
    const view = await viewOf(this.deps, this.members, { code, ...named });
    const mine = { person_id: ctx.person.id, person_name: ctx.person.name, voted_at: store.now() };
    let voted = false;
    const moved = await transition(store, async (transaction) => {
      const change = await lockPending(store, transaction, code);
      if (!change) return undefined;
      const before = await votesOf(transaction, change);
      voted = before.some(({ person_id }) => person_id === mine.person_id);
      if (voted) return undefined;
      await transaction.insertInto("votes").values({ code, ...mine }).execute();
      const votes = [...before, mine];
      const progress = progressOf(view.ruling.needs, votes.map(({ person_id }) => person_id));
      if (!isMet(progress)) return voteStep(ctx, change, "vote", { ...view, votes }, reason);
      const starts_at = startOf(change, store.now(), config.graceMs);
      return decisionStep(ctx, change, "approve", { reason, view: { ...view, votes }, starts_at });
    });
    if (moved?.state === "approved") {
      this.deps.metrics.approvalSeconds.observe((mine.voted_at - moved.created_at) / 1000);
    }
    return voted ? "voted" : moved;
  }

  /** Ends what waited too long; only tidies, since no late decision could have got through. */
  async expireOverdue(): Promise<void> {
    const { store } = this.deps;
    const overdue = await store.db.selectFrom("changes").selectAll()
      .where("state", "=", "pending").where("expires_at", "<=", store.now()).limit(100).execute();
    for (const change of overdue) await this.expire(change);
  }

  /** What this person may not do is refused, with the way there. */
  private async mayDecide(ctx: UpdateContext, change: Change, kind: DecisionKind): Promise<boolean> {
    const record = { about: auditOf(change), detail: kind };
    const refuse = (...[reason, more]: Parameters<UpdateContext["refuse"]>) => {
      ctx.refuse(reason, { ...record, ...more });
      return false;
    };
    if (kind === "withdraw") return isOwn(ctx, change) || refuse("not_requester");
    if (kind === "approve" && isOwn(ctx, change)) {
      return refuse("own_change", { next: await this.whoElse(change) });
    }
    const denied = await this.whyNot(ctx, change);
    if (denied === "no_rule_names_you") {
      const ruling = this.members.rulingOf(change);
      return refuse(denied, { next: await this.members.whoMayApprove(ruling, change.requester_id) });
    }
    if (denied) return refuse(denied);
    const shut = kind === "approve" ? await whatIsShut(this.deps, this.members, change) : undefined;
    if (shut) return refuse("closed_hours", { next: shut });
    const freeze = kind === "approve" ? await freezeFor(this.deps.store, change) : undefined;
    if (freeze) return refuse("frozen", { next: line(wayOutOf(freeze), ".") });
    const hold = kind === "approve" ? await holdFor(this.deps.store, change) : undefined;
    return hold ? refuse("held", { next: line("Held: ", holdLine(hold), ".") }) : true;
  }

  /** Why this person may not decide about a change, wherever they say it. */
  async whyNot(
    { person, chat }: UpdateContext,
    change: Change,
    need: "request" | "approve" = "approve",
  ): Promise<ReasonCode | undefined> {
    const decision = await this.members.judgeFor(change, need, person.id);
    if (decision.allowed) return undefined;
    if (decision.reason === "unknown_chat") return "policy_changed";
    return decision.reason === "not_member" && chat.id !== change.chat_id ? "other_group" : decision.reason;
  }

  /** The change as it is now; one too late for a decision has ended, perhaps by another replica. */
  private async onceOverdueEnded(code: string, tooLate: number): Promise<Change | undefined> {
    const { store } = this.deps;
    const change = await findChange(store, code);
    if (change?.state !== "pending" || change.expires_at > store.now()) return change;
    return await this.expire(change, tooLate) ?? await findChange(store, code);
  }

  /** Someone was faster, or the time was up: says which, and never as an error of the presser. */
  async tellWhatItIs(ctx: UpdateContext, code: string, kind: DecisionKind): Promise<void> {
    const change = await this.onceOverdueEnded(code, ctx.person.id);
    if (!change) return ctx.refuse("unknown_change", { detail: code });
    const record = { about: auditOf(change), detail: kind };
    if (change.state === "expired") return ctx.refuse("expired", record);
    const next = whatBecameOf(change, ctx.person.id, this.deps.store.now());
    ctx.refuse("already_decided", { ...record, next });
  }

  private async whoElse(change: Change): Promise<Line> {
    const { code, requester_id } = change;
    const { ruling, names: known } = await viewOf(this.deps, this.members, change);
    if (ruling.asks) {
      const who = await this.members.whoMayApprove(ruling, requester_id);
      return line("Who can: ", who, " To take it back: ", { code: `/withdraw ${code}` });
    }
    const lists = ruling.needs.flatMap(({ approve }) => approve);
    const names = candidates(lists, new Set([requester_id]), known);
    const who: Line = names === undefined ? "any other approver" : { data: names, max: MOST_OF_NAMES };
    const can = names === "" ? "APPROVERS lists nobody else" : line("Who can: ", who);
    return line(can, ". To take it back: ", { code: `/withdraw ${code}` });
  }

  /** Whoever came too late is told so in answer, and needs no other message. */
  private async expire(change: Change, tooLate?: number): Promise<Change | undefined> {
    const { store, metrics } = this.deps;
    const freeze = await freezeFor(store, change);
    const why = freeze && line("It could not be approved in time. ", wayOutOf(freeze), ".");
    const moved = await transition(store, {
      code: change.code,
      event: "expire",
      set: why ? { evidence: JSON.stringify(why) } : {},
      only: { expiresUntil: store.now() },
      audit: { reason_code: "expired" },
      show: (expired) => [
        cardMessage(expired),
        ...(expired.requester_id === tooLate ? [] : notifyRequester(expired)),
      ],
    });
    if (moved) metrics.changes.inc({ state: moved.state });
    return moved;
  }
}

export function isOwn(ctx: UpdateContext, change: Change): boolean {
  return change.requester_id === ctx.person.id;
}

/** A vote that decides nothing yet: the card goes on asking. */
function voteStep(
  ctx: UpdateContext,
  { code }: Change,
  event: "vote" | "take_back",
  view: CardView,
  reason?: string,
): TransitionStep {
  const { person, chat } = ctx;
  return {
    code,
    event,
    audit: { person_id: person.id, person_name: person.name, chat_id: chat.id, detail: reason ?? null },
    view,
    show: (change) => [{ ...cardMessage(change), reply: cardOf(change, view) }],
    ...alsoInPrivate(ctx, view),
  };
}

function decisionStep(
  ctx: UpdateContext,
  { code }: Change,
  kind: DecisionKind | "explain",
  { reason, view, starts_at }: {
    readonly reason?: string | undefined;
    readonly view?: CardView;
    readonly starts_at?: Change["starts_at"];
  },
): TransitionStep {
  const { store, person, chat } = ctx;
  const now = store.now();
  return {
    code,
    event: kind,
    set: {
      decided_at: now,
      decider_id: person.id,
      decider_name: person.name,
      decision_reason: reason ?? null,
      ...(starts_at !== undefined && { starts_at }),
    },
    only: { expiresAfter: now },
    audit: { person_id: person.id, person_name: person.name, chat_id: chat.id, detail: reason ?? null },
    show: (moved) => [{ ...cardMessage(moved), reply: cardOf(moved, view) }, ...notifyRequester(moved)],
    ...alsoInPrivate(ctx, view),
  };
}

function alsoInPrivate(ctx: UpdateContext, view: CardView | undefined): Pick<TransitionStep, "also"> {
  if (ctx.chat.type !== "private") return {};
  return { also: (transaction, moved) => answerInPrivate(ctx, transaction, moved, view) };
}

/** In place of what was pressed, or in answer to what was typed; from now on it says what becomes of the change. */
async function answerInPrivate(
  { store, press, messageId, person, updateId }: UpdateContext,
  transaction: Transaction<Schema>,
  change: Change,
  view: CardView | undefined,
): Promise<void> {
  const shown = press?.replaces && await findMessage(transaction, press.replaces.key);
  const { code } = change;
  // Pressed in a copy: it follows the change already.
  if (shown?.key.startsWith(`copy:${code}:`)) return;
  const copy = { ...copyMessage(change, person.id, view), replyTo: messageId };
  const key = await findMessage(transaction, copy.key) ? `${copy.key}:${updateId}` : copy.key;
  await transaction.insertInto("card_copies").values({ key, code, person_id: person.id }).execute();
  if (!shown || shown.message_id === null) return await putMessage(store, transaction, { ...copy, key });
  await adoptMessage(store, transaction, { ...copy, key }, shown.message_id);
  await transaction.deleteFrom("messages").where("key", "=", shown.key).execute();
}

function stoppingStep(
  { person, chat }: UpdateContext,
  { code, requester_id }: Change,
  reason: string | undefined,
): TransitionStep {
  const why: Line = reason ? [": “", { data: reason, max: 200 }, "”"] : "";
  const evidence = line(personLine(person.name, person.id), " stopped it before it ran", why, ".");
  return {
    code,
    event: "stop",
    set: { evidence: JSON.stringify(evidence) },
    audit: { person_id: person.id, person_name: person.name, chat_id: chat.id, detail: reason ?? null },
    show: (moved) => [cardMessage(moved), ...(person.id === requester_id ? [] : notifyRequester(moved))],
  };
}

function whyNotStopped({ code, state }: Change): Line {
  if (state === "pending") return ["It waits for approval: ", { code: `/reject ${code}` }, " ends it."];
  return line(`It is ${state}. `, { code: `/change ${code}` }, " says what became of it.");
}

/** "Ben approved it 20 s ago; it is running." */
function whatBecameOf(change: Change, readerId: number, now: number): Line {
  const { state, decider_id, decider_name, decided_at, finished_at } = change;
  const who = decider_id === readerId ? "You" : { data: decider_name || "Someone", max: 40 };
  const ago = agoWords(now - (decided_at ?? finished_at ?? now));
  if (state === "rejected") return line(who, ` rejected it ${ago}.`);
  if (state === "withdrawn" && decider_id === null) {
    return `Telegram did not take its card ${ago}, so nobody could approve it.`;
  }
  if (state === "withdrawn") return line(who, ` took it back ${ago}.`);
  return line(who, ` approved it ${ago}; ${SINCE[state] ?? `it is ${state}`}.`);
}

const SINCE: Readonly<Partial<Record<ChangeState, string>>> = {
  approved: "it runs next",
  executing: "it is running",
  applied: "it was applied",
  "partly applied": "a part of it took effect",
  accepted: "the vendor accepted it",
  "not applied": "it did not take effect",
  unknown: "nobody can say yet whether it took effect",
  superseded: "nothing was sent, because something had moved",
  stopped: "it was stopped before it ran",
};

/** An alert carries no times of its own, and is read at once. */
function agoWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

const CONFIRMED = {
  vote: ["working", "Your approval counts: "],
  approve: ["working", "Approved: "],
  reject: ["info", "Rejected: "],
  explain: ["info", "Your reason stands on its card: "],
  withdraw: ["info", "Withdrawn: "],
} as const;

function decided(change: Change, kind: keyof typeof CONFIRMED): Reply {
  const [mark, words] = CONFIRMED[change.state === "pending" ? "vote" : kind];
  const asker = personLine(change.requester_name, change.requester_id);
  return {
    mark,
    title: line(words, { code: change.code }),
    blocks: [textBlock(line("Asked by ", asker, ". Its card shows what becomes of it."))],
    personal: true,
  };
}

/**
 * Tells whoever asked that nothing comes of it. The card says so too, but nobody notices an edit, and it may stand
 * in a chat that this person does not look at. Nothing for who took it back: that person knows.
 */
function notifyRequester(change: Change): Outgoing[] {
  const why = whyInVain(change);
  if (why === undefined) return [];
  const outcome = outcomeMessage(change);
  return [{ ...outcome, reply: { ...outcome.reply, blocks: [textBlock(why)] } }];
}

function whyInVain(
  { state, decider_id, decider_name, decision_reason, evidence }: Change,
): Line | undefined {
  if (state === "expired") {
    const why = evidence === null ? "Nobody decided in time." : JSON.parse(evidence) as Line;
    return line(why, " Nothing was sent. “Ask again” under its card asks once more.");
  }
  if (state === "stopped" && evidence !== null) return JSON.parse(evidence) as Line;
  if (state !== "rejected" || decider_id === null) return undefined;
  return line(
    personLine(decider_name ?? "", decider_id),
    " rejected it",
    decision_reason ? [": “", { data: decision_reason, max: 200 }, "”"] : "",
    ". Nothing was sent.",
    decision_reason ? "" : " A reply to this says why.",
  );
}
