import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import ts from "typescript";
import { textAt } from "./imports.ts";
import { ROOT } from "./program.ts";

interface Row {
  readonly number: number;
  readonly rule: string;
  readonly tests: readonly { readonly name: string; readonly path: string }[];
}

/** The rows of the table of pitfalls. */
function rowsIn(text: string): Row[] {
  return text.split("\n").flatMap((line) => {
    const [, number, , rule = "", tests = ""] = line.split("|").map((cell) => cell.trim());
    if (!/^\d+$/.test(number ?? "")) return [];
    const links = tests.matchAll(/\[(.+?)\]\(([^)]+)\)/g);
    return [{
      number: Number(number),
      rule,
      tests: [...links].map(([, name = "", path = ""]) => ({ name, path: path.replace(/^\.\.\//, "") })),
    }];
  });
}

/** What a file calls its tests; "…" stands for what a template puts in. */
function testNamesIn(path: string, code: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node) => {
    const literals = ts.isCallExpression(node)
      ? node.arguments
      : ts.isPropertyAssignment(node)
      ? [node.initializer]
      : [];
    for (const literal of literals) {
      if (ts.isStringLiteralLike(literal)) names.add(literal.text);
      if (ts.isTemplateExpression(literal)) names.add(templateName(literal));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, code, ts.ScriptTarget.ESNext, true));
  return names;
}

function templateName({ head, templateSpans }: ts.TemplateExpression): string {
  return [head.text, ...templateSpans.map(({ literal }) => literal.text)].join("…");
}

const rows = rowsIn(textAt("docs/security.md"));

Deno.test("docs/security.md has a row for each of the forty pitfalls, with tests or the reason why it does not apply", () => {
  assert.deepEqual(rows.map(({ number }) => number), Array.from({ length: 40 }, (_, index) => index + 1));
  for (const { number, rule, tests } of rows) {
    assert.ok(tests.length > 0 || /^Does not apply: ./.test(rule), `row ${number} names no test`);
  }
});

Deno.test("docs/security.md names only tests that there are", () => {
  const missing = rows.flatMap(({ number, tests }) =>
    tests.filter(({ name, path }) =>
      !existsSync(ROOT + path) || !path.endsWith("_test.ts") || !testNamesIn(path, textAt(path)).has(name)
    ).map(({ name, path }) => `${number}: ${path} has no test called “${name}”`)
  );
  assert.deepEqual(missing, []);
});

Deno.test("testNamesIn finds names, templates among them, and no other text", () => {
  const code =
    'const a = "not me";\nDeno.test("one", () => {});\nfor (const x of y) Deno.test(`two ${x}, ${x} three`, f);\n';
  assert.deepEqual([...testNamesIn("x_test.ts", code)], ["one", "two …, … three"]);
});
