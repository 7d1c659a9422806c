import type { Message } from "../message.ts";
import type { Parameters } from "../parameters.ts";
import { badRequest, forbidden, Refusal } from "../refusal.ts";
import type { Updates } from "../updates.ts";
import type { Webhook } from "../webhook.ts";
import { findMessage, isMember, type Person, type Room, type World } from "../world.ts";

/** One call of one method. */
export interface Call {
  readonly world: World;
  readonly updates: Updates;
  readonly webhook: Webhook;
  readonly parameters: Parameters;
}

export type Method = (call: Call) => unknown;

/** The chat that `chat_id` names, by id or by @username. */
export function roomOf({ world, parameters }: Call): Room {
  const id = parameters.text("chat_id").trim();
  if (id === "") throw badRequest("chat_id is empty");
  const room = id.startsWith("@")
    ? [...world.rooms.values()].find(({ chat }) => chat.username?.toLowerCase() === id.slice(1).toLowerCase())
    : world.rooms.get(/^-?\d+$/.test(id) ? Number(id) : 0);
  if (!room) throw badRequest("chat not found");
  return room;
}

/** The same, refused where the bot is not or may not write. */
export function roomToWriteTo(call: Call): Room {
  const room = roomToRead(call);
  if (room.chat.type === "private") refuseStranger(call.world.persons.get(room.chat.id));
  return room;
}

/** The same, refused where the bot is not in the group, or the group has become another. */
export function roomToRead(call: Call): Room {
  const room = roomOf(call);
  if (room.migratedTo !== undefined) {
    throw new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
      migrate_to_chat_id: room.migratedTo,
    });
  }
  const { type } = room.chat;
  if (type === "private") return room;
  const status = room.members.get(call.world.bot.id);
  if (status === "kicked") throw forbidden(`bot was kicked from the ${type} chat`);
  if (!isMember(room, call.world.bot.id)) throw forbidden(`bot is not a member of the ${type} chat`);
  return room;
}

/** The message that `message_id` names in `room`. */
export function messageOf({ parameters }: Call, room: Room, action: string): Message {
  const id = parameters.integer("message_id");
  if (id === undefined || id <= 0) throw badRequest("message identifier is not specified");
  const message = findMessage(room, id);
  if (!message) throw badRequest(`message to ${action} not found`);
  return message;
}

export function knowsUser(world: World): (id: number) => boolean {
  return (id) => id === world.bot.id || world.persons.has(id);
}

function refuseStranger(person: Person | undefined): void {
  if (!person?.started) throw forbidden("bot can't initiate conversation with a user");
  if (person.blocked) throw forbidden("bot was blocked by the user");
}
