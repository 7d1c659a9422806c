import assert from "node:assert/strict";
import fc from "fast-check";
import { normalise } from "../../bot/parser/tokenize.ts";

const cases: readonly (readonly [why: string, typed: string, meant: string])[] = [
  ["curly double quotes", "/find “Acme Corp”", '/find "Acme Corp"'],
  ["German quotes", "/find „Acme Corp“", '/find "Acme Corp"'],
  ["guillemets", "/find «Acme Corp»", '/find "Acme Corp"'],
  ["curly apostrophe", "/find O’Brien", "/find O'Brien"],
  ["an em dash from two hyphens", "/tag apono r1 —owner", "/tag apono r1 -owner"],
  ["two hyphens that stayed", "/tag apono r1 --owner", "/tag apono r1 -owner"],
  ["a long dash inside a word", "/show apono a–b", "/show apono a-b"],
  ["no-break and thin spaces", "/status\u00A0bitdefender\u2009Acme", "/status bitdefender Acme"],
  ["ideographic space", "/status\u3000ec2", "/status ec2"],
  ["line breaks", "/disable ec2 Acme\nreason=x", "/disable ec2 Acme reason=x"],
  ["full-width everything", "／ｓｔａｔｕｓ　ｅｃ２", "/status ec2"],
  ["full-width equals and digits", "/usage ec2 month＝１１/２０２６", "/usage ec2 month=11/2026"],
  ["a capital verb", "/Status bitdefender", "/status bitdefender"],
  ["a shouted verb with a bot name", "/STATUS@Bot bitdefender", "/status@Bot bitdefender"],
  ["a full stop at the end", "/status bitdefender.", "/status bitdefender"],
  ["an ellipsis", "/status bitdefender…", "/status bitdefender"],
  ["an exclamation", "/status !!", "/status"],
  ["a question", "/status ec2?", "/status ec2"],
  ["a question mark that asks for a secret", "/enable ec2 A secret=?", "/enable ec2 A secret=?"],
  ["the same in full width and with a stop", "/enable ec2 A secret＝？。", "/enable ec2 A secret=?"],
  ["a quoted full stop", '/find "Acme Inc."', '/find "Acme Inc."'],
  ["zero-width characters", "\uFEFF/sta\u200Btus\u200E ec2", "/status ec2"],
  ["a lone joiner beside letters", "/find Ac\u200Dme", "/find Acme"],
  ["spaces around", "   /status   ec2  ", "/status ec2"],
  ["a control character", "/find Ac\u0000me", "/find Acme"],
  ["accents stay", "/find Société Générale Zürich", "/find Société Générale Zürich"],
  ["emoji stay whole", "/find 👩‍🚒 Feuerwehr ❤️", "/find 👩‍🚒 Feuerwehr ❤️"],
  ["other scripts stay", "/find 株式会社 Ромашка", "/find 株式会社 Ромашка"],
  ["letters after the verb keep their case", "/find ACME Corp", "/find ACME Corp"],
];

for (const [why, typed, meant] of cases) {
  Deno.test(`normalise undoes a phone keyboard: ${why}`, () => {
    assert.equal(normalise(typed), meant);
  });
}

Deno.test("normalise changes nothing the second time", () => {
  const anyText = fc.string({ unit: "binary", maxLength: 60 });
  const typedText = fc.array(
    fc.constantFrom(
      "/",
      "Status",
      " ",
      "—",
      "--",
      "“",
      "’",
      "?",
      "=",
      ".",
      "…",
      "\u200D",
      "\u200C",
      "é",
      "Ａ",
      "。",
      "\u00A0",
    ),
    { maxLength: 20 },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.oneof(anyText, typedText),
      (text) => assert.equal(normalise(normalise(text)), normalise(text)),
    ),
    { numRuns: 2000 },
  );
});

Deno.test("normalise undoes the same whatever else there is to undo", () => {
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  for (const one of ascii) {
    for (const other of ascii) {
      const typed = `/find a${one}${other}b`;
      assert.equal(`${normalise(typed)} é`, normalise(`${typed} é`));
    }
  }
});

Deno.test("normalise makes a mangled command equal to the clean one", () => {
  const plainWord = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
  const part = fc.oneof(
    plainWord,
    plainWord.map((text) => `-${text}`),
    fc.tuple(plainWord, plainWord).map(([key, value]) => `${key}=${value}`),
    fc.tuple(plainWord, plainWord, plainWord).map(([key, one, two]) => `${key}="${one} ${two}"`),
    fc.tuple(plainWord, plainWord).map(([one, two]) => `${one}'${two}`),
    fc.constant("secret=?"),
  );
  const mangles: readonly ((text: string) => string)[] = [
    (text) => text.replaceAll("'", "’"),
    (text) => text.replace(/"([^"]*)"/g, "“$1”"),
    (text) => text.replace(/(?<= )-/g, "—"),
    (text) => text.replaceAll(" ", "\u00A0"),
    (text) => text.replaceAll(" ", " \u200B"),
    (text) => `${text}.`,
    (text) => `  ${text}\n`,
    (text) => text.replace(/^\/s/, "/S"),
    (text) =>
      text.replace(
        /[!-~]/g,
        (sign) => /[A-Za-z0-9=/]/.test(sign) ? String.fromCharCode(sign.charCodeAt(0) + 0xFEE0) : sign,
      ),
  ];
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.subarray([...mangles]), (parts, chosen) => {
      const clean = ["/status", ...parts].join(" ");
      const mangled = chosen.reduce((text, mangle) => mangle(text), clean);
      assert.equal(normalise(mangled), clean);
    }),
  );
});
