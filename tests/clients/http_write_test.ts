import assert from "node:assert/strict";
import { ClientError } from "../../clients/errors.ts";
import { serve } from "../sandbox/serve.ts";
import { callerOf, closedAddress, failureOf, getThing, ok, setThing } from "./calling.ts";
import { rawOk, serveRaw } from "./raw_server.ts";

Deno.test("a write arrives once when its connection is cut before the answer", async () => {
  await using server = serveRaw((number) => number === 1 ? rawOk() : undefined);
  const { send } = callerOf(server.url);
  await send(getThing);
  const failure = await failureOf(send(setThing));
  assert.deepEqual([failure.kind, failure.ambiguous], ["unreachable", true]);
  assert.deepEqual(server.requests, ["GET /thing HTTP/1.1", "POST /thing HTTP/1.1"]);
});

Deno.test("a write after a write arrives once when its connection is cut before the answer", async () => {
  await using server = serveRaw((number) => number === 1 ? rawOk() : undefined);
  const { send } = callerOf(server.url);
  await send(setThing);
  assert.equal((await failureOf(send(setThing))).ambiguous, true);
  assert.equal(server.requests.length, 2);
});

Deno.test("a pooled connection does repeat a POST by itself: the reason for the two tests above", async () => {
  await using server = serveRaw((number) => number === 1 ? rawOk() : undefined);
  await (await fetch(server.url)).text();
  await assert.rejects(fetch(server.url, { method: "POST", body: "x" }));
  assert.equal(server.requests.filter((line) => line.startsWith("POST")).length, 2);
});

Deno.test("a write does not fail because the vendor has closed an idle connection", async () => {
  await using server = serveRaw(() => rawOk({ close: true }));
  const { send } = callerOf(server.url);
  await send(getThing);
  assert.deepEqual(await send(setThing), { ok: true });
  assert.deepEqual(await send(setThing), { ok: true });
  assert.equal(server.requests.length, 3);
});

Deno.test("each write has a connection of its own", async () => {
  await using server = serveRaw(() => rawOk());
  const { send } = callerOf(server.url);
  await send(getThing);
  await send(setThing);
  await send(setThing);
  assert.equal(server.connections, 3);
});

const AMBIGUOUS = [[401, true], [408, true], [500, true], [502, true], [503, true], [504, true], [
  302,
  true,
]] as const;
const REFUSED = [[400, false], [403, false], [404, false], [410, false], [422, false], [
  429,
  false,
]] as const;
for (const [status, ambiguous] of [...AMBIGUOUS, ...REFUSED]) {
  Deno.test(`a write answered with ${status} is sent once and ${ambiguous ? "" : "not "}ambiguous`, async () => {
    let requests = 0;
    await using server = serve(() => {
      requests++;
      return new Response(null, { status, headers: { "retry-after": "1" } });
    });
    const failure = await failureOf(callerOf(server.url).send(setThing));
    assert.deepEqual([failure.ambiguous, failure.status, requests], [ambiguous, status, 1]);
  });
}

for (const body of ["", "<html>", '{"ok":', '{"ok":false}']) {
  Deno.test(`a write answered with 200 and ${JSON.stringify(body)} is ambiguous`, async () => {
    await using server = serve(() => new Response(body));
    const failure = await failureOf(callerOf(server.url).send(setThing));
    assert.deepEqual([failure.kind, failure.ambiguous], ["unexpected_reply", true]);
  });
}

Deno.test("a write refused with words that break off is refused, not ambiguous", async () => {
  const text = "HTTP/1.1 422 Unprocessable Content\r\ncontent-length: 99\r\n\r\n{";
  await using server = serveRaw(() => ({ text, close: true }));
  const failure = await failureOf(callerOf(server.url).send(setThing));
  assert.deepEqual([failure.kind, failure.status, failure.ambiguous], ["rejected", 422, false]);
});

Deno.test("a write accepted with an answer that breaks off is ambiguous", async () => {
  const text = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
  await using server = serveRaw(() => ({ text, close: true }));
  const failure = await failureOf(callerOf(server.url).send(setThing));
  assert.deepEqual([failure.kind, failure.ambiguous], ["unreachable", true]);
});

Deno.test("a write that is not answered in time is ambiguous and sent once", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return new Promise<Response>(() => {});
  });
  const failure = await failureOf(callerOf(server.url, { timeoutMs: 50 }).send(setThing));
  assert.deepEqual([failure.kind, failure.ambiguous, requests], ["timed_out", true, 1]);
});

Deno.test("a write whose signal aborts while it is under way is ambiguous", async () => {
  const abort = new AbortController();
  await using server = serve(() => {
    abort.abort();
    return new Promise<Response>(() => {});
  });
  const failure = await failureOf(callerOf(server.url).send(setThing, { signal: abort.signal }));
  assert.deepEqual([failure.kind, failure.ambiguous], ["timed_out", true]);
});

Deno.test("a write whose signal aborts while it waits for its turn is not ambiguous", async () => {
  const abort = new AbortController();
  const { promise: release, resolve } = Promise.withResolvers<void>();
  await using server = serve(async () => {
    abort.abort();
    await release;
    return ok();
  });
  const { send } = callerOf(server.url, { limits: { concurrency: 1, burst: 9, perSecond: 9 } });
  const read = send(getThing);
  const failure = await failureOf(send(setThing, { signal: abort.signal }));
  resolve();
  await read;
  assert.deepEqual([failure.kind, failure.ambiguous], ["timed_out", false]);
});

Deno.test("a write that nobody listened to is not ambiguous", async () => {
  const { send, events } = callerOf(closedAddress());
  const failure = await failureOf(send(setThing));
  assert.deepEqual([failure.kind, failure.ambiguous, events.length], ["unreachable", false, 1]);
  const lookup = await failureOf(callerOf("http://nowhere.invalid").send(setThing));
  assert.deepEqual([lookup.kind, lookup.ambiguous], ["unreachable", false]);
});

Deno.test("a write that the vendor's client can explain is not ambiguous", async () => {
  await using server = serve(() => new Response("No such integration", { status: 500 }));
  const failure = await failureOf(
    callerOf(server.url, { explain: () => ({ kind: "not_found" }) }).send(setThing),
  );
  assert.deepEqual([failure.kind, failure.ambiguous], ["not_found", false]);
});

Deno.test("a write is not sent again after a stale token, which is renewed for whoever comes next", async () => {
  const seen: (string | null)[] = [];
  let generation = 0;
  await using server = serve(async (request) => {
    seen.push(`${request.headers.get("authorization")} ${await request.text()}`);
    return seen.length === 1 ? new Response(null, { status: 401 }) : ok();
  });
  const { send } = callerOf(server.url, {
    authorization: { header: () => `Bearer t${generation}`, renew: () => generation++ },
  });
  const failure = await failureOf(send(setThing));
  assert.deepEqual(seen, ['Bearer t0 {"name":"x"}']);
  assert.deepEqual([failure.kind, failure.ambiguous], ["credentials_refused", true]);
  await send(getThing);
  assert.equal(seen[1], "Bearer t1 ");
});

Deno.test("a write tells that it is one when it asks for a token", async () => {
  const asked: boolean[] = [];
  await using server = serve(() => ok());
  const header = (_call: unknown, write: boolean) => {
    asked.push(write);
    return "Bearer x";
  };
  const { send } = callerOf(server.url, { authorization: { header } });
  await send(getThing);
  await send(setThing);
  assert.deepEqual(asked, [false, true]);
});

Deno.test("a write that could not get a token was not sent and is not ambiguous", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return ok();
  });
  const header = () =>
    Promise.reject(
      new ClientError({ kind: "timed_out", vendor: "Acme", operation: "token", ambiguous: true }),
    );
  const failure = await failureOf(callerOf(server.url, { authorization: { header } }).send(setThing));
  assert.deepEqual([failure.kind, failure.operation, failure.ambiguous], ["timed_out", "token", false]);
  assert.equal(requests, 0);
});

Deno.test("a write that is refused for a token, in whatever words, is sent once and read back", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return Response.json({ error_description: "The access token expired" }, { status: 400 });
  });
  const { send } = callerOf(server.url, { authorization: { header: () => "Bearer x", renew() {} } });
  const failure = await failureOf(send(setThing));
  assert.deepEqual([failure.kind, failure.ambiguous, requests], ["rejected", true, 1]);
});
