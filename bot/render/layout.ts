import type { MessageEntity } from "grammy/types";
import type { Block, Inline, Line, Mark, Reply } from "../../handlers/reply.ts";
import { joinLines } from "../../handlers/reply.ts";
import { sanitize, sanitizeCode, sanitizeLines, sanitizeOwn, truncateUnits } from "./sanitize.ts";

/** A reply with every word cleaned and every table squared: what the renderers set, and what is cut. */
export interface Layout {
  /** With its mark. */
  readonly title: readonly Span[];
  readonly parts: readonly Part[];
  readonly footer: readonly Span[];
  /** Something was too long for its line, so the whole must be given elsewhere. */
  readonly shortened: boolean;
}

export type Row = readonly (readonly Span[])[];

export interface Grid {
  readonly kind: "table";
  /** As wide as every row; empty when the table has none. */
  readonly header: Row;
  readonly rows: readonly Row[];
}

/** A list has rows of one cell; preformatted text has such rows, of one span each. */
export type Part =
  | { readonly kind: "text"; readonly spans: readonly Span[] }
  | { readonly kind: "facts" | "list" | "pre"; readonly rows: readonly Row[] }
  | Grid
  | { readonly kind: "details"; readonly summary: readonly Span[]; readonly parts: readonly Part[] };

/** How much of each kind of line is kept, so that no single one can fill a message. */
export interface LayoutLimits {
  readonly title: LineLimit;
  readonly text: LineLimit;
  readonly cell: LineLimit;
  readonly footer: LineLimit;
  /** UTF-16 units of one preformatted line. */
  readonly pre: number;
  readonly columns: number;
  /** How deep details may nest before they are set open, one after the other. */
  readonly depth: number;
}

/** Suits both kinds of message: all of these together stay below 4096 units and 100 entities. */
export const ON_SCREEN: LayoutLimits = {
  title: { units: 240, spans: 16 },
  text: { units: 1200, spans: 40 },
  cell: { units: 240, spans: 12 },
  footer: { units: 400, spans: 16 },
  pre: 400,
  columns: 20,
  depth: 3,
};

const ALL: LineLimit = { units: Infinity, spans: Infinity, data: 10_000 };

/** For files and terminals. */
export const IN_FULL: LayoutLimits = {
  title: ALL,
  text: ALL,
  cell: ALL,
  footer: ALL,
  pre: Infinity,
  columns: Infinity,
  depth: 16,
};

/** Cleans every word of a reply and keeps as much of each line as the limits allow. */
export function layoutOf(reply: Reply, limits: LayoutLimits): Layout {
  const builder = new LayoutBuilder(limits);
  const title = builder.title(reply);
  const parts = builder.parts(reply.blocks ?? []);
  const footer = builder.line(reply.footer ?? "", limits.footer);
  return { title, parts, footer, shortened: builder.shortened };
}

class LayoutBuilder {
  shortened = false;

  constructor(private readonly limits: LayoutLimits) {}

  line(line: Line, limit: LineLimit): Span[] {
    const { spans, shortened } = spansOf(line, limit);
    if (shortened) this.shortened = true;
    return spans;
  }

  /** The danger of a question must not hang on its mark alone. */
  title({ mark, title }: Reply): Span[] {
    const { emoji, word } = MARKS[mark];
    const words = this.line(title, this.limits.title);
    const text = spanText(words);
    if (!/[\p{L}\p{N}]/u.test(text)) return bold([{ text: `${emoji} ${word}` }]);
    const danger = mark === "danger" && !/danger/i.test(text) ? [{ text: " · danger" }] : [];
    return bold([{ text: `${emoji} ` }, ...words, ...danger]);
  }

  /** No part is ever empty: a block of which nothing can be seen is left out. */
  parts(blocks: readonly Block[], depth = 0): Part[] {
    return blocks.flatMap((block) => this.part(block, depth));
  }

  private part(block: Block, depth: number): Part[] {
    const { limits } = this;
    switch (block.kind) {
      case "text": {
        const spans = this.line(block.text, limits.text);
        return spans.length > 0 ? [{ kind: "text", spans }] : [];
      }
      case "facts":
        return withRows("facts", block.facts.map((fact) => fact.map((line) => this.line(line, limits.cell))));
      case "table":
        return this.table(block.header ?? [], block.rows);
      case "list":
        return withRows("list", block.items.map((item) => [orDash(this.line(item, limits.text))]));
      case "pre":
        return this.pre(block.text);
      case "details": {
        const summary = orDash(this.line(block.summary, limits.cell));
        const parts = this.parts(block.blocks, depth + 1);
        if (parts.length === 0) return [];
        if (depth < limits.depth) return [{ kind: "details", summary, parts }];
        return [{ kind: "text", spans: bold(summary) }, ...parts];
      }
    }
  }

  private table(header: readonly Line[], rows: readonly (readonly Line[])[]): Part[] {
    const widest = rows.reduce((max, row) => Math.max(max, row.length), header.length);
    const width = Math.min(this.limits.columns, widest);
    if (rows.length === 0 || width === 0) return [];
    const square = (row: readonly Line[]): Row =>
      foldColumns(row, width).map((cell) => this.line(cell, this.limits.cell));
    return [{ kind: "table", header: header.length > 0 ? square(header) : [], rows: rows.map(square) }];
  }

  private pre(text: string): Part[] {
    const lines = sanitizeLines(text).map((line) => {
      if (line.length <= this.limits.pre) return line;
      this.shortened = true;
      return truncateUnits(line, this.limits.pre - 1) + "…";
    });
    const start = lines.findIndex((line) => line !== "");
    const end = lines.findLastIndex((line) => line !== "");
    return start < 0 ? [] : withRows("pre", lines.slice(start, end + 1).map((line) => [[{ text: line }]]));
  }
}

function withRows(kind: "facts" | "list" | "pre", rows: readonly Row[]): Part[] {
  return rows.length > 0 ? [{ kind, rows }] : [];
}

/** Exactly `width` cells: the columns beyond share the last one. */
function foldColumns(row: readonly Line[], width: number): readonly Line[] {
  if (row.length === width) return row;
  const cells = row.slice(0, width - 1);
  const padding = Array.from({ length: Math.max(0, width - 1 - cells.length) }, () => "");
  return [...cells, ...padding, joinLines(row.slice(width - 1), " · ")];
}

function orDash(spans: readonly Span[]): readonly Span[] {
  return spans.length > 0 ? spans : NOTHING;
}

/** Said where there is nothing to say. */
export const NOTHING: readonly Span[] = [{ text: "–" }];

/**
 * The longest beginning of a layout that fits, ending with a line that says what was left out. Rows (list items, facts
 * and preformatted lines are rows) and texts are kept or left out as a whole; title and footer always stay. `whole`
 * is false when anything was left out or shortened.
 */
export function truncateToFit(
  layout: Layout,
  fits: (layout: Layout) => boolean,
): { layout: Layout; whole: boolean } {
  if (!layout.shortened && fits(layout)) return { layout, whole: true };
  const full = withNote(layout, layout.parts, SHORTENED);
  if (layout.shortened && fits(full)) return { layout: full, whole: false };
  let [low, high] = [0, count(layout.parts)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(beginning(layout, middle))) low = middle;
    else high = middle;
  }
  return { layout: beginning(layout, low), whole: false };
}

const SHORTENED = "… Long lines are shortened here; the file has everything.";

function beginning(layout: Layout, nodes: number): Layout {
  const parts = take(layout.parts, nodes);
  return withNote(layout, parts, leftOut(layout.parts, parts));
}

function withNote(layout: Layout, parts: readonly Part[], note: string): Layout {
  return { ...layout, parts: [...parts, { kind: "text", spans: [{ text: note }] }] };
}

/** How many nodes can be left out one by one. */
function count(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + size(part), 0);
}

function size(part: Part): number {
  if (part.kind === "text") return 1;
  return part.kind === "details" ? count(part.parts) : part.rows.length;
}

function take(parts: readonly Part[], nodes: number): Part[] {
  const taken: Part[] = [];
  let left = nodes;
  for (const part of parts) {
    if (left <= 0) break;
    taken.push(size(part) <= left ? part : some(part, left));
    left -= size(part);
  }
  return taken;
}

function some(part: Part, nodes: number): Part {
  if (part.kind === "text") return part;
  if (part.kind === "details") return { ...part, parts: take(part.parts, nodes) };
  return { ...part, rows: part.rows.slice(0, nodes) };
}

function leftOut(all: readonly Part[], kept: readonly Part[]): string {
  const said = (["row", "item", "line"] as const).flatMap((noun) => {
    const total = countOf(noun, all);
    const missing = total - countOf(noun, kept);
    return missing === 0 ? [] : [`${missing} of ${total} ${noun}${total === 1 ? "" : "s"}`];
  });
  return `… ${said.join(", ")} left out here; the file has everything.`;
}

/** Rows of tables, items of lists, lines of everything else. */
function countOf(noun: "row" | "item" | "line", parts: readonly Part[]): number {
  return parts.reduce((sum, part) => {
    if (part.kind === "details") return sum + countOf(noun, part.parts);
    const own = part.kind === "table" ? "row" : part.kind === "list" ? "item" : "line";
    return own === noun ? sum + size(part) : sum;
  }, 0);
}

/** A run of characters of one look. `code` is never bold: Telegram's plain entities cannot combine the two. */
export interface Span {
  readonly text: string;
  readonly bold?: true;
  readonly code?: true;
  /** A vendor's or a person's words. */
  readonly data?: true;
  readonly calls?: number;
  readonly time?: Instant;
}

export interface Instant {
  /** Unix time, seconds. */
  readonly unix: number;
  readonly format: MessageEntity.DateTimeMessageEntity["date_time_format"];
}

/** How much of a line is kept. */
export interface LineLimit {
  /** UTF-16 units. */
  readonly units: number;
  readonly spans: number;
  /** Characters of one piece of data; absent = what the piece itself asks for. */
  readonly data?: number;
}

/** Cleans a line and flattens it into spans. */
export function spansOf(line: Line, limit: LineLimit): { spans: Span[]; shortened: boolean } {
  const spans: Span[] = [];
  flatten(line, false, limit.data, spans);
  trimEnd(spans);
  const kept = shorten(spans, limit);
  return { spans: kept, shortened: kept !== spans };
}

export function spanText(spans: readonly Span[]): string {
  return spans.reduce((all, { text }) => all + text, "");
}

/** Makes all of a line bold, but for its code. */
export function bold(spans: readonly Span[]): Span[] {
  return spans.map((span) => span.code ? span : { ...span, bold: true });
}

/** "2026-11-21 03:27 UTC", for readers whose Telegram does not show times in their own zone. */
export function utc(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, -":00.000Z".length).replace("T", " ")} UTC`;
}

function flatten(line: Line, isBold: boolean, dataMax: number | undefined, into: Span[]): void {
  if (!isInline(line)) {
    for (const inline of line) flatten(inline, isBold, dataMax, into);
  } else if (typeof line === "string") {
    append(into, span(sanitizeOwn(line), isBold));
  } else if ("bold" in line) {
    flatten(line.bold, true, dataMax, into);
  } else if ("code" in line) {
    append(into, { text: sanitizeCode(line.code), code: true });
  } else if ("data" in line) {
    const data = { ...span(sanitize(line.data, dataMax ?? line.max), isBold), data: true } as const;
    append(into, line.calls ? { ...data, calls: line.calls } : data);
  } else {
    for (const span of timeSpans(line.time, line.as, isBold)) append(into, span);
  }
}

function isInline(line: Line): line is Inline {
  return !Array.isArray(line);
}

function span(text: string, isBold: boolean): Span {
  return isBold ? { text, bold: true } : { text };
}

const FORMATS = { clock: "t", date: "dt", relative: "r" } as const;

/** Telegram carries times from 1970 to 2038; others are only written out. */
function timeSpans(
  epochMs: number,
  as: keyof typeof FORMATS | "deadline" | "moment" = "date",
  isBold: boolean,
): Span[] {
  if (Number.isNaN(new Date(epochMs).getTime())) return [span("an unknown time", isBold)];
  const unix = Math.floor(epochMs / 1000);
  const written = utc(epochMs);
  if (unix <= 0 || unix > 2 ** 31 - 1) return [span(written, isBold)];
  const time = (format: Instant["format"], fallback: string): Span => ({
    ...span(fallback, isBold),
    time: { unix, format },
  });
  if (as !== "deadline" && as !== "moment") return [time(FORMATS[as], written)];
  // A client that shows the fallbacks says "03:27 UTC (2026-11-21)": nothing twice, and nothing that goes stale.
  const [day, clock] = [written.slice(0, 10), written.slice(11)];
  const [first, second] = as === "deadline"
    ? [time(FORMATS.clock, clock), time(FORMATS.relative, day)]
    : [time(FORMATS.date, day), time(FORMATS.relative, clock)];
  return [first, span(" (", isBold), second, span(")", isBold)];
}

/**
 * Joins neighbours of the same look; code and times stay apart, each being a thing of its own. A line begins with no
 * blank.
 */
function append(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  const text = last ? next.text : next.text.trimStart();
  if (text === "") return;
  if (last && isOwn(last) && isOwn(next) && last.bold === next.bold) {
    spans[spans.length - 1] = withText(last, (last.text + text).replace(/ {2,}/g, " "));
  } else spans.push(withText(next, text));
}

function isOwn(span: Span): boolean {
  return !span.code && !span.data && !span.time;
}

/** Nor does it end with one. */
function trimEnd(spans: Span[]): void {
  while (spans.at(-1)?.text.trim() === "") spans.pop();
  const last = spans.at(-1);
  if (last) spans[spans.length - 1] = withText(last, last.text.trimEnd());
}

function withText(span: Span, text: string): Span {
  return text === span.text ? span : { ...span, text };
}

/** Returns the same array when nothing has to go. A time is kept whole or not at all. */
function shorten(spans: Span[], limit: LineLimit): Span[] {
  if (spans.length <= limit.spans && spanText(spans).length <= limit.units) return spans;
  const kept: Span[] = [];
  let left = limit.units - 1;
  for (const span of spans.slice(0, limit.spans - 1)) {
    const text = span.time && span.text.length > left ? "" : truncateUnits(span.text, left);
    if (text !== "") kept.push({ ...span, text });
    left -= span.text.length;
    if (left <= 0) break;
  }
  return [...kept, { text: "…" }];
}

/** What a mark looks like, and the word that is said where a title has none. */
export const MARKS: Readonly<Record<Mark, { readonly emoji: string; readonly word: string }>> = {
  fine: { emoji: "🟢", word: "Fine" },
  attention: { emoji: "🟡", word: "Attention" },
  down: { emoji: "🔴", word: "Down" },
  absent: { emoji: "⚪", word: "Not set up" },
  working: { emoji: "⏳", word: "Working" },
  applied: { emoji: "✅", word: "Applied" },
  refused: { emoji: "⛔", word: "Refused" },
  unknown: { emoji: "❔", word: "Unknown" },
  danger: { emoji: "⚠️", word: "Danger" },
  question: { emoji: "🟡", word: "Question" },
  info: { emoji: "ℹ️", word: "Info" },
};
