import type { Operation } from "../handlers/operation.ts";
import { operations, vendors } from "../handlers/registry.ts";
import type { Command } from "./command/command.ts";
import { commandTable } from "./command/table.ts";
import { variables } from "./config.ts";
import { aboutCommands } from "./desk/about.ts";
import { auditCommands } from "./desk/audit_commands.ts";
import { changeCommands } from "./desk/change_commands.ts";
import { doctorCommand } from "./desk/doctor.ts";
import { freezeCommands } from "./desk/freeze_commands.ts";
import { overviewCommand } from "./desk/overview_command.ts";

/** What the markers in README.md are replaced by, by the markers' names, as far as the bot's own code tells it. */
export function generatedParts(): Record<string, string> {
  const [overview, ...others] = builtinCommands();
  const isRead = (operation: Operation) => operation.risk === "read";
  return {
    reads: commandTable([overview, ...operations.filter(isRead)]),
    changes: commandTable(operations.filter((operation) => !isRead(operation))),
    approvals: commandTable(others),
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
export function exampleFile(): string {
  const entries = rows().map(({ name, meaning, required, fallback }) =>
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
  const lines = rows().map(({ name, meaning, required, fallback }) => {
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

function rows(): Row[] {
  return Object.entries(variables).map(([name, variable]) => ({
    name,
    meaning: variable.meaning,
    required: "required" in variable,
    fallback: "default" in variable ? variable.default : "",
  }));
}

/** The bot's own commands. They are only read here, never executed, so nothing stands behind them. */
function builtinCommands(): [overview: Command, ...others: Command[]] {
  const nothing = {} as never;
  const aliases = Object.assign({}, ...Object.values(vendors).map(({ targets }) => targets));
  return [
    overviewCommand(nothing),
    ...changeCommands(nothing),
    ...freezeCommands({ store: nothing, aliases, groups: [] }),
    ...auditCommands(nothing, nothing),
    ...aboutCommands(nothing),
    doctorCommand(nothing),
  ];
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
