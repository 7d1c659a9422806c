/** What the servers are sent: the same bytes for each of them. */

export const SECRET = "bench-webhook-secret-0123456789abcdef";
export const TOKEN = "123456:bench";
export const PATH = "/telegram";
export const GROUP = -1001234567890;
/** Ana asks for changes, Ben approves them. */
export const ANA = 101;
export const BEN = 102;

const NAMES: Readonly<Record<number, string>> = { [ANA]: "Ana", [BEN]: "Ben" };

const WORDS = "the deploy went through, dashboards look good again";

/** A person's words to the others in the admin group, as JSON: nothing the bot answers. */
export function talk(updateId: number, chat = GROUP, words = WORDS): string {
  return message(updateId, chat, words);
}

/** A command of Ana's in an admin group, as JSON. Its message has the id of the update. */
export function command(updateId: number, chat: number, text: string): string {
  return message(updateId, chat, text, [{
    offset: 0,
    length: text.split(" ")[0]?.length ?? 0,
    type: "bot_command",
  }]);
}

export interface Press {
  readonly chat: number;
  readonly messageId: number;
  readonly data: string;
  readonly by: number;
}

/** A press of a button under a message of the bot's, as JSON. The press has the id of the update. */
export function press(updateId: number, { chat, messageId, data, by }: Press): string {
  return JSON.stringify({
    update_id: updateId,
    callback_query: {
      id: String(updateId),
      from: person(by),
      message: { message_id: messageId, date: now(), chat: group(chat) },
      chat_instance: String(chat),
      data,
    },
  });
}

function message(updateId: number, chat: number, text: string, entities?: readonly object[]): string {
  return JSON.stringify({
    update_id: updateId,
    message: {
      message_id: updateId,
      date: now(),
      chat: group(chat),
      from: person(ANA),
      text,
      ...(entities && { entities }),
    },
  });
}

function group(id: number): object {
  return { id, type: "supergroup", title: "On call" };
}

function person(id: number): object {
  return { id, is_bot: false, first_name: NAMES[id], language_code: "en" };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
