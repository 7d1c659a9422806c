import assert from "node:assert/strict";
import { readConfig } from "../../bot/config.ts";
import { OpenForms } from "../../bot/forms/open_forms.ts";
import { planOf } from "../../bot/store/changes.ts";
import { Vault } from "../../bot/vault.ts";
import { postgres, testWith } from "../approvals/database.ts";
import { ANA, BEN, cardOf, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { nowhere } from "../approvals/secret_page.ts";
import { vendors } from "../../handlers/registry.ts";
import { createStillClock } from "../sandbox/stage.ts";
import { FILL_IN, fillIn, formFor, formLinkOf, lookAt, offerTo, POSTGRES, send } from "./filling.ts";

async function theCard(fixture: Fixture) {
  await fixture.rest();
  const changes = await fixture.changes();
  assert.equal(changes.length, 1, `${changes.length} changes`);
  return await cardOf(fixture, changes[0]!.code);
}

/** Sends the page; what comes of it waits for approval. */
async function sent(fixture: Fixture, link: string, values: Readonly<Record<string, string>>) {
  const page = await fillIn(link, values);
  assert.equal(
    page.status,
    200,
    JSON.stringify(page.mistakes) + page.html.match(/role="alert"[\s\S]*?<\/div>/)?.[0],
  );
  return await theCard(fixture);
}

Deno.test("a form: an Apono integration is created knowing nothing, with two messages", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/create apono");
  const first = await lookAt(link);
  assert.deepEqual(Object.keys(first.choices), ["type"]);
  assert(first.choices["type"]?.includes("postgresql"));
  assert.equal((await fillIn(link, { type: "nonsense" })).status, 400);
  const page = await fillIn(link, { type: "postgresql" });
  assert.equal(page.status, 200);
  assert.equal(page.values["config.port"], "5432");
  assert.deepEqual(page.choices["connector"], [
    "",
    "eu-west-connector",
    "us-east-connector",
    "edge-connector",
  ]);
  assert.match(page.html, /Database Name[\s\S]*config\.dbname/);
  const { code, card } = await sent(fixture, link, POSTGRES);
  assert.match(textOf(card), /Create the Apono integration Orders/);
  const { input } = planOf(await fixture.change(code));
  assert.deepEqual(input, {
    type: "postgresql",
    name: "Orders",
    connector: "eu-west-connector",
    config: { hostname: "db.example.com", port: "5432", dbname: "postgres", sslmode: "require" },
    secret: { "apono.username": "?", "apono.password": "?" },
  });
  await nowhere(fixture, "correct-horse-7Qx");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "applied");
  await nowhere(fixture, "correct-horse-7Qx");
  assert.deepEqual(
    (await fixture.audit()).map(({ event }) => event).filter((event) => event.startsWith("form_")),
    ["form_offered", "form_sent"],
  );
});

Deno.test("a form: another type can be chosen, and what was typed before comes along", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/create apono name=Payments");
  await fillIn(link, { type: "postgresql" });
  const back = await fillIn(link, { do: "back" });
  assert.deepEqual(Object.keys(back.choices), ["type"]);
  const page = await fillIn(link, { type: "github" });
  assert.equal(page.values["name"], "Payments");
  assert.equal(page.values["config.port"], undefined);
});

Deno.test("a form: of an Apono integration only what was changed is asked for", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/update apono Orders DB");
  const page = await lookAt(link);
  const { "config.port": port } = page.values;
  assert.equal(port, "5432");
  const unchanged = await fillIn(link, {});
  assert.equal(unchanged.status, 400);
  assert.match(unchanged.html, /what to change|Nothing to change/);
  const { code } = await sent(fixture, link, { "config.port": "5433", access_details: "Ask\r\nthe DBA" });
  const { id: _, ...input } = planOf(await fixture.change(code)).input;
  assert.deepEqual(input, { config: { port: "5433" }, access_details: "Ask\nthe DBA" });
});

Deno.test("a form: a HaloPSA product has its fields, types and present values; its secrets are never filled in", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/update ncentral");
  const first = await lookAt(link);
  const [, id = ""] = first.choices["id"] ?? [];
  const page = await fillIn(link, { id });
  assert.equal(page.status, 200);
  assert.match(page.html, /<input type="password" id="f-new_password" name="new_password"/);
  assert.equal(page.values["new_password"], "");
  assert.notEqual(page.values["name"], "");
  const wrong = await fillIn(link, { toplevel: "twelve", newmethod: "maybe", url: "ftp://x" });
  assert.deepEqual(wrong.status, 400);
  assert.equal(wrong.mistakes["toplevel"], "Type a whole number, such as 12.");
  assert.equal(wrong.values["toplevel"], "twelve");
  const bad = await fillIn(link, { ...page.values, url: "ftp://x" });
  assert.match(bad.mistakes["url"] ?? "", /an address that begins with https/);
  const { code, card } = await sent(fixture, link, {
    ...page.values,
    toplevel: "12",
    new_password: "correct-horse-7Qx",
    "client_links.0.halo_id": "7",
    "client_links.0.third_party_id": "42",
  });
  const { document } = planOf(await fixture.change(code)).input;
  assert.deepEqual(document, {
    toplevel: 12,
    client_links: [{ halo_id: 7, third_party_id: "42" }],
    new_password: "?",
  });
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "applied");
  assert(!JSON.stringify(fixture.telegram.calls()).includes("correct-horse"));
});

Deno.test("a form: more rows are added by a button, and nothing typed is lost", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, '/map opsramp "Service Desk"');
  const before = await lookAt(link);
  assert.equal("pairs.4.key" in before.values, false);
  const more = await fillIn(link, {
    direction: "in",
    "pairs.0.key": "Low",
    "pairs.0.value": "4",
    do: "add:pairs",
  });
  assert.equal(more.status, 200);
  assert.equal("pairs.4.key" in more.values, true);
  assert.deepEqual([more.values["direction"], more.values["pairs.0.key"]], ["in", "Low"]);
  const wrong = await fillIn(link, {
    direction: "in",
    "pairs.0.key": "Low",
    "pairs.1.key": "Low",
    "pairs.1.value": "5",
  });
  assert.deepEqual(Object.keys(wrong.mistakes).sort(), [
    "attribute",
    "entity",
    "pairs.0.value",
    "thirdParty",
  ]);
  const { code } = await sent(fixture, link, {
    direction: "in",
    entity: "INCIDENT",
    attribute: "priority",
    thirdParty: "Ticket.priority",
    "pairs.0.key": "Low",
    "pairs.0.value": "4",
    "pairs.1.key": "",
    "pairs.1.value": "",
    "pairs.4.key": "High",
    "pairs.4.value": "1",
  });
  const { id: _, ...input } = planOf(await fixture.change(code)).input;
  assert.deepEqual(input, {
    direction: "in",
    entity: "INCIDENT",
    attribute: "priority",
    thirdParty: "Ticket.priority",
    pairs: { Low: "4", High: "1" },
  });
});

Deno.test("a form: a notifier with headers, which are secrets", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/notifier opsramp Service Desk");
  const { card, code } = await sent(fixture, link, {
    uri: "https://desk.example.com/in",
    auth: "JWT",
    tokenURL: "https://desk.example.com/token",
    tokensPath: "jwtToken:access.token",
    "tokenHeaders.0.key": "Authorization",
    "tokenHeaders.0.value": "Basic correct-horse-7Qx",
  });
  assert.match(textOf(card), /desk\.example\.com/);
  await nowhere(fixture, "correct-horse-7Qx");
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "applied");
  const body = JSON.stringify(fixture.opsramp.calls);
  assert(body.includes("correct-horse-7Qx"), body);
});

Deno.test("a form: a dangerous change needs a reason, which is asked for on the page", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/update opsramp Custom Integration");
  const { choices, values } = await lookAt(link);
  const other = choices["auth"]?.find((auth) => auth !== "" && auth !== values["auth"]) ?? "";
  const page = await fillIn(link, { auth: other });
  assert.equal(page.status, 400);
  assert.match(page.mistakes["reason"] ?? "", /^It is a dangerous change\. Say why\./);
  const { card } = await sent(fixture, link, { auth: other, reason: "leaked" });
  assert.match(textOf(card), /leaked/);
});

Deno.test("a form: a secret in a field that is none is not used and not shown again", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/create apono type=postgresql");
  const page = await fillIn(link, { ...POSTGRES, access_details: "password=correct-horse-9Zt" });
  assert.equal(page.status, 400);
  assert.match(page.mistakes["access_details"] ?? "", /looks like a secret/);
  assert(!page.html.includes("correct-horse-9Zt"));
  await nowhere(fixture, "correct-horse-9Zt");
});

Deno.test("a form: a list with a number that would be rounded is not taken", async () => {
  await using fixture = await openFixture();
  const [product] = fixture.halo.records["NCentralDetails"] ?? [];
  // What is no list of objects has no columns.
  Object.assign(product ?? {}, { client_links: ["Lisbon"] });
  const link = await formFor(fixture, ANA, `/update ncentral id=${product?.["id"]}`);
  const page = await fillIn(link, { client_links: '["Porto", 9007199254740993]' });
  assert.equal(
    page.mistakes["client_links"],
    "The list has a number at line 1, column 11 that is too large to be passed on exactly. " +
      'Type a JSON list, such as [{"name": "…"}].',
  );
});

Deno.test("a form: what is not on the list is no answer", async () => {
  await using fixture = await openFixture();
  const link = await formFor(fixture, ANA, "/create apono");
  const asked = fixture.apono.calls.length;
  const answer = await send(link, { type: "mysql-of-mine" });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /Choose one of the list\./);
  assert.equal(fixture.apono.calls.length, asked);
});

Deno.test("a form: the vendor is asked nothing for who may not ask any more", async () => {
  await using fixture = await openFixture({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
  const link = await formFor(fixture, ANA, "/update apono Orders DB");
  fixture.telegram.leave(ANA, GROUP);
  const asked = fixture.apono.calls.length;
  assert.equal((await fillIn(link, { "config.port": "5433" })).status, 200);
  await fixture.rest();
  assert.equal(fixture.apono.calls.length, asked);
  assert.deepEqual(await fixture.changes(), []);
});

Deno.test("a form: whose time ends while it is sent is not taken", async () => {
  await using fixture = await openFixture({ clock: createStillClock() });
  const link = await formFor(fixture, ANA, "/update apono Orders DB");
  const { store, log, environment } = fixture;
  const vault = await Vault.fromKey(readConfig(environment).secretKey!);
  const pages = new OpenForms({ store, log, vault });
  const open = await pages.find(link.split("/").at(-1)!);
  assert(open);
  await fixture.pass(10 * 60_000);
  assert.equal(await pages.take(open, open.waiting, {}), false);
});

Deno.test("a form: while the vendor is away the page says so, and can be sent again", async () => {
  let isAway = false;
  await using fixture = await openFixture({
    onTheWay: async (vendor, _request, passOn) =>
      isAway && vendor === "Apono" ? new Response("down", { status: 503 }) : await passOn(),
  });
  const link = await formFor(fixture, ANA, "/create apono type=postgresql");
  isAway = true;
  const page = await fillIn(link, POSTGRES);
  assert.equal(page.status, 503);
  assert.match(page.html, /Nothing was asked for/);
  assert.equal(page.values["config.hostname"], "db.example.com");
  isAway = false;
  await sent(fixture, link, POSTGRES);
});

const LONG = ["create", "update", "notifier", "map"];

Deno.test("a form: everything long has one that says what it is about", async (t) => {
  await using fixture = await openFixture();
  for (const operation of vendors.flatMap(({ operations }) => operations)) {
    if (!LONG.includes(operation.verb)) continue;
    const command = `/${operation.verb} ${operation.target}`;
    await t.step(command, async () => {
      assert("form" in operation, `${command} has no form`);
      await fixture.say(ANA, command);
      // The sandbox has none of some products, and so nothing to change.
      if (/nothing to choose/.test(fixture.ephemeralAnswers(ANA).at(-1) ?? "")) return;
      await fixture.press(ANA, offerTo(fixture, ANA), FILL_IN);
      await checkLabels(formLinkOf(fixture, ANA));
    });
  }
});

async function checkLabels(link: string): Promise<void> {
  const { status, choices, html } = await lookAt(link);
  assert.equal(status, 200);
  const [first = "", ...others] = Object.keys(choices);
  const page = others.length === 0 && (first === "id" || first === "type")
    ? await fillIn(link, { [first]: choices[first]?.[1] ?? "" })
    : { status, html };
  assert.equal(page.status, 200);
  for (const [, id] of page.html.matchAll(/<label for="([^"]+)"/g)) {
    assert(page.html.includes(`id="${id}"`), `no control ${id}`);
  }
}

testWith(postgres, "a form: sent to one replica, the request goes on in any", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const link = await formFor(fixture, ANA, "/create apono type=postgresql");
  await sent(fixture, link, POSTGRES);
});
