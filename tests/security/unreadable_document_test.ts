import assert from "node:assert/strict";
import fc from "fast-check";
import { faultIn } from "../../handlers/json_fault.ts";
import { ANA, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { everythingWritten } from "../approvals/secret_page.ts";

const SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

const NOTIFIER = JSON.stringify({ baseURI: "https://desk.example/in", authType: "JWT", password: SECRET });
const PLAIN = '{"baseURI": "https://dësk.example/in", "authType": "NONE"}';

/** Bytes that hold a secret and are no JSON that can be read in one way only. */
const UNREADABLE: readonly [what: string, content: string | Uint8Array, why: RegExp][] = [
  ["a trailing comma", NOTIFIER.replace("}", ",}"), /not valid JSON at line 1, column 107/],
  ["a comment", `{\n  // the password is ${SECRET}\n}`, /not valid JSON at line 2, column 3/],
  [
    "a secret that is commented out",
    `{"authType": "NONE" /* "password": "${SECRET}" */}`,
    /line 1, column 21/,
  ],
  ["single quotes", NOTIFIER.replaceAll('"', "'"), /line 1, column 2/],
  ["names without quotes", `{authType: "JWT", password: "${SECRET}"}`, /line 1, column 2/],
  ["an escaped name", `{"pass\\u0077ord": "${SECRET}",}`, /not valid JSON/],
  ["a misspelt name", `{"pasword": "${SECRET}",}`, /not valid JSON/],
  ["a trailing comma in UTF-16", utf16(NOTIFIER.replace("}", ",}"), true), /not valid JSON/],
  ["a trailing comma in UTF-16 without a mark", utf16(NOTIFIER.replace("}", ",}"), false), /not valid JSON/],
  ["a trailing comma in UTF-32", utf32(NOTIFIER.replace("}", ",}")), /not valid JSON/],
  ["too many levels", `${"[".repeat(90)}${NOTIFIER}${"]".repeat(90)}`, /nested more than 64 levels deep/],
  [
    "a name that comes twice",
    `{"authType": "JWT",\n "password": "${SECRET}",\n "password": "?"}`,
    /has "password" twice in one object, again at line 3, column 2/,
  ],
  ["YAML", `authType: JWT\npassword: ${SECRET}\n`, /line 1, column 1/],
  ["a key block", `{"note": "-----BEGIN PRIVATE KEY-----${SECRET}",}`, /not valid JSON/],
];

for (const [what, content, why] of UNREADABLE) {
  Deno.test(`a secret in a document with ${what} is deleted, and it is said why it was not read`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, "/notifier opsramp Service Desk", { document: { name: "n.json", content } });
    assert.ok(!fixture.telegram.messages(GROUP).some(({ document }) => document?.file_name === "n.json"));
    const told = fixture.ephemeralAnswers(ANA).at(-1) ?? "";
    assert.match(told, why);
    assert.match(told, /so there may be a secret in it\. I deleted it and used nothing of it\./);
    assert.deepEqual(await fixture.changes(), []);
    assert.ok(!(await everythingWritten(fixture)).includes(SECRET));
  });
}

/** Nothing to be deleted, and the mistake is named with its place. */
const MISTAKES: readonly [content: string, told: RegExp][] = [
  [
    '{"authType": "NONE",\n "baseURI": "https://a.example",\n}',
    /not valid JSON at line 3, column 1\. Correct it/,
  ],
  [
    '{"authType": "NONE", "authType": "JWT"}',
    /has "authType" twice in one object, again at line 1, column 22/,
  ],
  ['{"authType": "JWT", "password": "?",}', /not valid JSON at line 1, column 37/],
  ["", /not valid JSON at line 1, column 1/],
  [
    '{"a": [9007199254740993]}',
    /has a number at line 1, column 8 that is too large to be passed on exactly\./,
  ],
  ['{"a": -1e999}', /has a number at line 1, column 7 that is too large/],
  ['{"a": {"__proto__": 1}}', /has the name "__proto__" at line 1, column 8, which cannot be passed on/],
];

for (const [content, told] of MISTAKES) {
  Deno.test(`a mistake in a document is told with its place, and nothing is deleted: ${content}`, async () => {
    await using fixture = await openFixture();
    await fixture.say(ANA, "/notifier opsramp Service Desk", { document: { name: "n.json", content } });
    assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", told);
    assert.ok(fixture.telegram.messages(GROUP).some(({ document }) => document?.file_name === "n.json"));
  });
}

Deno.test("a secret that is a large number is said nowhere, though its place is", async () => {
  await using fixture = await openFixture();
  const number = "98765432109876543210";
  const content = `{"authType": "JWT", "password": ${number}}`;
  await fixture.say(ANA, "/notifier opsramp Service Desk", { document: { name: "n.json", content } });
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /has a number at line 1, column 33 that is too large/,
  );
  assert.ok(!fixture.telegram.transcript(GROUP, ANA).includes(number));
  assert.ok(!(await everythingWritten(fixture)).includes(number));
});

const ENCODED: readonly [string, Uint8Array][] = [
  ["UTF-8 with a mark", new TextEncoder().encode(`\uFEFF${PLAIN}`)],
  ["UTF-16 with a mark", utf16(PLAIN, true)],
  ["UTF-16 without a mark", utf16(PLAIN, false)],
  ["UTF-16, the high byte first", swapped(utf16(PLAIN, true))],
  ["UTF-16, the high byte first, without a mark", swapped(utf16(PLAIN, false))],
  ["Latin-1", Uint8Array.from(PLAIN, (letter) => letter.charCodeAt(0))],
];

for (const [how, content] of ENCODED) {
  Deno.test(`a document in ${how} is read`, async () => {
    await using fixture = await openFixture();
    const { card } = await fixture.ask("/notifier opsramp Service Desk", {
      document: { name: "n.json", content },
    });
    assert.match(textOf(card), /https:\/\/xn--dsk-jma\.example\/in/);
  });
}

Deno.test("faultIn() agrees with JSON.parse on what is JSON, but for what would be passed on as something else", () => {
  const parts = fc.constantFrom(
    ...'{}[]:,"\\ \n',
    '"a"',
    '"b"',
    "1",
    "-0.5e3",
    "9007199254740991",
    "1e16",
    '"__proto__"',
    "01",
    "true",
    "nul",
    "\\u0061",
    "\t",
  );
  const texts = fc.oneof(
    fc.array(parts, { maxLength: 12 }).map((all) => all.join("")),
    fc.json(),
    fc.json().map((text) => text.replace(/[,}\]]/, "")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const fault = faultIn(text);
      // Behind what is unclear nothing is read any more.
      if (fault?.unclear === undefined) assert.equal(fault === undefined, isJson(text), text);
    }),
    { numRuns: 3_000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function utf16(text: string, isMarked: boolean): Uint8Array {
  const units = Uint16Array.from(isMarked ? `\uFEFF${text}` : text, (unit) => unit.charCodeAt(0));
  return new Uint8Array(units.buffer);
}

function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, at) => bytes[at ^ 1] ?? 0);
}

function utf32(text: string): Uint8Array {
  return new Uint8Array(Uint32Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
}
