import assert from "node:assert/strict";
import ts from "typescript";
import { textAt } from "../house/imports.ts";
import { sourcePaths } from "../house/program.ts";

interface Documented {
  readonly name: string;
  readonly doc: string;
  /** What is said once for all methods of the class. */
  readonly classDoc: string;
}

/** Every method that a vendor's client offers, with what is said about it. */
function documentedMethods(path: string): readonly Documented[] {
  const file = ts.createSourceFile(path, textAt(path), ts.ScriptTarget.ESNext, true);
  return file.statements.filter(ts.isClassDeclaration).filter(isVendorClient).flatMap((declared) =>
    declared.members.filter(ts.isMethodDeclaration).filter(isPublic).map((method) => ({
      name: `${declared.name?.text}.${method.name.getText()}`,
      doc: docOf(method),
      classDoc: docOf(declared),
    }))
  );
}

function docOf(node: ts.Node): string {
  return ts.getJSDocCommentsAndTags(node).map((comment) => comment.getText()).join("\n");
}

/** What speaks to a vendor in the vendor's own terms; tokens are for others to speak with. */
function isVendorClient(declared: ts.ClassDeclaration): boolean {
  return /readonly http: HttpClient|extends AponoVersion/.test(declared.getText());
}

function isPublic(method: ts.MethodDeclaration): boolean {
  return !method.modifiers?.some(({ kind }) =>
    kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword
  );
}

const methods = sourcePaths().filter((path) => path.startsWith("clients/")).flatMap(documentedMethods);

Deno.test("every method of a vendor's client says where the vendor documents it, and what it throws", () => {
  assert.ok(methods.length > 40, `${methods.length} methods found`);
  const silent = methods.filter(({ doc, classDoc }) =>
    !/https:\/\/\S+\.\S+/.test(doc) || !`${doc}${classDoc}`.includes("throws `ClientError`")
  );
  assert.deepEqual(silent.map(({ name }) => name), []);
});
