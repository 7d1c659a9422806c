import type { ApiCall, TelegramStandIn } from "./telegram.ts";
import { ANA, BEN, command, GROUP, press } from "./update.ts";

export interface GroupOptions {
  readonly telegram: TelegramStandIn;
  /** Hands an update to the bot; resolves to the status it is answered with. */
  readonly post: (update: string) => Promise<number>;
  /** No two updates of a bot may share an id. */
  readonly nextId: () => number;
  readonly chat?: number;
}

/** An admin group in which one thing happens after the other, and how long the bot takes over it. */
export interface Group {
  /** Ana types a command. Resolves when the answer has arrived at Telegram. */
  say(text: string): Promise<Answer>;
  /** The same for an answer that is shown in parts: `partial` are words that all of them have but the last. */
  sayAndWait(text: string, partial: string): Promise<Answer & { readonly completeMs: number }>;
  /** Ana, or Ben where said so, presses the button that bears this label. */
  press(under: ApiCall, label: string, options?: PressOptions): Promise<PressAnswer>;
}

export interface PressOptions {
  readonly by?: typeof ANA | typeof BEN;
  /** Words that the message has once it shows what came of the press. */
  readonly until?: string;
}

export interface Answer {
  /** From posting the update to the Bot API call having arrived. */
  readonly ms: number;
  /** The call that shows the answer. */
  readonly shown: ApiCall;
}

export interface PressAnswer extends Answer {
  /** The same for the call after which the button stops showing a clock. */
  readonly noticedMs: number;
}

export function createGroup({ telegram, post, nextId, chat = GROUP }: GroupOptions): Group {
  async function hand(update: string): Promise<number> {
    const startedAt = performance.now();
    const status = await post(update);
    if (status !== 200) throw new Error(`An update was answered ${status}`);
    return startedAt;
  }

  async function say(text: string): Promise<Answer> {
    const id = nextId();
    const answered = telegram.next((call) => isAnswerTo(call, chat, id));
    const startedAt = await hand(command(id, chat, text));
    const shown = await answered;
    return { ms: shown.at - startedAt, shown };
  }

  return {
    say,
    async sayAndWait(text, partial) {
      const complete = telegram.next((call) =>
        SHOWING.has(call.method) && call.payload.chat_id === chat && !call.json.includes(partial)
      );
      const [first, last] = await Promise.all([say(text), complete]);
      return { ...first, completeMs: first.ms + last.at - first.shown.at };
    },
    async press(under, label, { by = ANA, until = "" } = {}) {
      const id = nextId();
      const data = dataOf(under, label);
      const { messageId } = under;
      const noticed = telegram.next(({ method, payload }) =>
        method === "answerCallbackQuery" && payload.callback_query_id === String(id)
      );
      const showing = telegram.next((call) => isEditOf(call, chat, messageId) && call.json.includes(until));
      const startedAt = await hand(press(id, { chat, messageId, data, by }));
      const [{ at }, shown] = await Promise.all([noticed, showing]);
      return { ms: shown.at - startedAt, noticedMs: at - startedAt, shown };
    },
  };
}

const SHOWING: ReadonlySet<string> = new Set(["sendRichMessage", "editMessageText"]);

/** Answers stand below the command, or are shown to who typed it alone. */
function isAnswerTo({ method, payload }: ApiCall, chat: number, messageId: number): boolean {
  if (!method.startsWith("send") || payload.chat_id !== chat) return false;
  return payload.reply_parameters?.message_id === messageId ||
    payload.ephemeral_message_parameters?.receiver_user_id === ANA;
}

function isEditOf({ method, payload }: ApiCall, chat: number, messageId: number): boolean {
  return method === "editMessageText" && payload.chat_id === chat && payload.message_id === messageId;
}

function dataOf({ payload }: ApiCall, label: string): string {
  const buttons = payload.reply_markup?.inline_keyboard.flat() ?? [];
  const data = buttons.find(({ text }) => text === label)?.callback_data;
  if (data === undefined) {
    throw new Error(`No button "${label}" among: ${buttons.map(({ text }) => text).join(", ") || "none"}`);
  }
  return data;
}
