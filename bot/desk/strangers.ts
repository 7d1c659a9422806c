import type { Api } from "grammy";
import type { Chat } from "grammy/types";
import type { Reply } from "../../handlers/reply.ts";
import type { Config } from "../config.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type Incoming, textOf } from "../people/incoming.ts";
import type { People } from "../people/people.ts";
import { type ReasonCode, reasons } from "../people/reasons.ts";
import { PRIORITY, putMessage } from "../store/messages.ts";
import type { Store } from "../store/store.ts";
import type { Turn } from "../turn.ts";

export interface StrangersOptions {
  readonly config: Config;
  readonly store: Store;
  readonly api: Api;
  readonly people: People;
  readonly metrics: Metrics;
  readonly log: Log;
}

type Kind<K extends Incoming["kind"]> = Extract<Incoming, { kind: K }>;

/** What no person typed or pressed here and now, and chats the bot does not belong in. */
export interface Strangers {
  turnAway(turn: Turn, incoming: Kind<"refused">): Promise<void>;
  meetChat(turn: Turn, incoming: Kind<"membership">): Promise<void>;
  reportMigration(turn: Turn, incoming: Kind<"migration">): void;
}

export function createStrangers({ config, store, api, people, metrics, log }: StrangersOptions): Strangers {
  async function isKnown(turn: Turn, chat: Chat | undefined): Promise<boolean> {
    if (!chat) return false;
    if (config.adminChats.includes(chat.id)) return true;
    if (chat.type !== "private" || turn.person.id <= 0) return false;
    return (await people.judge("read", turn.person.id, chat)).allowed;
  }

  /** `about` names what is reported: told again, it stays the same message. */
  function report(turn: Turn, about: string, reply: Reply, chatIds: Iterable<number>): void {
    turn.also(async (transaction) => {
      for (const chatId of chatIds) {
        const key = `report:${about}:${chatId}`;
        await putMessage(store, transaction, {
          key,
          chatId,
          reply,
          priority: PRIORITY.answer,
          trace: turn.trace,
        });
      }
    });
  }

  return {
    /** Only something that looks like a command is worth a word or a row. */
    async turnAway(turn, { reason, message, chat }) {
      if (message && !textOf(message).startsWith("/")) return metrics.refused(reason);
      const known = await isKnown(turn, chat);
      turn.refuse(known || !chat ? reason : strangersReason(reason));
      if (!known) turn.hush();
    },

    /** Added to a strange chat: leaves it, and tells those it works for. */
    async meetChat(turn, { chat, present, by }) {
      if (!present || chat.type === "private" || config.adminChats.includes(chat.id)) return;
      turn.refuse("unknown_chat", { operation: "added" });
      await api.leaveChat(chat.id)
        .catch((error) => log.warning("chat_not_left", { chat: chat.id, ...errorFields(error) }));
      report(turn, `added:${turn.updateId}`, {
        mark: "attention",
        title: "I was added to a chat that is not on the allow-list, and left it",
        blocks: [{
          kind: "facts",
          facts: [
            ["Chat", [{ data: titleOf(chat) }, " ", { code: String(chat.id) }]],
            ["By", [{ data: by.name }, " ", { code: String(by.id) }]],
          ],
        }],
      }, config.adminChats);
    },

    /** A new id is a new chat: it is let in by whoever runs the bot, not by the message that announces it. */
    reportMigration(turn, { from, to }) {
      if (!config.adminChats.includes(from) || config.adminChats.includes(to)) return;
      turn.audit({
        event: "chat_migrated",
        chat_id: from,
        detail: String(to),
        person_id: null,
        person_name: null,
      });
      log.error("chat_migrated", { from, to });
      const persons = [...config.operators ?? [], ...config.approvers ?? []];
      const text = [
        "It was ",
        { code: String(from) },
        ", it is now ",
        { code: String(to) },
        ". I do not follow by myself: put the new id into ADMIN_CHATS and restart me.",
      ];
      report(turn, `migrated:${from}`, {
        mark: "attention",
        title: "An admin group became a supergroup and has a new id",
        blocks: [{ kind: "text", text }],
      }, new Set([...config.adminChats.filter((id) => id !== from), ...persons]));
    },
  };
}

/** A stranger's message is first of all a stranger's. */
function strangersReason(reason: ReasonCode): ReasonCode {
  return reasons[reason] === null ? reason : "unknown_chat";
}

function titleOf(chat: Chat): string {
  return "title" in chat && chat.title ? chat.title : "without a title";
}
