import assert from "node:assert/strict";
import { PRODUCTS } from "../../clients/halo/products.ts";
import { openFixture } from "./halo_fixture.ts";

Deno.test("halo.live hides keys, codes and long hexadecimal texts, and leaves names and ids alone", async () => {
  await using fixture = openFixture();
  const tenable = PRODUCTS.find(({ target }) => target === "tenable");
  assert.ok(tenable);
  const data = JSON.stringify(
    await fixture.client.live({ ...tenable, live: "Tenable" }, fixture.call),
  );
  for (const secret of ["5e9c1f", "linking-key-of-tenable", "AAAA-BBBB-tenable", "0123456789abcdef"]) {
    assert.ok(!data.includes(secret), data);
  }
  for (const shown of ["eu-frankfurt", "6a1f0e5c-93a0-4a0e-9d3e-0f6b1c2d3e4f", "checksum", '"agents":12']) {
    assert.ok(data.includes(shown), data);
  }
});
