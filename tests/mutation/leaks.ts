import { type Guard, guardsOf } from "./guard.ts";

/** Guards of the clients, handlers, renderers, documents and secrets: what leaves the process, and what is let in. */
export const leakGuards: readonly Guard[] = [
  ...guardsOf("handlers/address.ts", ["tests/security/address_test.ts"], [
    ["an address without a backslash", String.raw`text.includes("\\")`, "false"],
    ["an address without anything invisible", "if (AMBIGUOUS.test(text)) return", "if (false) return"],
    [
      "an address that is not https is warned of",
      `if (now === "https" || now === old) return [];`,
      "return [];",
    ],
  ]),
  ...guardsOf("handlers/mask.ts", ["tests/handlers/shown_value_test.ts"], [
    ["an address under a secret's name is shown", "&& !isAddress(plain);", ";"],
    [
      "the key of an address is hidden",
      "(soundsSecret(name) || KEY_IN_QUERY.test(name))",
      "soundsSecret(name)",
    ],
  ]),
  ...guardsOf("bot/parser/secret_scan.ts", [
    "tests/approvals/literal_secret_test.ts",
    "tests/security/unreadable_document_test.ts",
  ], [
    [
      "a slip of the finger in a declared secret",
      "    const meant = known.has(last) ? undefined : misspelt(key, secrets);",
      "    const meant = undefined;",
    ],
    ["a secret that is spoken of", "    ...spoken(text, isSecret, isExpected),\n"],
    ["a password in an address", "    ...inAddresses(text),\n"],
    ["an escaped name in a document", "String.fromCharCode(parseInt(code, 16))", '"xyzxyz"'],
  ]),
  ...guardsOf("bot/dispatch/attachment.ts", [
    "tests/security/unreadable_document_test.ts",
    "tests/security/document_test.ts",
  ], [
    [
      "the bytes of what cannot be read are looked at",
      "documentSecrets: secretsMentioned(text)",
      "documentSecrets: []",
    ],
    ["UTF-16", "second === 0) return", "false) return"],
  ]),
  ...guardsOf("handlers/json_fault.ts", ["tests/security/unreadable_document_test.ts"], [
    ["a name that comes twice", "if (names.has(token.value)) return", "if (false) return"],
  ]),
  ...guardsOf("clients/secrets.ts", ["tests/security/redactor_test.ts"], [
    ["either letter case", "const lower = text.toLowerCase();", "const lower = text;"],
    ["escapes", '["%", (place)', '["§", (place)'],
    ["escapes of markup", '["&", entity]', '["§", entity]'],
    ["escapes of scripts", String.raw`["\\", backslashed]`, '["§", backslashed]'],
    ["overlapping secrets", "start < last.end) last.end", "start < 0) last.end"],
  ]),
  ...guardsOf("bot/ops/permissions.ts", ["tests/bot/permissions_test.ts"], [
    ["the bot's own code is not to be written", "if (holdsCode(folder)) {", "if (false) {"],
  ]),
];
