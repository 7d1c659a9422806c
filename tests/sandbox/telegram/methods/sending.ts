import { formattedText } from "../formatted_text.ts";
import { asObject, flagField, integerField, Malformed, optionalString } from "../json_fields.ts";
import type { Message, User } from "../message.ts";
import { badRequest } from "../refusal.ts";
import { replyMarkup } from "../reply_markup.ts";
import { richMessage } from "../rich_message.ts";
import { findMessage, isMember, post, type Room, seconds, snapshot, userOf, type World } from "../world.ts";
import { type Call, knowsUser, roomToWriteTo } from "./call.ts";

type Content = Pick<
  Message,
  "text" | "entities" | "rich_message" | "document" | "photo" | "caption" | "caption_entities"
>;

const LONGEST_TEXT = 4096;

/** https://core.telegram.org/bots/api#sendmessage */
export function sendMessage(call: Call): Message {
  return send(call, textContent(call));
}

/** https://core.telegram.org/bots/api#sendrichmessage */
export function sendRichMessage(call: Call): Message {
  const rich_message = richMessage(call.parameters);
  if (!rich_message) throw badRequest("rich message is empty");
  return send(call, { rich_message });
}

/** The new text of a message, in the order in which Telegram complains. */
export function textContent({ world, parameters }: Call): Content {
  if (parameters.text("text") === "") throw badRequest("message text is empty");
  const names = { text: "text", entities: "entities", knowsUser: knowsUser(world) };
  const { text, entities } = formattedText(parameters, names);
  if (text === "") throw badRequest("text must be non-empty");
  if (text.length > LONGEST_TEXT) throw badRequest("message is too long");
  checkLinkPreview(parameters.json("link_preview_options"));
  return { text, ...(entities.length > 0 && { entities }) };
}

/** Puts a checked content into its chat: the topic, the reply, the keyboard and the receiver are checked here. */
export function send(call: Call, content: Content): Message {
  const { world, parameters } = call;
  const markup = replyMarkup(parameters, world.legacy);
  const room = roomToWriteTo(call);
  const receiver = receiverOf(call, room);
  const thread = threadOf(call, room);
  const reply = repliedTo(call, room, receiver);
  room.typingUntil = 0;
  const message = post(world, room, {
    from: botUser(world),
    ...(thread !== undefined && { message_thread_id: thread, is_topic_message: true }),
    ...(reply && { reply_to_message: snapshot(reply) }),
    ...content,
    ...(markup.inline && { reply_markup: markup.inline }),
    ...(parameters.flag("protect_content") && { has_protected_content: true }),
  }, receiver);
  return snapshot(message);
}

export function botUser({ bot }: World): User {
  const { id, is_bot, first_name, username } = bot;
  return { id, is_bot, first_name, username };
}

function threadOf({ parameters }: Call, room: Room): number | undefined {
  const thread = parameters.integer("message_thread_id");
  if (thread === undefined) return undefined;
  if (!room.topics.has(thread)) throw badRequest("message thread not found");
  return thread;
}

/** Who alone will see the message. Servers without ephemeral messages do not know the parameter. */
function receiverOf({ world, parameters }: Call, room: Room): User | undefined {
  const value = parameters.json("ephemeral_message_parameters");
  if (value === undefined || value === null || world.legacy) return undefined;
  try {
    const object = asObject(value);
    const id = integerField(object, "receiver_user_id");
    const person = world.persons.get(id);
    if (room.chat.type === "private") throw badRequest("ephemeral messages can be sent only to groups");
    if (!person || !isMember(room, id)) throw badRequest("USER_NOT_PARTICIPANT");
    checkTrigger(world, room, id, optionalString(object, "callback_query_id"));
    return userOf(person);
  } catch (error) {
    if (error instanceof Malformed) {
      throw badRequest(`Can't parse EphemeralMessageParameters: ${error.message}`);
    }
    throw error;
  }
}

function checkTrigger(world: World, room: Room, receiverId: number, queryId: string | undefined): void {
  if (queryId === undefined || queryId === "") return;
  const callback = world.callbacks.get(queryId);
  if (!callback || callback.query.from.id !== receiverId || callback.room !== room) {
    throw badRequest("QUERY_ID_INVALID");
  }
}

/** An ephemeral message may be answered only by an ephemeral one, and only for so long. */
const EPHEMERAL_REPLY_WITHIN_S = 15;

function repliedTo(call: Call, room: Room, receiver: User | undefined): Message | undefined {
  const { parameters, world } = call;
  const value = parameters.json("reply_parameters");
  const legacyId = parameters.integer("reply_to_message_id");
  if (value === undefined && legacyId === undefined) return undefined;
  try {
    const object = value === undefined ? { message_id: legacyId } : asObject(value);
    const may = flagField(object, "allow_sending_without_reply") ||
      parameters.flag("allow_sending_without_reply");
    if (object["ephemeral_message_id"] !== undefined && !world.legacy) {
      return repliedEphemeral(call, room, receiver, integerField(object, "ephemeral_message_id"));
    }
    const message = findMessage(room, integerField(object, "message_id"));
    if (!message && !(may && !receiver)) throw badRequest("message to be replied not found");
    return message;
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(error.message);
    throw error;
  }
}

function repliedEphemeral(
  { world }: Call,
  room: Room,
  receiver: User | undefined,
  id: number,
): Message {
  const message = receiver &&
    room.timeline.find((other) => other.ephemeral_message_id === id && other.from?.id === receiver.id);
  const isFresh = message && seconds(world) - message.date <= EPHEMERAL_REPLY_WITHIN_S;
  if (!message || !isFresh) throw badRequest("message to be replied not found");
  return message;
}

function checkLinkPreview(value: unknown): void {
  if (value === undefined || value === null) return;
  try {
    const object = asObject(value);
    for (const flag of ["is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text"]) {
      flagField(object, flag);
    }
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(error.message);
    throw error;
  }
}
