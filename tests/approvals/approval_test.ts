import assert from "node:assert/strict";
import { openStore, type Store } from "../../bot/store/database.ts";
import { SOON } from "../sandbox/stage.ts";
import { storeWith, testOnEach } from "./database.ts";
import { ANA, BEN, GROUP, openFixture, textOf } from "./fixture.ts";
import { CARA, testOnEachPath, THREE } from "./decision_path.ts";

const DISABLE = "/disable ec2 Acme Corp reason=off-boarding";

testOnEachPath("approve: a second person lets the change run, once", async ({ decide }) => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  const told = await decide(fixture, BEN, asked, "approve");
  assert.match(told, new RegExp(`Approved: ${asked.code}|GravityZone accepted: disable`));
  assert.equal(await fixture.state(asked.code), "accepted");
  assert.deepEqual(fixture.writes(), ["disableAmazonEC2Integration"]);
  assert.match(textOf(asked.card), /Ana asked .* · Ben approved .* · done in \d+\.\d s/);
  assert.match(textOf(asked.card), /\[ Approved by Ben \]/);
});

testOnEachPath("approve: the requester may not, and learns who else can", async ({ decide }) => {
  await using fixture = await openFixture(THREE);
  await fixture.say(BEN, "/ping");
  const asked = await fixture.ask(DISABLE);
  const told = await decide(fixture, ANA, asked, "approve");
  assert.match(told, /You asked for this change, so someone else has to approve it/);
  assert.match(told, /Who can: Ben/);
  assert.match(told, new RegExp(`/withdraw ${asked.code}`));
  await stillPending(fixture, asked.code, "own_change", ANA);
});

Deno.test("approve: the card and the refusal name those who can approve, and count the others", async () => {
  await using fixture = await openFixture({
    ...THREE,
    environment: { OPERATORS: `${ANA}`, APPROVERS: `${BEN},${CARA},104,105` },
  });
  await fixture.say(BEN, "/ping");
  const asked = await fixture.ask(DISABLE);
  assert.match(
    textOf(asked.card),
    /^Needs +one approver other than Ana: Ben, Cara, …104 and 1 more · until /m,
  );
  await fixture.say(ANA, `/approve ${asked.code}`);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /Who can: Ben, Cara, …104 and 1 more\. To take it back/,
  );
});

testOnEachPath("approve: whoever is not an approver may not, nor reject", async ({ decide }) => {
  await using fixture = await openFixture({
    ...THREE,
    environment: { ...THREE.environment, APPROVERS: `${BEN}` },
  });
  const asked = await fixture.ask(DISABLE);
  for (const decision of ["approve", "reject"] as const) {
    assert.match(await decide(fixture, CARA, asked, decision), /You may not approve changes/);
    await stillPending(fixture, asked.code, "not_approver", CARA);
  }
});

testOnEachPath(
  "approve: at the time of expiry it is too late, although nobody has tidied up",
  async ({ decide }) => {
    await using fixture = await openFixture();
    for (const decision of ["approve", "reject"] as const) {
      const asked = await fixture.ask(DISABLE);
      fixture.clock.advance(15 * 60_000);
      assert.equal(await fixture.state(asked.code), "pending");
      assert.match(await decide(fixture, BEN, asked, decision), /waited too long and has expired/);
      assert.equal(await fixture.state(asked.code), "expired");
      assert.match(textOf(asked.card), /🟡 Expired: Disable the EC2 integration of Acme Corp/);
    }
    assert.deepEqual(fixture.writes(), []);
  },
);

Deno.test("nothing offers a way that ended with the time to decide, although nobody has tidied up", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  fixture.clock.advance(15 * 60_000);
  const { text } = await fixture.telegram.press(ANA, asked.card, "Approve");
  assert.match(text ?? "", /waited too long and has expired/);
  const next = await fixture.ask(DISABLE);
  fixture.clock.advance(15 * 60_000);
  await fixture.say(BEN, `/stop ${next.code}`);
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /It is expired\./);
});

testOnEach(
  "approve: who is too late is told so, whenever another replica tidies up meanwhile",
  async (url) => {
    let transactionsLeft = Infinity;
    await using fixture = await openFixture({
      environment: { DATABASE_URL: url },
      openStore: async (...where) => {
        const store = await openStore(...where);
        return storeWith(store, {
          async transaction(work) {
            if (--transactionsLeft === 0) await tidyUp(store);
            return await store.transaction(work);
          },
        });
      },
    });
    let struck = true;
    for (let nth = 1; struck; nth++) {
      const asked = await fixture.ask(DISABLE);
      fixture.clock.advance(15 * 60_000);
      transactionsLeft = nth;
      const { text } = await fixture.telegram.press(BEN, asked.card, "Approve");
      struck = transactionsLeft <= 0;
      transactionsLeft = Infinity;
      assert.match(text ?? "", /waited too long and has expired/, `before transaction ${nth}`);
      await fixture.rest();
    }
    assert.deepEqual(fixture.writes(), []);
  },
);

testOnEachPath("approve: what is frozen may not be approved, but may be rejected", async ({ decide }) => {
  await using fixture = await openFixture(THREE);
  const asked = await fixture.ask(DISABLE);
  await fixture.say(CARA, "/freeze ec2 incident 4711");
  const told = await decide(fixture, BEN, asked, "approve");
  assert.match(told, /Changes are frozen/);
  assert.match(told, /Frozen: ec2 by Cara \(…103\): incident 4711/);
  await stillPending(fixture, asked.code, "frozen", BEN);
  assert.match(await decide(fixture, BEN, asked, "reject"), /Rejected/);
  assert.equal(await fixture.state(asked.code), "rejected");
});

testOnEachPath("reject: from the requester it means withdraw", async ({ decide }) => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  assert.match(await decide(fixture, ANA, asked, "reject"), new RegExp(`Withdrawn: (${asked.code}|Disable)`));
  assert.equal(await fixture.state(asked.code), "withdrawn");
  assert.match(textOf(asked.card), /^ℹ️ Withdrawn: Disable the EC2 integration of Acme Corp/);
  assert.match(await decide(fixture, BEN, asked, "approve"), /decided already/);
  assert.deepEqual(fixture.writes(), []);
});

testOnEachPath(
  "reject: the first decision stands, and who comes later learns whose it was",
  async ({ decide }) => {
    await using fixture = await openFixture(THREE);
    const asked = await fixture.ask(DISABLE);
    await decide(fixture, BEN, asked, "reject");
    const told = await decide(fixture, CARA, asked, "approve");
    assert.match(told, /This change has been decided already/);
    assert.match(told, /Ben rejected it just now\./);
    assert.match(await decide(fixture, BEN, asked, "approve"), /You rejected it just now\./);
    assert.equal(await fixture.state(asked.code), "rejected");
    assert.deepEqual(fixture.writes(), []);
    assert.deepEqual(
      (await fixture.audit(asked.code)).map((row) => [row.event, row.reason_code, row.person_id]),
      [["asked", null, ANA], ["reject", null, BEN], ["refused", "already_decided", CARA], [
        "refused",
        "already_decided",
        BEN,
      ]],
    );
  },
);

testOnEachPath("approve: a second approval changes nothing, whoever it is from", async ({ decide }) => {
  await using fixture = await openFixture(THREE);
  const asked = await fixture.ask(DISABLE);
  await decide(fixture, BEN, asked, "approve");
  fixture.clock.advance(20_000);
  assert.match(
    await decide(fixture, CARA, asked, "approve"),
    /Ben approved it 2[01] s ago; the vendor accepted it\./,
  );
  assert.match(await decide(fixture, CARA, asked, "reject"), /decided already/);
  assert.equal((await fixture.change(asked.code)).decider_id, BEN);
  assert.equal(fixture.writes().length, 1);
});

Deno.test("approve: who has left the group may not, where its members may", async () => {
  const environment = { OPERATORS: undefined, APPROVERS: undefined };
  await using fixture = await openFixture({ ...THREE, environment });
  const asked = await fixture.ask(DISABLE);
  fixture.telegram.leave(CARA, GROUP);
  const { handle } = await fixture.change(asked.code);
  const answer = await fixture.press(CARA, asked.card, `a:${handle}`, { forged: true });
  assert.match(answer.text ?? "", /no longer a member of the group/);
  await stillPending(fixture, asked.code, "not_member", CARA);
  await fixture.say(CARA, `/approve ${asked.code}`, { chat: CARA });
  await stillPending(fixture, asked.code, "unknown_person", CARA);
  await fixture.press(BEN, asked.card, "Approve");
  assert.equal(await fixture.state(asked.code), "accepted");
});

Deno.test("approve: when Telegram does not say who is a member, nothing is decided", async () => {
  await using fixture = await openFixture({ environment: { APPROVERS: undefined } });
  const asked = await fixture.ask(DISABLE);
  fixture.telegram.faults.push({ method: "getChatMember", status: 500 });
  const answer = await fixture.press(BEN, asked.card, "Approve");
  assert.match(answer.text ?? "", /did not say whether you are a member/);
  await stillPending(fixture, asked.code, "membership_unknown", BEN);
});

Deno.test("/withdraw: only the requester may", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  await fixture.say(BEN, `/withdraw ${asked.code}`);
  assert.match(
    fixture.ephemeralAnswers(BEN).at(-1) ?? "",
    /Only the person who asked for a change can withdraw it\. Whoever may approve it can \/reject it\./,
  );
  await stillPending(fixture, asked.code, "not_requester", BEN);
  await fixture.say(ANA, `/withdraw ${asked.code}`);
  assert.equal(await fixture.state(asked.code), "withdrawn");
});

Deno.test("/withdraw: the requester may take it back without being an operator any more", async () => {
  await using fixture = await openFixture({
    environment: { OPERATORS: `${ANA},${BEN}`, APPROVERS: String(BEN) },
  });
  const asked = await fixture.ask(DISABLE);
  await fixture.say(ANA, `/withdraw ${asked.code} wrong company`, { chat: ANA });
  assert.equal(await fixture.state(asked.code), "withdrawn");
  assert.match(textOf(asked.card), /Ana .*: wrong company/);
});

Deno.test("/reject: the reason stands on the card and in the audit", async () => {
  await using fixture = await openFixture();
  const asked = await fixture.ask(DISABLE);
  await fixture.say(BEN, `/reject ${asked.code.toLowerCase()} not before the contract ends`);
  assert.match(textOf(asked.card), /Ben rejected .*: not before the contract ends/);
  assert.equal((await fixture.audit(asked.code)).at(-1)?.detail, "not before the contract ends");
});

Deno.test("/approve: a code that does not exist, or is none, is said to be so", async () => {
  await using fixture = await openFixture();
  await fixture.say(BEN, "/approve ZZZZZ");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /There is no change with this code/);
  await fixture.say(BEN, "/approve 12");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /There is no change with this code/);
});

Deno.test("/pending and /change: who waits for what since when, without buttons that decide", async () => {
  await using fixture = await openFixture();
  const { code } = await fixture.ask(DISABLE);
  await fixture.say(BEN, "/pending");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    new RegExp(`${code} Disable the EC2 integration of Acme Corp.* asked by Ana`),
  );
  await fixture.say(BEN, `/change ${code}`);
  const details = fixture.groupAnswers().at(-1) ?? "";
  assert.match(details, new RegExp(`Decide: /approve ${code} or /reject ${code}`));
  assert.doesNotMatch(details, /\[ Approve \]/);
  fixture.clock.advance(15 * 60_000);
  await fixture.say(BEN, "/pending");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Nothing is waiting/);
});

Deno.test("a card that nobody decides about says by itself that it has expired", async () => {
  await using fixture = await openFixture({ timing: SOON });
  const asked = await fixture.ask(DISABLE);
  fixture.clock.advance(15 * 60_000);
  await fixture.telegram.until(() => /^🟡 Expired: /.test(textOf(asked.card)), "the end of the card");
  assert.equal(await fixture.state(asked.code), "expired");
  assert.deepEqual((await fixture.audit(asked.code)).map((row) => row.event), ["asked", "expire"]);
});

async function stillPending(
  fixture: Awaited<ReturnType<typeof openFixture>>,
  code: string,
  reason: string,
  person: number,
): Promise<void> {
  assert.equal(await fixture.state(code), "pending");
  assert.deepEqual(fixture.writes(), []);
  const last = (await fixture.audit()).at(-1);
  assert.deepEqual([last?.event, last?.reason_code, last?.person_id], ["refused", reason, person]);
}

/** What another replica does about a change whose time is up. */
async function tidyUp({ db }: Store): Promise<void> {
  await db.updateTable("changes").set({ state: "expired", finished_at: 0 }).where("state", "=", "pending")
    .execute();
}
