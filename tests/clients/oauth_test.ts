import assert from "node:assert/strict";
import { TokenCache, type TokenOptions } from "../../clients/oauth.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";
import { serve, type Served } from "../sandbox/serve.ts";
import { failureOf, patient } from "./calling.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly type: string | null;
  readonly form: string;
}

interface Bench extends AsyncDisposable {
  readonly served: Served;
  readonly clock: FakeClock;
  readonly asked: Asked[];
  keeper(options?: Partial<TokenOptions>): TokenCache;
}

/** A token endpoint that answers as `answer` says; the count is of the requests so far. */
function open(answer: (count: number, asked: Asked) => Response | Promise<Response>): Bench {
  const clock = createFakeClock();
  const asked: Asked[] = [];
  const served = serve(async (request) => {
    const url = new URL(request.url);
    const one = {
      method: request.method,
      path: url.pathname,
      query: url.search,
      type: request.headers.get("content-type"),
      form: await request.text(),
    };
    asked.push(one);
    return await answer(asked.length, one);
  });
  return {
    served,
    clock,
    asked,
    keeper: (options) =>
      new TokenCache({
        vendor: "Acme",
        tokenUrl: `${served.url}/token`,
        form: { grant_type: "client_credentials", client_id: "id", client_secret: "s3cret-value" },
        clock,
        timeoutMs: 20_000,
        ...options,
      }),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

function grant(count: number, life: unknown = 7_199): Response {
  return Response.json({ access_token: `token-${count}`, token_type: "bearer", expires_in: life });
}

Deno.test("TokenCache posts a form with the extra query and keeps the token", async () => {
  await using bench = open((count) => grant(count));
  const keeper = bench.keeper({ tokenUrl: `${bench.served.url}/auth/token?a=1`, query: { tenant: "acme" } });
  assert.equal(await keeper.header(patient()), "Bearer token-1");
  assert.equal(await keeper.header(patient()), "Bearer token-1");
  assert.deepEqual(bench.asked, [{
    method: "POST",
    path: "/auth/token",
    query: "?a=1&tenant=acme",
    type: "application/x-www-form-urlencoded",
    form: "grant_type=client_credentials&client_id=id&client_secret=s3cret-value",
  }]);
});

Deno.test("TokenCache fetches a token a minute before the old one ends", async () => {
  await using bench = open((count) => grant(count, "7200"));
  const keeper = bench.keeper();
  await keeper.header(patient());
  bench.clock.advance(7_139_000);
  assert.equal(await keeper.header(patient()), "Bearer token-1");
  bench.clock.advance(1_000);
  assert.equal(await keeper.header(patient()), "Bearer token-2");
});

Deno.test("TokenCache gives a write a token that is no older than a minute", async () => {
  await using bench = open((count) => grant(count, "7200"));
  const keeper = bench.keeper();
  await keeper.header(patient());
  bench.clock.advance(60_000);
  assert.equal(await keeper.header(patient(), true), "Bearer token-1");
  bench.clock.advance(1);
  assert.equal(await keeper.header(patient()), "Bearer token-1");
  assert.equal(await keeper.header(patient(), true), "Bearer token-2");
  assert.equal(await keeper.header(patient()), "Bearer token-2");
});

Deno.test("TokenCache uses half the life of a token that lives shorter than two minutes", async () => {
  await using bench = open((count) => grant(count, 20));
  const keeper = bench.keeper();
  await keeper.header(patient());
  bench.clock.advance(9_999);
  assert.equal(await keeper.header(patient()), "Bearer token-1");
  bench.clock.advance(1);
  assert.equal(await keeper.header(patient()), "Bearer token-2");
});

Deno.test("TokenCache takes an hour when the vendor does not say how long", async () => {
  for (const life of [undefined, null, "soon", -1]) {
    await using bench = open((count) =>
      Response.json({ access_token: `token-${count}`, ...(life !== undefined && { expires_in: life }) })
    );
    const keeper = bench.keeper();
    await keeper.header(patient());
    bench.clock.advance(3_539_000);
    assert.equal(await keeper.header(patient()), "Bearer token-1");
    bench.clock.advance(1_000);
    assert.equal(await keeper.header(patient()), "Bearer token-2");
  }
});

Deno.test("TokenCache asks once for many callers, at the start and after a renewal", async () => {
  await using bench = open((count) => grant(count));
  const keeper = bench.keeper();
  const first = await Promise.all(Array.from({ length: 20 }, () => keeper.header(patient())));
  assert.deepEqual(new Set(first), new Set(["Bearer token-1"]));
  const second = await Promise.all(first.map((stale) => {
    keeper.renew(stale);
    return keeper.header({ ...patient(), fresh: true });
  }));
  assert.deepEqual(new Set(second), new Set(["Bearer token-2"]));
  assert.equal(bench.asked.length, 2);
});

Deno.test("TokenCache tells of each token once, and of its end when the next but one is there", async () => {
  await using bench = open((count) => grant(count));
  const told: string[] = [];
  const keeper = bench.keeper({
    onToken(token) {
      told.push(token);
      return () => void told.push(`no ${token}`);
    },
  });
  for (let renewals = 0; renewals < 3; renewals++) {
    const [header = ""] = await Promise.all([1, 2, 3].map(() => keeper.header(patient())));
    keeper.renew(header);
  }
  assert.deepEqual(told, ["token-1", "token-2", "token-3", "no token-1"]);
});

Deno.test("TokenCache keeps the new token when an old one is refused late", async () => {
  await using bench = open((count) => grant(count));
  const keeper = bench.keeper();
  const old = await keeper.header(patient());
  keeper.renew(old);
  await keeper.header(patient());
  keeper.renew(old);
  assert.equal(await keeper.header(patient()), "Bearer token-2");
  assert.equal(bench.asked.length, 2);
});

Deno.test("TokenCache goes on to the next address after a 404 and remembers it", async () => {
  await using bench = open((count, { path }) =>
    path === "/two" ? grant(count, 20) : new Response("", { status: 404 })
  );
  const keeper = bench.keeper({ tokenUrl: [`${bench.served.url}/one`, `${bench.served.url}/two`] });
  await keeper.header(patient());
  bench.clock.advance(20_000);
  await keeper.header(patient());
  assert.deepEqual(bench.asked.map(({ path }) => path), ["/one", "/two", "/two"]);
});

Deno.test("TokenCache says that no address has a token endpoint, and never calls it not found", async () => {
  await using bench = open(() => new Response("", { status: 404 }));
  const failure = await failureOf(Promise.resolve(bench.keeper().header(patient())));
  assert.deepEqual([failure.kind, failure.detail], ["unexpected_reply", "no token endpoint at this address"]);
  assert.equal(failure.ambiguous, false);
});

Deno.test("TokenCache stays with an address that refuses for another reason than 404", async () => {
  await using bench = open(() => Response.json({ error: "unauthorized" }, { status: 401 }));
  const keeper = bench.keeper({ tokenUrl: [`${bench.served.url}/one`, `${bench.served.url}/two`] });
  await failureOf(Promise.resolve(keeper.header(patient())));
  assert.deepEqual(bench.asked.map(({ path }) => path), ["/one"]);
});

Deno.test.each([
  [400, { error: "invalid_client" }, "credentials_refused"],
  [401, { error: "unauthorized", error_description: "Bad API credentials" }, "credentials_refused"],
  [403, undefined, "credentials_refused"],
  [407, "", "credentials_refused"],
  [400, { error: "unsupported_grant_type", error_description: "Unsupported grant type: x" }, "rejected"],
  [200, { access_token: "two words" }, "unexpected_reply"],
  [200, { access_token: "" }, "unexpected_reply"],
  [200, "<html></html>", "unexpected_reply"],
])("TokenCache calls %d with %o %s", async (status, body, kind) => {
  await using bench = open(() => Response.json(body ?? null, { status: Number(status) }));
  const failure = await failureOf(Promise.resolve(bench.keeper().header(patient())));
  assert.equal(failure.kind, kind);
});

Deno.test("TokenCache does not keep a failure", async () => {
  await using bench = open((count) =>
    count === 1 ? Response.json({ error: "unauthorized" }, { status: 401 }) : grant(count)
  );
  const keeper = bench.keeper();
  await failureOf(Promise.resolve(keeper.header(patient())));
  assert.equal(await keeper.header(patient()), "Bearer token-2");
});

Deno.test("TokenCache never repeats a secret that the vendor quotes", async () => {
  await using bench = open((_count, { form }) =>
    Response.json({ error: "unauthorized", error_description: `Refused: ${form}` }, { status: 401 })
  );
  const failure = await failureOf(Promise.resolve(bench.keeper().header(patient())));
  assert.ok(!Deno.inspect(failure, { depth: 9 }).includes("s3cret-value"), Deno.inspect(failure));
});

Deno.test("TokenCache lets one caller give up without failing the others", async () => {
  const gate = Promise.withResolvers<void>();
  await using bench = open(async (count) => {
    await gate.promise;
    return grant(count);
  });
  const keeper = bench.keeper();
  const impatient = new AbortController();
  const first = keeper.header({ signal: impatient.signal });
  const second = keeper.header(patient());
  impatient.abort();
  assert.equal((await failureOf(Promise.resolve(first))).kind, "timed_out");
  gate.resolve();
  assert.equal(await second, "Bearer token-1");
  assert.equal(bench.asked.length, 1);
});
