import assert from "node:assert/strict";
import { faultsOf, sampleOf, type Schema, type Schemas } from "./schema.ts";
import { operationFor, readSpec, requestFaults, SPECIFIED } from "./spec.ts";

const pet: Schema = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "integer", format: "int32" },
    name: { type: "string", nullable: true },
    kind: { type: "string", enum: ["cat", "dog"] },
    born: { type: "string", format: "date-time" },
    tags: { type: "array", items: { type: "string" } },
    parent: { allOf: [{ $ref: "#/components/schemas/pet" }], nullable: true, type: "object" },
  },
};
const schemas: Schemas = { pet };

Deno.test("faultsOf finds what a document does not allow, and where", () => {
  const value = {
    id: 1.5,
    name: null,
    kind: "cow",
    born: "soon",
    tags: ["a", 2],
    parent: { id: null },
    age: 3,
  };
  assert.deepEqual(faultsOf(pet, value, schemas), [
    "$.id is 1.5, not int32",
    '$.kind is "cow", none of its values',
    '$.born is "soon", not date-time',
    "$.tags[1] is 2, not string",
    "$.parent.id is null",
    "$.age is not in the document",
  ]);
  assert.deepEqual(faultsOf(pet, {}, schemas), ["$.id is missing"]);
  assert.deepEqual(faultsOf(pet, [], schemas), ["$ is no object"]);
});

Deno.test("sampleOf makes full, minimal and empty values that the document allows", () => {
  for (const fill of ["full", "minimal", "null"] as const) {
    assert.deepEqual(faultsOf(pet, sampleOf(pet, fill, schemas), schemas), [], fill);
  }
  assert.deepEqual(sampleOf(pet, "minimal", schemas), { id: 7 });
  assert.equal((sampleOf(pet, "null", schemas) as { name: null }).name, null);
});

Deno.test.each([...SPECIFIED])("sampleOf makes answers of every operation that %s describes", (vendor) => {
  const spec = readSpec(vendor);
  for (const { name, answer } of spec.operations) {
    if (!answer) continue;
    for (const fill of ["full", "minimal", "null"] as const) {
      assert.deepEqual(faultsOf(answer, sampleOf(answer, fill, spec.schemas), spec.schemas), [], name);
    }
  }
});

Deno.test("operationFor takes a path that is written out before one that fits anything", () => {
  const at = (method: string, path: string) =>
    operationFor(readSpec("opsramp"), method, path)?.name.split("/").at(-1);
  assert.equal(at("GET", "/api/v2/tenants/t/integrations/installed/search"), "search");
  assert.equal(at("GET", "/api/v2/tenants/t/integrations/installed/7"), "{installedIntgId}");
  assert.equal(at("PATCH", "/api/v2/tenants/t/integrations/installed/7"), undefined);
});

Deno.test("requestFaults refuses parameters and fields that the document does not name", async () => {
  const faults = async (method: string, address: string, body?: unknown) =>
    await requestFaults(
      readSpec("apono"),
      new Request(`http://127.0.0.1${address}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  assert.deepEqual(await faults("GET", "/api/admin/v4/integrations?limit=many&page=2"), [
    'GET /api/admin/v4/integrations: ?limit is "many", not int32',
    "GET /api/admin/v4/integrations: ?page is not in the document",
  ]);
  assert.deepEqual(await faults("PUT", "/api/admin/v4/integrations/x", { name: "x", colour: "red" }), [
    "PUT /api/admin/v4/integrations/{id}: body.integration_config is missing",
    "PUT /api/admin/v4/integrations/{id}: body.colour is not in the document",
  ]);
  assert.deepEqual(await faults("GET", "/api/admin/v9/x"), ["GET /api/admin/v9/x is not in the document"]);
});
