import type { Command } from "./command.ts";
import { takesDocument, usageOf } from "./usage.ts";

/**
 * The commands as a Markdown table for the README, padded the way `deno fmt` leaves it. Rows that differ only in
 * the target are one.
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
  readonly alsoTargets: string[];
}

function merged(commands: readonly Command[]): Row[] {
  const rows = new Map<string, Row>();
  for (const command of commands) {
    const usage = usageOf({ ...command, target: command.target === null ? null : "" });
    const key = JSON.stringify([
      usage,
      command.target === null,
      command.summary,
      command.risk,
      takesDocument(command),
    ]);
    const row = rows.get(key);
    if (row && command.target !== null) row.alsoTargets.push(command.target);
    else rows.set(key, { command, alsoTargets: [] });
  }
  return [...rows.values()];
}

function rowOf({ command, alsoTargets }: Row): string[] {
  const document = takesDocument(command) ? " or a document" : "";
  const also = alsoTargets.length > 0
    ? `, also ${alsoTargets.map((target) => `\`${target}\``).join(", ")}`
    : "";
  return [`${code(usageOf(command))}${document}${also}`, escaped(command.summary), command.risk ?? ""];
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
