import fc from "fast-check";
import assert from "node:assert/strict";
import {
  allConfiguredIntegrations,
  BitdefenderClient,
  type BitdefenderOptions,
} from "../../clients/bitdefender.ts";
import { within } from "../../clients/json.ts";
import type { CallEvent } from "../../clients/http/contract.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import { createGravityZone, type GravityZone, type GravityZoneOptions } from "../sandbox/gravityzone.ts";
import { company, generateIntegrations, ids, northwind, vmware } from "../sandbox/gravityzone/northwind.ts";
import { ec2Of } from "../sandbox/gravityzone/world.ts";
import { serve } from "../sandbox/serve.ts";
import { failureOf, patient } from "./calling.ts";

const KEY = "k3y-that-must-not-show";
const MARCH_2026 = Date.UTC(2026, 2, 14, 3, 12);
const ROLE = "arn:aws:iam::111222345123:role/test";

interface HandlerFixture extends AsyncDisposable {
  readonly client: BitdefenderClient;
  readonly vendor: GravityZone;
  readonly clock: FakeClock;
  readonly url: string;
}

function handlerFixture(
  { vendor: vendorOptions, ...options }: Partial<BitdefenderOptions> & { vendor?: GravityZoneOptions } = {},
): HandlerFixture {
  const clock = createFakeClock({ start: MARCH_2026 });
  const vendor = createGravityZone({ world: northwind(MARCH_2026, KEY), now: clock.now, ...vendorOptions });
  const served = serve(vendor.fetch);
  const url = `${served.url}${vendorOptions?.prefix ?? "/api"}`;
  return {
    client: new BitdefenderClient({ apiUrl: url, apiKey: KEY, clock, ...options }),
    vendor,
    clock,
    url,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

Deno.test("getConfiguredIntegrations answers one page of the key's own company", async () => {
  await using at = handlerFixture();
  const page = await at.client.getConfiguredIntegrations({ page: 1, perPage: 2 }, patient());
  assert.equal(page.total, 14);
  assert.deepEqual(
    page.data.items.map(({ name, status, company }) => [name, status, within(company, "name")]),
    [
      ["vcenter-eu", 3, "Northwind MSP"],
      ["vcenter-us", 6, "Northwind MSP"],
    ],
  );
  assert.deepEqual(at.vendor.calls[0]?.params, { page: 1, perPage: 2 });
});

Deno.test("getConfiguredIntegrations shares what is asked at the same time, and asks anew afterwards", async () => {
  await using at = handlerFixture();
  const pages = await Promise.all(
    [1, 1, 2].map((page) => at.client.getConfiguredIntegrations({ page, perPage: 2 }, patient())),
  );
  assert.deepEqual(pages.map(({ page }) => page), [1, 1, 2]);
  await at.client.getConfiguredIntegrations({ page: 1, perPage: 2 }, patient());
  assert.deepEqual(
    at.vendor.calls.map(({ params }) => params),
    [1, 2, 1].map((page) => ({ page, perPage: 2 })),
  );
});

Deno.test("getConfiguredIntegrations keeps allow-listed fields only and tolerates the rest", async () => {
  await using at = handlerFixture();
  const odd = vmware("679b6952a5d00afed203cbd7", "odd", 9);
  Object.assign(odd, { password: "hunter2" });
  odd.specifics["password"] = "hunter2";
  odd.type = 4;
  at.vendor.world.integrations.set(ids.northwind, [odd]);
  const { data } = await at.client.getConfiguredIntegrations({}, patient());
  assert.equal(JSON.stringify(data).includes("hunter2"), false);
  assert.deepEqual(data.items.map(({ type, status }) => [type, status]), [[4, 9]]);
});

Deno.test("getConfiguredIntegrations is refused for a page over 100 and for a company it may not see", async () => {
  await using at = handlerFixture();
  const { client } = at;
  const tooLong = await failureOf(client.getConfiguredIntegrations({ perPage: 101 }, patient()));
  assert.deepEqual([tooLong.kind, tooLong.detail, tooLong.ambiguous], [
    "rejected",
    "Invalid value for 'perPage'",
    false,
  ]);
  const stranger = await failureOf(
    client.getConfiguredIntegrations({ companyId: "f".repeat(24) }, patient()),
  );
  assert.deepEqual([stranger.kind, stranger.detail], ["rejected", "Invalid value for 'companyId'"]);
});

Deno.test("getHourlyUsageForAmazonEC2Instances answers hours by category, for this month unless told", async () => {
  await using at = handlerFixture();
  const companyId = ids.acmeCorp;
  ec2Of(at.vendor.world, companyId).usage.set("02/2026", { large: 3.5 });
  const now = await at.client.getHourlyUsageForAmazonEC2Instances({ companyId }, patient());
  const before = await at.client.getHourlyUsageForAmazonEC2Instances(
    { companyId, targetMonth: "02/2026" },
    patient(),
  );
  const refused = await failureOf(
    at.client.getHourlyUsageForAmazonEC2Instances({ companyId, targetMonth: "2/2026" }, patient()),
  );
  assert.deepEqual([now, before, refused.kind], [{ micro: 11, medium: 157 }, { large: 3.5 }, "rejected"]);
});

Deno.test("getHourlyUsageForAmazonEC2Instances takes an empty list for no hours", async () => {
  await using served = serve(answering([]));
  const client = clientAt(`${served.url}/api`, createFakeClock());
  assert.deepEqual(await client.getHourlyUsageForAmazonEC2Instances({}, patient()), {});
});

Deno.test("configureAmazonEC2Integration sends the keys and answers nothing", async () => {
  await using at = handlerFixture();
  const params = {
    companyId: ids.globex,
    keyId: "AKIAIHEBSE2JFZ6CAAAA",
    keySecret: "s3cret-of-aws-1234567890",
  };
  assert.equal(await at.client.configureAmazonEC2Integration(params, patient()), null);
  const configured = at.vendor.world.ec2.get(ids.globex)?.configured;
  assert.ok(configured?.by === "keys");
  assert.deepEqual([configured.keyId, configured.keySecret], [params.keyId, params.keySecret]);
});

Deno.test("configureAmazonEC2Integration never shows the secret that the vendor quotes back", async () => {
  await using at = handlerFixture();
  const keySecret = "s3cret-of-aws-1234567890";
  at.vendor.faults.next("configureAmazonEC2Integration", {
    error: { code: -32602, message: "Invalid params", details: `Wrong keySecret ${keySecret} for ${KEY}` },
  });
  const params = { companyId: ids.globex, keyId: "AKIAIHEBSE2JFZ6CAAAA", keySecret };
  const failure = await failureOf(at.client.configureAmazonEC2Integration(params, patient()));
  assert.equal(failure.kind, "rejected");
  assert.doesNotMatch(Deno.inspect(failure, { depth: 9 }), /s3cret-of-aws|k3y-that/);
});

Deno.test("configureAmazonEC2IntegrationUsingCrossAccountRole takes a role and refuses what is none", async () => {
  await using at = handlerFixture();
  const configure: typeof at.client.configureAmazonEC2IntegrationUsingCrossAccountRole = (params, call) =>
    at.client.configureAmazonEC2IntegrationUsingCrossAccountRole(params, call);
  assert.equal(await configure({ companyId: ids.acmeLabs, crossAccountRoleArn: ROLE }, patient()), null);
  assert.equal(at.vendor.world.ec2.get(ids.acmeLabs)?.configured?.accountId, "111222345123");
  const user = "arn:aws:iam::111222345123:user/test";
  const refused = await failureOf(
    configure({ companyId: ids.acmeLabs, crossAccountRoleArn: user }, patient()),
  );
  assert.deepEqual([refused.kind, refused.ambiguous], ["rejected", false]);
  const untrusted = await failureOf(
    configure({ companyId: ids.initech, crossAccountRoleArn: ROLE }, patient()),
  );
  assert.equal(untrusted.detail, "No External ID was generated for this company.");
});

Deno.test("generateAmazonEC2ExternalId… answers a new id and ends the integration that exists", async () => {
  await using at = handlerFixture();
  const companyId = ids.acmeCorp;
  const before = await at.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, patient());
  const made = await at.client.generateAmazonEC2ExternalIdForCrossAccountRole({ companyId }, patient());
  const after = await at.client.getAmazonEC2ExternalIdForCrossAccountRole({ companyId }, patient());
  assert.equal(before, "5e93f474a30a2db85dd6046d6d5fg188");
  assert.notEqual(made, before);
  assert.equal(after, made);
  const left = await at.client.getCompanyDetailsByAWSAccountId({ accountId: "111222345123" }, patient());
  assert.deepEqual(left.items, []);
});

Deno.test("getAmazonEC2ExternalIdForCrossAccountRole takes null for data", async () => {
  await using at = handlerFixture();
  const none = await at.client.getAmazonEC2ExternalIdForCrossAccountRole(
    { companyId: ids.initech },
    patient(),
  );
  assert.equal(none, null);
});

Deno.test("disableAmazonEC2Integration ends the integration", async () => {
  await using at = handlerFixture();
  assert.equal(await at.client.disableAmazonEC2Integration({ companyId: ids.acmeCorp }, patient()), null);
  assert.equal(at.vendor.world.ec2.get(ids.acmeCorp)?.configured, null);
});

for (const nothing of ["null", "true", "absent"] as const) {
  Deno.test(`what answers no value is a yes without an error, be it ${nothing}`, async () => {
    await using at = handlerFixture();
    at.vendor.world.nothing = nothing;
    const companyId = ids.acmeCorp;
    const done = [
      await at.client.configureAmazonEC2Integration(
        { companyId, keyId: "AKIAIHEBSE2JFZ6CAAAA", keySecret: "s3cret-of-aws-1234567890" },
        patient(),
      ),
      await at.client.configureAmazonEC2IntegrationUsingCrossAccountRole(
        { companyId, crossAccountRoleArn: ROLE },
        patient(),
      ),
      await at.client.disableAmazonEC2Integration({ companyId }, patient()),
    ];
    assert.deepEqual(done, [null, null, null]);
  });
}

Deno.test("what answers no value is no yes without an envelope, or with another request's", async () => {
  await using at = handlerFixture();
  for (const body of ["", "<html>Log in</html>", {}, { jsonrpc: "2.0", result: true }]) {
    at.vendor.faults.next("disableAmazonEC2Integration", { status: 200, body });
    const failure = await failureOf(at.client.disableAmazonEC2Integration({}, patient()));
    assert.deepEqual([failure.kind, failure.ambiguous], ["unexpected_reply", true]);
  }
});

Deno.test("getCompanyDetailsByAWSAccountId answers at most 25 companies", async () => {
  await using at = handlerFixture();
  for (let index = 0; index < 30; index++) {
    const id = index.toString(16).padStart(24, "a");
    at.vendor.world.companies.set(id, company(id, `Branch ${index}`));
    ec2Of(at.vendor.world, id).configured = { by: "role", roleArn: ROLE, accountId: "999888777666" };
  }
  const found = await at.client.getCompanyDetailsByAWSAccountId({ accountId: "999888777666" }, patient());
  assert.equal(found.items.length, 25);
  assert.equal(within(found.items[0]?.contactPerson, "fullName"), "Dana Ionescu");
});

Deno.test("findCompaniesByName matches the start, and any part after an asterisk", async () => {
  await using at = handlerFixture();
  const names = async (nameFilter: string, maxResults?: number) =>
    (await at.client.findCompaniesByName({ nameFilter, maxResults }, patient())).items.map(({ name }) =>
      name
    );
  assert.deepEqual(await names("acme"), ["Acme Corp", "Acme Corporation", "Acme Labs"]);
  assert.deepEqual(await names("corp"), []);
  assert.deepEqual(await names("*corp"), ["Acme Corp", "Acme Corporation"]);
  assert.deepEqual(await names("*corp", 1), ["Acme Corp"]);
});

Deno.test("getCompanyDetails without an id answers the key's own company", async () => {
  await using at = handlerFixture();
  const own = await at.client.getCompanyDetails({}, patient());
  assert.deepEqual([own.id, own.name, own.type], [ids.northwind, "Northwind MSP", 0]);
  assert.deepEqual(at.vendor.calls[0]?.params, {});
});

Deno.test("getCompaniesList answers one level and sends nothing it was not given", async () => {
  await using at = handlerFixture();
  const list = await at.client.getCompaniesList({}, patient());
  assert.deepEqual(list.items.map(({ name }) => name), [
    "Acme Corp",
    "Acme Corporation",
    "Acme Labs",
    "Globex",
    "Initech",
  ]);
  assert.equal(
    (await failureOf(at.client.getCompaniesList({ parentId: ids.globex }, patient()))).detail,
    "Invalid value for 'parentId'",
  );
});

Deno.test("getApiKeyDetails tells the areas of the key", async () => {
  await using at = handlerFixture();
  const { enabledApis } = await at.client.getApiKeyDetails({}, patient());
  assert.deepEqual(enabledApis, ["companies", "licensing", "network", "integrations"]);
});

Deno.test("createBitdefender takes an Access URL with a path and trailing slashes", async () => {
  await using at = handlerFixture({ vendor: { prefix: "/gz/eu/api" } });
  const client = clientAt(`${at.url}//`, at.clock);
  assert.equal((await client.getCompanyDetails({}, patient())).name, "Northwind MSP");
});

Deno.test("createBitdefender reports every call without its parameters", async () => {
  const events: CallEvent[] = [];
  await using at = handlerFixture({ onCall: (event) => events.push(event) });
  await at.client.disableAmazonEC2Integration({ companyId: ids.globex }, patient());
  assert.deepEqual(
    events.map(({ vendor, operation, write, outcome }) => [vendor, operation, write, outcome]),
    [["GravityZone", "disableAmazonEC2Integration", true, "ok"]],
  );
});

Deno.test("createBitdefender tells a wrong key from a key without the area", async () => {
  await using at = handlerFixture();
  const wrong = new BitdefenderClient({ apiUrl: at.url, apiKey: "another-wrong-key", clock: at.clock });
  const stranger = await failureOf(wrong.getCompanyDetails({}, patient()));
  assert.deepEqual([stranger.kind, stranger.status], ["credentials_refused", 401]);
  assert.equal(stranger.detail, "Invalid API key. Please generate an API key in Control Center.");
  at.vendor.world.apiKey.enabledApis.splice(0, 1);
  const narrow = await failureOf(at.client.getCompanyDetails({}, patient()));
  assert.deepEqual([narrow.kind, narrow.status], ["rights_refused", 403]);
});

const insideHttp200: readonly (readonly [code: number, details: string, kind: string])[] = [
  [-32000, "Something is missing", "rejected"],
  [-32000, "", "unexpected_reply"],
  [-32000, "Invalid API key. Please generate an API key in Control Center.", "credentials_refused"],
  [-32001, "the API key is not licensed for the Companies API", "rights_refused"],
  [-32002, "No such company", "not_found"],
  [-32003, "API requests limit exceeded.", "rate_limited"],
  [-32600, "Missing 'id'.", "rejected"],
  [-32601, "The selected API is not available.", "not_offered"],
  [-32602, "Invalid value for 'companyId'", "rejected"],
  [-32603, "Internal error", "unexpected_reply"],
  [-31999, "Something new", "unexpected_reply"],
];

for (const [code, details, kind] of insideHttp200) {
  Deno.test(`createBitdefender takes the error ${code} "${details}" inside HTTP 200 for ${kind}`, async () => {
    await using at = handlerFixture();
    at.vendor.faults.next("disableAmazonEC2Integration", { error: { code, message: "Oops", details } });
    const failure = await failureOf(at.client.disableAmazonEC2Integration({}, patient()));
    assert.deepEqual([failure.kind, failure.detail, failure.quoted], [kind, details || "Oops", true]);
    assert.equal(failure.ambiguous, kind === "unexpected_reply", "only a refusal says that nothing was done");
    assert.equal(at.vendor.calls.length, 1);
  });
}

const tooMany = { code: -32003, message: "Too many requests", details: "API requests limit exceeded." };

Deno.test("createBitdefender reads again after a limit inside HTTP 200, when it may, and says what came of each", async () => {
  const events: CallEvent[] = [];
  await using at = handlerFixture({ onCall: (event) => events.push(event) });
  at.vendor.faults.next(
    "getCompanyDetails",
    { error: tooMany },
    { error: tooMany, headers: { "Retry-After": "7" } },
  );
  const begun = at.clock.now();
  assert.equal((await at.client.getCompanyDetails({}, patient())).name, "Northwind MSP");
  assert.deepEqual(events.map(({ outcome }) => outcome), ["rate_limited", "rate_limited", "ok"]);
  assert.ok(at.clock.now() - begun >= 8_000, "a second where nothing is said, then seven");
});

Deno.test("createBitdefender writes once when it is over the limit, and holds back what comes next", async () => {
  await using at = handlerFixture();
  at.vendor.faults.next("disableAmazonEC2Integration", { error: tooMany, headers: { "Retry-After": "7" } });
  const failure = await failureOf(
    at.client.disableAmazonEC2Integration({ companyId: ids.globex }, patient()),
  );
  assert.deepEqual([failure.kind, failure.ambiguous, failure.retryAfterMs], ["rate_limited", false, 7_000]);
  const begun = at.clock.now();
  await at.client.getCompanyDetails({}, patient());
  assert.ok(at.clock.now() - begun >= 7_000);
  assert.deepEqual(at.vendor.calls.map(({ method }) => method), [
    "disableAmazonEC2Integration",
    "getCompanyDetails",
  ]);
});

Deno.test("createBitdefender reads an error without data and ignores one that is null", async () => {
  await using at = handlerFixture();
  const body = (more: Record<string, unknown>) => ({ jsonrpc: "2.0", ...more });
  at.vendor.faults.next("disableAmazonEC2Integration", {
    body: body({ id: null, error: { code: -32700, message: "Parse error" } }),
  });
  const failure = await failureOf(at.client.disableAmazonEC2Integration({}, patient()));
  assert.deepEqual([failure.kind, failure.detail], ["rejected", "Parse error"]);
  await using served = serve(answering(null, { error: null }));
  const client = clientAt(`${served.url}/api`, at.clock);
  assert.equal(await client.disableAmazonEC2Integration({}, patient()), null);
});

Deno.test("createBitdefender does not take another request's answer", async () => {
  await using at = handlerFixture();
  const foreign = { body: { id: "f197ade6-c4b3-4378-9076-11dccaeebdd6", jsonrpc: "2.0", result: null } };
  at.vendor.faults.next("disableAmazonEC2Integration", foreign);
  at.vendor.faults.next("getAmazonEC2ExternalIdForCrossAccountRole", foreign);
  const write = await failureOf(at.client.disableAmazonEC2Integration({}, patient()));
  assert.deepEqual([write.kind, write.ambiguous], ["unexpected_reply", true]);
  const read = await failureOf(at.client.getAmazonEC2ExternalIdForCrossAccountRole({}, patient()));
  assert.deepEqual([read.kind, read.ambiguous], ["unexpected_reply", false]);
});

Deno.test("allConfiguredIntegrations reads 10,000 integrations once each, the pages side by side", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(10_000));
  const second = Promise.withResolvers<void>();
  at.vendor.faults.always("getConfiguredIntegrations", ({ params }) => {
    // Page 2 is answered only after page 3 was asked for: one after another would never end.
    if (params["page"] === 3) second.resolve();
    return params["page"] === 2 ? { after: second.promise } : undefined;
  });
  const { integrations, total } = await allConfiguredIntegrations(at.client, {}, patient());
  assert.equal(total, 10_000);
  assert.equal(new Set(integrations.map(({ id }) => id)).size, 10_000);
  assert.equal(at.vendor.calls.length, 100);
});

Deno.test("allConfiguredIntegrations gets through the documented ten calls a second", async () => {
  await using at = handlerFixture({ vendor: { callsPerSecond: 10 } });
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(10_000));
  const { integrations } = await allConfiguredIntegrations(at.client, {}, patient());
  assert.equal(integrations.length, 10_000);
});

Deno.test("allConfiguredIntegrations does not wait for a tenant that shuts us out for long", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(250));
  at.vendor.faults.always(
    "getConfiguredIntegrations",
    ({ params }) => params["page"] === 2 ? { status: 429, headers: { "Retry-After": "20" } } : undefined,
  );
  const failure = await failureOf(allConfiguredIntegrations(at.client, {}, patient()));
  assert.equal(failure.kind, "rate_limited");
  assert.ok(at.vendor.calls.length <= 5, `${at.vendor.calls.length} calls`);
});

Deno.test("allConfiguredIntegrations reads any number exactly", async () => {
  await using at = handlerFixture({ limits: { concurrency: 10, burst: 1e6, perSecond: 1e6 } });
  const sizes = fc.oneof(fc.constantFrom(0, 1, 99, 100, 101, 199, 200, 201), fc.nat(450));
  await fc.assert(
    fc.asyncProperty(sizes, async (size) => {
      at.vendor.world.integrations.set(ids.northwind, generateIntegrations(size));
      at.vendor.calls.length = 0;
      const { integrations, total } = await allConfiguredIntegrations(at.client, {}, patient());
      assert.deepEqual([integrations.length, total], [size, size]);
      assert.equal(at.vendor.calls.length, Math.max(1, Math.ceil(size / 100)));
    }),
    { numRuns: 25 },
  );
});

Deno.test("allConfiguredIntegrations stops on an empty page when the list shrinks while it is read", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(250));
  at.vendor.faults.always("getConfiguredIntegrations", ({ nth }) => {
    if (nth === 2) at.vendor.world.integrations.set(ids.northwind, generateIntegrations(120));
    return undefined;
  });
  const { integrations, total } = await allConfiguredIntegrations(at.client, {}, patient());
  assert.deepEqual([integrations.length, total], [120, 120]);
});

Deno.test("allConfiguredIntegrations goes on when the list grows while it is read", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(200));
  at.vendor.faults.always("getConfiguredIntegrations", ({ nth }) => {
    if (nth === 2) at.vendor.world.integrations.set(ids.northwind, generateIntegrations(350));
    return undefined;
  });
  const { integrations, total } = await allConfiguredIntegrations(at.client, {}, patient());
  assert.deepEqual([integrations.length, total], [350, 350]);
});

Deno.test("allConfiguredIntegrations takes a refused later page for the end, and a refused first one not", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(250));
  const refused = { error: { code: -32602, message: "Invalid params" } };
  at.vendor.faults.always(
    "getConfiguredIntegrations",
    ({ params }) => params["page"] === 3 ? refused : undefined,
  );
  const { integrations, total } = await allConfiguredIntegrations(at.client, {}, patient());
  assert.deepEqual([integrations.length, total], [200, 250]);
  at.vendor.faults.always("getConfiguredIntegrations", refused);
  assert.equal((await failureOf(allConfiguredIntegrations(at.client, {}, patient()))).kind, "rejected");
});

for (
  const { name, mostRows, size } of [
    { name: "30 of the 100 that were asked for", mostRows: 30, size: 90 },
    { name: "99, and 1 on the last page", mostRows: 99, size: 100 },
    { name: "one at a time", mostRows: 1, size: 7 },
  ]
) {
  Deno.test(`allConfiguredIntegrations reads all of a tenant that gives fewer rows than asked for: ${name}`, async () => {
    await using at = handlerFixture();
    at.vendor.world.mostRows = mostRows;
    at.vendor.world.integrations.set(ids.northwind, generateIntegrations(size));
    const { integrations, total } = await allConfiguredIntegrations(at.client, {}, patient());
    assert.deepEqual([new Set(integrations.map(({ id }) => id)).size, total], [size, size]);
  });
}

Deno.test("allConfiguredIntegrations stops at a tenant that answers the same rows to every page", async () => {
  await using at = handlerFixture();
  const data = generateIntegrations(30);
  await using served = serve(answering({ data, total: 90, page: 1, perPage: 100 }));
  const { integrations, total } = await allConfiguredIntegrations(
    clientAt(`${served.url}/api`, at.clock),
    {},
    patient(),
  );
  assert.deepEqual([integrations.length, total], [30, 90]);
});

Deno.test("allConfiguredIntegrations takes no refusal about something else for the end", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(250));
  at.vendor.faults.always(
    "getConfiguredIntegrations",
    ({ params }) =>
      params["page"] === 3
        ? { error: { code: -32000, message: "Server error", details: "The inventory is being rebuilt" } }
        : undefined,
  );
  const failure = await failureOf(allConfiguredIntegrations(at.client, {}, patient()));
  assert.equal(failure.detail, "The inventory is being rebuilt");
});

Deno.test("allConfiguredIntegrations does not believe an absurd total", async () => {
  await using served = serve(answering({ data: [], total: 4e9, page: 1, perPage: 100 }));
  const client = clientAt(`${served.url}/api`, createFakeClock());
  const { integrations } = await allConfiguredIntegrations(client, {}, patient());
  assert.deepEqual(integrations, []);
});

Deno.test("allConfiguredIntegrations fails as a whole when one page does", async () => {
  await using at = handlerFixture();
  at.vendor.world.integrations.set(ids.northwind, generateIntegrations(1_000));
  at.vendor.faults.always(
    "getConfiguredIntegrations",
    ({ params }) => params["page"] === 5 ? { status: 403 } : undefined,
  );
  const failure = await failureOf(allConfiguredIntegrations(at.client, {}, patient()));
  assert.equal(failure.kind, "rights_refused");
});

function clientAt(apiUrl: string, clock: FakeClock): BitdefenderClient {
  return new BitdefenderClient({ apiUrl, apiKey: KEY, clock });
}

/** A server that gives every request the same result under its own id. */
function answering(
  result: unknown,
  more: Record<string, unknown> = {},
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { id } = await request.json();
    return Response.json({ id, jsonrpc: "2.0", result, ...more });
  };
}
