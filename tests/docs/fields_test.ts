import assert from "node:assert/strict";
import samples from "../sandbox/opsramp/page_samples.json" with { type: "json" };
import { methods } from "../sandbox/gravityzone/methods.ts";
import { northwind } from "../sandbox/gravityzone/northwind.ts";
import { SCHEMAS } from "../sandbox/halo/schemas.ts";
import { pages } from "../vendors/operations.ts";
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

/** Of a schema that has no field of its own, the fields are those of what it holds. */
const ENVELOPES = /^(PaginatedResponse|PublicApiListResponse|(Upsert)?SecretStoreConfig)/;

Deno.test("docs/coverage.md says what becomes of every field of Apono's page", async () => {
  const { components: { schemas }, paths } = await documentOf("apono");
  const parameters = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ parameters = [] }) =>
      parameters.map(({ name }) => `parameters.${name}`)
    )
  );
  const fields = Object.entries(schemas).filter(([name]) => !ENVELOPES.test(name))
    .flatMap(([name, { properties = {} }]) => Object.keys(properties).map((field) => `${name}.${field}`));
  assertTold("Apono", [...parameters, ...fields]);
});

/** The page's table and newer answers have these besides what the page's samples show. */
const BESIDE_THE_SAMPLES = [
  ...["inboundConfig", "outboundConfig"].flatMap((section) =>
    [
      "tenantAttrName",
      "tenantEntityType",
      "attrValues.tenantAttrValue",
      "attrName",
      "mode",
      "parsingProperty",
    ]
      .map((name) => `${section}.mapAttributes.${name}`)
  ),
  "outboundConfig.notifier",
  "outboundConfig.baseNotifier.scope",
  "integration.description",
];

Deno.test("docs/coverage.md says what becomes of every field of OpsRamp's page", () => {
  const shown = samples.flatMap(({ request, response }) => [...pathsIn(request), ...pathsIn(response)])
    .map((path) => path.includes(".") ? path : `integration.${path}`);
  assertTold("OpsRamp", [...shown, ...BESIDE_THE_SAMPLES]);
});

/** Objects of any content, and lists of headers, are one field each. */
const WHOLE = /\.(tokenPayload|tokenHeaders|tokensPath|resourceAuthHeaders)$/;

function pathsIn(value: unknown, path = ""): readonly string[] {
  if (WHOLE.test(path) || typeof value !== "object" || value === null) return [path];
  if (Array.isArray(value)) return value.flatMap((one) => pathsIn(one, path));
  return Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, path ? `${path}.${name}` : name));
}

/** Each of these and no other. */
function assertTold(vendor: string, wanted: readonly string[]): void {
  const { of } = fieldsOfPages.find((one) => one.vendor === vendor)!;
  const told = Object.entries(of).flatMap(([where, fields]) =>
    Object.keys(fields).map((name) => `${where}.${name}`)
  );
  assert.deepEqual(told.toSorted(), [...new Set(wanted)].toSorted());
}

Deno.test("docs/coverage.md says what becomes of every parameter and field of GravityZone's pages", () => {
  const now = Date.UTC(2026, 2, 14);
  const world = northwind(now);
  const { of } = fieldsOfPages.find(({ vendor }) => vendor === "Bitdefender")!;
  const ask = (method: string, params: Record<string, unknown>) => methods[method]!.run(world, params, now);
  const page = ask("getConfiguredIntegrations", {}) as { data: Record<string, object>[] };
  const accountId = "111222345123";
  const [company] = ask("getCompanyDetailsByAWSAccountId", { accountId }) as Record<string, object>[];
  const [entry] = page.data;
  const { operations } = pages.find(({ vendor }) => vendor === "Bitdefender")!;
  // The emulator is written from the pages.
  const known: readonly (readonly [where: string, names: readonly string[]])[] = [
    ...operations.map(({ operation }) => [operation, methods[operation]!.parameters] as const),
    ["getConfiguredIntegrations", Object.keys(page)],
    ["data", Object.keys(entry!)],
    ["specifics", Object.keys(entry!["specifics"]!)],
    ["category", Object.keys(entry!["category"]!)],
    ["company", Object.keys(entry!["company"]!)],
    ["getCompanyDetailsByAWSAccountId", Object.keys(company!)],
    ["contactPerson", Object.keys(company!["contactPerson"]!)],
  ];
  const missing = known.flatMap(([where, names]) =>
    names.filter((name) => !of[where]?.[name]).map((name) => `${name} of ${where}`)
  );
  assert.deepEqual(missing, []);
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
