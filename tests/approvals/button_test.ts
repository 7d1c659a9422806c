import assert from "node:assert/strict";
import { ANA, type Asked, BEN, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";
import { CARA, dataOf, THREE } from "./decision_path.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const SECOND = -2002;

Deno.test("Approve: pressed three times under new update ids it runs once, and each press is answered", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  const data = dataOf(asked, "Approve");
  const before = fixture.telegram.updates().length;
  const answers = await Promise.all(
    [1, 2, 3].map(() => fixture.press(BEN, asked.card, data, { forged: true })),
  );
  assert.equal(new Set(fixture.telegram.updates().slice(before).map(({ update_id }) => update_id)).size, 3);
  const texts = answers.map(({ text = "" }) => text);
  assert.equal(texts.filter((text) => /Approved: /.test(text)).length, 1);
  assert.equal(texts.filter((text) => /decided already/.test(text)).length, 2);
  assert.equal(await fixture.state(asked.code), "accepted");
  assert.deepEqual(fixture.writes(), ["disableAmazonEC2Integration"]);
  const became = /You approved it just now; (it runs next|it is running|the vendor accepted it)\.$/;
  assert.equal(texts.filter((text) => became.test(text)).length, 2);
  assert.deepEqual(fixture.ephemeralAnswers(BEN), []);
});

Deno.test("Approve: refused with more to say than an alert holds, it is said once, in a message", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(DISABLE);
  const short = await fixture.press(ANA, card, "Approve");
  assert.match(
    short.text ?? "",
    /^⛔ You asked .* approve it\.\nWho can: .*\. To take it back: \/withdraw \w{5}$/,
  );
  assert.deepEqual(fixture.ephemeralAnswers(ANA), []);
  await fixture.say(BEN, `/freeze ${"incident 4711, see the page of the day ".repeat(5)}`);
  const long = await fixture.press(BEN, card, "Approve");
  assert.equal(long.text, undefined);
  assert.match(
    fixture.ephemeralAnswers(BEN).at(-1) ?? "",
    /^⛔ Changes are frozen\.\nFrozen: everything by Ben .*\/unfreeze/,
  );
});

Deno.test("Approve: the same update delivered again does nothing more", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  await fixture.press(BEN, asked.card, "Approve");
  const rows = (await fixture.audit()).length;
  for (const update of [...fixture.telegram.updates()]) fixture.telegram.redeliver(update);
  await fixture.rest();
  assert.equal((await fixture.audit()).length, rows);
  assert.equal((await fixture.changes()).length, 1);
  assert.deepEqual(fixture.writes(), ["disableAmazonEC2Integration"]);
});

Deno.test("Approve and Reject: pressed at the same time by many, the change ends in one way", async () => {
  await using fixture = await openFixture(THREE);
  const asked = await fixture.ask(DISABLE);
  const [approve, reject] = [dataOf(asked, "Approve"), dataOf(asked, "Reject")];
  await Promise.all(
    Array.from(
      { length: 12 },
      (_, index) =>
        fixture.press(index % 2 ? BEN : CARA, asked.card, index % 3 ? approve : reject, { forged: true }),
    ),
  );
  const decisions = (await fixture.audit(asked.code)).filter(({ event }) =>
    /^(approve|reject|withdraw)$/.test(event)
  );
  assert.equal(decisions.length, 1);
  const approved = decisions[0]?.event === "approve";
  assert.equal(await fixture.state(asked.code), approved ? "accepted" : "rejected");
  assert.equal(fixture.writes().length, approved ? 1 : 0);
});

Deno.test("Approve: a handle counts only under its own card", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  const other = await fixture.ask("/disable ec2 Globex reason=test");
  const answer = await fixture.press(BEN, other.card, dataOf(asked, "Approve"), { forged: true });
  assert.match(answer.text ?? "", /This button belongs to another message/);
  await untouched(fixture, [asked, other], "foreign_button");
});

Deno.test("Approve: a handle counts only in its own chat", async () => {
  await using fixture = await openFixture({
    environment: { ADMIN_CHATS: `${GROUP},${SECOND}` },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [ANA, BEN] },
        { id: SECOND, title: "Second", members: [ANA, BEN] },
      ],
    },
  });
  const asked = await fixture.ask(DISABLE);
  await fixture.ask("/disable ec2 Globex reason=test", { chat: SECOND });
  const message = fixture.telegram.answers(SECOND).at(-1);
  assert(message);
  assert.equal(message.message_id, asked.card.message_id, "the message's number is the same in both chats");
  const answer = await fixture.press(BEN, message, dataOf(asked, "Approve"), { forged: true });
  assert.match(answer.text ?? "", /This button belongs to another message/);
  await untouched(fixture, [asked], "foreign_button");
});

Deno.test("Approve: buttons of a chat that is not on the allow-list say nothing and do nothing", async () => {
  const strange = -3003;
  await using fixture = await openFixture({
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [ANA, BEN] },
        { id: strange, title: "Strange", members: [ANA, BEN] },
      ],
    },
  });
  const asked = await fixture.ask(DISABLE);
  const message = fixture.telegram.say(BEN, strange, "hello");
  const answer = await fixture.press(BEN, message, dataOf(asked, "Approve"), { forged: true });
  assert.equal(answer.text ?? "", "");
  await untouched(fixture, [asked], "unknown_chat");
});

const FORGERIES = [
  "",
  "a:",
  "a:AAAAAAAAAAAAAAAA",
  "approve",
  "c:/disable ec2 Globex reason=test",
  "c:/freeze incident",
  "c:/unfreeze",
  "h:AAAAAAAAAAAAAAAA",
  "k:AAAAAAAAAAAAAAAA",
  "u:AAAAAAAAAAAAAAAA",
  "p:AAAAAAAAAAAAAAAA:1",
  "\u0000",
  "a:../../etc",
  "x".repeat(64),
];

Deno.test("a button: data that the bot never made is refused politely and changes nothing", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  for (const data of [...FORGERIES, `approve:${asked.code}`, `a:${asked.code}`, `c:/approve ${asked.code}`]) {
    const answer = await fixture.press(BEN, asked.card, data, { forged: true });
    assert.match(answer.text ?? "", /This button is no longer known/, JSON.stringify(data));
    await untouched(fixture, [asked], "unknown_button");
  }
  assert.equal((await fixture.changes()).length, 1);
  assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), []);
});

Deno.test("a button: one that reads what only an approver may read asks for the right", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: String(BEN) } });
  const asked = await fixture.ask(DISABLE);
  await fixture.press(ANA, asked.card, "c:/audit export", { forged: true });
  assert.deepEqual(fixture.telegram.calls("sendDocument"), []);
  await untouched(fixture, [asked], "not_approver");
});

Deno.test("Undo and Ask again: forged under a card that offers neither, they ask for nothing", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  const { handle } = await fixture.change(asked.code);
  for (const letter of ["u", "k"]) {
    await fixture.press(BEN, asked.card, `${letter}:${handle}`, { forged: true });
  }
  assert.equal((await fixture.changes()).length, 1);
  assert.equal(await fixture.state(asked.code), "pending");
});

Deno.test("a card: when it is edited to its outcome, its buttons can no longer be pressed by mistake", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.carryOut(DISABLE);
  assert.match(textOf(asked.card), /\[ Approved by Ben \]/);
  assert.throws(
    () => fixture.telegram.pressAndGo(BEN, asked.card, "Approved "),
    /sends nothing to the bot/,
  );
  assert.throws(() => dataOf(asked, "Approve"));
});

async function untouched(fixture: Fixture, asked: readonly Asked[], reason: string): Promise<void> {
  for (const { code } of asked) assert.equal(await fixture.state(code), "pending");
  assert.deepEqual(fixture.writes(), []);
  const last = (await fixture.audit()).at(-1);
  assert.deepEqual([last?.event, last?.reason_code], ["refused", reason]);
}

Deno.test("a choice that was made makes no second change, whatever became of the first", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable ec2 acme reason=off-boarding");
  const question = fixture.telegram.ephemerals(ANA, GROUP).at(-1)!;
  const label = textOf(question).match(/\[ (Acme Corp ·[^\]]*) \]/)?.[1] ?? "";
  const data = buttonsOf(question).find(({ text }) => text === label)?.callback_data ?? "";
  await fixture.press(ANA, question, label);
  const [first] = await fixture.changes();
  await fixture.say(BEN, `/reject ${first?.code} not today`);
  const again = await fixture.press(ANA, question, data, { forged: true });
  assert.match(again.text ?? "", /This button is no longer known/);
  assert.deepEqual((await fixture.changes()).map(({ state }) => state), ["rejected"]);
});
