import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, cardOf, GROUP, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import { CARA, THREE } from "./decision_path.ts";

const DISABLE = "/disable ec2 Acme Corp";

testOnEach(
  "the same request again by the same person: the one that waits is named, and no twin is made",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const { code, card } = await fixture.ask(`${DISABLE} reason=off-boarding`);
    const before = textOf(card);
    for (const again of ["reason=off-boarding", 'reason="another reason" ticket=1']) {
      await fixture.say(ANA, `/disable ec2 "acme corp" ${again}`);
      assert.match(
        fixture.ephemeralAnswers(ANA).at(-1) ?? "",
        new RegExp(
          `^ℹ️ You asked for this already: ${code}\nIt waits for approval until .*/withdraw ${code}\n.*Show ${code}`,
        ),
      );
    }
    assert.equal((await fixture.changes()).length, 1);
    assert.equal(textOf(card), before);
    await fixture.press(BEN, card, "Approve");
    assert.equal(fixture.writes().length, 1);
    const { code: next } = await fixture.ask(`${DISABLE} reason=again`);
    assert.notEqual(next, code);
  },
);

testOnEach("the same request by two people: both cards name the other", async (url) => {
  const environment = { ...THREE.environment, OPERATORS: `${ANA},${BEN}`, DATABASE_URL: url };
  await using fixture = await openFixture({ ...THREE, environment });
  const ana = await fixture.ask(`${DISABLE} reason=off-boarding`);
  const ben = await fixture.ask(`${DISABLE} reason=off-boarding`, { by: BEN });
  assert.match(textOf(ben.card), new RegExp(`^Also asked +the same: ${ana.code} by Ana$`, "m"));
  assert.match(textOf(ana.card), new RegExp(`^Also asked +the same: ${ben.code} by Ben$`, "m"));
  assert.match(textOf(ana.card), /\[ Approve \] \[ Reject \]$/);
  assert.match(textOf(ana.card), /^Needs +one approver other than Ana/m);
  await fixture.press(CARA, ana.card, "Approve");
  assert.match(textOf(ana.card), /accepted: /);
});

Deno.test("another request for the same target: both cards say what else is asked for", async () => {
  await using fixture = await openFixture();
  const first = await fixture.ask("/disable opsramp AWS production reason=a");
  const second = await fixture.ask("/update opsramp AWS production name=Renamed");
  assert.match(
    textOf(second.card),
    new RegExp(`^Also asked +Disable AWS production in OpsRamp: ${first.code} by Ana$`, "m"),
  );
  assert.match(
    textOf(first.card),
    new RegExp(`^Also asked +.*AWS production.*: ${second.code} by Ana$`, "m"),
  );
});

Deno.test("a card that has been decided stays what it is when its target is asked for again", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.carryOut(`${DISABLE} reason=off-boarding`);
  const decided = textOf(card);
  await fixture.ask(`${DISABLE} reason=again`);
  assert.equal(textOf((await cardOf(fixture, code)).card), decided);
});

testOnEach("the same request from two chats at the same moment is one request", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  const { telegram, gravityzone } = fixture;
  const planned = Promise.withResolvers<void>();
  const READ = "getAmazonEC2ExternalIdForCrossAccountRole";
  gravityzone.faults.always(READ, { after: planned.promise });
  for (const chat of [GROUP, ANA]) telegram.say(ANA, chat, `${DISABLE} reason=off-boarding`);
  const asked = () => gravityzone.calls.filter(({ method }) => method === READ).length;
  await eventually(() => asked() === 2, "both to be planned");
  planned.resolve();
  await fixture.rest();
  const [change, ...more] = await fixture.changes();
  assert.deepEqual(more, []);
  const told = [...fixture.ephemeralAnswers(ANA), ...fixture.privateAnswers(ANA)].join("\n");
  assert.match(told, new RegExp(`You asked for this already: ${change?.code}`));
  assert.equal((await fixture.audit()).filter(({ event }) => event === "asked").length, 1);
});
