import assert from "node:assert/strict";
import { ANA, BEN, company, type Fixture, GROUP, openFixture, textOf } from "../approvals/fixture.ts";
import { followPresentManual } from "../sandbox/gravityzone/world.ts";
import { buttonsOf } from "../sandbox/telegram.ts";

const ROLE = "arn:aws:iam::111222345123:role/test";
const OTHER_ROLE = "arn:aws:iam::999000111222:role/gravityzone";

/** Acme Labs as this bot set it up: one by its AWS account's id, one called "prod". */
async function withTwo(): Promise<Fixture> {
  const fixture = await openFixture();
  followPresentManual(fixture.gravityzone.world);
  await fixture.carryOut(`/enable ec2 Acme Labs role=${ROLE}`);
  await fixture.carryOut("/rotate externalid Acme Labs reason=second");
  await fixture.carryOut(`/enable ec2 Acme Labs role=${OTHER_ROLE} integration=prod`);
  return fixture;
}

function named({ gravityzone }: Fixture): readonly string[] {
  return [...gravityzone.world.ec2.get(company.acmeLabs)?.named.keys() ?? []];
}

function lastWrite({ gravityzone }: Fixture): unknown {
  return gravityzone.calls.findLast(({ method }) => /^(configure|disable|generate)/.test(method))?.params;
}

Deno.test("/enable ec2 integration= sets up one of several, by its name on the card and on the wire", async () => {
  await using fixture = await withTwo();
  assert.deepEqual(named(fixture), ["111222345123", "prod"]);
  assert.deepEqual(lastWrite(fixture), {
    companyId: company.acmeLabs,
    integrationName: "prod",
    crossAccountRoleArn: OTHER_ROLE,
  });
  const { card } = await fixture.ask(`/enable ec2 Acme Labs role=${OTHER_ROLE} integration=lab`);
  assert.match(textOf(card), /Enable the EC2 integration lab of Acme Labs\?/);
  assert.match(
    textOf(card),
    /Not known: GravityZone does not tell what Acme Labs has now\. It replaces the integration called lab/,
  );
  assert.match(textOf(card), /Acme Labs has other EC2 integrations too: 111222345123, prod/);
});

Deno.test("/disable ec2 asks which of several is meant, and disables and brings back that one alone", async () => {
  await using fixture = await withTwo();
  await fixture.say(ANA, "/disable ec2 Acme Labs reason=off-boarding");
  const question = fixture.telegram.ephemerals(ANA, GROUP).at(-1)!;
  assert.match(textOf(question), /"Acme Labs" has several EC2 integrations\. Which one\?/);
  assert.equal(buttonsOf(question).length, 2);
  await fixture.press(ANA, question, "prod");
  const change = (await fixture.changes()).at(-1)!;
  const card = fixture.telegram.messages(GROUP).findLast((one) => textOf(one).includes(change.code))!;
  assert.match(textOf(card), /Disable the EC2 integration prod of Acme Labs\?/);
  await fixture.press(BEN, card, "Approve");
  assert.equal(await fixture.state(change.code), "applied", textOf(card));
  assert.deepEqual(lastWrite(fixture), { companyId: company.acmeLabs, integrationName: "prod" });
  assert.deepEqual(named(fixture), ["111222345123"]);
  await fixture.carryOut("/rotate externalid Acme Labs reason=again");
  const back = await fixture.ask(`/enable ec2 Acme Labs role=${OTHER_ROLE} integration=prod`);
  await fixture.press(BEN, back.card, "Approve");
  assert.deepEqual(named(fixture), ["111222345123", "prod"]);
});

Deno.test("/disable ec2 names the one without a name by its AWS account where there are several", async () => {
  await using fixture = await withTwo();
  await fixture.carryOut("/disable ec2 Acme Labs integration=111222345123 reason=off-boarding");
  assert.deepEqual(named(fixture), ["prod"]);
  await fixture.carryOut("/disable ec2 Acme Labs reason=off-boarding");
  assert.deepEqual(lastWrite(fixture), { companyId: company.acmeLabs, integrationName: "prod" });
  assert.deepEqual(named(fixture), []);
});

Deno.test("/undo of a disabled named integration enables it under its name", async () => {
  await using fixture = await withTwo();
  const { code } = await fixture.carryOut("/disable ec2 Acme Labs integration=prod reason=off-boarding");
  fixture.gravityzone.world.ec2.get(company.acmeLabs)!.isUsed = false;
  const back = await fixture.carryOut(`/undo ${code}`);
  assert.equal(await fixture.state(back.code), "applied", textOf(back.card));
  assert.deepEqual(named(fixture), ["111222345123", "prod"]);
});

Deno.test("/status ec2 shows every integration that this bot set up, or the one that is named", async () => {
  await using fixture = await withTwo();
  await fixture.say(ANA, "/status ec2 Acme Labs");
  const all = fixture.groupAnswers().at(-1) ?? "";
  assert.match(all, /EC2 of Acme Labs: 1 of 2 integrations known here are active/);
  assert.match(
    all,
    /prod\s+arn:aws:iam::999000111222:role\/gravityzone · active with AWS account 999000111222/,
  );
  await fixture.say(ANA, "/status ec2 Acme Labs integration=prod");
  assert.match(
    fixture.groupAnswers().at(-1) ?? "",
    /^🟢 EC2 of Acme Labs: active with AWS account 999000111222/,
  );
});

Deno.test("an older GravityZone refuses a name, and nothing is changed", async () => {
  await using fixture = await openFixture();
  const { code, card } = await fixture.carryOut(`/enable ec2 Acme Labs role=${ROLE} integration=prod`);
  assert.equal(await fixture.state(code), "not applied");
  assert.match(textOf(card), /Unexpected parameter 'integrationName'/);
});

Deno.test("a disable is not called undone where another integration uses the same AWS account", async () => {
  await using fixture = await openFixture();
  followPresentManual(fixture.gravityzone.world);
  await fixture.carryOut("/rotate externalid Globex reason=new");
  await fixture.carryOut(`/enable ec2 Globex role=${ROLE} integration=prod`);
  await fixture.carryOut("/rotate externalid Globex reason=new");
  await fixture.carryOut(`/enable ec2 Globex role=${ROLE} integration=dev`);
  const { code, card } = await fixture.carryOut("/disable ec2 Globex integration=dev reason=over");
  assert.equal(await fixture.state(code), "accepted", textOf(card));
  assert.match(textOf(card), /still listed for AWS account \d+, which another of its integrations may use/);
});

Deno.test("a rotation alone makes no integration that one could choose", async () => {
  await using fixture = await openFixture();
  followPresentManual(fixture.gravityzone.world);
  await fixture.carryOut("/rotate externalid Globex reason=new");
  await fixture.carryOut(`/enable ec2 Globex role=${ROLE} integration=prod`);
  const { card } = await fixture.ask("/disable ec2 Globex reason=over");
  assert.match(textOf(card), /^⚠️ Disable the EC2 integration prod of Globex\?/);
  assert.doesNotMatch(textOf(card), /\(no name\)|has other EC2 integrations/);
});
