import assert from "node:assert/strict";
import { chatTest } from "../bot/conversation.ts";
import { ANA, BEN, GROUP, openDesk } from "../changes/desk.ts";

const DEEP = { name: "deep.json", content: `${"[".repeat(300_000)}${"]".repeat(300_000)}` };

/** Deep enough to exhaust whoever walks through it, flat enough to be sent. */
for (const command of ["/create apono", "/update opsramp Service Desk"]) {
  chatTest(`${command} with a document that nests without end says so, and goes on`, {}, [
    {
      said: command,
      saying: { document: DEEP },
      answered: { says: /nested more than 64 levels deep\. Send only what changes\./, only: BEN },
      audited: ["refused malformed_command"],
    },
    { said: "/ping", answered: "pong" },
  ]);
}

chatTest("/ping with a document that nests without end is only a /ping", {}, [
  { said: "/ping", saying: { document: DEEP }, answered: "pong" },
]);

const BRACKETS = { name: "odd.json", content: { type: "postgresql", name: "[".repeat(500) + '"\\' } };

chatTest("/create apono counts no bracket that stands in a text", {}, [{
  said: "/create apono",
  saying: { document: BRACKETS },
  answered: { says: /^(?!.*levels deep).*$/s, only: BEN },
  asked: ["catalog.get", "v4.list"],
}]);

const LITERAL = {
  type: "mysql",
  secret_store_config: { apono: { parameters: { password: "hunter2hunter2" } } },
};

Deno.test("/create apono in reply to a document with a secret in it deletes that document too", async () => {
  await using desk = await openDesk();
  const held = desk.telegram.say(ANA, GROUP, "", { document: { name: "ledger.json", content: LITERAL } });
  const command = desk.telegram.say(BEN, GROUP, "/create apono", { replyTo: held });
  await desk.rest();
  const left = desk.telegram.messages(GROUP);
  assert.ok(!left.includes(held) && !left.includes(command));
  assert.match(desk.whispers(BEN).at(-1) ?? "", /I deleted it and used nothing of it/);
});

Deno.test("/create apono with a secret in it leaves the document alone that it replies to", async () => {
  await using desk = await openDesk();
  const content = { type: "mysql", name: "Ledger" };
  const held = desk.telegram.say(ANA, GROUP, "", { document: { name: "ledger.json", content } });
  desk.telegram.say(BEN, GROUP, "/create apono secret.apono.password=hunter2", { replyTo: held });
  await desk.rest();
  assert.ok(desk.telegram.messages(GROUP).includes(held));
  assert.ok(!desk.telegram.messages(GROUP).some(({ text }) => text?.includes("hunter2")));
});
