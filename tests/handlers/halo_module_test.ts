import assert from "node:assert/strict";
import type { JsonObject } from "../../clients/json.ts";
import { BadInput } from "../../handlers/operation.ts";
import { openFixture } from "../clients/halo_fixture.ts";
import { changeOf, contextOf, read, refusal } from "./halo_carry.ts";

const NO_MODULE = { kind: "status", status: 404 } as const;

const READS = [
  ["status", "armis", {}, "GET ArmisDetails"],
  ["list", "armis", {}, "GET ArmisDetails"],
  ["show", "armis", { id: "Plant" }, "GET ArmisDetails"],
  ["live", "armis", {}, "GET Armis/Get"],
  ["export", "tenable status", {}, "GET Tenable/Status"],
] as const;

for (const [verb, target, input, operation] of READS) {
  Deno.test(`/${verb} ${target} says that this HaloPSA has no such module`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail(operation, NO_MODULE);
    assertNoModule(await refusal(read(fixture, verb, target, input)), target);
  });
}

const CHANGES: readonly (readonly [verb: string, target: string, input: JsonObject, operation: string])[] = [
  ["create", "armis", { fields: { name: "Plant" } }, "GET ArmisDetails"],
  ["update", "armis", { id: "Plant", fields: { name: "Plant 2" } }, "GET ArmisDetails"],
  ["delete", "armis", { id: "9" }, "GET ArmisDetails"],
  ["disable", "armis", { id: "Plant" }, "GET ArmisDetails"],
  ["webhook", "kaseya create", { id: "9" }, "GET KaseyaVSAXDetails"],
  ["export", "tenable start", {}, "GET Tenable/Status"],
  ["export", "tenable cancel", {}, "GET Tenable/Status"],
];

for (const [verb, target, input, operation] of CHANGES) {
  Deno.test(`/${verb} ${target} says that this HaloPSA has no such module`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail(operation, NO_MODULE);
    assertNoModule(await refusal(changeOf(verb, target).plan(contextOf(fixture), input)), target);
  });
}

function assertNoModule(error: unknown, target: string): void {
  assert.ok(error instanceof BadInput, String(error));
  const label = { armis: "Armis", kaseya: "Kaseya VSA X", tenable: "Tenable" }[target.split(" ")[0] ?? ""];
  assert.match(error.message, new RegExp(`^This HaloPSA has no ${label} module\\.`));
}
