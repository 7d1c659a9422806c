import type { Api } from "grammy";
import { line, type Reply } from "../../handlers/reply.ts";
import { stateLine } from "../approvals/card.ts";
import type { Change } from "../approvals/state_machine.ts";
import { errorFields, type Log } from "../log.ts";
import type { Redactor } from "../redact.ts";
import { redactReply } from "../render/redact_reply.ts";
import { renderPlain } from "../render/plain.ts";
import type { OfferLink } from "./handover.ts";
import type { PrivateLink } from "./entry.ts";
import type { UpdateContext } from "../context.ts";
import { type Capabilities, telegramRefusal } from "../telegram/api.ts";

export interface PrivateDeliveryOptions {
  readonly api: Api;
  readonly capabilities: Capabilities;
  readonly redactor: Redactor;
  readonly log: Log;
}

/**
 * What one person alone may see. It goes out directly and is stored nowhere, and it goes to a group only once the
 * server was seen to keep it from everyone else there.
 */
export interface PrivateDelivery {
  sendLink(ctx: UpdateContext, link: PrivateLink): Promise<boolean>;
  /** The way to credentials that a change made; never the credentials. */
  sendOffer(change: Change, link: OfferLink): Promise<boolean>;
}

export function createPrivateDelivery(options: PrivateDeliveryOptions): PrivateDelivery {
  return {
    async sendLink(ctx, link) {
      const { chat, person, threadId } = ctx;
      const aside = chat.type === "private" ? undefined : { chatId: chat.id, threadId };
      if (await sendPrivately(options, person.id, linkReply(link), aside, NO_WAY_TO_ENTER)) return true;
      ctx.answer(NO_WAY_TO_ENTER);
      return false;
    },
    async sendOffer(change, link) {
      const aside = change.origin_chat === change.requester_id
        ? undefined
        : { chatId: change.origin_chat, threadId: change.origin_thread ?? undefined };
      const reply = offerReply(change, link);
      if (await sendPrivately(options, change.requester_id, reply, aside, NO_WAY_TO_SHOW)) return true;
      options.log.warning("credential_not_offered", { code: change.code, person: change.requester_id });
      return false;
    },
  };
}

interface Aside {
  readonly chatId: number;
  readonly threadId: number | undefined;
}

async function sendPrivately(
  options: PrivateDeliveryOptions,
  personId: number,
  reply: Reply,
  aside: Aside | undefined,
  harmless: Reply,
): Promise<boolean> {
  const covered = redactReply(reply, options.redactor.text);
  return await sendToPerson(options, personId, covered) ||
    aside !== undefined && await sendAside(options, personId, covered, aside, harmless);
}

async function sendToPerson(
  { api, log }: PrivateDeliveryOptions,
  personId: number,
  reply: Reply,
): Promise<boolean> {
  const { text, entities, reply_markup, link_preview_options } = plain(reply);
  try {
    await api.sendMessage(personId, text, {
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
async function sendAside(
  { api, capabilities, log }: PrivateDeliveryOptions,
  personId: number,
  reply: Reply,
  { chatId, threadId }: Aside,
  harmless: Reply,
): Promise<boolean> {
  if (capabilities.ephemeral === false) return false;
  const probe = plain(harmless);
  const content = plain(reply);
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
      text: content.text,
      entities: content.entities,
      link_preview_options: content.link_preview_options,
      ...(content.reply_markup ? { reply_markup: content.reply_markup } : {}),
    });
    return true;
  } catch (error) {
    log.info("no_private_answer_in_group", { chat: chatId, ...errorFields(error) });
    return false;
  }
}

function linkReply({ url, fields, expiresAt, title }: PrivateLink): Reply {
  return {
    mark: "question",
    title: `Enter ${fields.join(", ")} on this page`,
    blocks: [
      { kind: "text", text: line("For: ", title) },
      { kind: "text", text: { code: url } },
      { kind: "text", text: line("It works once and until ", { time: expiresAt }, ". Do not pass it on.") },
    ],
    buttons: [[{ label: "Open the page", action: { url } }]],
    personal: true,
  };
}

function offerReply(change: Change, { url, labels, expiresAt }: OfferLink): Reply {
  return {
    mark: "info",
    title: line("New with ", { code: change.code }, `: ${labels}`),
    blocks: [
      { kind: "text", text: stateLine(change).title },
      { kind: "text", text: "The page shows it to you, once. It is not sent through Telegram." },
      { kind: "text", text: { code: url } },
      { kind: "text", text: line("It works once and until ", { time: expiresAt }, ". Do not pass it on.") },
    ],
    buttons: [[{ label: "Open the page", action: { url } }]],
    personal: true,
  };
}

const NO_WAY_TO_ENTER: Reply = {
  mark: "refused",
  title: "The link to enter the secret can only be sent privately",
  blocks: [{
    kind: "text",
    text: "Open a private chat with me, press Start, then send the command again.",
  }],
  personal: true,
};

const NO_WAY_TO_SHOW: Reply = {
  mark: "info",
  title: "There is a new credential, which can only be shown privately",
  blocks: [{ kind: "text", text: "Where else it can be found stands in the outcome of the change." }],
  personal: true,
};

function plain(reply: Reply): ReturnType<typeof renderPlain> {
  return renderPlain(reply, { store: () => "", dateTimeEntities: false });
}
