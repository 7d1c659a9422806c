import assert from "node:assert/strict";
import { AponoClient } from "../../clients/apono.ts";
import { AponoV2, AponoV4 } from "../../clients/apono/versions.ts";
import { ClientError } from "../../clients/errors.ts";
import { HaloClient } from "../../clients/halo.ts";
import type { Product } from "../../clients/halo/product.ts";
import { PRODUCTS } from "../../clients/halo/products.ts";
import type { CallOptions } from "../../clients/http/contract.ts";
import { isJsonObject, type Json } from "../../clients/json.ts";
import { OpsRampClient } from "../../clients/opsramp.ts";
import { ANA, openFixture } from "../approvals/fixture.ts";
import { createFakeClock } from "../clock.ts";
import { serve } from "../sandbox/serve.ts";
import type { VendorName } from "../sandbox/stage.ts";
import { type Fill, sampleOf } from "./schema.ts";
import { operationFor, readSpec, SPECIFIED } from "./spec.ts";

type Specified = (typeof SPECIFIED)[number];

/** One method of a client, and how it is called. */
type Method<Client> = readonly [name: string, call: (client: Client, call: CallOptions) => Promise<unknown>];

const FILLS: readonly Fill[] = ["full", "minimal", "null"];
const SPECS = Object.fromEntries(SPECIFIED.map((vendor) => [vendor, readSpec(vendor)]));
const sent = { name: "a name", config: {} };

const apono: readonly Method<AponoClient>[] = [
  ["catalog", (client, call) => client.catalog(call)],
  ["catalogType", (client, call) => client.catalogType("x", call)],
  ["connectors", (client, call) => client.connectors(call)],
  ["resources", (client, call) => client.resources("x", undefined, call)],
  ["permissions", (client, call) => client.permissions("x", undefined, call)],
  ["tags", (client, call) => client.tags("x", call)],
  ["putTags", (client, call) => client.putTags("x", { a: "b" }, call)],
];

const versions: readonly Method<AponoV4 | AponoV2>[] = [
  ["list", (version, call) => version.list({}, call)],
  ["get", (version, call) => version.get("x", call)],
  ["create", (version, call) => version.create("postgresql", sent, call)],
  ["update", (version, call) => version.update("x", sent, call)],
  ["delete", (version, call) => version.delete("x", call)],
  ["probe", (version, call) => version.probe(call)],
];

const v2Alone: readonly Method<AponoV2>[] = [["refresh", (version, call) => version.refresh("x", call)]];

const opsramp: readonly Method<OpsRampClient>[] = [
  ["listInstalled", (client, call) => client.listInstalled(call)],
  ["probe", (client, call) => client.probe(call)],
  ["getInstalled", (client, call) => client.getInstalled("INTG-1", call)],
  ["updateInstalled", (client, call) => client.updateInstalled("INTG-1", { displayName: "x" }, call)],
  ["switchInstalled", (client, call) => client.switchInstalled("INTG-1", true, call)],
];

function liveOf(product: Product): readonly Method<HaloClient>[] {
  const { live } = product;
  return live === null ? [] : [["live", (client, call) => client.live({ ...product, live }, call)]];
}

const halo: readonly Method<HaloClient>[] = [
  ...PRODUCTS.flatMap((product): Method<HaloClient>[] => [
    ["list", (client, call) => client.list(product, call)],
    ["get", (client, call) => client.get(product, 7, call)],
    ["save", (client, call) => client.save(product, { id: 7 }, call)],
    ["remove", (client, call) => client.remove(product, 7, call)],
    ...liveOf(product),
  ]),
  ["switchWebhook", (client, call) => client.switchWebhook(7, true, call)],
  ["startExport", (client, call) => client.startExport(undefined, call)],
  ["exportStatus", (client, call) => client.exportStatus(call)],
  ["cancelExport", (client, call) => client.cancelExport(call)],
];

const shared = { clock: createFakeClock(), timeoutMs: 20_000 };
const clients = {
  apono: (apiUrl: string) => new AponoClient({ apiUrl, token: "t", ...shared }),
  opsramp: (apiUrl: string) =>
    new OpsRampClient({ apiUrl, tenantId: "client_8", clientId: "c", clientSecret: "s", ...shared }),
  halo: (url: string) =>
    new HaloClient({
      apiUrl: `${url}/api`,
      authUrl: `${url}/auth`,
      clientId: "c",
      clientSecret: "s",
      ...shared,
    }),
};

Deno.test.each([...FILLS])("every method of Apono's client takes a %s answer", async (fill) => {
  await using server = serve((request) => answerTo("apono", request, fill));
  const client = clients.apono(server.url);
  const { v2 } = client;
  await takesAnswers(client, apono);
  for (const version of [client.integrations, v2]) await takesAnswers(version, versions);
  await takesAnswers(v2, v2Alone);
});

/** The documents demand no id, and OpsRamp's no rows: without them an answer is none that could be shown or changed. */
Deno.test.each([...FILLS])(
  "every method of OpsRamp's client takes a %s answer, or says what it lacks",
  async (fill) => {
    await using server = serve((request) => answerTo("opsramp", request, fill));
    await takesAnswers(
      clients.opsramp(server.url),
      opsramp,
      fill === "minimal" ? /id \(|the answer \(/ : undefined,
    );
  },
);

Deno.test.each([...FILLS])(
  "every method of HaloPSA's client takes a %s answer, or says what it lacks",
  async (fill) => {
    await using server = serve((request) => answerTo("halo", request, fill));
    await takesAnswers(clients.halo(server.url), halo, fill === "minimal" ? /id \(/ : undefined);
  },
);

Deno.test("every public method of the clients with a document is fed with its answers", () => {
  const named = (prototypes: readonly object[]) =>
    prototypes.flatMap((prototype) => Object.getOwnPropertyNames(prototype)).filter((name) =>
      !HELPERS.has(name)
    );
  const tables: readonly (readonly [readonly object[], readonly string[]])[] = [
    [[AponoClient.prototype], namesOf(apono)],
    [[AponoV4.prototype, Object.getPrototypeOf(AponoV4.prototype)], namesOf(versions)],
    [[AponoV2.prototype, Object.getPrototypeOf(AponoV2.prototype)], [
      ...namesOf(versions),
      ...namesOf(v2Alone),
    ]],
    [[OpsRampClient.prototype], namesOf(opsramp)],
    [[HaloClient.prototype], namesOf(halo)],
  ];
  for (const [prototypes, fed] of tables) {
    assert.deepEqual([...new Set(fed)].toSorted(), [...new Set(named(prototypes))].toSorted());
  }
});

/** What a class has for itself. */
const HELPERS = new Set(["constructor", "send", "all", "page", "search"]);

function namesOf<Client>(methods: readonly Method<Client>[]): readonly string[] {
  return methods.map(([name]) => name);
}

async function takesAnswers<Client>(
  client: Client,
  methods: readonly Method<Client>[],
  lacking?: RegExp,
): Promise<void> {
  for (const [name, run] of methods) {
    try {
      await run(client, { signal: new AbortController().signal });
    } catch (error) {
      assert.ok(error instanceof ClientError, `${name}: ${Deno.inspect(error)}`);
      const { kind, detail = "" } = error.failure;
      assert.ok(kind === "unexpected_reply" && lacking?.test(detail), `${name}: ${kind}, ${detail}`);
    }
  }
}

/** What a vendor's document says to a request; after the first page of a list there is only the last. */
function answerTo(vendor: Specified, request: Request, fill: Fill): Response {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.endsWith("/token")) {
    return Response.json({ access_token: "t", token_type: "bearer", expires_in: 7199 });
  }
  const spec = SPECS[vendor]!;
  const operation = operationFor(spec, request.method, pathname);
  if (!operation) return new Response(null, { status: 404 });
  const isLater = searchParams.has("page_token") || Number(searchParams.get("pageNo") ?? 1) > 1;
  const how = isLater ? "null" : fill;
  if (vendor === "halo") return haloAnswer(operation.name, how);
  const { answer } = operation;
  if (!answer) return new Response(null, { status: vendor === "apono" ? 204 : 200 });
  const body = sampleOf(answer, how, spec.schemas);
  const shown = vendor === "opsramp" && fill === "null" ? withoutWords(body) : body;
  return Response.json(isLater ? { ...shown as object, nextPage: false } : shown);
}

/** OpsRamp's document marks nothing as nullable, and demands next to nothing: this record says no more than its id. */
function withoutWords(body: Json): Json {
  if (!isJsonObject(body)) return body;
  if (Array.isArray(body.results)) return { ...body, results: body.results.map(withoutWords) };
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, name === "id" ? value : null]),
  );
}

/** HaloPSA's document describes what is sent, and says no more of an answer than that it is one. */
function haloAnswer(name: string, fill: Fill): Response {
  const [, method, resource = "", one] = /^(\w+) \/(?:api\/)?(\w+)(\/\{.*)?/.exec(name) ?? [];
  const schema = SPECS.halo!.schemas[resource];
  if (!schema || method === "DELETE") return fill === "full" ? Response.json({}) : new Response(null);
  const record = sampleOf(schema, fill, SPECS.halo!.schemas);
  return Response.json(one ? record : [record]);
}

/** What is said to the bot, with the names that the samples have. */
const READS: Readonly<Record<Specified, readonly string[]>> = {
  apono: [
    "/status apono",
    "/list apono",
    '/show apono "a name"',
    "/catalog",
    "/catalog x",
    '/resources "a name"',
    '/permissions "a name"',
    "/tags 6f2b1c90",
    "/list connectors",
  ],
  opsramp: ["/status opsramp", "/list opsramp", '/show opsramp "a displayName"'],
  halo: [
    "/status halo",
    ...PRODUCTS.flatMap(({ target, live }) => [
      `/list ${target}`,
      `/show ${target} 7`,
      ...(live === null ? [] : [`/live ${target}`]),
    ]),
    "/export tenable status",
  ],
};

const NAMES: Readonly<Record<Specified, VendorName>> = {
  apono: "Apono",
  opsramp: "OpsRamp",
  halo: "HaloPSA",
};

for (const vendor of SPECIFIED) {
  for (const fill of FILLS) {
    Deno.test(`the bot shows ${fill} answers of ${NAMES[vendor]}, and calls nothing fine that it did not see`, async () => {
      await using fixture = await openFixture({
        onTheWay: async (name, request, passOn) =>
          name === NAMES[vendor] ? answerTo(vendor, request, fill) : await passOn(),
      });
      for (const read of READS[vendor]) {
        await fixture.say(ANA, read);
        const [answer = ""] = fixture.groupAnswers().slice(-1);
        assert.doesNotMatch(answer, /undefined|\[object|NaN|Invalid Date/, read);
        if (read.startsWith("/status")) assert.doesNotMatch(answer, /^🟢/, answer);
      }
      const errors = fixture.log.lines.filter(({ level }) => level === "error");
      assert.deepEqual(errors, [], "logged as errors");
    });
  }
}
