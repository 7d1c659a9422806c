import assert from "node:assert/strict";
import { openStore } from "../../bot/store/database.ts";
import { watched } from "../crash/moment.ts";
import { createTestClock } from "../sandbox/stage.ts";
import { busyElsewhere, doneElsewhere, restarted } from "./another_bot.ts";
import { openFile, testOnEach } from "./database.ts";
import {
  ANA,
  type Asked,
  BEN,
  cardOf,
  company,
  type Fixture,
  GROUP,
  openFixture,
  textOf,
} from "./fixture.ts";
import { eventually } from "../eventually.ts";

const ROTATE = "/rotate externalid Acme Corp reason=leaked";
const LEASE_MS = 10_000;
const ROLE = "arn:aws:iam::999888777666:role/gravityzone";

testOnEach(
  "approve: exactly what was approved runs, once, and everyone sees what was read back",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const asked = await fixture.carryOut(`/enable ec2 Globex role=${ROLE} ticket=4711`);
    assert.equal(await fixture.state(asked.code), "applied");
    const writes = fixture.gravityzone.calls.filter(({ method }) => method.startsWith("configure"));
    assert.deepEqual(writes.map(({ method, params }) => ({ method, params })), [{
      method: "configureAmazonEC2IntegrationUsingCrossAccountRole",
      params: { companyId: company.globex, crossAccountRoleArn: ROLE },
    }]);
    assert.match(
      textOf(asked.card),
      /^✅ Applied: the EC2 integration of Globex is enabled\nGlobex is now listed for AWS account 999888777666/,
    );
    assert.match(
      fixture.outcomes().at(-1) ?? "",
      /✅ Applied: the EC2 integration of Globex is enabled/,
    );
    assert.deepEqual(
      (await fixture.audit(asked.code)).map((row) => [row.event, row.state]),
      [["asked", "pending"], ["approve", "approved"], ["claim", "executing"], ["send", "executing"], [
        "apply",
        "applied",
      ]],
    );
  },
);

testOnEach(
  "approve: nothing is sent when the lease has run out by the time the write is marked as sent",
  async (url) => {
    const clock = createTestClock();
    const watch = (what: string, when: string) => {
      if (what === "audit send" && when === "before") clock.advance(LEASE_MS);
    };
    await using fixture = await openFixture({
      clock,
      environment: { DATABASE_URL: url },
      openStore: async (...where) => watched(await openStore(...where), watch),
    });
    const asked = await fixture.carryOut(ROTATE);
    assert.deepEqual(fixture.writes(), []);
    assert.equal(await fixture.state(asked.code), "not applied");
    assert.deepEqual(
      (await fixture.audit(asked.code)).map(({ event }) => event),
      ["asked", "approve", "claim", "send", "take_over", "fail"],
    );
  },
);

testOnEach(
  "approve: nothing is sent when the machine slept for the lease after the write was marked as sent",
  async (url) => {
    const clock = createTestClock();
    let sleptMs = 0;
    const watch = (what: string, when: string) => {
      if (what === "audit send" && when === "after") sleptMs = LEASE_MS;
    };
    await using fixture = await openFixture({
      clock: { ...clock, now: () => clock.now() + sleptMs },
      environment: { DATABASE_URL: url },
      openStore: async (...where) => watched(await openStore(...where), watch),
    });
    const { card, code } = await fixture.ask(ROTATE);
    fixture.telegram.pressAndGo(BEN, card, "Approve");
    await eventually(() => sleptMs > 0, "the write to be marked as sent");
    await fixture.pass(LEASE_MS);
    await eventually(async () => await fixture.state(code) !== "executing", "the read-back");
    assert.equal(await fixture.state(code), "not applied");
    assert.deepEqual(fixture.writes(), []);
  },
);

testOnEach(
  "approve: what has moved since it was asked for is shown, nothing is sent, and it can be asked for again",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    const asked = await fixture.ask(ROTATE);
    acme(fixture).externalId = "somebody-else-was-here";
    await fixture.press(BEN, asked.card, "Approve");
    await superseded(fixture, asked, "target_moved");
    assert.match(
      textOf(asked.card),
      /externalId was 5e93f474a30a2db85dd6046d6d5fg188, is now somebody-else-was-here/,
    );
    await fixture.press(ANA, asked.card, "Ask again");
    await fixture.press(BEN, asked.card, "Ask again");
    assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /It was asked for already: \w{5}/);
    const [, again, ...more] = await fixture.changes();
    assert(again);
    assert.equal(again.reason, "leaked");
    assert.deepEqual(more, []);
    const { card } = await cardOf(fixture, again.code);
    assert.match(textOf(card), /somebody-else-was-here/);
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(again.code), "applied");
    assert.equal(fixture.writes().length, 1);
  },
);

Deno.test("approve: names that were swapped since do not lead to the other company", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  const { companies } = fixture.gravityzone.world;
  companies.get(company.acmeCorp)!.name = "Acme Labs";
  companies.get(company.acmeLabs)!.name = "Acme Corp";
  await fixture.press(BEN, asked.card, "Approve");
  await superseded(fixture, asked, "target_moved");
  assert.match(textOf(asked.card), /name was Acme Corp, is now Acme Labs/);
});

Deno.test("approve: a target that is gone is not written to", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  fixture.gravityzone.world.companies.delete(company.acmeCorp);
  await fixture.press(BEN, asked.card, "Approve");
  await superseded(fixture, asked, "target_moved");
  assert.match(textOf(asked.card), /^Gone: Acme Corp is no longer there\.$/m);
});

Deno.test("approve: an integration that was deleted meanwhile is said to be gone", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask("/disable kaseya 2 reason=replaced");
  fixture.halo.records.KaseyaVSAXDetails = [];
  await fixture.press(BEN, asked.card, "Approve");
  await superseded(fixture, asked, "target_moved");
  assert.match(textOf(asked.card), /^Gone: VSA X is no longer there\.$/m);
});

Deno.test("approve: of two changes of one target the second sees what the first did, although approved before", async () => {
  await using fixture = await openFixture();
  const first = await fixture.ask(`/enable ec2 Globex role=${ROLE}`);
  const second = await fixture.ask("/rotate externalid Globex reason=leaked");
  const answer = Promise.withResolvers<void>();
  fixture.gravityzone.faults.next("configureAmazonEC2IntegrationUsingCrossAccountRole", {
    after: answer.promise,
    applied: true,
  });
  await fixture.telegram.press(BEN, first.card, "Approve");
  await eventually(() => Promise.resolve(fixture.writes().length === 1), "the first write");
  await fixture.telegram.press(BEN, second.card, "Approve");
  await fixture.rest({ running: true });
  assert.equal(await fixture.state(second.code), "approved");
  answer.resolve();
  await fixture.rest();
  assert.equal(await fixture.state(first.code), "applied");
  assert.equal(await fixture.state(second.code), "superseded");
  assert.match(textOf(second.card), /role was nothing, is now arn:aws:iam::999888777666/);
  assert.equal(fixture.writes().length, 1);
});

const ANA_LEFT = /^Ana, who asked for it, is no longer in the group\.$/m;
const BEN_LEFT = /^Ben, who approved it, is no longer in the group\.$/m;

/** What can happen between the approval and the run, and the reason it is then given. */
const MEANWHILE: readonly [
  what: string,
  reason: string,
  happens: (fixture: Fixture, asked: Asked) => Promise<void> | void,
  says?: RegExp,
][] = [
  [
    "the target moves",
    "target_moved",
    (fixture) => void (acme(fixture).externalId = "somebody-else-was-here"),
  ],
  ["everything is frozen", "frozen", async (fixture) => {
    fixture.telegram.say(ANA, GROUP, "/freeze incident 4711");
    await fixture.rest({ running: true });
  }],
  ["the stored plan is altered", "plan_altered", async ({ store }, { code }) => {
    const { plan } = await store.db.selectFrom("changes").select("plan").where("code", "=", code)
      .executeTakeFirstOrThrow();
    const altered = plan.replaceAll(company.acmeCorp, company.globex);
    await store.db.updateTable("changes").set({ plan: altered }).where("code", "=", code).execute();
  }],
  [
    "the requester leaves the group",
    "rights_changed",
    (fixture) => fixture.telegram.leave(ANA, GROUP),
    ANA_LEFT,
  ],
  [
    "the approver leaves the group",
    "rights_changed",
    (fixture) => fixture.telegram.leave(BEN, GROUP),
    BEN_LEFT,
  ],
  ["the stored approver becomes the requester", "rights_changed", async ({ store }, { code }) => {
    await store.db.updateTable("votes").set({ person_id: ANA }).where("code", "=", code).execute();
  }],
];

for (const [what, reason, happens, says = /./] of MEANWHILE) {
  Deno.test(`approve: when ${what} before it runs, nothing is sent and the card says ${reason}`, async () => {
    await using fixture = await openFixture({ environment: { OPERATORS: undefined, APPROVERS: undefined } });
    const asked = await fixture.ask(ROTATE);
    await busyElsewhere(fixture, asked.code);
    await fixture.telegram.press(BEN, asked.card, "Approve");
    await fixture.rest({ running: true });
    assert.equal(await fixture.state(asked.code), "approved");
    await happens(fixture, asked);
    await doneElsewhere(fixture);
    await superseded(fixture, asked, reason);
    assert.match(textOf(asked.card), says);
  });
}

Deno.test("approve: the expiry counts until the decision, and what could not begin within an hour does not run", async () => {
  await using fixture = await openFixture();
  for (const [waitedMs, state] of [[59 * 60_000, "applied"], [61 * 60_000, "superseded"]] as const) {
    const asked = await fixture.ask(ROTATE);
    await busyElsewhere(fixture, asked.code);
    await fixture.telegram.press(BEN, asked.card, "Approve");
    fixture.clock.advance(waitedMs);
    await doneElsewhere(fixture);
    assert.equal(await fixture.state(asked.code), state);
  }
  assert.equal(fixture.writes().length, 1);
});

Deno.test("approve: who asked in private is still a member when another admin group is that person's", async () => {
  const second = -2002;
  await using fixture = await openFixture({
    environment: { ADMIN_CHATS: `${GROUP},${second}`, OPERATORS: undefined, APPROVERS: undefined },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [BEN] },
        { id: second, title: "Second", members: [ANA] },
      ],
    },
  });
  const asked = await fixture.ask(ROTATE, { chat: ANA });
  assert.equal(asked.card.chat.id, GROUP);
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "applied");
});

Deno.test("approve: a vendor that cannot be asked again gets no write, and the card says so", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(ROTATE);
  fixture.gravityzone.faults.always("getCompanyDetails", { status: 503 });
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "not applied");
  assert.equal((await fixture.audit(asked.code)).at(-1)?.reason_code, "vendor_failed");
  assert.match(textOf(asked.card), /GravityZone is not reachable \(503\).* Nothing was sent\./s);
  assert.deepEqual(fixture.writes(), []);
});

const POLICIES: readonly [what: string, environment: Record<string, string>][] = [
  ["the approver's right is gone", { APPROVERS: String(ANA) }],
  ["the requester's right is gone", { OPERATORS: String(BEN) }],
  ["the time to approve is another", { APPROVAL_TTL: "5m" }],
  ["another chat is let in", { ADMIN_CHATS: `${GROUP},-2002` }],
];

for (const [what, environment] of POLICIES) {
  Deno.test(`approve: after a restart in which ${what}, what was approved does not run`, async () => {
    await using file = await openFile();
    await using first = await openFixture({ environment: { DATABASE_URL: file.url } });
    const asked = await first.ask(ROTATE);
    await busyElsewhere(first, asked.code);
    await first.telegram.press(BEN, asked.card, "Approve");
    await first.rest({ running: true });
    await using fixture = await restarted(first, environment);
    await doneElsewhere(fixture);
    await superseded(fixture, asked, "policy_changed");
  });
}

function acme(fixture: Fixture) {
  const state = fixture.gravityzone.world.ec2.get(company.acmeCorp);
  assert(state);
  return state;
}

async function superseded(fixture: Fixture, { code, card }: Asked, reason: string): Promise<void> {
  assert.equal(await fixture.state(code), "superseded");
  assert.deepEqual(fixture.writes(), []);
  const last = (await fixture.audit(code)).at(-1);
  assert.deepEqual([last?.event, last?.reason_code], ["supersede", reason]);
  assert.match(textOf(card), /^⛔ Superseded, nothing ran: /);
  assert.match(textOf(card), /\[ Ask again \]/);
}
