import assert from "node:assert/strict";
import { testOnEach } from "./database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "./fixture.ts";
import { eventually } from "../eventually.ts";
import { createStillClock, SOON } from "../sandbox/stage.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";
const SECOND = -2002;

testOnEach(
  "/freeze: everything stands still, reads go on, and it is seen on cards and in /pending",
  async (url) => {
    await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
    await fixture.say(BEN, "/freeze incident 4711");
    assert.match(
      fixture.groupAnswers().at(-1) ?? "",
      /^🟡 Frozen: everything by Ben \(…102\): incident 4711 · until lifted/,
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
      /^🟢 Changes are allowed again \(Ben\)\nFrozen by Ben \(…102\): incident 4711/,
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
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /incident 4711 · until \d\d:\d\d UTC \(\d{4}-\d\d-\d\d\)/,
  );
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.pass(2 * 3_600_000 - 1);
  assert.match((await fixture.press(BEN, card, "Approve")).text ?? "", /Changes are frozen/);
  await fixture.pass(1);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(code), "accepted");
  await fixture.say(BEN, "/unfreeze");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Nothing is frozen/);
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
    assert.match(text, /Changes of apono are allowed again \(Ana\)/);
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
    assert.match(told, new RegExp(`^🟡 Is "${typed}" meant to be ${meant}\\? If not, put it in quotes\\.`));
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

Deno.test("/freeze: for a time that makes no sense nothing is frozen", async () => {
  await using fixture = await openFixture();
  for (
    const text of [
      "/freeze for=5s incident",
      "/freeze for=90d incident",
      "/freeze for=soon x",
    ]
  ) {
    await fixture.say(BEN, text);
    assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), [], text);
    assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /takes a time from 1m to 30d/, text);
  }
});

Deno.test("/unfreeze: what is not frozen is said not to be, with what is", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/unfreeze ec2");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /Nothing is frozen/);
  await fixture.say(BEN, "/freeze ec2 review");
  await fixture.say(BEN, "/unfreeze");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /There is no such freeze.*\/unfreeze ec2/s);
});

Deno.test("/freeze: what is no reason freezes nothing: it shows what is frozen, or asks what is meant", async () => {
  await using fixture = await openFixture();
  for (
    const [typed, answer] of [
      ["/freeze", /^🟢 Nothing is frozen\n\[ Freeze all for 2 h \]/],
      ["/freeze status", /^🟢 Nothing is frozen/],
      ["/freeze Status", /^🟢 Nothing is frozen/],
      ["/freeze stauts", /^🟢 Nothing is frozen/],
      ["/freeze list", /^🟢 Nothing is frozen/],
      ["/freeze 2h", /Freeze for 2h\? Nothing was frozen\./],
      ["/freeze 2h incident 4711", /Freeze for 2h\?/],
      ["/freeze ec2", /Type the reason in reply[^]*\/freeze ec2 …/],
      ["/freeze for=2h", /Type the reason in reply[^]*\/freeze for=2h …/],
      ["/freeze company=Globex", /Type the reason in reply[^]*\/freeze company=Globex …/],
      ["/freeze off", /Do you want to lift a freeze\?/],
      ["/freeze everything", /Type the reason in reply/],
      [
        "/freeze til=06:00 incident",
        /\/freeze has no option til=\. It takes company=, for=, from= or until=/,
      ],
      ["/freeze incident til=06:00", /\/freeze has no option til=/],
      ["/freeze target=ec2x incident", /target/],
    ] as const
  ) {
    await fixture.say(BEN, typed);
    const last = [...fixture.telegram.seen(BEN, GROUP)].at(-1);
    assert.match(last ? textOf(last) : "", answer, typed);
    assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), [], typed);
  }
});

Deno.test("/freeze alone: shows what is frozen with the commands that lift it, to whoever may read", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: String(BEN) } });
  await fixture.say(BEN, "/freeze ec2 for=2h review");
  await fixture.say(ANA, "/freeze status");
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /^🟡 1 freeze is on\n. Frozen: ec2 by Ben \(…102\): review · until .*\. \/unfreeze ec2 lifts it\./,
  );
});

testOnEach("/freeze company=: holds the changes of this company back and no others", async (url) => {
  await using fixture = await openFixture({ environment: { DATABASE_URL: url } });
  await fixture.say(BEN, "/freeze company=Globex incident 4711");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /^🟡 Frozen: Globex by Ben .*: incident 4711 · until lifted\nNo change of Globex runs until someone lifts it/,
  );
  const held = await fixture.ask("/disable ec2 Globex reason=test");
  await fixture.press(BEN, held.card, "Approve");
  assert.equal(await fixture.state(held.code), "pending");
  const free = await fixture.carryOut(DISABLE);
  assert.equal(await fixture.state(free.code), "accepted");
  await fixture.say(BEN, "/unfreeze");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /\/unfreeze company=[0-9a-f]{24}/);
  fixture.gravityzone.calls.length = 0;
  await fixture.say(BEN, "/unfreeze company=globex");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /^🟢 Changes of Globex are allowed again \(Ben/);
  assert.deepEqual(fixture.gravityzone.calls, [], "a vendor that may be away is not asked");
  await fixture.press(BEN, held.card, "Approve");
  assert.equal(await fixture.state(held.code), "accepted");
});

Deno.test("/audit names what was frozen, and finds it by the company's name", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze ec2 company=Globex one");
  await fixture.say(BEN, "/freeze company=Globex two");
  await fixture.say(BEN, "/unfreeze company=Globex");
  await fixture.say(ANA, "/audit company=globex");
  const told = fixture.groupAnswers().at(-1) ?? "";
  assert.match(
    told,
    /lifted: everything of Globex · two\n.*frozen: everything of Globex · two\n.*frozen: ec2 Globex · one/,
  );
  assert.doesNotMatch(told, /[0-9a-f]{24}/);
});

Deno.test("/freeze company=: several that fit are offered, and the one that is pressed is frozen", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/freeze ec2 company=Acme for=2h incident 4711");
  const question = fixture.telegram.ephemerals(BEN, GROUP).at(-1);
  assert.match(textOf(question!), /"Acme" fits 3 companies\. Which one\?/);
  assert.deepEqual(await fixture.store.db.selectFrom("freezes").selectAll().execute(), []);
  await fixture.press(BEN, question!, "Acme Labs · …77fe");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /Frozen: ec2 of Acme Labs by Ben .*: incident 4711 · until \d\d:\d\d UTC/,
  );
  await fixture.say(BEN, "/freeze company=Nobody incident");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /No company fits "Nobody"/);
});

testOnEach("/freeze for=: when its time is over every group is told so, once", async (url) => {
  await using fixture = await openFixture({
    clock: createStillClock(),
    environment: { DATABASE_URL: url },
    timing: SOON,
  });
  await fixture.say(BEN, "/freeze for=2h incident 4711");
  await fixture.say(ANA, "/status");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /^🟡 Frozen: everything by Ben \(…102\): incident 4711 · until \d\d:\d\d UTC/m,
  );
  await fixture.pass(2 * 3_600_000);
  const told = () => fixture.groupAnswers().filter((text) => /allowed again/.test(text));
  await eventually(() => told().length > 0 || undefined, "the end of the freeze");
  await fixture.pass(60_000);
  assert.equal(told().length, 1);
  assert.match(
    told()[0]!,
    /^🟢 Changes are allowed again \(its time is over\)\nFrozen by Ben \(…102\): incident 4711/,
  );
  assert.deepEqual(
    (await fixture.audit()).map(({ event, person_id }) => [event, person_id]),
    [["frozen", BEN], ["freeze_ended", null]],
  );
});

Deno.test("a request that was frozen until it expired is said to have been frozen", async () => {
  await using fixture = await openFixture({ clock: createStillClock(), timing: SOON });
  await fixture.say(BEN, "/freeze incident 4711");
  const { code, card } = await fixture.ask(DISABLE);
  await fixture.pass(15 * 60_000);
  await eventually(async () => (await fixture.state(code)) === "expired" || undefined, "the expiry");
  await fixture.rest();
  const shown = [textOf(card), ...fixture.ephemeralAnswers(ANA)].join("\n");
  assert.match(shown, /It could not be approved in time\. Frozen: everything by Ben .*incident 4711/);
  assert.doesNotMatch(shown, /Nobody decided in time/);
});
