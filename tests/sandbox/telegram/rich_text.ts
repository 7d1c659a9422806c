import { readDateTime } from "./formatted_text.ts";
import { asObject, integerField, Malformed, objectField, stringField } from "./json_fields.ts";
import type { Fields } from "./message.ts";
import { readAction, readStyle } from "./reply_markup.ts";

export const RICH_BUTTON_STYLES = ["danger", "success", "primary", "link"];

/** Counts what the limits of a rich message are about while it is read. */
export interface Tally {
  characters: number;
  blocks: number;
  readonly legacyButtons: boolean;
}

export const DEEPEST = 16;

/** Types with nothing but `text`. */
const SIMPLE = [
  "bold",
  "italic",
  "underline",
  "strikethrough",
  "spoiler",
  "subscript",
  "superscript",
  "marked",
  "code",
];
/** Types with `text` and one string more. */
const WITH_STRING: Readonly<Record<string, string>> = {
  url: "url",
  email_address: "email_address",
  phone_number: "phone_number",
  bank_card_number: "bank_card_number",
  mention: "username",
  hashtag: "hashtag",
  cashtag: "cashtag",
  bot_command: "bot_command",
  anchor_link: "anchor_name",
  reference: "name",
  reference_link: "reference_name",
};

/** Reads a RichText: a string, a list, or an object told apart by `type`. Unknown fields are left out. */
export function readRichText(value: unknown, tally: Tally, depth: number): unknown {
  if (depth > DEEPEST) throw new Malformed("Too many levels of nesting");
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new Malformed("Strings must be encoded in UTF-8");
    tally.characters += [...value].length;
    return value;
  }
  if (Array.isArray(value)) return value.map((part) => readRichText(part, tally, depth));
  return readFormatted(
    asObject(value, "Expected RichText to be a String, an Array or an Object"),
    tally,
    depth,
  );
}

function readFormatted(object: Fields, tally: Tally, depth: number): Fields {
  const type = stringField(object, "type");
  const text = () => ({ text: readRequired(object, "text", tally, depth + 1) });
  if (SIMPLE.includes(type)) return { type, ...text() };
  const extra = WITH_STRING[type];
  if (extra) return { type, ...text(), [extra]: stringField(object, extra) };
  switch (type) {
    case "date_time":
      return { type, ...text(), ...readDateTime(object) };
    case "text_mention": {
      const user = objectField(object, "user");
      return { type, ...text(), user: { ...user, id: integerField(user, "id") } };
    }
    case "custom_emoji":
      return {
        type,
        custom_emoji_id: stringField(object, "custom_emoji_id"),
        alternative_text: readRichText(stringField(object, "alternative_text"), tally, depth),
      };
    case "mathematical_expression":
      return { type, expression: readRichText(stringField(object, "expression"), tally, depth) };
    case "anchor":
      return { type, name: stringField(object, "name") };
    case "button":
      return { type, button: readRichButton(objectField(object, "button"), tally, depth) };
    default:
      throw new Malformed(`Unsupported rich text type "${type}" specified`);
  }
}

export function readRequired(object: Fields, name: string, tally: Tally, depth: number): unknown {
  if (object[name] === undefined || object[name] === null) throw new Malformed(`Can't find field "${name}"`);
  return readRichText(object[name], tally, depth);
}

/** A button inside a rich message: its label is rich text. */
export function readRichButton(object: Fields, tally: Tally, depth: number): Fields {
  return {
    text: readRequired(object, "text", tally, depth + 1),
    ...readStyle(object, RICH_BUTTON_STYLES),
    ...readAction(object, tally.legacyButtons),
  };
}
