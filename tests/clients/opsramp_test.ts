import assert from "node:assert/strict";
import samples from "../sandbox/opsramp/page_samples.json" with { type: "json" };
import { installedSchema, installedUpdate, type Mapping } from "../../clients/opsramp/installed.ts";
import type { Installation } from "../sandbox/opsramp.ts";
import { failureOf } from "./calling.ts";
import { CUSTOM, NIGHT, openFixture, SERVICE_DESK, SMAX, STAGING } from "./opsramp_fixture.ts";

Deno.test("listInstalled() asks for a token once and returns every installation", async () => {
  await using fixture = openFixture();
  const all = await fixture.client.listInstalled(fixture.call);
  assert.equal(all.items.length, 9);
  assert.deepEqual(fixture.asked(), ["token", "search"]);
  assert.deepEqual({ ...fixture.emulator.calls[1]?.query }, {
    pageNo: "1",
    pageSize: "100",
    isDescendingOrder: "false",
    sortName: "name",
  });
  const [token] = fixture.emulator.calls;
  assert.deepEqual({ ...token?.body as object }, {
    grant_type: "client_credentials",
    client_id: "key",
    client_secret: "secret",
  });
});

Deno.test("listInstalled() goes through all pages and keeps one of what moved between them", async () => {
  const installations = Array.from({ length: 250 }, (_, at): Installation => ({
    id: `INTG-${at}`,
    displayName: `n${String(at).padStart(3, "0")}`,
    status: "enabled",
  }));
  await using fixture = openFixture({ installations });
  const all = await fixture.client.listInstalled(fixture.call);
  assert.equal(all.items.length, 250);
  assert.deepEqual(fixture.emulator.calls.slice(1).map(({ query }) => query.pageNo), ["1", "2", "3"]);
});

Deno.test("listInstalled() accepts a bare array and a page number that is missing", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("search", { kind: "status", status: 200, body: [{ id: "INTG-1" }] });
  assert.deepEqual((await fixture.client.listInstalled(fixture.call)).items.map(({ id }) => id), ["INTG-1"]);
  fixture.emulator.fail("search", {
    kind: "status",
    status: 200,
    body: { results: [{ id: "INTG-1" }], nextPage: true },
  });
  fixture.emulator.fail("search", { kind: "status", status: 200, body: { results: [{ id: "INTG-2" }] } });
  assert.deepEqual((await fixture.client.listInstalled(fixture.call)).items.map(({ id }) => id), [
    "INTG-1",
    "INTG-2",
  ]);
  assert.equal(fixture.emulator.calls.at(-1)?.query.pageNo, "2");
});

Deno.test("listInstalled() stops at a server that names the same page again", async () => {
  await using fixture = openFixture();
  const body = { results: [{ id: "INTG-1" }], pageNo: 1, nextPage: true, nextPageNo: 1 };
  fixture.emulator.fail("search", { kind: "status", status: 200, body }, 5);
  assert.equal((await fixture.client.listInstalled(fixture.call)).items.length, 1);
  assert.deepEqual(fixture.asked(), ["token", "search"]);
});

Deno.test("probe() reads one record to count them all", async () => {
  await using fixture = openFixture();
  assert.equal((await fixture.client.probe(fixture.call)).count, 9);
  assert.equal(fixture.emulator.calls.at(-1)?.query.pageSize, "1");
});

Deno.test("getInstalled() reads a record that says nothing but its id", async () => {
  await using fixture = openFixture({ installations: [{ id: "INTG-1" }] });
  const one = await fixture.client.getInstalled("INTG-1", fixture.call);
  assert.equal(one.id, "INTG-1");
  assert.equal(one.displayName, undefined);
  assert.equal(one.inboundConfig, undefined);
});

Deno.test("getInstalled() reads both spellings, drops what it does not know, and counts a pair once", async () => {
  await using fixture = openFixture();
  const pairs = [
    { attrValue: "Ok", tenantAttrValue: "good" },
    { attrValue: "Ok", thirdPartyAttrValue: "good" },
  ];
  const entry = {
    name: "Status",
    entityType: "INCIDENT",
    tenantAttrName: "stats",
    tenantEntityType: "Ticket",
  };
  fixture.emulator.fail("get", {
    kind: "status",
    status: 200,
    body: {
      id: "INTG-1",
      unknown: { deep: 1 },
      displayName: null,
      inboundConfig: { mapAttributes: [{ ...entry, attrValues: pairs }] },
      outboundConfig: {
        notifier: { baseURI: "u", accessTokenURI: "t", password: "leak" },
        mapAttributes: null,
      },
    },
  });
  const one = await fixture.client.getInstalled("INTG-1", fixture.call);
  assert.deepEqual(one.inboundConfig?.mapAttributes, [{
    entityType: "INCIDENT",
    name: "Status",
    thirdPartyEntityType: "Ticket",
    thirdPartyAttrName: "stats",
    attrValues: [{ attrValue: "Ok", thirdPartyAttrValue: "good" }],
  }]);
  assert.equal(one.outboundConfig?.baseNotifier?.accessTokenURL, "t");
  assert.ok(!JSON.stringify(one).includes("leak"));
  assert.ok(!("unknown" in one));
});

for (const notFoundStatus of [500, 404] as const) {
  Deno.test(`getInstalled() calls a missing integration not found, which the vendor answers with ${notFoundStatus}`, async () => {
    await using fixture = openFixture({ notFoundStatus });
    const failure = await failureOf(fixture.client.getInstalled("INTG-nowhere", fixture.call));
    assert.equal(failure.kind, "not_found");
    assert.equal(failure.ambiguous, false);
    assert.deepEqual(fixture.asked(), ["token", "get"], "asked again");
  });
}

Deno.test("updateInstalled() calls a missing integration not found and certain", async () => {
  await using fixture = openFixture();
  const failure = await failureOf(
    fixture.client.updateInstalled("INTG-nowhere", { displayName: "x" }, fixture.call),
  );
  assert.deepEqual([failure.kind, failure.ambiguous], ["not_found", false]);
});

Deno.test("switchInstalled() posts without a body and takes an empty answer", async () => {
  await using fixture = openFixture();
  await fixture.client.switchInstalled(STAGING, true, fixture.call);
  assert.equal((await fixture.client.getInstalled(STAGING, fixture.call)).status, "enabled");
  await fixture.client.switchInstalled(STAGING, false, fixture.call);
  assert.equal((await fixture.client.getInstalled(STAGING, fixture.call)).status, "disabled");
  const writes = fixture.emulator.calls.filter(({ method, operation }) =>
    method === "POST" && operation !== "token"
  );
  assert.deepEqual(writes.map(({ path, body }) => [path.split("/").at(-1), body]), [["enable", ""], [
    "disable",
    "",
  ]]);
});

Deno.test("updateInstalled() sends thirdParty*, baseNotifier and accessTokenURL, whichever spelling is written", async () => {
  await using fixture = openFixture();
  const update = installedUpdate.parse({
    outboundConfig: {
      notifier: {
        type: "REST_API",
        baseURI: "www.example.com",
        authType: "oauth2",
        grantType: "CLIENT_CREDENTIALS",
        apiKey: "k",
        apiSecret: "s",
        accessTokenURI: "www.token.com",
      },
      mapAttributes: [{
        name: "Status",
        entityType: "incident",
        tenantAttrName: "stats",
        tenantEntityType: "Ticket",
        attrValues: [{ attrValue: "New", tenantAttrValue: "fresh" }],
      }],
    },
  });
  await fixture.client.updateInstalled(SERVICE_DESK, update, fixture.call);
  assert.deepEqual(fixture.written()?.body, {
    outboundConfig: {
      mapAttributes: [{
        entityType: "INCIDENT",
        name: "Status",
        thirdPartyEntityType: "Ticket",
        thirdPartyAttrName: "stats",
        attrValues: [{ attrValue: "New", thirdPartyAttrValue: "fresh" }],
      }],
      baseNotifier: {
        type: "REST_API",
        baseURI: "www.example.com",
        authType: "OAUTH2",
        grantType: "CLIENT_CREDENTIALS",
        apiKey: "k",
        apiSecret: "s",
        accessTokenURL: "www.token.com",
      },
    },
  });
});

Deno.test("installedUpdate refuses a name that the vendor would ignore", () => {
  for (const wrong of [{ displayname: "x" }, { outboundConfig: { baseNotifier: { passwort: "x" } } }]) {
    assert.equal(installedUpdate.safeParse(wrong).success, false);
  }
});

/** Where each sample begins: the page's replies show what had been stored before. */
const STARTS: readonly string[] = [CUSTOM, SERVICE_DESK, SERVICE_DESK, SERVICE_DESK, SERVICE_DESK, SMAX];

for (const [at, { title, request, response }] of samples.entries()) {
  Deno.test(`updateInstalled() understands the page's reply to ${title}`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail("update", { kind: "status", status: 200, body: response });
    const reply = await fixture.client.updateInstalled(CUSTOM, installedUpdate.parse(request), fixture.call);
    assert.deepEqual(reply, installedSchema.parse(response));
    assert.equal(reply.id, response.id);
    const { inboundConfig: inbound } = response;
    if (inbound) assert.equal(reply.inboundConfig?.authentication?.token, inbound.authentication.token);
  });

  Deno.test(`updateInstalled() makes the emulator store what the page shows for ${title}`, async () => {
    await using fixture = openFixture();
    const update = installedUpdate.parse(request);
    const reply = await fixture.client.updateInstalled(STARTS[at] ?? "", update, fixture.call);
    const page = installedSchema.parse(response);
    assert.deepEqual(sorted(reply.inboundConfig?.mapAttributes), sorted(page.inboundConfig?.mapAttributes));
    assert.deepEqual(sorted(reply.outboundConfig?.mapAttributes), sorted(page.outboundConfig?.mapAttributes));
    assert.deepEqual(reply.outboundConfig?.baseNotifier, page.outboundConfig?.baseNotifier);
    assert.equal(
      reply.inboundConfig?.authentication?.authType,
      page.inboundConfig?.authentication?.authType,
    );
  });
}

/** The vendor changes the order of entries, and keeps the spelling that it saw first. */
function sorted(mappings: readonly Mapping[] = []): readonly string[] {
  return mappings.map((one) => JSON.stringify(one).toLowerCase()).sort();
}

Deno.test("updateInstalled() stores a pair twice when it is sent twice, as the vendor does", async () => {
  await using fixture = openFixture();
  const { request } = samples[3]!;
  await fixture.client.updateInstalled(SERVICE_DESK, installedUpdate.parse(request), fixture.call);
  const stored = fixture.emulator.installations.find(({ id }) => id === SERVICE_DESK);
  const words = stored?.outboundConfig?.mapAttributes?.[0]?.attrValues.map(({ attrValue }) => attrValue);
  assert.deepEqual(words, ["Ok", "Critical", "Ok", "Critical"]);
});

Deno.test("OpsRampClient finds the other token address once and keeps a path in front of it", async () => {
  await using fixture = openFixture({
    prefix: "/ops",
    tokenPaths: ["/tenancy/auth/oauth/token"],
    tokenLifeSeconds: 20,
  });
  await fixture.client.probe(fixture.call);
  fixture.clock.advance(30_000);
  await fixture.client.probe(fixture.call);
  const paths = fixture.emulator.calls.map(({ path }) => path).filter((path) => path.endsWith("token"));
  assert.deepEqual(paths, [
    "/ops/auth/oauth/token",
    "/ops/tenancy/auth/oauth/token",
    "/ops/tenancy/auth/oauth/token",
  ]);
});

for (const expiredStatus of [401, 407] as const) {
  Deno.test(`OpsRampClient renews a token that is refused with ${expiredStatus} once for many callers`, async () => {
    await using fixture = openFixture({ expiredStatus });
    await fixture.client.probe(fixture.call);
    fixture.emulator.expireTokens();
    const ids = fixture.emulator.installations.map(({ id }) => id);
    const all = await Promise.all(ids.map((id) => fixture.client.getInstalled(id, fixture.call)));
    assert.equal(all.length, 9);
    assert.equal(fixture.asked().filter((operation) => operation === "token").length, 2);
  });

  Deno.test(`OpsRampClient never sends a write again that was refused with ${expiredStatus}`, async () => {
    await using fixture = openFixture({ expiredStatus });
    await fixture.client.probe(fixture.call);
    fixture.emulator.expireTokens();
    const failure = await failureOf(fixture.client.switchInstalled(SERVICE_DESK, false, fixture.call));
    assert.deepEqual([failure.kind, failure.ambiguous], ["credentials_refused", true]);
    await fixture.client.getInstalled(SERVICE_DESK, fixture.call);
    assert.deepEqual(fixture.asked(), ["token", "search", "disable", "token", "get"]);
  });

  Deno.test(`OpsRampClient writes with a new token where ${expiredStatus} would refuse an old one`, async () => {
    await using fixture = openFixture({ expiredStatus });
    await fixture.client.probe(fixture.call);
    fixture.emulator.expireTokens();
    fixture.clock.advance(60_001);
    await fixture.client.switchInstalled(SERVICE_DESK, false, fixture.call);
    assert.deepEqual(fixture.asked(), ["token", "search", "token", "disable"]);
  });

  Deno.test(`OpsRampClient says that the credentials are refused when ${expiredStatus} comes again`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail(
      "get",
      { kind: "status", status: expiredStatus, body: { error: "invalid_token" } },
      3,
    );
    const failure = await failureOf(fixture.client.getInstalled(CUSTOM, fixture.call));
    assert.deepEqual([failure.kind, failure.status], ["credentials_refused", expiredStatus]);
    assert.deepEqual(fixture.asked(), ["token", "get", "token", "get"]);
  });
}

Deno.test("OpsRampClient says that the credentials are refused, without repeating them", async () => {
  await using fixture = openFixture({}, { clientSecret: "wrong-secret-value" });
  const failure = await failureOf(fixture.client.listInstalled(fixture.call));
  assert.deepEqual([failure.kind, failure.detail], ["credentials_refused", "Bad API credentials"]);
  assert.ok(!Deno.inspect(failure, { depth: 9 }).includes("wrong-secret-value"));
  assert.deepEqual(fixture.asked(), ["token"]);
});

for (const quote of ["", '"']) {
  Deno.test(`OpsRampClient waits until X-RateLimit-Reset${quote && ", in quotes,"} and asks again`, async () => {
    await using fixture = openFixture();
    const headers = {
      "X-RateLimit-Reset": `${quote}${NIGHT / 1_000 + 12}${quote}`,
      "X-RateLimit-Remaining": `${quote}0${quote}`,
    };
    fixture.emulator.fail("search", { kind: "status", status: 429, body: { error: "throttled" }, headers });
    await fixture.client.probe(fixture.call);
    assert.deepEqual(fixture.asked(), ["token", "search", "search"]);
    assert.ok(
      fixture.clock.now() - NIGHT >= 13_000 && fixture.clock.now() - NIGHT < 14_000,
      `${fixture.clock.slept}`,
    );
  });
}

Deno.test("OpsRampClient waits a second when the reset has passed by our clock", async () => {
  await using fixture = openFixture();
  const headers = { "X-RateLimit-Reset": String(NIGHT / 1_000 - 300), "X-RateLimit-Remaining": "0" };
  fixture.emulator.fail("search", { kind: "status", status: 429, body: { error: "throttled" }, headers });
  await fixture.client.probe(fixture.call);
  assert.ok(fixture.clock.now() - NIGHT < 2_000, `${fixture.clock.slept}`);
});

Deno.test("OpsRampClient says how long when the reset is too far away to wait", async () => {
  await using fixture = openFixture();
  const headers = { "X-RateLimit-Reset": String(NIGHT / 1_000 + 50), "X-RateLimit-Remaining": "0" };
  fixture.emulator.fail("search", { kind: "status", status: 429, body: { error: "throttled" }, headers });
  const failure = await failureOf(fixture.client.listInstalled(fixture.call));
  assert.deepEqual([failure.kind, failure.retryAfterMs], ["rate_limited", 51_000]);
});

Deno.test("OpsRampClient keeps to the vendor's own limit when a minute's searches are spent", async () => {
  await using fixture = openFixture({ rates: { get: 500, search: 2, write: 50 } });
  fixture.clock.advance(45_000);
  for (let count = 0; count < 3; count++) await fixture.client.probe(fixture.call);
  assert.deepEqual(fixture.asked(), ["token", "search", "search", "search", "search"]);
  assert.ok(fixture.clock.now() >= NIGHT + 60_000);
});

const CODE_5 = { code: "0005", message: "previous resources not fully ready" };
const NO_ROLE = { code: "0003", message: "No resource found with UUID : ROLE-1" };

const REFUSALS: readonly (readonly [status: number, body: unknown, kind: string, ambiguous: boolean])[] = [
  [500, CODE_5, "unexpected_reply", true],
  [500, NO_ROLE, "rejected", false],
  [400, [], "rejected", false],
  [410, undefined, "rejected", false],
];

for (const [status, body, kind, ambiguous] of REFUSALS) {
  Deno.test(`updateInstalled() sends a write once and reports ${kind} after ${status} ${JSON.stringify(body) ?? ""}`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail("update", { kind: "status", status, body });
    const failure = await failureOf(
      fixture.client.updateInstalled(CUSTOM, { displayName: "New" }, fixture.call),
    );
    assert.deepEqual([failure.kind, failure.ambiguous], [kind, ambiguous]);
    assert.deepEqual(fixture.asked(), ["token", "update"]);
  });
}

Deno.test("getInstalled() says that the tenant is deactivated instead of calling the integration gone", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("get", { kind: "status", status: 410 });
  const failure = await failureOf(fixture.client.getInstalled(CUSTOM, fixture.call));
  assert.deepEqual([failure.kind, failure.detail], ["rejected", "the tenant is unavailable or deactivated"]);
});

Deno.test("updateInstalled() repeats what the vendor objects to, field by field", async () => {
  await using fixture = openFixture();
  const update = {
    outboundConfig: { baseNotifier: { type: "REST_API" as const, authType: "OAUTH2" as const } },
  };
  const failure = await failureOf(fixture.client.updateInstalled(CUSTOM, update, fixture.call));
  assert.equal(failure.kind, "rejected");
  assert.match(
    failure.detail ?? "",
    /^baseURI: baseURI is mandatory; grantType: grantType is mandatory; /,
  );
});

Deno.test("getInstalled() reads again soon after a 503, whose rate-limit headers say nothing about it", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("get", { kind: "status", status: 503 }, 2);
  assert.equal((await fixture.client.getInstalled(CUSTOM, fixture.call)).id, CUSTOM);
  assert.deepEqual(fixture.asked(), ["token", "get", "get", "get"]);
  assert.ok(fixture.clock.now() - NIGHT < 2_000, `${fixture.clock.slept}`);
});
