import assert from "node:assert/strict";
import { SCHEMAS } from "../sandbox/halo/schemas.ts";
import { fieldsOfPages, fieldTables } from "./fields.ts";

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly parameters?: readonly { name: string }[] }>>>
  >;
}

async function documentOf(vendor: string): Promise<Document> {
  return JSON.parse(await Deno.readTextFile(new URL(`../specs/${vendor}.json`, import.meta.url)));
}

Deno.test("docs/coverage.md says what becomes of every field of HaloPSA's page", async () => {
  const { of } = fieldsOfPages.find(({ vendor }) => vendor === "HaloPSA")!;
  const { components: { schemas }, paths } = await documentOf("halo");
  const told = (where: string, name: string) => of[where]?.[name] ?? of[where]?.["every field"];
  const missing = [
    ...Object.entries(schemas).flatMap(([where, { properties = {} }]) =>
      Object.keys(properties).map((name) => [where, name] as const)
    ),
    // Of what the page has and the document has not.
    ...Object.entries(SCHEMAS).flatMap(([where, fields]) =>
      [...fields.keys()].map((name) => [where, name] as const)
    ),
  ].filter(([where, name]) => !told(where, name));
  assert.deepEqual(missing, []);
  const everywhere = Object.values(of).flatMap((fields) => Object.keys(fields));
  const parameters = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ parameters = [] }) => parameters.map(({ name }) => name))
  );
  assert.deepEqual(parameters.filter((name) => !everywhere.includes(name)), []);
});

Deno.test("no field of a page is without a fate, and none is twice in a table's resource", () => {
  for (const { vendor, of } of fieldsOfPages) {
    for (const [where, fields] of Object.entries(of)) {
      for (const [name, fate] of Object.entries(fields)) {
        assert.ok(fate.length > 10, `${vendor} ${where} ${name}`);
      }
    }
  }
  assert.match(fieldTables(), /\| `SnowDetails` \| .*`password`.* \| set with `=\?`/);
});
