import assert from "node:assert/strict";
import { serve, type Served } from "../sandbox/serve.ts";
import type { Clock } from "../../clients/clock.ts";
import { createFakeClock } from "../clock.ts";
import { callerOf, closedAddress, failureOf, getThing, ok, setThing } from "./calling.ts";
import { rawOk, serveRaw } from "./raw_server.ts";

/** Answers with these, one after the other, then with success. */
function serveInTurn(...answers: readonly (() => Response)[]): Served & { readonly requests: number } {
  let requests = 0;
  const served = serve(() => (answers[requests++] ?? ok)());
  return {
    ...served,
    get requests() {
      return requests;
    },
  };
}

function status(code: number, headers: Record<string, string> = {}): () => Response {
  return () => new Response(null, { status: code, headers });
}

for (const code of [429, 500, 502, 503, 504]) {
  Deno.test(`a read is asked again after ${code}`, async () => {
    await using server = serveInTurn(status(code), status(code));
    assert.deepEqual(await callerOf(server.url).send(getThing), { ok: true });
    assert.equal(server.requests, 3);
  });
}

for (const code of [400, 401, 403, 404, 409, 302]) {
  Deno.test(`a read is not asked again after ${code}`, async () => {
    await using server = serveInTurn(status(code));
    await failureOf(callerOf(server.url).send(getThing));
    assert.equal(server.requests, 1);
  });
}

Deno.test("a read is asked three times at most", async () => {
  await using server = serveInTurn(status(503), status(503), status(503));
  const failure = await failureOf(callerOf(server.url).send(getThing));
  assert.deepEqual([failure.kind, failure.status, failure.ambiguous], ["unreachable", 503, false]);
  assert.equal(server.requests, 3);
});

Deno.test("a read is asked again after a refused connection", async () => {
  const { send, events } = callerOf(closedAddress());
  await failureOf(send(getThing));
  assert.deepEqual(events.map(({ attempt, outcome }) => [attempt, outcome]), [
    [1, "unreachable"],
    [2, "unreachable"],
    [3, "unreachable"],
  ]);
});

Deno.test("a read is asked again after a connection that broke in the middle of the answer", async () => {
  const half = { text: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", close: true };
  await using server = serveRaw((number) => number === 1 ? half : rawOk());
  assert.deepEqual(await callerOf(server.url).send(getThing), { ok: true });
  assert.equal(server.requests.length, 2);
});

Deno.test("a read waits longer before each attempt, with jitter", async () => {
  const waits = [];
  for (const random of [0, 0.5, 0.999]) {
    await using server = serveInTurn(status(503), status(503));
    const clock = createFakeClock({ random });
    await callerOf(server.url, { clock }).send(getThing);
    waits.push(clock.slept.map(Math.round));
  }
  assert.deepEqual(waits, [[125, 250], [250, 500], [375, 750]]);
});

Deno.test("a read waits as many seconds as Retry-After says", async () => {
  await using server = serveInTurn(status(429, { "retry-after": "7" }));
  const { send, clock } = callerOf(server.url);
  const before = clock.now();
  await send(getThing);
  const waited = clock.now() - before;
  assert.ok(waited >= 7_000 && waited < 7_500, `${waited} ms`);
});

Deno.test("a read waits until the date in Retry-After", async () => {
  const clock = createFakeClock();
  const until = clock.now() + 9_000;
  await using server = serveInTurn(status(503, { "retry-after": new Date(until).toUTCString() }));
  await callerOf(server.url, { clock }).send(getThing);
  assert.ok(clock.now() >= until && clock.now() < until + 500);
});

Deno.test("a read waits as long as the vendor's own header says", async () => {
  await using server = serveInTurn(status(429, { "x-reset-in": '"4"' }));
  const { send, clock } = callerOf(server.url, {
    retryAfter: (headers) => Number(headers.get("x-reset-in")?.replaceAll('"', "")) * 1_000,
  });
  const before = clock.now();
  await send(getThing);
  const waited = clock.now() - before;
  assert.ok(waited >= 4_000 && waited < 4_500, `${waited} ms`);
});

Deno.test("a read does not wait longer than anybody would, but says how long it would take", async () => {
  await using server = serveInTurn(status(429, { "retry-after": "45" }));
  const { send, clock } = callerOf(server.url);
  const failure = await failureOf(send(getThing));
  assert.deepEqual([failure.kind, failure.retryAfterMs], ["rate_limited", 45_000]);
  assert.deepEqual(clock.slept, []);
});

Deno.test("a 429 holds back every call to the vendor until it is over", async () => {
  const arrived: number[] = [];
  const clock = createFakeClock();
  await using server = serve(() => {
    arrived.push(clock.now());
    return arrived.length === 1 ? status(429, { "retry-after": "5" })() : ok();
  });
  const { send } = callerOf(server.url, { clock });
  const start = clock.now();
  const first = send(getThing);
  while (clock.slept.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  await Promise.all([first, send({ ...getThing, path: "/other" })]);
  assert.ok(arrived.slice(1).every((at) => at >= start + 5_000), `${arrived.map((at) => at - start)}`);
});

Deno.test("a call is refused at once while the vendor wants a long pause", async () => {
  await using server = serveInTurn(status(429, { "retry-after": "120" }));
  const { send, clock } = callerOf(server.url);
  await failureOf(send(getThing));
  clock.advance(20_000);
  const failure = await failureOf(send({ ...getThing, path: "/other" }));
  assert.deepEqual([failure.kind, failure.retryAfterMs], ["rate_limited", 100_000]);
  assert.equal(server.requests, 1);
  clock.advance(100_000);
  assert.deepEqual(await send(getThing), { ok: true });
});

Deno.test("a nonsensical Retry-After shuts the vendor out for five minutes, not for ever", async () => {
  await using server = serveInTurn(status(429, { "retry-after": "99999999" }));
  const { send, clock } = callerOf(server.url);
  await failureOf(send(getThing));
  clock.advance(300_000);
  assert.deepEqual(await send(getThing), { ok: true });
});

Deno.test("a read whose signal aborts between two attempts has timed out", async () => {
  const abort = new AbortController();
  await using server = serve(() => {
    abort.abort(new DOMException("late", "TimeoutError"));
    return status(503)();
  });
  const { send } = callerOf(server.url);
  const failure = await failureOf(send(getThing, { signal: abort.signal }));
  assert.deepEqual([failure.kind, failure.ambiguous], ["timed_out", false]);
});

for (const request of [getThing, setThing]) {
  Deno.test(`a deadline that ends the vendor's pause says that it asked us to slow down (${request.method})`, async () => {
    const fake = createFakeClock();
    const abort = new AbortController();
    const clock: Clock = {
      ...fake,
      async sleep(_ms, signal) {
        fake.advance(2_000);
        abort.abort(new DOMException("late", "TimeoutError"));
        await Promise.resolve();
        signal?.throwIfAborted();
      },
    };
    await using server = serveInTurn(status(429, { "retry-after": "7" }));
    const { send } = callerOf(server.url, { clock });
    await failureOf(send(setThing));
    const failure = await failureOf(send(request, { signal: abort.signal }));
    assert.deepEqual([failure.kind, failure.retryAfterMs, failure.ambiguous], ["rate_limited", 5_000, false]);
    assert.equal(server.requests, 1);
  });
}

Deno.test("a deadline that ends a wait for our own rate says that not everything was sent", async () => {
  const abort = new AbortController();
  const fake = createFakeClock();
  const clock: Clock = {
    ...fake,
    async sleep(_ms, signal) {
      abort.abort(new DOMException("late", "TimeoutError"));
      await Promise.resolve();
      signal?.throwIfAborted();
    },
  };
  await using server = serveInTurn();
  const { send } = callerOf(server.url, { clock, limits: { concurrency: 1, burst: 1, perSecond: 1 } });
  await send(getThing);
  const failure = await failureOf(send(setThing, { signal: abort.signal }));
  assert.deepEqual([failure.kind, failure.detail, failure.ambiguous], [
    "timed_out",
    "too many calls at once, not all were sent",
    false,
  ]);
});

Deno.test("a read renews a stale token once and is replayed once", async () => {
  const seen: (string | null)[] = [];
  const renewed: string[] = [];
  await using server = serve((request) => {
    seen.push(request.headers.get("authorization"));
    return seen.length === 1 ? status(407)() : ok();
  });
  const { send } = callerOf(server.url, {
    authorization: {
      header: () => `Bearer t${renewed.length}`,
      renew: (stale) => renewed.push(stale),
    },
  });
  await send(getThing);
  assert.deepEqual(seen, ["Bearer t0", "Bearer t1"]);
  assert.deepEqual(renewed, ["Bearer t0"]);
});

/** One refusal in several dresses. */
const STALE: readonly (readonly [status: number, body: unknown])[] = [
  [401, null],
  [407, null],
  [419, null],
  [400, { error: "invalid_token", error_description: "The access token expired" }],
  [400, { Message: "Invalid or expired token." }],
  [403, { message: "jwt expired" }],
];
for (const [status, body] of STALE) {
  Deno.test(`a read renews its token once after ${status} ${JSON.stringify(body)}`, async () => {
    let generation = 0;
    const seen: (string | null)[] = [];
    await using server = serve((request) => {
      seen.push(request.headers.get("authorization"));
      return seen.length === 1 ? Response.json(body, { status }) : ok();
    });
    const authorization = { header: () => `Bearer t${generation}`, renew: () => void generation++ };
    await callerOf(server.url, { authorization }).send(getThing);
    assert.deepEqual(seen, ["Bearer t0", "Bearer t1"]);
  });
}

Deno.test("a refusal that is about another's token is asked once more, and stays what it is", async () => {
  let requests = 0;
  await using server = serve(() => {
    requests++;
    return Response.json({ error: "The refresh token of Sophos has expired." }, { status: 400 });
  });
  const { send } = callerOf(server.url, { authorization: { header: () => "Bearer x", renew() {} } });
  const failure = await failureOf(send(getThing));
  assert.deepEqual([failure.kind, failure.detail, requests], [
    "rejected",
    "The refresh token of Sophos has expired.",
    2,
  ]);
});

Deno.test("a token that is stale twice counts as refused", async () => {
  await using server = serveInTurn(status(407), status(407), status(407));
  const { send } = callerOf(server.url, {
    authorization: { header: () => "Bearer x", renew() {} },
  });
  const failure = await failureOf(send(getThing));
  assert.deepEqual([failure.kind, failure.status, server.requests], ["credentials_refused", 407, 2]);
});

Deno.test("a key that cannot be renewed is not tried twice", async () => {
  await using server = serveInTurn(status(401));
  const { send } = callerOf(server.url, { authorization: { header: () => "Basic x" } });
  assert.equal((await failureOf(send(getThing))).kind, "credentials_refused");
  assert.equal(server.requests, 1);
});
