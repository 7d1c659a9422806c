import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { configuration, ROOT } from "./program.ts";

/** Which folders a folder may import, besides itself: the way is bot → handlers → clients. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  bot: ["handlers", "clients"],
  handlers: ["clients"],
  clients: [],
  tests: ["bot", "handlers", "clients"],
};

/** Telegram, HTTP service, storage, logs and metrics are the bot's; vendors' HTTP is the clients'. */
const OWNERS: Readonly<Record<string, string>> = {
  "@logtape/logtape": "bot",
  grammy: "bot",
  hono: "bot",
  kysely: "bot",
  pg: "bot",
  "prom-client": "bot",
  ofetch: "clients",
};

/** The files in the sandbox that run the real bot. All others are emulators, written from the vendors' pages alone. */
const RUNNERS: readonly string[] = ["main", "stage", "conversation", "script"].map((name) =>
  `tests/sandbox/${name}.ts`
);

/** What a file imports, as written, dynamic imports and `@ts-types` included. */
export function importsIn(path: string, code: string): string[] {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.ESNext);
  const specifiers = [...code.matchAll(/^\s*\/\/ @ts-types="([^"]+)"/gm)].map(([, specifier = ""]) =>
    specifier
  );
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      specifiers.push(textOf(node.moduleSpecifier));
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      specifiers.push(textOf(node.arguments[0]));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return specifiers.filter((specifier) => specifier !== "");
}

/** What is wrong with a file's imports, one sentence each. */
export function importFaults(path: string, specifiers: readonly string[]): string[] {
  return specifiers.flatMap((specifier) =>
    (specifier.startsWith(".") ? fileFaults : packageFaults)(path, specifier).map((fault) =>
      `${path} ${fault}`
    )
  );
}

/** The name in deno.json that a specifier is resolved by, if there is one. */
export function declaredName(specifier: string): string | undefined {
  return Object.keys(configuration.imports).find((name) =>
    name === specifier || (name.endsWith("/") && specifier.startsWith(name))
  );
}

function fileFaults(path: string, specifier: string): string[] {
  const target = normalize(join(dirname(path), specifier));
  const [from = "", to = ""] = [path, target].map((name) => name.split("/")[0]);
  if (from !== to && !BELOW[from]?.includes(to)) return [`imports ${target}, against the way of imports`];
  return from !== to && isEmulator(path)
    ? [`imports ${target}: an emulator knows only the vendor's pages`]
    : [];
}

function isEmulator(path: string): boolean {
  return path.startsWith("tests/sandbox/") && !path.endsWith("_test.ts") && !RUNNERS.includes(path);
}

function packageFaults(path: string, specifier: string): string[] {
  if (specifier.startsWith("node:")) return [];
  const name = declaredName(specifier);
  if (name === undefined) return [`imports ${specifier}, which deno.json does not declare`];
  const owner = Object.entries(OWNERS).find(([owned]) =>
    specifier === owned || specifier.startsWith(`${owned}/`)
  );
  const folder = path.split("/")[0];
  if (!owner || folder === "tests" || folder === owner[1]) return [];
  return [`imports ${specifier}, which only ${owner[1]}/ may`];
}

function textOf(node: ts.Expression | undefined): string {
  return node && ts.isStringLiteralLike(node) ? node.text : "";
}

/** The text of a file of the product. */
export function textAt(path: string): string {
  return Deno.readTextFileSync(ROOT + path);
}
