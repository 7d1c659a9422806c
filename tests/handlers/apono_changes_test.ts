import assert from "node:assert/strict";
import { idOf, openAccount } from "../clients/apono_account.ts";
import type { AponoFault, AponoOperation } from "../sandbox/apono.ts";
import { carry, planOf } from "./apono_carry.ts";

Deno.test("/delete apono has no way back for a secret that Apono keeps", async () => {
  await using account = openAccount();
  const { undo, card } = await carry(account, "/delete apono MySQL Legacy CRM reason=old");
  assert.ok(!undo.possible);
  assert.match(String(undo.why), /secret/);
  assert.ok(card.breaks.length > 0);
});

Deno.test("/refresh apono sees the refresh, or takes the vendor's word when it is over already", async () => {
  await using account = openAccount();
  const id = idOf(account.emulator, "AWS Payments");
  const { sent, verdict, undo } = await carry(account, "/refresh apono AWS Payments");
  assert.deepEqual(sent, [["POST", `/api/v2/integrations/${id}/refresh`, undefined]]);
  assert.equal(verdict.state, "applied");
  assert.equal(undo.possible, false);
  account.emulator.fail("v2.refresh", { kind: "status", status: 200, body: { message: "Queued" } });
  account.clock.advance(60_000);
  const queued = await carry(account, "/refresh apono AWS Payments");
  assert.equal(queued.verdict.state, "accepted");
  assert.match(JSON.stringify(queued.verdict.evidence), /Queued/);
  account.emulator.fail("v2.refresh", { kind: "cut" });
  assert.equal((await carry(account, "/refresh apono AWS Payments")).verdict.state, "unknown");
});

Deno.test("/tag apono refuses slips of the pen and says when nothing would change", async () => {
  await using account = openAccount();
  const { id } = account.emulator.world.resources[0]!;
  await assert.rejects(planOf(account, `/tag apono ${id}`), /Which tags/);
  await assert.rejects(planOf(account, `/tag apono ${id} -enviroment`), /no tag "enviroment".*env, team/);
  await assert.rejects(planOf(account, `/tag apono ${id} env=x -env`), /both set and removed/);
  assert.ok("nothing" in await planOf(account, `/tag apono ${id} env=production`));
  await assert.rejects(planOf(account, "/tag apono unknown a=b"), /No Apono resource fits "unknown"/);
});

const CHANGES: readonly (readonly [typed: string, operation: AponoOperation])[] = [
  ["/create apono type=k8s-roles name=Edge config.cluster_name=edge", "v4.create"],
  ["/update apono Orders DB config.port=5433", "v4.update"],
  ["/delete apono Orders DB reason=old", "v4.delete"],
];

for (const [typed, operation] of CHANGES) {
  const head = typed.split(" ").slice(0, 2).join(" ");

  Deno.test(`${head} finds out by reading back when Apono did it without saying so`, async () => {
    for (const kind of ["apply-then-500", "apply-then-cut"] as const) {
      await using account = openAccount();
      account.emulator.fail(operation, { kind } as AponoFault);
      const { receipt, verdict } = await carry(account, typed);
      assert.equal(receipt, undefined);
      assert.equal(verdict.state, "applied", kind);
    }
  });

  Deno.test(`${head} says not applied when Apono refused or never got it`, async () => {
    const faults: AponoFault[] = [{ kind: "cut" }, {
      kind: "status",
      status: 409,
      body: { message: "busy" },
    }];
    for (const fault of faults) {
      await using account = openAccount();
      account.emulator.fail(operation, fault);
      assert.equal((await carry(account, typed)).verdict.state, "not applied", fault.kind);
    }
  });
}

Deno.test("/tag apono says not applied when the old tags are read back", async () => {
  await using account = openAccount();
  const { id } = account.emulator.world.resources[0]!;
  account.emulator.fail("tags.put", { kind: "cut" });
  assert.equal((await carry(account, `/tag apono ${id} env=staging`)).verdict.state, "not applied");
});
