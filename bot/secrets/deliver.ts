import { type Line, line, type Reply } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { renderPlain } from "../render/plain.ts";
import { redactReply } from "../render/redact_reply.ts";
import { telegramRefusal } from "../telegram/api.ts";

type DeliveryDeps = Pick<Deps, "bot" | "capabilities" | "redactor" | "log">;

/** What one person alone may see. */
export interface PrivateMessage {
  readonly personId: number;
  readonly reply: Reply;
  /** The group in which it may be shown to this person alone, where they cannot be written to. */
  readonly group: { readonly chatId: number; readonly threadId: number | undefined } | undefined;
  /** What anyone may read; stands there until Telegram is seen to keep it from the others. */
  readonly placeholder: Reply;
}

/**
 * Brings it to this person and nobody else; false when Telegram offered no private way. It goes out directly and is
 * stored nowhere, and it goes to a group only once the server was seen to keep it from everyone else there.
 */
export async function deliverPrivately(deps: DeliveryDeps, message: PrivateMessage): Promise<boolean> {
  const redacted = { ...message, reply: redactReply(message.reply, deps.redactor.text) };
  return await sendToPerson(deps, redacted) || await sendIntoGroup(deps, redacted);
}

async function sendToPerson(
  { bot, log }: DeliveryDeps,
  { personId, reply }: PrivateMessage,
): Promise<boolean> {
  const { text, entities, reply_markup, link_preview_options } = plain(reply);
  try {
    await bot.api.sendMessage(personId, text, {
      entities,
      link_preview_options,
      protect_content: true,
      ...(reply_markup ? { reply_markup } : {}),
    });
    return true;
  } catch (error) {
    const refusal = telegramRefusal(error);
    // A person who never pressed Start cannot be written to; that is no fault of ours.
    if (!refusal) log.warning("private_message_failed", { person: personId, ...errorFields(error) });
    return false;
  }
}

/**
 * First something that anyone may read, marked as private: only when Telegram says that it did keep it private
 * does the real content take its place.
 */
async function sendIntoGroup(
  { bot: { api }, capabilities, log }: DeliveryDeps,
  { personId, reply, group, placeholder }: PrivateMessage,
): Promise<boolean> {
  if (!group || capabilities.ephemeral === false) return false;
  const { chatId, threadId } = group;
  const probe = plain(placeholder);
  const { text, entities, reply_markup, link_preview_options } = plain(reply);
  try {
    const sent = await api.sendMessage(chatId, probe.text, {
      entities: probe.entities,
      ...(threadId === undefined ? {} : { message_thread_id: threadId }),
      ephemeral_message_parameters: { receiver_user_id: personId },
    });
    capabilities.ephemeral = sent.ephemeral_message_id !== undefined;
    if (sent.ephemeral_message_id === undefined) {
      await api.deleteMessage(chatId, sent.message_id);
      return false;
    }
    await api.raw.editEphemeralMessageText({
      chat_id: chatId,
      receiver_user_id: personId,
      ephemeral_message_id: sent.ephemeral_message_id,
      text,
      entities,
      link_preview_options,
      ...(reply_markup ? { reply_markup } : {}),
    });
    return true;
  } catch (error) {
    log.info("no_private_answer_in_group", { chat: chatId, ...errorFields(error) });
    return false;
  }
}

function plain(reply: Reply): ReturnType<typeof renderPlain> {
  return renderPlain(reply, { store: () => "", dateTimeEntities: false });
}

/** The way to one of the bot's pages, as a message; `about` says what waits there. */
export function pageLinkReply(
  { mark, title, about, url, expiresAt }: Pick<Reply, "mark" | "title"> & {
    readonly about: readonly Line[];
    readonly url: string;
    readonly expiresAt: number;
  },
): Reply {
  const lines = [
    ...about,
    { code: url },
    line("It works once and until ", { time: expiresAt }, ". Do not pass it on."),
  ];
  return {
    mark,
    title,
    blocks: lines.map((text) => ({ kind: "text", text })),
    buttons: [[{ label: "Open the page", action: { url } }]],
    personal: true,
  };
}
