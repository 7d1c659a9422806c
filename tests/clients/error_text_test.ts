import fc from "fast-check";
import assert from "node:assert/strict";
import { cleanWords, errorTextOf } from "../../clients/http/error_text.ts";

const SHAPES: readonly (readonly [body: unknown, words: string | undefined])[] = [
  ["Integration not found", "Integration not found"],
  [{ message: "No such thing" }, "No such thing"],
  [{ Message: "The request is invalid." }, "The request is invalid."],
  [{ ClassName: "System.Exception", Message: "Nope" }, "Nope"],
  [{ error: "throttled", error_description: "Too Many Requests" }, "Too Many Requests"],
  [{ error: "Rate Limit Reached" }, "Rate Limit Reached"],
  [{ error_code: "E1", error_details: "Bad filter" }, "Bad filter"],
  [{ resultCode: 1, errorMessage: "Wrong field" }, "Wrong field"],
  [
    { error: { code: -32602, message: "Invalid params", data: { details: "Invalid value for 'parentId'" } } },
    "Invalid params: Invalid value for 'parentId'",
  ],
  [{ error: { message: "Server error" } }, "Server error"],
  [{ message: ["name is empty", "type is unknown"] }, "name is empty; type is unknown"],
  [[{ code: "0002", message: "One" }, { message: "Two" }], "One; Two"],
  [
    {
      title: "One or more validation errors occurred.",
      status: 400,
      errors: { url: ["The url field is required."], "$[0].id": ["Not a number.", "Too long."] },
    },
    "url: The url field is required.; $[0].id: Not a number.; Too long.",
  ],
  [{ title: "Bad Request", errors: {} }, "Bad Request"],
  [{ title: "Bad Request", errors: ["url is empty"] }, "url is empty"],
  [{ message: "", error: "Only this" }, "Only this"],
  ["<!DOCTYPE html><title>502 Bad Gateway</title><p>x", "502 Bad Gateway"],
  ["<html><body>x", undefined],
  [{}, undefined],
  [{ code: 7 }, undefined],
  [null, undefined],
  [undefined, undefined],
];
for (const [body, words] of SHAPES) {
  Deno.test(`wordsOf reads ${JSON.stringify(body)}`, () => assert.equal(errorTextOf(body), words));
}

Deno.test("wordsOf survives a body nested without end", () => {
  let body: unknown = "deep";
  for (let depth = 0; depth < 10_000; depth++) body = { error: body };
  assert.equal(errorTextOf(body), undefined);
});

Deno.test("cleanWords makes one visible line", () => {
  const words = " a\r\n\tb\u0000c\u200bd\u202egnp\u2066x\ufeff \u2028 e\u00ad\ud800 ";
  assert.equal(cleanWords(words, []), "a b cdgnpx e\ufffd");
  assert.equal(cleanWords("\u200b\n", []), undefined);
});

Deno.test("cleanWords cuts at 200 characters without halving one", () => {
  const cut = cleanWords("👍 ".repeat(300), []) ?? "";
  assert.equal([...cut].length, 200);
  assert.ok(cut.endsWith("…") && cut.isWellFormed());
  assert.equal(cleanWords("x y".repeat(66), []), "x y".repeat(66));
});

Deno.test("cleanWords hides what we sent, even when invisible characters are strewn in", () => {
  assert.equal(
    cleanWords("password hun\u200bter2 is too short", ["hunter2"]),
    "password [hidden] is too short",
  );
});

const ESCAPED = ["p/w&d é+1", "p\\/w&amp;d é+1", "p%252Fw%2526d%20%C3%A9+1", "P\\u002FW&#x26;D \\u00e9+1"];
for (const echo of ESCAPED) {
  Deno.test(`cleanWords hides what we sent, however it comes back: ${echo}`, () => {
    assert.equal(
      cleanWords(`password ${echo} is too short`, ["p/w&d é+1"]),
      "password [hidden] is too short",
    );
  });
}

const HIDDEN: readonly (readonly [words: string, cleaned: string])[] = [
  ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghij is expired", "token [hidden] is expired"],
  ["got Bearer abc123def", "got Bearer [hidden]"],
  ["see https://acme.test/login?sig=abc#x for more", "see https://acme.test/login for more"],
  ["client_secret=abc&x=1", "client_secret=[hidden]&x=1"],
  ['{"password": "hunter2"}', '{"password": "[hidden]"}'],
  [`key ${"0123456789abcdef".repeat(4)}`, "key [hidden]"],
];
for (const [words, cleaned] of HIDDEN) {
  Deno.test(`cleanWords turns ${words} into ${cleaned}`, () => assert.equal(cleanWords(words, []), cleaned));
}

for (
  const words of [
    "Integration 550e8400-e29b-41d4-a716-446655440000 not found",
    "Company 55115935b1a43dcc4a7b23c6 is suspended",
    "Unknown method configureAmazonEC2IntegrationUsingCrossAccountRole",
    "No role arn:aws:iam::123456789012:role/test",
    "The password: it must have 8 characters",
  ]
) {
  Deno.test(`cleanWords leaves alone: ${words}`, () => assert.equal(cleanWords(words, []), words));
}

Deno.test("cleanWords never shows a secret it was told of", () => {
  const secret = fc.string({ minLength: 4, maxLength: 20 }).filter((text) => /^[!-~]+$/.test(text));
  fc.assert(fc.property(secret, fc.string(), fc.string(), (hidden, before, after) => {
    fc.pre(!"[hidden]…".includes(hidden) && !`${before}${after}`.includes(hidden));
    const cleaned = cleanWords(`${before} ${hidden} ${after}`, [hidden]) ?? "";
    assert.ok(!cleaned.includes(hidden), cleaned);
  }));
});
