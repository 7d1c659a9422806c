import assert from "node:assert/strict";
import type { Sent } from "../../clients/apono/integration.ts";
import type { AponoFault, AponoOperation } from "../sandbox/apono.ts";
import { type Account, idOf, openAccount } from "./apono_account.ts";
import { failureOf } from "./calling.ts";

const NEW: Sent = {
  name: "Ledger DB",
  config: { hostname: "ledger.example.com" },
  secretStore: { kind: "aws", fields: { region: "eu-west-1", secret_id: "prod/ledger" } },
};

Deno.test("apono passes on the words of a refusal, whatever their form", async () => {
  const forms: [unknown, string][] = [
    [
      { status: "400", code: "BadRequest", message: "Missing parameter hostname" },
      "Missing parameter hostname",
    ],
    [{ error_code: "E1", error_details: "name is taken" }, "name is taken"],
    ["Integration is busy", "Integration is busy"],
    [{ code: "Unprocessable" }, "Unprocessable"],
  ];
  for (const [body, words] of forms) {
    await using account = openAccount();
    account.emulator.fail("v4.create", { kind: "status", status: 400, body });
    const failure = await failureOf(account.client.integrations.create("postgresql", NEW, account.call));
    assert.equal(failure.kind, "rejected");
    assert.equal(failure.detail, words);
    assert.equal(failure.ambiguous, false);
  }
});

const WRITES: readonly (readonly [AponoOperation, (account: Account) => Promise<unknown>])[] = [
  ["v4.create", ({ client, call }) => client.integrations.create("postgresql", NEW, call)],
  [
    "v4.update",
    ({ client, call, emulator }) =>
      client.integrations.update(idOf(emulator, "Orders DB"), { ...NEW, name: "Orders DB" }, call),
  ],
  [
    "v4.delete",
    ({ client, call, emulator }) => client.integrations.delete(idOf(emulator, "Orders DB"), call),
  ],
  ["v2.refresh", ({ client, call, emulator }) => client.v2.refresh(idOf(emulator, "Orders DB"), call)],
  ["tags.put", ({ client, call, emulator }) => client.putTags(emulator.world.resources[0]!.id, {}, call)],
];

const LOST: readonly AponoFault["kind"][] = [
  "hang",
  "cut",
  "apply-then-hang",
  "apply-then-cut",
  "apply-then-500",
];

for (const [operation, write] of WRITES) {
  Deno.test(`apono sends ${operation} once and calls it ambiguous when no usable answer comes`, async () => {
    await Promise.all(LOST.map(async (kind) => {
      await using account = openAccount(kind.endsWith("hang") ? { timeoutMs: 1_000 } : {});
      account.emulator.fail(operation, { kind } as AponoFault, 3);
      const failure = await failureOf(write(account));
      assert.equal(failure.ambiguous, true, `${kind}: ${failure.kind}`);
      const sent = account.emulator.calls.filter((one) => one.operation === operation);
      assert.equal(sent.length, 1, kind);
    }));
  });
}
