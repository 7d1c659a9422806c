import type { Api } from "grammy";
import type { Reply } from "../../handlers/reply.ts";
import type { Decisions } from "../approvals/decide.ts";
import { invocationShape } from "../invocation.ts";
import { auditOf, findChangeByHandle } from "../approvals/state_machine.ts";
import { cardKey, type Requests } from "../approvals/request.ts";
import { errorFields, type Log } from "../log.ts";
import type { Members } from "../access/members.ts";
import type { ReasonCode } from "../access/reason_codes.ts";
import { parseCallback, type Press } from "../render/keyboard.ts";
import { pageOf } from "../render/paginate.ts";
import { findMessage } from "../outbox/messages.ts";
import { findPrompt, usePrompt } from "../store/prompts.ts";
import type { PromptsTable } from "../store/schema.ts";
import type { Store } from "../store/database.ts";
import { LONGEST_ALERT, type UpdateContext } from "../context.ts";
import type { Router } from "./router.ts";

export interface CallbacksOptions {
  readonly store: Store;
  readonly api: Api;
  readonly members: Members;
  readonly requests: Requests;
  readonly decisions: Decisions;
  readonly router: Router;
  readonly log: Log;
}

type Soon = () => Promise<void>;

/** Presses of buttons. What a button carries names something; it gives no right to it. */
export interface Callbacks {
  handle(ctx: UpdateContext, query: { readonly id: string; readonly data?: string }): Promise<void>;
}

export function createCallbacks(options: CallbacksOptions): Callbacks {
  const { store, api, members, requests, decisions, router, log } = options;

  /**
   * Whatever may take a while is begun with `soon`, which answers the press: Telegram shows a clock on the button
   * until then. What is refused before that is said in the answer itself.
   */
  async function followPress(ctx: UpdateContext, press: Press | undefined, soon: Soon): Promise<void> {
    if (!press) return ctx.refuse("unknown_button");
    if (press.kind === "command") return await read(ctx, press.command, soon);
    if (press.kind === "stored") return await readStored(ctx, press.handle, soon);
    if (press.do === "page") return await turnPage(ctx, press.handle, press.page);
    const change = await findChangeByHandle(store, press.handle);
    if (!change) {
      return press.do === "choose" ? await choose(ctx, press.handle, soon) : ctx.refuse("unknown_button");
    }
    // The handle only names the change: the press counts where the change's own card stands.
    const card = await findMessage(store.db, cardKey(change.code));
    const atCard = card?.chat_id === ctx.chat.id &&
      (card.message_id === null || card.message_id === ctx.press?.messageId);
    if (!atCard) return ctx.refuse("foreign_button", { about: auditOf(change) });
    if (press.do === "approve" || press.do === "reject") {
      return await decisions.decide(ctx, change, press.do);
    }
    if (!await router.allows(ctx, "request", `/${press.do}`)) return;
    await soon();
    // The card stays what it is; what comes of the press gets a message of its own.
    if (press.do === "undo") return await requests.undo(ctx.fork(), change);
    return await requests.again(ctx.fork(), change);
  }

  /** Any client can send any data: what is typed by a press may only read. */
  async function read(ctx: UpdateContext, command: string, soon: Soon): Promise<void> {
    const parsed = router.parse(command);
    if (parsed.kind !== "command" || parsed.command.risk !== "read") return ctx.refuse("unknown_button");
    await soon();
    await router.dispatch(ctx, parsed);
  }

  async function readStored(ctx: UpdateContext, handle: string, soon: Soon): Promise<void> {
    const prompt = await findPrompt(store, handle);
    if (prompt?.kind !== "command") return ctx.refuse("unknown_button");
    await read(ctx, JSON.parse(prompt.body) as string, soon);
  }

  async function choose(ctx: UpdateContext, handle: string, soon: Soon): Promise<void> {
    const prompt = await answerable(ctx, handle, ["choice", "stale"]);
    if (!prompt) return;
    const invocation = invocationShape.parse(JSON.parse(prompt.body));
    const isChange = router.isChange(invocation);
    // Presses of a chat are handled one after the other, so the mark may wait for the commit of the whole turn.
    if (isChange && prompt.used_at !== null) return ctx.refuse("unknown_button");
    await soon();
    if (!isChange) return await router.resume(ctx, invocation);
    ctx.onCommit((transaction) => usePrompt(store, transaction, handle));
    if (ctx.press?.messageId) {
      const command = [`/${invocation.verb}`, invocation.target].filter(Boolean).join(" ");
      ctx.answer({ mark: "info", title: ["Asked for: ", { code: command }] });
    }
    await router.resume(ctx.fork(invocation.messageId), invocation);
  }

  async function turnPage(ctx: UpdateContext, handle: string, page: number): Promise<void> {
    const prompt = await answerable(ctx, handle, ["page"]);
    if (!prompt) return;
    ctx.answer(pageOf(JSON.parse(prompt.body) as Reply, { page, handle }).reply);
  }

  async function answerable(
    ctx: UpdateContext,
    handle: string,
    kinds: readonly PromptsTable["kind"][],
  ): Promise<PromptsTable | undefined> {
    const prompt = await findPrompt(store, handle);
    const reason = prompt ? objectionTo(ctx, prompt, kinds) : "unknown_button";
    if (reason === undefined) return prompt;
    ctx.refuse(reason);
    return undefined;
  }

  /** Only the presser sees this; a refusal comes as an alert, since a toast is easily missed. */
  async function answer(ctx: UpdateContext, queryId: string): Promise<void> {
    const text = ctx.notice?.trim().slice(0, LONGEST_ALERT);
    try {
      await api.answerCallbackQuery(queryId, text ? { text, show_alert: ctx.refused !== undefined } : {});
    } catch (error) {
      log.debug("press_not_answered", { trace: ctx.trace, ...errorFields(error) });
    }
  }

  return {
    async handle(ctx, { id, data }) {
      if (!await router.allows(ctx, "read", "press")) return await answer(ctx, id);
      await members.rememberName(ctx.person);
      let answered: Promise<void> | undefined;
      const soon = () => answered ??= answer(ctx, id);
      try {
        await followPress(ctx, parseCallback(data ?? ""), soon);
      } finally {
        await soon();
      }
    },
  };
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
