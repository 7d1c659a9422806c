import type {
  InlineKeyboardMarkup,
  InputRichBlock,
  InputRichMessage,
  RichBlockTableCell,
  RichText,
} from "grammy/types";
import type { Attachment, Reply } from "../../handlers/reply.ts";
import { type KeepCommand, keyboard } from "./keyboard.ts";
import {
  type Layout,
  layoutOf,
  ON_SCREEN,
  type Part,
  type Row,
  type Span,
  spanText,
  truncateToFit,
} from "./layout.ts";
import { asFile, personNamed } from "./text.ts";

export interface RichPayload {
  readonly rich_message: InputRichMessage;
  readonly reply_markup?: InlineKeyboardMarkup;
  /** The whole reply, when the message holds only part of it. */
  readonly rest?: Attachment;
}

/**
 * A reply as a rich message: structured blocks, so that no text can become markup.
 * Limits: core.telegram.org/bots/api, "Rich Message Limits".
 */
export function renderRich(reply: Reply, { store }: { readonly store: KeepCommand }): RichPayload {
  const { layout, whole } = truncateToFit(layoutOf(reply, ON_SCREEN), fits);
  const markup = keyboard(reply.buttons, { store, dead: true });
  return {
    rich_message: { blocks: blocksOf(layout), skip_entity_detection: true },
    ...(markup && { reply_markup: markup }),
    ...(!whole && { rest: asFile(reply) }),
  };
}

/** Counted in bytes, so that the limit holds whatever "UTF-8 characters" is taken to mean. */
const TEXT_MAX = 32_768;
const BLOCKS_MAX = 500;

/** A bold paragraph, not a heading: on a narrow screen and on a lock screen it stays in one piece. */
function blocksOf({ title, parts, footer }: Layout): InputRichBlock[] {
  return [
    { type: "paragraph", text: richText(title) },
    ...parts.map(blockOf),
    ...(footer.length > 0 ? [{ type: "footer" as const, text: richText(footer) }] : []),
  ];
}

function blockOf(part: Part): InputRichBlock {
  switch (part.kind) {
    case "text":
      return { type: "paragraph", text: richText(part.spans) };
    case "facts":
      return {
        type: "table",
        cells: part.rows.map((row) => row.map((spans, column) => cellOf(spans, column === 0, false))),
        is_compact: true,
      };
    case "table":
      return tableOf(part.header, part.rows);
    case "list":
      return {
        type: "list",
        items: part.rows.map((row) => ({ blocks: [{ type: "paragraph", text: richText(row.flat()) }] })),
      };
    case "details":
      return { type: "details", summary: richText(part.summary), blocks: part.parts.map(blockOf) };
    case "pre":
      return { type: "pre", text: part.rows.map((row) => spanText(row.flat())).join("\n") };
  }
}

function tableOf(header: Row, rows: readonly Row[]): InputRichBlock {
  const numeric = (rows[0] ?? []).map((_, column) => rows.every((row) => isNumber(row[column] ?? [])));
  const cells = rows.map((row) => row.map((spans, column) => cellOf(spans, false, numeric[column] ?? false)));
  const head = header.map((spans, column) => cellOf(spans, true, numeric[column] ?? false));
  return { type: "table", cells: header.length > 0 ? [head, ...cells] : cells, is_compact: true };
}

/** A cell without text is left without one: Telegram then draws nothing. */
function cellOf(spans: readonly Span[], header: boolean, right: boolean): RichBlockTableCell {
  const cell: RichBlockTableCell = { align: right ? "right" : "left", valign: "top" };
  if (spans.length > 0) cell.text = richText(spans);
  if (header) cell.is_header = true;
  return cell;
}

function isNumber(spans: readonly Span[]): boolean {
  return /^[\d.,  ]+( ?%)?$/.test(spanText(spans));
}

/** Neighbours that are bold share one node, and text that looks the same is one string. */
function richText(spans: readonly Span[]): RichText {
  const [only] = spans;
  if (spans.length === 1 && only) return only.bold ? { type: "bold", text: nodeOf(only) } : nodeOf(only);
  const texts: RichText[] = [];
  for (let start = 0; start < spans.length;) {
    const isBold = spans[start]?.bold;
    let end = start + 1;
    while (end < spans.length && spans[end]?.bold === isBold) end++;
    const run = flowOf(spans.slice(start, end));
    if (isBold) texts.push({ type: "bold", text: oneOrMany(run) });
    else texts.push(...run);
    start = end;
  }
  return oneOrMany(texts);
}

function flowOf(spans: readonly Span[]): RichText[] {
  const texts: RichText[] = [];
  for (const span of spans) {
    const last = texts.at(-1);
    const node = nodeOf(span);
    if (typeof last === "string" && typeof node === "string") texts[texts.length - 1] = last + node;
    else texts.push(node);
  }
  return texts;
}

/** But for its being bold. */
function nodeOf({ text, code, time, calls }: Span): RichText {
  if (code) return { type: "code", text };
  if (time) return { type: "date_time", text, unix_time: time.unix, date_time_format: time.format };
  if (calls !== undefined) return { type: "text_mention", text, user: personNamed(calls, text) };
  return text;
}

function oneOrMany(texts: RichText[]): RichText {
  return texts.length === 1 && texts[0] !== undefined ? texts[0] : texts;
}

function fits(layout: Layout): boolean {
  const blocks = layout.parts.reduce((sum, part) => sum + blockCount(part), 2);
  if (blocks > BLOCKS_MAX) return false;
  return textSize(layout, mostBytes) <= TEXT_MAX || textSize(layout, bytes) <= TEXT_MAX;
}

/** As Telegram counts: rows and list items are blocks too. */
function blockCount(part: Part): number {
  switch (part.kind) {
    case "text":
    case "pre":
      return 1;
    case "facts":
    case "table":
      return part.rows.length + 2;
    case "list":
      return part.rows.length * 2 + 1;
    case "details":
      return part.parts.reduce((sum, inner) => sum + blockCount(inner), 1);
  }
}

/** How a line is measured. */
type Measure = (spans: readonly Span[]) => number;

function textSize({ title, parts, footer }: Layout, measure: Measure): number {
  return parts.reduce((sum, part) => sum + partSize(part, measure), measure(title) + measure(footer));
}

function partSize(part: Part, measure: Measure): number {
  switch (part.kind) {
    case "text":
      return measure(part.spans);
    case "details":
      return part.parts.reduce((sum, inner) => sum + partSize(inner, measure), measure(part.summary));
    case "table":
      return rowsSize([part.header, ...part.rows], measure);
    case "pre":
      return rowsSize(part.rows, measure) + part.rows.length - 1;
    default:
      return rowsSize(part.rows, measure);
  }
}

function rowsSize(rows: readonly Row[], measure: Measure): number {
  return rows.reduce((sum, row) => row.reduce((sum, cell) => sum + measure(cell), sum), 0);
}

/** A unit of UTF-16 takes three bytes at most. */
function mostBytes(spans: readonly Span[]): number {
  return spanText(spans).length * 3;
}

function bytes(spans: readonly Span[]): number {
  return encoder.encode(spanText(spans)).length;
}

const encoder = new TextEncoder();
