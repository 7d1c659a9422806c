import type { Api } from "grammy";
import { type Clock, untilAborted } from "../../clients/clock.ts";
import { type Attachment, type Line, line } from "../../handlers/reply.ts";
import { errorFields, type Log } from "../log.ts";
import { coalesce } from "../queue/worker.ts";
import type { Redactor } from "../redact.ts";
import type { Store } from "../store/database.ts";
import { keepCommand } from "../store/prompts.ts";
import type { MessagesTable } from "../store/schema.ts";
import { type Capabilities, isFinal, type TelegramRefusal, telegramRefusal } from "../telegram/api.ts";
import { deliver, type Delivered, type DeliverOptions } from "./deliver.ts";
import {
  buryMessage,
  CLAIM_MS,
  claimMessages,
  nextMessageAt,
  type Outgoing,
  postponeMessage,
  PRIORITY,
  putMessage,
  releaseMessages,
  renewMessages,
  settleMessage,
} from "./messages.ts";

const LOOK_MS = 1_000;
/** Telegram may take longer over one message than a claim lasts. */
const RENEW_MS = CLAIM_MS / 3;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** After this many attempts without any answer (about an hour) a message is given up. */
const MOST_ATTEMPTS = 64;

export interface OutboxSenderOptions {
  readonly store: Store;
  readonly api: Api;
  readonly holder: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly capabilities: Capabilities;
  /** A message that Telegram will never take. */
  readonly onDead: (row: MessagesTable, refusal: TelegramRefusal) => Promise<void>;
}

/**
 * Sends what the store says shall be shown, at once, chats side by side, paced only by Telegram's own 429. What
 * fails stays in the store and is tried again.
 */
export interface OutboxSender {
  start(): void;
  stop(deadline: AbortSignal): Promise<void>;
}

export function createOutboxSender(options: OutboxSenderOptions): OutboxSender {
  const { store, holder, log } = options;
  const busy = new Map<number, Promise<void>>();
  const underWay = new Set<string>();
  /** Telegram limits chats, not messages: until when (by the store's clock) it wants nothing more for a chat. */
  const held = new Map<number, number>();
  let running = false;
  let timers: ReturnType<typeof setInterval>[] = [];
  let early: ReturnType<typeof setTimeout> | undefined;

  const looking = coalesce(async () => {
    if (running) await fill().catch((error) => log.error("messages_unreadable", errorFields(error)));
  });

  async function fill(): Promise<void> {
    for (const [chatId, until] of held) if (until <= store.now()) held.delete(chatId);
    const rows = await claimMessages(store, holder, new Set([...busy.keys(), ...held.keys()]));
    for (const { key } of rows) underWay.add(key);
    rows.sort(byUrgency);
    for (const [chatId, inChat] of Map.groupBy(rows, (row) => row.chat_id)) {
      const done = sendInTurn(inChat).finally(() => {
        for (const { key } of inChat) underWay.delete(key);
        busy.delete(chatId);
        looking.begin();
      });
      busy.set(chatId, done);
    }
    if (rows.length === 0) await wakeForNext();
  }

  /** A retry that is due sooner than the next look gets a timer of its own. */
  async function wakeForNext(): Promise<void> {
    const at = Math.min(await nextMessageAt(store) ?? Infinity, ...held.values());
    clearTimeout(early);
    const inMs = Math.max(at - store.now(), 1);
    if (running && inMs < LOOK_MS) early = setTimeout(looking.begin, inMs);
  }

  /** Messages of one chat. When Telegram wants no more for now, the rest is put back. */
  async function sendInTurn(rows: readonly MessagesTable[]): Promise<void> {
    for (const [index, row] of rows.entries()) {
      try {
        const holdMs = await sendOne(row, options);
        if (holdMs === undefined) continue;
        held.set(row.chat_id, store.now() + holdMs);
        return await releaseMessages(store, rows.slice(index + 1).map(({ key }) => key));
      } catch (error) {
        log.error("message_not_recorded", { key: row.key, trace: row.trace, ...errorFields(error) });
      }
    }
  }

  return {
    start() {
      running = true;
      store.notifier.listen("messages", looking.begin);
      timers = [
        setInterval(looking.begin, LOOK_MS),
        setInterval(() => {
          renewMessages(store, holder, [...underWay])
            .catch((error) => log.warning("claim_not_renewed", errorFields(error)));
        }, RENEW_MS),
      ];
      looking.begin();
    },
    async stop(deadline) {
      running = false;
      await looking.rested();
      // What was just decided may still be waiting: one more look, then nothing new.
      if (!deadline.aborted) await fill().catch(() => {});
      clearTimeout(early);
      await untilAborted(Promise.all(busy.values()), deadline).catch(() => {});
      timers.forEach(clearInterval);
    },
  };
}

const NATURALLY = new Intl.Collator("en", { numeric: true });

/** The oldest first among the equally urgent; keys hold update ids, which tell within one millisecond. */
function byUrgency(one: MessagesTable, other: MessagesTable): number {
  return one.priority - other.priority || one.created_at - other.created_at ||
    NATURALLY.compare(one.key, other.key);
}

/** Resolves to how long Telegram wants nothing more for this chat, if it said so. */
async function sendOne(row: MessagesTable, options: OutboxSenderOptions): Promise<number | undefined> {
  const { store, log } = options;
  const deliverOptions: DeliverOptions = {
    ...options,
    async keepCommands(chatId, commands) {
      for (const [handle, command] of commands) await keepCommand(store, chatId, handle, command);
    },
    async onFileRefused(messageId, file, refusal) {
      const { code, description } = refusal;
      log.warning("file_refused", { key: row.key, trace: row.trace, code, description });
      await putMessage(store, store.db, unsentFile(row, messageId, file, refusal));
    },
  };
  const record = async (sent: Delivered) => {
    await store.db.updateTable("messages").set(sent).where("key", "=", row.key).execute();
  };
  let delivered: Delivered;
  try {
    delivered = await deliver(row, deliverOptions, record);
  } catch (error) {
    return await fail(row, error, options);
  }
  await settleMessage(store, row, delivered);
  log.debug("message_sent", { key: row.key, trace: row.trace, format: delivered.format });
  return undefined;
}

/** Buries the message or puts it off. Resolves to how long the whole chat has to wait, if it has. */
async function fail(
  row: MessagesTable,
  error: unknown,
  options: OutboxSenderOptions,
): Promise<number | undefined> {
  const { store, log, clock } = options;
  const refusal = telegramRefusal(error);
  const fields = { key: row.key, trace: row.trace, code: refusal?.code, description: refusal?.description };
  if (refusal?.code === 429) {
    log.warning("telegram_slows_us_down", { ...fields, waitMs: refusal.retryAfterMs });
    const holdMs = refusal.retryAfterMs ?? FIRST_RETRY_MS;
    await postponeMessage(store, row, holdMs, true);
    return holdMs;
  }
  if ((refusal && isFinal(refusal)) || row.attempts >= MOST_ATTEMPTS) {
    log.error("message_given_up", { ...fields, ...(refusal ? {} : errorFields(error)) });
    // Buried last: after a crash in between it is refused once more, and what follows from that is not lost.
    await options.onDead(row, refusal ?? { code: 0, description: "no answer from Telegram" });
    await buryMessage(store.db, row);
    return undefined;
  }
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** row.attempts, LONGEST_RETRY_MS) * (0.5 + clock.random() / 2);
  log.warning("message_delayed", {
    ...fields,
    waitMs: Math.round(waitMs),
    ...(refusal ? {} : errorFields(error)),
  });
  await postponeMessage(store, row, Math.round(waitMs), false);
  return undefined;
}

/** Says below an answer that its file will not come. Said again it stays the same message. */
export function unsentFile(
  row: MessagesTable,
  messageId: number | null,
  file: Attachment,
  { code, description }: TelegramRefusal,
): Outgoing {
  return {
    key: `unsent:${row.key}`,
    chatId: row.chat_id,
    threadId: row.thread_id ?? undefined,
    replyTo: messageId ?? row.reply_to ?? undefined,
    receiverId: row.receiver_id ?? undefined,
    reply: {
      mark: "attention",
      title: line("The file could not be sent: ", { code: file.name }),
      blocks: [{
        kind: "text",
        text: line(
          "Telegram said: “",
          { data: description, max: 120 },
          "”. The answer above stands without it.",
        ),
      }, { kind: "text", text: instead(code, row.chat_id > 0) }],
    },
    priority: PRIORITY.answer,
    trace: row.trace ?? undefined,
  };
}

const TOO_LARGE = 413;

function instead(code: number, isPrivate: boolean): Line {
  if (code === TOO_LARGE) return "Ask for less: one company, one vendor or one id instead of all.";
  if (isPrivate) return "Send the command again, or ask for one company or one id instead of all.";
  return "Send the command again, to me in a private chat if this one takes no files. /doctor shows the bot's rights.";
}
