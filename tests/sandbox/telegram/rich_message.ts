import {
  arrayField,
  asObject,
  flagField,
  integerField,
  Malformed,
  oneOf,
  optionalInteger,
  optionalString,
  stringField,
} from "./json_fields.ts";
import type { Fields, RichMessage, RichNode } from "./message.ts";
import type { Parameters } from "./parameters.ts";
import { badRequest, notEmulated } from "./refusal.ts";
import { DEEPEST, readRequired, readRichButton, readRichText, type Tally } from "./rich_text.ts";

const MOST_CHARACTERS = 32_768;
const MOST_BLOCKS = 500;
const MOST_COLUMNS = 20;
const MEDIA = [
  "animation",
  "audio",
  "document",
  "photo",
  "video",
  "voice_note",
  "collage",
  "slideshow",
  "map",
];

/**
 * Reads `rich_message` by the page's limits: 32768 characters, 500 blocks with all that is nested, 16 levels,
 * 20 columns, exactly one of `blocks`, `html`, `markdown`. The page gives no wording for most of these
 * refusals; the sentences are this server's own, the status and their form are Telegram's.
 */
export function richMessage(parameters: Parameters): RichMessage | undefined {
  const value = parameters.json("rich_message");
  if (value === undefined || value === null) return undefined;
  try {
    return readRichMessage(asObject(value));
  } catch (error) {
    if (error instanceof Malformed) throw badRequest(`Can't parse InputRichMessage: ${error.message}`);
    throw error;
  }
}

function readRichMessage(object: Fields): RichMessage {
  const forms = ["blocks", "html", "markdown"].filter((form) => object[form] !== undefined);
  if (forms.length !== 1) throw new Malformed("Exactly one of blocks, html and markdown must be used");
  if (forms[0] !== "blocks") throw notEmulated(`rich_message.${forms[0]}`);
  flagField(object, "skip_entity_detection");
  const tally: Tally = { characters: 0, blocks: 0, legacyButtons: false };
  const blocks = readBlocks(arrayField(object, "blocks"), tally, 1);
  if (tally.characters > MOST_CHARACTERS) throw badRequest("message is too long");
  if (tally.characters === 0) throw badRequest("text must be non-empty");
  return { blocks, ...(flagField(object, "is_rtl") && { is_rtl: true as const }) };
}

function readBlocks(values: readonly unknown[], tally: Tally, depth: number): RichNode[] {
  if (depth > DEEPEST) throw new Malformed("Too many levels of nesting");
  return values.map((value, index) => {
    try {
      count(tally);
      return readBlock(asObject(value), tally, depth);
    } catch (error) {
      if (error instanceof Malformed) throw new Malformed(`Block ${index + 1}: ${error.message}`);
      throw error;
    }
  });
}

function count(tally: Tally): void {
  tally.blocks += 1;
  if (tally.blocks > MOST_BLOCKS) throw badRequest("rich message contains too many blocks");
}

function readBlock(object: Fields, tally: Tally, depth: number): RichNode {
  const type = stringField(object, "type");
  const text = () => ({ text: readRequired(object, "text", tally, depth) });
  switch (type) {
    case "paragraph":
    case "footer":
      return { type, ...text() };
    case "heading":
      return { type, ...text(), size: within(object, "size", 1, 6) };
    case "pre": {
      const language = optionalString(object, "language");
      return { type, ...text(), ...(language && { language }) };
    }
    case "divider":
      return { type };
    case "mathematical_expression":
      return { type, expression: readRichText(stringField(object, "expression"), tally, depth) };
    case "anchor":
      return { type, name: stringField(object, "name") };
    case "list":
      return { type, items: arrayField(object, "items").map((item) => readItem(item, tally, depth)) };
    case "blockquote":
      return { type, ...nested(object, tally, depth), ...credit(object, tally, depth) };
    case "expandable_blockquote":
    case "pullquote":
      return { type, ...text(), ...credit(object, tally, depth) };
    case "table":
      return readTable(object, tally, depth);
    case "details":
      return readDetails(object, tally, depth);
    case "buttons":
      return readButtons(object, tally, depth);
    case "thinking":
      throw new Malformed('Blocks of type "thinking" can be used only in drafts');
    default:
      if (MEDIA.includes(type)) throw notEmulated(`rich block ${type}`);
      throw new Malformed(`Unsupported rich block type "${type}" specified`);
  }
}

function nested(object: Fields, tally: Tally, depth: number): { blocks: RichNode[] } {
  return { blocks: readBlocks(arrayField(object, "blocks"), tally, depth + 1) };
}

function credit(object: Fields, tally: Tally, depth: number): { credit?: unknown } {
  return object["credit"] === undefined ? {} : { credit: readRichText(object["credit"], tally, depth) };
}

function readDetails(object: Fields, tally: Tally, depth: number): RichNode {
  return {
    type: "details",
    summary: readRequired(object, "summary", tally, depth),
    ...nested(object, tally, depth),
    ...(flagField(object, "is_open") && { is_open: true }),
  };
}

function readItem(value: unknown, tally: Tally, depth: number): Fields {
  count(tally);
  const object = asObject(value);
  const number = optionalInteger(object, "value");
  const type = optionalString(object, "type");
  if (type !== undefined) oneOf("type", type, ["a", "A", "i", "I", "1"]);
  const isChecked = flagField(object, "is_checked");
  return {
    label: number === undefined ? "•" : `${number}.`,
    ...nested(object, tally, depth),
    ...(flagField(object, "has_checkbox") && { has_checkbox: true, ...(isChecked && { is_checked: true }) }),
    ...(number !== undefined && { value: number }),
    ...(type !== undefined && { type }),
  };
}

function readTable(object: Fields, tally: Tally, depth: number): RichNode {
  const cells = arrayField(object, "cells").map((row) => readRow(row, tally, depth));
  const flags = ["is_bordered", "is_striped", "is_compact"].filter((flag) => flagField(object, flag));
  return {
    type: "table",
    cells,
    ...Object.fromEntries(flags.map((flag) => [flag, true])),
    ...(object["caption"] !== undefined && { caption: readRichText(object["caption"], tally, depth) }),
  };
}

function readRow(row: unknown, tally: Tally, depth: number): Fields[] {
  count(tally);
  if (!Array.isArray(row)) throw new Malformed('Field "cells" must be an Array of Arrays');
  const cells = row.map((cell) => readCell(asObject(cell), tally, depth));
  const columns = cells.reduce((sum, cell) => sum + Number(cell["colspan"] ?? 1), 0);
  if (columns > MOST_COLUMNS) throw new Malformed("Too many columns in a table");
  return cells;
}

function readCell(object: Fields, tally: Tally, depth: number): Fields {
  const spans = ["colspan", "rowspan"].filter((span) => object[span] !== undefined);
  return {
    ...(object["text"] !== undefined && { text: readRichText(object["text"], tally, depth) }),
    ...(flagField(object, "is_header") && { is_header: true }),
    ...Object.fromEntries(spans.map((span) => [span, within(object, span, 1, 1000)])),
    align: oneOf("align", stringField(object, "align"), ["left", "center", "right"]),
    valign: oneOf("valign", stringField(object, "valign"), ["top", "middle", "bottom"]),
  };
}

function readButtons(object: Fields, tally: Tally, depth: number): RichNode {
  const buttons = arrayField(object, "buttons");
  if (buttons.length < 1 || buttons.length > 8) throw new Malformed("A row holds 1-8 buttons");
  const align = optionalString(object, "align");
  return {
    type: "buttons",
    buttons: buttons.map((button) => readRichButton(asObject(button), tally, depth)),
    ...(align !== undefined && { align: oneOf("align", align, ["left", "center", "right"]) }),
  };
}

function within(object: Fields, name: string, least: number, most: number): number {
  const value = integerField(object, name);
  if (value < least || value > most) {
    throw new Malformed(`Field "${name}" must be between ${least} and ${most}`);
  }
  return value;
}
