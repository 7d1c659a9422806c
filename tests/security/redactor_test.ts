import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Redactor } from "../../bot/redact.ts";
import { spellingsOf } from "../fuzz/leak.ts";

const SECRET = 'k/ey+"with"&<odd>=signs?é';

Deno.test("Redactor covers a secret inside a longer credential, wherever it begins", () => {
  const redactor = new Redactor([SECRET]);
  for (const user of ["", "a", "ab", "abc"]) {
    const credential = Buffer.from(`${user}:${SECRET}:x`).toString("base64");
    for (const form of [credential, credential.replaceAll("+", "-").replaceAll("/", "_")]) {
      assert.match(redactor.text(`Basic ${form}`), /^Basic .{1,12}\[redacted\].{0,8}$/, user);
    }
  }
});

Deno.test("Redactor leaves nothing to read of a secret in JSON, markup, forms, addresses and dumps", () => {
  const redactor = new Redactor([SECRET]);
  fc.assert(
    fc.property(fc.constantFrom(...spellingsOf(SECRET)), fc.string(), fc.string(), (form, before, after) => {
      assert.ok(!redactor.text(`${before}${form}${after}`).includes(form));
    }),
  );
});

Deno.test("Redactor leaves other words alone", () => {
  const redactor = new Redactor(["abc123", "sesame-open"]);
  const words = "abc 123 sesame open YWJjMTIz is short, c2VzYW1l too";
  assert.equal(redactor.text(words).replace("[redacted]", "YWJjMTIz"), words);
});

Deno.test("Redactor covers the whole of a secret that holds another one", () => {
  const redactor = new Redactor(["sandbox", "sandbox-gravityzone-key"]);
  assert.equal(redactor.text("<sandbox-gravityzone-key> in the sandbox"), "<[redacted]> in the [redacted]");
});
