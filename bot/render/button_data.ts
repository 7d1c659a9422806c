import { createHash } from "node:crypto";
import type { InlineKeyboardMarkup } from "grammy/types";

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
