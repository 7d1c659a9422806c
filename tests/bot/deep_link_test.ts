import assert from "node:assert/strict";
import { putMessage } from "../../bot/outbox/messages.ts";
import { PRIORITY } from "../../bot/outbox/outgoing.ts";
import { ANA, BEN, GROUP, openFixture, OSKAR } from "../approvals/fixture.ts";

Deno.test("a deep link opens a change in private, whatever the letter case of its code", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  for (const payload of [`c_${code}`, `c_${code.toLowerCase()}`]) {
    await fixture.say(BEN, `/start ${payload}`, { chat: BEN });
    assert.match(fixture.privateAnswers(BEN).at(-1) ?? "", new RegExp(`Acme Corp[\\s\\S]*${code}`));
  }
  await fixture.say(BEN, "/start c_ZZZZZ", { chat: BEN });
  assert.match(fixture.privateAnswers(BEN).at(-1) ?? "", /There is no change with this code/);
});

Deno.test("a deep link opens an alert in private, with the buttons that read", async () => {
  await using fixture = await openFixture();
  const { store } = fixture;
  await putMessage(store, store.db, {
    key: "alert:AbC-d_9",
    chatId: GROUP,
    reply: {
      mark: "down",
      title: "Sophos stopped syncing in HaloPSA",
      buttons: [[
        { label: "Show", action: { command: "/show sophos 3" } },
        { label: "Ack", action: { handle: "AbC-d_9", do: "choose" } },
      ]],
    },
    priority: PRIORITY.outcome,
  });
  await fixture.rest();
  await fixture.say(ANA, "/start a_AbC-d_9", { chat: ANA });
  const answer = fixture.privateAnswers(ANA).at(-1) ?? "";
  assert.match(answer, /Sophos stopped syncing[\s\S]*\[ Show \]/);
  assert.doesNotMatch(answer, /Ack/);
});

Deno.test("a deep link tells nothing to whoever may not read, and greets whoever comes with another one", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  await fixture.say(OSKAR, `/start c_${code}`, { chat: OSKAR });
  assert(!fixture.privateAnswers(OSKAR).some((text) => text.includes("Acme")));
  for (const payload of ["x_1", "c_", `c_${"A".repeat(100)}`, "a_none", "c_../../x"]) {
    await fixture.say(ANA, `/start ${payload}`, { chat: ANA });
    assert.match(fixture.privateAnswers(ANA).at(-1) ?? "", /Countersign shows whether integrations work/);
  }
});
