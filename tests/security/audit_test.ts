import assert from "node:assert/strict";
import { toCsv } from "../../handlers/format.ts";
import { csvLines } from "../../bot/store/audit.ts";
import type { AuditTable } from "../../bot/store/schema.ts";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, openFixture } from "../approvals/fixture.ts";
import { HANG_MS } from "../eventually.ts";

const KEY = "sandbox-gravityzone-key";

testOnEach("/audit: a filter is text and nothing else, however it looks", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  const found = async (filter: string) => {
    await fixture.say(BEN, `/audit ${filter}`);
    return fixture.groupAnswers().at(-1) ?? "";
  };
  assert.match(await found("person=an"), /The last entry of the audit/);
  assert.match(await found("company=acme"), /Nothing in the audit fits|The last entry/);
  for (
    const filter of [
      "person=%",
      "person=_na",
      'person="\\\\"',
      "company=%",
      "company=_",
      `person="' or 1=1 --"`,
      "person=999999999999999999999999999",
      "code=' or 1=1",
    ]
  ) {
    assert.match(await found(filter), /Nothing in the audit fits/, filter);
  }
  assert.match(await found("since=99999999999999999999d"), /Ana asked, waits: Disable the EC2 integration/);
  assert.deepEqual(fixture.log.lines.filter(({ level }) => level === "error"), []);
});

Deno.test("approve: a vendor that answers our own key as its state does not bring it into the audit or the store", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.ask("/rotate externalid Acme Corp reason=leaked");
  const state = [...fixture.gravityzone.world.ec2.values()].find(({ externalId }) => externalId);
  assert.ok(state);
  state.externalId = `moved ${KEY}`;
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "superseded");
  assert.doesNotMatch(
    JSON.stringify([await fixture.audit(), await fixture.change(code), fixture.groupAnswers()]),
    new RegExp(KEY),
  );
  assert.match(JSON.stringify(await fixture.audit(code)), /moved \[redacted\]/);
});

Deno.test("/disable ec2: a secret of ours that somebody types as the reason is not written into the audit", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(`/disable ec2 Acme Corp reason="it is ${KEY} they say"`);
  await fixture.say(ANA, `/withdraw ${code} ${KEY}`);
  const rows = JSON.stringify(await fixture.audit());
  assert.doesNotMatch(rows, new RegExp(KEY));
  assert.match(rows, /it is \[redacted\] they say/);
  await fixture.say(BEN, "/audit verify");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /intact/);
});

/** What somebody typed, and the cell that a spreadsheet gets to see, whichever sign it takes for a separator. */
const CELLS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"].map((
      sign,
    ) => [`${sign}cmd|' /C calc'!A0`, `'${sign}cmd|' /C calc'!A0`]),
  ),
  "ok;=1+1;@SUM(A1)": "ok;'=1+1;'@SUM(A1)",
  "a\t=1+1": "a\t'=1+1",
  "a, ＝1+1": "a, '＝1+1",
  "a\n=1+1": "a\n'=1+1",
  "\n=1+1": "'\n'=1+1",
  ' "=1+1': ` "'=1+1`,
  'a;"=1+1': `a;"'=1+1`,
  'a,"b"': 'a,"b"',
  "two\nlines": "two\nlines",
  "Acme - Berlin = 2+2 @ 3": "Acme - Berlin = 2+2 @ 3",
};

Deno.test("csvLines lets no cell begin as a formula, in any alphabet and by any separator, and keeps every row in its place", async () => {
  const rows = Object.keys(CELLS).map((detail, index): AuditTable => ({ ...ROW, seq: index + 1, detail }));
  let text = "";
  for await (const chunk of csvLines(ReadableStream.from(rows))) text += new TextDecoder().decode(chunk);
  assert.deepEqual(cellsOf(text, "\n").slice(1).map((row) => row[12]), Object.values(CELLS));
});

Deno.test("toCsv lets no cell begin as a formula, in any alphabet and by any separator, and keeps numbers", () => {
  const text = toCsv(["text", "number"], Object.keys(CELLS).map((value) => [value, -5]));
  const wanted = Object.values(CELLS).map((cell) => [cell, "-5"]);
  assert.deepEqual(cellsOf(text, "\r\n"), [["text", "number"], ...wanted]);
});

Deno.test("toCsv answers at once on long hostile text", () => {
  const started = performance.now();
  for (const part of ["\n", " ", '"', ";", ";=", "=", "\t ="]) toCsv([], [[part.repeat(1_000_000)]]);
  // A search that goes back again and again would take hours.
  assert.ok(performance.now() - started < HANG_MS);
});

/** By RFC 4180. */
function cellsOf(text: string, lineEnd: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === lineEnd) rows.push([]);
  }
  return rows.slice(0, -1);
}

const ROW: AuditTable = {
  seq: 1,
  at: 0,
  event: "refused",
  reason_code: null,
  code: null,
  person_id: null,
  person_name: null,
  chat_id: null,
  operation: null,
  target: null,
  company: null,
  state: null,
  detail: null,
  trace: null,
  prev: "0",
  hash: "1",
};
