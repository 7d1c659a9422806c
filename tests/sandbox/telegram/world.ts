import {
  type BotCommand,
  type CallbackQuery,
  type Chat,
  type Document,
  isEphemeral,
  type Message,
  type User,
} from "./message.ts";

/** "restricted_outside": whoever is restricted, and has left. */
export type Status =
  | "creator"
  | "administrator"
  | "member"
  | "restricted"
  | "restricted_outside"
  | "left"
  | "kicked";

export interface Person extends User {
  /** Has written to the bot in private: only then may the bot write to them there. */
  started: boolean;
  blocked: boolean;
}

export interface Room {
  chat: Chat;
  readonly members: Map<number, Status>;
  /** What the bot may do as an administrator, e.g. `can_delete_messages`. */
  readonly rights: Set<string>;
  readonly topics: Map<number, string>;
  /** The bot's reaction to a message, by its id; undefined where the chat takes none. */
  reactions: Map<number, string> | undefined;
  /** In order; ephemeral messages are among them. */
  readonly timeline: Message[];
  migratedTo?: number;
  nextMessageId: number;
  nextEphemeralId: number;
  /** Epoch ms until which "typing" is shown. */
  typingUntil: number;
}

export interface CallbackAnswer {
  readonly text?: string;
  readonly show_alert: boolean;
  readonly url?: string;
}

export interface Callback {
  readonly query: CallbackQuery;
  readonly room: Room;
  readonly message: Message;
  /** Epoch ms. */
  readonly at: number;
  answer?: CallbackAnswer;
}

export interface StoredFile {
  readonly document: Document;
  readonly path: string;
  readonly content: Uint8Array;
}

/** Everything that is so at one moment; methods read and change it, then say `changed()`. */
export interface World {
  readonly bot: User & { readonly username: string; readonly can_read_all_group_messages: boolean };
  readonly legacy: boolean;
  /** Epoch ms. */
  now(): number;
  readonly persons: Map<number, Person>;
  readonly rooms: Map<number, Room>;
  readonly callbacks: Map<string, Callback>;
  readonly files: Map<string, StoredFile>;
  /** By scope; see `menu.ts`. */
  readonly menus: Map<string, readonly BotCommand[]>;
  /** What whoever makes the bot an administrator is offered. */
  defaultRights: readonly string[];
  changed(): void;
  /** Calls `listener` after every change until the returned function is called. */
  watch(listener: () => void): () => void;
}

export function createWorld(options: {
  bot: World["bot"];
  legacy: boolean;
  now: () => number;
}): World {
  const listeners = new Set<() => void>();
  return {
    ...options,
    persons: new Map(),
    rooms: new Map(),
    callbacks: new Map(),
    files: new Map(),
    menus: new Map(),
    defaultRights: [],
    changed() {
      for (const listener of [...listeners]) listener();
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function createRoom(chat: Chat): Room {
  return {
    chat,
    members: new Map(),
    rights: new Set(),
    topics: new Map(),
    reactions: new Map(),
    timeline: [],
    nextMessageId: 1,
    nextEphemeralId: 1,
    typingUntil: 0,
  };
}

/** As the Bot API shows a person: without what only the server knows. */
export function userOf({ started: _started, blocked: _blocked, ...user }: Person): User {
  return user;
}

export function seconds(world: World): number {
  return Math.floor(world.now() / 1000);
}

/** Appends a message with the next identifier of its kind. */
export function post(
  world: World,
  room: Room,
  content: Omit<Partial<Message>, "chat">,
  receiver?: User,
): Message {
  const identity = receiver
    ? { message_id: 0, ephemeral_message_id: room.nextEphemeralId++, receiver_user: receiver }
    : { message_id: room.nextMessageId++ };
  const message: Message = { ...identity, date: seconds(world), chat: room.chat, ...content };
  room.timeline.push(message);
  return message;
}

export function findMessage(room: Room, messageId: number | undefined): Message | undefined {
  return room.timeline.find((message) => !isEphemeral(message) && message.message_id === messageId);
}

export function findEphemeral(room: Room, receiverId: number, id: number): Message | undefined {
  return room.timeline.find((message) =>
    message.ephemeral_message_id === id && message.receiver_user?.id === receiverId
  );
}

export function remove(room: Room, message: Message): void {
  const index = room.timeline.indexOf(message);
  if (index >= 0) room.timeline.splice(index, 1);
}

export function isMember(room: Room, userId: number): boolean {
  return ["creator", "administrator", "member", "restricted"].includes(room.members.get(userId) ?? "left");
}

export function isAdministrator(room: Room, userId: number): boolean {
  return ["creator", "administrator"].includes(room.members.get(userId) ?? "left");
}

/** A message as it goes out: a copy, so that what was queued does not change with later edits. */
export function snapshot(message: Message): Message {
  const copy = structuredClone(message);
  if (copy.reply_to_message) delete copy.reply_to_message.reply_to_message;
  return copy;
}
