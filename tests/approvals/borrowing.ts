import assert from "node:assert/strict";
import type { Change } from "../../bot/store/changes.ts";
import type { LoansTable } from "../../bot/store/schema.ts";
import { eventually } from "../eventually.ts";
import { SANDBOX_GROUP } from "../sandbox/conversation.ts";
import { createStillClock, type StageOptions } from "../sandbox/stage.ts";
import type { Message } from "../sandbox/telegram.ts";
import { type Asked, type Fixture, GROUP, openFixture, textOf } from "./fixture.ts";

const ROLE = "arn:aws:iam::999888777666:role/gravityzone";
export const ENABLE = `/enable ec2 Globex role=${ROLE}`;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const SOON = { lookMs: 20, expireMs: 20 };

export async function openLoan(url?: string, options: StageOptions = {}): Promise<Fixture> {
  return await openFixture({
    ...options,
    clock: createStillClock(),
    telegram: { chats: [SANDBOX_GROUP] },
    timing: { ...SOON, ...options.timing },
    environment: url === undefined ? {} : { DATABASE_URL: url },
  });
}

/** The newest message of the group that says this. */
export async function said(fixture: Fixture, words: RegExp): Promise<Message> {
  return await eventually(
    () => Promise.resolve(fixture.telegram.answers(GROUP).findLast((message) => words.test(textOf(message)))),
    String(words),
  );
}

/** The change that takes this one back. */
export async function wayBackOf(fixture: Fixture, code: string): Promise<Change> {
  const back = await eventually(
    async () =>
      (await fixture.changes()).find(({ loan_of, state }) =>
        loan_of === code && state !== "approved" && state !== "executing"
      ),
    `the way back of ${code}`,
  );
  await fixture.rest();
  return back;
}

/** A loan of two hours whose end has just been announced. */
export async function announced(
  fixture: Fixture,
  command = `${ENABLE} for=2h`,
): Promise<Asked & { readonly reminder: Message }> {
  const asked = await fixture.carryOut(command);
  assert.equal(await fixture.state(asked.code), "applied");
  await fixture.pass(110 * MINUTE_MS);
  const reminder = await said(fixture, /^⏳ Taken back /);
  // Until the bot has noted where it stands, its buttons are of no message that it knows.
  await fixture.rest();
  return { ...asked, reminder };
}

export async function loanOf({ store }: Fixture, code: string): Promise<LoansTable> {
  return await store.db.selectFrom("loans").selectAll().where("code", "=", code).executeTakeFirstOrThrow();
}
