import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Redactor } from "../../bot/redact.ts";

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

/** One character as somebody's software may write it; `choice` picks among what the rules of each allow. */
type Escaping = (character: string, choice: number) => string;

const unitsOf = (character: string) => character.split("").map((unit) => unit.charCodeAt(0));
const inHex = (code: number, digits: number, choice: number) => {
  const hex = code.toString(16).padStart(digits, "0");
  return choice % 2 === 0 ? hex : hex.toUpperCase();
};
const bytesOf = (character: string) => [...Buffer.from(character)];

const ESCAPINGS: Readonly<Record<string, Escaping>> = {
  "as it is": (character) => character,
  "in capitals": (character) => character.toUpperCase(),
  "of JSON.stringify": (character) => JSON.stringify(character).slice(1, -1),
  "of JSON in full": (character, choice) =>
    unitsOf(character).map((unit) => `\\u${inHex(unit, 4, choice)}`).join(""),
  "of JSON for pages": (character) => character === "/" ? "\\/" : JSON.stringify(character).slice(1, -1),
  "of encodeURIComponent": (character) => encodeURIComponent(character),
  "of addresses in full": (character, choice) =>
    bytesOf(character).map((byte) => `%${inHex(byte, 2, choice)}`).join(""),
  "of forms": (character) => new URLSearchParams([["", character]]).toString().slice(1),
  "of markup by number": (character, choice) => `&#${"0".repeat(choice % 3)}${character.codePointAt(0)};`,
  "of markup in hex": (character, choice) =>
    `&#${choice % 3 === 0 ? "X" : "x"}${inHex(character.codePointAt(0) ?? 0, 2, choice)};`,
  "of markup by name": (character) => NAMED.get(character) ?? character,
  "of scripts": (character, choice) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x80 ? `\\x${inHex(code, 2, choice)}` : `\\u{${inHex(code, 1, choice)}}`;
  },
  "of mail": (character) => bytesOf(character).map((byte) => `=${inHex(byte, 2, 1)}`).join(""),
};

const NAMED = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["/", "&sol;"],
  [
    "+",
    "&plus;",
  ],
  ["=", "&equals;"],
  ["?", "&quest;"],
]);

/** A text as the software of several hands leaves it, each of which escapes some of what it gets. */
function escaped(
  text: string,
  hands: readonly (readonly [how: string, choices: readonly number[]])[],
): string {
  return hands.reduce(
    (passed, [how, choices]) =>
      [...passed].map((character, at) => {
        const choice = choices[at % choices.length] ?? 0;
        const escape = choice % 5 === 0 ? ESCAPINGS["as it is"] : ESCAPINGS[how];
        return escape?.(character, choice) ?? character;
      }).join(""),
    text,
  );
}

const hand = fc.tuple(
  fc.constantFrom(...Object.keys(ESCAPINGS)),
  fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 12 }),
);
const secrets = fc.oneof(
  fc.constant(SECRET),
  fc.string({ minLength: 8, maxLength: 24 }),
  fc.string({ minLength: 8, maxLength: 24, unit: fc.constantFrom(..."%\\&=;#ux2f05/+ aé😀\n") }),
).filter((secret) => secret.trim() === secret && /[a-z\d]/i.test(secret));

Deno.test("Redactor leaves nothing to read of a secret, whoever escaped it and however often", () => {
  fc.assert(
    fc.property(secrets, fc.array(hand, { minLength: 1, maxLength: 3 }), (secret, hands) => {
      assert.equal(new Redactor([secret]).text(`<${escaped(secret, hands)}>`), "<[redacted]>");
    }),
    { numRuns: 1_500 },
  );
});

Deno.test("Redactor covers an escaped secret whatever stands around it", () => {
  const around = fc.string({ unit: fc.constantFrom(..."%\\&#x2;u0=abf "), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(hand, { maxLength: 3 }), around, around, (hands, before, after) => {
      const form = escaped(SECRET, hands);
      const said = new Redactor([SECRET]).text(before + form + after);
      assert.ok(said.includes("[redacted]") && !said.includes(form.slice(0, 12)), said);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("Redactor covers dumps of a secret in either letter case, within JSON as well", () => {
  const redactor = new Redactor([SECRET]);
  const dump = Buffer.from(SECRET).toString("hex");
  assert.equal(redactor.text(`<${dump.toUpperCase()}> <${dump}>`), "<[redacted]> <[redacted]>");
  const form = Buffer.from(`${SECRET}~~~`).toString("base64").replaceAll("+", "\\u002B").replaceAll(
    "/",
    "\\/",
  );
  assert.match(redactor.text(form), /^\[redacted\].{0,16}$/);
});

Deno.test("Redactor leaves other words alone", () => {
  const redactor = new Redactor(["abc123", "sesame-open"]);
  const words = "abc 123 sesame open YWJjMTIz is short, c2VzYW1l too %61%62 &#97; \\u0061bc";
  assert.equal(redactor.text(words).replace("[redacted]", "YWJjMTIz"), words);
});

Deno.test("Redactor covers the whole of a secret that holds or overlaps another one", () => {
  const redactor = new Redactor(["sandbox", "sandbox-gravityzone-key", "key-of-old"]);
  assert.equal(redactor.text("<sandbox-gravityzone-key> in the sandbox"), "<[redacted]> in the [redacted]");
  assert.equal(redactor.text("<sandbox-gravityzone-key-of-old>"), "<[redacted]>");
});

Deno.test("Redactor answers at once on long hostile text", () => {
  const redactor = new Redactor([SECRET, "-hostile\\%25&secret"]);
  const started = performance.now();
  for (const part of ["%", "%25", "25", "\\", "\\u005c", "&", "&amp;", "&#38;", "=", "=3D", "%5c", "k%2F"]) {
    redactor.text(part.repeat(Math.ceil(30_000 / part.length)));
  }
  // A search that goes back again and again would take minutes.
  assert.ok(performance.now() - started < 60_000);
});
