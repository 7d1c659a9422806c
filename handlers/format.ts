/** Numbers, counts, ages, what was typed, and tables for a spreadsheet, as text. */

import type { Button, Inline } from "./reply.ts";

/** A count as people read it: 12,345. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

let collator: Intl.Collator | undefined;

/** The order of names in which "node 9" comes before "node 10". */
export function naturally(one: string, other: string): number {
  // Made when first needed: what it takes from ICU would slow down each start.
  collator ??= new Intl.Collator("en", { numeric: true });
  return collator.compare(one, other);
}

/** "1 type", "31 types". */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** "31 types", or "1 of 250 types" where so many more were not seen. */
export function countSeen(seen: number, unseen: number, [one, many]: readonly [string, string]): string {
  const all = seen + unseen;
  const noun = all === 1 ? one : many;
  return unseen === 0 ? `${all} ${noun}` : `${seen} of ${all} ${noun}`;
}

export interface Counts {
  readonly all: number;
  readonly problems: number;
  /** What works, and the vendor's word for that. */
  readonly working: readonly [count: number, word: string];
  /** Switched off by someone on purpose: neither a problem nor at work. */
  readonly disabled?: number;
  /** Of which the vendor does not say how they stand. */
  readonly unknown?: number;
  /** What the problems want. */
  readonly need?: "attention" | "action";
}

/** One rule for all vendors: "2 of 14 need action", "7 of 9 working · 2 disabled". */
export function countSummary(
  { all, problems, working, disabled = 0, unknown = 0, need = "attention" }: Counts,
): string {
  const count = problems > 0
    ? `${formatNumber(problems)} of ${formatNumber(all)} need${problems === 1 ? "s" : ""} ${need}`
    : `${formatNumber(working[0])} of ${formatNumber(all)} ${working[1]}`;
  return count + andDisabled(disabled) + andUnknown(unknown);
}

/** What is folded below the problems: "7 others · 2 disabled", "10 not known". */
export function countOthers(others: number, disabled: number, unknown: number): string {
  const rest = `${andDisabled(disabled)}${andUnknown(unknown)}`;
  return others > 0 || rest === "" ? `${countOf(others, "other")}${rest}` : rest.replace(/^ · /, "");
}

/** For the end of a count. */
function andDisabled(count: number): string {
  return count > 0 ? ` · ${formatNumber(count)} disabled` : "";
}

/** For the end of a count: what nobody has seen working or failing. */
function andUnknown(count: number): string {
  return count > 0 ? ` · ${formatNumber(count)} not known` : "";
}

/** How long something took, roughly: "40 s", "42 min", "5 h", "12 days". */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 2 * 3_600) return `${Math.round(seconds / 60)} min`;
  const hours = Math.round(seconds / 3_600);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** When the vendor said it and, once that is a while ago, how old it is. */
export function asOf(at: number, now: number): readonly Inline[] {
  const seconds = Math.round((now - at) / 1000);
  const when: readonly Inline[] = ["as of ", { time: at, as: "clock" }];
  return seconds < 1 ? when : [...when, ` · ${seconds} s old`];
}

/** The worst are one tap away. */
const MOST_BUTTONS = 3;

/** A button for each of the first few, which are the worst. */
export function showButtons(
  worst: readonly { readonly name: string; readonly command: string }[],
): readonly (readonly Button[])[] {
  return worst.slice(0, MOST_BUTTONS).map(({ name, command }) => [{
    label: `Show ${name}`,
    action: { command },
  }]);
}

/** What was typed, cut and in quotes. */
export function inQuotes(value: string, max = 40): string {
  const letters = [...value];
  return `"${letters.length > max ? `${letters.slice(0, max - 1).join("")}…` : value}"`;
}

type Cell = string | number | boolean | null | undefined;

/** RFC 4180, with cells that a spreadsheet would take for a formula made harmless. */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${csvRow(row)}\r\n`).join("");
}

/** One row, without its end. */
export function csvRow(cells: readonly Cell[]): string {
  return cells.map(cell).join(",");
}

function cell(value: Cell): string {
  if (typeof value !== "string") return String(value ?? "");
  const harmless = value.replace(FORMULA, "'$&");
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/**
 * What begins a formula, at the start or where a spreadsheet set to another separator would begin a cell. It looks
 * back from the sign, and not ahead from every separator: that would take long where there are many of them.
 */
const FORMULA = /^[\t\r\n]|[=+\-@＝＋－＠](?<=(?:^|[;,\t\r\n])["\s]*.)/g;
