import assert from "node:assert/strict";
import { parse } from "../../bot/parser/parse.ts";
import type { Json } from "../../clients/json.ts";
import { opsramp } from "../../handlers/opsramp.ts";

/** What the bot says of a command of OpsRamp's that is typed wrong, and what it offers instead. */
function mistakeIn(line: string, document?: Json): { sentence: string; suggestions: readonly string[] } {
  const parsed = parse(line, { commands: opsramp.operations, aliases: {}, botName: "bot", document });
  assert.ok(parsed.kind === "wrong", `${line} is understood`);
  return parsed;
}

const ENTITIES = "ALERT, PROBLEM, INCIDENT, CHANGE, SERVICEREQUEST or TASK";

Deno.test.each([
  ["/map opsramp Service Desk in FOO Priority Ticket.sev a=b", `<ENTITY> can be ${ENTITIES}, not "FOO".`, ""],
  [
    '/map opsramp "Service Desk" in FOO Priority Ticket.sev a=b',
    `<ENTITY> can be ${ENTITIES}, not "FOO".`,
    "",
  ],
  ["/map opsramp SMAX in FOO Priority Ticket.sev a=b", `<ENTITY> can be ${ENTITIES}, not "FOO".`, ""],
  ["/map opsramp SMAX a=b in FOO Priority Ticket.sev", `<ENTITY> can be ${ENTITIES}, not "FOO".`, ""],
  [
    "/map opsramp Service Desk inbound INCIDENT Status Ticket.stats a=b",
    '<direction> can be in or out, not "inbound".',
    "/map opsramp Service Desk in INCIDENT Status Ticket.stats a=b",
  ],
  [
    "/map opsramp SMAX outbound ALERT Status Ticket.stats a=b",
    '<direction> can be in or out, not "outbound".',
    "/map opsramp SMAX out ALERT Status Ticket.stats a=b",
  ],
  [
    '/map opsramp "Service Desk" upwards INCIDENT Status Ticket.stats a=b',
    '<direction> can be in or out, not "upwards".',
    "",
  ],
])("%s is answered with %s", (line, sentence, better) => {
  const mistake = mistakeIn(line);
  assert.equal(mistake.sentence, sentence);
  assert.equal(mistake.suggestions[0] ?? "", better);
});

Deno.test.each<[Json, string]>([
  [{ tokenPayload: true }, "In the document, tokenPayload must be an object, not true."],
  [{ tokenHeaders: [{ value: "?" }] }, "In the document, tokenHeaders.0.key is missing."],
  [{ baseURI: "x", tokenPlayload: {} }, "The document must not have tokenPlayload."],
  [
    { outboundConfig: { baseNotifier: { tokenPayload: true } } },
    "In the document, outboundConfig.baseNotifier.tokenPayload must be an object, not true.",
  ],
])("/notifier opsramp with the document %o is answered with %s", (document, sentence) => {
  assert.equal(mistakeIn("/notifier opsramp SMAX", document).sentence, sentence);
});
