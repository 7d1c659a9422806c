import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createRedactor } from "../../bot/redact.ts";
import { spellingsOf } from "../fuzz/leak.ts";

const SECRET = 'k/ey+"with"&<odd>=signs?é';

Deno.test("createRedactor covers a secret inside a longer credential, wherever it begins", () => {
  const redactor = createRedactor([SECRET]);
  for (const user of ["", "a", "ab", "abc"]) {
    const credential = Buffer.from(`${user}:${SECRET}:x`).toString("base64");
    for (const form of [credential, credential.replaceAll("+", "-").replaceAll("/", "_")]) {
      assert.match(redactor.text(`Basic ${form}`), /^Basic .{1,12}\[redacted\].{0,8}$/, user);
    }
  }
});

Deno.test("createRedactor leaves nothing to read of a secret in JSON, markup, forms, addresses and dumps", () => {
  const redactor = createRedactor([SECRET]);
  fc.assert(
    fc.property(fc.constantFrom(...spellingsOf(SECRET)), fc.string(), fc.string(), (form, before, after) => {
      assert.ok(!redactor.text(`${before}${form}${after}`).includes(form));
    }),
  );
});

Deno.test("createRedactor leaves other words alone", () => {
  const redactor = createRedactor(["abc123", "sesame-open"]);
  const words = "abc 123 sesame open YWJjMTIz is short, c2VzYW1l too";
  assert.equal(redactor.text(words).replace("[redacted]", "YWJjMTIz"), words);
});

Deno.test("createRedactor covers the whole of a secret that holds another one", () => {
  const redactor = createRedactor(["sandbox", "sandbox-gravityzone-key"]);
  assert.equal(redactor.text("<sandbox-gravityzone-key> in the sandbox"), "<[redacted]> in the [redacted]");
});
