import type { Chat, User } from "./message.ts";
import { createRoom, type Status, type World } from "./world.ts";

export interface PersonSeed {
  readonly id: number;
  readonly name: string;
  readonly username?: string;
  readonly language?: string;
  /** Has started a private chat with the bot; default false. */
  readonly started?: boolean;
}

export interface ChatSeed {
  readonly id: number;
  readonly title: string;
  readonly type?: "group" | "supergroup" | "channel";
  readonly username?: string;
  /** Topics by thread id; makes the supergroup a forum. */
  readonly topics?: Readonly<Record<number, string>>;
  /** Person ids, the first one the owner; or statuses by id. */
  readonly members: readonly number[] | Readonly<Record<number, Status>>;
  /** The chat takes no reactions. */
  readonly withoutReactions?: true;
  /** Default: an administrator that may delete messages. */
  readonly bot?: { readonly status: Status; readonly rights?: readonly string[] };
}

export interface BotSeed {
  readonly id?: number;
  readonly name?: string;
  readonly username?: string;
  /** Privacy mode is off. */
  readonly readsAll?: boolean;
}

const ANA: PersonSeed = { id: 101, name: "Ana", started: true };
const BEN: PersonSeed = { id: 102, name: "Ben", started: true };
const OSKAR: PersonSeed = { id: 666, name: "Oskar" };

export const DEFAULT_PERSONS: readonly PersonSeed[] = [ANA, BEN, OSKAR];
export const DEFAULT_CHATS: readonly ChatSeed[] = [{
  id: -1001,
  title: "On-call",
  members: [ANA.id, BEN.id],
}];

export function botOf(seed: BotSeed = {}): World["bot"] {
  const { id = 123_456, name = "Countersign", username = "countersign_bot", readsAll = false } = seed;
  return { id, is_bot: true, first_name: name, username, can_read_all_group_messages: readsAll };
}

/** Adds a person and their private chat with the bot. */
export function addPerson(world: World, { id, name, username, language, started = false }: PersonSeed): User {
  const user = {
    id,
    is_bot: false,
    first_name: name,
    ...(username && { username }),
    ...(language && { language_code: language }),
  };
  world.persons.set(id, { ...user, started, blocked: false });
  const room = createRoom({ id, type: "private", first_name: name, ...(username && { username }) });
  room.members.set(id, "member").set(world.bot.id, "member");
  world.rooms.set(id, room);
  world.changed();
  return user;
}

export function addChat(world: World, seed: ChatSeed): Chat {
  const { id, title, type = "group", username, topics = {}, bot } = seed;
  const threads = Object.entries(topics);
  const isForum = threads.length > 0;
  const room = createRoom({
    id,
    type: isForum ? "supergroup" : type,
    title,
    ...(username && { username }),
    ...(isForum && { is_forum: true as const }),
  });
  for (const [member, status] of statuses(seed.members)) room.members.set(member, status);
  if (seed.withoutReactions) room.reactions = undefined;
  room.members.set(world.bot.id, bot?.status ?? "administrator");
  for (const right of bot?.rights ?? ["can_delete_messages"]) room.rights.add(right);
  for (const [thread, name] of threads) room.topics.set(Number(thread), name);
  world.rooms.set(id, room);
  world.changed();
  return room.chat;
}

function statuses(members: ChatSeed["members"]): [id: number, status: Status][] {
  if (Array.isArray(members)) return members.map((id, index) => [id, index === 0 ? "creator" : "member"]);
  return Object.entries(members as Readonly<Record<number, Status>>).map(([id, status]) => [
    Number(id),
    status,
  ]);
}
