import assert from "node:assert/strict";
import { BadInput } from "../../handlers/operation.ts";
import { openAccount } from "../clients/apono_account.ts";
import { carry, carryBack, contextOf, planOf, understood } from "./apono_carry.ts";

Deno.test("/update apono changes owner, secret store and access details by document and takes them back", async () => {
  await using account = openAccount();
  const stored = account.emulator.world.integrations.find(({ name }) => name === "Orders DB")!;
  const original = structuredClone(stored);
  const document = {
    custom_access_details: "Ask first",
    secret_store_config: { kubernetes: { namespace: "prod", name: "orders" } },
    owner: null,
    owners_mapping: {
      key_name: "team",
      attribute_type: "group",
      source_integration_reference: "Okta Directory",
    },
  };
  const updated = await carry(account, "/update apono Orders DB", { document });
  assert.equal(updated.verdict.state, "applied");
  assert.deepEqual(updated.card.rows.map(({ label }) => label), [
    "Secret",
    "Access details",
    "Owner",
    "Owners by tag",
  ]);
  assert.equal((updated.sent[0]?.[2] as Record<string, unknown>).owner, null, "What goes is sent as null");
  assert.equal((await carryBack(account, updated)).verdict.state, "applied");
  assert.deepEqual(stored, original);
});

Deno.test("/update apono completes one field of a secret store with the others that are there", async () => {
  await using account = openAccount();
  const { sent } = await carry(account, "/update apono PostgreSQL Production secret.aws.secret_id=prod/new");
  assert.deepEqual((sent[0]?.[2] as Record<string, unknown>).secret_store_config, {
    aws: { region: "eu-west-1", secret_id: "prod/new" },
  });
});

Deno.test("/update apono says so when there is nothing to change", async () => {
  await using account = openAccount();
  for (
    const typed of [
      "config.port=5432",
      "name=PostgreSQL~Staging",
      "resource_types=postgresql-database,postgresql-cluster",
    ]
  ) {
    const plan = await planOf(
      account,
      `/update apono PostgreSQL Staging ${typed.replace(/=(.*~.*)/, '="$1"').replace("~", " ")}`,
    );
    assert.ok("nothing" in plan, typed);
  }
});

Deno.test("/update apono refuses what the catalog, the vendor or good sense forbids", async () => {
  await using account = openAccount();
  const refused:
    readonly (readonly [string, RegExp, Record<string, null | string | Record<string, null>>?])[] = [
      ["/update apono Orders DB config.sslmode=bogus", /sslmode must be one of/],
      ["/update apono Orders DB", /hostname.* is missing/, { integration_config: { hostname: null } }],
      ["/update apono Orders DB secret.azure.name=n secret.azure.vault_url=u", /azure is not supported/],
      ["/update apono Orders DB", /A secret is missing/, { secret_store_config: null }],
      ["/update apono Orders DB", /type of an integration cannot be changed/, { type: "mysql" }],
      ["/update apono Orders DB name=AWS-Sandbox", /named "AWS Sandbox" already/],
      ["/update apono MySQL Legacy CRM config.port=1", /the secret would be lost\. Add secret\.apono\./],
    ];
  for (const [typed, said, document] of refused) {
    const error = await planOf(account, typed.replace("AWS-Sandbox", '"aws sandbox"'), document)
      .then(() => assert.fail(typed), kept);
    assert.ok(error instanceof BadInput, `${typed}: ${error}`);
    assert.match(error.message, said);
  }
  assert.ok(account.emulator.calls.every(({ method }) => method === "GET"));
});

Deno.test("/update apono warns of what was wrong before, instead of refusing it", async () => {
  await using account = openAccount();
  account.emulator.world.integrations[4]!.integration_config.sslmode = "legacy";
  const plan = await planOf(account, "/update apono Orders DB config.port=5433");
  assert.ok(!("nothing" in plan));
  const update = understood("/update apono Orders DB config.port=5433").operation;
  assert.ok(update.risk !== "read");
  assert.match(JSON.stringify(update.render(plan).warnings), /sslmode must be one of/);
});

Deno.test("/update apono takes a secret that Apono keeps anew, tells nobody, and has no way back", async () => {
  await using account = openAccount();
  const stored = account.emulator.world.integrations.find(({ name }) => name === "MySQL Legacy CRM")!;
  const typed = "/update apono MySQL Legacy CRM secret.apono.username=? secret.apono.password=?";
  const secrets = { "secret.apono.username": "crm-user-77", "secret.apono.password": "crm-pa55-77" };
  const { verdict, undo, card } = await carry(account, typed, { secrets });
  assert.deepEqual(stored.secret_store_config, {
    apono: { parameters: { username: "crm-user-77", password: "crm-pa55-77" } },
  });
  assert.match(JSON.stringify(card.rows), /entered again/);
  assert.equal(verdict.state, "accepted");
  assert.equal(undo.possible, false);
  account.emulator.fail("v4.update", { kind: "cut" });
  assert.equal((await carry(account, typed, { secrets })).verdict.state, "unknown");
});

Deno.test("/update apono sends nothing when a secret was not entered", async () => {
  await using account = openAccount();
  const { operation, input } = understood("/update apono MySQL Legacy CRM secret.apono.password=?");
  assert.ok(operation.risk !== "read");
  const context = contextOf(account);
  const plan = await operation.plan(context, input);
  assert.ok(!("nothing" in plan));
  await assert.rejects(operation.apply(context, plan, {}), /secret\.apono\.password was not entered/);
  assert.ok(account.emulator.calls.every(({ method }) => method === "GET"));
});

Deno.test("/update apono says not applied when the integration is gone at the read-back", async () => {
  await using account = openAccount();
  const { operation, input } = understood("/update apono Orders DB config.port=5433");
  assert.ok(operation.risk !== "read");
  const context = contextOf(account);
  const plan = await operation.plan(context, input);
  assert.ok(!("nothing" in plan));
  account.emulator.world.integrations.splice(4, 1);
  assert.equal((await operation.verify(context, plan, undefined)).state, "not applied");
});

function kept(error: unknown): unknown {
  return error;
}
