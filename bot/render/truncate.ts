import type { Layout, Part } from "./layout.ts";

/**
 * The longest beginning of a sheet that fits, ending with a line that says what was left out. Rows, list items,
 * facts, preformatted lines and texts are kept or left out as a whole; title and footer always stay.
 * `whole` is false when anything was left out or shortened.
 */
export function truncateToFit(
  sheet: Layout,
  fits: (sheet: Layout) => boolean,
): { sheet: Layout; whole: boolean } {
  const full = sheet.shortened ? withNote(sheet, sheet.parts, SHORTENED) : sheet;
  const total = count(sheet.parts);
  let low = 0;
  let high = FIRST_TRY;
  // The limit is approached from below, so that a huge sheet is never set as a whole.
  while (high < total && fits(beginning(sheet, high))) {
    low = high;
    high *= 2;
  }
  if (high >= total && fits(full)) return { sheet: full, whole: !sheet.shortened };
  high = Math.min(high, total);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(beginning(sheet, middle))) low = middle;
    else high = middle;
  }
  return { sheet: beginning(sheet, low), whole: false };
}

const FIRST_TRY = 64;
const SHORTENED = "… Long lines are shortened here; the file has everything.";

function beginning(sheet: Layout, nodes: number): Layout {
  const parts = take(sheet.parts, nodes);
  return withNote(sheet, parts, leftOut(tally(sheet.parts), tally(parts)));
}

function withNote(sheet: Layout, parts: readonly Part[], note: string): Layout {
  return { ...sheet, parts: [...parts, { kind: "text", spans: [{ text: note }] }] };
}

/** How many nodes can be left out one by one. */
function count(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + size(part), 0);
}

function size(part: Part): number {
  switch (part.kind) {
    case "text":
      return 1;
    case "facts":
    case "table":
      return part.rows.length;
    case "list":
      return part.items.length;
    case "pre":
      return part.lines.length;
    case "details":
      return count(part.parts);
  }
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
  switch (part.kind) {
    case "text":
      return part;
    case "facts":
      return { ...part, rows: part.rows.slice(0, nodes) };
    case "table":
      return { ...part, rows: part.rows.slice(0, nodes) };
    case "list":
      return { ...part, items: part.items.slice(0, nodes) };
    case "pre":
      return { ...part, lines: part.lines.slice(0, nodes) };
    case "details":
      return { ...part, parts: take(part.parts, nodes) };
  }
}

type Tally = { rows: number; items: number; lines: number };

function tally(parts: readonly Part[], into: Tally = { rows: 0, items: 0, lines: 0 }): Tally {
  for (const part of parts) {
    if (part.kind === "table") into.rows += size(part);
    else if (part.kind === "list") into.items += size(part);
    else if (part.kind === "details") tally(part.parts, into);
    else into.lines += size(part);
  }
  return into;
}

function leftOut(all: Tally, kept: Tally): string {
  const said = [
    amount(all.rows - kept.rows, all.rows, "row"),
    amount(all.items - kept.items, all.items, "item"),
    amount(all.lines - kept.lines, all.lines, "line"),
  ].filter((words) => words !== "");
  return `… ${said.join(", ")} left out here; the file has everything.`;
}

function amount(missing: number, total: number, noun: string): string {
  return missing === 0 ? "" : `${missing} of ${total} ${noun}${total === 1 ? "" : "s"}`;
}
