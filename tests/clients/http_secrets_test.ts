import assert from "node:assert/strict";
import * as z from "zod";
import { ClientError } from "../../clients/errors.ts";
import type { ApiRequest, HttpOptions } from "../../clients/http/contract.ts";
import { serve } from "../sandbox/serve.ts";
import { callerOf, closedAddress } from "./calling.ts";
import { serveRaw } from "./raw_server.ts";

const SECRETS = [
  "q-value-1",
  "body-value-2",
  "new-pass-3",
  "form-pass-4",
  "api-key-5",
  btoa("api-key-5:"),
];

const authorization = { header: () => `Basic ${btoa("api-key-5:")}` };

const reading: ApiRequest = {
  operation: "getThing",
  method: "GET",
  path: "/thing",
  query: { filter: "q-value-1" },
  write: false,
};

const writing: ApiRequest = {
  ...reading,
  operation: "setThing",
  method: "POST",
  json: { new_password: "new-pass-3", list: [{ keySecret: "body-value-2" }] },
  write: true,
};

const asking: ApiRequest = {
  ...reading,
  operation: "token",
  method: "POST",
  form: { client_secret: "form-pass-4" },
};

async function assertSilent(baseUrl: string, options: Partial<HttpOptions> = {}): Promise<void> {
  const caller = callerOf(baseUrl, { authorization, timeoutMs: 100, ...options });
  for (const request of [reading, writing, asking]) {
    const signal = new AbortController().signal;
    const error = await caller.http.call(request, z.object({ yes: z.literal(1) }), { signal }).then(
      () => assert.fail("The call succeeded"),
      (error: unknown) => error,
    );
    assert.ok(error instanceof ClientError);
    const told = [
      error.message,
      error.stack,
      JSON.stringify(error),
      JSON.stringify(error.failure),
      Deno.inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(caller.events),
    ].join("\n");
    for (const secret of SECRETS) {
      assert.ok(!told.includes(secret), `${request.operation} tells ${secret}: ${told}`);
    }
  }
}

/** What the vendor was sent, thrown back at us. */
async function echoOf(request: globalThis.Request): Promise<string> {
  const headers = [...request.headers].map(([name, value]) => `${name}: ${value}`).join(" ");
  const query = new URL(request.url).search;
  return `${query} ${decodeURIComponent(query)} ${headers} ${await request.text()}`;
}

Deno.test("a refused connection tells no secret", () => assertSilent(closedAddress()));

Deno.test("an unknown host tells no secret", () => assertSilent("http://nowhere.invalid"));

Deno.test("a lost connection tells no secret", async () => {
  await using server = serveRaw(() => undefined);
  await assertSilent(server.url);
});

Deno.test("a timeout tells no secret", async () => {
  await using server = serve(() => new Promise<Response>(() => {}));
  await assertSilent(server.url);
});

Deno.test("a redirect tells no secret", async () => {
  await using server = serve((request) => Response.redirect(request.url, 307));
  await assertSilent(server.url);
});

for (const status of [400, 401, 403, 404, 429, 500, 503]) {
  Deno.test(`an answer with ${status} that echoes the request tells no secret`, async () => {
    await using server = serve(async (request) =>
      Response.json({ message: await echoOf(request) }, { status })
    );
    await assertSilent(server.url);
  });
}

Deno.test("an echo that the vendor's client passes on tells no secret", async () => {
  await using server = serve(async (request) => new Response(await echoOf(request), { status: 422 }));
  await assertSilent(server.url, { explain: (_, body) => ({ detail: String(body) }) });
});

Deno.test("an unexpected answer that echoes the request tells no secret", async () => {
  await using server = serve(async (request) => Response.json({ yes: await echoOf(request) }));
  await assertSilent(server.url);
});

Deno.test("a header that cannot be sent is not quoted", async () => {
  await using server = serve(() => new Response());
  for (const header of ["Bearer api-key-5\nx", "Bearer api-key-5 \u65e5"]) {
    await assertSilent(server.url, { authorization: { header: () => header } });
  }
});

Deno.test("an error of the token source is not quoted", async () => {
  await using server = serve(() => new Response());
  const header = () => Promise.reject(new TypeError("Bearer api-key-5"));
  await assertSilent(server.url, { authorization: { header } });
});

Deno.test("a long body that is echoed is not shown in part", async () => {
  const long: ApiRequest = { ...writing, json: { notes: Array(2_000).fill("a private note") } };
  await using server = serve(async (request) =>
    new Response(`Cannot read ${await request.text()}`, { status: 400 })
  );
  const call = callerOf(server.url).http.call(long, z.unknown(), { signal: new AbortController().signal });
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.failure.detail, "Cannot read [hidden]");
    return true;
  });
});

Deno.test("the vendor's words remain when the secrets are taken out", async () => {
  await using server = serve(() =>
    Response.json({ message: "The password new-pass-3 of Acme Corp is too short" }, { status: 422 })
  );
  const { http } = callerOf(server.url, { authorization });
  const call = http.call(writing, z.unknown(), { signal: new AbortController().signal });
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.failure.detail, "The password [hidden] of Acme Corp is too short");
    return true;
  });
});
