import { botVariables } from "../../bot/config.ts";
import { vendors as registry } from "../../handlers/registry.ts";
import type { Variable } from "../../handlers/variable.ts";
import type { Vendor } from "../../handlers/vendor.ts";
import { code, table } from "./markdown.ts";

/** A table of the bot's own variables, and one of each vendor's. */
export function variableTables(): string {
  const sections = registry.map(({ label, variables, environment }) => [
    `### ${label}`,
    `Needs ${environment.map(code).join(", ")}.`,
    variableTable(Object.values(variables)),
  ]);
  return [variableTable(Object.values(botVariables)), ...sections.flat()].join("\n\n");
}

function variableTable(variables: readonly Variable[]): string {
  const rows = variables.map((variable) => {
    const usual = variable.default === undefined ? "" : code(variable.default);
    return [code(variable.name), variable.meaning, isRequired(variable) ? "required" : usual];
  });
  return table(["Name", "Meaning", "Default"], rows);
}

/** Of a vendor's none is: it may be left out as a whole. */
function isRequired(variable: Variable): boolean {
  const isOwn = Object.values<Variable>(botVariables).includes(variable);
  return isOwn && !variable.optional && variable.default === undefined;
}

const PREFACE = [
  "# Copy to .env and fill in. The environment itself goes before this file.",
  "# deno: values with $ # or blanks between single quotes, else they are cut or changed silently.",
  "# docker --env-file: no quotes, each line is taken as it is.",
].join("\n");

/** `.env.example`: what must be set is left open, all else is commented out, so that its default holds. */
export function exampleFile(vendors: readonly Vendor[] = registry): string {
  const variables = [botVariables, ...vendors.map((vendor) => vendor.variables)].flatMap((rows) =>
    Object.values<Variable>(rows)
  );
  const entries = variables.map((variable) => {
    const required = isRequired(variable);
    return [
      `# ${variable.meaning}${required ? " (required)" : ""}`,
      `${required ? "" : "# "}${variable.name}=${variable.default ?? ""}`,
    ].join("\n");
  });
  return `${[PREFACE, ...entries].join("\n\n")}\n`;
}

/** What `deno task` offers. */
export function tasksTable(): string {
  const { tasks }: { tasks: Record<string, { readonly description: string }> } = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  );
  return table(
    ["`deno task …`", "What it does"],
    Object.entries(tasks).map(([name, { description }]) => [code(name), description]),
  );
}
