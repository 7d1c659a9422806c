import { builtins } from "../../bot/commands/builtins.ts";
import { type Command, takesDocument, usageOf } from "../../bot/parser/command.ts";
import { vendors } from "../../handlers/registry.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import { type Cells, code, table } from "./markdown.ts";

const HEADER: Cells = ["Command", "What it does", "Risk"];

/** The bot's own commands. */
export function builtinTable(): string {
  return table(HEADER, builtins.map((command) => cellsOf(command, command.summary)));
}

/** Commands, those that differ in the target alone as one row; many options are listed below the table. */
export function commandTable(commands: readonly Command[]): string {
  const rows = merged(commands);
  const everywhere = Math.max(...rows.map(({ targets }) => targets.length));
  const options = rows.flatMap(({ command }) => {
    const { head, left } = usageParts(command);
    return left.length === 0 ? [] : [`- ${code(head)} ${left.map(code).join(" ")}`];
  });
  return [table(HEADER, rows.map((row) => mergedCells(row, everywhere))), options.join("\n")].join("\n\n")
    .trim();
}

const LONGEST_USAGE = 90;

/** What to type; of a long usage the options are left for another place. */
function usageParts(command: Command): { readonly head: string; readonly left: readonly string[] } {
  const usage = usageOf(command);
  const options = usage.match(/\[[^\]]*=[^\]]*\]/g) ?? [];
  if (usage.length <= LONGEST_USAGE || options.length === 0) return { head: usage, left: [] };
  return { head: usage.slice(0, usage.indexOf(options[0] ?? "")).trim(), left: options };
}

/** The commands of each vendor, by target. */
export function vendorSections(): string {
  return vendors.map(vendorSection).join("\n\n");
}

function vendorSection(vendor: Vendor): string {
  const targets = Object.entries(vendor.targets).map(([target, aliases]) =>
    aliases.length === 0 ? code(target) : `${code(target)} (${aliases.map(code).join(", ")})`
  );
  const order = Object.keys(vendor.targets);
  const place = ({ target }: Command) => order.indexOf(target?.split(" ")[0] ?? "");
  return [
    `## ${vendor.label}`,
    `Targets: ${targets.join(", ")}.`,
    commandTable(vendor.operations.toSorted((one, other) => place(one) - place(other))),
  ].join("\n\n");
}

/** Commands that differ in the target alone, and in how the summary calls it. */
interface Merged {
  readonly command: Command;
  readonly summary: string;
  readonly targets: readonly string[];
}

function merged(commands: readonly Command[]): Merged[] {
  const rows: Merged[] = [];
  for (const command of commands) {
    const targets = command.target === null ? [] : [command.target];
    const at = rows.findIndex((row) => isSameButTarget(row, command));
    const row = rows[at];
    if (!row) rows.push({ command, summary: command.summary, targets });
    else {
      const summary = inCommon(row.summary, command.summary) ?? row.summary;
      rows[at] = { ...row, summary, targets: [...row.targets, ...targets] };
    }
  }
  return rows;
}

function isSameButTarget({ command, summary }: Merged, other: Command): boolean {
  return command.verb === other.verb && command.target !== null && other.target !== null &&
    command.risk === other.risk && !command.danger === !other.danger &&
    takesDocument(command) === takesDocument(other) &&
    usageOf({ ...command, target: "" }) === usageOf({ ...other, target: "" }) &&
    inCommon(summary, other.summary) !== undefined;
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

/** Which targets a row is for is said unless it is for all that have rows in common. */
function mergedCells({ command, summary, targets }: Merged, everywhere: number): Cells {
  if (targets.length < 2) return cellsOf(command, summary);
  const only = targets.length < everywhere ? ` (${targets.map(code).join(", ")})` : "";
  return cellsOf({ ...command, target: "<target>" }, summary + only);
}

function cellsOf(command: Command, summary: string): Cells {
  const { head, left } = usageParts(command);
  const document = takesDocument(command) ? " or a document" : "";
  return [
    code(left.length === 0 ? head : `${head} …`) + document,
    summary,
    command.danger ? "write or danger" : command.risk ?? "",
  ];
}
