import type { Message, User } from "./message.ts";
import { chatMember } from "./methods/chats.ts";
import { botUser } from "./methods/sending.ts";
import { personOf, roomNamed, titleOf } from "./people.ts";
import type { Updates } from "./updates.ts";
import {
  createRoom,
  isAdministrator,
  isMember,
  post,
  type Room,
  seconds,
  snapshot,
  type Status,
  userOf,
  type World,
} from "./world.ts";

/** Who is in which chat. Each change sends what Telegram sends about it. */
export interface Membership {
  join(person: number, chat: number): void;
  leave(person: number, chat: number): void;
  promote(person: number, chat: number, status: Status): void;
  block(person: number): void;
  unblock(person: number): void;
  addBot(chat: number, by: number, status?: "member" | "administrator"): void;
  removeBot(chat: number, by: number): void;
  /** Turns a group into a supergroup; answers its new id. */
  migrate(chat: number, by: number): number;
}

export function createMembership(world: World, updates: Updates): Membership {
  return {
    join(personId, chatId) {
      const [room, user] = [roomNamed(world, chatId), userOf(personOf(world, personId))];
      setStatus(world, updates, room, { user, by: user, status: "member" });
      announce(world, updates, room, { from: user, new_chat_members: [user] });
    },
    leave(personId, chatId) {
      const [room, user] = [roomNamed(world, chatId), userOf(personOf(world, personId))];
      setStatus(world, updates, room, { user, by: user, status: "left" });
      announce(world, updates, room, { from: user, left_chat_member: user });
    },
    promote(personId, chatId, status) {
      const user = userOf(personOf(world, personId));
      setStatus(world, updates, roomNamed(world, chatId), { user, by: user, status });
    },
    block: (personId) => setBlocked(world, updates, personId, true),
    unblock: (personId) => setBlocked(world, updates, personId, false),
    addBot(chatId, byId, status = "member") {
      const [room, by] = [roomNamed(world, chatId), userOf(personOf(world, byId))];
      setStatus(world, updates, room, { user: botUser(world), by, status });
      announce(world, updates, room, { from: by, new_chat_members: [botUser(world)] });
    },
    removeBot(chatId, byId) {
      const by = userOf(personOf(world, byId));
      setStatus(world, updates, roomNamed(world, chatId), { user: botUser(world), by, status: "kicked" });
    },
    migrate(chatId, byId) {
      const [room, from] = [roomNamed(world, chatId), userOf(personOf(world, byId))];
      if (room.chat.type !== "group") throw new Error(`${titleOf(room)} is no basic group.`);
      const target = supergroupOf(world, room);
      announce(world, updates, room, { from, migrate_to_chat_id: target.chat.id });
      room.migratedTo = target.chat.id;
      announce(world, updates, target, { from, migrate_from_chat_id: chatId });
      return target.chat.id;
    },
  };
}

function setStatus(
  world: World,
  updates: Updates,
  room: Room,
  { user, by, status }: { user: User; by: User; status: Status },
): void {
  const before = chatMember(world, room, user);
  room.members.set(user.id, status);
  const isBot = user.id === world.bot.id;
  // Bots hear about others only as administrators.
  if (isBot || isAdministrator(room, world.bot.id)) {
    updates.push(isBot ? "my_chat_member" : "chat_member", {
      chat: room.chat,
      from: by,
      date: seconds(world),
      old_chat_member: before,
      new_chat_member: chatMember(world, room, user),
    }, String(room.chat.id));
  }
  world.changed();
}

/** A service message: bots get those whatever their privacy mode. */
function announce(world: World, updates: Updates, room: Room, content: Omit<Partial<Message>, "chat">): void {
  const message = post(world, room, content);
  if (isMember(room, world.bot.id)) updates.push("message", snapshot(message), String(room.chat.id));
  world.changed();
}

function setBlocked(world: World, updates: Updates, personId: number, blocked: boolean): void {
  const person = personOf(world, personId);
  person.blocked = blocked;
  const status = blocked ? "kicked" : "member";
  setStatus(world, updates, roomNamed(world, personId), { user: botUser(world), by: userOf(person), status });
}

function supergroupOf(world: World, room: Room): Room {
  const id = -1_001_000_000_000 + room.chat.id;
  const target = createRoom({ ...room.chat, id, type: "supergroup" });
  for (const [member, status] of room.members) target.members.set(member, status);
  for (const right of room.rights) target.rights.add(right);
  world.rooms.set(id, target);
  return target;
}
