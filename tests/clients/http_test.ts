import assert from "node:assert/strict";
import * as z from "zod";
import type { FailureKind } from "../../clients/errors.ts";
import { HttpClient } from "../../clients/http/client.ts";
import type { ApiRequest } from "../../clients/http/contract.ts";
import { createFakeClock } from "../clock.ts";
import { serve } from "../sandbox/serve.ts";
import { callerOf, closedAddress, failureOf, getThing, ok, patient, setThing } from "./calling.ts";

Deno.test("call sends method, path below the base URL, query, headers and JSON", async () => {
  const seen: unknown[] = [];
  await using server = serve(async (request) => {
    const url = new URL(request.url);
    const type = request.headers.get("content-type");
    seen.push([
      request.method,
      url.pathname + url.search,
      type,
      await request.text(),
    ]);
    return ok();
  });
  const request: ApiRequest = {
    ...setThing,
    method: "PUT",
    path: "/thing/a%2Fb",
    query: { page: 2, tag: ["a b", "c&d"], full: false, none: null, nothing: undefined },
    json: { name: "é" },
  };

  await callerOf(`${server.url}/api/v2/`).send(request);

  const path = "/api/v2/thing/a%2Fb?page=2&tag=a+b&tag=c%26d&full=false";
  assert.deepEqual(seen, [["PUT", path, "application/json", '{"name":"é"}']]);
});

Deno.test("call sends a form", async () => {
  const seen: unknown[] = [];
  await using server = serve(async (request) => {
    seen.push(request.headers.get("content-type"), await request.text());
    return ok();
  });
  await callerOf(server.url).send({
    operation: "token",
    method: "POST",
    path: "/token",
    form: { grant_type: "client_credentials", client_secret: "a&b=c" },
    write: false,
  });
  assert.deepEqual(seen, [
    "application/x-www-form-urlencoded",
    "grant_type=client_credentials&client_secret=a%26b%3Dc",
  ]);
});

Deno.test("call uses the base URL itself when the path is empty", async () => {
  const seen: string[] = [];
  await using server = serve((request) => {
    seen.push(new URL(request.url).pathname);
    return ok();
  });
  await callerOf(`${server.url}/api/v1.0/jsonrpc/`).send({ ...getThing, path: "" });
  assert.deepEqual(seen, ["/api/v1.0/jsonrpc"]);
});

Deno.test("call returns what the schema made of the answer", async () => {
  await using server = serve(() => Response.json({ at: "2026-01-01T00:00:00Z", extra: 1 }));
  const schema = z.object({ at: z.string().transform((text) => Date.parse(text)) });
  const { http } = callerOf(server.url);
  assert.deepEqual(await http.call(getThing, schema, patient()), { at: Date.UTC(2026, 0, 1) });
});

Deno.test("call passes an empty body as undefined and a body that is not JSON as text", async () => {
  const bodies = ["", " \n", "Deleted", "\ufeff[1]"];
  await using server = serve((request) =>
    new Response(bodies[Number(new URL(request.url).pathname.slice(1))])
  );
  const { http } = callerOf(server.url);
  const seen = [];
  for (const path of ["/0", "/1", "/2", "/3"]) {
    seen.push(await http.call({ ...getThing, path }, z.unknown(), patient()));
  }
  assert.deepEqual(seen, [undefined, undefined, "Deleted", [1]]);
});

Deno.test("call passes the body of a 204 as undefined", async () => {
  await using server = serve(() => new Response(null, { status: 204 }));
  const { http } = callerOf(server.url);
  assert.equal(await http.call({ ...setThing, method: "DELETE" }, z.undefined(), patient()), undefined);
});

const KINDS: readonly (readonly [status: number, kind: FailureKind])[] = [
  [304, "unexpected_reply"],
  [400, "rejected"],
  [401, "credentials_refused"],
  [403, "rights_refused"],
  [404, "not_found"],
  [405, "rejected"],
  [407, "credentials_refused"],
  [419, "credentials_refused"],
  [409, "rejected"],
  [422, "rejected"],
  [429, "rate_limited"],
  [500, "unexpected_reply"],
  [501, "unexpected_reply"],
  [502, "unreachable"],
  [503, "unreachable"],
  [504, "unreachable"],
];
for (const [status, kind] of KINDS) {
  Deno.test(`call maps ${status} to ${kind}`, async () => {
    await using server = serve(() => new Response(null, { status }));
    const failure = await failureOf(callerOf(server.url).send(getThing));
    assert.deepEqual(failure, {
      kind,
      vendor: "Acme",
      operation: "getThing",
      status,
      ambiguous: false,
      ...(status === 304 ? { detail: "it redirects to another address, which is not followed" } : {}),
    });
  });
}

Deno.test("call maps a refused connection to unreachable", async () => {
  const failure = await failureOf(callerOf(closedAddress()).send(getThing));
  assert.deepEqual([failure.kind, failure.detail], ["unreachable", "the connection was refused"]);
});

Deno.test("call maps an unknown host to unreachable", async () => {
  const failure = await failureOf(callerOf("http://nowhere.invalid").send(getThing));
  assert.deepEqual([failure.kind, failure.detail], ["unreachable", "its host name is not known"]);
});

Deno.test("call maps a host that does not speak TLS to unreachable", async () => {
  await using server = serve(ok);
  const failure = await failureOf(callerOf(server.url.replace("http:", "https:")).send(getThing));
  assert.deepEqual([failure.kind, failure.detail], ["unreachable", "no secure connection could be made"]);
});

Deno.test({
  name: "call maps a host that the process may not reach to unreachable",
  permissions: { net: ["127.0.0.1:1"] },
  fn: async () => {
    const failure = await failureOf(callerOf("http://127.0.0.2:8080").send(getThing));
    assert.deepEqual([failure.kind, failure.detail], ["unreachable", "this address is not allowed"]);
  },
});

Deno.test("call gives one attempt up after its timeout and does not repeat it", async () => {
  await using server = serve(() => new Promise<Response>(() => {}));
  const { send, events } = callerOf(server.url, { timeoutMs: 30 });
  assert.equal((await failureOf(send(getThing))).kind, "timed_out");
  assert.deepEqual(events.map(({ outcome }) => outcome), ["timed_out"]);
});

Deno.test("call gives an attempt up whose body stalls half-way", async () => {
  await using server = serve(() => new Response(halfABody()));
  const { send } = callerOf(server.url, { timeoutMs: 30 });
  assert.equal((await failureOf(send(getThing))).kind, "timed_out");
});

Deno.test("call ends with its signal", async () => {
  await using server = serve(() => new Promise<Response>(() => {}));
  const failure = await failureOf(callerOf(server.url).send(getThing, { signal: AbortSignal.timeout(30) }));
  assert.equal(failure.kind, "timed_out");
});

Deno.test("call with a spent signal sends nothing", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return ok();
  });
  const { send } = callerOf(server.url);
  for (const request of [getThing, setThing]) {
    const failure = await failureOf(send(request, { signal: AbortSignal.abort() }));
    assert.deepEqual([failure.kind, failure.ambiguous], ["timed_out", false]);
  }
  assert.equal(requests, 0);
});

Deno.test("call takes a redirect for an unexpected reply and keeps the credentials at home", async () => {
  const visited: string[] = [];
  await using elsewhere = serve((request) => {
    visited.push(request.url);
    return ok();
  });
  await using server = serve(() => Response.redirect(elsewhere.url, 302));
  const failure = await failureOf(callerOf(server.url).send(getThing));
  assert.deepEqual([failure.kind, failure.status, visited], ["unexpected_reply", 302, []]);
});

Deno.test("call names the place where an answer differs from the schema, never the value", async () => {
  await using server = serve(() => Response.json({ items: [{ id: "a" }, { id: "hunter2hunter2" }] }));
  const schema = z.object({ items: z.array(z.object({ id: z.literal("a") })) });
  const failure = await failureOf(callerOf(server.url).http.call(getThing, schema, patient()));
  assert.equal(failure.kind, "unexpected_reply");
  assert.equal(failure.status, 200);
  assert.equal(failure.detail, "not as documented: items.1.id (invalid_value)");
  assert.equal(failure.quoted, undefined, "these are our words");
});

Deno.test("call says when an answer is empty, a web page or otherwise not JSON", async () => {
  const answers = { "/empty": "", "/page": " <!-- sign in --><form>", "/text": "OK" };
  await using server = serve(({ url }) =>
    new Response(answers[new URL(url).pathname as keyof typeof answers])
  );
  const { send } = callerOf(server.url);
  assert.equal((await failureOf(send({ ...getThing, path: "/empty" }))).detail, "the answer is empty");
  assert.equal((await failureOf(send({ ...getThing, path: "/page" }))).detail, "the answer is a web page");
  assert.equal((await failureOf(send({ ...getThing, path: "/text" }))).detail, "the answer is not JSON");
});

Deno.test("call stops reading an answer that is too large", async () => {
  const piece = new Uint8Array(1024 * 1024).fill(32);
  let sent = 0;
  await using server = serve(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent++;
          controller.enqueue(piece);
        },
      }),
    )
  );
  const { send } = callerOf(server.url);
  for (const [answer, longest] of [["list", 16], ["record", 4]] as const) {
    const failure = await failureOf(send({ ...getThing, answer }));
    assert.deepEqual([failure.kind, failure.detail], [
      "unexpected_reply",
      `the answer is larger than ${longest} MiB`,
    ]);
  }
  assert.match((await failureOf(send(setThing))).detail ?? "", /larger than 4 MiB/);
  assert.ok(sent < 200, `${sent} MiB were sent`);
});

Deno.test("call does not read an answer that takes little room in a text and much in memory", async () => {
  await using server = serve(() => new Response(`[${"[],".repeat(300_000)}[]]`));
  const failure = await failureOf(callerOf(server.url).send(getThing));
  assert.deepEqual([failure.kind, failure.detail], [
    "unexpected_reply",
    "the answer holds more than 500000 values",
  ]);
});

Deno.test("call lets the vendor's client explain an error", async () => {
  await using server = serve(() => Response.json({ code: "0005" }, { status: 500 }));
  const { send, events } = callerOf(server.url, {
    explain: (status, body) => ({ kind: "not_found", detail: `${status} ${JSON.stringify(body)}` }),
  });
  const failure = await failureOf(send(getThing));
  assert.deepEqual([failure.kind, failure.detail, failure.quoted], [
    "not_found",
    '500 {"code":"0005"}',
    true,
  ]);
  assert.equal(events.length, 1, "a documented not-found is not asked again");
});

Deno.test("call survives an explanation that throws", async () => {
  await using server = serve(() => new Response("no", { status: 400 }));
  const explain = () => {
    throw new TypeError("not a body I know");
  };
  const failure = await failureOf(callerOf(server.url, { explain }).send(getThing));
  assert.deepEqual([failure.kind, failure.detail], ["rejected", "no"]);
});

Deno.test("call reports every attempt", async () => {
  let requests = 0;
  const date = Date.UTC(2026, 0, 1, 3, 12);
  const headers = { date: new Date(date).toUTCString() };
  await using server = serve(() =>
    ++requests === 1 ? new Response(null, { status: 503, headers }) : Response.json({ ok: true }, { headers })
  );
  const { send, events } = callerOf(server.url);
  await send(getThing, { trace: "7F3K2" });
  const common = { vendor: "Acme", operation: "getThing", write: false, durationMs: 0, date, trace: "7F3K2" };
  assert.deepEqual(events, [
    { ...common, outcome: "unreachable", status: 503, attempt: 1 },
    { ...common, outcome: "ok", status: 200, attempt: 2 },
  ]);
});

Deno.test("call tells no time of an answer that a cache has kept", async () => {
  await using server = serve(() => Response.json({ ok: true }, { headers: { age: "600" } }));
  const { send, events } = callerOf(server.url);
  await send(getThing);
  assert.equal(events[0]?.date, undefined);
});

Deno.test("call measures an attempt by the clock", async () => {
  const clock = createFakeClock();
  await using server = serve(() => {
    clock.advance(120);
    return ok();
  });
  const { send, events } = callerOf(server.url, { clock });
  await send(getThing);
  assert.equal(events[0]?.durationMs, 120);
});

Deno.test("call succeeds although the log fails", async () => {
  await using server = serve(ok);
  const onCall = () => {
    throw new Error("disk full");
  };
  assert.deepEqual(await callerOf(server.url, { onCall }).send(setThing), { ok: true });
});

Deno.test("call throws a ClientError even when a schema throws", async () => {
  await using server = serve(ok);
  const schema = z.unknown().transform((): string => {
    throw new RangeError("secret");
  });
  const failure = await failureOf(callerOf(server.url).http.call(setThing, schema, patient()));
  assert.deepEqual([failure.kind, failure.ambiguous], ["unexpected_reply", true]);
  assert.doesNotMatch(Deno.inspect(failure), /secret/);
});

Deno.test("HttpClient refuses an address that cannot be called, without quoting it", () => {
  for (
    const baseUrl of [
      "",
      "acme.test",
      "ftp://acme.test",
      "https://u:p4ss@acme.test",
      "https://a.test/?k=p4ss",
    ]
  ) {
    assert.throws(() => callerOf(baseUrl), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^The address of Acme must begin with http:/);
      assert.doesNotMatch(error.message, /p4ss/);
      return true;
    });
  }
});

Deno.test("HttpClient accepts a port and a path", () => {
  const limits = { concurrency: 1, burst: 1, perSecond: 1 };
  new HttpClient({ vendor: "Acme", baseUrl: "http://127.0.0.1:8080/api/", clock: createFakeClock(), limits });
});

function halfABody(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"ok":')),
  });
}
