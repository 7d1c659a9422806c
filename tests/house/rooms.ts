import { dirname, join, normalize } from "node:path";
import ts from "typescript";

/** A file by its path from the root, with the specifiers it imports and its code. */
export interface SourceFile {
  readonly path: string;
  readonly imports: readonly string[];
  readonly code: string;
}

/**
 * The rooms of `bot/`, and its files that stand alone, from the top to the bottom: each may import what stands below
 * it. A room is a folder; a name with `.ts` is a file.
 */
export const ROOMS: readonly string[] = [
  "main.ts",
  "deploy.ts",
  "hosted.ts",
  "app.ts",
  "ops",
  "entrance.ts",
  "http.ts",
  "jobs.ts",
  "dispatch",
  "pickers",
  "commands",
  "watch",
  "approvals",
  "forms",
  "secrets",
  "page_shell.ts",
  "error_reply.ts",
  "clarify.ts",
  "context.ts",
  "access",
  "outbox",
  "queue",
  "deps.ts",
  "vendors.ts",
  "telegram",
  "parser",
  "pictures",
  "render",
  "store",
  "config.ts",
  "settings.ts",
  "zone.ts",
  "vault.ts",
  "invocation.ts",
  "log.ts",
  "metrics.ts",
  "redact.ts",
  "reason_codes.ts",
];

/** The room of `bot/` that a file belongs to; empty outside. */
function roomOf(path: string): string {
  return /^bot\/([^/]+)/.exec(path)?.[1] ?? "";
}

/** Imports that run back up from a room to one above it, and rooms whose place nobody has said. */
export function backArrows(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const from = ROOMS.indexOf(roomOf(path));
    if (from < 0) return roomOf(path) === "" ? [] : [`${path} is in a room that has no place in ROOMS`];
    return targetsOf(path, imports)
      .filter((target) => roomOf(target) !== "" && ROOMS.indexOf(roomOf(target)) < from)
      .map((target) => `${path} imports ${target}, which stands above it`);
  });
}

/** Files that import each other in a circle, types included: each circle's files, in order. */
export function circles(files: readonly SourceFile[]): string[][] {
  const targets = new Map(files.map(({ path, imports }) => [path, targetsOf(path, imports)]));
  const reach = new Map(files.map(({ path }) => [path, reachedFrom(path, targets)]));
  const found = files.map(({ path }) =>
    [path, ...reach.get(path) ?? []].filter((other) => reach.get(other)?.has(path)).sort()
  );
  const distinct = new Map(
    found.filter((circle) => circle.length > 0).map((circle) => [circle.join(), [...new Set(circle)]]),
  );
  return [...new Map([...distinct.values()].map((circle) => [circle.join(), circle])).values()];
}

function reachedFrom(start: string, targets: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const target of targets.get(path) ?? []) {
      if (reached.has(target)) continue;
      reached.add(target);
      open.push(target);
    }
  }
  return reached;
}

/** Names that two files export: whoever reads one of them cannot tell what it means. */
export function sharedNames(files: readonly SourceFile[]): string[] {
  const homes = new Map<string, string[]>();
  for (const { path, code } of files) {
    for (const name of exportedNames(path, code)) homes.set(name, [...homes.get(name) ?? [], path]);
  }
  return [...homes].filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name} is exported by ${paths.join(" and ")}`).sort();
}

function exportedNames(path: string, code: string): string[] {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.ESNext);
  const names = file.statements.flatMap((statement) => {
    const isExported = ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => ts.isIdentifier(name) ? name.text : "");
    }
    return "name" in statement && statement.name ? [(statement.name as ts.Identifier).text] : [];
  });
  return [...new Set(names)].filter(Boolean);
}

/** So short that whoever is its only reader may as well hold it. */
const FRAGMENT_LINES = 60;

/** Files so short that their one importer should hold them. */
export function fragments(files: readonly SourceFile[]): string[] {
  const importers = new Map<string, string[]>();
  for (const { path, imports } of files) {
    for (const target of targetsOf(path, imports)) {
      importers.set(target, [...importers.get(target) ?? [], path]);
    }
  }
  return files.flatMap(({ path, code }) => {
    const lines = code.trimEnd().split("\n").length;
    const [only, ...others] = importers.get(path) ?? [];
    if (lines >= FRAGMENT_LINES || only === undefined || others.length > 0) return [];
    return [`${path} has ${lines} lines and is imported by ${only} alone`];
  });
}

/** Parts are classes: a function that hides a body behind an interface stops whoever follows a call. */
export function factories(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, code }) =>
    [...code.matchAll(/^export (?:async )?function (create[A-Z]\w*)/gm)].map(([, name]) => `${path} ${name}`)
  );
}

function targetsOf(path: string, specifiers: readonly string[]): string[] {
  const relative = specifiers.filter((specifier) => specifier.startsWith("."));
  return [...new Set(relative.map((specifier) => normalize(join(dirname(path), specifier))))];
}
