import type { Hono } from "hono";
import { createFaults, type Faults } from "./telegram/faults.ts";
import {
  type BotCommand,
  type Chat,
  isEphemeral,
  type Message,
  type Update,
  type User,
} from "./telegram/message.ts";
import { menuFor } from "./telegram/menu.ts";
import { createPage, type Panel } from "./telegram/page.ts";
import { createPeople, type People, roomNamed } from "./telegram/people.ts";
import { pressButton } from "./telegram/pressing.ts";
import { createServer, type RecordedCall } from "./telegram/server.ts";
import { transcript } from "./telegram/transcript.ts";
import { createUpdates } from "./telegram/updates.ts";
import { createWebhook } from "./telegram/webhook.ts";
import {
  type CallbackAnswer,
  createRoom,
  createWorld,
  type Room,
  type Status,
  type World,
} from "./telegram/world.ts";

export type { Fault } from "./telegram/faults.ts";
export type { Button, Message, RichNode, Update, User } from "./telegram/message.ts";
export type { VendorCall } from "./telegram/page.ts";
export type { Saying } from "./telegram/people.ts";
export type { RecordedCall } from "./telegram/server.ts";
export { buttonsOf } from "./telegram/pressing.ts";
export { plainText, render } from "./telegram/transcript.ts";
export type { CallbackAnswer } from "./telegram/world.ts";

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
  readonly type?: "group" | "supergroup";
  readonly username?: string;
  /** Topics by thread id; makes the supergroup a forum. */
  readonly topics?: Readonly<Record<number, string>>;
  /** Person ids, the first one the owner; or statuses by id. */
  readonly members: readonly number[] | Readonly<Record<number, Status>>;
  readonly bot?: { readonly status: Status; readonly rights?: readonly string[] };
}

export interface TelegramOptions {
  /** Default "123456:sandbox". */
  readonly token?: string;
  readonly bot?: {
    readonly id?: number;
    readonly name?: string;
    readonly username?: string;
    readonly readsAll?: boolean;
  };
  /** Epoch ms; default the system's. */
  readonly now?: () => number;
  /** A server from before rich and ephemeral messages. */
  readonly legacy?: boolean;
  readonly persons?: readonly PersonSeed[];
  readonly chats?: readonly ChatSeed[];
  /** "automatic" posts to the webhook at once and tries again by itself; "manual" waits for `deliver()`. */
  readonly delivery?: "automatic" | "manual";
  /** How long `until` and `press` wait, in real ms; default 5000. */
  readonly patienceMs?: number;
}

export interface Telegram extends People, AsyncDisposable {
  /** Serve it on loopback: the Bot API, `/` the chat page, `/sandbox/…` what the page needs. */
  readonly app: Hono;
  readonly token: string;
  readonly faults: Faults;
  readonly panel: Panel;
  /** Every Bot API call that arrived, oldest first; by method when one is named. */
  calls(method?: string): readonly RecordedCall[];
  /**
   * Presses a button (by label, part of it, or callback data) and waits for the bot's answer to the press.
   * `forged` sends the text as data, whether or not the message has such a button.
   */
  press(
    person: number,
    message: Message,
    button: string,
    options?: { forged?: true },
  ): Promise<CallbackAnswer>;
  /** The same without waiting: answers the callback query's id. */
  pressAndGo(person: number, message: Message, button: string, options?: { forged?: true }): string;
  /** Queues any update as it is; without `update_id` the next one is taken. */
  raw(update: Record<string, unknown>): Update;
  /** Queues an earlier update once more under the same id, as after an answer that was lost. */
  redeliver(update: Update | number): void;
  /** Every update ever made. */
  updates(): readonly Update[];
  pending(): readonly Update[];
  /** Tries every waiting update once at the webhook; resolves when nothing more can be delivered now. */
  deliver(): Promise<void>;
  /** What everyone in the chat sees, oldest first. */
  messages(chat: number): readonly Message[];
  /** The bot's messages among them. */
  answers(chat: number): readonly Message[];
  /** The bot's last message that everyone sees. */
  last(chat: number): Message | undefined;
  /** What only this person sees there. */
  ephemerals(person: number, chat: number): readonly Message[];
  menu(person: number, chat: number): readonly BotCommand[];
  file(fileId: string): Uint8Array | undefined;
  transcript(chat: number, viewer?: number): string;
  /** Resolves with the predicate's result once a change makes it true; rejects with a dump of the chats. */
  until<T>(predicate: () => T | undefined | null | false, what?: string): Promise<T>;
  addPerson(seed: PersonSeed): User;
  addChat(seed: ChatSeed): Chat;
  /** Ends long polls, deliveries and page streams. */
  close(): void;
}

const ANA = { id: 101, name: "Ana", started: true };
const BEN = { id: 102, name: "Ben", started: true };
const OSKAR = { id: 666, name: "Oskar" };
const ON_CALL = { id: -1001, title: "On-call", members: [ANA.id, BEN.id] };

/**
 * A Telegram of one's own: a Bot API server that refuses what Telegram refuses, the people who write to the bot,
 * and a chat page. Without options there are Ana (101) and Ben (102) in the group -1001, and Oskar (666) outside.
 */
export function createTelegram(options: TelegramOptions = {}): Telegram {
  const { token = "123456:sandbox", now = Date.now, legacy = false, patienceMs = 5000 } = options;
  const world = createWorld({ bot: botOf(options.bot), legacy, now });
  const updates = createUpdates(now);
  const automatic = options.delivery !== "manual";
  const webhook = createWebhook({ updates, automatic, now, changed: world.changed });
  const faults = createFaults();
  const calls: RecordedCall[] = [];
  const people = createPeople(world, updates);
  const app = createServer({ token, world, updates, webhook, faults, calls });
  const page = createPage({ world, people, updates });
  app.route("/", page.app);
  for (const seed of options.persons ?? [ANA, BEN, OSKAR]) addPerson(world, seed);
  for (const seed of options.chats ?? [ON_CALL]) addChat(world, seed);

  const messages = (chat: number) =>
    roomNamed(world, chat).timeline.filter((message) => !isEphemeral(message));
  const answers = (chat: number) => messages(chat).filter(({ from }) => from?.id === world.bot.id);
  const until: Telegram["until"] = (predicate, what = "what was awaited") =>
    waitFor(
      world,
      predicate,
      patienceMs,
      () => `${what} did not happen within ${patienceMs} ms\n${dump(world)}`,
    );
  const pressAndGo: Telegram["pressAndGo"] = (person, message, button, { forged = false } = {}) =>
    pressButton(world, updates, { person, message, button, forged });

  const telegram: Telegram = {
    ...people,
    app,
    token,
    faults,
    panel: page.panel,
    calls: (method) => method === undefined ? calls : calls.filter((call) => call.method === method),
    press(person, message, button, pressing) {
      const id = pressAndGo(person, message, button, pressing);
      return until(() => world.callbacks.get(id)?.answer, `an answer to the press of "${button}"`);
    },
    pressAndGo,
    raw(update) {
      const last = updates.history.at(-1)?.update_id ?? 700_000_000;
      const whole = { update_id: last + 1, ...update };
      updates.repeat(whole, laneOf(whole));
      return whole;
    },
    redeliver(update) {
      const id = typeof update === "number" ? update : update.update_id;
      const known = updates.history.find((other) => other.update_id === id);
      if (!known) throw new Error(`There was no update ${id}.`);
      updates.repeat(known, laneOf(known));
    },
    updates: () => updates.history,
    pending: () => updates.pending().map(({ update }) => update),
    deliver: () => webhook.flush(),
    messages,
    answers,
    last: (chat) => answers(chat).at(-1),
    ephemerals: (person, chat) =>
      roomNamed(world, chat).timeline.filter(({ receiver_user }) => receiver_user?.id === person),
    menu: (person, chat) => menuFor(world, roomNamed(world, chat), person),
    file: (fileId) => world.files.get(fileId)?.content,
    transcript: (chat, viewer) => transcript(world, roomNamed(world, chat), viewer),
    until,
    addPerson: (seed) => addPerson(world, seed),
    addChat: (seed) => addChat(world, seed),
    close() {
      updates.close();
      webhook.close();
      page.close();
    },
    [Symbol.asyncDispose]() {
      telegram.close();
      return webhook.flush();
    },
  };
  return telegram;
}

function botOf(given: TelegramOptions["bot"] = {}): World["bot"] {
  const { id = 123_456, name = "Countersign", username = "countersign_bot", readsAll = false } = given;
  return { id, is_bot: true, first_name: name, username, can_read_all_group_messages: readsAll };
}

function addPerson(world: World, { id, name, username, language, started = false }: PersonSeed): User {
  const user = {
    id,
    is_bot: false,
    first_name: name,
    ...(username && { username }),
    ...(language && { language_code: language }),
  };
  world.persons.set(id, { ...user, started, blocked: false });
  const room = createRoom({ id, type: "private", first_name: name, ...(username && { username }) });
  world.rooms.set(id, room);
  room.members.set(id, "member").set(world.bot.id, "member");
  world.changed();
  return user;
}

function addChat(world: World, seed: ChatSeed): Chat {
  const { id, title, type = "group", username, topics = {}, bot } = seed;
  const threads = Object.entries(topics);
  const room = createRoom({
    id,
    type: threads.length > 0 ? "supergroup" : type,
    title,
    ...(username && { username }),
    ...(threads.length > 0 && { is_forum: true as const }),
  });
  for (const [member, status] of statuses(seed.members)) room.members.set(member, status);
  room.members.set(world.bot.id, bot?.status ?? "administrator");
  for (const right of bot?.rights ?? ["can_delete_messages"]) room.rights.add(right);
  for (const [thread, name] of threads) room.topics.set(Number(thread), name);
  world.rooms.set(id, room);
  world.changed();
  return room.chat;
}

function statuses(members: ChatSeed["members"]): [id: number, status: Status][] {
  if (Array.isArray(members)) return members.map((id, index) => [id, index === 0 ? "creator" : "member"]);
  return Object.entries(members as Readonly<Record<number, Status>>).map((
    [id, status],
  ) => [Number(id), status]);
}

/** Updates of one chat go out in order; those of no chat share a lane. */
function laneOf(update: Record<string, unknown>): string {
  for (const value of Object.values(update)) {
    if (typeof value !== "object" || value === null) continue;
    const { chat, message } = value as { chat?: { id: number }; message?: { chat?: { id: number } } };
    const id = chat?.id ?? message?.chat?.id;
    if (id !== undefined) return String(id);
  }
  return "no chat";
}

function waitFor<T>(
  world: World,
  predicate: () => T | undefined | null | false,
  patienceMs: number,
  complaint: () => string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => stop(() => reject(new Error(complaint()))), patienceMs);
    const unwatch = world.watch(look);
    function stop(settle: () => void): void {
      clearTimeout(timer);
      unwatch();
      settle();
    }
    function look(): void {
      try {
        const result = predicate();
        if (result !== undefined && result !== null && result !== false) stop(() => resolve(result));
      } catch (error) {
        stop(() => reject(error));
      }
    }
    look();
  });
}

function dump(world: World): string {
  const rooms: readonly Room[] = [...world.rooms.values()].filter(({ timeline }) => timeline.length > 0);
  return rooms.map((room) =>
    `── ${room.chat.title ?? room.chat.first_name} (${room.chat.id})\n${transcript(world, room)}`
  ).join("\n\n");
}
