import type { Transaction } from "kysely";
import type { Clock } from "../clients/clock.ts";
import { type Button, type Line, line, type Mark, type Reply, textBlock } from "../handlers/reply.ts";
import { type ReasonCode, reasons } from "./reason_codes.ts";
import { type PendingSend, putMessage, putToSend } from "./outbox/messages.ts";
import { type Outgoing, PRIORITY } from "./outbox/outgoing.ts";
import { failUpdate, finishUpdate, forgetBlanked, holdUpdate, type Turn } from "./queue/inbox.ts";
import { inPages } from "./render/keyboard.ts";
import { toText } from "./render/text.ts";
import { IN_FULL, layoutOf, spanText } from "./render/layout.ts";
import { appendAudit, type AuditEntry, type AuditFilter } from "./store/audit.ts";
import type { Store } from "./store/database.ts";
import { shortCode } from "./store/kept_values.ts";
import type { Schema } from "./store/schema.ts";
import type { Reactions } from "./telegram/reactions.ts";
import type { Chat, Person } from "./telegram/update.ts";

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

/** Who waits longer than this is told that work is going on. */
const UNTIL_PROGRESS_MS = 1_500;

/** Answers that are what was asked for, and neither a question nor a failure. */
const DONE: ReadonlySet<Mark> = new Set(["fine", "attention", "unknown", "absent", "info"]);

type Work = (transaction: Transaction<Schema>) => Promise<void>;

/** How it is shown on what was typed that it is being looked at, and on which message it is. */
interface Looking {
  readonly reactions: Reactions;
  at?: number;
}

/** Who sent an update, when and where. */
export interface UpdateOrigin {
  readonly updateId: number;
  /** The how-manieth turn at it this is: what an earlier one does no longer counts. */
  readonly attempts: number;
  /** When it came in, by the store's clock. */
  readonly receivedAt: number;
  readonly chat: Pick<Chat, "id" | "type">;
  readonly person: Person;
  readonly threadId?: number | undefined;
  /** The message to answer, absent for presses and for what only the bot and its sender see. */
  readonly messageId?: number | undefined;
  /** Of a message that only the bot and its sender see: nobody else is to see its answer. */
  readonly ephemeralId?: number | undefined;
  /** The message that it answers, as people answer each other. */
  readonly repliesTo?: number | undefined;
  /** How it is shown on what was typed that work is going on. */
  readonly looking?: Looking | undefined;
  /** When it was typed or pressed, epoch ms. */
  readonly at: number;
  /** Why something is said although nobody asked just now; stands below it. */
  readonly footnote?: Line | undefined;
  readonly press?: {
    readonly queryId: string;
    readonly messageId: number;
    /** The answer that has the pressed button, and gives way to what comes of the press. */
    readonly replaces?: { readonly key: string; readonly button: Button };
  } | undefined;
}

/** What goes with an answer. */
interface AnswerOptions {
  /** A long table in it is leafed through. */
  readonly paged?: boolean;
  /** Rows of the audit that go along as files. */
  readonly export?: AuditFilter;
}

/** What an update has led to so far; its forks share it. */
interface Outcome {
  readonly work: Work[];
  readonly audits: AuditEntry[];
  /** By the name of the fork; the first has none. */
  readonly answers: Map<string, AnswerOptions & { readonly from: UpdateContext; readonly reply: Reply }>;
  refused?: ReasonCode;
  /** For who pressed, and as a message. */
  notice?: { readonly text: string; readonly reply: Reply };
  noticeAsMessage?: true;
  erased: boolean;
  ignored: boolean;
}

/** A new reference, by which one update is found in the log. */
export function newTrace(): string {
  return shortCode(7);
}

/**
 * One update being handled. What it leads to is gathered here and committed at the end together with the update's
 * own row, so that after a crash it either has happened or is done again as if for the first time.
 */
export class UpdateContext implements UpdateOrigin {
  readonly updateId: number;
  readonly attempts: number;
  readonly receivedAt: number;
  readonly chat: Pick<Chat, "id" | "type">;
  readonly person: Person;
  readonly threadId: number | undefined;
  readonly messageId: number | undefined;
  readonly repliesTo: number | undefined;
  readonly ephemeralId: number | undefined;
  readonly at: number;
  readonly footnote: Line | undefined;
  readonly looking: Looking | undefined;
  readonly press: UpdateOrigin["press"];
  private outcome: Outcome = { work: [], audits: [], answers: new Map(), erased: false, ignored: false };
  private name = "";

  /** `trace` leads from the update to the vendor call: what to look for in the log. */
  constructor(readonly store: Store, origin: UpdateOrigin, readonly trace: string) {
    this.updateId = origin.updateId;
    this.attempts = origin.attempts;
    this.receivedAt = origin.receivedAt;
    this.chat = origin.chat;
    this.person = origin.person;
    this.threadId = origin.threadId;
    this.messageId = origin.messageId;
    this.repliesTo = origin.repliesTo;
    this.ephemeralId = origin.ephemeralId;
    this.at = origin.at;
    this.footnote = origin.footnote;
    this.looking = origin.looking;
    this.press = origin.press;
  }

  /** What the answer to something typed is stored under, and so what is shown meanwhile. */
  get key(): string {
    return [`update:${this.updateId}`, this.name].filter(Boolean).join(":");
  }

  /** Why it was refused, if it was. */
  get refused(): ReasonCode | undefined {
    return this.outcome.refused;
  }

  /** Whether it is answered by nothing but that it cannot be carried out as it stands. */
  get isMisunderstood(): boolean {
    const { answers, refused } = this.outcome;
    const marks = [...answers.values()].map(({ reply }) => reply.mark);
    return refused === undefined && marks.length > 0 && marks.every((mark) => mark === "refused");
  }

  /** What the press is answered with, if there is something to say. */
  get notice(): string | undefined {
    return this.outcome.notice?.text;
  }

  /** The answer; a later one replaces it. */
  answer(reply: Reply, options: AnswerOptions = {}): void {
    this.outcome.answers.set(this.name, { ...options, from: this, reply });
  }

  /** Says that it was done: a short notice to who pressed, an answer to who typed. */
  confirm(reply: Reply): void {
    if (this.press) {
      const text = spanText(layoutOf({ mark: reply.mark, title: reply.title }, IN_FULL).title);
      this.outcome.notice = { text, reply };
    } else this.answer(reply);
  }

  /** Says the notice in a message: the press can be answered no more, or was answered before there was one. */
  sayNotice(): void {
    const { notice } = this.outcome;
    if (!notice) return;
    this.outcome.noticeAsMessage = true;
    this.answer({ ...notice.reply, personal: true });
  }

  /** Shows something at once, to be replaced by the answer. Throws `TakenOver`. */
  async showMeanwhile(reply: Reply, { sound }: { readonly sound?: boolean } = {}): Promise<void> {
    // The button stays until the answer: after a crash it still says that the answer belongs here.
    const button = this.press?.replaces?.button;
    const shown = button && !reply.buttons ? { ...reply, buttons: [[button]] } : reply;
    await this.store.transaction(async (transaction) => {
      await holdUpdate(transaction, this.turn);
      await putMessage(this.store, transaction, this.outgoing(shown, { sound }));
    });
  }

  /** Says that nothing comes of the update, which is set aside. */
  async giveUp(reply: Reply): Promise<void> {
    await this.store.transaction(async (transaction) => {
      await failUpdate(this.store, transaction, this.turn);
      await putMessage(this.store, transaction, this.outgoing(reply));
    });
  }

  /** Shows on what was typed, or else in words, that the work takes long enough for someone to wonder. */
  async withProgress<T>(
    working: Reply,
    clock: Clock,
    work: () => Promise<T>,
    how: { readonly sound?: boolean } = {},
  ): Promise<T> {
    const done = new AbortController();
    // Whether this turn still counts, and the store is there, comes out when the update is finished.
    const shown = clock.sleep(UNTIL_PROGRESS_MS, done.signal).then(async () => {
      const isSeen = await this.lookAtIt(done.signal);
      if (!isSeen && !done.signal.aborted) await this.showMeanwhile(working, how);
    }).catch(() => {});
    try {
      return await work();
    } finally {
      done.abort();
      await shown;
    }
  }

  /** A message that only its sender sees takes no reaction. */
  private async lookAtIt(signal: AbortSignal): Promise<boolean> {
    const { looking, chat, messageId, ephemeralId } = this;
    if (!looking || messageId === undefined || ephemeralId !== undefined) return false;
    looking.at = messageId;
    return await looking.reactions.look(chat.id, messageId, signal);
  }

  /** Takes away that somebody looks at it; a change is done only once it has run, and its card says so. */
  private async endLooking(): Promise<void> {
    const { looking, chat, outcome: { answers, refused } } = this;
    if (looking?.at === undefined) return;
    const marks = [...answers.values()].map(({ reply }) => reply.mark);
    const isDone = refused === undefined && marks.length > 0 && marks.every((mark) => DONE.has(mark));
    await looking.reactions.end(chat.id, looking.at, isDone);
  }

  /** Tells the person why nothing comes of it, and records it. */
  refuse(reason: ReasonCode, { detail, operation, about, next, unrecorded }: RefusalDetails = {}): void {
    this.outcome.refused = reason;
    const sentence = reasons[reason];
    if (sentence !== null) this.sayRefused(refusalReply(sentence, this.trace, next));
    if (unrecorded) return;
    this.audit({
      ...about,
      ...this.who(),
      event: "refused",
      reason_code: reason,
      detail: detail ?? null,
      operation: operation ?? about?.operation ?? null,
    });
  }

  /** Adds a row to the audit when the update is finished; who and where are filled in. */
  audit(entry: AuditEntry): void {
    this.outcome.audits.push({ ...this.who(), ...entry });
  }

  /** Rows for the audit that say only that nothing came of it. */
  get hasRefusals(): boolean {
    return this.outcome.audits.some(isRefusal);
  }

  /** Leaves these rows out: what was refused is counted, logged and told all the same. */
  dropRefusals(): void {
    const { audits } = this.outcome;
    audits.splice(0, Infinity, ...audits.filter((entry) => !isRefusal(entry)));
  }

  /** Has something done in the transaction that finishes the update. */
  onCommit(work: Work): void {
    this.outcome.work.push(work);
  }

  /** The message held a secret: its stored copy is blanked. */
  eraseStored(): void {
    this.outcome.erased = true;
  }

  /** Nothing said here is for the bot: its stored copy is blanked too, and may take its time to be written over. */
  ignoreForBot(): void {
    this.outcome.ignored = true;
  }

  /** Says nothing at all: strangers learn nothing. */
  suppressReply(): void {
    this.outcome.answers.clear();
  }

  /** The same update with an answer of its own beside the first, in reply to `messageId` where there is one. */
  fork(messageId?: number): UpdateContext {
    const origin = { ...this, press: undefined, messageId: messageId ?? this.press?.messageId };
    const fork = new UpdateContext(this.store, origin, this.trace);
    fork.outcome = this.outcome;
    fork.name = "aside";
    return fork;
  }

  /** Writes down all of it, and that the update is finished, in one transaction. Throws `TakenOver`. */
  async commit(): Promise<void> {
    const { store, outcome } = this;
    const sends: PendingSend[] = [];
    try {
      await store.transaction(async (transaction) => {
        for (const step of outcome.work) await step(transaction);
        for (const { from, reply, paged, export: rows } of outcome.answers.values()) {
          const shown = paged ? await inPages(store, transaction, from.chat.id, reply) : reply;
          sends.push(await putToSend(store, transaction, from.outgoing(shown, { export: rows })));
        }
        await finishUpdate(store, transaction, this.turn, outcome.erased || outcome.ignored);
        if (outcome.audits.length > 0) await appendAudit(store, transaction, outcome.audits);
      });
      for (const send of sends) send.begin();
    } finally {
      for (const send of sends) send.cancel();
    }
    if (outcome.erased) await forgetBlanked(store);
    await this.endLooking();
  }

  private get turn(): Turn {
    return { update_id: this.updateId, attempts: this.attempts };
  }

  private who(): Pick<AuditEntry, "person_id" | "person_name" | "chat_id" | "trace"> {
    return {
      person_id: this.person.id || null,
      person_name: this.person.name || null,
      chat_id: this.chat.id || null,
      trace: this.trace,
    };
  }

  /** Whoever pressed is told by an alert, and what does not fit there by a message instead: never twice. */
  private sayRefused(reply: Reply): void {
    const { footer: _, ...said } = reply;
    const alert = toText(said).trim();
    if (this.press && alert.length <= LONGEST_ALERT) this.outcome.notice = { text: alert, reply };
    else this.answer(reply);
  }

  private outgoing(
    reply: Reply,
    { sound = reply.mark === "question", ...more }: Pick<Outgoing, "export"> & {
      readonly sound?: boolean | undefined;
    } = {},
  ): Outgoing {
    const { chat, threadId, messageId, ephemeralId, person, press } = this;
    const personal = (reply.personal === true || ephemeralId !== undefined) && chat.type !== "private";
    // Named in a message, a press that can be answered no more would have that refused too.
    const late = this.outcome.noticeAsMessage === true;
    return {
      key: (personal ? undefined : press?.replaces?.key) ?? this.key,
      chatId: chat.id,
      threadId,
      replyTo: messageId ?? (late ? press?.messageId || undefined : undefined),
      receiverId: personal && person.id > 0 ? person.id : undefined,
      callbackQueryId: personal && !late ? press?.queryId : undefined,
      reply: this.footnote === undefined ? reply : withFootnote(reply, this.footnote),
      priority: press ? PRIORITY.edit : PRIORITY.answer,
      sound,
      trace: this.trace,
      answers: this.updateId,
      ...more,
    };
  }
}

function withFootnote(reply: Reply, note: Line): Reply {
  return { ...reply, footer: reply.footer === undefined ? note : line(reply.footer, " · ", note) };
}

function isRefusal({ event }: AuditEntry): boolean {
  return event === "refused";
}

/** What happened, that nothing came of it, and what to do next. */
function refusalReply(sentence: string, trace: string, next?: Line): Reply {
  return {
    mark: "refused",
    title: sentence,
    blocks: [textBlock(next ?? "")],
    footer: ["ref ", { code: trace }],
    personal: true,
  };
}
