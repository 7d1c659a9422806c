import type { Button, CallbackQuery, Message } from "./message.ts";
import { personOf, roomNamed } from "./people.ts";
import type { Updates } from "./updates.ts";
import { isMember, snapshot, userOf, type World } from "./world.ts";

/** A message's buttons, those of its keyboard and those inside rich blocks. */
export function buttonsOf(message: Message): Button[] {
  return [
    ...(message.reply_markup?.inline_keyboard.flat() ?? []),
    ...richButtons(message.rich_message?.blocks),
  ];
}

/** Sends the callback query of a press; answers its id. `forged` sends data that no button of the message has. */
export function pressButton(
  world: World,
  updates: Updates,
  press: { person: number; message: Message; button: string; forged?: boolean },
): string {
  const { message, button } = press;
  const room = roomNamed(world, message.chat.id);
  const person = personOf(world, press.person);
  if (room.chat.type !== "private" && !isMember(room, person.id) && !press.forged) {
    throw new Error(`${person.first_name} is not in the chat and sees no buttons.`);
  }
  const id = String(4_000_000_000_000 + world.callbacks.size + 1);
  const isThere = room.timeline.includes(message);
  const { chat, message_id } = message;
  const query: CallbackQuery = {
    id,
    from: userOf(person),
    message: isThere ? snapshot(message) : { chat, message_id, date: 0 },
    chat_instance: String(chat.id * 7919),
    data: press.forged ? button : dataOf(message, button),
  };
  world.callbacks.set(id, { query, room, message, at: world.now() });
  updates.push("callback_query", query, String(chat.id));
  world.changed();
  return id;
}

function dataOf(message: Message, wanted: string): string {
  const buttons = buttonsOf(message);
  const found = buttons.find(({ text }) => labelOf(text) === wanted) ??
    buttons.find(({ callback_data }) => callback_data === wanted) ??
    buttons.find(({ text }) => labelOf(text).toLowerCase().includes(wanted.toLowerCase()));
  const labels = buttons.map(({ text }) => `[ ${labelOf(text)} ]`).join(" ") || "none";
  if (!found) throw new Error(`The message has no button "${wanted}"; its buttons: ${labels}`);
  if (found.callback_data === undefined) {
    throw new Error(`"${labelOf(found.text)}" sends nothing to the bot.`);
  }
  return found.callback_data;
}

function labelOf(text: unknown): string {
  if (typeof text === "string") return text;
  if (Array.isArray(text)) return text.map(labelOf).join("");
  return typeof text === "object" && text !== null && "text" in text ? labelOf(text.text) : "";
}

function richButtons(node: unknown): Button[] {
  if (Array.isArray(node)) return node.flatMap(richButtons);
  if (typeof node !== "object" || node === null) return [];
  const { type, buttons, button, ...rest } = node as Record<string, unknown>;
  if (type === "buttons") return buttons as Button[];
  if (type === "button") return [button as Button];
  return Object.values(rest).flatMap(richButtons);
}
