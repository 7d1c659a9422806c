import assert from "node:assert/strict";
import { apono } from "../../handlers/apono.ts";
import { BadInput } from "../../handlers/operation.ts";
import { openAccount } from "../clients/apono_account.ts";
import { carry, contextOf, planOf } from "./apono_carry.ts";

Deno.test("/create apono takes the vendor's own request body, and options win over it", async () => {
  await using account = openAccount();
  const document = {
    type: "mysql",
    name: "Ledger",
    integration_config: { hostname: "l.example.com", port: 3307 },
    secret_store_config: { apono: { parameters: { username: "?", password: "?" } }, aws: null },
    owner: {
      attribute_type: "user",
      attribute_value: ["ana@example.com"],
      source_integration_reference: "Okta Directory",
    },
    owners_mapping: { key_name: "team", attribute_type: "group" },
  };
  const { sent, card, verdict, undo } = await carry(account, "/create apono name=Ledger-2", {
    document,
    secrets: {
      "secret_store_config.apono.parameters.username": "ledger-user-9",
      "secret_store_config.apono.parameters.password": "pa55-9-word",
    },
  });
  assert.deepEqual(sent[0]?.[2], {
    ...document,
    name: "Ledger-2",
    integration_config: { hostname: "l.example.com", port: "3307" },
    secret_store_config: { apono: { parameters: { username: "ledger-user-9", password: "pa55-9-word" } } },
  });
  assert.match(JSON.stringify(card.rows), /kept by Apono \(username, password\), hidden/);
  assert.equal(verdict.state, "applied");
  assert.ok(undo.possible && undo.verb === "delete");
});

Deno.test("/create apono takes v2's request body as well", async () => {
  await using account = openAccount({ api: "v2" });
  const document = {
    name: "Ledger",
    type: "mysql",
    provisioner_id: "c1",
    metadata: { hostname: "l.example.com" },
    secret_config: { type: "KUBERNETES", namespace: "prod", name: "ledger" },
  };
  const { sent, card } = await carry(account, "/create apono", { document });
  assert.deepEqual([sent[0]?.[2], card.sends], [document, document]);
});

const REFUSED: readonly (readonly [typed: string, said: RegExp])[] = [
  ["/create apono name=X", /type=/],
  ["/create apono type=mysql", /name=/],
  ["/create apono type=fax name=X", /no type "fax".*\/catalog/],
  [
    "/create apono type=mysql name=X secret.aws.region=a secret.aws.secret_id=b",
    /hostname \(?.*config\.hostname=/,
  ],
  ["/create apono type=mysql name=X config.hostname=h", /A secret is missing.*aws, gcp/],
  ["/create apono type=mysql name=X config.hostname=h secret.aws.region=a", /secret\.aws\.secret_id=/],
  [
    "/create apono type=mysql name=X config.hostname=h secret.aws.zone=a",
    /no zone, only region and secret_id/,
  ],
  ["/create apono type=mysql name=X config.hostname=h secret.floppy.label=a", /no secret store floppy/],
  ["/create apono type=mysql name=X secret.aws.region=a secret.gcp.project=b", /exactly one store/],
  [
    "/create apono type=mysql name=orders~db config.hostname=h secret.aws.region=a secret.aws.secret_id=b",
    /named "Orders DB" already/,
  ],
  [`/create apono type=mysql name=X access_details=${"x".repeat(401)}`, /400 characters; these are 401/],
];

Deno.test("/create apono refuses before anyone is asked, and says what to type instead", async () => {
  await using account = openAccount();
  for (const [typed, said] of REFUSED) {
    const error = await planOf(account, typed.replace("orders~db", '"orders db"')).then(
      () => assert.fail(typed),
      kept,
    );
    assert.ok(error instanceof BadInput, `${typed}: ${error}`);
    assert.match(error.message, said);
  }
  assert.ok(account.emulator.calls.every(({ method }) => method === "GET"));
});

Deno.test("/create apono refuses a document that is no request body of Apono, naming the field", async () => {
  await using account = openAccount();
  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ hostname: "h" }, /hostname/],
    [{ owner: { attribute_type: "user" } }, /owner\.attribute_value/],
    [{ secret_store_config: { aws: { region: "a" }, gcp: { project: "b" } } }, /exactly one/],
    [{ connected_resource_types: "all" }, /connected_resource_types/],
  ];
  for (const [document, said] of wrong) {
    const error = await planOf(
      account,
      "/create apono type=mysql name=X",
      JSON.parse(JSON.stringify(document)),
    )
      .then(() => assert.fail(), kept);
    assert.ok(error instanceof BadInput);
    assert.match(error.message, said);
  }
});

Deno.test("/create apono refuses what v2 does not have where the account has only v2", async () => {
  await using account = openAccount({ api: "v2" });
  const owned = { owner: { attribute_type: "user", attribute_value: ["ana@example.com"] } };
  const typed = "/create apono type=k8s-roles name=X config.cluster_name=c";
  await assert.rejects(planOf(account, typed, owned), /v2 API, which has no owner/);
  await assert.rejects(
    planOf(account, `${typed} secret.apono.token=?`),
    /v2 API, which has no secret store apono/,
  );
});

Deno.test("/create apono never takes or repeats a secret that was typed", async () => {
  await using account = openAccount();
  const create = apono.operations.find(({ verb }) => verb === "create");
  assert.ok(create && create.risk !== "read");
  assert.equal(create.secret("secret.apono.password"), true);
  assert.equal(create.secret("Secret.Apono.password"), true);
  assert.equal(create.secret("secret_store_config.apono.parameters.password"), true);
  assert.equal(create.secret("secret.aws.secret_id"), false);
  const context = contextOf(account);
  const inputs = [
    { type: "mysql", name: "X", secret: { "apono.password": "hunter2" } },
    {
      document: {
        type: "mysql",
        name: "X",
        secret_store_config: { apono: { parameters: { password: "hunter2" } } },
      },
    },
  ];
  for (const input of inputs) {
    const error: unknown = await create.plan(context, input).then(() => assert.fail(), kept);
    assert.ok(error instanceof BadInput);
    assert.match(error.message, /password is a secret and was not used/);
    assert.ok(!error.message.includes("hunter2"));
  }
});

Deno.test("/create apono warns of a parameter that the catalog does not list", async () => {
  await using account = openAccount();
  const { card } = await carry(
    account,
    "/create apono type=k8s-roles name=X config.cluster_name=c config.nmespace=n",
  );
  assert.match(JSON.stringify(card.warnings), /nmespace/);
});

function kept(error: unknown): unknown {
  return error;
}
