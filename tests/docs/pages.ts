import { coverageOf, pages } from "../vendors/operations.ts";
import { builtinTable, vendorSections } from "./commands.ts";
import { fieldTables } from "./fields.ts";
import { tasksTable, variableTables } from "./configuration.ts";

/** What is generated in a page, by the names of its markers. */
export type Parts = Readonly<Record<string, string>>;

/** Every page with generated parts, by its path. */
export function generatedPages(): Readonly<Record<string, Parts>> {
  return {
    "docs/commands.md": { builtins: builtinTable(), vendors: vendorSections() },
    "docs/configuration.md": { variables: variableTables() },
    "docs/coverage.md": { operations: pages.map(coverageOf).join("\n\n"), fields: fieldTables() },
    "CONTRIBUTING.md": { tasks: tasksTable() },
  };
}

const PLACE = /<!-- generated: (\w+) -->[\s\S]*?<!-- end -->/g;

/**
 * The text with each part between `<!-- generated: name -->` and `<!-- end -->` replaced. Throws when a part has no
 * place or a place no part: something would be missing from the page unnoticed.
 */
export function withParts(path: string, text: string, parts: Parts): string {
  const left = new Set(Object.keys(parts));
  const filled = text.replace(PLACE, (_whole, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`${path} has a place for ${name}, which is not generated`);
    left.delete(name);
    return `<!-- generated: ${name} -->\n\n${part.trim()}\n\n<!-- end -->`;
  });
  if (left.size > 0) throw new Error(`${path} has no place for ${[...left].join(", ")}`);
  return filled;
}
