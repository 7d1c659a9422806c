import assert from "node:assert/strict";
import { chatTest } from "../bot/conversation.ts";
import { ANA, BEN, GROUP, openFixture } from "../approvals/fixture.ts";

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

/** Small to send, but slow to read for whoever looks twice at each quote, or writes out where each value stands. */
const COSTLY: readonly [what: string, content: string, told: RegExp][] = [
  ["a text of escaped quotes that never ends", `"${'\\"'.repeat(500_000)}`, /The document is not valid JSON/],
  [
    "many values under a long name",
    `{"${"x".repeat(900)}":[1${",1".repeat(250_000)}]}`,
    /has more than 10,000 values\. Send only what changes\./,
  ],
  [
    "a long name",
    `{"${"x".repeat(500_000)}":1}`,
    /one within the other, longer than 1,000 characters\. Send only fields/,
  ],
  [
    "long names in each other",
    `${`{"${"x".repeat(30)}":`.repeat(60)}1${"}".repeat(60)}`,
    /one within the other, longer than 1,000 characters\. Send only fields/,
  ],
];

for (const [what, content, told] of COSTLY) {
  chatTest(`/create apono with a document of ${what} says what is wrong with it`, {}, [{
    said: "/create apono",
    saying: { document: { name: "costly.json", content } },
    answered: { says: told, only: BEN },
    audited: ["refused malformed_command"],
  }]);
}

for (const command of ["/ping", "/status apono", "/nothing"]) {
  Deno.test(`${command} takes no document, so what comes with it is not even fetched`, async () => {
    await using fixture = await openFixture();
    await fixture.say(BEN, command, { document: DEEP });
    assert.deepEqual(fixture.telegram.calls("getFile"), []);
  });
}

chatTest("/disable ec2 with a document says that it takes none, and does not fetch it", {}, [
  {
    said: "/disable ec2 Acme Corp reason=x",
    saying: { document: DEEP },
    answered: { says: "/disable ec2 takes no document. Nothing was read from it.", only: BEN },
    audited: ["refused malformed_command"],
  },
  { happens: ({ telegram }) => assert.deepEqual(telegram.calls("getFile"), []) },
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
  await using fixture = await openFixture();
  const held = fixture.telegram.say(ANA, GROUP, "", { document: { name: "ledger.json", content: LITERAL } });
  const command = fixture.telegram.say(BEN, GROUP, "/create apono", { replyTo: held });
  await fixture.rest();
  const left = fixture.telegram.messages(GROUP);
  assert.ok(!left.includes(held) && !left.includes(command));
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /I deleted it and used nothing of it/);
});

Deno.test("/create apono with a secret in it leaves the document alone that it replies to", async () => {
  await using fixture = await openFixture();
  const content = { type: "mysql", name: "Ledger" };
  const held = fixture.telegram.say(ANA, GROUP, "", { document: { name: "ledger.json", content } });
  fixture.telegram.say(BEN, GROUP, "/create apono secret.apono.password=hunter2", { replyTo: held });
  await fixture.rest();
  assert.ok(fixture.telegram.messages(GROUP).includes(held));
  assert.ok(!fixture.telegram.messages(GROUP).some(({ text }) => text?.includes("hunter2")));
});

Deno.test("/create apono with thousands of secrets in its document names ten, in the chat and in the audit", async () => {
  await using fixture = await openFixture();
  const keys = Array.from({ length: 9_000 }, (_, at) => [`p${at}_password`, "hunter2hunter2"]);
  const content = { ["x".repeat(900)]: Object.fromEntries(keys) };
  await fixture.say(BEN, "/create apono", { document: { name: "ledger.json", content } });
  const [refused] = await fixture.audit();
  assert.match(refused?.detail ?? "", /^(x+\.p\d_password, ){10}and 8990 more$/);
});
