import assert from "node:assert/strict";
import { BadInput } from "../../handlers/operation.ts";
import type { Json } from "../../clients/json.ts";
import { SMAX } from "../clients/opsramp_fixture.ts";
import samples from "../sandbox/opsramp/page_samples.json" with { type: "json" };
import { changesOf, openHandlerFixture, textOf, understand } from "./opsramp_fixture.ts";

Deno.test("/notifier opsramp says that it is set up like that", async () => {
  await using at = openHandlerFixture();
  assert.equal(
    await at.nothing("/notifier opsramp Service Desk uri=https://desk.acme.example/api auth=NONE"),
    "Nothing to change in Service Desk: the notifier is set up like that",
  );
});

const OAUTH =
  "/notifier opsramp Service Desk uri=www.example.com auth=OAUTH2 grantType=PASSWORD userName=bot " +
  "accessTokenURL=www.token.com/cred password=? apiKey=? apiSecret=?";
const SECRETS = { password: "pk-s3cret", apiKey: "key-s3cret", apiSecret: "api-s3cret" };

Deno.test("/notifier opsramp auth=OAUTH2 puts the secrets in at the last moment and shows none", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(OAUTH);
  assert.deepEqual(change.asked, ["password", "apiKey", "apiSecret"]);
  assert.deepEqual(changesOf(change.card).slice(-3), [
    "password: cannot be read → new value, entered privately",
    "apiKey: cannot be read → new value, entered privately",
    "apiSecret: cannot be read → new value, entered privately",
  ]);
  const { verdict, receipt } = await change.run(SECRETS);
  assert.deepEqual(at.fixture.written()?.body, {
    outboundConfig: {
      baseNotifier: {
        type: "REST_API",
        baseURI: "www.example.com",
        authType: "OAUTH2",
        grantType: "PASSWORD",
        userName: "bot",
        accessTokenURL: "www.token.com/cred",
        ...SECRETS,
      },
    },
  });
  assert.equal(verdict.state, "applied");
  assert.match(textOf(verdict.evidence), /Not readable: password, apiKey, apiSecret$/);
  const seen = JSON.stringify([verdict, receipt, change.plan, change.card, change.undo]);
  assert.ok(!seen.includes("s3cret"), seen);
});

Deno.test("/notifier opsramp accepts what cannot be read back, and knows nothing without an answer", async () => {
  await using at = openHandlerFixture({}, { timeoutMs: 1_000 });
  await (await at.plan(OAUTH)).run(SECRETS);
  const again = await at.plan(OAUTH);
  assert.equal((await again.run(SECRETS)).verdict.state, "accepted");
  assert.deepEqual([again.undo.possible], [false]);
  at.fixture.emulator.fail("update", { kind: "hang" });
  assert.equal((await again.run(SECRETS)).verdict.state, "unknown");
});

Deno.test("/notifier opsramp refuses to run without a secret that was asked for", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(OAUTH);
  await assert.rejects(
    change.run({ password: "x", apiKey: "y" }),
    new BadInput("apiSecret was not entered."),
  );
  assert.equal(at.fixture.written(), undefined);
});

/** The page's JWT sample with every secret asked for. */
function jwtDocument(): { [key: string]: Json } {
  const notifier = structuredClone(samples[5]!.request.outboundConfig!.baseNotifier) as Record<string, Json>;
  const ask = (headers: Json | undefined): Json =>
    (headers as { key: string }[]).map(({ key }) => ({ key, value: "?" }));
  return {
    ...notifier,
    password: "?",
    tokenHeaders: ask(notifier.tokenHeaders),
    resourceAuthHeaders: ask(notifier.resourceAuthHeaders),
  };
}

Deno.test("/notifier opsramp combines a document with a secret asked for in the line", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(`/notifier opsramp ${SMAX} password=? tokenHeaders.Authorization=?`, {
    authType: "JWT",
    baseURI: "https://smax.example",
    tokenURL: "https://smax.example/login",
    userName: "test",
  });
  assert.deepEqual(change.asked, ["password", "tokenHeaders.Authorization"]);
  await change.run({ password: "Test", "tokenHeaders.Authorization": "Basic s3cret" });
  const sent = at.fixture.written()?.body as { outboundConfig: { baseNotifier: Record<string, Json> } };
  assert.deepEqual(sent.outboundConfig.baseNotifier.tokenHeaders, [{
    key: "Authorization",
    value: "Basic s3cret",
  }]);
  assert.equal(sent.outboundConfig.baseNotifier.password, "Test");
});

Deno.test("/notifier opsramp takes a JWT notifier typed in the line", async () => {
  await using at = openHandlerFixture();
  const change = await at.plan(
    `/notifier opsramp ${SMAX} uri=https://smax.example auth=jwt tokenURL=https://smax.example/login ` +
      "tokensPath=jwtToken:rest_access.access_key tokenHeaders.accept=application/json " +
      "tokenHeaders.Authorization=? resourceAuthHeaders.accept=$jwtToken",
  );
  await change.run({ "tokenHeaders.Authorization": "Basic s3cret" });
  const sent = at.fixture.written()?.body as { outboundConfig: { baseNotifier: Record<string, Json> } };
  assert.deepEqual(sent.outboundConfig.baseNotifier, {
    type: "REST_API",
    baseURI: "https://smax.example",
    authType: "JWT",
    tokenURL: "https://smax.example/login",
    tokensPath: [{ key: "jwtToken", value: "rest_access.access_key" }],
    tokenHeaders: [{ key: "accept", value: "application/json" }, {
      key: "Authorization",
      value: "Basic s3cret",
    }],
    resourceAuthHeaders: [{ key: "accept", value: "$jwtToken" }],
  });
});

Deno.test("/notifier opsramp refuses a secret that is written out, without repeating it", async () => {
  await using at = openHandlerFixture();
  const operation = understand("/notifier opsramp x").operation;
  assert.ok(operation.risk !== "read");
  const document = { ...jwtDocument(), password: "hunter2hunter2" };
  await assert.rejects(operation.plan(at.context, { id: SMAX, document }), (error) => {
    assert.ok(error instanceof BadInput);
    assert.equal(
      error.message,
      'password is a secret: write "?" for it, and it is asked for on a private page.',
    );
    return true;
  });
});

Deno.test.each([
  ["password", true],
  ["apiSecret", true],
  ["APIKEY", true],
  ["outboundConfig.baseNotifier.apiSecret", true],
  ["outboundConfig.notifier.password", true],
  ["tokenHeaders.Authorization", true],
  ["tokenHeaders.0.value", true],
  ["outboundConfig.baseNotifier.tokenHeaders[0].value", true],
  ["resourceAuthHeaders.0.value", true],
  ["tokenPayload.Password", true],
  ["inboundConfig.authentication.token", true],
  ["tokenHeaders.accept", false],
  ["tokenHeaders.0.key", false],
  ["tokensPath.0.value", false],
  ["tokensPath.jwtToken", false],
  ["tokenPayload.rest", false],
  ["tokenURL", false],
  ["accessTokenURL", false],
  ["userName", false],
  ["uri", false],
  ["name", false],
])("/notifier opsramp secret(%s) is %s", (field, expected) => {
  const { operation } = understand("/notifier opsramp x");
  assert.ok(operation.risk !== "read");
  assert.equal(operation.secret(String(field)), expected);
});
