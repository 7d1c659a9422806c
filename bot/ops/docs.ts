import type { Operation } from "../../handlers/operation.ts";
import { operations, vendors as registry } from "../../handlers/registry.ts";
import type { Variable } from "../../handlers/variable.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import { builtins } from "../commands/builtins.ts";
import { botVariables, variablesOf } from "../config.ts";
import { type Command, takesDocument, usageOf } from "../parser/command.ts";

/** What the markers in README.md are replaced by, by the markers' names, as far as the bot's own code tells it. */
export function generatedParts(): Record<string, string> {
  const isOverview = ({ verb }: Command) => verb === "status";
  const isRead = (operation: Operation) => operation.risk === "read";
  return {
    reads: commandTable([...builtins.filter(isOverview), ...operations.filter(isRead)]),
    changes: commandTable(operations.filter((operation) => !isRead(operation))),
    approvals: commandTable(builtins.filter((command) => !isOverview(command))),
    environment: environmentTable(),
  };
}

/**
 * The text with each part between `<!-- generated: name -->` and `<!-- end -->` replaced. Throws when a part has no
 * place or a place no part: something would be missing from the page unnoticed.
 */
export function withParts(text: string, parts: Readonly<Record<string, string>>): string {
  const left = new Set(Object.keys(parts));
  const filled = text.replace(PLACE, (_whole, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`README.md has a place for ${name}, which is not generated`);
    left.delete(name);
    return `<!-- generated: ${name} -->\n\n${part.trim()}\n\n<!-- end -->`;
  });
  if (left.size > 0) throw new Error(`README.md has no place for ${[...left].join(", ")}`);
  return filled;
}

const PREFACE = [
  "# Copy to .env and fill in. The environment itself goes before this file.",
  "# deno: values with $ # or blanks between single quotes, else they are cut or changed silently.",
  "# docker --env-file: no quotes, each line is taken as it is.",
].join("\n");

/** `.env.example`: what must be set is left open, all else is commented out, so that its default holds. */
export function exampleFile(vendors: readonly Vendor[] = registry): string {
  const entries = rows(vendors).map(({ name, meaning, required, fallback }) =>
    [`# ${meaning}${required ? " (required)" : ""}`, `${required ? "" : "# "}${name}=${fallback}`].join("\n")
  );
  return `${[PREFACE, ...entries].join("\n\n")}\n`;
}

/**
 * Writes what is generated in README.md, and .env.example as a whole. With `check` it writes nothing; 1 when one of
 * them is not what it would write.
 */
export async function writeDocs(
  { parts, check }: { parts: Readonly<Record<string, string>>; check: boolean },
): Promise<0 | 1> {
  const readme = await Deno.readTextFile("README.md");
  const wanted = {
    "README.md": await formatted(withParts(readme, parts)),
    ".env.example": exampleFile(),
  };
  let stale = 0;
  for (const [path, text] of Object.entries(wanted)) {
    if (await textOf(path) === text) continue;
    stale++;
    if (!check) await Deno.writeTextFile(path, text);
    const message = check ? `${path} is stale: run deno task docs` : `${path} written`;
    await Deno.stderr.write(new TextEncoder().encode(`${message}\n`));
  }
  return check && stale > 0 ? 1 : 0;
}

const PLACE = /<!-- generated: (\w+) -->[\s\S]*?<!-- end -->/g;

function environmentTable(): string {
  const lines = rows(registry).map(({ name, meaning, required, fallback }) => {
    const value = fallback === "" ? (required ? "required" : "") : `\`${fallback}\``;
    return `| \`${name}\` | ${meaning.replaceAll("|", "\\|")} | ${value} |`;
  });
  return ["| Name | Meaning | Default |", "| --- | --- | --- |", ...lines].join("\n");
}

interface Row {
  readonly name: string;
  readonly meaning: string;
  readonly required: boolean;
  readonly fallback: string;
}

function rows(vendors: readonly Vendor[]): Row[] {
  const own: ReadonlySet<Variable> = new Set(Object.values(botVariables));
  return variablesOf(vendors).map((variable) => ({
    name: variable.name,
    meaning: variable.meaning,
    // Of a vendor's none is: it may be left out as a whole.
    required: own.has(variable) && !variable.optional && variable.default === undefined,
    fallback: variable.default ?? "",
  }));
}

async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const [{ stdout }] = await Promise.all([
    child.output(),
    new Blob([markdown]).stream().pipeTo(child.stdin),
  ]);
  return new TextDecoder().decode(stdout);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

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

interface VerbRow {
  readonly command: Command;
  readonly summary: string;
  readonly alsoTargets: readonly string[];
}

function merged(commands: readonly Command[]): VerbRow[] {
  const rows: VerbRow[] = [];
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

function sameButTarget(row: VerbRow, command: Command): boolean {
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

function rowOf({ command, summary, alsoTargets }: VerbRow): string[] {
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
