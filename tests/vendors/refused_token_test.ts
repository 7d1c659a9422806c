import assert from "node:assert/strict";
import { ANA, openFixture } from "../approvals/fixture.ts";

/** As some servers of HaloPSA refuse a token that has run out. */
const EXPIRED = [
  { error: "invalid_token", error_description: "The access token expired" },
  { Message: "Session has ended, log in again" },
  "Your session is no longer valid.",
];

for (const words of EXPIRED) {
  Deno.test(`a read goes on with a new token after HaloPSA said with 400: ${JSON.stringify(words)}`, async () => {
    let refused = 0;
    await using fixture = await openFixture({
      onTheWay: async (vendor, request, passOn) =>
        vendor === "HaloPSA" && request.url.includes("ArmisDetails") && refused++ === 0
          ? Response.json(words, { status: 400 })
          : await passOn(),
    });
    await fixture.say(ANA, "/status armis");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /^🟢 Armis: 1 of 1 syncing/);
    assert.equal(fixture.halo.calls.filter(({ path }) => path === "/auth/token").length, 2);
  });
}

Deno.test("Apono's 419 is a refusal of the key", async () => {
  await using fixture = await openFixture({
    onTheWay: async (vendor, _request, passOn) =>
      vendor === "Apono" ? new Response(null, { status: 419 }) : await passOn(),
  });
  await fixture.say(ANA, "/list apono");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /^🔴 Apono unreachable: refused our key \(419\)[^]*check APONO_API_TOKEN/,
  );
});
