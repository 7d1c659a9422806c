import assert from "node:assert/strict";
import { ANA, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { buttonsOf, type Message } from "../sandbox/telegram.ts";

async function asked(fixture: Fixture, text: string): Promise<Message> {
  await fixture.say(ANA, text);
  const message = fixture.telegram.ephemerals(ANA, GROUP).at(-1);
  assert.ok(message, `nothing was asked after ${text}`);
  return message;
}

for (
  const [said, name] of [
    ["/disable ncentral n-centrl eu", "N-central EU"],
    ["/disable ec2 Acme Crop reason=x", "Acme Corp"],
    ["/refresh apono Ordres DB", "Orders DB"],
    ["/enable opsramp AWS stagnig", "AWS staging"],
  ] as const
) {
  Deno.test(`${said} offers the name that was meant`, async () => {
    await using fixture = await openFixture();
    const question = await asked(fixture, said);
    assert.match(textOf(question), /Did you mean one of these\?|Which one\?/);
    await fixture.press(ANA, question, name);
    const changes = await fixture.changes();
    assert.equal(changes.length, 1, textOf(question));
    assert.match(changes[0]?.card ?? "", new RegExp(name));
  });
}

Deno.test("nothing is offered for a name that is like none", async () => {
  await using fixture = await openFixture();
  const answer = await asked(fixture, "/disable ncentral Zanzibar");
  assert.deepEqual(buttonsOf(answer), []);
});

for (const typed of ["Orders\u00a0DB", "ＯＲＤＥＲＳ ＤＢ", "órders db", "orders\u200b db"]) {
  Deno.test(`"${typed}" is the name that it looks like`, async () => {
    await using fixture = await openFixture();
    const { code } = await fixture.ask(`/refresh apono ${typed}`);
    assert.match((await fixture.change(code)).card, /Orders DB/);
  });
}

Deno.test("an address names an integration whose name says nothing", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask("/disable sentinelone euce1-104.sentinelone.example");
  assert.match((await fixture.change(code)).target_key, /^sentinelone:/);
});

Deno.test("more than eight that fit are leafed through", async () => {
  await using fixture = await openFixture();
  const first = await asked(fixture, "/show bitdefender vcenter");
  assert.deepEqual(buttonsOf(first).map(({ text }) => text).at(-1), "Next ›");
  assert.equal(buttonsOf(first).length, 9);
  await fixture.press(ANA, first, "Next ›");
  const second = fixture.telegram.ephemerals(ANA, GROUP).at(-1);
  assert.ok(second && buttonsOf(second).some(({ text }) => text === "‹ Back"));
});

Deno.test("/find says what is spelt most like it", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/find Glbex");
  const answer = fixture.telegram.last(GROUP);
  assert.ok(answer);
  assert.match(textOf(answer), /Spelt most like it/);
  await fixture.press(ANA, answer, "Find Globex");
  assert.match(textOf(answer), /fits? “Globex”/);
});

Deno.test("a resource of Apono is known by its name too, and a misspelt one is answered with the closest", async () => {
  await using fixture = await openFixture();
  const ask = async (words: string) => {
    await fixture.say(ANA, words, { chat: ANA });
    const last = fixture.telegram.answers(ANA).at(-1);
    assert.ok(last);
    return { text: textOf(last), last };
  };
  const { text, last } = await ask("/tags postgresql-production/orders");
  assert.match(text, /fits 2 Apono resources\. Which one\?/);
  await fixture.press(ANA, last, "postgresql-cluster");
  assert.match(textOf(last), /2 tags on 4096-00/);
  assert.match((await ask("/tags mysql-storefront/ordres")).text, /Did you mean one of these\?/);
  assert.match((await ask("/tags nothing-like-it")).text, /No Apono resource fits "nothing-like-it"/);
});
