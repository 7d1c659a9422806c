import assert from "node:assert/strict";
import { ANA, BEN, GROUP, textOf } from "./fixture.ts";
import { renderPlain } from "../../bot/render/plain.ts";
import { buttonsOf } from "../sandbox/telegram.ts";
import { testOnEach } from "./database.ts";
import { CHIDI, DANGER, DORA, openWithPolicy, POLICY, SECOND } from "./policy_file.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const RULES = (POLICY + SECOND).replace(
  `oncall = ["ana", "ben", "chidi"]`,
  `oncall = ["ana", "ben", "chidi", "dora"]`,
);

testOnEach("whoever may decide hands it over by name, and that person decides in private", async (url) => {
  await using fixture = await openWithPolicy(RULES, { environment: { DATABASE_URL: url } });
  const { code, card } = await fixture.ask(DISABLE);
  assert.match(textOf(card), /\[ Approve \] \[ Reject \]\n\[ Hand over to … \]/);
  await fixture.press(BEN, card, "Hand over to …");
  const question = fixture.telegram.ephemerals(BEN, GROUP).at(-1)!;
  assert.match(textOf(question), new RegExp(`Hand over ${code} to whom\\?`));
  assert.match(textOf(question), /\[ Chidi[^\]]*\]\n\[ Dora[^\]]*\]/);
  assert.doesNotMatch(textOf(question), /\[ (Ana|Ben)/);
  await fixture.press(BEN, question, textOf(question).match(/\[ (Chidi[^\]]*) \]/)![1]!);
  const [told] = fixture.telegram.answers(CHIDI);
  assert.match(textOf(told!), /Ben \(…102\) hands this decision over to you\./);
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Handed over to Chidi/);
  await fixture.say(BEN, `/pass ${code} chidi`);
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /You have handed it over already to Chidi/);
  assert.equal(fixture.privateAnswers(CHIDI).length, 1);
  await fixture.press(CHIDI, told!, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  assert.match(textOf(told!), /accepted/);
  const passed = (await fixture.audit(code)).filter(({ event }) => event === "passed_on");
  assert.deepEqual(passed.map(({ person_name, detail }) => [person_name, detail]), [[
    "Ben",
    "to Chidi (103)",
  ]]);
});

Deno.test("it goes to nobody who may not vote, from nobody who may not, and gives no right", async () => {
  await using fixture = await openWithPolicy(POLICY + SECOND + DANGER);
  const { code, card } = await fixture.ask(DISABLE);
  const says = async (person: number, text: string) => {
    await fixture.say(person, text);
    return fixture.ephemeralAnswers(person).at(-1) ?? "";
  };
  assert.match(await says(BEN, `/pass ${code} Dora`), /nobody else of this name.*\n.*Who can: Chidi \(103\)/);
  assert.match(await says(BEN, `/pass ${code} Ana`), /Who can: Chidi/);
  assert.match(await says(ANA, `/pass ${code} Chidi`), /someone else has to approve it/);
  assert.match(await says(DORA, `/pass ${code} Chidi`), /No rule of the policy names you/);
  assert.deepEqual(fixture.privateAnswers(DORA), []);
  await fixture.press(BEN, card, "Approve");
  assert.doesNotMatch(textOf(card), /Hand over/);
  assert.match(await says(BEN, `/pass ${code} 103`), /Handed over to Chidi/);
  await fixture.press(CHIDI, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  assert.match(await says(BEN, `/pass ${code} Chidi`), /decided already/);
});

Deno.test("whom the bot may not write to is told in the group by whom it was handed over", async () => {
  await using fixture = await openWithPolicy(RULES, {
    telegram: {
      persons: [
        { id: ANA, name: "Ana", started: true },
        { id: BEN, name: "Ben", started: true },
        { id: CHIDI, name: "Chidi" },
        { id: DORA, name: "Dora" },
      ],
      chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, CHIDI, DORA] }],
    },
  });
  const { code } = await fixture.ask(DISABLE);
  await fixture.say(BEN, `/pass ${code} Chidi`);
  const told = fixture.telegram.answers(GROUP).at(-1)!;
  assert.match(textOf(told), new RegExp(`Chidi: ${code} is handed over to you by Ben`));
  assert.match(JSON.stringify(told), /"type":"text_mention","text":"Chidi","user":\{"id":103,/);
  const link = buttonsOf(told).find(({ text }) => text === "Open it in private")?.url;
  assert.equal(link, `https://t.me/countersign_bot?start=c_${code}`);
  await fixture.say(CHIDI, `/start c_${code}`, { chat: CHIDI });
  assert.match(fixture.privateAnswers(CHIDI).at(-1) ?? "", /Acme Corp[\s\S]*\[ Approve \]/);
});

Deno.test("a server without rich messages calls a person all the same", () => {
  const reply = { mark: "working", title: [{ data: "Chidi", calls: CHIDI }, " waits"] } as const;
  const { text, entities } = renderPlain(reply, { store: () => "", dateTimeEntities: false });
  assert.deepEqual(
    entities.filter(({ type }) => type === "text_mention"),
    [{
      type: "text_mention",
      offset: text.indexOf("Chidi"),
      length: 5,
      user: { id: CHIDI, is_bot: false, first_name: "Chidi" },
    }],
  );
});
