import { detected } from "./formatted_text.ts";
import { type Fields, isEphemeral, type Message, type User } from "./message.ts";
import { storeFile } from "./methods/documents.ts";
import { botUser } from "./methods/sending.ts";
import type { Updates } from "./updates.ts";
import {
  isAdministrator,
  isMember,
  post,
  type Room,
  seconds,
  snapshot,
  userOf,
  type World,
} from "./world.ts";

/** How a message is said, besides its text. */
export interface Saying {
  /** The topic. */
  readonly thread?: number;
  readonly replyTo?: Message | number;
  /** Sent as a document with the text as its caption; an object becomes JSON. */
  readonly document?: {
    readonly name: string;
    readonly content: string | Uint8Array | Fields;
    readonly mime?: string;
  };
  readonly forwardOrigin?: Fields;
  readonly viaBot?: User;
  /** The command is sent so that only the bot sees it (commands with `is_ephemeral`). */
  readonly ephemeral?: true;
  /** "Remain anonymous" is on: the sender is the group. */
  readonly anonymousAdmin?: true;
  /** Sent in the name of a channel or a linked chat. */
  readonly senderChat?: Fields & { readonly id: number };
  /** Epoch seconds. */
  readonly date?: number;
  /** Any field more, laid over the message. */
  readonly fields?: Fields;
}

/** What people do in their apps. Each of these throws a plain Error when an app would not offer it. */
export interface People {
  say(person: number, chat: number, text: string, saying?: Saying): Message;
  /** Changes the text of a person's own message; without `text` only the edit date moves, as servers sometimes do. */
  edit(message: Message, text?: string): Message;
}

const GROUP_ANONYMOUS_BOT = {
  id: 1_087_968_824,
  is_bot: true,
  first_name: "Group",
  username: "GroupAnonymousBot",
};
const CHANNEL_BOT = { id: 136_817_688, is_bot: true, first_name: "Channel", username: "Channel_Bot" };

export function createPeople(world: World, updates: Updates): People {
  return {
    say(personId, chatId, text, saying = {}) {
      const room = roomWith(world, personId, chatId);
      const { ephemeral } = saying;
      const message = post(
        world,
        room,
        spoken(world, room, personId, text, saying),
        ephemeral && botUser(world),
      );
      if (room.chat.type === "private") personOf(world, personId).started = true;
      if (seenByBot(world, room, message)) updates.push("message", snapshot(message), String(chatId));
      world.changed();
      return message;
    },
    edit(message, text) {
      const room = roomNamed(world, message.chat.id);
      if (!room.timeline.includes(message)) throw new Error("That message is gone.");
      if (text !== undefined) Object.assign(message, textFields(text, message.document !== undefined));
      message.edit_date = seconds(world);
      if (seenByBot(world, room, message)) {
        updates.push("edited_message", snapshot(message), String(message.chat.id));
      }
      world.changed();
      return message;
    },
  };
}

export function personOf(world: World, id: number): ReturnType<World["persons"]["get"]> & object {
  const person = world.persons.get(id);
  if (!person) throw new Error(`Nobody here has the id ${id}.`);
  return person;
}

export function roomNamed(world: World, id: number): Room {
  const room = world.rooms.get(id);
  if (!room) throw new Error(`There is no chat ${id}.`);
  return room;
}

/** The chat, if the person can write there. */
function roomWith(world: World, personId: number, chatId: number): Room {
  const person = personOf(world, personId);
  const room = roomNamed(world, chatId);
  if (room.migratedTo !== undefined) throw new Error(`${titleOf(room)} has become ${room.migratedTo}.`);
  const isTheirs = room.chat.type === "private" ? chatId === personId : isMember(room, personId);
  if (!isTheirs) throw new Error(`${person.first_name} (${personId}) is not in ${titleOf(room)}.`);
  return room;
}

/** A chat as an error names it. */
export function titleOf({ chat }: Room): string {
  return `${chat.title ?? chat.first_name ?? "chat"} (${chat.id})`;
}

function spoken(world: World, room: Room, personId: number, text: string, saying: Saying): Partial<Message> {
  const { thread, replyTo, document, forwardOrigin, viaBot, date, fields } = saying;
  const replied = typeof replyTo === "number"
    ? room.timeline.find((old) => old.message_id === replyTo)
    : replyTo;
  if (replyTo !== undefined && !replied) throw new Error(`There is no message ${replyTo} to reply to.`);
  if (thread !== undefined && !room.topics.has(thread)) {
    throw new Error(`${titleOf(room)} has no topic ${thread}.`);
  }
  return {
    ...senderOf(world, room, personId, saying),
    ...(thread !== undefined && { message_thread_id: thread, is_topic_message: true }),
    ...(forwardOrigin && { forward_origin: forwardOrigin }),
    ...(viaBot && { via_bot: viaBot }),
    ...(replied && { reply_to_message: snapshot(replied) }),
    ...(document && { document: storeFile(world, uploadOf(document)) }),
    ...textFields(text, document !== undefined),
    ...(date !== undefined && { date }),
    ...fields,
  };
}

function senderOf(world: World, room: Room, personId: number, saying: Saying): Partial<Message> {
  if (saying.anonymousAdmin) return { from: GROUP_ANONYMOUS_BOT, sender_chat: room.chat };
  if (saying.senderChat) {
    return { from: CHANNEL_BOT, sender_chat: saying.senderChat as Message["chat"] & Fields };
  }
  return { from: userOf(personOf(world, personId)) };
}

function textFields(text: string, isCaption: boolean): Partial<Message> {
  const entities = detected(text);
  const hasAny = entities.length > 0;
  if (!isCaption) return { text, ...(hasAny && { entities }) };
  return text === "" ? {} : { caption: text, ...(hasAny && { caption_entities: entities }) };
}

function uploadOf({ name, content, mime }: NonNullable<Saying["document"]>): Parameters<typeof storeFile>[1] {
  const text = typeof content === "string" || content instanceof Uint8Array
    ? content
    : JSON.stringify(content);
  const isJson = /\.json$/i.test(name);
  return {
    name,
    mime: mime ?? (isJson ? "application/json" : "application/octet-stream"),
    content: typeof text === "string" ? new TextEncoder().encode(text) : text,
  };
}

/**
 * Privacy mode: in groups a bot that is no administrator gets commands, replies to it and mentions of it;
 * https://core.telegram.org/bots/features#privacy-mode
 */
function seenByBot(world: World, room: Room, message: Message): boolean {
  const { bot } = world;
  if (room.chat.type === "private") return true;
  if (!isMember(room, bot.id)) return false;
  if (isEphemeral(message) || isAdministrator(room, bot.id) || bot.can_read_all_group_messages) return true;
  const text = message.text ?? message.caption ?? "";
  const addressee = /^\/\w+(?:@(\w+))?/.exec(text);
  const isOurCommand = addressee !== null &&
    (addressee[1] ?? bot.username).toLowerCase() === bot.username.toLowerCase();
  const isMention = text.toLowerCase().includes(`@${bot.username.toLowerCase()}`);
  return isOurCommand || isMention || message.reply_to_message?.from?.id === bot.id;
}
