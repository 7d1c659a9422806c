/** Every sentence that the bot can say, to be read as a reader meets them: `deno task sentences`. */

import ts from "typescript";

/** What is said, with "‹…›" where something is put in, and where it stands. */
export interface Sentence {
  readonly text: string;
  readonly at: string;
}

const ROOMS = ["bot", "handlers", "clients"];
/** What speaks to the database, to a log, or to a browser alone, and lists of vendors' names. */
const SILENT =
  /^bot\/(store|ops|queue|log|metrics|settings|config|jobs|main|page_shell)\b|^clients\/(halo\/products|secrets)\b/;

/** The sentences of one file, in the order in which they stand. */
export function sentencesIn(path: string, source: string): readonly Sentence[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Sentence[] = [];
  visit(file);
  return found;

  function visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    // Of a tag's text only the tag knows what it is.
    if (ts.isTaggedTemplateExpression(node) || ts.isRegularExpressionLiteral(node)) return;
    const text = saidBy(node);
    if (text === undefined || !reads(text)) return void ts.forEachChild(node, visit);
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push({ text: text.replace(/\s+/g, " ").trim(), at: `${path}:${line + 1}` });
    // What is put in may be a choice of words.
    ts.forEachChild(node, visitWithin);
  }

  function visitWithin(node: ts.Node): void {
    if (ts.isConditionalExpression(node) || ts.isCallExpression(node)) visit(node);
    else ts.forEachChild(node, visitWithin);
  }
}

/** The words of an expression as they are shown; undefined for what is no text. */
function saidBy(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `‹…›${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [saidBy(node.left), saidBy(node.right)];
    return left === undefined && right === undefined ? undefined : (left ?? "‹…›") + (right ?? "‹…›");
  }
  if (ts.isArrayLiteralExpression(node)) return joined(node.elements);
  if (ts.isCallExpression(node) && node.expression.getText() === "line") return joined(node.arguments);
  return undefined;
}

/** A line of several pieces, some of them texts and some put in: a list of words is none. */
function joined(pieces: readonly ts.Expression[]): string | undefined {
  const isLine = pieces.some((piece) => !ts.isStringLiteralLike(piece) && !ts.isTemplateExpression(piece));
  const texts = pieces.map(saidBy);
  if (!isLine || !texts.some((text) => text !== undefined && /\p{L}/u.test(text))) return undefined;
  return texts.map((text) => text ?? "‹…›").join("");
}

/** Two words at least, and not what only programs read. */
function reads(text: string): boolean {
  const bare = text.replaceAll("‹…›", " x ").trim();
  return /\p{L}{2,}[^\p{L}]*\s+\S*\p{L}{2,}/u.test(bare) &&
    !/^(select|insert|update) |^[a-z]+:[a-z]|^https?:/.test(bare);
}

/** Those of the whole product. */
export async function allSentences(): Promise<readonly Sentence[]> {
  const found: Sentence[] = [];
  for (const room of ROOMS) {
    for await (const path of filesIn(room)) {
      if (!SILENT.test(path)) found.push(...sentencesIn(path, await Deno.readTextFile(path)));
    }
  }
  return found;
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = (await Array.fromAsync(Deno.readDir(folder))).sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** Run from the folder that holds deno.json. */
if (import.meta.main) {
  const sentences = await allSentences();
  const lines = [...Map.groupBy(sentences, ({ text }) => text)]
    .map(([text, [first]]) => `${text}  (${first?.at})`);
  await Deno.stdout.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
}
