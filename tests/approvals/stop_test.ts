import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, openFixture, OSKAR, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import { SANDBOX_GROUP } from "../sandbox/conversation.ts";
import { createStillClock } from "../sandbox/stage.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const ENABLE = "/enable ec2 Globex role=arn:aws:iam::999888777666:role/gravityzone";
const GRACE = { GRACE: "10s" };

testOnEach(
  "a dangerous change waits after its approval, says so, and runs when its time has come",
  async (url) => {
    await using fixture = await openFixture({
      clock: createStillClock(),
      environment: { ...GRACE, DATABASE_URL: url },
    });
    const asked = await fixture.carryOut(ROTATE);
    assert.equal(await fixture.state(asked.code), "approved");
    assert.match(
      textOf(asked.card),
      new RegExp(
        `^⏳ Approved: Replace the external ID of Acme Corp\nRuns .+\\. Until then /stop ${asked.code} stops it\\.`,
      ),
    );
    assert.match(textOf(asked.card), /\[ Approved by Ben \] \[ Stop \]/);
    await fixture.pass(9_000);
    assert.deepEqual(fixture.writes(), []);
    await fixture.pass(1_000);
    assert.equal(await fixture.state(asked.code), "applied");
    assert.equal(fixture.writes().length, 1);
    assert.doesNotMatch(textOf(asked.card), /Stop/);
  },
);

Deno.test("what is not dangerous runs at once", async () => {
  await using fixture = await openFixture({ environment: GRACE });
  const asked = await fixture.carryOut(ENABLE);
  assert.equal(await fixture.state(asked.code), "applied");
});

Deno.test("a worker's own timer begins a change to the second", async () => {
  await using fixture = await openFixture({ environment: { GRACE: "1s" }, timing: { lookMs: 3_600_000 } });
  const asked = await fixture.carryOut(ROTATE);
  await eventually(async () => await fixture.state(asked.code) === "applied" || undefined, "the run");
});

testOnEach(
  "Stop is for whoever may ask or approve; nothing is sent, and whoever asked is told",
  async (url) => {
    await using fixture = await openFixture({
      telegram: { chats: [SANDBOX_GROUP] },
      environment: { ...GRACE, DATABASE_URL: url, OPERATORS: String(ANA), APPROVERS: String(BEN) },
    });
    const asked = await fixture.carryOut(ROTATE);
    await fixture.press(OSKAR, asked.card, "Stop");
    assert.equal(await fixture.state(asked.code), "approved");
    await fixture.press(BEN, asked.card, "Stop");
    assert.equal(await fixture.state(asked.code), "stopped");
    assert.match(
      textOf(asked.card),
      /^🔵? ?ℹ️? ?Stopped, nothing was sent: Replace the external ID of Acme Corp\nBen \(…102\) stopped it before it ran\./u,
    );
    assert.match(fixture.outcomes().at(-1) ?? "", /Stopped, nothing was sent/);
    await fixture.pass(60_000);
    assert.deepEqual(fixture.writes(), []);
    assert.deepEqual(
      (await fixture.audit(asked.code)).map(({ event, person_id }) => [event, person_id]),
      [["asked", ANA], ["approve", BEN], ["refused", OSKAR], ["stop", BEN]],
    );
  },
);

Deno.test("/stop by whoever asked, with a reason, and once more", async () => {
  await using fixture = await openFixture({ environment: GRACE });
  const asked = await fixture.carryOut(ROTATE);
  await fixture.say(ANA, `/stop ${asked.code.toLowerCase()} wrong company`);
  assert.equal(await fixture.state(asked.code), "stopped");
  assert.match(textOf(asked.card), /Ana \(…101\) stopped it before it ran: “wrong company”\./);
  await fixture.say(ANA, `/stop ${asked.code}`);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /^⛔ Only a change that is approved.*\nIt is stopped\./,
  );
});

Deno.test("/stop of what waits for approval, or has run, says what it is instead", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ENABLE);
  await fixture.say(BEN, `/stop ${asked.code}`);
  assert.match(
    fixture.ephemeralAnswers(BEN).at(-1) ?? "",
    new RegExp(`It waits for approval: /reject ${asked.code}`),
  );
  await fixture.press(BEN, asked.card, "Approve");
  await fixture.say(BEN, `/stop ${asked.code}`);
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /It is applied\./);
  assert.equal(await fixture.state(asked.code), "applied");
});

Deno.test("what was approved in time runs, however soon it would have expired", async () => {
  await using fixture = await openFixture({ environment: { GRACE: "1m", APPROVAL_TTL: "30s" } });
  const asked = await fixture.carryOut(ROTATE);
  await fixture.pass(61_000);
  assert.equal(await fixture.state(asked.code), "applied");
});
