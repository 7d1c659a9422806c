import type { User } from "grammy/types";
import type { Attachment, Line, Reply } from "../../handlers/reply.ts";
import {
  bold,
  type Grid,
  IN_FULL,
  type Layout,
  layoutOf,
  type LineLimit,
  NOTHING,
  type Part,
  type Row,
  type Span,
  spansOf,
  spanText,
} from "./layout.ts";

/**
 * All of a reply as text, with tables in aligned columns: for files, terminals and logs. Nothing is cut but data
 * beyond any use.
 */
export function toText(reply: Reply): string {
  const lines = linesOf(allParts(layoutOf(reply, IN_FULL)));
  return lines.join("\n") + "\n";
}

/** The whole of a reply whose message holds only part of it. */
export function asFile(reply: Reply): Attachment {
  return { name: "answer.txt", mime: "text/plain", content: toText(reply) };
}

const ONE_LINE: LineLimit = { units: 300, spans: 20 };

/** A line's words, for pages and whatever else knows no looks. */
export function plainWords(line: Line): string {
  return spanText(spansOf(line, ONE_LINE).spans);
}

/** Telegram calls a person by the id alone; the name is what is read. */
export function personNamed(id: number, name: string): User {
  return { id, is_bot: false, first_name: name };
}

/** Title and footer with what is between them, as texts like any other. */
export function allParts({ title, parts, footer }: Layout): Part[] {
  const tail: Part[] = footer.length > 0 ? [{ kind: "text", spans: footer }] : [];
  return [{ kind: "text", spans: title }, ...parts, ...tail];
}

/** Texts follow each other line by line; whatever has a shape of its own gets air around it. */
export function isClose(part: Part, before: Part | undefined): boolean {
  return part.kind === "text" && before?.kind === "text";
}

function linesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part, index) =>
    index === 0 || isClose(part, parts[index - 1]) ? partLines(part) : ["", ...partLines(part)]
  );
}

function partLines(part: Part): readonly string[] {
  switch (part.kind) {
    case "table":
      return aligned(part);
    case "details":
      return [`▾ ${spanText(part.summary)}`, ...linesOf(part.parts).map((line) => line && `  ${line}`)];
    default:
      return partAsLines(part).map(spanText);
  }
}

/** Whatever holds no other parts, line by line for a narrow screen. */
export function partAsLines(part: Exclude<Part, { kind: "details" }>): (readonly Span[])[] {
  switch (part.kind) {
    case "text":
      return [part.spans];
    case "facts":
      return part.rows.map(factLine);
    case "table":
      return rowLines(part);
    case "list":
      return part.rows.map((row) => [{ text: "• " }, ...row.flat()]);
    case "pre":
      return part.rows.map((row) => row.flat());
  }
}

/** A fact as a line: its label, then its value. */
function factLine([label = [], value = []]: Row): Span[] {
  const said = value.length > 0 ? value : NOTHING;
  return label.length > 0 ? [...bold(label), { text: ": " }, ...said] : [...said];
}

/**
 * A table as lines for a narrow screen, a row each, its cells one after the other. Where the first column only
 * labels the rows, the names of the columns are said in every row; elsewhere they are a line of their own.
 */
function rowLines({ header, rows }: Grid): Span[][] {
  const labelled = header.length > 1 && spanText(header[0] ?? []) === "";
  if (labelled) {
    return rows.map((row) => joined(row.map((cell, column) => named(header[column] ?? [], cell))));
  }
  const head = header.some((cell) => cell.length > 0) ? [bold(joined(header))] : [];
  return [...head, ...rows.map(joined)];
}

function named(name: readonly Span[], cell: readonly Span[]): readonly Span[] {
  return name.length > 0 && cell.length > 0 ? [...name, { text: " " }, ...cell] : cell;
}

/** Empty cells at the end are not said; a mark stands with the cell after it. */
function joined(row: Row): Span[] {
  const end = row.findLastIndex((cell) => cell.length > 0);
  if (end < 0) return [...NOTHING];
  return row.slice(0, end + 1).flatMap((cell, column) => {
    const gap = { text: column > 0 && isMark(row[column - 1] ?? []) ? " " : " · " };
    const said = cell.length > 0 ? cell : NOTHING;
    return column > 0 ? [gap, ...said] : said;
  });
}

function isMark(cell: readonly Span[]): boolean {
  return /^\p{Extended_Pictographic}\uFE0F?$/u.test(spanText(cell));
}

/** One very long cell must not push all others off the page. */
const COLUMN_MAX = 48;

function aligned({ header, rows }: Grid): string[] {
  const cells = (header.length > 0 ? [header, ...rows] : rows).map((row) => row.map(spanText));
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((max, row) => Math.max(max, Math.min(COLUMN_MAX, width(row[column] ?? ""))), 0)
  );
  const lines = cells.map((row) =>
    row.map((text, column) => padded(text, widths[column] ?? 0)).join("  ").trimEnd()
  );
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return header.length > 0 ? [lines[0] ?? "", rule, ...lines.slice(1)] : lines;
}

function padded(text: string, size: number): string {
  return text + " ".repeat(Math.max(0, size - width(text)));
}

/** Columns of a terminal: accents take none, emoji and East Asian letters two. */
function width(text: string): number {
  let columns = 0;
  for (const point of text.replace(/[\p{M}\uFE0F]/gu, "")) columns += WIDE.test(point) ? 2 : 1;
  return columns;
}

const WIDE =
  /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303F\uFF01-\uFF60]/u;
