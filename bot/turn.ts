import { randomInt } from "node:crypto";
import type { Chat } from "grammy/types";
import type { Transaction } from "kysely";
import type { Line, Reply } from "../handlers/reply.ts";
import type { Person } from "./people/incoming.ts";
import { type ReasonCode, reasons } from "./people/reasons.ts";
import { appendAudit, type AuditEntry } from "./store/audit.ts";
import { finishUpdate } from "./store/inbox.ts";
import { adoptMessage, type Outgoing, PRIORITY, putMessage } from "./store/messages.ts";
import type { Schema } from "./store/schema.ts";
import type { Store } from "./store/store.ts";

type Work = (transaction: Transaction<Schema>) => Promise<void>;

export interface TurnOptions {
  readonly store: Store;
  readonly updateId: number;
  readonly chat: Pick<Chat, "id" | "type">;
  readonly person: Person;
  readonly threadId?: number | undefined;
  /** The message to answer, absent for presses. */
  readonly messageId?: number | undefined;
  /** When it was typed or pressed, epoch ms. */
  readonly at: number;
  readonly press?: { readonly queryId: string; readonly messageId: number; readonly key: string } | undefined;
}

/**
 * One update being handled. What it leads to is gathered here and committed at the end together with the update's
 * own row, so that after a crash it either has happened or is done again as if for the first time.
 */
export interface Turn extends TurnOptions {
  /** From the update to the vendor call: what to look for in the log. */
  readonly trace: string;
  /** The answer; a later one replaces it. */
  answer(reply: Reply): void;
  /** Shows something at once, to be replaced by the answer. */
  showMeanwhile(reply: Reply): Promise<void>;
  refuse(reason: ReasonCode, more?: { detail?: string; operation?: string; next?: Line }): void;
  audit(entry: AuditEntry): void;
  also(work: Work): void;
  /** The message held a secret: its stored copy is blanked. */
  blank(): void;
  /** Why it was refused, if it was. */
  readonly refused: ReasonCode | undefined;
  commit(): Promise<void>;
}

const TRACE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

export function newTrace(): string {
  return Array.from({ length: 7 }, () => TRACE_LETTERS[randomInt(TRACE_LETTERS.length)]).join("");
}

export function createTurn(options: TurnOptions, trace: string): Turn {
  const { store, chat, person, press } = options;
  const work: Work[] = [];
  const audits: AuditEntry[] = [];
  let answer: Reply | undefined;
  let refused: ReasonCode | undefined;
  let blank = false;

  const outgoing = (reply: Reply): Outgoing => {
    const aside = reply.personal === true && chat.type !== "private";
    return {
      key: press && !aside ? press.key : `update:${options.updateId}`,
      chatId: chat.id,
      threadId: options.threadId,
      replyTo: options.messageId,
      receiverId: aside ? person.id : undefined,
      callbackQueryId: aside ? press?.queryId : undefined,
      reply,
      priority: press ? PRIORITY.edit : PRIORITY.answer,
      trace,
    };
  };
  const put = async (transaction: Transaction<Schema>, message: Outgoing) => {
    const onPressed = press && message.key === press.key && press.messageId > 0;
    if (onPressed) await adoptMessage(store, transaction, message, press.messageId);
    else await putMessage(store, transaction, message);
  };

  return {
    ...options,
    trace,
    answer: (reply) => void (answer = reply),
    async showMeanwhile(reply) {
      await store.transaction((transaction) => put(transaction, outgoing(reply)));
      store.wakeUp.everyone("messages");
    },
    refuse(reason, { detail, operation, next } = {}) {
      refused = reason;
      const sentence = reasons[reason];
      if (sentence !== null) answer = refusalReply(sentence, trace, next);
      audits.push({
        event: "refused",
        reason_code: reason,
        person_id: person.id,
        person_name: person.name,
        chat_id: chat.id,
        detail: detail ?? null,
        operation: operation ?? null,
        trace,
      });
    },
    audit: (entry) =>
      void audits.push({ person_id: person.id, person_name: person.name, chat_id: chat.id, trace, ...entry }),
    also: (step) => void work.push(step),
    blank: () => void (blank = true),
    get refused() {
      return refused;
    },
    async commit() {
      await store.transaction(async (transaction) => {
        for (const step of work) await step(transaction);
        if (answer) await put(transaction, outgoing(answer));
        await finishUpdate(store, transaction, options.updateId, blank);
        await appendAudit(store, transaction, audits);
      });
      if (answer || work.length > 0) store.wakeUp.everyone("messages");
    },
  };
}

/** What happened, that nothing came of it, and what to do next. */
export function refusalReply(sentence: string, trace: string, next?: Line): Reply {
  return {
    mark: "refused",
    title: sentence,
    ...(next === undefined ? {} : { blocks: [{ kind: "text" as const, text: next }] }),
    footer: ["ref ", { code: trace }],
    personal: true,
  };
}
