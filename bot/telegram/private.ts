import type { Api } from "grammy";
import { line, type Reply } from "../../handlers/reply.ts";
import type { Change } from "../changes/machine.ts";
import { errorFields, type Log } from "../log.ts";
import type { Redactor } from "../redact.ts";
import { renderPlain } from "../render/plain.ts";
import type { PrivateLink } from "../secrets/secrets.ts";
import type { Turn } from "../turn.ts";
import { refusalOf } from "./api.ts";
import type { Capabilities } from "./deliver.ts";

export interface PrivateOptions {
  readonly api: Api;
  readonly capabilities: Capabilities;
  readonly redactor: Redactor;
  readonly log: Log;
}

/**
 * What one person alone may see. It goes out directly and is stored nowhere, and it goes to a group only once the
 * server was seen to keep it from everyone else there.
 */
export interface Private {
  sendLink(turn: Turn, link: PrivateLink): Promise<boolean>;
  handOver(change: Change, personal: readonly { label: string; value: string }[]): Promise<void>;
}

export function createPrivate(options: PrivateOptions): Private {
  return {
    async sendLink(turn, link) {
      const reply = linkReply(link);
      if (await sendToPerson(options, turn.person.id, reply)) return true;
      if (turn.chat.type !== "private" && await sendAside(options, turn, reply)) return true;
      turn.answer(noPrivateWay());
      return false;
    },
    async handOver(change, personal) {
      const reply: Reply = {
        mark: "applied",
        title: line("For you alone, shown once: ", { code: change.code }),
        blocks: [{ kind: "facts", facts: personal.map(({ label, value }) => [label, { code: value }]) }],
        footer: "It is stored nowhere. Delete this message when you have put it where it belongs.",
      };
      if (await sendToPerson(options, change.requester_id, reply)) return;
      options.log.warning("credential_not_handed_over", { code: change.code, person: change.requester_id });
    },
  };
}

async function sendToPerson({ api, log }: PrivateOptions, personId: number, reply: Reply): Promise<boolean> {
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
    const refusal = refusalOf(error);
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
  { api, capabilities, log }: PrivateOptions,
  turn: Turn,
  reply: Reply,
): Promise<boolean> {
  if (capabilities.ephemeral === false) return false;
  const probe = plain(noPrivateWay());
  const content = plain(reply);
  try {
    const sent = await api.sendMessage(turn.chat.id, probe.text, {
      entities: probe.entities,
      ...(turn.threadId === undefined ? {} : { message_thread_id: turn.threadId }),
      ephemeral_message_parameters: { receiver_user_id: turn.person.id },
    });
    capabilities.ephemeral = sent.ephemeral_message_id !== undefined;
    if (sent.ephemeral_message_id === undefined) {
      await api.deleteMessage(turn.chat.id, sent.message_id);
      return false;
    }
    await api.raw.editEphemeralMessageText({
      chat_id: turn.chat.id,
      receiver_user_id: turn.person.id,
      ephemeral_message_id: sent.ephemeral_message_id,
      text: content.text,
      entities: content.entities,
      link_preview_options: content.link_preview_options,
      ...(content.reply_markup ? { reply_markup: content.reply_markup } : {}),
    });
    return true;
  } catch (error) {
    log.info("no_private_answer_in_group", { chat: turn.chat.id, ...errorFields(error) });
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

function noPrivateWay(): Reply {
  return {
    mark: "refused",
    title: "The link to enter the secret can only be sent privately",
    blocks: [{
      kind: "text",
      text: "Open a private chat with me, press Start, then send the command again.",
    }],
    personal: true,
  };
}

function plain(reply: Reply): ReturnType<typeof renderPlain> {
  return renderPlain(reply, { store: () => "", dateTimeEntities: false });
}
