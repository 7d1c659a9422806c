import assert from "node:assert/strict";
import { SOON } from "../sandbox/stage.ts";
import { ANA, BEN, GROUP, openDesk, textOf } from "./desk.ts";
import { CARA, testOnEachPath, THREE } from "./path.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

testOnEachPath("approve: a second person lets the change run, once", async ({ decide }) => {
  await using desk = await openDesk();
  const asked = await desk.ask(DISABLE);
  const told = await decide(desk, BEN, asked, "approve");
  assert.match(told, new RegExp(`Approved, running now: ${asked.code}`));
  assert.equal(await desk.state(asked.code), "accepted");
  assert.deepEqual(desk.writes(), ["disableAmazonEC2Integration"]);
  assert.match(textOf(asked.card), /Ana asked .* · Ben approved .* · done in \d+\.\d s/);
  assert.match(textOf(asked.card), /\[ Approved \d\d:\d\d UTC by Ben \]/);
});

testOnEachPath("approve: the requester may not, and learns who else can", async ({ decide }) => {
  await using desk = await openDesk(THREE);
  await desk.say(BEN, "/ping");
  const asked = await desk.ask(DISABLE);
  const told = await decide(desk, ANA, asked, "approve");
  assert.match(told, /You asked for this change, so someone else has to approve it/);
  assert.match(told, /Who can: Ben/);
  assert.match(told, new RegExp(`/withdraw ${asked.code}`));
  await stillPending(desk, asked.code, "own_change", ANA);
});

Deno.test("approve: the card and the refusal count the approvers whose names are not known yet", async () => {
  await using desk = await openDesk({
    ...THREE,
    environment: { OPERATORS: `${ANA}`, APPROVERS: `${BEN},${CARA},104` },
  });
  await desk.say(BEN, "/ping");
  const asked = await desk.ask(DISABLE);
  assert.match(textOf(asked.card), /^Needs +one approver other than Ana: Ben and 2 more · until /m);
  await desk.say(ANA, `/approve ${asked.code}`);
  assert.match(desk.whispers(ANA).at(-1) ?? "", /Who can: Ben and 2 more\. To take it back/);
  await desk.say(CARA, "/ping");
  const { card } = await desk.ask("/disable ec2 Globex reason=test");
  assert.match(textOf(card), /^Needs +one approver other than Ana: Ben, Cara and 1 more · until /m);
});

testOnEachPath("approve: whoever is not an approver may not, nor reject", async ({ decide }) => {
  await using desk = await openDesk({ ...THREE, environment: { ...THREE.environment, APPROVERS: `${BEN}` } });
  const asked = await desk.ask(DISABLE);
  for (const decision of ["approve", "reject"] as const) {
    assert.match(await decide(desk, CARA, asked, decision), /You may not approve changes/);
    await stillPending(desk, asked.code, "not_approver", CARA);
  }
});

testOnEachPath(
  "approve: at the time of expiry it is too late, although nobody has tidied up",
  async ({ decide }) => {
    await using desk = await openDesk();
    for (const decision of ["approve", "reject"] as const) {
      const asked = await desk.ask(DISABLE);
      desk.clock.advance(15 * 60_000);
      assert.equal(await desk.state(asked.code), "pending");
      assert.match(await decide(desk, BEN, asked, decision), /waited too long and has expired/);
      assert.equal(await desk.state(asked.code), "expired");
      assert.match(textOf(asked.card), /⛔ Expired: Disable the EC2 integration of Acme Corp/);
    }
    assert.deepEqual(desk.writes(), []);
  },
);

testOnEachPath("approve: what is frozen may not be approved, but may be rejected", async ({ decide }) => {
  await using desk = await openDesk(THREE);
  const asked = await desk.ask(DISABLE);
  await desk.say(CARA, "/freeze ec2 incident 4711");
  const told = await decide(desk, BEN, asked, "approve");
  assert.match(told, /Changes are frozen/);
  assert.match(told, /Frozen: ec2 by Cara \(…103\): incident 4711/);
  await stillPending(desk, asked.code, "frozen", BEN);
  assert.match(await decide(desk, BEN, asked, "reject"), /Rejected/);
  assert.equal(await desk.state(asked.code), "rejected");
});

testOnEachPath("reject: from the requester it means withdraw", async ({ decide }) => {
  await using desk = await openDesk();
  const asked = await desk.ask(DISABLE);
  assert.match(await decide(desk, ANA, asked, "reject"), new RegExp(`Withdrawn: ${asked.code}`));
  assert.equal(await desk.state(asked.code), "withdrawn");
  assert.match(textOf(asked.card), /^⛔ Withdrawn: Disable the EC2 integration of Acme Corp/);
  assert.match(await decide(desk, BEN, asked, "approve"), /decided already/);
  assert.deepEqual(desk.writes(), []);
});

testOnEachPath(
  "reject: the first decision stands, and who comes later learns whose it was",
  async ({ decide }) => {
    await using desk = await openDesk(THREE);
    const asked = await desk.ask(DISABLE);
    await decide(desk, BEN, asked, "reject");
    const told = await decide(desk, CARA, asked, "approve");
    assert.match(told, /This change has been decided already/);
    assert.match(told, /Ben rejected it just now\./);
    assert.match(await decide(desk, BEN, asked, "approve"), /You rejected it just now\./);
    assert.equal(await desk.state(asked.code), "rejected");
    assert.deepEqual(desk.writes(), []);
    assert.deepEqual(
      (await desk.audit(asked.code)).map((row) => [row.event, row.reason_code, row.person_id]),
      [["asked", null, ANA], ["reject", null, BEN], ["refused", "already_decided", CARA], [
        "refused",
        "already_decided",
        BEN,
      ]],
    );
  },
);

testOnEachPath("approve: a second approval changes nothing, whoever it is from", async ({ decide }) => {
  await using desk = await openDesk(THREE);
  const asked = await desk.ask(DISABLE);
  await decide(desk, BEN, asked, "approve");
  desk.clock.advance(20_000);
  assert.match(
    await decide(desk, CARA, asked, "approve"),
    /Ben approved it 2[01] s ago; the vendor accepted it\./,
  );
  assert.match(await decide(desk, CARA, asked, "reject"), /decided already/);
  assert.equal((await desk.change(asked.code)).decider_id, BEN);
  assert.equal(desk.writes().length, 1);
});

Deno.test("approve: who has left the group may not, where its members may", async () => {
  const environment = { OPERATORS: undefined, APPROVERS: undefined };
  await using desk = await openDesk({ ...THREE, environment });
  const asked = await desk.ask(DISABLE);
  desk.telegram.leave(CARA, GROUP);
  const { handle } = await desk.change(asked.code);
  const answer = await desk.press(CARA, asked.card, `a:${handle}`, { forged: true });
  assert.match(answer.text ?? "", /no longer a member of the group/);
  await stillPending(desk, asked.code, "not_member", CARA);
  await desk.say(CARA, `/approve ${asked.code}`, { chat: CARA });
  await stillPending(desk, asked.code, "unknown_person", CARA);
  await desk.press(BEN, asked.card, "Approve");
  assert.equal(await desk.state(asked.code), "accepted");
});

Deno.test("approve: when Telegram does not say who is a member, nothing is decided", async () => {
  await using desk = await openDesk({ environment: { APPROVERS: undefined } });
  const asked = await desk.ask(DISABLE);
  desk.telegram.faults.push({ method: "getChatMember", status: 500 });
  const answer = await desk.press(BEN, asked.card, "Approve");
  assert.match(answer.text ?? "", /did not say whether you are a member/);
  await stillPending(desk, asked.code, "membership_unknown", BEN);
});

Deno.test("/withdraw: only the requester may", async () => {
  await using desk = await openDesk();
  const asked = await desk.ask(DISABLE);
  await desk.say(BEN, `/withdraw ${asked.code}`);
  assert.match(desk.whispers(BEN).at(-1) ?? "", /Only the person who asked for a change can withdraw it/);
  await stillPending(desk, asked.code, "not_requester", BEN);
  await desk.say(ANA, `/withdraw ${asked.code}`);
  assert.equal(await desk.state(asked.code), "withdrawn");
});

Deno.test("/withdraw: the requester may take it back without being an operator any more", async () => {
  await using desk = await openDesk({ environment: { OPERATORS: `${ANA},${BEN}`, APPROVERS: String(BEN) } });
  const asked = await desk.ask(DISABLE);
  await desk.say(ANA, `/withdraw ${asked.code} wrong company`, { chat: ANA });
  assert.equal(await desk.state(asked.code), "withdrawn");
  assert.match(textOf(asked.card), /Ana .*: wrong company/);
});

Deno.test("/reject: the reason stands on the card and in the audit", async () => {
  await using desk = await openDesk();
  const asked = await desk.ask(DISABLE);
  await desk.say(BEN, `/reject ${asked.code.toLowerCase()} not before the contract ends`);
  assert.match(textOf(asked.card), /Ben rejected .*: not before the contract ends/);
  assert.equal((await desk.audit(asked.code)).at(-1)?.detail, "not before the contract ends");
});

Deno.test("/approve: a code that does not exist, or is none, is said to be so", async () => {
  await using desk = await openDesk();
  await desk.say(BEN, "/approve ZZZZZ");
  assert.match(desk.whispers(BEN).at(-1) ?? "", /There is no change with this code/);
  await desk.say(BEN, "/approve 12");
  assert.match(desk.whispers(BEN).at(-1) ?? "", /five letters and digits/);
});

Deno.test("/pending and /change: who waits for what since when, without buttons that decide", async () => {
  await using desk = await openDesk();
  const { code } = await desk.ask(DISABLE);
  await desk.say(BEN, "/pending");
  assert.match(
    desk.news().at(-1) ?? "",
    new RegExp(`${code} Disable the EC2 integration of Acme Corp.* asked by Ana`),
  );
  await desk.say(BEN, `/change ${code}`);
  const details = desk.news().at(-1) ?? "";
  assert.match(details, new RegExp(`Decide +/approve ${code} or /reject ${code}`));
  assert.doesNotMatch(details, /\[ Approve \]/);
  desk.clock.advance(15 * 60_000);
  await desk.say(BEN, "/pending");
  assert.match(desk.news().at(-1) ?? "", /Nothing is waiting/);
});

Deno.test("a card that nobody decides about says by itself that it has expired", async () => {
  await using desk = await openDesk({ timing: SOON });
  const asked = await desk.ask(DISABLE);
  desk.clock.advance(15 * 60_000);
  await desk.telegram.until(() => /^⛔ Expired: /.test(textOf(asked.card)), "the end of the card");
  assert.equal(await desk.state(asked.code), "expired");
  assert.deepEqual((await desk.audit(asked.code)).map((row) => row.event), ["asked", "expire"]);
});

async function stillPending(
  desk: Awaited<ReturnType<typeof openDesk>>,
  code: string,
  reason: string,
  person: number,
): Promise<void> {
  assert.equal(await desk.state(code), "pending");
  assert.deepEqual(desk.writes(), []);
  const last = (await desk.audit()).at(-1);
  assert.deepEqual([last?.event, last?.reason_code, last?.person_id], ["refused", reason, person]);
}
