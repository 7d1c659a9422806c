import assert from "node:assert/strict";
import { holdsSecret } from "../../clients/secrets.ts";

for (
  const text of [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "Authorization: Bearer abcdef0123456789",
    "basic dXNlcjpwYXNzd29yZA==",
    "Basic QWxhZGRpbkpvaG5TbWl0aA",
    "-----BEGIN PRIVATE KEY-----",
    "postgres://apono:hunter2@db.example.com/orders",
    "redis://:hunter2@cache.example.com",
  ]
) {
  Deno.test(`holdsSecret knows ${text}`, () => assert.ok(holdsSecret(text)));
}

for (
  const text of [
    "",
    "Basic monitoring",
    "Basic infrastructure monitoring",
    "bearer authentication",
    "https://desk.example.com:8443/api@v2",
    "ana@example.com",
  ]
) {
  Deno.test(`holdsSecret leaves ${JSON.stringify(text)} alone`, () => assert.ok(!holdsSecret(text)));
}
