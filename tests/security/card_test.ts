import assert from "node:assert/strict";
import { ANA, BEN, GROUP, openDesk, textOf } from "../changes/desk.ts";

Deno.test("/disable ec2: editing the message that asked changes neither the card nor what is approved", async () => {
  await using desk = await openDesk();
  const message = desk.telegram.say(ANA, GROUP, "/disable ec2 Acme Corp reason=off-boarding");
  await desk.rest();
  const [change] = await desk.changes();
  assert.ok(change);
  const card = desk.telegram.answers(GROUP).at(-1);
  assert.ok(card);
  const before = textOf(card);
  desk.telegram.edit(message, "/disable ec2 Globex reason=off-boarding");
  desk.telegram.edit(message);
  await desk.rest();
  assert.equal(textOf(card), before);
  assert.equal((await desk.changes()).length, 1);
  assert.equal((await desk.change(change.code)).plan, change.plan);
  await desk.press(BEN, card, "Approve");
  assert.deepEqual(
    desk.gravityzone.calls.filter(({ method }) => method.startsWith("disable")).map(({ params }) =>
      params["companyId"]
    ),
    [change.company],
  );
});

Deno.test("/create apono: what does not fit on the card comes as a file, before anyone can approve it", async () => {
  await using desk = await openDesk();
  const parameters = Object.fromEntries(
    Array.from({ length: 400 }, (_, index) => [`parameter_${index}`, `value ${index} ${"x".repeat(60)}`]),
  );
  const content = {
    type: "postgresql",
    name: "Orders",
    connector_id: "eu-west-connector",
    integration_config: { hostname: "db.example.com", ...parameters },
    secret_store_config: { aws: { region: "eu-west-1", secret_id: "prod/orders" } },
  };
  const { card } = await desk.ask("/create apono", { document: { name: "orders.json", content } });
  assert.match(textOf(card), /left out here; the file has everything/);
  const file = desk.telegram.answers(GROUP).find(({ document }) => document?.file_name === "answer.txt");
  assert.ok(file?.document);
  assert.equal(file.reply_to_message?.message_id, card.message_id);
  const text = new TextDecoder().decode(desk.telegram.file(file.document.file_id));
  for (const [name, value] of Object.entries(parameters)) {
    assert.ok(text.includes(name) && text.includes(value), name);
  }
});
