import ts from "typescript";
import { ROOT } from "./program.ts";

/**
 * Promises nobody waits for, as "path:line code". A rejection of one ends the process, and its work is not done when
 * the caller believes it is. Found are
 * - statements that are a promise, or an array of them, without `await`, `void`, `catch` or a second `then` handler;
 * - functions that return a promise, handed to someone who expects no result (`forEach`, `setTimeout`).
 */
export function droppedPromises(program: ts.Program, paths: readonly string[]): string[] {
  const checker = program.getTypeChecker();
  return paths.flatMap((path) => {
    const file = program.getSourceFile(ROOT + path);
    if (!file) throw new Error(`${path} is not part of the program`);
    return nodesIn(file)
      .filter((node) => isDroppedStatement(node, checker) || isDroppedResult(node, checker))
      .map((node) => describe(node, file, path));
  });
}

function nodesIn(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return nodes;
}

function isDroppedStatement(node: ts.Node, checker: ts.TypeChecker): boolean {
  return ts.isExpressionStatement(node) &&
    valuesOf(node.expression).some((value) => isPromise(value, checker) && !isHandled(value));
}

/** What an expression may come to: `a && b` and `c ? a : b` come to either side, `(a, b)` to each in turn. */
function valuesOf(expression: ts.Expression): ts.Expression[] {
  if (ts.isParenthesizedExpression(expression)) return valuesOf(expression.expression);
  if (ts.isConditionalExpression(expression)) {
    return [...valuesOf(expression.whenTrue), ...valuesOf(expression.whenFalse)];
  }
  if (ts.isBinaryExpression(expression)) {
    if (isAssignment(expression.operatorToken.kind)) return [];
    return [...valuesOf(expression.left), ...valuesOf(expression.right)];
  }
  return [expression];
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function isPromise(expression: ts.Expression, checker: ts.TypeChecker): boolean {
  const type = checker.getTypeAtLocation(expression);
  const element = checker.isArrayLikeType(type) ? type.getNumberIndexType() : undefined;
  return isThenable(element ?? type, checker);
}

function isThenable(type: ts.Type, checker: ts.TypeChecker): boolean {
  if (type.isUnion()) return type.types.some((member) => isThenable(member, checker));
  const then = checker.getPropertyOfType(type, "then");
  return then !== undefined && checker.getTypeOfSymbol(then).getCallSignatures().length > 0;
}

function isHandled(expression: ts.Expression): boolean {
  if (!ts.isCallExpression(expression)) return ts.isVoidExpression(expression);
  const { expression: callee, arguments: given } = expression;
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const method = callee.name.text;
  if (method === "catch") return given.length > 0;
  if (method === "then") return given.length > 1;
  return method === "finally" && isHandled(callee.expression);
}

function isDroppedResult(node: ts.Node, checker: ts.TypeChecker): boolean {
  if (!ts.isExpression(node) || !node.parent || !ts.isCallExpression(node.parent)) return false;
  if (!node.parent.arguments.includes(node) || isKept(node)) return false;
  const expected = checker.getContextualType(node)?.getCallSignatures() ?? [];
  if (expected.length === 0 || !expected.every((signature) => isVoid(signature.getReturnType()))) {
    return false;
  }
  const given = checker.getTypeAtLocation(node).getCallSignatures();
  return given.some((signature) => isThenable(signature.getReturnType(), checker));
}

/** `() => connecting = connect()`: the promise has a name, under which someone else waits for it. */
function isKept(node: ts.Expression): boolean {
  return ts.isArrowFunction(node) && ts.isBinaryExpression(node.body) &&
    isAssignment(node.body.operatorToken.kind);
}

function isVoid(type: ts.Type): boolean {
  return (type.flags & ts.TypeFlags.Void) !== 0;
}

function describe(node: ts.Node, file: ts.SourceFile, path: string): string {
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${path}:${line + 1} ${node.getText().split("\n")[0]}`;
}
