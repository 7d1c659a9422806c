import type { Grid, Row } from "./sheet.ts";
import { bold, type Span, textOf } from "./span.ts";

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
  const labelled = header.length > 1 && textOf(header[0] ?? []) === "";
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
  return /^\p{Extended_Pictographic}\uFE0F?$/u.test(textOf(cell));
}
