import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "./fixture.ts";
import { createStillClock } from "../sandbox/stage.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const SECOND = -2002;

testOnEach(
  "/freeze: everything stands still, reads go on, and it is seen on cards and in /pending",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await fixture.say(BEN, "/freeze incident 4711");
    assert.match(
      fixture.groupAnswers().at(-1) ?? "",
      /^⛔ Frozen: everything by Ben \(…102\): incident 4711 · until lifted/,
    );
    const { code, card } = await fixture.ask(DISABLE);
    assert.match(textOf(card), /^Frozen +everything by Ben \(…102\): incident 4711 · until lifted$/m);
    const answer = await fixture.press(BEN, card, "Approve");
    assert.match(answer.text ?? "", /Changes are frozen/);
    assert.equal(await fixture.state(code), "pending");
    await fixture.say(ANA, "/pending");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /Frozen: everything by Ben/);
    await fixture.say(ANA, "/externalid Acme Corp");
    assert.match(fixture.groupAnswers().at(-1) ?? "", /5e93f474a30a2db85dd6046d6d5fg188/);
    await fixture.say(BEN, "/unfreeze");
    assert.match(
      fixture.groupAnswers().at(-1) ?? "",
      /^🟢 Lifted by Ben \(…102\)\. It was frozen: everything .*incident 4711/,
    );
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(code), "accepted");
    const events = (await fixture.audit()).filter(({ event }) => event.endsWith("frozen"));
    assert.deepEqual(events.map((row) => [row.event, row.target, row.person_id, row.detail]), [
      ["frozen", "*", BEN, "incident 4711"],
      ["unfrozen", "*", BEN, "incident 4711"],
    ]);
  },
);

Deno.test("/freeze: one target stands still and the others go on", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze opsramp maintenance");
  const free = await fixture.carryOut(DISABLE);
  assert.doesNotMatch(textOf(free.card), /Frozen/);
  assert.equal(await fixture.state(free.code), "accepted");
  await fixture.say(BEN, "/freeze ec2 off-boarding under review");
  const held = await fixture.ask("/disable ec2 Globex reason=test");
  assert.match(textOf(held.card), /^Frozen +ec2 by Ben/m);
  await fixture.press(BEN, held.card, "Approve");
  assert.equal(await fixture.state(held.code), "pending");
});

Deno.test("/freeze: a target's freeze holds whatever changes that target, and a vendor's all of its targets", async () => {
  for (const frozen of ["ec2", "bitdefender", "bd"]) {
    await using fixture = await openFixture();
    await fixture.say(BEN, `/freeze ${frozen} under review`);
    const { code, card } = await fixture.ask("/rotate externalid Acme Corp reason=leaked");
    await fixture.press(BEN, card, "Approve");
    assert.equal(await fixture.state(code), "pending", frozen);
  }
});

Deno.test("/freeze for=: it ends by itself", async () => {
  await using fixture = await openFixture({ clock: createStillClock(), environment: { APPROVAL_TTL: "4h" } });
  await fixture.say(BEN, "/freeze for=2h incident 4711");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /incident 4711 · until \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.pass(2 * 3_600_000 - 1);
  assert.match((await fixture.press(BEN, card, "Approve")).text ?? "", /Changes are frozen/);
  await fixture.pass(1);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  await fixture.say(BEN, "/unfreeze");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Not everything is frozen/);
});

Deno.test("/freeze and /unfreeze: only those who may approve", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: String(BEN) } });
  await fixture.say(ANA, "/freeze incident 4711");
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /You may not approve changes/);
  assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), []);
  await fixture.say(BEN, "/freeze incident 4711");
  await fixture.say(ANA, "/unfreeze");
  assert.equal((await fixture.store.db.selectFrom("freezes").selectAll().execute()).length, 1);
  assert.deepEqual(
    (await fixture.audit()).map((row) => [row.event, row.reason_code, row.person_id]),
    [["refused", "not_approver", ANA], ["frozen", null, BEN], ["refused", "not_approver", ANA]],
  );
});

Deno.test("/freeze and /unfreeze: every admin group hears of it, wherever it was said", async () => {
  await using fixture = await openFixture({
    environment: { ADMIN_CHATS: `${GROUP},${SECOND}` },
    telegram: {
      chats: [
        { id: GROUP, title: "On-call", members: [ANA, BEN] },
        { id: SECOND, title: "Second", members: [ANA, BEN] },
      ],
    },
  });
  const second = () => fixture.telegram.answers(SECOND).map(textOf).at(-1) ?? "";
  await fixture.say(BEN, "/freeze apono incident 4711", { chat: BEN });
  for (
    const text of [fixture.groupAnswers().at(-1) ?? "", second(), fixture.privateAnswers(BEN).at(-1) ?? ""]
  ) {
    assert.match(text, /Frozen: apono by Ben \(…102\): incident 4711/);
  }
  await fixture.say(ANA, "/unfreeze apono", { chat: SECOND });
  for (const text of [fixture.groupAnswers().at(-1) ?? "", second()]) {
    assert.match(text, /Lifted by Ana \(…101\)/);
  }
});

Deno.test("/freeze: a word close to a target is asked about, and freezes nothing", async () => {
  await using fixture = await openFixture();
  const frozen = () => fixture.store.db.selectFrom("freezes").selectAll().execute();
  for (
    const [typed, meant] of [
      ["hlao", "halo"],
      ["opsrmp", "opsramp"],
      ["apnoo", "apono"],
      ["sentinel", "sentinelone"],
      ["apono-prod", "apono"],
    ] as const
  ) {
    await fixture.say(BEN, `/freeze ${typed} maintenance`);
    const told = fixture.ephemeralAnswers(BEN).at(-1) ?? "";
    assert.match(told, new RegExp(`^⛔ Is "${typed}" meant to be ${meant}\\? If not, put it in quotes\\.`));
    assert.match(told, new RegExp(`/freeze ${meant} maintenance\n.*/freeze "${typed}" maintenance`));
    assert.match(told, /Nothing was changed\./);
    assert.deepEqual(await frozen(), [], typed);
    await fixture.say(BEN, "/freeze apono maintenance");
    await fixture.say(BEN, `/unfreeze ${typed}`);
    assert.match(
      fixture.ephemeralAnswers(BEN).at(-1) ?? "",
      new RegExp(`not "${typed}".*/unfreeze ${meant}`, "s"),
    );
    assert.equal((await frozen()).length, 1, typed);
    await fixture.say(BEN, "/unfreeze apono");
  }
  await fixture.say(BEN, '/freeze "hlao" maintenance');
  assert.deepEqual((await frozen()).map(({ target }) => target), ["*"]);
  await fixture.say(BEN, "/unfreeze");
  await fixture.say(BEN, "/freeze maintenance tonight");
  assert.deepEqual((await frozen()).map(({ target, reason }) => [target, reason]), [
    ["*", "maintenance tonight"],
  ]);
});

Deno.test("/freeze: without a reason, or for a time that makes no sense, nothing is frozen", async () => {
  await using fixture = await openFixture();
  for (
    const text of [
      "/freeze",
      "/freeze ec2",
      "/freeze for=5s incident",
      "/freeze for=90d incident",
      "/freeze for=soon x",
    ]
  ) {
    await fixture.say(BEN, text);
    assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), [], text);
    assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /reason|takes a time from 1m to 30d/, text);
  }
});

Deno.test("/unfreeze: what is not frozen is said not to be, with what is", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/unfreeze ec2");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /ec2 is not frozen/);
  await fixture.say(BEN, "/freeze ec2 review");
  await fixture.say(BEN, "/unfreeze");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Not everything is frozen.*\/unfreeze ec2/s);
});
