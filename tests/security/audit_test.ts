import assert from "node:assert/strict";
import { csvLines } from "../../bot/store/audit_export.ts";
import type { AuditTable } from "../../bot/store/schema.ts";
import { testOnEach } from "../changes/database.ts";
import { ANA, BEN, openDesk } from "../changes/desk.ts";

const KEY = "sandbox-gravityzone-key";

testOnEach("/audit: a filter is text and nothing else, however it looks", async (url) => {
  await using desk = await openDesk({ environment: { DATABASE_URL: url } });
  await desk.ask("/disable ec2 Acme Corp reason=off-boarding");
  const found = async (filter: string) => {
    await desk.say(BEN, `/audit ${filter}`);
    return desk.news().at(-1) ?? "";
  };
  assert.match(await found("person=an"), /The last 1 entry of the audit/);
  assert.match(await found("company=acme"), /Nothing in the audit fits|The last 1 entry/);
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
  assert.match(await found("since=99999999999999999999d"), /asked disable ec2/);
  assert.deepEqual(desk.log.lines.filter(({ level }) => level === "error"), []);
});

Deno.test("approve: a vendor that answers our own key as its state does not bring it into the audit or the store", async () => {
  await using desk = await openDesk();
  const { code, card } = await desk.ask("/rotate externalid Acme Corp reason=leaked");
  const state = [...desk.gravityzone.world.ec2.values()].find(({ externalId }) => externalId);
  assert.ok(state);
  state.externalId = `moved ${KEY}`;
  await desk.press(BEN, card, "Approve");
  assert.equal(await desk.state(code), "superseded");
  assert.doesNotMatch(
    JSON.stringify([await desk.audit(), await desk.change(code), desk.news()]),
    new RegExp(KEY),
  );
  assert.match(JSON.stringify(await desk.audit(code)), /moved \[redacted\]/);
});

Deno.test("/disable ec2: a secret of ours that somebody types as the reason is not written into the audit", async () => {
  await using desk = await openDesk();
  const { code } = await desk.ask(`/disable ec2 Acme Corp reason="it is ${KEY} they say"`);
  await desk.say(ANA, `/withdraw ${code} ${KEY}`);
  const rows = JSON.stringify(await desk.audit());
  assert.doesNotMatch(rows, new RegExp(KEY));
  assert.match(rows, /it is \[redacted\] they say/);
  await desk.say(BEN, "/audit verify");
  assert.match(desk.news().at(-1) ?? "", /intact/);
});

Deno.test("csvLines lets no cell begin as a formula, in any alphabet, and keeps every row in its place", async () => {
  const starts = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"];
  const details = [...starts.map((start) => `${start}cmd|' /C calc'!A0`), 'a,"b"', "a;=1", "two\nlines"];
  const rows = details.map((detail, index): AuditTable => ({ ...ROW, seq: index + 1, detail }));
  let text = "";
  for await (const chunk of csvLines(ReadableStream.from(rows))) text += new TextDecoder().decode(chunk);
  const cells = [...text.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,\n]*))(?=,|\n|$)/g)]
    .map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain);
  for (const detail of details) {
    const cell = starts.some((start) => detail.startsWith(start)) ? `'${detail}` : detail;
    assert.ok(cells.includes(cell), JSON.stringify(cell));
  }
  assert.deepEqual(cells.filter((cell) => starts.some((start) => cell.startsWith(start))), []);
});

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
