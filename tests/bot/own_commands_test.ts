import assert from "node:assert/strict";
import { ANA, BEN, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";

async function told(fixture: Fixture, person: number, text: string): Promise<Message> {
  await fixture.say(person, text);
  const message = fixture.telegram.ephemerals(person, GROUP).at(-1);
  assert.ok(message, `nothing was said to ${person} alone after ${text}`);
  return message;
}

Deno.test("/recent has one's own last commands that were understood, equal ones once", async () => {
  await using fixture = await openFixture();
  for (const said of ["/status sophos", "/disable ncentral 1", "/nonsense", "/status sophos", "/recent"]) {
    await fixture.say(ANA, said);
  }
  const answer = await told(fixture, ANA, "/recent");
  assert.deepEqual(buttonsOf(answer).map(({ text }) => text), ["/status sophos", "/disable ncentral 1"]);
  assert.deepEqual(buttonsOf(await told(fixture, BEN, "/recent")), []);
});

Deno.test("/recent has nothing that was answered by what is wrong with it", async () => {
  await using fixture = await openFixture();
  const wrong = [
    "/every 9 status",
    "/every 09:00 disable sophos",
    "/alias status x",
    "/plan status",
  ];
  for (const said of [...wrong, "/every 09:00 /status"]) await fixture.say(ANA, said);
  const answer = await told(fixture, ANA, "/recent");
  assert.deepEqual(buttonsOf(answer).map(({ text }) => text), ["/every 09:00 /status"]);
});

Deno.test("/recent offers eight, and a change pressed there becomes a card", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable ncentral 1");
  const [first] = await fixture.changes();
  await fixture.say(ANA, `/withdraw ${first?.code}`);
  const words = ["a", "b", "c", "d", "e", "f", "g"];
  for (const word of words) await fixture.say(ANA, `/find acme ${word}`);
  await fixture.say(ANA, "/disable ncentral 1");
  const answer = await told(fixture, ANA, "/recent");
  assert.equal(buttonsOf(answer).length, 8);
  await fixture.say(ANA, `/withdraw ${(await fixture.changes()).at(-1)?.code}`);
  await fixture.press(ANA, answer, "/disable ncentral 1");
  assert.equal((await fixture.changes()).length, 3);
});

Deno.test("/recent never holds what was a secret", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/update ncentral 1 new_password=hunter2");
  const rows = await fixture.store.db.selectFrom("recent_commands").selectAll().execute();
  assert.deepEqual(rows, []);
});

Deno.test("an alias stands for the beginning of its owner's commands", async () => {
  await using fixture = await openFixture();
  assert.match(
    textOf(await told(fixture, ANA, "/alias off disable ncentral")),
    /\/off stands for \/disable ncentral/,
  );
  await fixture.say(ANA, "/off 1");
  assert.equal((await fixture.changes())[0]?.target_key, "ncentral:1");
  await fixture.say(BEN, "/off 1");
  assert.equal((await fixture.changes()).length, 1);
  assert.match(textOf(await told(fixture, ANA, "/aliases")), /\/off \/disable ncentral/);
  await told(fixture, ANA, "/unalias off");
  await fixture.say(ANA, "/off 2");
  assert.equal((await fixture.changes()).length, 1);
});

for (
  const [said, why] of [
    ["/alias disable status", /\/disable is a command/],
    ["/alias off switch it off", /no command \/switch/],
    ["/unalias off", /You have no word \/off/],
  ] as const
) {
  Deno.test(`${said} is refused`, async () => {
    await using fixture = await openFixture();
    assert.match(textOf(await told(fixture, ANA, said)), why);
  });
}

for (const said of ["/plan disable ncentral 1", "/plan /disable ncentral 1"]) {
  Deno.test(`${said} shows the card to its asker alone, and asks for nothing`, async () => {
    await using fixture = await openFixture();
    const card = await told(fixture, ANA, said);
    assert.match(textOf(card), /Turn off the sync[^]*Nothing was asked of anybody/);
    assert.deepEqual(buttonsOf(card), []);
    assert.deepEqual(await fixture.changes(), []);
    assert.deepEqual((await fixture.audit()).map(({ event }) => event), []);
    assert.deepEqual(fixture.groupAnswers(), []);
  });
}

Deno.test("/plan of a dangerous change needs no reason yet, and of a read there is none", async () => {
  await using fixture = await openFixture();
  const card = await told(fixture, ANA, "/plan disable ec2 Acme Corp");
  assert.match(textOf(card), /Disable the EC2 integration of Acme Corp\?[^]*not given yet/);
  assert.match(textOf(await told(fixture, ANA, "/plan status sophos")), /Only a change has a card/);
});
