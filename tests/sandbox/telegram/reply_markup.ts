import {
  arrayField,
  asObject,
  flagField,
  Malformed,
  objectField,
  optionalString,
  stringField,
} from "./json_fields.ts";
import { urlComplaint } from "./links.ts";
import type { Button, Fields, InlineKeyboard } from "./message.ts";
import type { Parameters } from "./parameters.ts";
import { badRequest } from "./refusal.ts";

const STYLES = ["danger", "success", "primary"];
const MOST_BUTTONS = 100;
const ACTIONS = [
  "callback_data",
  "url",
  "copy_text",
  "disabled",
  "web_app",
  "login_url",
  "switch_inline_query",
  "switch_inline_query_current_chat",
  "switch_inline_query_chosen_chat",
  "callback_game",
  "pay",
];

export interface ReplyMarkup {
  /** Only inline keyboards stay with a message; the others change the reader's input field. */
  readonly inline?: InlineKeyboard;
}

/** Reads `reply_markup`; a server without `disabled` buttons takes them for text buttons and refuses them. */
export function replyMarkup(parameters: Parameters, legacy: boolean): ReplyMarkup {
  const value = parameters.json("reply_markup");
  if (value === undefined || value === null) return {};
  try {
    const object = asObject(value, "Object expected as reply markup");
    if ("keyboard" in object) checkReplyKeyboard(object);
    if ("remove_keyboard" in object) flagField(object, "remove_keyboard");
    if ("force_reply" in object) flagField(object, "force_reply");
    if (!("inline_keyboard" in object)) return {};
    const rows = arrayField(object, "inline_keyboard").map((row) => readRow(row, legacy));
    return keyboardOf(rows.filter((row) => row.length > 0));
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(error.message);
    throw error;
  }
}

/** One button of a keyboard, or of a rich message (which allows the style `link` too). */
export function readButton(value: unknown, legacy: boolean, styles: readonly string[] = STYLES): Button {
  try {
    const object = asObject(value);
    const text = stringField(object, "text");
    if (text.trim() === "") throw badRequest("BUTTON_TEXT_INVALID");
    return { text, ...readStyle(object, styles), ...readAction(object, legacy) };
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`Can't parse inline keyboard button: ${error.message}`);
    throw error;
  }
}

/** The one thing a button does, checked; shared with buttons whose label is rich text. */
export function readAction(object: Fields, legacy: boolean): Fields {
  const known = legacy ? ACTIONS.filter((action) => action !== "disabled") : ACTIONS;
  const present = known.filter((action) => object[action] !== undefined && object[action] !== "");
  const [action, ...others] = present;
  if (action === undefined) throw new Malformed("Text buttons are unallowed in the inline keyboard");
  if (others.length > 0) throw badRequest("BUTTON_TYPE_INVALID");
  switch (action) {
    case "callback_data":
      return { callback_data: checkedData(stringField(object, action)) };
    case "url":
      return { url: checkedUrl(stringField(object, action)) };
    case "copy_text":
      return { copy_text: { text: checkedCopy(stringField(objectField(object, action), "text")) } };
    case "disabled":
      return { disabled: objectField(object, action) };
    case "web_app":
      return { web_app: { url: checkedWebApp(stringField(objectField(object, action), "url")) } };
    case "callback_game":
    case "pay":
      throw badRequest("BUTTON_TYPE_INVALID");
    case "login_url":
      throw badRequest("BOT_DOMAIN_INVALID");
    default:
      return { [action]: object[action] };
  }
}

export function readStyle(object: Fields, styles: readonly string[]): { style?: "success" } {
  const style = optionalString(object, "style");
  if (style === undefined) return {};
  if (!styles.includes(style)) throw new Malformed("Invalid button style specified");
  return { style: style as "success" };
}

function readRow(row: unknown, legacy: boolean): Button[] {
  if (!Array.isArray(row)) {
    throw badRequest('Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays');
  }
  return row.map((button) => readButton(button, legacy));
}

function keyboardOf(rows: readonly Button[][]): ReplyMarkup {
  if (rows.flat().length > MOST_BUTTONS) throw badRequest("reply markup is too long");
  return rows.length > 0 ? { inline: { inline_keyboard: rows } } : {};
}

function checkReplyKeyboard(object: Fields): void {
  arrayField(object, "keyboard");
  for (const flag of ["resize_keyboard", "one_time_keyboard", "is_persistent", "selective"]) {
    flagField(object, flag);
  }
}

function checkedData(data: string): string {
  if (new TextEncoder().encode(data).length > 64) throw badRequest("BUTTON_DATA_INVALID");
  return data;
}

function checkedUrl(url: string): string {
  const complaint = urlComplaint(url);
  if (complaint) throw badRequest(`inline keyboard button URL '${url}' is invalid: ${complaint}`);
  return url;
}

function checkedCopy(text: string): string {
  if (text === "" || text.length > 256) throw badRequest("BUTTON_COPY_TEXT_INVALID");
  return text;
}

function checkedWebApp(url: string): string {
  if (/^https:\/\//i.test(url)) return url;
  throw badRequest(`inline keyboard button Web App URL '${url}' is invalid: Only HTTPS links are allowed`);
}
