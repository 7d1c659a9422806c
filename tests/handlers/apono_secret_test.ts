import assert from "node:assert/strict";
import { BadInput } from "../../handlers/operation.ts";
import { openAccount } from "../clients/apono_account.ts";
import { carry, carryBack, planOf, read } from "./apono_carry.ts";

const TYPED = "/update apono Orders DB config.admin_password=? config.port=5433";
const SECRETS = { "config.admin_password": "hunter2-entered" };

Deno.test("/update apono takes a parameter that sounds secret from the private page, and keeps it nowhere", async () => {
  await using account = openAccount();
  const config = account.emulator.world.integrations[4]!.integration_config;
  const updated = await carry(account, TYPED, { secrets: SECRETS });
  assert.equal(
    (updated.sent[0]?.[2] as { integration_config: typeof config }).integration_config.admin_password,
    "hunter2-entered",
  );
  assert.deepEqual(updated.card.rows[1], {
    label: "config.admin_password",
    now: "none",
    after: { data: "new value, entered privately", max: 160 },
  });
  assert.equal(updated.verdict.state, "applied");
  await carryBack(account, updated);
  assert.equal(account.emulator.world.integrations[4]!.integration_config.admin_password, undefined);
});

Deno.test("/update apono keeps parameters that it may not show, and stores none of them", async () => {
  await using account = openAccount();
  const stored = account.emulator.world.integrations[4]!;
  const kept = {
    private_key: "kept-1",
    account: JSON.stringify({ user: "ana", private_key: "kept-2" }),
    proxy: { host: "proxy.example.com", pwd: "kept-3" },
  };
  Object.assign(stored.integration_config, kept);
  const { plan, verdict } = await carry(account, "/update apono Orders DB config.port=5433");
  assert.deepEqual({ ...stored.integration_config, ...kept }, stored.integration_config);
  assert.equal(stored.integration_config.port, "5433");
  assert.ok(!JSON.stringify([plan, verdict]).includes("kept-"));
});

Deno.test("/update apono says that a parameter it replaces unseen cannot be brought back", async () => {
  await using account = openAccount();
  account.emulator.world.integrations[4]!.integration_config.admin_password = "old";
  const updated = await carry(account, TYPED, { secrets: SECRETS });
  assert.ok(updated.undo.possible);
  assert.match(String(updated.undo.how), /but not the old config\.admin_password/);
  await carryBack(account, updated);
  const { admin_password: password, port } = account.emulator.world.integrations[4]!.integration_config;
  assert.deepEqual([password, port], ["hunter2-entered", "5432"]);
});

Deno.test("/delete apono has no way back for a parameter that is a secret", async () => {
  await using account = openAccount();
  account.emulator.world.integrations[4]!.integration_config.admin_password = "old";
  const { undo } = await carry(account, "/delete apono Orders DB reason=old");
  assert.ok(!undo.possible);
  assert.match(String(undo.why), /config\.admin_password/);
});

for (
  const [typed, said, document] of [
    ["config.hostname=hidden", /config\.hostname only stands for a value/],
    ["config.client_id=Iv1.••••••", /config\.client_id only stands for a value/],
    ['name="set, hidden"', /name only stands for a value/],
    ["", /integration_config\.private_key_pem only stands/, {
      integration_config: { private_key_pem: "hidden" },
    }],
    ["", /integration_config\.client_id only stands/, { integration_config: { client_id: "Iv1.••••••" } }],
    ["", /integration_config\.port only stands/, { integration_config: { port: "?" } }],
    ["", /metadata\.proxy\.pwd only stands/, { metadata: { proxy: { pwd: "hidden" } } }],
    ["", /config\.account holds a secret .* into a secret store/, {
      integration_config: { account: '{"private_key":"hunter2"}' },
    }],
  ] as const
) {
  Deno.test(`/update apono refuses ${typed || JSON.stringify(document)}`, async () => {
    await using account = openAccount();
    await assert.rejects(
      planOf(account, `/update apono Orders DB ${typed}`.trim(), document),
      (error) => error instanceof BadInput && said.test(error.message) && !error.message.includes("hunter2"),
    );
  });
}

Deno.test("/update apono over v2 is refused where it would lose a secret that v2 does not show", async () => {
  await using account = openAccount({ api: "v2" });
  for (const typed of ["name=CRM", "config.port=3307"]) {
    await assert.rejects(
      planOf(account, `/update apono MySQL Legacy CRM ${typed}`),
      (error) =>
        error instanceof BadInput && /secret would be lost\. Add secret\.<store>/.test(error.message),
    );
  }
  const store = "secret.aws.region=eu-west-1 secret.aws.secret_id=prod/crm";
  assert.ok("before" in await planOf(account, `/update apono MySQL Legacy CRM config.port=3307 ${store}`));
});

Deno.test("/delete apono promises no way back where the catalog would not let it be created again", async () => {
  for (
    const [api, name, why, prepare] of [
      ["v2", "MySQL Legacy CRM", /needs a secret, and Apono shows none/],
      ["v4", "Orders DB", /catalog does not allow its settings/, { sslmode: "legacy" }],
    ] as const
  ) {
    await using account = openAccount({ api });
    const stored = account.emulator.world.integrations.find((one) => one.name === name)!;
    Object.assign(stored.integration_config, prepare);
    const { undo } = await carry(account, `/delete apono ${name} reason=old`);
    assert.ok(!undo.possible);
    assert.match(String(undo.why), why);
  }
});

Deno.test("/update apono warns that secrets without names are replaced as a whole", async () => {
  await using account = openAccount();
  const { card } = await carry(account, "/update apono MySQL Legacy CRM secret.apono.password=?", {
    secrets: { "secret.apono.password": "hunter2-entered" },
  });
  assert.match(JSON.stringify(card.warnings), /All of them are replaced: only password will be left\./);
});

Deno.test("/tag apono keeps a tag that sounds secret, and shows and stores it nowhere", async () => {
  await using account = openAccount();
  const { world } = account.emulator;
  const { id } = world.resources[0]!;
  world.tags[id] = { env: "production", api_key: "kept-1" };
  const { plan, card, verdict } = await carry(account, `/tag apono ${id} env=staging`);
  assert.deepEqual(world.tags[id], { env: "staging", api_key: "kept-1" });
  const told = JSON.stringify([plan, card, verdict, await read(account, `/tags ${id}`)]);
  assert.ok(!told.includes("kept-1"));
  assert.equal((await carry(account, `/tag apono ${id} -api_key`)).undo.possible, false);
});
