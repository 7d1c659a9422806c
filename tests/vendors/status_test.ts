import assert from "node:assert/strict";
import { ANA, GROUP, openDesk } from "../changes/desk.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { PRODUCTS } from "./halo_product.ts";
import { callsOf } from "./vendor_call.ts";

Deno.test("/status halo has all twelve products asked before the first has answered", async () => {
  const everyone = Promise.withResolvers<void>();
  let waiting = 0;
  await using desk = await openDesk({
    async onTheWay(vendor, request, passOn) {
      if (vendor === "HaloPSA" && request.url.includes("Details")) {
        if (++waiting === PRODUCTS.length) everyone.resolve();
        // One after the other, the first would wait for ever.
        await everyone.promise;
      }
      return await passOn();
    },
  });
  desk.telegram.say(ANA, GROUP, "/status halo");
  await desk.telegram.until(() => desk.news().at(-1)?.includes("HaloPSA: 2 of 10 need attention"));
});

Deno.test("/status says when a vendor that is down is tried again, and shows the others meanwhile", async () => {
  let isDown = false;
  await using desk = await openDesk({
    clock: createStillClock(),
    environment: { STATUS_CACHE_TTL: "0" },
    onTheWay: async (vendor, _request, passOn) =>
      vendor === "HaloPSA" && isDown ? new Response(null, { status: 503 }) : await passOn(),
  });
  await desk.say(ANA, "/status halo");
  isDown = true;
  await desk.say(ANA, "/status halo");
  isDown = false;
  desk.halo.calls.length = 0;

  await desk.say(ANA, "/status");
  const shown = desk.news().at(-1) ?? "";
  assert.match(shown, /🔴\s+HaloPSA\s+unreachable, next try in 30 s/);
  assert.match(shown, /HaloPSA: Ask again in 30 s/);
  assert.match(shown, /🟡\s+Bitdefender\s+2 of 14 need action/);
  assert.deepEqual(callsOf(desk).filter(({ call }) => call.includes("Details")), [], "it was not left alone");

  await desk.pass(30_000);
  await desk.say(ANA, "/status");
  assert.match(desk.news().at(-1) ?? "", /🟡\s+HaloPSA\s+2 of 10 need attention/);
});

Deno.test("/status halo is over after ten seconds, however slow HaloPSA is", async () => {
  const asked = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  await using desk = await openDesk({
    async onTheWay(vendor, request, passOn) {
      if (vendor === "HaloPSA" && request.url.includes("Details")) {
        asked.resolve();
        await over.promise;
      }
      return await passOn();
    },
  });
  desk.telegram.say(ANA, GROUP, "/status halo");
  await asked.promise;
  await desk.pass(10_000);
  await desk.telegram.until(() =>
    desk.news().at(-1)?.includes("HaloPSA unreachable: did not answer in time")
  );
  over.resolve();
});

Deno.test("/status halo says at once how long HaloPSA wants to be left alone, if nobody would wait for it", async () => {
  await using desk = await openDesk({
    onTheWay: async (vendor, request, passOn) =>
      vendor === "HaloPSA" && request.url.includes("Details")
        ? new Response(null, { status: 429, headers: { "retry-after": "40" } })
        : await passOn(),
  });
  await desk.say(ANA, "/status halo");
  assert.match(desk.news().at(-1) ?? "", /^🔴 HaloPSA asks us to slow down.*Ask again in 40 s\./s);
});

for (const vendor of ["bitdefender", "apono", "opsramp", "halo", "armis"]) {
  Deno.test(`/status ${vendor} is served again for ten seconds, with its age`, async () => {
    await using desk = await openDesk({ clock: createStillClock() });
    await desk.say(ANA, `/status ${vendor}`);
    const asked = callsOf(desk).length;
    await desk.pass(4_000);
    await desk.say(ANA, `/status ${vendor}`);
    assert.match(desk.news().at(-1) ?? "", /as of .* · 4 s old/);
    assert.equal(callsOf(desk).length, asked);
    await desk.pass(10_000);
    await desk.say(ANA, `/status ${vendor}`);
    assert.equal(callsOf(desk).length, 2 * asked);
  });
}
