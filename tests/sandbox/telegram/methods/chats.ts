import type { Fields, User } from "../message.ts";
import { badRequest } from "../refusal.ts";
import { findMessage, isAdministrator, type Room, type Status, userOf, type World } from "../world.ts";
import { type Call, roomOf, roomToRead, roomToWriteTo } from "./call.ts";
import { botUser } from "./sending.ts";

const ACTIONS = [
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "upload_document",
  "choose_sticker",
  "find_location",
  "record_video_note",
  "upload_video_note",
];
const TYPING_MS = 5000;

const RIGHTS = [
  "can_manage_chat",
  "can_delete_messages",
  "can_manage_video_chats",
  "can_restrict_members",
  "can_promote_members",
  "can_change_info",
  "can_invite_users",
  "can_post_stories",
  "can_edit_stories",
  "can_delete_stories",
];

/** https://core.telegram.org/bots/api#sendchataction */
export function sendChatAction(call: Call): true {
  if (!ACTIONS.includes(call.parameters.text("action"))) {
    throw badRequest("wrong parameter action in request");
  }
  roomToWriteTo(call).typingUntil = call.world.now() + TYPING_MS;
  return true;
}

/** https://core.telegram.org/bots/api#getchat */
export function getChat(call: Call): Fields {
  return {
    ...roomToRead(call).chat,
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {
      unlimited_gifts: false,
      limited_gifts: false,
      unique_gifts: false,
      premium_subscription: false,
      gifts_from_channels: false,
    },
  };
}

/** https://core.telegram.org/bots/api#getchatmember */
export function getChatMember(call: Call): Fields {
  const room = roomToRead(call);
  const id = call.parameters.integer("user_id");
  if (id === undefined) throw badRequest("invalid user_id specified");
  return chatMember(call.world, room, knownUser(call.world, id));
}

/** https://core.telegram.org/bots/api#getchatadministrators */
export function getChatAdministrators(call: Call): Fields[] {
  const room = roomToRead(call);
  if (room.chat.type === "private") throw badRequest("there are no administrators in the private chat");
  return [...room.members.keys()]
    .filter((id) => isAdministrator(room, id))
    .map((id) => knownUser(call.world, id))
    .filter((user) => !user.is_bot || user.id === call.world.bot.id)
    .map((user) => chatMember(call.world, room, user));
}

/** https://core.telegram.org/bots/api#leavechat */
export function leaveChat(call: Call): true {
  const room = roomOf(call);
  const { world, updates } = call;
  if (room.chat.type === "private") throw badRequest("chat member status can't be changed in private chats");
  roomToRead(call);
  const before = chatMember(world, room, botUser(world));
  room.members.set(world.bot.id, "left");
  updates.push("my_chat_member", {
    chat: room.chat,
    from: botUser(world),
    date: Math.floor(world.now() / 1000),
    old_chat_member: before,
    new_chat_member: chatMember(world, room, botUser(world)),
  }, String(room.chat.id));
  return true;
}

/** https://core.telegram.org/bots/api#chatmember */
export function chatMember(world: World, room: Room, user: User): Record<string, unknown> {
  const status: Status = room.members.get(user.id) ?? "left";
  switch (status) {
    case "creator":
      return { status, user, is_anonymous: false };
    case "administrator": {
      const isOurs = user.id === world.bot.id;
      const rights = RIGHTS.map((
        right,
      ) => [right, !isOurs || right === "can_manage_chat" || room.rights.has(right)]);
      return { status, user, can_be_edited: false, is_anonymous: false, ...Object.fromEntries(rights) };
    }
    case "restricted":
      return { status, user, is_member: true, until_date: 0 };
    case "restricted_outside":
      return { status: "restricted", user, is_member: false, until_date: 0 };
    case "kicked":
      return { status, user, until_date: 0 };
    default:
      return { status, user };
  }
}

function knownUser(world: World, id: number): User {
  if (id === world.bot.id) return botUser(world);
  const person = world.persons.get(id);
  if (!person) throw badRequest("user not found");
  return userOf(person);
}

/** https://core.telegram.org/bots/api#pinchatmessage */
export function pinChatMessage(call: Call): true {
  pinnable(call);
  return true;
}

/** https://core.telegram.org/bots/api#unpinchatmessage */
export function unpinChatMessage(call: Call): true {
  pinnable(call);
  return true;
}

/** Only administrators pin in a group. */
function pinnable(call: Call): void {
  const { world, parameters } = call;
  const room = roomToWriteTo(call);
  if (room.chat.type !== "private" && !isAdministrator(room, world.bot.id)) {
    throw badRequest("not enough rights to manage pinned messages in the chat");
  }
  if (!findMessage(room, parameters.integer("message_id") ?? 0)) throw badRequest("message to pin not found");
}
