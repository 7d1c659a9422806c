import type { Hono } from "hono";
import { createFaults, type Faults } from "./telegram/faults.ts";
import { createMembership, type Membership } from "./telegram/membership.ts";
import { menuFor } from "./telegram/menu.ts";
import {
  type BotCommand,
  type Chat,
  isEphemeral,
  type Message,
  type Update,
  type User,
} from "./telegram/message.ts";
import { createPage, type Panel } from "./telegram/page.ts";
import { createPeople, type People, roomNamed } from "./telegram/people.ts";
import { pressButton } from "./telegram/pressing.ts";
import {
  addChat,
  addPerson,
  botOf,
  type BotSeed,
  type ChatSeed,
  DEFAULT_CHATS,
  DEFAULT_PERSONS,
  type PersonSeed,
} from "./telegram/seeds.ts";
import { createServer, type RecordedCall } from "./telegram/server.ts";
import { transcript } from "./telegram/transcript.ts";
import { createUpdates, type Updates } from "./telegram/updates.ts";
import { waitFor } from "./telegram/waiting.ts";
import { createWebhook, type Webhook } from "./telegram/webhook.ts";
import { type CallbackAnswer, createWorld, type World } from "./telegram/world.ts";
import { HANG_MS } from "../eventually.ts";

export type { Fault } from "./telegram/faults.ts";
export type { Button, Message, RichNode, Update, User } from "./telegram/message.ts";
export type { VendorCall } from "./telegram/page.ts";
export type { Saying } from "./telegram/people.ts";
export type { ChatSeed, PersonSeed } from "./telegram/seeds.ts";
export type { RecordedCall } from "./telegram/server.ts";
export type { CallbackAnswer } from "./telegram/world.ts";
export { buttonsOf } from "./telegram/pressing.ts";
export { plainText, render } from "./telegram/transcript.ts";

export interface TelegramOptions {
  /** Default "123456:token-of-the-sandbox": what follows the colon is taken out of every reply, so it is no word. */
  readonly token?: string;
  readonly bot?: BotSeed;
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

export interface Telegram extends People, Membership, AsyncDisposable {
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
  /** The bot's messages that this person sees there, oldest first. */
  seen(person: number, chat: number): readonly Message[];
  menu(person: number, chat: number): readonly BotCommand[];
  /** The bot's reaction to what somebody said. */
  reaction(chat: number, messageId: number): string | undefined;
  file(fileId: string): Uint8Array | undefined;
  transcript(chat: number, viewer?: number): string;
  /** Resolves with the predicate's result once a change makes it true; rejects with a dump of the chats. */
  until<T>(predicate: () => T | undefined | null | false, what?: string): Promise<T>;
  addPerson(seed: PersonSeed): User;
  addChat(seed: ChatSeed): Chat;
  /** Ends long polls, deliveries and page streams. */
  close(): void;
}

/**
 * A Telegram of one's own: a Bot API server that refuses what Telegram refuses, the people who write to the bot,
 * and a chat page. Without options there are Ana (101) and Ben (102) in the group -1001, and Oskar (666) outside.
 */
export function createTelegram(options: TelegramOptions = {}): Telegram {
  const { token = "123456:token-of-the-sandbox", now = Date.now, legacy = false, patienceMs = HANG_MS } =
    options;
  const world = createWorld({ bot: botOf(options.bot), legacy, now });
  const updates = createUpdates(now);
  const automatic = options.delivery !== "manual";
  const webhook = createWebhook({ updates, automatic, now, changed: world.changed });
  const faults = createFaults();
  const calls: RecordedCall[] = [];
  const people = { ...createPeople(world, updates), ...createMembership(world, updates) };
  const app = createServer({ token, world, updates, webhook, faults, calls });
  const page = createPage({ world, people, updates });
  app.route("/", page.app);
  for (const seed of options.persons ?? DEFAULT_PERSONS) addPerson(world, seed);
  for (const seed of options.chats ?? DEFAULT_CHATS) addChat(world, seed);
  const until: Telegram["until"] = (predicate, what = "what was awaited") =>
    waitFor(world, predicate, { what, patienceMs });
  const close = () => {
    updates.close();
    webhook.close();
    page.close();
  };

  return {
    ...people,
    ...pressing(world, updates, until),
    ...traffic(updates, webhook),
    ...sights(world),
    app,
    token,
    faults,
    panel: page.panel,
    calls: (method) => method === undefined ? calls : calls.filter((call) => call.method === method),
    until,
    addPerson: (seed) => addPerson(world, seed),
    addChat: (seed) => addChat(world, seed),
    close,
    [Symbol.asyncDispose]() {
      close();
      return webhook.flush();
    },
  };
}

function pressing(
  world: World,
  updates: Updates,
  until: Telegram["until"],
): Pick<Telegram, "press" | "pressAndGo"> {
  const pressAndGo: Telegram["pressAndGo"] = (person, message, button, { forged = false } = {}) =>
    pressButton(world, updates, { person, message, button, forged });
  return {
    pressAndGo,
    press(person, message, button, options) {
      const id = pressAndGo(person, message, button, options);
      return until(() => world.callbacks.get(id)?.answer, `an answer to the press of "${button}"`);
    },
  };
}

function traffic(
  updates: Updates,
  webhook: Webhook,
): Pick<Telegram, "raw" | "redeliver" | "updates" | "pending" | "deliver"> {
  return {
    raw(update) {
      const last = updates.history.at(-1)?.update_id ?? 700_000_000;
      const whole = { update_id: last + 1, ...update };
      updates.repeat(whole);
      return whole;
    },
    redeliver(update) {
      const id = typeof update === "number" ? update : update.update_id;
      const known = updates.history.find((other) => other.update_id === id);
      if (!known) throw new Error(`There was no update ${id}.`);
      updates.repeat(known);
    },
    updates: () => updates.history,
    pending: () => updates.pending().map(({ update }) => update),
    deliver: () => webhook.flush(),
  };
}

function sights(
  world: World,
): Pick<
  Telegram,
  "messages" | "answers" | "last" | "ephemerals" | "seen" | "reaction" | "menu" | "file" | "transcript"
> {
  const timeline = (chat: number) => roomNamed(world, chat).timeline;
  const messages = (chat: number) => timeline(chat).filter((message) => !isEphemeral(message));
  const isBots = ({ from }: Message) => from?.id === world.bot.id;
  const answers = (chat: number) => messages(chat).filter(isBots);
  return {
    messages,
    answers,
    last: (chat) => answers(chat).at(-1),
    ephemerals: (person, chat) => timeline(chat).filter(({ receiver_user }) => receiver_user?.id === person),
    seen: (person, chat) =>
      timeline(chat).filter((message) =>
        isBots(message) && (!isEphemeral(message) || message.receiver_user?.id === person)
      ),
    reaction: (chat, messageId) => roomNamed(world, chat).reactions?.get(messageId),
    menu: (person, chat) => menuFor(world, roomNamed(world, chat), person),
    file: (fileId) => world.files.get(fileId)?.content,
    transcript: (chat, viewer) => transcript(world, roomNamed(world, chat), viewer),
  };
}
