import type { Command } from "./command.ts";
import { takesDocument, usageOf } from "./usage.ts";

/**
 * The commands as a Markdown table for the README, padded the way `deno fmt` leaves it. Rows that differ only in
 * the target, and in how the summary calls it, are one.
 */
export function commandTable(commands: readonly Command[]): string {
  const rows = [["Command", "What it does", "Risk"], ...merged(commands).map(rowOf)];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => [...(row[column] ?? "")].length), 3)
  );
  const lines = rows.map((row) => `| ${row.map((cell, at) => padded(cell, widths[at] ?? 0)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1), ""].join("\n");
}

interface Row {
  readonly command: Command;
  readonly summary: string;
  readonly alsoTargets: readonly string[];
}

function merged(commands: readonly Command[]): Row[] {
  const rows: Row[] = [];
  for (const command of commands) {
    const at = rows.findIndex((row) => sameButTarget(row, command));
    const row = rows[at];
    if (!row || command.target === null) rows.push({ command, summary: command.summary, alsoTargets: [] });
    else {
      const summary = inCommon(row.summary, command.summary) ?? row.summary;
      rows[at] = { ...row, summary, alsoTargets: [...row.alsoTargets, command.target] };
    }
  }
  return rows;
}

function sameButTarget(row: Row, command: Command): boolean {
  const other = row.command;
  return other.verb === command.verb && other.target !== null && other.risk === command.risk &&
    takesDocument(other) === takesDocument(command) &&
    usageOf({ ...other, target: "" }) === usageOf({ ...command, target: "" }) &&
    inCommon(row.summary, command.summary) !== undefined;
}

/** "All Datto RMM integrations" and "All Kaseya integrations" are "All … integrations"; too different is undefined. */
function inCommon(one: string, other: string): string | undefined {
  if (one === other) return one;
  const [words, others] = [one.split(" "), other.split(" ")];
  const shorter = Math.min(words.length, others.length);
  let start = 0;
  while (start < shorter && words[start] === others[start]) start++;
  let end = 0;
  while (end < shorter - start && words.at(-1 - end) === others.at(-1 - end)) end++;
  if ((start + end) * 2 < shorter) return undefined;
  return [...words.slice(0, start), "…", ...words.slice(words.length - end)].join(" ");
}

function rowOf({ command, summary, alsoTargets }: Row): string[] {
  const document = takesDocument(command) ? " or a document" : "";
  const also = alsoTargets.length > 0
    ? `, also ${alsoTargets.map((target) => `\`${target}\``).join(", ")}`
    : "";
  return [
    `${code(usageOf(command))}${document}${also}`,
    escaped(summary).replaceAll("<", "&lt;"),
    command.risk ?? "",
  ];
}

/** A pipe ends a cell even inside code. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ");
}

function code(text: string): string {
  return `\`${escaped(text)}\``;
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(width - [...cell].length);
}
