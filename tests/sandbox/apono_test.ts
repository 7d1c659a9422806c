import assert from "node:assert/strict";
import { createApono } from "./apono.ts";

const ROOT = "http://localhost/api/admin/v4/integrations";

Deno.test("createApono answers a missing or a wrong token with the documented body", async () => {
  for (const headers of [{}, { Authorization: "Bearer wrong" }]) {
    const response = await createApono().fetch(new Request(ROOT, { headers }));
    assert.equal(response.status, 401);
    assert.equal(await response.text(), '{"status":"401","code":"Unauthorized"}');
  }
});

Deno.test("createApono refuses an undecodable page token and one that comes with filters", async () => {
  assert.equal((await ask("GET", "?page_token=%F0%9F%98%80")).status, 400);
  const first = await (await ask("GET", "?limit=1&type=mysql")).json();
  const token = first.pagination.next_page_token;
  assert.equal((await ask("GET", `?page_token=${token}&type=mysql`)).status, 400);
  const second = await (await ask("GET", `?page_token=${token}`)).json();
  assert.equal(second.items[0].type, "mysql");
  assert.notEqual(second.items[0].id, first.items[0].id);
});

Deno.test("createApono accepts only the write shape of a body", async () => {
  const body = { name: "X", type: "k8s-roles", integration_config: { cluster_name: "c" } };
  const wrong: Record<string, unknown>[] = [
    { id: "1" },
    { owner: { attribute_type: "user", attribute_value: ["a"], source_integration_id: "1" } },
    { secret_store_config: { aws: { region: "r", secret_id: "s" }, gcp: { project: "p", secret_id: "s" } } },
    { secret_store_config: {} },
    { custom_access_details: "x".repeat(401) },
    { integration_config: {} },
    { name: undefined },
  ];
  for (const fields of wrong) {
    const response = await ask("POST", "", { ...body, ...fields });
    assert.equal(response.status, 400, JSON.stringify(fields));
  }
  assert.equal((await ask("POST", "", body)).status, 200);
  assert.equal((await ask("POST", "", { ...body, name: "orders db" })).status, 409);
});

Deno.test("createApono never returns the secrets it keeps, in either version", async () => {
  const emulator = createApono();
  for (const path of ["/api/admin/v4/integrations", "/api/v2/integrations"]) {
    const headers = { Authorization: "Bearer aup_sandbox" };
    const text = await (await emulator.fetch(new Request(`http://localhost${path}`, { headers }))).text();
    assert.ok(text.includes("MySQL Legacy CRM"));
    assert.ok(!text.includes("s3cr3t-crm"));
  }
});

for (
  const [method, path, body] of [
    ["GET", "v2/integrations?status=Error"],
    ["GET", "v2/integrations-catalog?type=mysql"],
    ["GET", "v3/integrations/5f1c0004-7d1b-4b8e-9a55-0c3a6e2f4244/resources?resource_type=x"],
    ["PUT", "v3/integrations/resources/4096-00/user-tags", { tags: {}, resource_id: "4096-00" }],
    ["PUT", "v3/integrations/resources/4096-00/user-tags", { tags: { owner: null } }],
    ["PUT", "v3/integrations/resources/4096-00/user-tags", { tags: { token: "?" } }],
  ] as const
) {
  Deno.test(`createApono refuses ${method} ${path} ${JSON.stringify(body) ?? ""}`, async () => {
    const headers = { Authorization: "Bearer aup_sandbox", "Content-Type": "application/json" };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    assert.equal((await createApono().fetch(new Request(`http://localhost/api/${path}`, init))).status, 400);
  });
}

function ask(method: string, query: string, body?: unknown): Promise<Response> {
  const headers = { Authorization: "Bearer aup_sandbox", "Content-Type": "application/json" };
  return createApono().fetch(
    new Request(ROOT + query, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }),
  );
}
