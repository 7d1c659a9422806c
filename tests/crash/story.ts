import assert from "node:assert/strict";
import type { Change } from "../../bot/store/changes.ts";
import { verifyAudit } from "../../bot/store/audit.ts";
import type { ChangeState } from "../../bot/store/schema.ts";
import { ids } from "../sandbox/gravityzone/northwind.ts";
import { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
import { type Message, render } from "../sandbox/telegram.ts";
import type { DatabaseKind } from "../approvals/database.ts";
import { type Ground, type GroundOptions, openGround } from "./ground.ts";
import type { Moment } from "./moment.ts";

export const ROLE = "arn:aws:iam::999888777666:role/gravityzone";
/** A company with an external ID and without an integration: enabling it can be read back. */
export const ENABLE = `/enable ec2 Acme Labs role=${ROLE}`;
export const ENABLE_METHOD = "configureAmazonEC2IntegrationUsingCrossAccountRole";
/** The bot cannot know its AWS account: disabling it cannot be read back. */
export const DISABLE = `/disable ec2 Globex reason="contract ended"`;
export const { acmeLabs: COMPANY } = ids;

const WRITES = /^(configure|disable|generate)AmazonEC2/;

/** What people do and see, whatever happens to the bot meanwhile, and where it has to end. */
export interface Story {
  readonly name: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly telegram?: GroundOptions["telegram"];
  play(ground: Ground, end: End): Promise<void>;
}

export interface End {
  /** Of the one change; absent where there is none. */
  readonly state?: ChangeState;
  /** Of what takes it back by itself. */
  readonly back?: ChangeState;
  /** Calls that would change something at the vendor. */
  readonly writes: number;
  /** The group sees nothing of it. */
  readonly unseen?: true;
}

/** Plays a story while the bot is killed at each of `moments` in turn, and checks what is left of it. */
export async function survive(
  database: DatabaseKind,
  story: Story,
  moments: readonly Moment[],
  end: End,
): Promise<void> {
  await using ground = await openGround({
    database,
    environment: story.environment ?? {},
    telegram: story.telegram ?? {},
  });
  await ground.succession(moments);
  await story.play(ground, end);
  await ground.until("as many deaths as were meant", () => Promise.resolve(ground.deaths === moments.length));
  await atRest(ground);
  await proveOneOutcome(ground, end);
}

/**
 * Everything that came in is handled, everything to be shown is shown, nothing runs. Asked in the order in which work
 * moves on: side by side, Postgres may look at the messages before an update is handled and at the inbox after it.
 */
export async function atRest({ until, store: { db }, telegram }: Ground): Promise<void> {
  await until("rest", async () => {
    if (telegram.pending().length > 0) return false;
    const updates = db.selectFrom("inbox").select("update_id").where("state", "=", "new");
    if (await updates.executeTakeFirst()) return false;
    const changes = db.selectFrom("changes").select("code").where("state", "in", ["approved", "executing"]);
    if (await changes.executeTakeFirst()) return false;
    const messages = db.selectFrom("messages").select("key").where("state", "=", "due");
    return await messages.executeTakeFirst() === undefined;
  });
}

/** One request, one outcome, at most one write; the audit whole; everyone told, at most one thing twice a death. */
export async function proveOneOutcome(
  ground: Ground,
  { state, back, writes, unseen }: End,
): Promise<void> {
  const { store, telegram } = ground;
  const changes = await store.db.selectFrom("changes").selectAll().orderBy("created_at").execute();
  assert.deepEqual(changes.map((change) => change.state), [state, back].filter(Boolean));
  assert.equal(writesTo(ground).length, writes, "calls that change something at the vendor");
  await proveAudit(ground);
  const failed = await store.db.selectFrom("inbox").select("update_id").where("state", "=", "failed")
    .execute();
  assert.deepEqual(failed, []);
  const seen = telegram.answers(GROUP).some((card) => state && shows(card, state));
  assert.equal(seen, state !== undefined && !unseen, telegram.transcript(GROUP));
  const rows = await store.db.selectFrom("messages").select("key").where("state", "<>", "dead").execute();
  const sent = [ANA, BEN, OSKAR, GROUP].flatMap((chat) => telegram.answers(chat)).length +
    [ANA, BEN, OSKAR].flatMap((person) => telegram.ephemerals(person, GROUP)).length;
  const twice = sent - rows.length;
  const few = twice >= 0 && twice <= ground.deaths;
  assert.ok(few, `${twice} messages too many\n${telegram.transcript(GROUP)}`);
}

/** The chain is whole, and no step of a change but a look at an unknown one was taken twice. */
export async function proveAudit({ store }: Ground): Promise<void> {
  const proof = await verifyAudit(store.db);
  assert.ok(proof.intact, JSON.stringify(proof));
  const steps = await store.db.selectFrom("audit").select(["code", "event"])
    .where("code", "is not", null).where("event", "not in", ["mark_unknown", "take_over", "refused"])
    .execute();
  const words = steps.map(({ code, event }) => `${code} ${event}`);
  assert.deepEqual(words.toSorted(), [...new Set(words)].toSorted());
}

export function writesTo({ gravityzone }: Ground): typeof gravityzone.calls {
  return gravityzone.calls.filter(({ method }) => WRITES.test(method));
}

/** The one change there is, once it is there. */
export async function theChange({ store, until }: Ground): Promise<Change> {
  return await until("a change", () => store.db.selectFrom("changes").selectAll().executeTakeFirst());
}

/** The newest card with buttons to decide. */
export function openCard({ telegram }: Ground): Promise<Message> {
  return telegram.until(() => openCards(telegram).at(-1), "a card to decide about");
}

/** Presses the button of every card that appears until the change has been decided, as people do. */
export async function decide(ground: Ground, person: number, button: string): Promise<void> {
  const pressed = new Set<number>();
  await openCard(ground);
  await ground.until(`${button} to be taken`, async () => {
    const card = openCards(ground.telegram).at(-1);
    if (card && !pressed.has(card.message_id)) {
      pressed.add(card.message_id);
      ground.telegram.pressAndGo(person, card, button);
    }
    return (await theChange(ground)).state !== "pending";
  });
}

/** Ana asks for a change and Ben approves it. */
export async function askAndApprove(ground: Ground): Promise<Change> {
  ground.telegram.say(ANA, GROUP, ENABLE);
  await decide(ground, BEN, "Approve");
  return await theChange(ground);
}

/** Waits until the group sees this outcome. */
export async function outcome({ telegram }: Ground, { state }: End): Promise<void> {
  assert.ok(state);
  await telegram.until(() => telegram.answers(GROUP).some((card) => shows(card, state)), `a card: ${state}`);
}

function openCards(telegram: Ground["telegram"]): Message[] {
  return telegram.answers(GROUP).filter((message) => render(message).includes("[ Approve ]"));
}

function shows(card: Message, state: ChangeState): boolean {
  // Nobody has seen what is accepted, so the card tells it as the vendor's word.
  if (state === "accepted") return /^\S* ?\S+ accepted: /m.test(render(card));
  const word = `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
  return new RegExp(`(^|[^a-z] )${word}[:,] `, "m").test(render(card));
}
