import assert from "node:assert/strict";
import { failureOf } from "./calling.ts";
import { CUSTOM, openFixture } from "./opsramp_fixture.ts";

/** How OpsRamp refuses a token with 400: "Unable to authenticate". */
const UNABLE = {
  kind: "status",
  status: 400,
  body: { error: "unauthorized", error_description: "Unable to authenticate" },
} as const;

Deno.test("OpsRampClient takes 400 with an OAuth error for a stale token, and reads again once", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("get", UNABLE);
  assert.equal((await fixture.client.getInstalled(CUSTOM, fixture.call)).id, CUSTOM);
  assert.deepEqual(fixture.asked(), ["token", "get", "token", "get"]);
});

Deno.test("OpsRampClient never sends a write again that was refused with 400 and an OAuth error", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("update", UNABLE);
  const failure = await failureOf(
    fixture.client.updateInstalled(CUSTOM, { displayName: "New" }, fixture.call),
  );
  assert.deepEqual(
    [failure.kind, failure.detail, failure.ambiguous],
    ["credentials_refused", "Unable to authenticate", true],
  );
  assert.deepEqual(fixture.asked(), ["token", "update"]);
});

Deno.test.each([
  [[{ code: "0002", fieldName: "role", message: "No role found" }]],
  [{ code: "0002", message: "Malformed JSON" }],
])("OpsRampClient takes 400 with %o for a refusal and sends a write once", async (body) => {
  await using fixture = openFixture();
  fixture.emulator.fail("update", { kind: "status", status: 400, body });
  const failure = await failureOf(
    fixture.client.updateInstalled(CUSTOM, { displayName: "New" }, fixture.call),
  );
  assert.equal(failure.kind, "rejected");
  assert.deepEqual(fixture.asked(), ["token", "update"]);
});

Deno.test("listInstalled() says that the tenant or the address is wrong when there is nothing to search", async () => {
  await using fixture = openFixture({}, { tenantId: "client_9" });
  for (const asked of ["listInstalled", "probe"] as const) {
    const failure = await failureOf(fixture.client[asked](fixture.call));
    assert.deepEqual(
      [failure.kind, failure.status, failure.detail],
      [
        "unreachable",
        404,
        "there is no such tenant at this address: check OPSRAMP_TENANT_ID and OPSRAMP_API_URL",
      ],
    );
  }
  assert.deepEqual(fixture.asked(), ["token", "unknown", "unknown"], "asked again");
});

Deno.test("updateInstalled() does not know what became of a write that was answered with 408", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("update", { kind: "status", status: 408 });
  const failure = await failureOf(
    fixture.client.updateInstalled(CUSTOM, { displayName: "New" }, fixture.call),
  );
  assert.deepEqual([failure.kind, failure.ambiguous], ["timed_out", true]);
  assert.deepEqual(fixture.asked(), ["token", "update"]);
});
