import type { InlineKeyboard, Message } from "../message.ts";
import { badRequest } from "../refusal.ts";
import { replyMarkup } from "../reply_markup.ts";
import { richMessage } from "../rich_message.ts";
import { findEphemeral, isAdministrator, remove, type Room, seconds, snapshot } from "../world.ts";
import { type Call, messageOf, roomToRead, roomToWriteTo } from "./call.ts";
import { textContent } from "./sending.ts";

const DELETABLE_FOR_S = 48 * 60 * 60;
const NOT_MODIFIED =
  "message is not modified: specified new message content and reply markup are exactly the " +
  "same as a current content and reply markup of the message";

/** https://core.telegram.org/bots/api#editmessagetext */
export function editMessageText(call: Call): Message {
  const content = newContent(call);
  const markup = replyMarkup(call.parameters, call.world.legacy).inline;
  const message = ownMessage(call);
  if (message.text === undefined && message.rich_message === undefined) {
    throw badRequest("there is no text in the message to edit");
  }
  change(call, message, content, markup);
  return snapshot(message);
}

/** https://core.telegram.org/bots/api#editmessagereplymarkup */
export function editMessageReplyMarkup(call: Call): Message {
  const markup = replyMarkup(call.parameters, call.world.legacy).inline;
  const message = ownMessage(call);
  change(call, message, {}, markup);
  return snapshot(message);
}

/** https://core.telegram.org/bots/api#deletemessage */
export function deleteMessage(call: Call): true {
  const room = roomToRead(call);
  const message = messageOf(call, room, "delete");
  if (!mayDelete(call, room, message)) throw badRequest("message can't be deleted");
  if (seconds(call.world) - message.date > DELETABLE_FOR_S) {
    throw badRequest("message can't be deleted for everyone");
  }
  remove(room, message);
  return true;
}

/** https://core.telegram.org/bots/api#editephemeralmessagetext */
export function editEphemeralMessageText(call: Call): true {
  const content = newContent(call);
  const markup = replyMarkup(call.parameters, call.world.legacy).inline;
  change(call, ephemeralOf(call, "edit"), content, markup);
  return true;
}

/** https://core.telegram.org/bots/api#editephemeralmessagereplymarkup */
export function editEphemeralMessageReplyMarkup(call: Call): true {
  const markup = replyMarkup(call.parameters, call.world.legacy).inline;
  change(call, ephemeralOf(call, "edit"), {}, markup);
  return true;
}

/** https://core.telegram.org/bots/api#deleteephemeralmessage */
export function deleteEphemeralMessage(call: Call): true {
  remove(roomToRead(call), ephemeralOf(call, "delete"));
  return true;
}

/** Rich where the server knows rich messages; otherwise the parameter is not there and the text is missing. */
function newContent(call: Call): Partial<Message> {
  const rich_message = call.world.legacy ? undefined : richMessage(call.parameters);
  if (!rich_message) return textContent(call);
  if (call.parameters.text("text") !== "") throw badRequest("text and rich_message can't be used together");
  return { rich_message };
}

function ownMessage(call: Call): Message {
  const room = roomToWriteTo(call);
  const message = messageOf(call, room, "edit");
  if (message.from?.id !== call.world.bot.id) throw badRequest("message can't be edited");
  return message;
}

function ephemeralOf(call: Call, action: string): Message {
  const room = roomToRead(call);
  const receiver = call.parameters.integer("receiver_user_id");
  const id = call.parameters.integer("ephemeral_message_id");
  if (receiver === undefined) throw badRequest("invalid receiver_user_id specified");
  if (id === undefined) throw badRequest("message identifier is not specified");
  const message = findEphemeral(room, receiver, id);
  if (!message) throw badRequest(`message to ${action} not found`);
  return message;
}

/** Replaces content (where given) and keyboard (always: a keyboard that is not sent again is taken away). */
function change(
  call: Call,
  message: Message,
  content: Partial<Message>,
  keyboard: InlineKeyboard | undefined,
): void {
  const hasContent = Object.keys(content).length > 0;
  const before = JSON.stringify([message.text, message.entities, message.rich_message]);
  const after = hasContent ? JSON.stringify([content.text, content.entities, content.rich_message]) : before;
  const sameKeyboard = JSON.stringify(keyboard) === JSON.stringify(message.reply_markup);
  if (before === after && sameKeyboard) throw badRequest(NOT_MODIFIED);
  if (hasContent) {
    delete message.text;
    delete message.entities;
    delete message.rich_message;
    Object.assign(message, content, { edit_date: seconds(call.world) });
  }
  delete message.reply_markup;
  if (keyboard) message.reply_markup = keyboard;
}

function mayDelete({ world }: Call, room: Room, message: Message): boolean {
  if (message.from?.id === world.bot.id || room.chat.type === "private") return true;
  if (!isAdministrator(room, world.bot.id)) return false;
  return room.chat.type === "group" || room.rights.has("can_delete_messages");
}
