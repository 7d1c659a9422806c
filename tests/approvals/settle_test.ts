import assert from "node:assert/strict";
import { ANA, type Asked, BEN, type Fixture, GROUP, openFixture, OSKAR, textOf } from "./fixture.ts";
import { testOnEach } from "./database.ts";

const DISABLE = "disableAmazonEC2Integration";

/** A change that nobody can read back. */
async function unknown(fixture: Fixture): Promise<Asked> {
  fixture.gravityzone.faults.next(DISABLE, { status: 500, applied: true });
  const asked = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  assert.equal(await fixture.state(asked.code), "unknown");
  return asked;
}

const WORDS = [["applied", "✅ Applied", "applied"], ["not", "🔴 Not applied", "not applied"]] as const;

for (const [word, beginning, state] of WORDS) {
  testOnEach(`/settle … ${word} closes what is unknown, in the name of who says so`, async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const { code, card } = await unknown(fixture);
    await fixture.say(BEN, `/settle ${code.toLowerCase()} ${word} seen in the console`);
    assert.equal(await fixture.state(code), state);
    assert.match(textOf(card), new RegExp(`^${beginning}, said by Ben: .*EC2 integration of Acme Corp`));
    assert.match(
      textOf(card),
      /Ben \(…102\) says: “seen in the console”\. The bot itself could not see it\./,
    );
    const last = (await fixture.audit(code)).at(-1);
    assert.deepEqual(
      [last?.event, last?.person_id, last?.detail, last?.state],
      [`settle_${state.replace(" ", "_")}`, BEN, "seen in the console", state],
    );
    assert.match(fixture.outcomes().at(-1) ?? "", new RegExp(`^${beginning}, said by Ben`));
    await fixture.pass(86_400_000);
    assert.equal(await fixture.state(code), state);
  });
}

Deno.test("/settle takes back a look that is under way", async () => {
  await using fixture = await openFixture();
  const { code } = await unknown(fixture);
  const { store } = fixture;
  await store.db.updateTable("changes").set({ claimed_by: "another", claimed_until: store.now() + 10_000 })
    .where("code", "=", code).execute();
  await fixture.say(BEN, `/settle ${code} applied seen`);
  const { state, claimed_by } = await fixture.change(code);
  assert.deepEqual([state, claimed_by], ["applied", null]);
});

Deno.test("/settle is refused to who asked for it, to who may not approve, and without a note", async () => {
  await using fixture = await openFixture({
    telegram: { chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN, OSKAR] }] },
  });
  const { code } = await unknown(fixture);
  await fixture.say(ANA, `/settle ${code} applied seen`);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /someone else has to say what became of it/);
  await fixture.say(OSKAR, `/settle ${code} applied seen`);
  assert.match(fixture.ephemeralAnswers(OSKAR).at(-1) ?? "", /You may not approve changes/);
  for (const command of [`/settle ${code} applied`, `/settle ${code}`, `/settle ${code} perhaps seen`]) {
    await fixture.say(BEN, command);
    assert.equal(await fixture.state(code), "unknown", command);
  }
  const refused = (await fixture.audit(code)).flatMap(({ reason_code }) => reason_code ?? []);
  assert.deepEqual(refused, ["own_outcome", "not_approver"]);
});

Deno.test("/settle closes nothing but what is unknown", async () => {
  await using fixture = await openFixture();
  const pending = await fixture.ask("/disable ec2 Globex reason=off-boarding");
  const done = await fixture.carryOut("/rotate externalid Acme Corp reason=leaked");
  for (const { code } of [pending, done]) {
    const { state } = await fixture.change(code);
    await fixture.say(BEN, `/settle ${code} not seen`);
    assert.equal(await fixture.state(code), state);
    assert.match(
      fixture.ephemeralAnswers(BEN).at(-1) ?? "",
      new RegExp(`Only a change whose outcome is unknown can be settled\\.[^]*It is ${state}`),
    );
  }
});

Deno.test("a change of which a part is there first is looked at again, and ends as applied when the rest comes", async () => {
  let slow = true;
  await using fixture = await openFixture({
    async onTheWay(vendor, request, passOn) {
      const answer = await passOn();
      if (vendor !== "HaloPSA" || request.method !== "GET" || !slow) return answer;
      return new Response(
        (await answer.text()).replaceAll('"username":"other"', '"username":"halo"'),
        answer,
      );
    },
  });
  const { code, card } = await fixture.carryOut(
    "/update prtg 1 url=https://prtg2.northwind.example username=other",
  );
  assert.equal(await fixture.state(code), "partly applied");
  await fixture.pass(61_000);
  assert.equal(await fixture.state(code), "partly applied");
  slow = false;
  await fixture.pass(241_000);
  assert.match(textOf(card), /^✅ Applied: .*\nIt took effect after all, only late\./);
  assert.deepEqual((await fixture.audit(code)).map(({ event }) => event).slice(-3), [
    "apply_partly",
    "still_partly_applied",
    "applied_late",
  ]);
});
