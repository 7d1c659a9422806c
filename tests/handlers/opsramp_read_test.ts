import assert from "node:assert/strict";
import { ClientError } from "../../clients/errors.ts";
import { BadInput, ChoiceNeeded } from "../../handlers/operation.ts";
import { opsramp } from "../../handlers/opsramp.ts";
import { CUSTOM, NIGHT, SERVICE_DESK } from "../clients/opsramp_fixture.ts";
import type { Installation } from "../sandbox/opsramp.ts";
import { openHandlerFixture, rowsOf, textOf } from "./opsramp_fixture.ts";

Deno.test("/status opsramp puts a status it does not know before disabled ones", async () => {
  await using at = openHandlerFixture({
    installations: [
      { id: "INTG-1", displayName: "a", status: "disabled" },
      { id: "INTG-2", displayName: "b", status: "Error" },
      { id: "INTG-3", status: "enabled" },
      { id: "INTG-4" },
    ],
  });
  const reply = await at.read("/status opsramp");
  assert.equal(textOf(reply.title), "OpsRamp: 1 of 4 needs attention · 1 disabled · 1 not known");
  assert.deepEqual(rowsOf(reply.blocks).slice(1), [
    "b | error | ",
    "▸ Not known (1)",
    "INTG-4 | no status | ",
    "▸ Disabled (1)",
    "a | disabled | ",
    "▸ Working (1)",
    "INTG-3 | enabled | ",
  ]);
});

Deno.test("/status opsramp says that all work, and that nothing is installed", async () => {
  const one: Installation = { id: "INTG-1", status: "enabled" };
  await using fine = openHandlerFixture({ installations: [one] });
  const reply = await fine.read("/status opsramp");
  assert.deepEqual([reply.mark, textOf(reply.title)], ["fine", "OpsRamp: 1 of 1 working"]);
  await using empty = openHandlerFixture({ installations: [] });
  const none = await empty.read("/status opsramp");
  assert.deepEqual([none.mark, textOf(none.title)], ["absent", "OpsRamp: no integration is installed"]);
});

Deno.test("/show opsramp shows a mapping without values, and how a value is cut out", async () => {
  const mapping = {
    name: "Subject",
    attrName: "alert.subject",
    entityType: "ALERT",
    thirdPartyEntityType: "Event",
    thirdPartyAttrName: "title",
    parsingProperty: { oprset: [{ operator: "AFTER", startWord: "P" }] },
    attrValues: [],
  };
  await using at = openHandlerFixture({
    installations: [{ id: "INTG-1", status: "enabled", inboundConfig: { mapAttributes: [mapping] } }],
  });
  const shown = JSON.stringify((await at.read("/show opsramp INTG-1")).blocks);
  assert.match(shown, /Parsed by .*AFTER/);
  assert.match(shown, /No values are mapped: they are passed on unchanged\./);
});

Deno.test("/status opsramp calls working only what says that it is enabled", async () => {
  await using at = openHandlerFixture({
    installations: [
      { id: "INTG-1", status: "Installed", state: "Deployed" },
      { id: "INTG-2" },
      { id: "INTG-3", state: "Deployed" },
    ],
  });
  const reply = await at.read("/status opsramp");
  assert.deepEqual([reply.mark, textOf(reply.title)], ["unknown", "OpsRamp: 0 of 3 working · 3 not known"]);
});

Deno.test("/status opsramp says how old a kept answer is", async () => {
  await using at = openHandlerFixture({}, {}, 10_000);
  await at.read("/status opsramp");
  at.fixture.clock.advance(8_000);
  const reply = await at.read("/status opsramp");
  assert.equal(textOf(reply.footer ?? ""), `as of ${new Date(NIGHT).toISOString()} · 8 s old`);
  assert.deepEqual(at.fixture.asked(), ["token", "search"]);
});

Deno.test("/status opsramp fails with the vendor's failure", async () => {
  await using at = openHandlerFixture({}, { clientSecret: "wrong" });
  await assert.rejects(
    at.read("/status opsramp"),
    (error) => error instanceof ClientError && error.kind === "credentials_refused",
  );
});

Deno.test("opsramp.health() is one line, and what is disabled is no problem", async () => {
  await using at = openHandlerFixture();
  const health = await opsramp.health(at.context);
  assert.deepEqual([health.mark, textOf(health.summary), health.at], [
    "unknown",
    "6 of 9 working · 2 disabled · 1 not known",
    NIGHT,
  ]);
  assert.deepEqual(health.problems, []);
});

Deno.test("opsramp.probe() proves the credentials with one small search and one record", async () => {
  await using at = openHandlerFixture();
  const said = textOf((await opsramp.probe(at.fixture.client, at.fixture.call)).says);
  assert.match(said, /^the client works for this tenant; it sees 9 installed integrations/);
  const [search, record] = at.fixture.emulator.calls.slice(-2);
  assert.equal(search?.query.pageSize, "1");
  assert.equal(record?.operation, "get");
});

Deno.test("/list opsramp lists everything by name", async () => {
  await using at = openHandlerFixture();
  const reply = await at.read("/list opsramp");
  assert.equal(textOf(reply.title), "9 OpsRamp integrations");
  const rows = rowsOf(reply.blocks);
  assert.equal(rows.length, 1 + 9 + 1 + 9);
  assert.equal(rows[1], "AWS production | enabled | AWS");
  assert.ok(rows.includes("AWS production | INTG-09623113-d32e-48eb-8993-5ccfa0e742b1"));
  assert.ok(rows.some((row) => row.startsWith("Core switches SNMP | enabled | ")));
});

Deno.test("/list opsramp name= says that nothing has that in its name", async () => {
  await using at = openHandlerFixture();
  const none = await at.read("/list opsramp name=zendesk");
  assert.equal(textOf(none.title), 'No OpsRamp integration with "zendesk" in the name');
});

Deno.test("/show opsramp shows every field and hides every credential", async () => {
  await using at = openHandlerFixture();
  const reply = await at.read("/show opsramp datadog");
  assert.deepEqual(rowsOf(reply.blocks), [
    "Id | INTG-b7c8f0de-2a6e-4f55-8f0b-6c2c4bb9a0d7",
    "App | Datadog DATADOG",
    "Category | Monitoring",
    "Installed | 2024-11-20T16:40:00.000Z by r.lindqvist",
    "Inbound authentication | WEBHOOK",
    "Role | Integration Read Only ROLE-91f0c1f2-6f1e-4b8e-9a53-0d2f6f5d7c11",
    "Token | set, hidden",
    "Webhook URL | https://api.opsramp.example/integrations/client_8/webhook/alert?vtoken=••••••",
  ]);
});

Deno.test("/show opsramp shows mappings in both directions and the notifier", async () => {
  await using at = openHandlerFixture();
  const stored = at.fixture.emulator.installations.find(({ id }) => id === SERVICE_DESK);
  stored!.outboundConfig!.baseNotifier = {
    baseURI: "https://user:hunter2@desk.example/api?key=hunter2",
    authType: "OAUTH2",
    grantType: "PASSWORD",
    userName: "bot",
    password: "hunter2",
    apiKey: "hunter2",
    apiSecret: "hunter2",
    accessTokenURL: "https://desk.example/token",
  };
  const reply = await at.read(`/show opsramp ${SERVICE_DESK}`);
  const rows = rowsOf(reply.blocks);
  assert.deepEqual(rows.slice(5, 12), [
    "Token | set, hidden",
    "Notifies | https://••••••@desk.example/api?key=••••••",
    "Notifier authentication | OAUTH2",
    "Grant type | PASSWORD",
    "User | bot",
    "Notifier API key | set, hidden",
    "Access token URL | https://desk.example/token",
  ]);
  assert.deepEqual(rows.slice(12), [
    "▸ Inbound: INCIDENT Status as Ticket.stats",
    "OpsRamp attribute incident.status.name",
    "Ok | good",
    "Critical | bad",
    "▸ Outbound: INCIDENT Status as Ticket.stats",
    "OpsRamp attribute incident.status.name",
    "Ok | good",
    "Critical | bad",
  ]);
  assert.ok(!JSON.stringify(reply).includes("hunter2"));
  assert.deepEqual(at.fixture.asked(), ["token", "get"]);
});

Deno.test("/show opsramp shows an API key pair as set and nothing of it", async () => {
  await using at = openHandlerFixture();
  const reply = await at.read(`/show opsramp ${CUSTOM}`);
  assert.ok(rowsOf(reply.blocks).includes("API key | set, hidden"));
  assert.ok(!JSON.stringify(reply).includes("EkWC7c1Rj0nXw2TfQz8sLbVh"));
});

Deno.test("/show opsramp shows a record that has nothing but an id", async () => {
  await using at = openHandlerFixture({ installations: [{ id: "INTG-1" }] });
  const reply = await at.read("/show opsramp INTG-1");
  assert.deepEqual([textOf(reply.title), rowsOf(reply.blocks)], [
    "INTG-1",
    ["Id | INTG-1"],
  ]);
});

Deno.test("/show opsramp offers all that fit, and says when nothing does", async () => {
  await using at = openHandlerFixture();
  await assert.rejects(at.read("/show opsramp aws"), (error) => {
    assert.ok(error instanceof ChoiceNeeded);
    assert.equal(error.field, "id");
    assert.deepEqual(error.options.map(({ name }) => name), ["AWS production", "AWS staging"]);
    return true;
  });
  await assert.rejects(
    at.read("/show opsramp zendesk"),
    new BadInput('No installed integration fits "zendesk". Type /list opsramp to see what there is.'),
  );
  await assert.rejects(
    at.read("/show opsramp INTG-0000"),
    new BadInput('No installed integration has the id "INTG-0000". Type /list opsramp to see what there is.'),
  );
});
