import { createHash } from "node:crypto";
import { type Api, InputFile } from "grammy";
import type { InlineKeyboardMarkup } from "grammy/types";
import { type Attachment, type Line, line, type Reply } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { handleOf, keepingSecrets } from "../render/keyboard.ts";
import { redactReply } from "../render/redact_reply.ts";
import { type PlainPayload, renderPlain } from "../render/plain.ts";
import { renderRich, type RichPayload } from "../render/rich.ts";
import { keepCommand } from "../store/prompts.ts";
import type { MessagesTable } from "../store/schema.ts";
import {
  isFinal,
  learnFromPlain,
  learnFromPublic,
  NOT_IMPLEMENTED,
  type TelegramRefusal,
  telegramRefusal,
} from "../telegram/api.ts";
import { type Outgoing, PRIORITY, putMessage } from "./messages.ts";

type DeliveryDeps = Pick<Deps, "bot" | "redactor" | "capabilities" | "store" | "log">;

export type Delivered = Pick<MessagesTable, "message_id" | "ephemeral_id" | "format" | "file_sent">;

/**
 * Brings one Telegram message to what its row says: sends it, or edits what was sent. Telegram has no idempotence
 * key: when a send was accepted but its answer was lost, the message is sent a second time. Every other repeat is
 * an edit, which does nothing the second time. `onSent` is told how far it got, before what may still fail.
 */
export async function deliver(
  row: MessagesTable,
  deps: DeliveryDeps,
  onSent: (sent: Delivered) => Promise<void>,
): Promise<Delivered> {
  const reply = redactReply(JSON.parse(row.reply) as Reply, deps.redactor.text);
  const isDecision = asksForApproval(reply);
  const { message_id, ephemeral_id, format, file_sent } = row;
  let sent: Delivered = { message_id, ephemeral_id, format, file_sent };

  async function bringFiles(rest: Attachment | undefined): Promise<void> {
    const files = [reply.file, rest].filter((file) => file !== undefined);
    const digest = files.length > 0 ? digestOf(files) : sent.file_sent;
    if (digest === sent.file_sent) return;
    // The text may stand: if the file fails, the retry must edit the text, not send it again.
    await onSent(sent);
    for (const file of files) {
      await sendFile(row, file, sent, deps).catch(async (error) => {
        const refusal = telegramRefusal(error);
        if (isDecision || !refusal || !isFinal(refusal)) throw error;
        await sayFileRefused(row, sent.message_id, { file, refusal }, deps);
      });
    }
    sent = { ...sent, file_sent: digest };
    await onSent(sent);
  }

  // Nobody shall approve what cannot be read yet, or at all.
  const beforehand = (rest: Attachment | undefined) =>
    bringFiles(rest).catch((cause) => {
      throw new FileMissing("A file must be there before its message", { cause });
    });
  const shown = await showWithFallback(row, reply, isDecision ? { ...deps, beforehand } : deps)
    .catch((error) => {
      throw error instanceof FileMissing ? error.cause : error;
    });
  sent = { ...sent, ...shown.place, format: shown.format };
  await bringFiles(shown.rest);
  return sent;
}

function asksForApproval({ buttons = [] }: Reply): boolean {
  return buttons.flat().some(({ action }) => "handle" in action && action.do === "approve");
}

/** Keeps a refused file apart from a refused form of its message. */
class FileMissing extends Error {}

interface ShowOptions extends DeliveryDeps {
  /** What has to be there before the message. */
  readonly beforehand?: (rest: Attachment | undefined) => Promise<void>;
}

interface Place {
  readonly message_id: number | null;
  readonly ephemeral_id: number | null;
}

interface Shown {
  readonly place: Place;
  readonly format: "rich" | "plain";
  readonly rest: Attachment | undefined;
}

type Content =
  | { readonly format: "rich"; readonly payload: Omit<RichPayload, "rest"> }
  | { readonly format: "plain"; readonly payload: Omit<PlainPayload, "rest"> };

/** As rich as the server takes it: each refusal of the form leads to a simpler form of the same message. */
async function showWithFallback(row: MessagesTable, reply: Reply, options: ShowOptions): Promise<Shown> {
  const { capabilities } = options;
  if ((row.format ?? (capabilities.rich === false ? "plain" : "rich")) === "plain") {
    return await showPlain(row, reply, options);
  }
  let refusal: TelegramRefusal;
  try {
    const shown = await show(row, reply, "rich", options);
    capabilities.rich = true;
    return shown;
  } catch (error) {
    refusal = refusalOfRich(error);
  }
  const shown = await showPlain(row, reply, options);
  learnFromPlain(capabilities, refusal);
  return shown;
}

async function showPlain(row: MessagesTable, reply: Reply, options: ShowOptions): Promise<Shown> {
  const { capabilities } = options;
  try {
    return await show(row, reply, "plain", options);
  } catch (error) {
    const refusal = telegramRefusal(error);
    if (!capabilities.dateTimes || refusal?.code !== 400 || !/entit/i.test(refusal.description)) throw error;
    capabilities.dateTimes = false;
    return await show(row, reply, "plain", options);
  }
}

async function show(
  row: MessagesTable,
  reply: Reply,
  format: "rich" | "plain",
  options: ShowOptions,
): Promise<Shown> {
  const { content, rest, commands } = contentOf(reply, format, options);
  await options.beforehand?.(rest);
  // Before anyone can press them.
  for (const [handle, command] of commands) await keepCommand(options.store, row.chat_id, handle, command);
  const place = row.message_id === null && row.ephemeral_id === null
    ? await send(row, content, options)
    : await edit(row, content, options);
  return { place, format, rest };
}

interface Composed {
  readonly content: Content;
  readonly rest: Attachment | undefined;
  /** By the handle that stands for it on a button. */
  readonly commands: ReadonlyMap<string, string>;
}

function contentOf(reply: Reply, format: "rich" | "plain", options: DeliveryDeps): Composed {
  const commands = new Map<string, string>();
  const store = (command: string) => {
    const handle = handleOf(command);
    commands.set(handle, command);
    return handle;
  };
  const { text: redact } = options.redactor;
  const safe = <Payload extends { reply_markup?: InlineKeyboardMarkup }>(payload: Payload): Payload =>
    payload.reply_markup
      ? { ...payload, reply_markup: keepingSecrets(payload.reply_markup, redact, store) }
      : payload;
  if (format === "rich") {
    const { rest, ...payload } = renderRich(reply, { store });
    return { content: { format, payload: safe(payload) }, rest, commands };
  }
  const { rest, ...payload } = renderPlain(reply, {
    store,
    dateTimeEntities: options.capabilities.dateTimes,
  });
  return { content: { format, payload: safe(payload) }, rest, commands };
}

/** Everything about a new message but what it says. */
type Addressed = Omit<Parameters<Api["raw"]["sendMessage"]>[0], "text" | "parse_mode" | "reply_markup">;

async function send(row: MessagesTable, content: Content, options: DeliveryDeps): Promise<Place> {
  const addressed = {
    chat_id: row.chat_id,
    ...(row.thread_id === null ? {} : { message_thread_id: row.thread_id }),
    ...(row.silent ? { disable_notification: true } : {}),
  };
  let refusal: TelegramRefusal | undefined;
  if (row.receiver_id !== null && options.capabilities.ephemeral !== false) {
    try {
      const sent = await post(options.bot.api, { ...addressed, ...visibleTo(row, row.receiver_id) }, content);
      // A server that does not know ephemeral messages ignores the wish and answers with an ordinary message.
      options.capabilities.ephemeral = sent.ephemeral_id !== null;
      return sent;
    } catch (error) {
      // "Only you see this" is a courtesy; that the person gets an answer is not.
      refusal = telegramRefusal(error);
      if (refusal?.code !== 400) throw error;
    }
  }
  const inPublic = {
    ...addressed,
    ...(row.reply_to === null
      ? {}
      : { reply_parameters: { message_id: row.reply_to, allow_sending_without_reply: true } }),
  };
  try {
    const sent = await post(options.bot.api, inPublic, content);
    if (refusal) learnFromPublic(options.capabilities, refusal);
    return sent;
  } catch (error) {
    if (!/thread not found/i.test(telegramRefusal(error)?.description ?? "")) throw error;
    const { message_thread_id: _, ...elsewhere } = { message_thread_id: undefined, ...inPublic };
    return await post(options.bot.api, elsewhere, content);
  }
}

function visibleTo(row: MessagesTable, receiver: number): Pick<Addressed, "ephemeral_message_parameters"> {
  return {
    ephemeral_message_parameters: {
      receiver_user_id: receiver,
      ...(row.callback_query_id === null ? {} : { callback_query_id: row.callback_query_id }),
    },
  };
}

async function post(api: Api, addressed: Addressed, content: Content): Promise<Place> {
  const sent = content.format === "rich"
    ? await api.raw.sendRichMessage({ ...addressed, ...content.payload })
    : await api.raw.sendMessage({ ...addressed, ...content.payload });
  const ephemeralId = sent.ephemeral_message_id ?? null;
  return { message_id: ephemeralId === null ? sent.message_id ?? null : null, ephemeral_id: ephemeralId };
}

async function edit(row: MessagesTable, content: Content, options: DeliveryDeps): Promise<Place> {
  const { raw } = options.bot.api;
  try {
    if (row.ephemeral_id !== null && row.receiver_id !== null) {
      await raw.editEphemeralMessageText({
        chat_id: row.chat_id,
        receiver_user_id: row.receiver_id,
        ephemeral_message_id: row.ephemeral_id,
        ...content.payload,
      });
    } else if (row.message_id !== null) {
      await raw.editMessageText({ chat_id: row.chat_id, message_id: row.message_id, ...content.payload });
    }
    return { message_id: row.message_id, ephemeral_id: row.ephemeral_id };
  } catch (error) {
    const description = telegramRefusal(error)?.description ?? "";
    if (/message is not modified/i.test(description)) {
      return { message_id: row.message_id, ephemeral_id: row.ephemeral_id };
    }
    if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(description)) {
      return await send(row, content, options);
    }
    throw error;
  }
}

/** A refusal of the form, not of the message: an old server, or a block it does not take. Else it is thrown on. */
function refusalOfRich(error: unknown): TelegramRefusal {
  const refusal = telegramRefusal(error);
  if (refusal?.code === 404 || refusal?.code === NOT_IMPLEMENTED) return refusal;
  // What would be refused in any form is not the form's fault.
  const inAnyForm = /chat not found|not enough rights|TOPIC_CLOSED|need administrator/i;
  if (refusal?.code === 400 && refusal.migratedTo === undefined && !inAnyForm.test(refusal.description)) {
    return refusal;
  }
  throw error;
}

async function sendFile(
  row: MessagesTable,
  file: Attachment,
  { message_id }: Place,
  { bot, redactor }: DeliveryDeps,
): Promise<void> {
  const above = message_id ?? row.reply_to;
  const bytes = new TextEncoder().encode(redactor.text(file.content));
  await bot.api.sendDocument(row.chat_id, new InputFile(bytes, file.name), {
    disable_notification: true,
    ...(row.thread_id === null ? {} : { message_thread_id: row.thread_id }),
    ...(above === null ? {} : { reply_parameters: { message_id: above, allow_sending_without_reply: true } }),
  });
}

function digestOf(files: readonly Attachment[]): string {
  return createHash("sha256").update(JSON.stringify(files.map((file) => [file.name, file.content]))).digest(
    "hex",
  );
}

/** A file that Telegram will never take. */
interface RefusedFile {
  readonly file: Attachment;
  readonly refusal: TelegramRefusal;
}

/** The text that the file belongs to stands. */
async function sayFileRefused(
  row: MessagesTable,
  messageId: number | null,
  refused: RefusedFile,
  { store, log }: DeliveryDeps,
): Promise<void> {
  const { code, description } = refused.refusal;
  log.warning("file_refused", { key: row.key, trace: row.trace, code, description });
  await putMessage(store, store.db, unsentFile(row, messageId, refused));
}

/** Says below an answer that its file will not come. Said again it stays the same message. */
function unsentFile(
  row: MessagesTable,
  messageId: number | null,
  { file, refusal: { code, description } }: RefusedFile,
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
