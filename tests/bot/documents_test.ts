import { ANA, BEN, GROUP } from "../sandbox/stage.ts";
import type { Saying } from "../sandbox/telegram.ts";
import { chatTest, type ConversationOptions } from "./conversation.ts";

const MIB = 1024 * 1024;

/** With a document that cannot be used: what Ben alone is told. No vendor is asked, nothing is planned. */
const unusable: readonly [what: string, content: string | Uint8Array, told: RegExp][] = [
  ["no JSON", "{ type: postgresql }", /The document is not valid JSON.*Correct it and send it again/],
  ["half a document", '{"type": "postgresql"', /The document is not valid JSON/],
  ["a list", '["postgresql"]', /must be an object, not a list/i],
  ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00, 0x7b]), /The document is not valid JSON/],
];

for (const [what, content, told] of unusable) {
  const saying: Saying = { document: { name: "integration.json", content } };
  chatTest(`/create apono with ${what} as its document says what is wrong with it`, {}, [{
    said: "/create apono",
    saying,
    answered: { says: told, only: BEN },
    audited: ["refused malformed_command"],
  }]);
}

chatTest(
  "A document of more than 1 MiB is deleted unseen, since it may hold a secret, and that is said",
  {},
  [{
    said: "/create apono",
    saying: { document: { name: "integration.json", content: `{"name":"${"x".repeat(MIB)}"}` } },
    answered: {
      says:
        /^⛔ Nobody looked through that document, so it may hold a secret\.\nThe document is larger than 1 MiB.* I deleted it and used nothing of it\. If a secret was in it/,
      only: BEN,
    },
    audited: ["refused document_unseen"],
  }],
);

for (const method of ["getFile", "/file"]) {
  chatTest(`A document that cannot be fetched (${method} drops the connection) is deleted unseen`, {}, [{
    happens: ({ telegram }) => telegram.faults.push({ method, drop: true }),
    said: "/create apono",
    saying: { document: { name: "x.json", content: { type: "postgresql" } } },
    answered: {
      says:
        /The document could not be fetched from Telegram\. I deleted it .* send the command again, with no secret in its document/s,
      only: BEN,
    },
    audited: ["refused document_unseen"],
    logged: [{ event: "document_not_fetched" }],
  }]);
}

chatTest("A document that Telegram does not hand over is deleted unseen", {}, [{
  happens: ({ telegram }) =>
    telegram.faults.push({ method: "getFile", status: 400, description: "wrong file_id" }),
  said: "/create apono",
  saying: { document: { name: "x.json", content: { type: "postgresql" } } },
  answered: { says: "Telegram did not hand over the document. I deleted it", only: BEN },
  audited: ["refused document_unseen"],
}]);

const outsiders: ConversationOptions = {
  telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, 666] }] },
};

chatTest("The document of somebody who may not ask for changes is not even fetched", outsiders, [
  {
    said: "/create apono",
    by: 666,
    saying: { document: { name: "x.json", content: { type: "postgresql" } } },
    answered: { says: "You may read here but not ask for changes", only: 666 },
    audited: ["refused not_operator"],
  },
  {
    happens({ telegram }) {
      if (telegram.calls("getFile").length > 0) throw new Error("It was fetched.");
    },
  },
]);

chatTest("A document without a command, and one that nobody refers to, are nobody's business", {}, [
  { said: "", saying: { document: { name: "x.json", content: { a: 1 } } } },
  { said: "look at this", saying: { document: { name: "x.json", content: { a: 1 } } } },
]);
