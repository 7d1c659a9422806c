import type { Api, Bot } from "grammy";
import { errorFields, type Log } from "../log.ts";
import { isFinal, telegramRefusal } from "./api.ts";

/** Nobody waits longer for a sign. */
const LONGEST_MS = 5_000;

/** Signs on what somebody typed: it is being looked at, it is done. */
export class Reactions {
  /** Chats that allow none, or a server that knows none. */
  private readonly refusing = new Set<number>();

  constructor(private readonly telegram: { readonly bot: Bot; readonly log: Log }) {}

  /** Shows that it is being looked at. False where that cannot be shown, or `signal` came before it was. */
  async look(chatId: number, messageId: number, signal: AbortSignal): Promise<boolean> {
    if (this.refusing.has(chatId)) return false;
    return await this.set(chatId, messageId, "👀", signal);
  }

  /** Ends that; `done`: it came to what was asked for. */
  async end(chatId: number, messageId: number, done: boolean): Promise<void> {
    if (this.refusing.has(chatId)) return;
    await this.set(chatId, messageId, done ? "👍" : undefined, AbortSignal.timeout(LONGEST_MS));
  }

  private async set(
    chatId: number,
    messageId: number,
    emoji: "👀" | "👍" | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const reaction = emoji === undefined ? [] : [{ type: "emoji" as const, emoji }];
    try {
      const ended = signal as Parameters<Api["setMessageReaction"]>[4];
      await this.telegram.bot.api.setMessageReaction(chatId, messageId, reaction, undefined, ended);
      return true;
    } catch (error) {
      const refusal = telegramRefusal(error);
      // A message that is gone tells nothing of its chat.
      const isOfChat = refusal && isFinal(refusal) && !/not found/i.test(refusal.description);
      if (isOfChat || refusal?.code === 404) this.refusing.add(chatId);
      this.telegram.log.debug("reaction_not_set", { chat: chatId, ...errorFields(error) });
      return false;
    }
  }
}
