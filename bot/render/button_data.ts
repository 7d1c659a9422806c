import { createHash } from "node:crypto";
import type { InlineKeyboardMarkup } from "grammy/types";
import type { Button, Reply } from "../../handlers/reply.ts";
import { keyboard } from "./keyboard.ts";

/** The same command always has the same handle, so that a message edited to what it was is seen as unchanged. */
export function handleOf(command: string): string {
  return createHash("sha256").update(command).digest("base64url").slice(0, 24);
}

/** A keyboard in which no command holds what `cover` covers: such a command is kept, and its button names it. */
export function keepingSecrets(
  markup: InlineKeyboardMarkup,
  { cover, store }: { cover(text: string): string; store(command: string): string },
): InlineKeyboardMarkup {
  return {
    inline_keyboard: markup.inline_keyboard.map((row) =>
      row.map((button) => {
        if (!("callback_data" in button)) return button;
        const [, command] = /^c:(.*)$/s.exec(button.callback_data) ?? [];
        const isHarmless = command === undefined || cover(command) === command;
        return isHarmless ? button : { ...button, callback_data: `h:${store(command)}` };
      })
    ),
  };
}

/** The button of a reply that sends this data; one that turns the same pages may have gone on meanwhile. */
export function buttonSending({ buttons = [] }: Reply, data: string): Button | undefined {
  return buttons.flat().find((button) => {
    const [sent] = keyboard([[button]], { store: handleOf, dead: false })?.inline_keyboard.flat() ?? [];
    return sent !== undefined && "callback_data" in sent &&
      whateverPage(sent.callback_data) === whateverPage(data);
  });
}

function whateverPage(data: string): string {
  return data.replace(/^(p:.+):\d+$/, "$1");
}
