import assert from "node:assert/strict";
import fc from "fast-check";
import { path, UnsafePathValue } from "../../clients/path.ts";

Deno.test("path leaves the template as it is and encodes the values", () => {
  assert.equal(path`/installed/${"a b/c?d#e"}/notes/${7}`, "/installed/a%20b%2Fc%3Fd%23e/notes/7");
  assert.equal(path`/installed`, "/installed");
});

Deno.test("path refuses an empty value", () => {
  for (const value of ["", " ", "\t"]) assert.throws(() => path`/a/${value}`, { message: "An id is empty." });
});

for (const value of [".", "..", "%2e%2E", ".%2e", "%252e%252e", "a/../b", "a\\..\\b", "..%2f", " .. "]) {
  Deno.test(`path refuses the dot segment ${JSON.stringify(value)}`, () => {
    assert.throws(() => path`/a/${value}`, UnsafePathValue);
  });
}

Deno.test("path refuses a dot segment put together from template and value", () => {
  assert.throws(() => path`/a/.${"."}/b`, UnsafePathValue);
});

Deno.test("path refuses what is not text and not a number", () => {
  assert.throws(() => path`/a/${NaN}`, UnsafePathValue);
  assert.throws(() => path`/a/${"\ud800"}`, UnsafePathValue);
});

Deno.test("path accepts dots that are part of a name", () => {
  assert.equal(path`/a/${"v1.2..3"}/${"...x"}`, "/a/v1.2..3/...x");
});

Deno.test("path either refuses a value or keeps it within its own step of the URL", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    let built: string;
    try {
      built = path`/a/${value}/b`;
    } catch (error) {
      return assert.ok(error instanceof UnsafePathValue);
    }
    const [, a, step, b, ...rest] = new URL(built, "http://host").pathname.split("/");
    assert.deepEqual([a, decodeURIComponent(step ?? ""), b, rest], ["a", value, "b", []]);
  }));
});
