import assert from "node:assert/strict";
import { testOnEach } from "../approvals/database.ts";
import { ANA, BEN, company, GROUP, openFixture, OSKAR, textOf } from "../approvals/fixture.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

Deno.test("a press under the card of a change leaves the card as it is, whatever it reads", async () => {
  await using fixture = await openFixture();
  const { card, code } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  const before = textOf(card);
  for (const data of ["c:/ping", "c:/pending", `c:/change ${code}`, "c:/status", "c:/audit"]) {
    const answers = fixture.groupAnswers().length;
    await fixture.press(BEN, card, data, { forged: true });
    assert.equal(textOf(card), before, data);
    assert.equal(fixture.groupAnswers().length, answers + 1, `${data} is answered in a message of its own`);
  }
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
});

testOnEach("a press that no button of a message sends leaves the message as it is", async (url) => {
  await using fixture = await openFixture({
    environment: { DATABASE_URL: url },
    telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] }] },
  });
  await fixture.say(BEN, "/freeze the vendor is moving");
  await fixture.say(BEN, "/status apono");
  const [notice, status] = fixture.telegram.answers(GROUP);
  assert.ok(notice && status);
  for (const message of [notice, status]) {
    const before = textOf(message);
    for (
      const data of ["c:/ping", "c:/pending", "c:/status halo", "p:0123456789abcdef:2", "h:0123456789abcdef"]
    ) {
      await fixture.press(OSKAR, message, data, { forged: true });
      assert.equal(textOf(message), before, data);
    }
  }
  assert.match(textOf(notice), /Frozen: everything/);
  assert.equal(fixture.groupAnswers().filter((text) => /pong/.test(text)).length, 2, "it is answered beside");
  const answers = fixture.groupAnswers().length;
  fixture.clock.advance(60_000);
  await fixture.press(OSKAR, status, "Refresh");
  assert.equal(fixture.groupAnswers().length, answers, "a button that is there is answered in place");
});

Deno.test("a press in a channel decides nothing, although its readers are members to Telegram", async () => {
  const channel = -100777;
  await using fixture = await openFixture({
    environment: { ADMIN_CHATS: `${GROUP},${channel}`, OPERATORS: undefined, APPROVERS: undefined },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [101, BEN] },
        { id: channel, title: "News", type: "channel", members: [101, BEN, 666] },
      ],
    },
  });
  const { code } = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
  const { handle } = await fixture.change(code);
  for (const data of [`a:${handle}`, "c:/audit 50", "c:/ping"]) {
    const before = fixture.telegram.answers(channel).length;
    fixture.telegram.raw({
      callback_query: {
        id: "77",
        from: { id: 666, is_bot: false, first_name: "Oskar" },
        message: { message_id: 2, date: 1, chat: { id: channel, type: "channel", title: "News" } },
        chat_instance: "1",
        data,
      },
    });
    await fixture.rest();
    assert.equal(fixture.telegram.answers(channel).length, before, data);
    assert.deepEqual((await fixture.audit()).at(-1)?.reason_code, "channel_post", data);
  }
  assert.equal(await fixture.state(code), "pending");
});

Deno.test("a choice tells namesakes apart by the end of their ids, however long or false their names are", async () => {
  await using fixture = await openFixture();
  const { companies } = fixture.gravityzone.world;
  for (
    const [id, name] of [
      [company.acmeCorp, "Acme International Logistics Holding Gesellschaft"],
      [company.acmeCorporation, "Acme Int\u0435rnational Logistics Holding Gesellschaft"],
      [company.acmeLabs, "Acme · …23c6"],
    ] as const
  ) {
    const known = companies.get(id);
    assert.ok(known);
    known.name = name;
  }
  await fixture.say(ANA, "/disable ec2 acme reason=test");
  const [choice] = fixture.telegram.ephemerals(ANA, GROUP);
  assert.ok(choice);
  assert.deepEqual(buttonsOf(choice).map(({ text }) => text).sort(), [
    "Acme - …23c6 · …77fe",
    "Acme International Logistics Ho… · …23c6",
    "Acme Int\u0435rnat… · …91aa (⚠ mixed letters)",
  ]);
});
