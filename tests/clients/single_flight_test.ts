import assert from "node:assert/strict";
import * as z from "zod";
import { serve, type Served } from "../sandbox/serve.ts";
import { callerOf, failureOf, getThing, okSchema, patient, setThing } from "./calling.ts";

/** Answers only when told to, with the number of the request. */
function serveHeld(): Served & {
  readonly requests: number;
  arrived(count: number): Promise<void>;
  open(): void;
} {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let requests = 0;
  const served = serve(async () => {
    const number = ++requests;
    await opened;
    return Response.json({ ok: true, number });
  });
  return {
    ...served,
    open,
    get requests() {
      return requests;
    },
    async arrived(count) {
      while (requests < count) await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

const numberSchema = z.object({ number: z.number() });

Deno.test("identical reads in flight share one request", async () => {
  await using server = serveHeld();
  const { http, events } = callerOf(server.url);
  const reads = [1, 2, 3].map(() => http.call(getThing, numberSchema, patient()));
  await server.arrived(1);
  reads.push(http.call(getThing, numberSchema, patient()));
  server.open();
  const answers = await Promise.all(reads);
  assert.deepEqual(answers.map(({ number }) => number), [1, 1, 1, 1]);
  assert.equal(events.length, 1);
  assert.notEqual(answers[0], answers[1], "each caller may do with its answer what it likes");
});

Deno.test("a read that is over is not shared", async () => {
  await using server = serveHeld();
  server.open();
  const { send } = callerOf(server.url);
  await send(getThing);
  await send(getThing);
  assert.equal(server.requests, 2);
});

Deno.test("reads that differ in anything are not shared", async () => {
  await using server = serveHeld();
  server.open();
  const { send } = callerOf(server.url);
  await Promise.all([
    send(getThing),
    send({ ...getThing, operation: "getOther" }),
    send({ ...getThing, path: "/other" }),
    send({ ...getThing, query: { page: 2 } }),
    send({ ...getThing, method: "POST", json: { method: "list" } }),
    send({ ...getThing, method: "POST", json: { method: "count" } }),
  ]);
  assert.equal(server.requests, 6);
});

Deno.test("callers who share a read check it by their own schema", async () => {
  await using server = serveHeld();
  const { http } = callerOf(server.url);
  const strict = http.call(getThing, z.object({ ok: z.literal(true), name: z.string() }), patient());
  const joined = http.call(getThing, okSchema, patient());
  const first = http.call({ ...getThing, path: "/b" }, okSchema, patient());
  const second = http.call({ ...getThing, path: "/b" }, z.object({ name: z.string() }), patient());
  const settled = Promise.allSettled([strict, joined, first, second]);
  await server.arrived(2);
  server.open();
  assert.deepEqual((await settled).map(({ status }) => status), [
    "rejected",
    "rejected",
    "fulfilled",
    "rejected",
  ]);
  assert.equal((await failureOf(second)).kind, "unexpected_reply");
});

Deno.test("a fresh read does not join an earlier one", async () => {
  await using server = serveHeld();
  const { http } = callerOf(server.url);
  const early = http.call(getThing, numberSchema, patient());
  await server.arrived(1);
  const fresh = http.call(getThing, numberSchema, { ...patient(), fresh: true });
  await server.arrived(2);
  server.open();
  assert.deepEqual([(await early).number, (await fresh).number], [1, 2]);
});

Deno.test("a caller who gives up does not end the read for the others", async () => {
  await using server = serveHeld();
  const { send } = callerOf(server.url);
  const abort = new AbortController();
  const impatient = failureOf(send(getThing, { signal: abort.signal }));
  const other = send(getThing);
  await server.arrived(1);
  abort.abort();
  assert.equal((await impatient).kind, "timed_out");
  server.open();
  assert.deepEqual(await other, { ok: true });
  assert.equal(server.requests, 1);
});

Deno.test("a read that nobody waits for any more is given up, and not joined", async () => {
  await using server = serveHeld();
  const { send } = callerOf(server.url);
  const abort = new AbortController();
  const impatient = failureOf(send(getThing, { signal: abort.signal }));
  await server.arrived(1);
  abort.abort();
  await impatient;
  const next = send(getThing);
  await server.arrived(2);
  server.open();
  assert.deepEqual(await next, { ok: true });
});

Deno.test("a failure of a shared read reaches everyone who shares it", async () => {
  await using server = serve(() => new Response(null, { status: 403 }));
  const { send, events } = callerOf(server.url);
  const failures = await Promise.all([failureOf(send(getThing)), failureOf(send(getThing))]);
  assert.deepEqual(failures.map(({ kind }) => kind), ["rights_refused", "rights_refused"]);
  assert.equal(events.length, 1);
});

Deno.test("a read that began before a write is not joined after it has begun", async () => {
  await using server = serveHeld();
  const { send } = callerOf(server.url);
  const before = send(getThing);
  await server.arrived(1);
  const write = send(setThing);
  await server.arrived(2);
  const during = send(getThing);
  await server.arrived(3);
  const alsoDuring = send(getThing);
  await server.arrived(4);
  server.open();
  await Promise.all([before, write, during, alsoDuring]);
  assert.equal(server.requests, 4);
});

Deno.test("a read that began during a write is not joined after it", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let reads = 0;
  await using server = serve(async (request) => {
    if (request.method === "GET" && ++reads === 1) await held;
    return Response.json({ ok: true });
  });
  const { send } = callerOf(server.url);
  const write = send(setThing);
  const during = send(getThing);
  await write;
  await send(getThing);
  release();
  await during;
  assert.equal(reads, 2);
});

Deno.test("reads are shared again when a write is over, even if it failed", async () => {
  let reads = 0;
  await using server = serve((request) => {
    if (request.method === "POST") return new Response(null, { status: 422 });
    reads++;
    return Response.json({ ok: true });
  });
  const { send } = callerOf(server.url);
  await failureOf(send(setThing));
  await Promise.all([send(getThing), send(getThing)]);
  assert.equal(reads, 1);
});

Deno.test("identical writes are never shared", async () => {
  await using server = serveHeld();
  server.open();
  const { send } = callerOf(server.url);
  await Promise.all([send(setThing), send(setThing)]);
  assert.equal(server.requests, 2);
});
