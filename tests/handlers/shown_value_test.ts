import assert from "node:assert/strict";
import type { Json } from "../../clients/json.ts";
import { shownAt, shownValue } from "../../handlers/mask.ts";

const SHOWN: readonly (readonly [name: string, value: Json, shown: Json])[] = [
  ["port", "5432", "5432"],
  ["port", 5432, 5432],
  ["password", "hunter2", "hidden"],
  ["password", 123456, "hidden"],
  ["password", { value: "hunter2" }, "hidden"],
  ["password", "", ""],
  ["password", null, null],
  ["password", "?", "?"],
  ["use_password", true, true],
  ["client_id", "Iv1.8a61f9b3a7aba766", "Iv1.••••••"],
  ["user", { name: "apono", pwd: "hunter2" }, { name: "apono", pwd: "hidden" }],
  ["headers", [{ key: "accept", value: "*/*" }, { key: "X-API-Key", value: "hunter2" }], [
    { key: "accept", value: "*/*" },
    { key: "X-API-Key", value: "hidden" },
  ]],
  ["account", '{"type":"service","private_key":"hunter2"}', '{"type":"service","private_key":"hidden"}'],
  ["labels", '{ "team": "payments" }', '{ "team": "payments" }'],
  [
    "url",
    "postgres://ana:hunter2@db.example.com/orders",
    "postgres://db.example.com/orders (the rest is hidden)",
  ],
  [
    "url",
    "jdbc:postgresql://ana:hunter2@db/orders?ssl=1",
    "jdbc:postgresql://db/orders (the rest is hidden)",
  ],
  ["url", "redis://:hun/ter#2@cache:6379/0", "redis://cache:6379/0 (the rest is hidden)"],
  ["url", "https://db.example.com:8443/a@b", "https://db.example.com:8443/a@b"],
  ["url", "https://desk.example.com/api?code=hunter2", "https://desk.example.com/api (the rest is hidden)"],
  ["note", "Bearer hunter2hunter2hunter2", "hidden"],
  [
    "dsn",
    "Server=db;Uid=ana;Password=hunter2;Pooling=true",
    "Server=db;Uid=ana;Password=••••••;Pooling=true",
  ],
  ["dsn", "host=db password='hun ter2' sslmode=require", "host=db password=•••••• sslmode=require"],
  ["contact", "ana@example.com", "ana@example.com"],
];

for (const [name, value, shown] of SHOWN) {
  Deno.test(`${name} ${JSON.stringify(value)} is shown as ${JSON.stringify(shown)}`, () => {
    assert.deepEqual(shownValue(name, value), shown);
  });
}

Deno.test("shownAt() hides all that is below a secret name", () => {
  assert.equal(shownAt(["config", "credentials", "user"], "ana"), "hidden");
  assert.equal(shownAt(["secretStore", "fields", "region"], "eu-west-1"), "eu-west-1");
  assert.equal(shownAt(["config", "password", "0"], "hunter2"), "hidden");
});

Deno.test("shownValue answers at once on long hostile text", () => {
  const started = performance.now();
  for (
    const part of ["a", "-", "a.", "a ", "a=", 'a="', "a  ", "eyJaaaaaaaa-", "://a:", "Basic aA", "a b="]
  ) {
    shownValue("note", part.repeat(Math.ceil(300_000 / part.length)));
    shownValue("note", `Basic ${part.repeat(Math.ceil(300_000 / part.length))}!`);
  }
  // A search that goes back again and again would take minutes.
  assert.ok(performance.now() - started < 30_000);
});
