import assert from "node:assert/strict";
import { openFixture, textOf } from "../approvals/fixture.ts";
import type { HaloFault } from "../sandbox/halo/faults.ts";

const WRITE = "POST ArmisDetails";

const LOST: readonly {
  readonly what: string;
  readonly fault: HaloFault;
  readonly awayAfterwards?: true;
  readonly card: RegExp;
}[] = [
  {
    what: "a lost answer to a change that took effect",
    fault: { kind: "apply-then-cut" },
    card: /^✅ Applied: .*\nHaloPSA's answer to the change was lost\. Read back: enableintegrator is false\./,
  },
  {
    what: "a lost answer to a change that did not arrive",
    fault: { kind: "cut" },
    card:
      /^🔴 Not applied: .*\nHaloPSA's answer to the change was lost\. Read back: enableintegrator is true\./,
  },
  {
    what: "a lost answer and nobody to read back from",
    fault: { kind: "status", status: 502 },
    awayAfterwards: true,
    card:
      /^❔ Unknown: .*\nHaloPSA's answer to the change was lost \(502\)\. HaloPSA is not reachable \(503\), so nobody/,
  },
  {
    what: "a refusal by a gateway of a change that it had passed on",
    fault: { kind: "apply-then-401" },
    card: /^✅ Applied: .*\nHaloPSA refused our key \(401\)\. Read back: enableintegrator is false\./,
  },
  {
    what: "a refusal by a gateway of a change that it had not passed on",
    fault: { kind: "status", status: 401 },
    card: /^🔴 Not applied: .*\nHaloPSA refused our key \(401\)\. Read back: enableintegrator is true\./,
  },
  {
    what: "a server error",
    fault: { kind: "apply-then-500" },
    card:
      /^✅ Applied: .*\nHaloPSA answered with an error of its own \(500\)\. HaloPSA said: “Please contact the administrator”\. Read back: /,
  },
  {
    what: "a demand to slow down",
    fault: { kind: "status", status: 429, body: { error: "Rate limit" } },
    card: new RegExp(
      "^🔴 Not applied: .*\\nHaloPSA asks us to slow down \\(429\\)\\. Nothing was changed\\. " +
        "HaloPSA said: “Rate limit”\\. Ask again in 5 s\\.",
    ),
  },
];

for (const { what, fault, awayAfterwards, card } of LOST) {
  Deno.test(`the card of a change tells ${what} as what it is`, async () => {
    let isWritten = false;
    await using fixture = await openFixture({
      async onTheWay(vendor, request, passOn) {
        if (vendor === "HaloPSA" && isWritten && awayAfterwards) return new Response(null, { status: 503 });
        isWritten ||= request.method === "POST" && request.url.includes("ArmisDetails");
        return await passOn();
      },
    });
    fixture.halo.records["ArmisDetails"] = [{ id: 7, name: "Harbour", enableintegrator: true }];
    fixture.halo.fail(WRITE, fault);
    const asked = await fixture.carryOut("/disable armis 7");
    assert.match(textOf(asked.card), card);
    assert.doesNotMatch(textOf(asked.card), /next try/);
    const writes = fixture.halo.calls.filter(({ method, path }) =>
      method === "POST" && path !== "/auth/token"
    );
    assert.equal(writes.length, 1);
  });
}
