import type { Block, Line, Reply } from "../../handlers/reply.ts";
import { cleanLines, cutUnits } from "./clean.ts";
import { MARKS } from "./mark.ts";
import { bold, type LineLimit, type Span, spansOf, textOf } from "./span.ts";

/** A reply with every word cleaned and every table squared: what the renderers set, and what is cut. */
export interface Sheet {
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
export interface Limits {
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
export const ON_SCREEN: Limits = {
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
export const IN_FULL: Limits = {
  title: ALL,
  text: ALL,
  cell: ALL,
  footer: ALL,
  pre: Infinity,
  columns: Infinity,
  depth: 16,
};

export function sheetOf(reply: Reply, limits: Limits): Sheet {
  const setter: Setter = { limits, shortened: false };
  const title = titleOf(reply, setter);
  const parts = partsOf(reply.blocks ?? [], 0, setter);
  const footer = set(reply.footer ?? "", limits.footer, setter);
  return { title, parts, footer, shortened: setter.shortened };
}

interface Setter {
  readonly limits: Limits;
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
  const text = textOf(words);
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
  const lines = cleanLines(text).map((line) => {
    if (line.length <= setter.limits.pre) return line;
    setter.shortened = true;
    return cutUnits(line, setter.limits.pre - 1) + "…";
  });
  const start = lines.findIndex((line) => line !== "");
  const end = lines.findLastIndex((line) => line !== "");
  return start < 0 ? [] : [{ kind: "pre", lines: lines.slice(start, end + 1) }];
}

function orDash(spans: readonly Span[]): readonly Span[] {
  return spans.length > 0 ? spans : [{ text: "–" }];
}
