import type { Api } from "grammy";
import type { Reply } from "../../handlers/reply.ts";
import type { Decisions } from "../changes/decisions.ts";
import { invocationShape } from "../changes/invocation.ts";
import { auditOf, findChangeByHandle } from "../changes/machine.ts";
import { cardKey, type Requests } from "../changes/requests.ts";
import { errorFields, type Log } from "../log.ts";
import type { People } from "../people/people.ts";
import type { ReasonCode } from "../people/reasons.ts";
import { parseCallback, type Press } from "../render/keyboard.ts";
import { pageOf } from "../render/page.ts";
import { findMessage } from "../store/messages.ts";
import { findPrompt, usePrompt } from "../store/prompts.ts";
import type { PromptsTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { LONGEST_ALERT, type Turn } from "../turn.ts";
import type { Interpreter } from "./interpreter.ts";

export interface PressesOptions {
  readonly store: Store;
  readonly api: Api;
  readonly people: People;
  readonly requests: Requests;
  readonly decisions: Decisions;
  readonly interpreter: Interpreter;
  readonly log: Log;
}

type Soon = () => Promise<void>;

/** Presses of buttons. What a button carries names something; it gives no right to it. */
export interface Presses {
  follow(turn: Turn, query: { readonly id: string; readonly data?: string }): Promise<void>;
}

export function createPresses(options: PressesOptions): Presses {
  const { store, api, people, requests, decisions, interpreter, log } = options;

  /**
   * Whatever may take a while is begun with `soon`, which answers the press: Telegram shows a clock on the button
   * until then. What is refused before that is said in the answer itself.
   */
  async function followPress(turn: Turn, press: Press | undefined, soon: Soon): Promise<void> {
    if (!press) return turn.refuse("unknown_button");
    if (press.kind === "command") return await read(turn, press.command, soon);
    if (press.kind === "stored") return await readStored(turn, press.handle, soon);
    if (press.do === "page") return await turnPage(turn, press.handle, press.page);
    const change = await findChangeByHandle(store, press.handle);
    if (!change) {
      return press.do === "choose" ? await choose(turn, press.handle, soon) : turn.refuse("unknown_button");
    }
    // The handle only names the change: the press counts where the change's own card stands.
    const card = await findMessage(store.db, cardKey(change.code));
    const atCard = card?.chat_id === turn.chat.id &&
      (card.message_id === null || card.message_id === turn.press?.messageId);
    if (!atCard) return turn.refuse("foreign_button", { about: auditOf(change) });
    if (press.do === "approve" || press.do === "reject") {
      return await decisions.decide(turn, change, press.do);
    }
    if (!await interpreter.allows(turn, "request", `/${press.do}`)) return;
    await soon();
    // The card stays what it is; what comes of the press gets a message of its own.
    if (press.do === "undo") return await requests.undo(turn.aside(), change);
    return await requests.again(turn.aside(), change);
  }

  /** Any client can send any data: what is typed by a press may only read. */
  async function read(turn: Turn, command: string, soon: Soon): Promise<void> {
    const parsed = interpreter.understand(command);
    if (parsed.kind !== "command" || parsed.command.risk !== "read") return turn.refuse("unknown_button");
    await soon();
    await interpreter.obey(turn, parsed);
  }

  async function readStored(turn: Turn, handle: string, soon: Soon): Promise<void> {
    const prompt = await findPrompt(store, handle);
    if (prompt?.kind !== "command") return turn.refuse("unknown_button");
    await read(turn, JSON.parse(prompt.body) as string, soon);
  }

  async function choose(turn: Turn, handle: string, soon: Soon): Promise<void> {
    const prompt = await answerable(turn, handle, ["choice", "stale"]);
    if (!prompt) return;
    const invocation = invocationShape.parse(JSON.parse(prompt.body));
    const isChange = interpreter.isChange(invocation);
    // Presses of a chat are handled one after the other, so the mark may wait for the commit of the whole turn.
    if (isChange && prompt.used_at !== null) return turn.refuse("unknown_button");
    await soon();
    if (!isChange) return await interpreter.resume(turn, invocation);
    turn.also((transaction) => usePrompt(store, transaction, handle));
    if (turn.press?.messageId) {
      const command = [`/${invocation.verb}`, invocation.target].filter(Boolean).join(" ");
      turn.answer({ mark: "info", title: ["Asked for: ", { code: command }] });
    }
    await interpreter.resume(turn.aside(invocation.messageId), invocation);
  }

  async function turnPage(turn: Turn, handle: string, page: number): Promise<void> {
    const prompt = await answerable(turn, handle, ["page"]);
    if (!prompt) return;
    turn.answer(pageOf(JSON.parse(prompt.body) as Reply, { page, handle }).reply);
  }

  async function answerable(
    turn: Turn,
    handle: string,
    kinds: readonly PromptsTable["kind"][],
  ): Promise<PromptsTable | undefined> {
    const prompt = await findPrompt(store, handle);
    const reason = prompt ? objectionTo(turn, prompt, kinds) : "unknown_button";
    if (reason === undefined) return prompt;
    turn.refuse(reason);
    return undefined;
  }

  /** Only the presser sees this; a refusal comes as an alert, since a toast is easily missed. */
  async function answer(turn: Turn, queryId: string): Promise<void> {
    const text = turn.notice?.trim().slice(0, LONGEST_ALERT);
    try {
      await api.answerCallbackQuery(queryId, text ? { text, show_alert: turn.refused !== undefined } : {});
    } catch (error) {
      log.debug("press_not_answered", { trace: turn.trace, ...errorFields(error) });
    }
  }

  return {
    async follow(turn, { id, data }) {
      if (!await interpreter.allows(turn, "read", "press")) return await answer(turn, id);
      await people.meet(turn.person);
      let answered: Promise<void> | undefined;
      const soon = () => answered ??= answer(turn, id);
      try {
        await followPress(turn, parseCallback(data ?? ""), soon);
      } finally {
        await soon();
      }
    },
  };
}

function objectionTo(
  turn: Turn,
  prompt: PromptsTable,
  kinds: readonly PromptsTable["kind"][],
): ReasonCode | undefined {
  if (!kinds.includes(prompt.kind)) return "unknown_button";
  if (prompt.chat_id !== turn.chat.id) return "foreign_button";
  if (prompt.person_id !== null && prompt.person_id !== turn.person.id) return "not_for_you";
  return undefined;
}
