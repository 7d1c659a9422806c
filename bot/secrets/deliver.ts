import { type Line, line, type Mark, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Deps } from "../deps.ts";
import { errorFields } from "../log.ts";
import { type PlainPayload, renderPlain } from "../render/plain.ts";
import { redactReply } from "../render/redact_reply.ts";
import { pacedByTelegram, telegramRefusal } from "../telegram/api.ts";

type DeliveryDeps = Pick<Deps, "bot" | "capabilities" | "redactor" | "clock" | "log">;

/** The way to one of the bot's pages, for one person alone. */
export interface PageLink {
  readonly personId: number;
  /** Where it was asked for: a group may show it to this person alone, where they cannot be written to. */
  readonly chatId: number;
  readonly threadId: number | undefined;
  readonly mark: Mark;
  readonly title: Line;
  /** What waits there. */
  readonly about: readonly Line[];
  readonly url: string;
  readonly expiresAt: number;
  /** What anyone may read; stands in the group until Telegram is seen to keep it from the others. */
  readonly placeholder: Reply;
}

/**
 * Brings it to this person and nobody else; false when Telegram offered no private way. It goes out directly and is
 * stored nowhere, and it goes to a group only once the server was seen to keep it from everyone else there.
 */
export async function deliverLink(deps: DeliveryDeps, link: PageLink): Promise<boolean> {
  const payload = plain(redactReply(linkReply(link), deps.redactor.text));
  return await sendToPerson(deps, link, payload) || await sendIntoGroup(deps, link, payload);
}

async function sendToPerson(
  { bot, clock, log }: DeliveryDeps,
  { personId }: PageLink,
  payload: PlainPayload,
): Promise<boolean> {
  const letter = { chat_id: personId, ...payload, protect_content: true };
  try {
    await pacedByTelegram(clock, () => bot.api.raw.sendMessage(letter));
    return true;
  } catch (error) {
    // A person who never pressed Start cannot be written to; that is no fault of ours.
    if (!telegramRefusal(error)) {
      log.warning("private_message_failed", { person: personId, ...errorFields(error) });
    }
    return false;
  }
}

/**
 * First something that anyone may read, marked as private: only when Telegram says that it did keep it private
 * does the real content take its place.
 */
async function sendIntoGroup(
  { bot: { api }, capabilities, clock, log }: DeliveryDeps,
  { personId, chatId, threadId, placeholder }: PageLink,
  payload: PlainPayload,
): Promise<boolean> {
  if (chatId === personId || capabilities.ephemeral === false) return false;
  const place = { chat_id: chatId, ...(threadId === undefined ? {} : { message_thread_id: threadId }) };
  try {
    const hidden = {
      ...place,
      ...plain(placeholder),
      ephemeral_message_parameters: { receiver_user_id: personId },
    };
    const sent = await pacedByTelegram(clock, () => api.raw.sendMessage(hidden));
    const { message_id, ephemeral_message_id } = sent;
    capabilities.ephemeral = ephemeral_message_id !== undefined;
    if (ephemeral_message_id === undefined) {
      await api.deleteMessage(chatId, message_id);
      return false;
    }
    const shown = { chat_id: chatId, receiver_user_id: personId, ephemeral_message_id };
    await pacedByTelegram(clock, () => api.raw.editEphemeralMessageText({ ...shown, ...payload }));
    return true;
  } catch (error) {
    log.info("no_private_answer_in_group", { chat: chatId, ...errorFields(error) });
    return false;
  }
}

function plain(reply: Reply): PlainPayload {
  return renderPlain(reply, { store: () => "", dateTimeEntities: false });
}

function linkReply({ mark, title, about, url, expiresAt }: PageLink): Reply {
  const until = line("It works once and until ", { time: expiresAt }, ". Do not pass it on.");
  return {
    mark,
    title,
    blocks: [...about, { code: url }, until].map(textBlock),
    buttons: [[{ label: "Open the page", action: { url } }]],
    personal: true,
  };
}
