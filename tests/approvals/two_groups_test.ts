import assert from "node:assert/strict";
import { busyElsewhere, doneElsewhere } from "./another_bot.ts";
import { ANA, BEN, type Fixture, GROUP, openFixture, OSKAR, textOf } from "./fixture.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const DISABLE = "disableAmazonEC2Integration";
const SECOND = -2002;

/** Two admin groups without lists: Ana and Ben are in both, Oskar is in the second alone. */
function twoGroups(): Promise<Fixture> {
  return openFixture({
    environment: { ADMIN_CHATS: `${GROUP},${SECOND}`, OPERATORS: undefined, APPROVERS: undefined },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [ANA, BEN] },
        { id: SECOND, title: "Second", members: [ANA, BEN, OSKAR] },
      ],
    },
  });
}

function toldTo(fixture: Fixture, person: number, chat: number): string {
  const said = chat === person ? fixture.privateAnswers(person) : [
    ...fixture.telegram.ephemerals(person, chat).map(textOf),
    ...fixture.telegram.answers(chat).map(textOf),
  ];
  return said.at(-1) ?? "";
}

for (const [where, chat] of [["the other group", SECOND], ["private", OSKAR]] as const) {
  for (const word of ["approve", "reject"]) {
    Deno.test(`/${word}: typed in ${where} by who is not in the card's group decides nothing`, async () => {
      await using fixture = await twoGroups();
      const asked = await fixture.ask(ROTATE);
      await fixture.say(OSKAR, `/${word} ${asked.code}`, { chat });
      assert.equal(await fixture.state(asked.code), "pending");
      assert.match(
        toldTo(fixture, OSKAR, chat),
        /This change belongs to another group\. Only its members decide about it\./,
      );
      assert.equal((await fixture.audit(asked.code)).at(-1)?.reason_code, "other_group");
      await fixture.press(BEN, asked.card, "Approve");
      assert.equal(await fixture.state(asked.code), "applied");
    });
  }
}

for (const [where, chat] of [["the other group", SECOND], ["private", BEN]] as const) {
  Deno.test(`/approve: typed in ${where} by a member of the card's group counts`, async () => {
    await using fixture = await twoGroups();
    const asked = await fixture.ask(ROTATE);
    await fixture.say(BEN, `/approve ${asked.code}`, { chat });
    assert.equal(await fixture.state(asked.code), "applied");
  });
}

Deno.test("/settle: typed by who is not in the card's group says nothing about the change", async () => {
  await using fixture = await twoGroups();
  fixture.gravityzone.faults.next(DISABLE, { status: 500, applied: true });
  const asked = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  await fixture.say(OSKAR, `/settle ${asked.code} applied seen`, { chat: SECOND });
  assert.equal(await fixture.state(asked.code), "unknown");
  assert.equal((await fixture.audit(asked.code)).at(-1)?.reason_code, "other_group");
});

for (const [who, person] of [["asked", ANA], ["approved", BEN]] as const) {
  Deno.test(`approve: who ${who} and left the card's group no longer counts, though still in another`, async () => {
    await using fixture = await twoGroups();
    const asked = await fixture.ask(ROTATE);
    await busyElsewhere(fixture, asked.code);
    await fixture.telegram.press(BEN, asked.card, "Approve");
    await fixture.rest({ running: true });
    fixture.telegram.leave(person, GROUP);
    await doneElsewhere(fixture);
    assert.equal(await fixture.state(asked.code), "superseded");
    assert.deepEqual(fixture.writes(), []);
    assert.match(textOf(asked.card), new RegExp(`who ${who}(?: for)? it, is no longer in the group`));
  });
}
