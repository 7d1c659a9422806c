import { randomInt } from "node:crypto";
import type { Chat } from "grammy/types";
import type { Transaction } from "kysely";
import type { Button, Line, Reply } from "../handlers/reply.ts";
import type { Person } from "./telegram/update.ts";
import { type ReasonCode, reasons } from "./access/reason_codes.ts";
import { appendAudit, type AuditEntry } from "./store/audit.ts";
import { toText } from "./render/text.ts";
import { finishUpdate, forgetBlanked } from "./queue/inbox.ts";
import { type Outgoing, PRIORITY, putMessage } from "./outbox/messages.ts";
import type { Schema } from "./store/schema.ts";
import type { Store } from "./store/database.ts";

/** What else is known of a refusal. */
export interface RefusalDetails {
  readonly detail?: string;
  readonly operation?: string;
  /** The change it was about, as the audit says it. */
  readonly about?: Omit<AuditEntry, "event" | "trace">;
  /** What to do now; shown below the reason's own sentence. */
  readonly next?: Line;
  /** Counted and logged, and no row in the audit. */
  readonly unrecorded?: boolean;
}

/** Telegram shows no more of the answer to a press. */
export const LONGEST_ALERT = 200;

type Work = (transaction: Transaction<Schema>) => Promise<void>;

export interface UpdateContextOptions {
  readonly store: Store;
  readonly updateId: number;
  /** When it came in, by the store's clock. */
  readonly receivedAt: number;
  readonly chat: Pick<Chat, "id" | "type">;
  readonly person: Person;
  readonly threadId?: number | undefined;
  /** The message to answer, absent for presses. */
  readonly messageId?: number | undefined;
  /** When it was typed or pressed, epoch ms. */
  readonly at: number;
  readonly press?: {
    readonly queryId: string;
    readonly messageId: number;
    /** The answer that has the pressed button, and gives way to what comes of the press. */
    readonly replaces?: { readonly key: string; readonly button: Button };
  } | undefined;
}

/**
 * One update being handled. What it leads to is gathered here and committed at the end together with the update's
 * own row, so that after a crash it either has happened or is done again as if for the first time.
 */
export interface UpdateContext extends UpdateContextOptions {
  /** From the update to the vendor call: what to look for in the log. */
  readonly trace: string;
  /** The answer; a later one replaces it. */
  answer(reply: Reply): void;
  /** Says that it was done: a short notice to who pressed, an answer to who typed. */
  confirm(reply: Reply): void;
  /** What the press is answered with, if there is something to say. */
  readonly notice: string | undefined;
  /** Shows something at once, to be replaced by the answer. */
  showMeanwhile(reply: Reply, how?: { readonly sound?: boolean }): Promise<void>;
  /** What the answer to something typed is stored under, and so what is shown meanwhile. */
  readonly key: string;
  refuse(reason: ReasonCode, more?: RefusalDetails): void;
  audit(entry: AuditEntry): void;
  onCommit(work: Work): void;
  /** The message held a secret: its stored copy is blanked. */
  eraseStored(): void;
  readonly erased: boolean;
  /** Nothing said here is for the bot: its stored copy is blanked too, and may take its time to be written over. */
  ignoreForBot(): void;
  /** Says nothing at all: strangers learn nothing. */
  suppressReply(): void;
  /** The same turn with an answer of its own beside the first, in reply to `messageId` where there is one. */
  fork(messageId?: number): UpdateContext;
  /** Why it was refused, if it was. */
  readonly refused: ReasonCode | undefined;
  commit(): Promise<void>;
}

const TRACE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

export function newTrace(): string {
  return Array.from({ length: 7 }, () => TRACE_LETTERS[randomInt(TRACE_LETTERS.length)]).join("");
}

export function createContext(options: UpdateContextOptions, trace: string): UpdateContext {
  const gathered: Gathered = {
    work: [],
    audits: [],
    refused: undefined,
    notice: undefined,
    blank: false,
    overheard: false,
    answers: new Map(),
  };
  return contextOver(options, trace, gathered, "");
}

/** What a turn has led to so far; its asides share it. */
interface Gathered {
  readonly work: Work[];
  readonly audits: AuditEntry[];
  readonly answers: Map<string, { ctx: UpdateContextOptions; reply: Reply }>;
  refused: ReasonCode | undefined;
  notice: string | undefined;
  blank: boolean;
  overheard: boolean;
}

function contextOver(
  options: UpdateContextOptions,
  trace: string,
  gathered: Gathered,
  name: string,
): UpdateContext {
  const { store, chat, person } = options;
  const who = {
    person_id: person.id || null,
    person_name: person.name || null,
    chat_id: chat.id || null,
    trace,
  };
  /** Whoever pressed is told by an alert, and what does not fit there by a message instead: never twice. */
  const tellRefused = (sentence: string, next: Line | undefined) => {
    const reply = refusalReply(sentence, trace, next);
    const { footer: _, ...said } = reply;
    const alert = toText(said).trim();
    if (options.press && alert.length <= LONGEST_ALERT) gathered.notice = alert;
    else answer(reply);
  };
  const answer = (reply: Reply) => void gathered.answers.set(name, { ctx: options, reply });
  return {
    ...options,
    trace,
    answer,
    confirm(reply) {
      if (options.press) gathered.notice = toText({ mark: reply.mark, title: reply.title });
      else answer(reply);
    },
    get notice() {
      return gathered.notice;
    },
    key: keyOf(options, name),
    async showMeanwhile(reply, { sound } = {}) {
      // The button stays until the answer: after a crash it still says that the answer belongs here.
      const button = options.press?.replaces?.button;
      const shown = button && !reply.buttons ? { ...reply, buttons: [[button]] } : reply;
      await store.transaction((transaction) => show(transaction, options, shown, trace, name, sound));
      store.notifier.everyone("messages");
    },
    refuse(reason, { detail, operation, about, next, unrecorded } = {}) {
      gathered.refused = reason;
      const sentence = reasons[reason];
      if (sentence !== null) tellRefused(sentence, next);
      if (unrecorded) return;
      gathered.audits.push({
        ...about,
        ...who,
        event: "refused",
        reason_code: reason,
        detail: detail ?? null,
        operation: operation ?? about?.operation ?? null,
      });
    },
    audit: (entry) => void gathered.audits.push({ ...who, ...entry }),
    onCommit: (step) => void gathered.work.push(step),
    eraseStored: () => void (gathered.blank = true),
    get erased() {
      return gathered.blank;
    },
    ignoreForBot: () => void (gathered.overheard = true),
    suppressReply: () => gathered.answers.clear(),
    fork(messageId) {
      const { press: _, ...rest } = options;
      return contextOver(
        { ...rest, messageId: messageId ?? options.press?.messageId },
        trace,
        gathered,
        "aside",
      );
    },
    get refused() {
      return gathered.refused;
    },
    async commit() {
      await store.transaction(async (transaction) => {
        for (const step of gathered.work) await step(transaction);
        for (const [key, { ctx, reply }] of gathered.answers) {
          await show(transaction, ctx, reply, trace, key);
        }
        await finishUpdate(store, transaction, options.updateId, gathered.blank || gathered.overheard);
        await appendAudit(store, transaction, gathered.audits);
      });
      if (gathered.blank) await forgetBlanked(store);
      if (gathered.answers.size > 0 || gathered.work.length > 0) store.notifier.everyone("messages");
    },
  };
}

function keyOf({ updateId }: UpdateContextOptions, name: string): string {
  return [`update:${updateId}`, name].filter(Boolean).join(":");
}

async function show(
  transaction: Transaction<Schema>,
  options: UpdateContextOptions,
  reply: Reply,
  trace: string,
  name: string,
  sound = reply.mark === "question",
): Promise<void> {
  const { store, chat, threadId, messageId, person, press } = options;
  const personal = reply.personal === true && chat.type !== "private";
  const outgoing: Outgoing = {
    key: (personal ? undefined : press?.replaces?.key) ?? keyOf(options, name),
    chatId: chat.id,
    threadId,
    replyTo: messageId,
    receiverId: personal && person.id > 0 ? person.id : undefined,
    callbackQueryId: personal ? press?.queryId : undefined,
    reply,
    priority: press ? PRIORITY.edit : PRIORITY.answer,
    sound,
    trace,
  };
  await putMessage(store, transaction, outgoing);
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
