import type { MessageEntity } from "grammy/types";
import type { Inline, Line } from "../../handlers/reply.ts";
import { clean, cleanCode, cutUnits, tidy } from "./clean.ts";

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

export function textOf(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join("");
}

const ONE_LINE: LineLimit = { units: 300, spans: 20 };

/** A line's words, for pages and whatever else knows no looks. */
export function wordsOf(line: Line): string {
  return textOf(spansOf(line, ONE_LINE).spans);
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
    yield { text: cleanCode(line.code), code: true };
  } else if ("data" in line) {
    yield { ...span(clean(line.data, dataMax ?? line.max), isBold), data: true };
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
  if (spans.length <= limit.spans && textOf(spans).length <= limit.units) return spans;
  const kept: Span[] = [];
  let left = limit.units - 1;
  for (const span of spans.slice(0, limit.spans - 1)) {
    const text = span.time && span.text.length > left ? "" : cutUnits(span.text, left);
    if (text !== "") kept.push({ ...span, text });
    left -= span.text.length;
    if (left <= 0) break;
  }
  return [...kept, { text: "…" }];
}
