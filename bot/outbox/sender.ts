import type { Api } from "grammy";
import type { InlineKeyboardMarkup } from "grammy/types";
import type { Attachment, Reply } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { insistOn, type RunResult } from "../queue/worker.ts";
import { answerField, handleOf, type KeepCommand, keepingSecrets } from "../render/keyboard.ts";
import { type PlainPayload, renderPlain } from "../render/plain.ts";
import { redactReply } from "../render/sanitize.ts";
import { renderRich, type RichPayload } from "../render/rich.ts";
import { keepCommand } from "../store/kept_values.ts";
import type { MessagesTable } from "../store/schema.ts";
import {
  below,
  inTopic,
  isFinal,
  learnFromPlain,
  learnFromPublic,
  refusalOfRich,
  type TelegramRefusal,
  telegramRefusal,
} from "../telegram/api.ts";
import { bringFiles } from "./files.ts";
import {
  buryMessage,
  type Delivered,
  noteProgress,
  postponeMessage,
  renewMessages,
  settleMessage,
} from "./messages.ts";
import { openReply } from "./sealed.ts";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** After this many attempts without any answer (about an hour) a message is given up. */
const MOST_ATTEMPTS = 64;

/** Who is told of what does not arrive. */
interface Told {
  /** Telegram will never take it. */
  dead(row: MessagesTable, refusal: TelegramRefusal): Promise<void>;
  /** What is sealed in it may not be seen where it stands. */
  withheld(row: MessagesTable): Promise<void>;
  /** A group has a new id; what is due there is to go to that. */
  moved(migration: { readonly from: number; readonly to: number }): Promise<void>;
}

/**
 * Sends what the store says shall be shown, at once and paced only by Telegram's own 429. What fails stays in the
 * store and is tried again.
 */
export class OutboxSender {
  constructor(private readonly deps: Deps, private readonly told: Told) {}

  /** Sends or edits one claimed message. "hold": it waits, and what else waits for this chat is to be looked at anew. */
  async send(row: MessagesTable, ending: AbortSignal): Promise<RunResult> {
    const { store, log, clock } = this.deps;
    // What Telegram has taken would be sent again if it could not be noted.
    const missed = (error: unknown) => log.warning("message_not_noted", errorFields(error));
    const insist: Insist = (note) => insistOn(note, { clock, ending, missed });
    const delivery = new Delivery(row, this.deps, insist);
    let result: RunResult = undefined;
    const isMine = await delivery.run().then(
      async (delivered) => {
        if (delivery.isWithheld) await insist(() => this.told.withheld(row));
        const isMine = await insist(() => settleMessage(store, row, delivered));
        if (isMine) log.debug("message_sent", { key: row.key, trace: row.trace });
        return isMine;
      },
      async (error) => {
        if (error instanceof MessageTakenOver) return false;
        const [isMine, chat] = await this.putOffOrBury(row, error);
        result = chat;
        return isMine;
      },
    );
    if (isMine) return result;
    log.warning("message_taken_over", { key: row.key, trace: row.trace });
    await delivery.takeBack();
  }

  /** Whether the message was still this replica's, and whether its chat is to be looked at anew. */
  private async putOffOrBury(row: MessagesTable, error: unknown): Promise<[isMine: boolean, RunResult]> {
    const { store, log, clock } = this.deps;
    const refusal = telegramRefusal(error);
    const fields = {
      key: row.key,
      trace: row.trace,
      ...(refusal ? { code: refusal.code, description: refusal.description } : errorFields(error)),
    };
    if (refusal?.code === 429) {
      log.warning("telegram_slows_us_down", { ...fields, waitMs: refusal.retryAfterMs });
      return [await postponeMessage(store, row, refusal.retryAfterMs ?? FIRST_RETRY_MS, true), "hold"];
    }
    if (refusal?.migratedTo !== undefined) {
      log.info("message_moved", { ...fields, to: refusal.migratedTo });
      await this.told.moved({ from: row.chat_id, to: refusal.migratedTo });
      return [true, "hold"];
    }
    if ((refusal && isFinal(refusal)) || row.attempts >= MOST_ATTEMPTS) {
      // A person who never pressed Start cannot be written to; that is no fault of ours.
      if (row.sealed === null) log.error("message_given_up", fields);
      else log.info("no_private_way", fields);
      // Buried last: after a crash in between it is refused once more, and what follows from that is not lost.
      await this.told.dead(row, refusal ?? { code: 0, description: "no answer from Telegram" });
      return [await buryMessage(store.db, row), undefined];
    }
    const backOffMs = Math.min(FIRST_RETRY_MS * 2 ** row.attempts, LONGEST_RETRY_MS);
    const waitMs = Math.round(backOffMs * (0.5 + clock.random() / 2));
    log.warning("message_delayed", { ...fields, waitMs });
    // What was claimed behind it may be the answer to a later command.
    return [await postponeMessage(store, row, waitMs, false), "hold"];
  }
}

type Insist = <T>(note: () => Promise<T>) => Promise<T>;
type DeliveryDeps = Pick<Deps, "bot" | "redactor" | "capabilities" | "store" | "holder" | "log" | "vault">;

type Format = "rich" | "plain";
type Place = Pick<MessagesTable, "message_id" | "ephemeral_id">;

type Content =
  | { readonly format: "rich"; readonly payload: Omit<RichPayload, "rest"> }
  | { readonly format: "plain"; readonly payload: Omit<PlainPayload, "rest"> };

/** Everything about a new message but what it says. */
type Addressed = Omit<Parameters<Api["raw"]["sendMessage"]>[0], "text" | "parse_mode" | "reply_markup">;

/** Somebody else is sending it by now. */
class MessageTakenOver extends Error {
  constructor(key: string) {
    super(`Message ${key} is somebody else's by now`);
    this.name = "MessageTakenOver";
  }
}

/** Keeps a refused file apart from a refused form of its message. */
class FileRefused extends Error {}

/**
 * Brings one Telegram message to what its row says: sends it, or edits what was sent. Telegram has no idempotence
 * key: when a send was accepted but its answer was lost, the message is sent a second time. Every other repeat is
 * an edit, which does nothing the second time.
 */
export class Delivery {
  /** Nobody saw what was sealed: others could have seen it too. */
  isWithheld = false;
  private reply: Reply;
  private readonly isDecision: boolean;
  private sent: Delivered;

  constructor(
    private readonly row: MessagesTable,
    private readonly deps: DeliveryDeps,
    private readonly insist: Insist,
  ) {
    this.reply = redactReply(JSON.parse(row.reply) as Reply, deps.redactor.text);
    this.isDecision = asksForApproval(this.reply);
    const { message_id, ephemeral_id, format, file_sent } = row;
    this.sent = { message_id, ephemeral_id, format, file_sent };
  }

  /** Throws what Telegram, or the way to it, has against it, and `MessageTakenOver`. */
  async run(): Promise<Delivered> {
    const { sealed } = this.row;
    try {
      if (sealed === null || !this.isPrivate) await this.bringFiles(await this.showWithFallback());
      if (sealed !== null) await this.showSealed().catch((error) => this.showSealedAnew(error));
      return this.sent;
    } catch (error) {
      throw error instanceof FileRefused ? error.cause : error;
    }
  }

  /** Whoever took the message over sends it too: what was sent here alone, and may have buttons, goes again. */
  async takeBack(): Promise<void> {
    const { row, sent, deps: { bot: { api }, log } } = this;
    try {
      if (row.message_id === null && sent.message_id !== null) {
        await api.deleteMessage(row.chat_id, sent.message_id);
      } else if (row.ephemeral_id === null && sent.ephemeral_id !== null && row.receiver_id !== null) {
        await api.raw.deleteEphemeralMessage({
          chat_id: row.chat_id,
          receiver_user_id: row.receiver_id,
          ephemeral_message_id: sent.ephemeral_id,
        });
      }
    } catch (error) {
      log.warning("message_not_taken_back", { key: row.key, trace: row.trace, ...errorFields(error) });
    }
  }

  private get isPrivate(): boolean {
    return this.row.chat_id > 0 || this.sent.ephemeral_id !== null;
  }

  /** Takes the place of what anyone may read, once Telegram says that it kept that from the others. */
  private async showSealed(): Promise<void> {
    const { row, deps } = this;
    const reply = this.isPrivate ? await openReply(deps, row) : undefined;
    this.isWithheld = reply === undefined;
    if (!reply) return;
    if (this.sent.ephemeral_id !== row.ephemeral_id) await this.record(this.sent);
    this.reply = redactReply(reply, deps.redactor.text);
    await this.showWithFallback();
  }

  /**
   * What only one person saw can be edited no more: it is said again, first in the words that anyone may read, since
   * the server may show it to everyone.
   */
  private async showSealedAnew(error: unknown): Promise<void> {
    const refusal = telegramRefusal(error);
    if (this.sent.ephemeral_id === null || !refusal || !isFinal(refusal)) throw error;
    this.reply = redactReply(JSON.parse(this.row.reply) as Reply, this.deps.redactor.text);
    this.sent = { ...this.sent, ephemeral_id: null };
    await this.showWithFallback();
    await this.showSealed();
  }

  /** Before each call: after a pause of this process somebody else may be at it. Throws `MessageTakenOver`. */
  private async stillMine(): Promise<void> {
    const { row, deps } = this;
    if (row.claimed_until > deps.store.now()) return;
    if ((await renewMessages(deps, [row.key])).length === 0) throw new MessageTakenOver(row.key);
  }

  private async record(sent: Delivered): Promise<void> {
    const { row, deps: { store } } = this;
    if (!await this.insist(() => noteProgress(store, row, sent))) throw new MessageTakenOver(row.key);
  }

  /** As rich as the server takes it: each refusal of the form leads to a simpler form of the same message. */
  private async showWithFallback(): Promise<Attachment | undefined> {
    const { capabilities } = this.deps;
    const format = capabilities.rich === false ? "plain" : this.sent.format ?? "rich";
    if (format === "plain") return await this.showPlain();
    let refusal: TelegramRefusal;
    try {
      const rest = await this.show("rich");
      capabilities.rich = true;
      return rest;
    } catch (error) {
      refusal = refusalOfRich(error);
    }
    const rest = await this.showPlain();
    learnFromPlain(capabilities, refusal);
    return rest;
  }

  private async showPlain(): Promise<Attachment | undefined> {
    const { capabilities } = this.deps;
    try {
      return await this.show("plain");
    } catch (error) {
      const refusal = telegramRefusal(error);
      const isForm = refusal?.code === 400 && /entit/i.test(refusal.description);
      if (!capabilities.dateTimes || !isForm) throw error;
      capabilities.dateTimes = false;
      return await this.show("plain");
    }
  }

  /** Resolves to what of the reply had no room in the message. */
  private async show(format: Format): Promise<Attachment | undefined> {
    const { row, sent, deps: { store } } = this;
    const commands = new Map<string, string>();
    const { rest, ...content } = this.contentOf(format, (command) => {
      const handle = handleOf(command);
      commands.set(handle, command);
      return handle;
    });
    // Nobody shall approve what cannot be read yet, or at all.
    if (this.isDecision) {
      await this.bringFiles(rest).catch((cause) => {
        throw new FileRefused("A file must be there before its message", { cause });
      });
    }
    // Before anyone can press them.
    for (const [handle, command] of commands) await keepCommand(store, row.chat_id, handle, command);
    const isNew = sent.message_id === null && sent.ephemeral_id === null;
    const place = isNew ? await this.send(content) : await this.edit(content);
    this.sent = { ...this.sent, ...place, format };
    return rest;
  }

  /** `keep` takes a command that does not go on its button, and names it. */
  private contentOf(format: Format, keep: KeepCommand): Content & { readonly rest: Attachment | undefined } {
    const { redactor, capabilities } = this.deps;
    const safe = <Payload extends { reply_markup?: InlineKeyboardMarkup }>(payload: Payload): Payload =>
      payload.reply_markup
        ? { ...payload, reply_markup: keepingSecrets(payload.reply_markup, redactor.text, keep) }
        : payload;
    if (format === "rich") {
      const { rest, ...payload } = renderRich(this.reply, { store: keep });
      return { format, payload: safe(payload), rest };
    }
    const options = { store: keep, dateTimeEntities: capabilities.dateTimes };
    const { rest, ...payload } = renderPlain(this.reply, options);
    return { format, payload: safe(payload), rest };
  }

  private async send(content: Content): Promise<Place> {
    const { row, deps: { capabilities } } = this;
    const addressed = {
      chat_id: row.chat_id,
      ...(row.thread_id === null ? {} : { message_thread_id: row.thread_id }),
      ...(row.silent ? { disable_notification: true } : {}),
      ...(row.sealed !== null && row.chat_id > 0 ? { protect_content: true } : {}),
    };
    let refusal: TelegramRefusal | undefined;
    if (row.receiver_id !== null && capabilities.ephemeral !== false) {
      try {
        const personal = { ...addressed, ...visibleTo(row, row.receiver_id) };
        const sent = await inTopic(personal, (where) => this.post(where, content));
        // A server that does not know ephemeral messages ignores the wish and answers with an ordinary message.
        capabilities.ephemeral = sent.ephemeral_id !== null;
        return sent;
      } catch (error) {
        // "Only you see this" is a courtesy; that the person gets an answer is not.
        refusal = telegramRefusal(error);
        if (refusal?.code !== 400) throw error;
      }
    }
    const inPublic = { ...addressed, ...below(row.reply_to) };
    const sent = await inTopic(inPublic, (where) => this.post(where, content));
    if (refusal) learnFromPublic(capabilities, refusal);
    return sent;
  }

  private async post(addressed: Addressed, content: Content): Promise<Place> {
    await this.stillMine();
    const { raw } = this.deps.bot.api;
    const sent = content.format === "rich"
      ? await raw.sendRichMessage({ ...addressed, ...content.payload, ...answerField(this.reply) })
      : await raw.sendMessage({ ...addressed, ...content.payload, ...answerField(this.reply) });
    const ephemeralId = sent.ephemeral_message_id ?? null;
    return { message_id: ephemeralId === null ? sent.message_id ?? null : null, ephemeral_id: ephemeralId };
  }

  private async edit(content: Content): Promise<Place> {
    const { row: { chat_id, receiver_id, sealed }, sent, deps: { bot: { api: { raw } } } } = this;
    const { message_id, ephemeral_id } = sent;
    await this.stillMine();
    try {
      if (ephemeral_id !== null && receiver_id !== null) {
        await raw.editEphemeralMessageText({
          chat_id,
          receiver_user_id: receiver_id,
          ephemeral_message_id: ephemeral_id,
          ...content.payload,
        });
      } else if (message_id !== null) {
        await raw.editMessageText({ chat_id, message_id, ...content.payload });
      }
    } catch (error) {
      const description = telegramRefusal(error)?.description ?? "";
      if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(description)) {
        // Sent anew it might be everyone's.
        if (sealed !== null && ephemeral_id !== null) throw error;
        return await this.send(content);
      }
      if (!/message is not modified/i.test(description)) throw error;
    }
    return { message_id, ephemeral_id };
  }

  private async bringFiles(rest: Attachment | undefined): Promise<void> {
    const files = [this.reply.file, rest].filter((file) => file !== undefined);
    const { picture } = this.reply;
    if (files.length === 0 && !picture && this.row.export === null) return;
    const { row, deps, isDecision } = this;
    const courier = { row, deps, mustArrive: isDecision, stillMine: () => this.stillMine() };
    await bringFiles(courier, { files, picture }, this.sent, async (sent) => {
      this.sent = sent;
      await this.record(sent);
    });
  }
}

function asksForApproval({ buttons = [] }: Reply): boolean {
  return buttons.flat().some(({ action }) => "handle" in action && action.do === "approve");
}

function visibleTo(row: MessagesTable, receiver: number): Pick<Addressed, "ephemeral_message_parameters"> {
  return {
    ephemeral_message_parameters: {
      receiver_user_id: receiver,
      ...(row.callback_query_id === null ? {} : { callback_query_id: row.callback_query_id }),
    },
  };
}
