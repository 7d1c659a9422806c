import assert from "node:assert/strict";
import { verifyAudit } from "../../bot/store/audit.ts";
import { settled } from "../bot/conversation.ts";
import type { Stage } from "../sandbox/stage.ts";

/** A change, and the one vendor call that makes it. */
export const ENABLE = "/enable ec2 Acme Labs role=arn:aws:iam::999888777666:role/gravityzone";
export const ENABLE_METHOD = "configureAmazonEC2IntegrationUsingCrossAccountRole";

/** The audit holds these events and no others, unbroken. */
export async function proveSteps(stage: Stage, steps: readonly string[]): Promise<void> {
  await settled(stage);
  const { db } = stage.bot.store;
  const rows = await db.selectFrom("audit").select("event").orderBy("seq").execute();
  assert.deepEqual(rows.map(({ event }) => event), steps);
  const proof = await verifyAudit(db);
  assert.ok(proof.intact, JSON.stringify(proof));
}

export function writes({ gravityzone }: Stage): readonly unknown[] {
  return gravityzone.calls.filter(({ method }) => method === ENABLE_METHOD);
}

export function logged({ log }: Stage, event: string): boolean {
  return log.lines.some((line) => line.event === event);
}

/** Whether a message is on its way to Telegram. */
export async function sending({ bot: { store } }: Stage): Promise<boolean> {
  const rows = await store.db.selectFrom("messages").select("key").where("claimed_by", "is not", null)
    .execute();
  return rows.length > 0;
}
