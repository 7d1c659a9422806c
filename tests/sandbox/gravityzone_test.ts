import assert from "node:assert/strict";
import { createGravityZone } from "./gravityzone.ts";

const URL_OF = (service: string) => `http://gz.test/api/v1.0/jsonrpc/${service}`;
const AUTHORIZATION = `Basic ${btoa("sandbox-gravityzone-key:")}`;
const envelope = { id: "1", jsonrpc: "2.0", method: "getApiKeyDetails", params: {} };

interface Sent {
  readonly service?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

async function send(sent: Sent): Promise<{ status: number; body: string }> {
  const { service = "general", method = "POST", headers, body = envelope } = sent;
  const vendor = createGravityZone();
  const request = new Request(URL_OF(service), {
    method,
    headers: { authorization: AUTHORIZATION, "content-type": "application/json", ...headers },
    ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const response = await vendor.fetch(request);
  return { status: response.status, body: await response.text() };
}

const refusedAtTheDoor: readonly (readonly [name: string, sent: Sent, status: number, words: RegExp])[] = [
  ["another HTTP method", { method: "GET" }, 405, /^$/],
  [
    "another key",
    { headers: { authorization: `Basic ${btoa("wrong:")}` } },
    401,
    /"code":-32000.*Invalid API key/,
  ],
  [
    "a password",
    { headers: { authorization: `Basic ${btoa("sandbox-gravityzone-key:x")}` } },
    401,
    /Invalid/,
  ],
  ["an unknown service", { service: "weather" }, 404, /Not found/],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415, /^$/],
];

for (const [name, sent, status, words] of refusedAtTheDoor) {
  Deno.test(`createGravityZone refuses ${name} with ${status}`, async () => {
    const answer = await send(sent);
    assert.equal(answer.status, status);
    assert.match(answer.body, words);
  });
}

Deno.test("createGravityZone asks for the Authorization header", async () => {
  const response = await createGravityZone().fetch(
    new Request(URL_OF("general"), { method: "POST", body: "{}" }),
  );
  assert.equal(response.status, 401);
  assert.match(
    await response.text(),
    /Authorization header not passed, HTTP Basic Authentication should be used/,
  );
});

const errors: readonly (readonly [name: string, sent: Sent, code: number])[] = [
  ["what is not JSON", { body: "{" }, -32700],
  ["a batch", { body: [envelope] }, -32600],
  ["a notification", { body: { ...envelope, id: undefined } }, -32600],
  ["another version", { body: { ...envelope, jsonrpc: "1.0" } }, -32600],
  ["a list of params", { body: { ...envelope, params: [] } }, -32600],
  ["an unknown method", { body: { ...envelope, method: "getWeather" } }, -32601],
  ["a method of another service", { body: { ...envelope, method: "getCompaniesList" } }, -32601],
  ["an unknown parameter", { body: { ...envelope, params: { page: 1 } } }, -32602],
  [
    "a page over 100",
    {
      service: "integrations",
      body: { ...envelope, method: "getConfiguredIntegrations", params: { perPage: 101 } },
    },
    -32602,
  ],
  [
    "an account id of 11 digits",
    {
      service: "integrations",
      body: { ...envelope, method: "getCompanyDetailsByAWSAccountId", params: { accountId: "11122234512" } },
    },
    -32602,
  ],
];

for (const [name, sent, code] of errors) {
  Deno.test(`createGravityZone answers ${name} with ${code} inside HTTP 200`, async () => {
    const answer = await send(sent);
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.body).error.code, code);
  });
}

Deno.test("createGravityZone echoes the id, be it text or a number", async () => {
  assert.equal(JSON.parse((await send({ body: { ...envelope, id: 7 } })).body).id, 7);
});
