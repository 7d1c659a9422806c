import assert from "node:assert/strict";
import { literalSecretIn, literalSecretsIn, looksSecret } from "../../bot/parser/secret_scan.ts";

const secretKeys = [
  "secret",
  "password",
  "Passwd",
  "token",
  "apikey",
  "api_key",
  "apiKey",
  "apiSecret",
  "keySecret",
  "new_client_secret",
  "new_anything",
  "client_secret",
  "refresh_token",
  "accessToken",
  "secret.apono.username",
  "config.password",
  "store.apono.0.password",
  "headers.Authorization",
];

const plainKeys = [
  "key",
  "role",
  "secret_id",
  "secret.aws.secret_id",
  "secret_engine",
  "tokenURL",
  "accessTokenURL",
  "token_expiry",
  "renew_after",
  "authType",
  "",
];

for (const key of secretKeys) {
  Deno.test(`looksSecret knows ${key}`, () => assert.equal(looksSecret(key), true));
}

for (const key of plainKeys) {
  Deno.test(`looksSecret leaves ${JSON.stringify(key)} alone`, () => assert.equal(looksSecret(key), false));
}

Deno.test("literalSecretIn finds a secret in any message", () => {
  assert.deepEqual(literalSecretIn("the password=hunter2 works"), ["password"]);
  assert.deepEqual(literalSecretIn("the password is Zx9Kq77LmPw3RtYv55"), ["password"]);
  assert.deepEqual(literalSecretIn("the password is good again"), []);
  assert.deepEqual(literalSecretIn("Password = “hunter2”"), ["Password"]);
  assert.deepEqual(literalSecretIn('{"apiSecret": "hunter2", "name": "x"}'), ["apiSecret"]);
  assert.deepEqual(literalSecretIn("https://host/x?token=hunter2"), ["token"]);
});

Deno.test("literalSecretIn takes for a secret what does not read like the name of a credential", () => {
  assert.deepEqual(literalSecretIn("config.credential=Xk3j9PqLm2"), ["config.credential"]);
  assert.deepEqual(literalSecretIn("config.credential=correct=horse"), ["config.credential"]);
  assert.deepEqual(literalSecretIn("credentials=vcenter-admin"), ["credentials"]);
});

Deno.test("literalSecretIn leaves questions, flags, names and prose alone", () => {
  for (
    const text of [
      "secret=?",
      "secret=“？”.",
      "/enable ec2 Acme secret=? key=AKIA1",
      "secret= role=x",
      "new_method=true",
      "the token is on the page",
      "arn:aws:secretsmanager:eu-west-1:1:secret:/prod/db",
      '{"token": null, "password": "?"}',
      "/list apono page_token=eyJvIjoxMDB9",
      '{"nextPageToken": "eyJvIjoxMDB9"}',
      "config.credential=vcenter-admin",
      '{"credential": "VC admin 01"}',
      "",
    ]
  ) assert.deepEqual(literalSecretIn(text), [], text);
});

Deno.test("literalSecretIn answers at once on long hostile text", () => {
  const started = performance.now();
  for (const part of ["secret=", '"', "a.", "?", "\u200D", " =", "-", '"a":', "secret ="]) {
    literalSecretIn(part.repeat(Math.ceil(4096 / part.length)));
  }
  // A search that goes back again and again would take minutes.
  assert.ok(performance.now() - started < 30_000);
});

Deno.test("a document of a million signs is searched at once, whatever stands in it", () => {
  const started = performance.now();
  for (const part of ["a.", "a+", "a://", "a:b", "a=", "a://b:"]) {
    assert.deepEqual(literalSecretsIn({ note: part.repeat(1_000_000 / part.length) }, () => undefined), []);
  }
  // A search that goes back again and again would take an hour.
  assert.ok(performance.now() - started < 60_000);
});

Deno.test("literalSecretsIn goes by the name that a value has in its list", () => {
  const document = {
    headers: [{ key: "accept", value: "application/json" }, {
      key: "Authorization",
      value: "Basic c2VjcmV0",
    }],
  };
  const isSecret = (path: string) => /^headers\.(?!accept$)/.test(path) ? path : undefined;
  assert.deepEqual(literalSecretsIn(document, isSecret), ["headers.1.value"]);
});
