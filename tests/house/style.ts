import ts from "typescript";

const MOST_LINES = 400;
const MOST_FUNCTION_LINES = 60;
/** With the functions within it. */
const MOST_CLOSURE_LINES = 100;

/** Names that tell nothing of what is inside. */
const EMPTY_NAMES = new Set(["util", "utils", "helper", "helpers", "types", "common"]);

/** A folder or file, by its path, that is named after nothing. */
export function nameFaults(path: string): string[] {
  const empty = path.split("/").map((part) => part.replace(/(_test)?\..*$/, "")).find((part) =>
    EMPTY_NAMES.has(part)
  );
  return empty === undefined ? [] : [`${path} is named ${empty}: name it after the one thing it holds`];
}

/** What the code of one file must not have, one sentence each. */
export function codeFaults(path: string, code: string): string[] {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.ESNext, true);
  const faults: string[] = [];
  const visit = (node: ts.Node) => {
    const fault = faultOf(node);
    if (fault) faults.push(`${path}:${lineOf(file, node.getStart())} ${fault}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...faults, ...commentFaults(path, code)];
}

/** A file or a function that has outgrown what fits a screen or two. */
export function lengthFaults(path: string, code: string): string[] {
  const lines = code.trimEnd().split("\n").length;
  const tooLong = lines > MOST_LINES ? [`${path} has ${lines} lines: split it by noun`] : [];
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.ESNext, true);
  const visit = (node: ts.Node) => {
    const [own, whole] = ts.isFunctionLike(node) ? [ownLines(node), lineSpan(node)] : [0, 0];
    const named = () => `${path}:${lineOf(file, node.getStart())} ${functionName(node)}`;
    if (own > MOST_FUNCTION_LINES) tooLong.push(`${named()} has ${own} lines of its own`);
    if (whole > MOST_CLOSURE_LINES) tooLong.push(`${named()} has ${whole} lines in all`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return tooLong;
}

/** Paths of somebody's machine and hosts of package registries, which work nowhere else. */
export function machineFaults(path: string, text: string): string[] {
  return text.split("\n").flatMap((line, index) => {
    const found = /(?<![\w./:-])\/(?:work|root|tmp|home)\/[\w.]|\b[r]egistry\.[a-z]+\.|[l]ocalhost:4873/.exec(
      line,
    );
    return found ? [`${path}:${index + 1} names ${found[0]}`] : [];
  });
}

function faultOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && node.expression.getText() === "console") {
    return "writes to the console";
  }
  const isDoubted = ts.isAsExpression(node) && ts.isAsExpression(node.expression);
  if (isDoubted && node.expression.type.kind === ts.SyntaxKind.UnknownKeyword) {
    return "casts by way of unknown";
  }
  if (node.kind === ts.SyntaxKind.AnyKeyword && !hasReason(node)) return "says any without a reason";
  return undefined;
}

/** The line before must tell the linter, and the reader, why. */
function hasReason(node: ts.Node): boolean {
  const file = node.getSourceFile();
  const before = file.text.split("\n")[lineOf(file, node.getStart()) - 2] ?? "";
  return /deno-lint-ignore no-explicit-any -- \S/.test(before);
}

function commentFaults(path: string, code: string): string[] {
  return code.split("\n").flatMap((line, index) => {
    const found = /(?:\/\/|\/?\*).*\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b/.exec(line);
    return found ? [`${path}:${index + 1} leaves a ${found[1]}`] : [];
  });
}

/** Lines without those of the functions within, which are judged by themselves: a factory is as long as it is itself. */
function ownLines(node: ts.Node): number {
  let within = 0;
  const visit = (child: ts.Node) => {
    if (ts.isFunctionLike(child)) within += lineSpan(child) - 1;
    else ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
  return lineSpan(node) - within;
}

function lineSpan(node: ts.Node): number {
  const file = node.getSourceFile();
  return lineOf(file, node.getEnd()) - lineOf(file, node.getStart()) + 1;
}

function functionName(node: ts.Node): string {
  return ts.isFunctionLike(node) && node.name ? node.name.getText() : "a function without a name";
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}
