import type { MessageEntity } from "grammy/types";
import type { Block, Inline, Line, Mark, Reply } from "../../handlers/reply.ts";
import { sanitize, sanitizeCode, sanitizeLines, tidy, truncateUnits } from "./sanitize.ts";

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

export type Part =
  | { readonly kind: "text"; readonly spans: readonly Span[] }
  | { readonly kind: "facts"; readonly rows: readonly Row[] }
  | Grid
  | { readonly kind: "list"; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: "details"; readonly summary: readonly Span[]; readonly parts: readonly Part[] }
  | { readonly kind: "pre"; readonly lines: readonly string[] };

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

export function layoutOf(reply: Reply, limits: LayoutLimits): Layout {
  const setter: Setter = { limits, shortened: false };
  const title = titleOf(reply, setter);
  const parts = partsOf(reply.blocks ?? [], 0, setter);
  const footer = set(reply.footer ?? "", limits.footer, setter);
  return { title, parts, footer, shortened: setter.shortened };
}

interface Setter {
  readonly limits: LayoutLimits;
  shortened: boolean;
}

function set(line: Line, limit: LineLimit, setter: Setter): Span[] {
  const { spans, shortened } = spansOf(line, limit);
  if (shortened) setter.shortened = true;
  return spans;
}

/** The danger of a question must not hang on its mark alone. */
function titleOf({ mark, title }: Reply, setter: Setter): Span[] {
  const { emoji, word } = MARKS[mark];
  const words = set(title, setter.limits.title, setter);
  const text = spanText(words);
  if (!/[\p{L}\p{N}]/u.test(text)) return bold([{ text: `${emoji} ${word}` }]);
  const danger = mark === "danger" && !/danger/i.test(text) ? [{ text: " · danger" }] : [];
  return bold([{ text: `${emoji} ` }, ...words, ...danger]);
}

function partsOf(blocks: readonly Block[], depth: number, setter: Setter): Part[] {
  return blocks.flatMap((block) => partOf(block, depth, setter));
}

/** No part is ever empty: a block of which nothing can be seen is left out. */
function partOf(block: Block, depth: number, setter: Setter): Part[] {
  const { limits } = setter;
  switch (block.kind) {
    case "text": {
      const spans = set(block.text, limits.text, setter);
      return spans.length > 0 ? [{ kind: "text", spans }] : [];
    }
    case "facts": {
      const rows = block.facts.map((fact) => fact.map((line) => set(line, limits.cell, setter)));
      return rows.length > 0 ? [{ kind: "facts", rows }] : [];
    }
    case "table":
      return gridOf(block.header ?? [], block.rows, setter);
    case "list": {
      const items = block.items.map((item) => orDash(set(item, limits.text, setter)));
      return items.length > 0 ? [{ kind: "list", items }] : [];
    }
    case "pre":
      return preOf(block.text, setter);
    case "details": {
      const summary = orDash(set(block.summary, limits.cell, setter));
      const parts = partsOf(block.blocks, depth + 1, setter);
      if (parts.length === 0) return [];
      if (depth < limits.depth) return [{ kind: "details", summary, parts }];
      return [{ kind: "text", spans: bold(summary) }, ...parts];
    }
  }
}

function gridOf(header: readonly Line[], rows: readonly (readonly Line[])[], setter: Setter): Part[] {
  const widest = rows.reduce((max, row) => Math.max(max, row.length), header.length);
  const width = Math.min(setter.limits.columns, widest);
  if (rows.length === 0 || width === 0) return [];
  const square = (row: readonly Line[]): Row =>
    foldColumns(row, width).map((cell) => set(cell, setter.limits.cell, setter));
  return [{
    kind: "table",
    header: header.length > 0 ? square(header) : [],
    rows: rows.map(square),
  }];
}

/** Exactly `width` cells: the columns beyond share the last one. */
function foldColumns(row: readonly Line[], width: number): Line[] {
  const cells = row.slice(0, width - 1);
  const last = row.slice(width - 1).flatMap((cell, index) =>
    index > 0 ? [" · ", ...asInlines(cell)] : asInlines(cell)
  );
  const padding = Array.from({ length: Math.max(0, width - 1 - cells.length) }, () => "");
  return [...cells, ...padding, last];
}

function asInlines(line: Line): readonly Exclude<Line, readonly unknown[]>[] {
  return Array.isArray(line) ? line : [line as Exclude<Line, readonly unknown[]>];
}

function preOf(text: string, setter: Setter): Part[] {
  const lines = sanitizeLines(text).map((line) => {
    if (line.length <= setter.limits.pre) return line;
    setter.shortened = true;
    return truncateUnits(line, setter.limits.pre - 1) + "…";
  });
  const start = lines.findIndex((line) => line !== "");
  const end = lines.findLastIndex((line) => line !== "");
  return start < 0 ? [] : [{ kind: "pre", lines: lines.slice(start, end + 1) }];
}

function orDash(spans: readonly Span[]): readonly Span[] {
  return spans.length > 0 ? spans : [{ text: "–" }];
}

/** A run of characters of one look. `code` is never bold: Telegram's plain entities cannot combine the two. */
export interface Span {
  readonly text: string;
  readonly bold?: true;
  readonly code?: true;
  /** A vendor's or a person's words. */
  readonly data?: true;
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
  const spans = trim(merge([...flatten(line, false, limit.data)]));
  const kept = shorten(spans, limit);
  return { spans: kept, shortened: kept !== spans };
}

export function spanText(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join("");
}

const ONE_LINE: LineLimit = { units: 300, spans: 20 };

/** A line's words, for pages and whatever else knows no looks. */
export function plainWords(line: Line): string {
  return spanText(spansOf(line, ONE_LINE).spans);
}

/** Makes all of a line bold, but for its code. */
export function bold(spans: readonly Span[]): Span[] {
  return spans.map((span) => span.code ? span : { ...span, bold: true });
}

/** "2026-11-21 03:27 UTC", for readers whose Telegram does not show times in their own zone. */
export function utc(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/^(.*)T(\d\d:\d\d).*$/, "$1 $2 UTC");
}

function* flatten(line: Line, isBold: boolean, dataMax: number | undefined): Generator<Span> {
  if (!isInline(line)) {
    for (const inline of line) yield* flatten(inline, isBold, dataMax);
  } else if (typeof line === "string") {
    yield span(tidy(line), isBold);
  } else if ("bold" in line) {
    yield* flatten(line.bold, true, dataMax);
  } else if ("code" in line) {
    yield { text: sanitizeCode(line.code), code: true };
  } else if ("data" in line) {
    yield { ...span(sanitize(line.data, dataMax ?? line.max), isBold), data: true };
  } else {
    yield* timeSpans(line.time, line.as, isBold);
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
function timeSpans(epochMs: number, as: keyof typeof FORMATS | "deadline" = "date", isBold: boolean): Span[] {
  const unix = Math.floor(epochMs / 1000);
  if (Number.isNaN(new Date(epochMs).getTime())) return [span("an unknown time", isBold)];
  if (unix <= 0 || unix > 2 ** 31 - 1) return [span(utc(epochMs), isBold)];
  const time = (format: Instant["format"], fallback: string): Span => ({
    ...span(fallback, isBold),
    time: { unix, format },
  });
  if (as !== "deadline") return [time(FORMATS[as], utc(epochMs))];
  // A client that shows the fallbacks says "03:27 UTC (2026-11-21)": nothing twice, and nothing that goes stale.
  const [day, clock] = [utc(epochMs).slice(0, 10), utc(epochMs).slice(11)];
  return [time(FORMATS.clock, clock), span(" (", isBold), time(FORMATS.relative, day), span(")", isBold)];
}

/** Joins neighbours of the same look; code and times stay apart, each being a thing of its own. */
function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const next of spans) {
    const last = merged.at(-1);
    if (next.text === "") continue;
    if (last && isOwn(last) && isOwn(next) && last.bold === next.bold) {
      merged[merged.length - 1] = { ...last, text: (last.text + next.text).replace(/ +/g, " ") };
    } else merged.push(next);
  }
  return merged;
}

function isOwn(span: Span): boolean {
  return !span.code && !span.data && !span.time;
}

function trim(spans: readonly Span[]): Span[] {
  const start = spans.findIndex((span) => span.text.trim() !== "");
  const end = spans.findLastIndex((span) => span.text.trim() !== "");
  return spans.slice(start < 0 ? spans.length : start, end + 1).map((span, index, all) => {
    const text = index === 0 ? span.text.trimStart() : span.text;
    return { ...span, text: index === all.length - 1 ? text.trimEnd() : text };
  });
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

/** A fact as a line: its label, then its value. */
export function factLine([label = [], value = []]: Row): Span[] {
  const said = value.length > 0 ? value : NOTHING;
  return label.length > 0 ? [...bold(label), { text: ": " }, ...said] : [...said];
}

/**
 * A table as lines for a narrow screen, a row each, its cells one after the other. Where the first column only
 * labels the rows, the names of the columns are said in every row; elsewhere they are a line of their own.
 */
export function rowLines({ header, rows }: Grid): Span[][] {
  const labelled = header.length > 1 && spanText(header[0] ?? []) === "";
  if (labelled) {
    return rows.map((row) => joined(row.map((cell, column) => named(header[column] ?? [], cell))));
  }
  const head = header.some((cell) => cell.length > 0) ? [bold(joined(header))] : [];
  return [...head, ...rows.map(joined)];
}

const NOTHING: readonly Span[] = [{ text: "–" }];

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
