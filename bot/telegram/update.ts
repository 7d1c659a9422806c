import * as z from "zod";
import type { ReasonCode } from "../reason_codes.ts";
import { SERVICE_IDS } from "../settings.ts";

/** Of a field that only has to be there or not: what it holds is never looked at. */
const presence = z.unknown().transform(Boolean).optional();

/** Telegram numbers a private chat as its person, above zero, and every other chat below: code may ask for either. */
const chatShape = z.object({
  id: z.int(),
  type: z.enum(["private", "group", "supergroup", "channel"]),
  title: z.string().optional(),
}).refine(({ id, type }) => type === "private" ? id > 0 : id < 0, "The id and the type of the chat disagree");

const userShape = z.object({
  id: z.int(),
  is_bot: z.boolean(),
  first_name: z.string(),
  last_name: z.string().optional(),
});

const documentShape = z.object({ file_id: z.string(), file_size: z.int().optional() });

const messageShape = z.compile(z.object({
  /** 0 of a message that only the bot and its sender see. */
  message_id: z.int(),
  ephemeral_message_id: z.int().optional(),
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
  date: z.int(),
  chat: chatShape,
  from: userShape.optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  document: documentShape.optional(),
  reply_to_message: z.object({
    message_id: z.int(),
    ephemeral_message_id: z.int().optional(),
    from: userShape.optional(),
    document: documentShape.optional(),
    text: z.string().optional(),
    caption: z.string().optional(),
  }).optional(),
  quote: z.object({ text: z.string() }).optional(),
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
  business_connection_id: presence,
  sender_business_bot: presence,
  guest_query_id: presence,
  guest_bot_caller_user: presence,
  is_automatic_forward: presence,
  sender_chat: presence,
  forward_origin: presence,
  via_bot: presence,
  external_reply: presence,
  is_from_offline: presence,
}));

const memberShape = z.object({
  chat: chatShape,
  from: userShape,
  new_chat_member: z.object({ status: z.string() }),
});

const callbackQueryShape = z.object({
  id: z.string(),
  from: userShape,
  data: z.string().optional(),
  inline_message_id: presence,
  message: z.object({
    message_id: z.int(),
    message_thread_id: z.int().optional(),
    is_topic_message: z.boolean().optional(),
    chat: chatShape,
  }).optional(),
});

/** All that is ever read of an update; the rest of it goes no further than the inbox. */
const updateShape = z.object({
  message: messageShape.optional(),
  edited_message: messageShape.optional(),
  channel_post: messageShape.optional(),
  edited_channel_post: messageShape.optional(),
  business_message: messageShape.optional(),
  edited_business_message: messageShape.optional(),
  guest_message: messageShape.optional(),
  callback_query: callbackQueryShape.optional(),
  my_chat_member: memberShape.optional(),
  chat_member: memberShape.optional(),
});

export type Chat = z.infer<typeof chatShape>;
export type Message = z.infer<typeof messageShape>;
export type AttachedFile = z.infer<typeof documentShape>;
export type CallbackQuery = z.infer<typeof callbackQueryShape>;
type User = z.infer<typeof userShape>;

export interface Person {
  readonly id: number;
  readonly name: string;
}

/** What an update is, before anyone asks what it says. */
export type Incoming =
  | { readonly kind: "message"; readonly person: Person; readonly chat: Chat; readonly message: Message }
  | {
    readonly kind: "press";
    readonly person: Person;
    readonly chat: Chat;
    readonly messageId: number;
    readonly query: CallbackQuery;
  }
  | { readonly kind: "membership"; readonly chat: Chat; readonly present: boolean; readonly by: Person }
  | { readonly kind: "migration"; readonly from: number; readonly to: number }
  | {
    readonly kind: "refused";
    readonly reason: ReasonCode;
    readonly chat?: Chat | undefined;
    readonly person?: Person | undefined;
    readonly message?: Message;
  }
  | { readonly kind: "nothing" };

/** The kinds of update the bot asks Telegram for. Whatever else arrives is refused all the same. */
export const HANDLED_UPDATES = ["message", "callback_query", "my_chat_member", "chat_member"] as const;

/**
 * Sorts an update by who is really speaking. Only a message that a person typed just now in a chat, or a press,
 * can ever ask for anything. Throws for what has not the form of an update.
 */
export function classify(received: unknown): Incoming {
  const update = updateShape.parse(received);
  if (update.message) return classifyMessage(update.message);
  if (update.callback_query) return classifyPress(update.callback_query);
  if (update.my_chat_member) {
    const { chat, new_chat_member, from } = update.my_chat_member;
    const present = !["left", "kicked"].includes(new_chat_member.status);
    return { kind: "membership", chat, present, by: personOf(from) };
  }
  if (update.chat_member) return { kind: "nothing" };
  return classifyOther(update);
}

export function personOf(user: User): Person {
  const name = [user.first_name, user.last_name].filter(Boolean).join(" ");
  // Postgres stores no NUL, and half a character would not come back as it was.
  return { id: user.id, name: name.replaceAll("\0", "").toWellFormed() };
}

/** The topic of a forum that has no name of its own: who writes there names none. */
const GENERAL_TOPIC = 1;

/** The topic to answer in. Outside forums, threads are only what replies to what. */
export function topicOf(
  { is_topic_message, message_thread_id }: Pick<Message, "is_topic_message" | "message_thread_id">,
): number | undefined {
  return is_topic_message && message_thread_id !== GENERAL_TOPIC ? message_thread_id : undefined;
}

export function messageText(message: Message): string {
  return message.text ?? message.caption ?? "";
}

/** All words that come with a message, those that it answers included. */
export function wordsWith(message: Message): readonly string[] {
  const { text, caption, reply_to_message: answered, quote } = message;
  return [text, caption, answered?.text, answered?.caption, quote?.text].filter((words) =>
    words !== undefined
  );
}

function classifyMessage(message: Message): Incoming {
  if (message.migrate_to_chat_id !== undefined) {
    return { kind: "migration", from: message.chat.id, to: message.migrate_to_chat_id };
  }
  if (message.migrate_from_chat_id !== undefined) {
    return { kind: "migration", from: message.migrate_from_chat_id, to: message.chat.id };
  }
  const reason = senderProblem(message) ?? originProblem(message);
  if (reason) return refuse(reason, message);
  const from = message.from;
  if (!from) return refuse("anonymous_sender", message);
  if (!messageText(message)) return { kind: "nothing" };
  return { kind: "message", person: personOf(from), chat: message.chat, message };
}

/** Someone who is not one identifiable person. An anonymous admin types as 1087968824 but presses as himself. */
function senderProblem(message: Message): ReasonCode | undefined {
  if (message.business_connection_id || message.sender_business_bot) return "business_message";
  if (message.guest_query_id || message.guest_bot_caller_user) return "guest_message";
  if (message.is_automatic_forward) return "automatic_forward";
  if (message.chat.type === "channel") return "channel_post";
  if (message.sender_chat) return "anonymous_sender";
  if (message.from && SERVICE_IDS.has(message.from.id)) return "anonymous_sender";
  if (message.from?.is_bot) return "bot_sender";
  return undefined;
}

/** Words that this person did not type here and now. */
function originProblem(message: Message): ReasonCode | undefined {
  if (message.forward_origin) return "forwarded_message";
  if (message.via_bot) return "via_bot";
  if (message.external_reply) return "quoted_forward";
  if (message.is_from_offline) return "offline_message";
  return undefined;
}

function classifyPress(query: CallbackQuery): Incoming {
  const message = query.message;
  const person = personOf(query.from);
  const refused = (reason: ReasonCode): Incoming => ({
    kind: "refused",
    reason,
    chat: message?.chat,
    person,
  });
  if (query.from.is_bot) return refused("bot_sender");
  if (SERVICE_IDS.has(query.from.id)) return refused("anonymous_sender");
  if (!message || query.inline_message_id) return refused("foreign_button");
  // Everyone who reads a channel may press there, and Telegram calls each of them a member.
  if (message.chat.type === "channel") return refused("channel_post");
  return { kind: "press", person, chat: message.chat, messageId: message.message_id, query };
}

function classifyOther(update: z.infer<typeof updateShape>): Incoming {
  const edited = update.edited_message;
  if (edited) return refuse(senderProblem(edited) ?? "edited_message", edited);
  const post = update.channel_post ?? update.edited_channel_post;
  if (post) return refuse("channel_post", post);
  const business = update.business_message ?? update.edited_business_message;
  if (business) return refuse("business_message", business);
  if (update.guest_message) return refuse("guest_message", update.guest_message);
  return { kind: "refused", reason: "unsupported_update" };
}

function refuse(reason: ReasonCode, message: Message): Incoming {
  const person = message.from && !message.sender_chat ? personOf(message.from) : undefined;
  return { kind: "refused", reason, chat: message.chat, person, message };
}
