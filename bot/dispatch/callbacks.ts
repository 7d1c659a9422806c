import { line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { ReasonCode } from "../reason_codes.ts";
import { cardKey } from "../approvals/card.ts";
import type { Decisions } from "../approvals/decide.ts";
import { offerToPass } from "../approvals/pass_on.ts";
import type { Loans } from "../approvals/way_back.ts";
import type { Requests } from "../approvals/request.ts";
import { takeOver } from "../commands/handover.ts";
import { LONGEST_ALERT, type UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { invocationShape } from "../invocation.ts";
import { errorFields } from "../log.ts";
import { adoptMessage, findMessage, messageAt } from "../outbox/messages.ts";
import { type Outgoing, PRIORITY } from "../outbox/outgoing.ts";
import { headOf } from "../parser/command.ts";
import { pageOf, parseCallback, type Press } from "../render/keyboard.ts";
import { auditOf, type Change, findChangeByHandle } from "../store/changes.ts";
import { findPrompt, usePrompt } from "../store/kept_values.ts";
import type { MessagesTable, PromptsTable } from "../store/schema.ts";
import type { Pickers } from "../pickers/picker.ts";
import type { Router } from "./router.ts";
import type { Alerts } from "../watch/alerts.ts";
import type { CallbackQuery } from "../telegram/update.ts";

/** Answers the press, the first time it is called; resolves to what it was answered with. */
type Soon = () => Promise<string | undefined>;

/** Presses of buttons. What a button carries names something; it gives no right to it. */
export class Callbacks {
  constructor(
    private readonly deps: Deps,
    private readonly members: Members,
    private readonly requests: Requests,
    private readonly decisions: Decisions,
    private readonly loans: Loans,
    private readonly router: Router,
    private readonly pickers: Pickers,
    private readonly alerts: Alerts,
  ) {}

  async handle(ctx: UpdateContext, { id, data }: Pick<CallbackQuery, "id" | "data">): Promise<void> {
    if (!await this.router.allows(ctx, "read", "press")) return void await this.answer(ctx, id);
    await this.members.rememberName(ctx.person);
    let answered: Promise<string | undefined> | undefined;
    const soon = () => answered ??= this.answer(ctx, id);
    try {
      await this.followPress(ctx, parseCallback(data ?? ""), soon);
    } finally {
      if (ctx.notice !== await soon()) ctx.sayNotice();
    }
  }

  /**
   * Whatever may take a while is begun with `soon`, which answers the press: Telegram shows a clock on the button
   * until then. What is refused before that is said in the answer itself.
   */
  private async followPress(ctx: UpdateContext, press: Press | undefined, soon: Soon): Promise<void> {
    if (!press) return ctx.refuse("unknown_button");
    if (press.kind === "command") return await this.read(ctx, press.command, soon);
    if (press.kind === "stored") return await this.readStored(ctx, press.handle, soon);
    if (press.do === "pick") {
      // Its refusals are alerts, so the press is answered first where the vendor is asked.
      const completed = await this.pickers.press(ctx, press, soon);
      if (completed) await this.router.carryOut(completed);
      return;
    }
    if (press.do === "page") return await this.turnPage(ctx, press.handle, press.page);
    if (press.do === "ack" || press.do === "mute") {
      return await this.alerts.press(ctx, press.do, press.handle);
    }
    const { store } = this.deps;
    if (press.do === "have") return await takeOver({ ...this.deps, members: this.members }, ctx);
    const change = await findChangeByHandle(store, press.handle);
    if (!change) {
      return press.do === "choose"
        ? await this.choose(ctx, press.handle, soon)
        : ctx.refuse("unknown_button");
    }
    // The handle only names the change: the press counts where the change's own card stands, and under an answer of
    // ours to one person that offers it.
    const card = await findMessage(store.db, cardKey(change.code));
    const atCard = card?.chat_id === ctx.chat.id &&
      (card.message_id === null || card.message_id === ctx.press?.messageId);
    if (press.do === "extend" || press.do === "return") return await this.lend(ctx, change, press.do);
    const isOffered = ctx.chat.type === "private" && ctx.press?.replaces !== undefined;
    if (!atCard && !isOffered) return await this.refuseForeign(ctx, change, card);
    if (press.do === "approve" || press.do === "reject") {
      return await this.decisions.decide(ctx, change, press.do);
    }
    if (press.do === "stop") return await this.decisions.stop(ctx, change);
    if (press.do === "take_back") return await this.decisions.takeBack(ctx, change);
    if (press.do === "pass") {
      const { deps, members, decisions } = this;
      return await offerToPass({ ...deps, members, decisions }, ctx, change);
    }
    if (!await this.router.allows(ctx, "request", `/${press.do}`)) return;
    await soon();
    // The card stays what it is; what comes of the press gets a message of its own.
    if (press.do === "undo") return await this.requests.undo(ctx.fork(), change);
    return await this.requests.again(ctx.fork(), change);
  }

  /** Counts where the end of the loan was announced. */
  private async lend(ctx: UpdateContext, change: Change, what: "extend" | "return"): Promise<void> {
    const at = await messageAt(this.deps.store.db, ctx.chat.id, ctx.press?.messageId ?? 0);
    if (!at?.key.startsWith(`loan:${change.code}:`)) {
      return ctx.refuse("foreign_button", { about: auditOf(change) });
    }
    return what === "extend" ? await this.loans.extend(ctx, change) : await this.loans.returnNow(ctx, change);
  }

  /**
   * A message of ours that nobody has on record was sent right before this process was killed, and the card once more
   * after that. It is closed, and says where to go on.
   */
  private async refuseForeign(
    ctx: UpdateContext,
    change: Change,
    card: MessagesTable | undefined,
  ): Promise<void> {
    const { store } = this.deps;
    const { chat: { id: chatId }, press: { messageId } = { messageId: 0 } } = ctx;
    const isTwin = card?.chat_id === chatId && messageId > 0 &&
      await messageAt(store.db, chatId, messageId) === undefined;
    if (!isTwin) return ctx.refuse("foreign_button", { about: auditOf(change) });
    const { code } = change;
    const goOn = line("Use the other one, or type ", { code: `/change ${code}` }, ".");
    const closed: Outgoing = {
      key: `twin:${code}:${messageId}`,
      chatId,
      reply: {
        mark: "info",
        title: line("The card of ", { code }, " came twice"),
        blocks: [textBlock(goOn)],
      },
      priority: PRIORITY.decision,
      trace: ctx.trace,
    };
    ctx.onCommit((transaction) => adoptMessage(store, transaction, closed, messageId));
    ctx.refuse("foreign_button", {
      about: auditOf(change),
      next: line("The card of ", { code }, " came twice. ", goOn),
    });
  }

  /** Any client can send any data: what is typed by a press may only read. */
  private async read(ctx: UpdateContext, command: string, soon: Soon): Promise<void> {
    const parsed = this.router.parse(command);
    if (parsed.kind !== "command" || parsed.command.risk !== "read") return ctx.refuse("unknown_button");
    await soon();
    await this.router.dispatch(ctx, parsed);
  }

  private async readStored(ctx: UpdateContext, handle: string, soon: Soon): Promise<void> {
    const prompt = await findPrompt(this.deps.store, handle);
    if (prompt?.kind !== "command") return ctx.refuse("unknown_button");
    await this.read(ctx, JSON.parse(prompt.body) as string, soon);
  }

  private async choose(ctx: UpdateContext, handle: string, soon: Soon): Promise<void> {
    const prompt = await this.answerable(ctx, handle, ["choice", "stale", "form"]);
    if (!prompt) return;
    const invocation = invocationShape.parse(JSON.parse(prompt.body));
    // A link may be asked for again: only what is sent from its page becomes a change.
    const isChange = this.router.isChange(invocation) && !invocation.onPage;
    // Presses of a chat are handled one after the other, so the mark may wait for the commit of the whole update.
    if (isChange && prompt.used_at !== null) return ctx.refuse("unknown_button");
    await soon();
    if (!isChange) return await this.router.resume(ctx, invocation);
    // What is offered to everyone in the chat stays, and each press of it asks anew.
    if (prompt.person_id === null) return await this.router.resume(ctx.fork(), invocation);
    ctx.onCommit((transaction) => usePrompt(this.deps.store, transaction, handle));
    if (ctx.press?.messageId) {
      ctx.answer({ mark: "info", title: ["Asked for: ", { code: headOf(invocation) }] });
    }
    await this.router.resume(ctx.fork(invocation.messageId), invocation);
  }

  private async turnPage(ctx: UpdateContext, handle: string, page: number): Promise<void> {
    const prompt = await this.answerable(ctx, handle, ["page"]);
    if (!prompt) return;
    ctx.answer(pageOf(JSON.parse(prompt.body) as Reply, { page, handle }).reply);
  }

  /** The question behind a button, if this person may answer it here; else the refusal is said. */
  private async answerable(
    ctx: UpdateContext,
    handle: string,
    kinds: readonly PromptsTable["kind"][],
  ): Promise<PromptsTable | undefined> {
    const prompt = await findPrompt(this.deps.store, handle);
    const reason = prompt ? objectionTo(ctx, prompt, kinds) : "unknown_button";
    if (reason === undefined) return prompt;
    ctx.refuse(reason);
    return undefined;
  }

  /**
   * Only the presser sees this; a refusal comes as an alert, since a toast is easily missed. Telegram takes it for a
   * minute or so after the press: resolves to the notice it has taken.
   */
  private async answer(ctx: UpdateContext, queryId: string): Promise<string | undefined> {
    const { notice } = ctx;
    const text = notice?.trim().slice(0, LONGEST_ALERT);
    try {
      const shown = text ? { text, show_alert: ctx.refused !== undefined } : {};
      await this.deps.bot.api.answerCallbackQuery(queryId, shown);
      return notice;
    } catch (error) {
      this.deps.log.debug("press_not_answered", { trace: ctx.trace, ...errorFields(error) });
      return undefined;
    }
  }
}

function objectionTo(
  ctx: UpdateContext,
  prompt: PromptsTable,
  kinds: readonly PromptsTable["kind"][],
): ReasonCode | undefined {
  if (!kinds.includes(prompt.kind)) return "unknown_button";
  if (prompt.chat_id !== ctx.chat.id) return "foreign_button";
  if (prompt.person_id !== null && prompt.person_id !== ctx.person.id) return "not_for_you";
  return undefined;
}
