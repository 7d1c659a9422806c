import assert from "node:assert/strict";
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
