import assert from "node:assert/strict";
import { ClientError, type Failure } from "../../clients/errors.ts";
import type { Product } from "../../clients/halo/product.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import { NIGHT, openFixture } from "./halo_fixture.ts";

const TARGETS = [
  "datto",
  "ncentral",
  "kaseya",
  "sentinelone",
  "sophos",
  "armis",
  "prtg",
  "dynatrace",
  "tenable",
  "snipeit",
  "snow",
  "manageengine",
];

Deno.test("PRODUCTS are the twelve of the vendor's page", () => {
  assert.deepEqual(PRODUCTS.map(({ target }) => target), TARGETS);
});

/** `includedetails` as the page has it: N-central and Snow. */
const WITH_DETAILS = ["ncentral", "snow"];

for (const product of PRODUCTS) {
  const secret = secretOf(product);
  const detailed = WITH_DETAILS.includes(product.target);

  Deno.test(`halo.save, get, list and remove work for ${product.label}`, async () => {
    await using fixture = openFixture({ records: {} });
    const { client, emulator, call } = fixture;
    const body = { url: "https://one.example", server_url: "https://one.example", [secret]: "s3cret-value" };

    const created = await client.save(product, body, call);
    assert.equal(created?.id, 1);
    assert.deepEqual(emulator.calls.at(-1)?.body, [body]);
    assert.equal(emulator.secrets.get(`${product.details}/1.${secret}`), "s3cret-value");

    const updated = await client.save(product, { id: 1, [flagOf(product)]: true }, call);
    assert.equal(updated?.[flagOf(product)], true);

    const { items: [listed] } = await client.list(product, call);
    const got = await client.get(product, 1, call);
    assert.equal(listed?.id, 1);
    assert.equal(got[flagOf(product)], true);
    assert.ok(!JSON.stringify([created, updated, listed, got]).includes("s3cret-value"));

    await client.remove(product, 1, call);
    assert.deepEqual((await client.list(product, call)).items, []);
    assert.equal((await failure(client.get(product, 1, call))).kind, "not_found");
    const reads = emulator.calls.filter(({ method }) => method === "GET");
    const query = detailed ? { includedetails: "true" } : {};
    for (const read of reads) assert.deepEqual({ ...read.query }, query);
  });
}

Deno.test("halo.get keeps what nobody here knows to be compared, and hides what sounds secret in it", async () => {
  const sophos = {
    id: 1,
    name: "Sophos Central",
    brand_new: { of: 2 },
    later_token: "hunter2",
    password2: "hunter2",
  };
  await using fixture = openFixture({ records: { SophosDetails: [sophos] } });
  const record = await fixture.client.get(productOf("sophos"), 1, fixture.call);
  assert.deepEqual(record.brand_new, { of: 2 });
  assert.ok(!JSON.stringify(record).includes("hunter2"), JSON.stringify(record));
});

Deno.test("halo.get hides Snow's password and never asks for it decrypted", async () => {
  await using fixture = openFixture();
  const snow = productOf("snow");
  const record = await fixture.client.get(snow, 5, fixture.call);
  await fixture.client.list(snow, fixture.call);
  assert.equal(record.password, "••••••");
  assert.ok(Array.isArray(record.client_links));
  for (const { query } of fixture.emulator.calls) {
    assert.ok(!Object.keys(query).some((name) => /decrypt/i.test(name)));
  }
});

Deno.test("halo.get hides what is a credential by its look, and leaves words alone", async () => {
  await using fixture = openFixture();
  const armis = productOf("armis");
  for (
    const [name, shown] of [["Basic monitoring", "Basic monitoring"], [`Bearer ${"a1".repeat(9)}`, "••••••"]]
  ) {
    const { id } = (await fixture.client.list(armis, fixture.call)).items[0]!;
    await fixture.client.save(armis, { id, name: name! }, fixture.call);
    assert.equal((await fixture.client.get(armis, id, fixture.call)).name, shown);
  }
});

const SHAPES = [
  { list: "wrapped", saved: "array", savedStatus: 200, deletedStatus: 204 },
  { list: "array", saved: "object", savedStatus: 201, deletedStatus: 200 },
  { list: "array", saved: "empty", savedStatus: 200, deletedStatus: 200 },
  { list: "array", saved: "empty", savedStatus: 204, deletedStatus: 204 },
] as const;

for (const shape of SHAPES) {
  Deno.test(`halo takes answers as ${JSON.stringify(shape)}`, async () => {
    await using fixture = openFixture({ shape });
    const sophos = productOf("sophos");
    const saved = await fixture.client.save(sophos, { name: "Sophos EU" }, fixture.call);
    assert.deepEqual(saved?.id, shape.saved === "empty" ? undefined : 2);
    assert.deepEqual(names((await fixture.client.list(sophos, fixture.call)).items), [
      "Sophos Central",
      "Sophos EU",
    ]);
    await fixture.client.remove(sophos, 2, fixture.call);
    assert.deepEqual(names((await fixture.client.list(sophos, fixture.call)).items), ["Sophos Central"]);
  });
}

Deno.test("halo.list takes a single configuration that comes without an array", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("GET ArmisDetails", { kind: "status", status: 200, body: { id: 9, name: "Armis" } });
  assert.deepEqual(names((await fixture.client.list(productOf("armis"), fixture.call)).items), ["Armis"]);
});

Deno.test("halo.list does not take an empty answer for an empty list", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("GET ArmisDetails", { kind: "status", status: 200 });
  const { kind } = await failure(fixture.client.list(productOf("armis"), fixture.call));
  assert.equal(kind, "unexpected_reply");
});

Deno.test("halo.get refuses a configuration of another id", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("GET ArmisDetails/{id}", {
    kind: "status",
    status: 200,
    body: { id: 5, name: "Other" },
  });
  const { kind } = await failure(fixture.client.get(productOf("armis"), 4, fixture.call));
  assert.equal(kind, "unexpected_reply");
});

for (const target of ["kaseya", "sentinelone", "sophos", "armis", "tenable", "manageengine"]) {
  Deno.test(`halo.live returns what ${target} says, secrets hidden`, async () => {
    await using fixture = openFixture();
    const product = productOf(target);
    assert.ok(product.live);
    const data = await fixture.client.live({ ...product, live: product.live }, fixture.call);
    assert.ok(data);
    assert.ok(!/"[^"]*-token/.test(JSON.stringify(data)), JSON.stringify(data));
    assert.deepEqual(fixture.asked(), [`GET /api/${product.live}/Get`]);
  });
}

Deno.test("halo has live data for six products", () => {
  assert.equal(PRODUCTS.filter(({ live }) => live !== null).length, 6);
});

Deno.test("halo.switchWebhook changes Kaseya's webhook", async () => {
  await using fixture = openFixture();
  const kaseya = productOf("kaseya");
  await fixture.client.switchWebhook(2, true, fixture.call);
  assert.equal((await fixture.client.get(kaseya, 2, fixture.call)).webhook_id, 4_711);
  await fixture.client.switchWebhook(2, false, fixture.call);
  assert.equal((await fixture.client.get(kaseya, 2, fixture.call)).webhook_id, null);
  assert.deepEqual(fixture.asked().filter((line) => !line.startsWith("GET")), [
    "POST /api/KaseyaVSAX/CreateWebhook/2",
    "DELETE /api/KaseyaVSAX/DeleteWebhook/2",
  ]);
  assert.equal((await failure(fixture.client.switchWebhook(99, true, fixture.call))).kind, "not_found");
});

Deno.test("halo.startExport, exportStatus and cancelExport follow Tenable's export", async () => {
  await using fixture = openFixture();
  const { client, emulator, call } = fixture;
  const state = async () => (await client.exportStatus({ ...call, fresh: true })).state;
  assert.equal(await state(), "none");
  await client.startExport(50, call);
  assert.deepEqual(emulator.calls.at(-1)?.body, { chunk_size: 50 });
  assert.equal(await state(), "running");
  await client.cancelExport(call);
  assert.equal(await state(), "cancelled");
  await client.startExport(undefined, call);
  assert.deepEqual(emulator.calls.at(-1)?.body, {});
  emulator.exports.at(-1)!.export_progress = "FINISHED";
  assert.equal(await state(), "finished");
  const refused = await failure(client.cancelExport(call));
  assert.deepEqual([refused.kind, refused.detail], ["rejected", "No export is running."]);
});

Deno.test("halo asks for one token, with scope and tenant, for calls side by side", async () => {
  await using fixture = openFixture({ tenant: "northwind" }, { tenant: "northwind" });
  await Promise.all(PRODUCTS.map((product) => fixture.client.list(product, fixture.call)));
  const tokens = fixture.emulator.calls.filter(({ path }) => path === "/auth/token");
  assert.equal(tokens.length, 1);
  assert.deepEqual(tokens[0]?.body, {
    grant_type: "client_credentials",
    client_id: "client",
    client_secret: "client-secret",
    scope: "all",
  });
  assert.deepEqual({ ...tokens[0]?.query }, { tenant: "northwind" });
  assert.match(tokens[0]?.contentType ?? "", /^application\/x-www-form-urlencoded/);
});

Deno.test("halo renews an expired token once and goes on", async () => {
  await using fixture = openFixture();
  await fixture.client.list(productOf("armis"), fixture.call);
  fixture.emulator.expireTokens();
  await fixture.client.list(productOf("armis"), fixture.call);
  assert.equal(fixture.emulator.calls.filter(({ path }) => path === "/auth/token").length, 2);
});

const REFUSALS:
  readonly (readonly [status: number, body: unknown, kind: Failure["kind"], detail: string | undefined])[] = [
    [403, undefined, "rights_refused", undefined],
    [404, undefined, "not_found", undefined],
    [400, "The name is already in use", "rejected", "The name is already in use"],
    [400, '"Please contact the administrator"', "rejected", "Please contact the administrator"],
    [400, { error: "invalid", error_description: "No such type" }, "rejected", "No such type"],
    [400, { ClassName: "System.Exception", Message: "Bad mapping" }, "rejected", "Bad mapping"],
    [400, { Message: "Bad url" }, "rejected", "Bad url"],
    [400, { resultCode: 7, errorMessage: "Too long" }, "rejected", "Too long"],
    [400, { reason: "Anything" }, "rejected", "Anything"],
  ];

for (const [status, body, kind, detail] of REFUSALS) {
  Deno.test(`halo reads a ${status} with ${JSON.stringify(body) ?? "no body"}`, async () => {
    await using fixture = openFixture();
    fixture.emulator.fail("POST ArmisDetails", { kind: "status", status, body });
    const refused = await failure(
      fixture.client.save(productOf("armis"), { id: 4, name: "x" }, fixture.call),
    );
    assert.deepEqual([refused.kind, refused.detail, refused.ambiguous], [kind, detail, false]);
  });
}

Deno.test("halo leaves it to HaloPSA to say that 300 requests are enough, and then waits five seconds", async () => {
  await using fixture = openFixture();
  const armis = productOf("armis");
  for (let sent = 0; sent < 299; sent++) await fixture.client.list(armis, fixture.call);
  fixture.clock.advance(299_000);
  for (let sent = 0; sent < 2; sent++) await fixture.client.list(armis, fixture.call);
  assert.deepEqual(fixture.events.filter(({ outcome }) => outcome !== "ok").map(({ outcome }) => outcome), [
    "rate_limited",
  ]);
  const waited = fixture.clock.now() - NIGHT - 299_000;
  assert.ok(waited >= 5_000 && waited < 6_000, `${waited} ms`);
});

Deno.test("halo.save says in the vendor's words that the limit of requests is used up", async () => {
  await using fixture = openFixture({ rate: 1 });
  await fixture.client.list(productOf("armis"), fixture.call);
  const refused = await failure(fixture.client.save(productOf("armis"), { id: 4, name: "x" }, fixture.call));
  assert.equal(refused.kind, "rate_limited");
  assert.match(refused.detail ?? "", /300 Requests per rolling 5 minute window/);
});

Deno.test("halo.list asks again soon after a 503, which is no limit of requests", async () => {
  await using fixture = openFixture();
  fixture.emulator.fail("GET ArmisDetails", { kind: "status", status: 503 }, 2);
  await fixture.client.list(productOf("armis"), fixture.call);
  assert.ok(fixture.clock.now() - NIGHT < 2_000, `slept ${fixture.clock.slept}`);
});

Deno.test("halo takes other limits than the default", async () => {
  await using fixture = openFixture({}, { limits: { concurrency: 1, burst: 2, perSecond: 1 / 60 } });
  const started = fixture.clock.now();
  for (let sent = 0; sent < 3; sent++) await fixture.client.list(productOf("armis"), fixture.call);
  assert.ok(fixture.clock.now() - started >= 60_000);
});

export function productOf(target: string): Product {
  const found = PRODUCTS.find((product) => product.target === target);
  assert.ok(found, target);
  return found;
}

function secretOf(product: Product): string {
  return [...product.fields].find(([field, kind]) => kind === "secret" && field.startsWith("new_"))?.[0] ??
    "none";
}

function flagOf(product: Product): string {
  return product.sync.enabled[0] ?? "none";
}

function names(records: readonly HaloIntegration[]): readonly unknown[] {
  return records.map(({ name }) => name);
}

async function failure(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof ClientError, `not a ClientError: ${error}`);
  return error.failure;
}

Deno.test("halo renews a token that is refused with 400 once, for reads alone", async () => {
  const body = { error: "invalid_token", error_description: "The access token expired" };
  await using fixture = openFixture({ expired: { status: 400, body } });
  const { client, call, emulator } = fixture;
  const armis = productOf("armis");
  await client.list(armis, call);
  emulator.expireTokens();
  assert.equal((await client.get(armis, 4, call)).id, 4);
  emulator.expireTokens();
  const refused = await failure(client.save(armis, { id: 4, name: "Plant" }, call));
  assert.deepEqual([refused.kind, refused.ambiguous], ["rejected", true]);
  assert.equal(
    emulator.calls.filter(({ method, path }) => method === "POST" && path !== "/auth/token").length,
    1,
  );
});
