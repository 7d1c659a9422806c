import assert from "node:assert/strict";
import { serve, type Served } from "../sandbox/serve.ts";
import { type Caller, callerOf, closedAddress, failureOf, getThing, ok, setThing } from "./calling.ts";

interface Vendor extends Served {
  readonly requests: number;
  answer: () => Response | Promise<Response>;
}

function serveDown(): Vendor {
  let requests = 0;
  const vendor: Vendor = {
    answer: () => new Response(null, { status: 503 }),
    get requests() {
      return requests;
    },
    ...serve(() => {
      requests++;
      return vendor.answer();
    }),
  };
  return vendor;
}

async function failTimes(times: number, { send }: Caller): Promise<void> {
  for (let time = 0; time < times; time++) await failureOf(send(setThing));
}

/** Whether calls are refused at the moment; `retryAt` is epoch ms. */
function stateOf({ http }: Caller): { open: boolean; retryAt?: number } {
  const retryAt = http["breaker"]["retryAt"];
  return retryAt === undefined ? { open: false } : { open: true, retryAt };
}

Deno.test("the breaker opens after five outages in a row and refuses reads and writes at once", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(4, caller);
  assert.deepEqual(stateOf(caller), { open: false });
  await failTimes(1, caller);
  assert.deepEqual(stateOf(caller), { open: true, retryAt: caller.clock.now() + 30_000 });

  caller.clock.advance(10_000);
  for (const request of [getThing, setThing]) {
    const failure = await failureOf(caller.send(request));
    assert.deepEqual([failure.kind, failure.retryAfterMs, failure.ambiguous], ["unreachable", 20_000, false]);
  }
  assert.equal(server.requests, 5);
  assert.equal(caller.events.length, 5);
});

Deno.test("the breaker counts calls, not the attempts of one call", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  for (let call = 0; call < 4; call++) await failureOf(caller.send(getThing));
  assert.deepEqual([server.requests, stateOf(caller).open], [12, false]);
});

Deno.test("the breaker closes when the one call let through succeeds", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(5, caller);
  caller.clock.advance(30_000);
  server.answer = ok;
  assert.deepEqual(await caller.send(getThing), { ok: true });
  assert.deepEqual(stateOf(caller), { open: false });

  server.answer = () => new Response(null, { status: 503 });
  await failTimes(4, caller);
  assert.equal(stateOf(caller).open, false, "the count begins anew");
});

Deno.test("the breaker rests again when the one call let through fails, after a single attempt", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(5, caller);
  caller.clock.advance(30_000);
  await failureOf(caller.send(getThing));
  assert.equal(server.requests, 6);
  assert.deepEqual(stateOf(caller), { open: true, retryAt: caller.clock.now() + 30_000 });
  assert.equal((await failureOf(caller.send(getThing))).retryAfterMs, 30_000);
  assert.equal(server.requests, 6);
});

Deno.test("the breaker lets one call through and the others wait for what it finds", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(5, caller);
  caller.clock.advance(30_000);

  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  server.answer = async () => {
    arrive();
    await held;
    return ok();
  };
  const calls = ["/a", "/b", "/c"].map((path) => caller.send({ ...getThing, path }));
  await arrived;
  assert.equal(server.requests, 6);
  release();
  await Promise.all(calls);
  assert.equal(server.requests, 8);
});

Deno.test("the breaker refuses the others when the one call let through fails", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(5, caller);
  caller.clock.advance(30_000);
  const calls = ["/a", "/b", "/c"].map((path) => failureOf(caller.send({ ...getThing, path })));
  const failures = await Promise.all(calls);
  assert.deepEqual(failures.map(({ status }) => status), [503, undefined, undefined]);
  assert.equal(server.requests, 6);
});

Deno.test("the breaker lets the next call try when the one let through was not sent", async () => {
  await using server = serveDown();
  let refuseToken = false;
  const header = () => refuseToken ? Promise.reject(new Error("no token")) : "Bearer x";
  const caller = callerOf(server.url, { authorization: { header } });
  await failTimes(5, caller);
  caller.clock.advance(30_000);
  refuseToken = true;
  await failureOf(caller.send(getThing));
  refuseToken = false;
  server.answer = ok;
  assert.deepEqual(await caller.send(getThing), { ok: true });
});

Deno.test("the breaker counts only outages in a row", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(4, caller);
  server.answer = () => new Response(null, { status: 404 });
  await failTimes(1, caller);
  server.answer = () => new Response(null, { status: 500 });
  await failTimes(4, caller);
  assert.equal(stateOf(caller).open, false);
});

for (const status of [400, 401, 403, 404, 422, 429]) {
  Deno.test(`the breaker does not take ${status} for an outage`, async () => {
    await using server = serveDown();
    const caller = callerOf(server.url);
    server.answer = () => new Response(null, { status });
    await failTimes(7, caller);
    assert.equal(stateOf(caller).open, false);
  });
}

Deno.test("the breaker takes refused connections and silence for outages", async () => {
  await using server = serveDown();
  server.answer = () => new Promise<Response>(() => {});
  for (const caller of [callerOf(closedAddress()), callerOf(server.url, { timeoutMs: 30 })]) {
    await failTimes(5, caller);
    assert.deepEqual(stateOf(caller), { open: true, retryAt: caller.clock.now() + 30_000 });
  }
});

Deno.test("the breaker takes a caller's deadline for an outage, but not a caller who lost interest", async () => {
  await using server = serveDown();
  const caller = callerOf(server.url);
  await failTimes(4, caller);
  const abort = new AbortController();
  server.answer = () => {
    abort.abort();
    return new Promise<Response>(() => {});
  };
  await failureOf(caller.send(setThing, { signal: abort.signal }));
  assert.equal(stateOf(caller).open, false);
  await failureOf(caller.send(setThing, { signal: AbortSignal.timeout(30) }));
  assert.equal(stateOf(caller).open, true);
});
