import assert from "node:assert/strict";
import { followPresentManual } from "../sandbox/gravityzone/world.ts";
import { ANA, type Fixture, openFixture } from "../approvals/fixture.ts";

const ROLE = "arn:aws:iam::111222345123:role/test";

async function status(fixture: Fixture, company: string): Promise<string> {
  await fixture.pass(11_000);
  await fixture.say(ANA, `/status ec2 ${company}`);
  return fixture.groupAnswers().at(-1)?.split("\n", 1)[0] ?? "";
}

Deno.test("/status ec2 is not green by the hours alone: they may be from before it was switched off", async () => {
  await using fixture = await openFixture();
  assert.equal(await status(fixture, "Acme Corp"), "ℹ️ EC2 of Acme Corp: 168 hours this month");
});

Deno.test("/status ec2 says that it was disabled here, seen or not, until it is enabled again", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  const disabled = "⚪ EC2 of Acme Corp: disabled through this bot";
  assert.equal(await status(fixture, "Acme Corp"), disabled);
  await fixture.carryOut(`/enable ec2 Acme Corp role=${ROLE}`);
  assert.equal(
    await status(fixture, "Acme Corp"),
    "🟢 EC2 of Acme Corp: active with AWS account 111222345123",
  );
  await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  assert.equal(await status(fixture, "Acme Corp"), disabled);
});

Deno.test("/status ec2 says that a new external ID may have left the integration invalid, whatever was asked in vain since", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut("/rotate externalid Acme Corp reason=leaked");
  const invalid = "❔ EC2 of Acme Corp: new external ID, not known whether it still works";
  assert.equal(await status(fixture, "Acme Corp"), invalid);
  for (const _ of [1, 2, 3]) {
    const asked = await fixture.ask("/disable ec2 Acme Corp reason=off-boarding");
    await fixture.say(ANA, `/withdraw ${asked.code}`);
  }
  assert.equal(await status(fixture, "Acme Corp"), invalid);
  await fixture.carryOut(`/enable ec2 Acme Corp role=${ROLE}`);
  assert.match(await status(fixture, "Acme Corp"), /^🟢 .*: active with AWS account 111222345123/);
});

Deno.test("/status ec2 keeps to what it knew when a change was not applied", async () => {
  await using fixture = await openFixture();
  fixture.gravityzone.faults.next("disableAmazonEC2Integration", { error: { code: -32602, message: "No" } });
  await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
  assert.equal(await status(fixture, "Acme Corp"), "ℹ️ EC2 of Acme Corp: 168 hours this month");
});

Deno.test("/status ec2 keeps the role through a new external ID, which an older GravityZone takes off its list", async () => {
  await using fixture = await openFixture();
  await fixture.carryOut(`/enable ec2 Acme Corp role=${ROLE}`);
  await fixture.carryOut("/rotate externalid Acme Corp reason=leaked");
  assert.equal(
    await status(fixture, "Acme Corp"),
    "🟡 EC2 of Acme Corp: no longer listed for AWS account 111222345123",
  );
  assert.match(fixture.groupAnswers().at(-1) ?? "", new RegExp(`Role\\s+${ROLE}`));
});

Deno.test("/status ec2 does not know of a listed integration whether it goes with the new external ID", async () => {
  await using fixture = await openFixture();
  followPresentManual(fixture.gravityzone.world);
  await fixture.carryOut(`/enable ec2 Acme Corp role=${ROLE}`);
  await fixture.carryOut("/rotate externalid Acme Corp reason=leaked");
  assert.equal(
    await status(fixture, "Acme Corp"),
    "❔ EC2 of Acme Corp: new external ID, not known whether it still works",
  );
});
