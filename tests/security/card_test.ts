import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";

Deno.test("/disable ec2: editing the message that asked changes neither the card nor what is approved", async () => {
  await using fixture = await openFixture();
  const message = fixture.telegram.say(ANA, GROUP, "/disable ec2 Acme Corp reason=off-boarding");
  await fixture.rest();
  const [change] = await fixture.changes();
  assert.ok(change);
  const card = fixture.telegram.answers(GROUP).at(-1);
  assert.ok(card);
  const before = textOf(card);
  fixture.telegram.edit(message, "/disable ec2 Globex reason=off-boarding");
  fixture.telegram.edit(message);
  await fixture.rest();
  assert.equal(textOf(card), before);
  assert.equal((await fixture.changes()).length, 1);
  assert.equal((await fixture.change(change.code)).plan, change.plan);
  await fixture.press(BEN, card, "Approve");
  assert.deepEqual(
    fixture.gravityzone.calls.filter(({ method }) => method.startsWith("disable")).map(({ params }) =>
      params["companyId"]
    ),
    [change.company],
  );
});

Deno.test("/create apono: what does not fit on the card comes as a file, before anyone can approve it", async () => {
  await using fixture = await openFixture();
  const gate = Promise.withResolvers<void>();
  fixture.telegram.faults.push({ method: "sendDocument", hold: gate.promise });
  fixture.telegram.say(ANA, GROUP, "/create apono", TOO_LARGE);
  await eventually(() => Promise.resolve(fixture.telegram.faults.left() === 0), "the file");
  assert.deepEqual(fixture.groupAnswers(), []);
  gate.resolve();
  await fixture.rest();
  const [file, card, ...others] = fixture.telegram.answers(GROUP);
  assert.ok(file?.document && card);
  assert.deepEqual(others, []);
  assert.match(textOf(card), /parameter_0[^]*left out here; the file has everything/);
  const text = new TextDecoder().decode(fixture.telegram.file(file.document.file_id));
  for (const [name, value] of Object.entries(PARAMETERS)) {
    assert.ok(text.includes(name) && text.includes(value), name);
  }
  await fixture.press(BEN, card, "Approve");
  assert.equal(fixture.apono.calls.filter(({ operation }) => operation === "v4.create").length, 1);
});

Deno.test("/create apono: of many warnings the card names five, below the rows that say what changes", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask("/create apono", {
    document: { name: "orders.json", content: withParameters(Object.entries(PARAMETERS).slice(0, 12)) },
  });
  const text = textOf(card);
  assert.equal(text.split("⚠️").length - 1, 13, text);
  const [before, after = ""] = text.split("⚠️ and 7 more, below");
  assert.match(before ?? "", /parameter_11[^]*⚠️/);
  assert.equal((before ?? "").split("⚠️").length - 1, 5);
  assert.match(after, /what will be sent[^]*⚠️/);
});

for (const legacy of [false, true]) {
  const server = legacy ? "a server without rich messages" : "a server with rich messages";
  testOnEach(`/create apono: a card whose file is refused cannot be approved, on ${server}`, async (url) => {
    await using fixture = await openFixture({ telegram: { legacy }, environment: { DATABASE_URL: url } });
    const description = "Bad Request: not enough rights to send documents to the chat";
    fixture.telegram.faults.push({ chat: GROUP, method: "sendDocument", status: 400, description, times: 9 });
    await fixture.say(ANA, "/create apono", TOO_LARGE);
    const [change] = await fixture.changes();
    assert.ok(change);
    assert.equal(change.state, "withdrawn");
    assert.deepEqual((await fixture.audit(change.code)).map((row) => row.reason_code), [
      null,
      "card_refused",
    ]);
    assert.ok(!fixture.telegram.answers(GROUP).some((message) => /Approve/.test(JSON.stringify(message))));
    assert.match(fixture.groupAnswers().join(), /Withdrawn: [^]*not enough rights to send documents/);
    assert.match(
      fixture.privateAnswers(ANA).join(),
      /did not take the card[^]*not enough rights to send documents/,
    );
    await fixture.say(BEN, `/approve ${change.code}`);
    assert.deepEqual(fixture.apono.calls.filter(({ operation }) => operation === "v4.create"), []);
  });
}

const PARAMETERS = Object.fromEntries(
  Array.from({ length: 400 }, (_, index) => [`parameter_${index}`, `value ${index} ${"x".repeat(60)}`]),
);

const TOO_LARGE = { document: { name: "orders.json", content: withParameters(Object.entries(PARAMETERS)) } };

function withParameters(parameters: [string, string][]) {
  return {
    type: "postgresql",
    name: "Orders",
    connector_id: "eu-west-connector",
    integration_config: { hostname: "db.example.com", ...Object.fromEntries(parameters) },
    secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/orders" } },
  };
}
