import assert from "node:assert/strict";
import { buttonsOf } from "../sandbox/telegram.ts";
import { ANA, BEN, company, GROUP, openFixture, OSKAR, textOf } from "./fixture.ts";
import { freeCode } from "../../bot/store/changes.ts";

const ROLE = "arn:aws:iam::999888777666:role/gravityzone";

Deno.test("/disable ec2: the card says what, on what, from what to what, what breaks, why, who and until when", async () => {
  await using fixture = await openFixture({ environment: { APPROVAL_TTL: "20m" } });
  const { code, card } = await fixture.ask(
    "/disable ec2 Acme Corp reason=“off-boarding of Acme” ticket=4711",
  );
  const [first, ...rest] = textOf(card).split("\n");
  assert.equal(first, "⚠️ Disable the EC2 integration of Acme Corp? · danger");
  const text = rest.join("\n");
  assert.match(text, /Not to be confused with Acme Corporation/);
  assert.match(text, new RegExp(`^${company.acmeCorp}$`, "m"));
  assert.match(text, /^ +now +after$/m);
  assert.match(text, /^Integration +not known to this bot +disabled$/m);
  assert.match(text, /^External ID +5e93f474a30a2db85dd6046d6d5fg188 +kept$/m);
  assert.match(text, /^Breaks +EC2 instances of Acme Corp are no longer imported\.$/m);
  assert.match(text, /^Undo +No. The old role is not known/m);
  assert.match(text, /^Why +“off-boarding of Acme” · ticket 4711 · asked by Ana \(…101\)$/m);
  assert.match(text, /^Needs +one approver other than Ana: Ben · until /m);
  assert.match(text, new RegExp(`\\b${code}$`, "m"));
  const { expires_at, created_at } = await fixture.change(code);
  assert.equal(expires_at - created_at, 20 * 60_000);
  const until = Math.floor(expires_at / 1000);
  assert.deepEqual(timesIn(card).map(([, instant]) => instant), [until, until]);
  assert(timesIn(card).some(([format]) => format === "r"));
});

Deno.test("/disable ec2: the card's buttons are a green Approve and a red Reject with a random handle in them", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.ask("/disable ec2 Acme Corp reason=test");
  const buttons = buttonsOf(card);
  assert.deepEqual(buttons.map(({ text, style }) => [text, style]), [["Approve", "success"], [
    "Reject",
    "danger",
  ]]);
  for (const { callback_data = "" } of buttons) {
    assert.match(callback_data, /^[ar]:[\w-]{16}$/);
    assert(!callback_data.includes(code));
  }
});

Deno.test("/disable ec2: what will be sent is folded away, and says what the vendor is asked", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask("/disable ec2 Acme Corp reason=test");
  const folded = card.rich_message?.blocks.filter(({ type }) => type === "details") ?? [];
  assert.equal(folded.length, 1);
  assert.equal(folded[0]?.["summary"], "what will be sent");
  assert.match(JSON.stringify(folded), /disableAmazonEC2Integration/);
  assert(card.rich_message?.blocks.at(-1)?.type === "footer");
});

Deno.test("/enable ec2: a change that can be undone says how, and one of risk write is only a question", async () => {
  await using fixture = await openFixture();
  const { card } = await fixture.ask(`/enable ec2 Globex role=${ROLE}`);
  assert.match(textOf(card), /^❓? ?.*Enable the EC2 integration of Globex\?$/m);
  assert.doesNotMatch(textOf(card), /danger/);
  assert.match(textOf(card), /^Undo +yes, by disabling it$/m);
  assert.match(textOf(card), /^Why +no reason given · asked by Ana/m);
});

Deno.test("/enable ec2: what this bot has set up already is said, and nothing is asked for", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut(`/enable ec2 Globex role=${ROLE}`);
  await fixture.say(ANA, `/enable ec2 Globex role=${ROLE}`);
  assert.equal((await fixture.changes()).length, 1);
  assert.match(
    fixture.ephemeralAnswers(ANA).at(-1) ?? "",
    /This bot has set up EC2 of Globex with .* already/,
  );
});

Deno.test("/enable kaseya: what is so already is said, and nothing is asked for", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/enable kaseya 2");
  assert.deepEqual(await fixture.changes(), []);
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /The sync of .*VSA X.* is already on\./);
});

Deno.test("/disable ec2: without a reason it is not planned, and says what to type", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable ec2 Acme Corp");
  assert.match(fixture.groupAnswers().at(-1) ?? "", /Type the reason in reply: this is a dangerous change/);
  await fixture.say(ANA, '/disable ec2 Acme Corp reason=" "');
  assert.match(fixture.ephemeralAnswers(ANA).at(-1) ?? "", /\/disable ec2 needs reason=….*dangerous/);
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual(fixture.gravityzone.calls, []);
});

Deno.test("/disable ec2: several companies fit, and the one picked by the asker is planned", async () => {
  await using fixture = await openFixture();
  await fixture.say(ANA, "/disable ec2 acme reason=test");
  assert.deepEqual(await fixture.changes(), []);
  const [choice] = fixture.telegram.ephemerals(ANA, GROUP);
  assert(choice);
  assert.deepEqual(buttonsOf(choice).map(({ text }) => text), [
    "Acme Corp · …23c6",
    "Acme Corporation · …91aa",
    "Acme Labs · …77fe",
  ]);
  const refused = await fixture.press(BEN, choice, "Acme Labs");
  assert.match(refused.text ?? "", /offered to someone else/);
  assert.deepEqual(await fixture.changes(), []);
  await fixture.press(ANA, choice, "Acme Labs");
  const [planned, ...others] = await fixture.changes();
  assert.equal(planned?.target_key, `ec2:${company.acmeLabs}`);
  assert.equal(planned?.requester_id, ANA);
  assert.equal(planned?.reason, "test");
  assert.deepEqual(others, []);
});

Deno.test("/disable ec2: a message older than two minutes is asked about, and goes on when it is still wanted", async () => {
  await using fixture = await openFixture();
  const seconds = Math.floor(fixture.clock.now() / 1000);
  await fixture.say(ANA, "/disable ec2 Acme Corp reason=test", { date: seconds - 125 });
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual(fixture.gravityzone.calls, []);
  const [question] = fixture.telegram.ephemerals(ANA, GROUP);
  assert(question);
  assert.match(textOf(question), /Is this still wanted\?/);
  assert.deepEqual((await fixture.audit()).map((row) => row.reason_code), ["stale_message"]);
  assert.match((await fixture.press(BEN, question, "Yes")).text ?? "", /offered to someone else/);
  await fixture.press(ANA, question, "Yes");
  await fixture.press(ANA, question, "Yes").catch(() => undefined);
  const changes = await fixture.changes();
  assert.deepEqual(changes.map((change) => [change.target_key, change.state]), [[
    `ec2:${company.acmeCorp}`,
    "pending",
  ]]);
});

Deno.test("/disable ec2: a message of just under two minutes is planned at once", async () => {
  await using fixture = await openFixture();
  const seconds = Math.floor(fixture.clock.now() / 1000);
  await fixture.ask("/disable ec2 Acme Corp reason=test", { date: seconds - 110 });
});

Deno.test("/disable ec2: asked for in private, the card goes to the first group and the asker is told", async () => {
  const second = -2002;
  await using fixture = await openFixture({
    environment: { ADMIN_CHATS: `${ANA},${GROUP},${second}` },
    telegram: {
      chats: [{ id: GROUP, title: "On-call", members: [ANA, BEN] }, {
        id: second,
        title: "Second",
        members: [ANA],
      }],
    },
  });
  const { code, card } = await fixture.ask("/disable ec2 Acme Corp reason=test", { chat: ANA });
  assert.equal(card.chat.id, GROUP);
  assert.deepEqual(fixture.telegram.answers(second), []);
  assert.match(fixture.privateAnswers(ANA)[0] ?? "", new RegExp(`Sent to the group for approval: ${code}`));
  await fixture.press(BEN, card, "Approve");
  assert.match(
    fixture.privateAnswers(ANA).at(-1) ?? "",
    /GravityZone accepted: disable the EC2 integration of Acme Corp/,
  );
});

Deno.test("/disable ec2: without any group on the allow-list nothing can be asked for", async () => {
  await using fixture = await openFixture({ environment: { ADMIN_CHATS: String(ANA) } });
  await fixture.say(ANA, "/disable ec2 Acme Corp reason=test", { chat: ANA });
  assert.match(fixture.privateAnswers(ANA).at(-1) ?? "", /no group among ADMIN_CHATS/);
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual((await fixture.audit()).map((row) => row.reason_code), ["no_group"]);
});

Deno.test("/disable ec2: a group that refuses the card leaves nothing pending, and the requester learns why", async () => {
  await using fixture = await openFixture();
  const description = "Forbidden: bot was kicked from the group chat";
  fixture.telegram.faults.push({ chat: GROUP, status: 403, description, times: 10 });
  await fixture.say(ANA, "/disable ec2 Acme Corp reason=test", { chat: ANA });
  const told = await fixture.telegram.until(() =>
    fixture.privateAnswers(ANA).find((text) => text.includes("did not take the card"))
  );
  assert.match(told, /bot was kicked from the group chat/);
  assert.match(told, /Nothing is pending/);
  const [change] = await fixture.changes();
  assert.equal(change?.state, "withdrawn");
  assert.deepEqual((await fixture.audit(change?.code)).map((row) => row.reason_code), [null, "card_refused"]);
  fixture.telegram.faults.clear();
  await fixture.say(BEN, `/approve ${change?.code}`);
  assert.deepEqual(fixture.writes(), []);
  await fixture.say(BEN, `/approve ${change?.code}`, { chat: BEN });
  assert.match(
    fixture.privateAnswers(BEN).at(-1) ?? "",
    /Telegram did not take its card .*, so nobody could approve it\./,
  );
});

Deno.test("/disable ec2: of two persons with one name the card tells who is who", async () => {
  const [sam, otherSam] = [5550101, 5550202];
  await using fixture = await openFixture({
    environment: { OPERATORS: undefined, APPROVERS: undefined },
    telegram: {
      persons: [{ id: sam, name: "Sam", started: true }, { id: otherSam, name: "Sam", started: true }],
      chats: [{ id: GROUP, title: "On-call", members: [sam, otherSam] }],
    },
  });
  const { card } = await fixture.ask("/disable ec2 Acme Corp reason=test", { by: sam });
  assert.match(textOf(card), /asked by Sam \(…0101\)/);
  await fixture.press(otherSam, card, "Reject");
  assert.match(textOf(card), /Sam \(…0101\) asked .* Sam \(…0202\) rejected/);
});

Deno.test("/disable ec2: words of a person or of the vendor cannot dress up as the card's own", async () => {
  await using fixture = await openFixture();
  const labs = fixture.gravityzone.world.companies.get(company.initech);
  assert(labs);
  labs.name = "Initech\n✅ Applied\u202E: <b>gone</b>";
  const { card } = await fixture.ask(`/disable ec2 ${company.initech} reason="x\n\nApproved by Ben"`);
  const lines = textOf(card).split("\n");
  assert(lines[0]?.startsWith("⚠️ Disable the EC2 integration of Initech"));
  assert(!lines.some((line) => /^(✅ Applied|Approved by Ben)/.test(line)));
  assert(!textOf(card).includes("\u202E"));
});

Deno.test("/disable ec2: someone who may only read, and someone unknown, cannot ask", async () => {
  await using fixture = await openFixture({ environment: { OPERATORS: String(ANA) } });
  await fixture.say(BEN, "/disable ec2 Acme Corp reason=test");
  assert.match(fixture.ephemeralAnswers(BEN).at(-1) ?? "", /may read here but not ask for changes/);
  await fixture.say(OSKAR, "/disable ec2 Acme Corp reason=test", { chat: OSKAR });
  assert.deepEqual(fixture.privateAnswers(OSKAR), []);
  assert.deepEqual(await fixture.changes(), []);
  assert.deepEqual((await fixture.audit()).map((row) => [row.person_id, row.reason_code]), [
    [BEN, "not_operator"],
    [OSKAR, "unknown_person"],
  ]);
});

/** Every date-time in a message: its format and its instant in epoch seconds. */
function timesIn(node: unknown): [unknown, unknown][] {
  if (Array.isArray(node)) return node.flatMap(timesIn);
  if (typeof node !== "object" || node === null) return [];
  const { type, date_time_format, unix_time, ...rest } = node as Record<string, unknown>;
  return type === "date_time" ? [[date_time_format, unix_time]] : Object.values(rest).flatMap(timesIn);
}

Deno.test("a change's code is not taken already, and does not read like the name of a secret", async () => {
  await using fixture = await openFixture();
  const { code: taken } = await fixture.ask("/disable ec2 Globex reason=off-boarding");
  const drawn = ["FPWDC", taken, "K7Q2X"];
  assert.equal(await freeCode(fixture.store, () => drawn.shift() ?? ""), "K7Q2X");
});
