import { BEN } from "../sandbox/stage.ts";
import { chatTest } from "../bot/conversation.ts";

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
