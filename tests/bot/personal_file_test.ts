import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, GROUP, openFixture } from "../approvals/fixture.ts";
import { eventually } from "../eventually.ts";
import { isEphemeral } from "../sandbox/telegram/message.ts";

/** Longer than a message, and for whoever asked alone. */
const ASKED = "/help notifier opsramp";

/** The files that the bot sent, by who can see them. */
function files({ telegram }: Fixture): { inGroup: number; toAna: number; inPrivate: number } {
  const holding = (messages: readonly { readonly document?: unknown }[]) =>
    messages.filter(({ document }) => document !== undefined).length;
  return {
    inGroup: holding(telegram.answers(GROUP).filter((message) => !isEphemeral(message))),
    toAna: holding(telegram.ephemerals(ANA, GROUP)),
    inPrivate: holding(telegram.answers(ANA)),
  };
}

Deno.test("a file goes where its message goes: what one person is told, nobody else gets", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, ASKED);
  assert.deepEqual(files(fixture), { inGroup: 0, toAna: 1, inPrivate: 0 });
  assert.equal(fixture.telegram.ephemerals(BEN, GROUP).length, 0);
});

Deno.test("a file for one person goes to them in private where the group takes none", async () => {
  await using fixture = await openFixture();
  fixture.telegram.faults.push({ method: "sendDocument", chat: GROUP, status: 400 });
  await fixture.say(ANA, ASKED);
  assert.deepEqual(files(fixture), { inGroup: 0, toAna: 0, inPrivate: 1 });
});

Deno.test("a file for one person whom the bot may not write to goes nowhere, and that is said", async () => {
  await using fixture = await openFixture();
  fixture.telegram.faults.push({ method: "sendDocument", status: 403, times: 2 });
  await fixture.say(ANA, ASKED);
  assert.deepEqual(files(fixture), { inGroup: 0, toAna: 0, inPrivate: 0 });
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /^🟡 The file could not be sent: /);
});

Deno.test("a file for one person is never shown to the others, also by a server that keeps only texts from them", async () => {
  await using fixture = await openFixture();
  const { telegram } = fixture;
  telegram.faults.push({ method: "sendDocument", chat: GROUP, ignoring: "ephemeral_message_parameters" });
  await fixture.say(ANA, ASKED);
  await fixture.say(ANA, ASKED);
  assert.deepEqual(files(fixture), { inGroup: 0, toAna: 0, inPrivate: 2 });
  assert.equal(telegram.faults.left(), 0);
  const inGroup = telegram.calls("sendDocument").filter(({ parameters }) => parameters["chat_id"] === GROUP);
  assert.equal(inGroup.length, 1, "one that anyone may read");
  assert.equal(telegram.calls("deleteMessage").length, 1);
});

Deno.test("a document waits for as long as Telegram asks", async () => {
  await using fixture = await openFixture();
  const { telegram, clock } = fixture;
  telegram.faults.push({ method: "getFile", retryAfter: 5 });
  const content = { name: "billing", type: "postgresql", integration_config: {} };
  telegram.say(ANA, GROUP, "/create apono", { document: { name: "new.json", content } });
  await eventually(() => {
    clock.advance(5_001);
    return telegram.calls("getFile").length === 2;
  }, "the document");
  await fixture.rest();
  assert.ok(!fixture.groupAnswers().some((text) => text.includes("Something went wrong")));
});
