import assert from "node:assert/strict";
import { ANA, GROUP, openFixture } from "../approvals/fixture.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { PRODUCTS } from "./halo_product.ts";
import { callsOf } from "./vendor_call.ts";

Deno.test("/status halo has all twelve products asked before the first has answered", async () => {
  const everyone = Promise.withResolvers<void>();
  let waiting = 0;
  await using fixture = await openFixture({
    async onTheWay(vendor, request, passOn) {
      if (vendor === "HaloPSA" && request.url.includes("Details")) {
        if (++waiting === PRODUCTS.length) everyone.resolve();
        // One after the other, the first would wait for ever.
        await everyone.promise;
      }
      return await passOn();
    },
  });
  fixture.telegram.say(ANA, GROUP, "/status halo");
  await fixture.telegram.until(() =>
    fixture.groupAnswers().at(-1)?.includes("HaloPSA: 2 of 10 need attention")
  );
});

Deno.test("/status says when a vendor that is down is tried again, and shows the others meanwhile", async () => {
  let isDown = false;
  await using fixture = await openFixture({
    clock: createStillClock(),
    environment: { STATUS_CACHE_TTL: "0" },
    onTheWay: async (vendor, _request, passOn) =>
      vendor === "HaloPSA" && isDown ? new Response(null, { status: 503 }) : await passOn(),
  });
  await fixture.say(ANA, "/status halo");
  isDown = true;
  await fixture.say(ANA, "/status halo");
  isDown = false;
  fixture.halo.calls.length = 0;

  await fixture.say(ANA, "/status");
  const shown = fixture.groupAnswers().at(-1) ?? "";
  assert.match(shown, /🔴\s+HaloPSA\s+unreachable, next try in 30 s/);
  assert.match(shown, /HaloPSA: Ask again in 30 s/);
  assert.match(shown, /🟡\s+Bitdefender\s+2 of 14 need action/);
  assert.deepEqual(
    callsOf(fixture).filter(({ call }) => call.includes("Details")),
    [],
    "it was not left alone",
  );

  await fixture.pass(30_000);
  await fixture.say(ANA, "/status");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /🟡\s+HaloPSA\s+2 of 10 need attention/);
});

Deno.test("/status halo is over after ten seconds, however slow HaloPSA is", async () => {
  const asked = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  await using fixture = await openFixture({
    async onTheWay(vendor, request, passOn) {
      if (vendor === "HaloPSA" && request.url.includes("Details")) {
        asked.resolve();
        await over.promise;
      }
      return await passOn();
    },
  });
  fixture.telegram.say(ANA, GROUP, "/status halo");
  await asked.promise;
  await fixture.pass(10_000);
  await fixture.telegram.until(() =>
    fixture.groupAnswers().at(-1)?.includes("HaloPSA unreachable: did not answer in time")
  );
  over.resolve();
});

Deno.test("/status halo says at once how long HaloPSA wants to be left alone, if nobody would wait for it", async () => {
  await using fixture = await openFixture({
    onTheWay: async (vendor, request, passOn) =>
      vendor === "HaloPSA" && request.url.includes("Details")
        ? new Response(null, { status: 429, headers: { "retry-after": "40" } })
        : await passOn(),
  });
  await fixture.say(ANA, "/status halo");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🔴 HaloPSA asks us to slow down.*Ask again in 40 s\./s);
});

for (const vendor of ["bitdefender", "apono", "opsramp", "halo", "armis"]) {
  Deno.test(`/status ${vendor} is served again for ten seconds, with its age`, async () => {
    await using fixture = await openFixture({ clock: createStillClock() });
    await fixture.say(ANA, `/status ${vendor}`);
    const asked = callsOf(fixture).length;
    await fixture.pass(4_000);
    await fixture.say(ANA, `/status ${vendor}`);
    assert.match(fixture.groupAnswers().at(-1) ?? "", /as of .* · 4 s old/);
    assert.equal(callsOf(fixture).length, asked);
    await fixture.pass(10_000);
    await fixture.say(ANA, `/status ${vendor}`);
    assert.equal(callsOf(fixture).length, 2 * asked);
  });
}
