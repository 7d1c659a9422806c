import assert from "node:assert/strict";
import { testOnEach } from "../changes/database.ts";
import { ANA, BEN, company, GROUP, openDesk, OSKAR, textOf } from "../changes/desk.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

Deno.test("a press under the card of a change leaves the card as it is, whatever it reads", async () => {
  await using desk = await openDesk();
  const { card, code } = await desk.ask("/disable ec2 Acme Corp reason=off-boarding");
  const before = textOf(card);
  for (const data of ["c:/ping", "c:/pending", `c:/change ${code}`, "c:/status", "c:/audit"]) {
    const answers = desk.news().length;
    await desk.press(BEN, card, data, { forged: true });
    assert.equal(textOf(card), before, data);
    assert.equal(desk.news().length, answers + 1, `${data} is answered in a message of its own`);
  }
  await desk.press(BEN, card, "Approve");
  assert.equal(await desk.state(code), "accepted");
});

testOnEach("a press that no button of a message sends leaves the message as it is", async (url) => {
  await using desk = await openDesk({
    environment: { DATABASE_URL: url },
    telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] }] },
  });
  await desk.say(BEN, "/freeze the vendor is moving");
  await desk.say(BEN, "/status apono");
  const [notice, status] = desk.telegram.answers(GROUP);
  assert.ok(notice && status);
  for (const message of [notice, status]) {
    const before = textOf(message);
    for (const data of ["c:/ping", "c:/pending", "c:/status", "p:0123456789abcdef:2", "h:0123456789abcdef"]) {
      await desk.press(OSKAR, message, data, { forged: true });
      assert.equal(textOf(message), before, data);
    }
  }
  assert.match(textOf(notice), /Frozen: everything/);
  assert.equal(desk.news().filter((text) => /pong/.test(text)).length, 2, "it is answered beside");
  const answers = desk.news().length;
  desk.clock.advance(60_000);
  await desk.press(OSKAR, status, "Refresh");
  assert.equal(desk.news().length, answers, "a button that is there is answered in place");
});

Deno.test("a press in a channel decides nothing, although its readers are members to Telegram", async () => {
  const channel = -100777;
  await using desk = await openDesk({
    environment: { ADMIN_CHATS: `${GROUP},${channel}`, OPERATORS: undefined, APPROVERS: undefined },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [101, BEN] },
        { id: channel, title: "News", type: "channel", members: [101, BEN, 666] },
      ],
    },
  });
  const { code } = await desk.ask("/disable ec2 Acme Corp reason=off-boarding");
  const { handle } = await desk.change(code);
  for (const data of [`a:${handle}`, "c:/audit 50", "c:/ping"]) {
    const before = desk.telegram.answers(channel).length;
    desk.telegram.raw({
      callback_query: {
        id: "77",
        from: { id: 666, is_bot: false, first_name: "Oskar" },
        message: { message_id: 2, date: 1, chat: { id: channel, type: "channel", title: "News" } },
        chat_instance: "1",
        data,
      },
    });
    await desk.rest();
    assert.equal(desk.telegram.answers(channel).length, before, data);
    assert.deepEqual((await desk.audit()).at(-1)?.reason_code, "channel_post", data);
  }
  assert.equal(await desk.state(code), "pending");
});

Deno.test("a choice tells namesakes apart by the end of their ids, however long or false their names are", async () => {
  await using desk = await openDesk();
  const { companies } = desk.gravityzone.world;
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
  await desk.say(ANA, "/disable ec2 acme reason=test");
  const [choice] = desk.telegram.ephemerals(ANA, GROUP);
  assert.ok(choice);
  assert.deepEqual(buttonsOf(choice).map(({ text }) => text).sort(), [
    "Acme - …23c6 · …77fe",
    "Acme International Logistics Ho… · …23c6",
    "Acme Int\u0435rnat… · …91aa (⚠ mixed letters)",
  ]);
});
