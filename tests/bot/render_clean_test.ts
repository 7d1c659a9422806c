import assert from "node:assert/strict";
import fc from "fast-check";
import {
  sanitize,
  sanitizeCode,
  sanitizeCopy,
  sanitizeLabel,
  sanitizeLines,
  sanitizeOwn,
  truncate,
} from "../../bot/render/sanitize.ts";

const CLEANED: readonly (readonly [string, string, string])[] = [
  ["line breaks and tabs become single spaces", "Acme\r\n\tCorp\u2028 GmbH", "Acme Corp GmbH"],
  ["controls and escapes are removed", "Ac\u0000me\u001B[31m", "Acme[31m"],
  ["bidi controls are removed", "invoice\u202Efdp.exe\u2066", "invoicefdp.exe"],
  ["zero-width letters are removed", "A\u200Bc\u200Dm\uFEFFe", "Acme"],
  ["tags, fillers and variation selectors are removed", "Acme\u{E0041}\u3164\uFE0F", "Acme"],
  ["private-use and unassigned letters are removed", "Acme\uE000\u0378", "Acme"],
  ["half a surrogate pair is removed", "Ac\uD800me\uDC00", "Acme"],
  [
    "two accents stay, a tower of them does not",
    "Ac\u0301\u0302me" + "\u0300".repeat(50),
    "A\u0107\u0302m\u00E8\u0300\u0300",
  ],
  ["marks of ours are removed", "🟢 fine ✅ Acme ⚠️ ⛔", "fine Acme"],
  ["separators of ours become dashes", "Acme · 3 of 3 • fine", "Acme - 3 of 3 - fine"],
  ["a dot inside a word stays", "col·lecció", "col·lecció"],
  ["markup is only text", "<b>Acme</b> *x*", "<b>Acme</b> *x*"],
  ["other alphabets stay", "שלום مرحبا こんにちは Привет", "שלום مرحبا こんにちは Привет"],
  ["nothing left is said", " \u200B🟢 ", "(no name)"],
  ["a word of mixed alphabets is pointed out", "Аcme Corp", "Аcme Corp (⚠ mixed letters)"],
  ["words of one alphabet each are not", "Acme Россия", "Acme Россия"],
  ["a word of look-alike letters alone is pointed out", "Ѕорһоѕ", "Ѕорһоѕ (⚠ not Latin letters)"],
  ["a capital I in the place of an l is pointed out", "GIobex", "GIobex (⚠ capital I)"],
  ["a capital I as the last letter is pointed out", "GlobaI", "GlobaI (⚠ capital I)"],
  [
    "a capital I where one is written is not",
    "OneIdentity PowerBI APIs CIs Initech",
    "OneIdentity PowerBI APIs CIs Initech",
  ],
];

for (const [why, from, to] of CLEANED) {
  Deno.test(`clean: ${why}`, () => assert.equal(sanitize(from), to));
}

Deno.test("clean keeps at most the given characters, counted as readers do", () => {
  assert.equal(sanitize("👍🏽".repeat(5), 3), "👍🏽👍🏽…");
  assert.equal(sanitize("Acme Corporation", 6), "Acme…");
  assert.equal(sanitize("Acme", 4), "Acme");
  assert.equal(sanitize("x".repeat(100)).length, 80);
});

Deno.test("cut bounds graphemes that have no end", () => {
  const endless = "\u1100".repeat(100_000);
  assert.ok(truncate(endless, 10).length <= 80);
  assert.ok(truncate(endless, 10).endsWith("…"));
});

Deno.test("clean changes nothing that it has cleaned", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = sanitize(text, 500);
      // What it warns of is said in words of its own, with a mark that nobody else's text may bear.
      fc.pre(!once.includes("(⚠"));
      assert.equal(sanitize(once, 500), once);
    }),
    { numRuns: 500 },
  );
});

Deno.test("clean says the same of a line whether or not there is something invisible behind it", () => {
  const ordinary = fc.string({ unit: fc.constantFrom(..."aIl -|·•–…é\u0301Ж🟢"), maxLength: 20 });
  const european = fc.string({
    unit: fc.integer({ min: 0, max: 0x2100 }).map((unit) => String.fromCharCode(unit)),
  });
  fc.assert(
    fc.property(fc.oneof(ordinary, european, fc.string({ unit: "binary" })), (text) => {
      for (const clean of [sanitize, sanitizeOwn, sanitizeCode, sanitizeLabel]) {
        assert.equal(clean(`${text}\u200B`), clean(text));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("sanitizeOwn keeps our marks and outer spaces, and removes line breaks", () => {
  assert.equal(sanitizeOwn(" ⚠️ Read\nthis ✅ "), " ⚠️ Read this ✅ ");
  assert.equal(sanitizeOwn("a\u202Eb\uFE0F"), "ab");
});

Deno.test("cleanCode keeps an id as it is and never adds a hint", () => {
  assert.equal(sanitizeCode("arn:aws:iam::111222345123:role/test"), "arn:aws:iam::111222345123:role/test");
  assert.equal(sanitizeCode("Аcme"), "Аcme");
  assert.equal(sanitizeCode("\n"), "–");
});

Deno.test("cleanLabel fits a button together with its hint", () => {
  assert.equal(sanitizeLabel("Acme Corp · …23c6"), "Acme Corp · …23c6");
  assert.equal(sanitizeLabel("🔴 Approve\n"), "Approve");
  assert.equal(sanitizeLabel(""), "(no name)");
  const hinted = sanitizeLabel("Аcme ".repeat(20));
  assert.ok(hinted.length <= 40 && hinted.endsWith("… (⚠ mixed letters)"), hinted);
});

Deno.test("cleanLines keeps indentation and counts lines like an editor", () => {
  assert.deepEqual(sanitizeLines('{\r\n\t"a": "✅\u202E"\n}'), ["{", '  "a": ""', "}"]);
});

Deno.test("cleanCopy keeps line breaks and drops what nobody can see", () => {
  assert.equal(sanitizeCopy("a\r\nb\u200Bc\uD800"), "a\nbc");
});
