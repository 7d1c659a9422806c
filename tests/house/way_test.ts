import assert from "node:assert/strict";
import { BEN, GROUP, openFixture } from "../approvals/fixture.ts";
import { settled } from "../bot/conversation.ts";
import { filesEntered } from "./way.ts";

/** What a newcomer has to open to follow a message from the webhook to the vendor and back. */
const MOST_FOR_A_READ = 39;
const MOST_FOR_A_CHANGE = 54;

/** A worker that looks of its own accord would be counted when the machine is slow, and is not on the way. */
const UNASKED = { lookMs: 3_600_000, expireMs: 3_600_000, beatMs: 3_600_000 };

function assertFew(entered: readonly string[], most: number): void {
  assert.ok(entered.length <= most, `${entered.length} files, ${most} at most:\n${entered.join("\n")}`);
}

Deno.test("a read enters few files from the webhook to the answer", async () => {
  await using fixture = await openFixture({ timing: UNASKED });
  await fixture.rest();
  const entered = await filesEntered(async () => {
    fixture.telegram.say(BEN, GROUP, "/status bitdefender");
    await settled(fixture);
  });
  assert.ok(entered.includes("clients/bitdefender.ts"), "the vendor was asked");
  assertFew(entered, MOST_FOR_A_READ);
});

Deno.test("a change enters few files from the request by way of the approval to its outcome", async () => {
  await using fixture = await openFixture({ timing: UNASKED });
  await fixture.rest();
  const entered = await filesEntered(async () => {
    const { code } = await fixture.carryOut("/disable ec2 Acme Corp reason=off-boarding");
    assert.equal(await fixture.state(code), "accepted");
  });
  assertFew(entered, MOST_FOR_A_CHANGE);
});
