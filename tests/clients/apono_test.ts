import fc from "fast-check";
import assert from "node:assert/strict";
import { type AponoIntegration, readInstant, type Sent } from "../../clients/apono/integration.ts";
import type { AponoEmulator } from "../sandbox/apono.ts";
import { idOf, openAccount, TOKEN } from "./apono_account.ts";
import { failureOf } from "./calling.ts";

const NEW: Sent = {
  name: "Ledger DB",
  connectorId: "eu-west-connector",
  config: { hostname: "ledger.example.com", port: "5433" },
  secretStore: { kind: "aws", fields: { region: "eu-west-1", secret_id: "prod/ledger" } },
  resourceTypes: ["postgresql-database"],
  accessDetails: "Ask the ledger team first",
};

const NEW_V4_BODY = {
  type: "postgresql",
  name: "Ledger DB",
  connector_id: "eu-west-connector",
  integration_config: { hostname: "ledger.example.com", port: "5433" },
  secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/ledger" } },
  connected_resource_types: ["postgresql-database"],
  custom_access_details: "Ask the ledger team first",
};

const NEW_V2_BODY = {
  type: "postgresql",
  name: "Ledger DB",
  provisioner_id: "eu-west-connector",
  metadata: { hostname: "ledger.example.com", port: "5433" },
  secret_config: { type: "AWS", region: "eu-west-1", secret_id: "prod/ledger" },
  connected_resource_types: ["postgresql-database"],
  custom_access_details: "Ask the ledger team first",
};

for (const api of ["v4", "v2"] as const) {
  Deno.test(`apono.integrations creates, gets, updates and deletes by ${api}`, async () => {
    await using account = openAccount({ api });
    const { client, emulator, call } = account;
    const root = api === "v4" ? "/api/admin/v4/integrations" : "/api/v2/integrations";

    const created = await client.integrations.create("postgresql", NEW, call);
    assert.deepEqual(pick(emulator, -1), ["POST", root]);
    assert.deepEqual(emulator.calls.at(-1)?.body, api === "v4" ? NEW_V4_BODY : NEW_V2_BODY);
    assert.deepEqual(settingsOf(created), NEW);

    const got = await client.integrations.get(created.id, call);
    assert.deepEqual(pick(emulator, -1), ["GET", `${root}/${created.id}`]);
    assert.deepEqual(got, created);

    const updated = await client.integrations.update(created.id, { ...NEW, accessDetails: null }, call);
    assert.deepEqual(pick(emulator, -1), ["PUT", `${root}/${created.id}`]);
    const body = emulator.calls.at(-1)?.body as Record<string, unknown>;
    assert.equal(body.custom_access_details, null);
    assert.ok(!("type" in body), "The page allows no type in an update");
    assert.equal(updated.accessDetails, null);

    await client.integrations.delete(created.id, call);
    assert.deepEqual(pick(emulator, -1), ["DELETE", `${root}/${created.id}`]);
    assert.equal((await failureOf(client.integrations.get(created.id, call))).kind, "not_found");
  });

  Deno.test(`apono.integrations.list reads all of the account by ${api}`, async () => {
    await using account = openAccount({ api });
    const { items, missing } = await account.client.integrations.list({}, account.call);
    assert.equal(items.length, 31);
    assert.equal(missing, 0);
  });

  Deno.test(`apono.integrations.list by ${api} filters by name with wildcards, type, status and connector`, async () => {
    await using account = openAccount({ api });
    const { client, call } = account;
    const names = async (filter: Parameters<typeof client.integrations.list>[0]) =>
      (await client.integrations.list(filter, call)).items.map(({ name }) => name);
    assert.deepEqual(await names({ name: "kubernetes *" }), [
      "Kubernetes EU",
      "Kubernetes US",
      "Kubernetes Edge",
      "Kubernetes Staging",
    ]);
    assert.deepEqual(await names({ name: "*staging" }), ["PostgreSQL Staging", "Kubernetes Staging"]);
    assert.deepEqual(await names({ name: "orders" }), []);
    assert.deepEqual(await names({ type: ["okta-*", "google-idp"] }), [
      "Google Workspace",
      "Okta Directory",
      "Okta Contractors",
    ]);
    assert.deepEqual(await names({ status: ["error"], type: ["k8s-roles"] }), ["Kubernetes Edge"]);
    assert.deepEqual(await names({ connector: ["EDGE-connector"] }), ["Kubernetes Edge"]);
  });

  Deno.test(`apono.integrations.probe by ${api} tells a good token from a bad one`, async () => {
    await using good = openAccount({ api });
    await good.client.integrations.probe(good.call);
    await using bad = openAccount({ api, token: "aup_wrong" });
    const failure = await failureOf(bad.client.integrations.probe(bad.call));
    assert.equal(failure.kind, "credentials_refused");
    assert.equal(failure.status, 401);
  });
}

Deno.test("apono.integrations.list repeats a key per value and writes statuses in capitals", async () => {
  await using account = openAccount();
  await account.client.integrations.list(
    {
      type: ["mysql", "postgresql"],
      status: ["error", "Warning"],
      category: ["RESOURCES"],
      connector: ["c1"],
    },
    account.call,
  );
  assert.deepEqual(account.emulator.calls.map(({ query }) => query.toSorted()), [[
    ["category", "RESOURCES"],
    ["connector_id", "c1"],
    ["limit", "100"],
    ["status", "ERROR"],
    ["status", "WARNING"],
    ["type", "mysql"],
    ["type", "postgresql"],
  ]]);
});

Deno.test("apono.integrations.list follows pages with the token alone, and the filters still hold", async () => {
  await using account = openAccount();
  const { emulator, client, call } = account;
  const [first] = emulator.world.integrations;
  for (let index = 0; index < 230; index++) {
    emulator.world.integrations.push({
      ...structuredClone(first!),
      id: `more-${index}`,
      name: `More ${index}`,
    });
  }
  const { items } = await client.integrations.list({ name: "More*", type: ["postgresql"] }, call);
  assert.equal(items.length, 230);
  assert.equal(new Set(items.map(({ id }) => id)).size, 230);
  const queries = emulator.calls.map(({ query }) => query.map(([name]) => name));
  assert.deepEqual(
    queries,
    [["name", "type", "limit"], ["page_token"], ["page_token"]].map((names) => names),
  );
});

Deno.test("apono.integrations.list stops at a page token of null, of nothing and of no text", async () => {
  for (const pagination of [{ next_page_token: null }, {}, { next_page_token: "" }]) {
    await using account = openAccount();
    account.emulator.fail("v4.list", { kind: "status", status: 200, body: { items: [], pagination } });
    assert.deepEqual((await account.client.integrations.list({}, account.call)).items, []);
    assert.equal(account.emulator.calls.length, 1);
  }
});

Deno.test("apono.integrations.list refuses to go in circles", async () => {
  await using account = openAccount();
  const body = { items: [], pagination: { next_page_token: "again" } };
  account.emulator.fail("v4.list", { kind: "status", status: 200, body }, 5);
  const failure = await failureOf(account.client.integrations.list({}, account.call));
  assert.equal(failure.kind, "unexpected_reply");
  assert.equal(account.emulator.calls.length, 2);
});

Deno.test("apono.integrations.update turns the owner's source from the read shape into the write shape", async () => {
  await using account = openAccount();
  const { client, emulator, call } = account;
  const id = idOf(emulator, "PostgreSQL Staging");
  const stored = emulator.world.integrations.find((one) => one.id === id)!;
  stored.owner = {
    attribute_type: "group",
    attribute_value: ["dba"],
    source_integration_name: "Okta Directory",
  };
  const before = await client.integrations.get(id, call);
  await client.integrations.update(id, before, call);
  const body = emulator.calls.at(-1)?.body as Record<string, unknown>;
  assert.deepEqual(body.owner, {
    attribute_type: "group",
    attribute_value: ["dba"],
    source_integration_reference: "Okta Directory",
  });
  assert.deepEqual(body.owners_mapping, {
    key_name: "owner",
    attribute_type: "group",
    source_integration_reference: idOf(emulator, "Okta Directory"),
  });
  const after = await client.integrations.get(id, call);
  assert.deepEqual(after.ownersMapping, before.ownersMapping);
  assert.equal(after.owner?.source?.name, "Okta Directory");
});

Deno.test("apono.integrations.get keeps a secret's reference and no secret", async () => {
  await using account = openAccount();
  const { client, emulator, call } = account;
  const referred = await client.integrations.get(idOf(emulator, "PostgreSQL Production"), call);
  assert.equal(referred.secretStore?.kind, "aws");
  const body = {
    ...rawIntegration("x"),
    secret_store_config: { aws: null, apono: { parameters: { password: "leaked-by-vendor" } } },
  };
  emulator.fail("v4.get", { kind: "status", status: 200, body });
  const own = await client.integrations.get("x", call);
  assert.deepEqual(own.secretStore, { kind: "apono", fields: { password: "?" } });
});

Deno.test("apono.integrations.get keeps unknown status words and drops unknown fields", async () => {
  await using account = openAccount();
  const body = { ...rawIntegration("x"), status: "Hibernating", invented: { deep: true } };
  account.emulator.fail("v4.get", { kind: "status", status: 200, body });
  const got = await account.client.integrations.get("x", account.call);
  assert.equal(got.status, "Hibernating");
  assert.ok(!JSON.stringify(got).includes("invented"));
});

Deno.test("apono.refresh starts a refresh and passes on what Apono says", async () => {
  await using account = openAccount();
  const { client, emulator, call } = account;
  const id = idOf(emulator, "AWS Payments");
  assert.equal(await client.v2.refresh(id, call), "Refreshing integration");
  assert.deepEqual(pick(emulator, -1), ["POST", `/api/v2/integrations/${id}/refresh`]);
  assert.equal((await client.integrations.get(id, call)).status, "REFRESHING");
});

Deno.test("apono.catalog lists the types and apono.catalogType gives one, secret kinds in the words of a store", async () => {
  await using account = openAccount();
  const { client, emulator, call } = account;
  const types = await client.catalog(call);
  assert.equal(types.items.length, emulator.world.catalog.length);
  const postgresql = await client.catalogType("postgresql", call);
  assert.deepEqual(postgresql, types.items.find(({ type }) => type === "postgresql"));
  assert.deepEqual(postgresql.secretKinds, ["aws", "gcp", "kubernetes", "hashicorp_vault"]);
  assert.deepEqual(postgresql.params[0], {
    id: "hostname",
    label: "Hostname",
    values: [],
    default: null,
    optional: false,
  });
  assert.equal((await failureOf(client.catalogType("fax", call))).kind, "not_found");
});

Deno.test("apono.resources and apono.permissions ask for one type under the hyphenated name", async () => {
  await using account = openAccount();
  const { client, emulator, call } = account;
  const id = idOf(emulator, "PostgreSQL Production");
  assert.equal((await client.resources(id, undefined, call)).items.length, 6);
  assert.deepEqual(emulator.calls.at(-1)?.query, []);
  const databases = await client.resources(id, "postgresql-database", call);
  assert.deepEqual(emulator.calls.at(-1)?.query, [["resource-type", "postgresql-database"]]);
  assert.equal(databases.items.length, 3);
  assert.deepEqual(databases.items.map(({ status }) => status), ["Active", "Active", "Active"]);
  const permissions = await client.permissions(id, "postgresql-cluster", call);
  assert.deepEqual(permissions.items.map(({ name, resourceType }) => [name, resourceType]), [
    ["READ_ONLY", "postgresql-cluster"],
    ["READ_WRITE", "postgresql-cluster"],
    ["ADMIN", "postgresql-cluster"],
  ]);
});

Deno.test("apono.resources says how many Apono counts but did not return", async () => {
  await using account = openAccount();
  const body = { data: [], pagination: { total: 7, limit: 100, offset: 0 } };
  account.emulator.fail("v3.resources", { kind: "status", status: 200, body });
  assert.deepEqual(await account.client.resources("any", undefined, account.call), {
    items: [],
    missing: 7,
    unread: [],
  });
});

Deno.test("apono.tags reads and apono.putTags replaces the tags of a resource", async () => {
  await using account = openAccount();
  const { client, emulator, call } = account;
  const id = emulator.world.resources[0]!.id;
  assert.deepEqual(await client.tags(id, call), { env: "production", team: "payments" });
  await client.putTags(id, { env: "staging" }, call);
  assert.deepEqual(pick(emulator, -1), ["PUT", `/api/v3/integrations/resources/${id}/user-tags`]);
  assert.deepEqual(emulator.calls.at(-1)?.body, { tags: { env: "staging" } });
  assert.deepEqual(await client.tags(id, call), { env: "staging" });
});

Deno.test("apono sends the token and keeps a path in front of the API", async () => {
  await using account = openAccount({ prefix: "/gateway/apono" });
  await account.client.integrations.probe(account.call);
  const [call] = account.emulator.calls;
  assert.equal(call?.path, "/gateway/apono/api/admin/v4/integrations");
  assert.deepEqual(call?.query, [["limit", "1"]]);
  assert.equal(call?.authorization, `Bearer ${TOKEN}`);
});

Deno.test("apono reads last_sync_time in every form the vendor's software writes", async () => {
  for (const instants of ["number", "text", "quoted", "iso"] as const) {
    await using account = openAccount({ api: "v2", instants });
    const got = await account.client.integrations.get(idOf(account.emulator, "Orders DB"), account.call);
    assert.equal(got.lastSyncAt, 1_774_452_859_123, instants);
  }
});

Deno.test("readInstant takes nine decimals as nanoseconds, fewer as a fraction, and the rest as nothing", () => {
  assert.equal(readInstant("1735689600.000000007"), 1_735_689_600_000);
  assert.equal(readInstant("1735689600.5"), 1_735_689_600_500);
  assert.equal(readInstant(1735689600.25), 1_735_689_600_250);
  assert.equal(readInstant('"1735689600"'), 1_735_689_600_000);
  assert.equal(readInstant("2026-03-25T15:30:15.123Z"), Date.UTC(2026, 2, 25, 15, 30, 15, 123));
  for (const nothing of [null, undefined, "", "soon", {}, NaN, Infinity]) {
    assert.equal(readInstant(nothing), null);
  }
});

Deno.test("readInstant gives back every instant written as seconds and nanoseconds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e9 }),
      fc.integer({ min: 0, max: 999_999_999 }),
      (seconds, nanos) => {
        const text = `${seconds}.${String(nanos).padStart(9, "0")}`;
        assert.equal(readInstant(text), seconds * 1_000 + Math.floor(nanos / 1e6));
      },
    ),
  );
});

function pick(emulator: AponoEmulator, at: number): [string, string] {
  const call = emulator.calls.at(at) ?? assert.fail("No call");
  return [call.method, call.path];
}

function settingsOf(integration: AponoIntegration): Sent {
  const { name, connectorId, config, secretStore, resourceTypes, accessDetails } = integration;
  return { name, connectorId, config, secretStore, resourceTypes, accessDetails };
}

function rawIntegration(id: string): Record<string, unknown> {
  return {
    id,
    name: "X",
    type: "postgresql",
    category: "RESOURCES",
    status: "ACTIVE",
    integration_config: {},
  };
}
