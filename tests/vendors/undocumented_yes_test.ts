import assert from "node:assert/strict";
import { openFixture, textOf } from "../approvals/fixture.ts";

/** An SDK app stays "Installed" whatever is done to it: all there is to go by is the answer. */
const answers: readonly (readonly [body: unknown, state: string])[] = [
  [undefined, "accepted"],
  [{}, "accepted"],
  [{ id: "INTG-1", status: "Installed" }, "accepted"],
  ["Please come back later", "unknown"],
  [{ status: "error" }, "unknown"],
  [{ success: false }, "unknown"],
  [{ error: { code: "0005", message: "busy" } }, "unknown"],
  [42, "unknown"],
];

for (const [body, state] of answers) {
  Deno.test(`an enable of OpsRamp that is answered with ${JSON.stringify(body)} is ${state}`, async () => {
    await using fixture = await openFixture();
    fixture.opsramp.fail("enable", { kind: "status", status: 200, body });
    const { code, card } = await fixture.carryOut("/enable opsramp vCenter Frankfurt");
    assert.equal(await fixture.state(code), state, textOf(card));
  });
}

Deno.test("a webhook of Kaseya that is answered with words alone is read back", async () => {
  await using fixture = await openFixture();
  fixture.halo.fail("POST KaseyaVSAX/CreateWebhook/{id}", {
    kind: "status",
    status: 200,
    body: "We will look into it",
  });
  const { code, card } = await fixture.carryOut("/webhook kaseya create 2");
  assert.equal(await fixture.state(code), "not applied", textOf(card));
});
