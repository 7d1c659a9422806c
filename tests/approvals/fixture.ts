import assert from "node:assert/strict";
import { type Change, findChange } from "../../bot/store/changes.ts";
import type { AuditTable, ChangeState } from "../../bot/store/schema.ts";
import type { Store } from "../../bot/store/database.ts";
import { eventually } from "../eventually.ts";
import { ANA, BEN, GROUP, openStage, type Stage, type StageOptions } from "../sandbox/stage.ts";
import { type CallbackAnswer, type Message, render, type Saying } from "../sandbox/telegram.ts";

export { ANA, BEN, GROUP, OSKAR } from "../sandbox/stage.ts";
export { ids as company } from "../sandbox/gravityzone/northwind.ts";

/** A change that waits in the group. */
export interface Asked {
  readonly code: string;
  /** Its one message; what it says changes with the change. */
  readonly card: Message;
}

/** The staged bot, with people who wait until everything they set off has come to rest. */
export interface Fixture extends Stage {
  readonly store: Store;
  say(person: number, text: string, saying?: Saying & { readonly chat?: number }): Promise<void>;
  /** Says it and finds the card that came of it. */
  ask(text: string, saying?: Saying & { readonly by?: number; readonly chat?: number }): Promise<Asked>;
  press(
    person: number,
    message: Message,
    button: string,
    options?: { forged?: true },
  ): Promise<CallbackAnswer>;
  /** Asks as Ana, approves as Ben, and resolves when it is over. */
  carryOut(text: string): Promise<Asked>;
  /** Lets time pass and the bot notice. */
  pass(ms: number): Promise<void>;
  /** Resolves when no update, no message and no change is on its way. */
  rest(options?: { readonly running?: true }): Promise<void>;
  change(code: string): Promise<Change>;
  state(code: string): Promise<ChangeState>;
  changes(): Promise<Change[]>;
  audit(code?: string): Promise<AuditTable[]>;
  /** What the group, and so whoever asked, is told of what became of requests, oldest first. */
  outcomes(): string[];
  /** What only this person was told in the group, oldest first. */
  ephemeralAnswers(person: number): string[];
  /** What the bot says to this person in private, oldest first. */
  privateAnswers(person: number): string[];
  /** What the bot says to everyone in the group, oldest first. */
  groupAnswers(): string[];
  /** The names of GravityZone's methods that changed something or tried to, in the order they arrived. */
  writes(): string[];
}

/** What a message says, as text. */
export const textOf = render;

const WRITES = /^(configure|generate|disable)/;

export async function openFixture(options: StageOptions = {}): Promise<Fixture> {
  const stage = await openStage(options);
  return fixtureOver(stage);
}

/** The same people and vendors around a bot, which may be one that was started anew. */
export function fixtureOver(stage: Stage): Fixture {
  const { telegram, gravityzone, bot: { store } } = stage;
  const rest: Fixture["rest"] = async (options = {}) =>
    void await eventually(() => isAtRest(stage, options), "rest");
  const changes = () => store.db.selectFrom("changes").selectAll().orderBy("created_at").execute();
  const say: Fixture["say"] = async (person, text, { chat = GROUP, ...saying } = {}) => {
    telegram.say(person, chat, text, saying);
    await rest();
  };
  const press: Fixture["press"] = async (person, message, button, how) => {
    const answer = await telegram.press(person, message, button, how);
    await rest();
    return answer;
  };
  const change = async (code: string) => {
    const found = await findChange(store, code);
    assert(found, `There is no change ${code}.`);
    return found;
  };
  const ask: Fixture["ask"] = async (text, { by = ANA, ...saying } = {}) => {
    const known = new Set((await changes()).map(({ code }) => code));
    await say(by, text, saying);
    const fresh = (await changes()).filter(({ code }) => !known.has(code));
    assert.equal(fresh.length, 1, `“${text}” led to ${fresh.length} changes\n${telegram.transcript(GROUP)}`);
    return await cardOf(stage, fresh[0]!.code);
  };
  return {
    ...stage,
    store,
    say,
    ask,
    press,
    rest,
    change,
    changes,
    async carryOut(text) {
      const asked = await ask(text);
      await press(BEN, asked.card, "Approve");
      return asked;
    },
    async pass(ms) {
      stage.clock.advance(ms);
      store.notifier.local("changes");
      store.notifier.local("messages");
      await rest();
    },
    state: async (code) => (await change(code)).state,
    async audit(code) {
      const rows = await store.db.selectFrom("audit").selectAll().orderBy("seq").execute();
      return code === undefined ? rows : rows.filter((row) => row.code === code);
    },
    outcomes: () =>
      telegram.answers(GROUP).map(render).filter((text) => /^\/change [A-Z0-9]{5}$/m.test(text)),
    ephemeralAnswers: (person) => telegram.ephemerals(person, GROUP).map(render),
    privateAnswers: (person) => telegram.answers(person).map(render),
    groupAnswers: () => telegram.answers(GROUP).map(render),
    writes: () => gravityzone.calls.map(({ method }) => method).filter((method) => WRITES.test(method)),
  };
}

/** The message in the group that asks about this change, or says what became of it. */
export async function cardOf({ telegram, bot }: Stage, code: string): Promise<Asked> {
  const row = await eventually(
    async () =>
      await bot.store.db.selectFrom("messages").selectAll().where("key", "=", `card:${code}`)
        .where("message_id", "is not", null).executeTakeFirst(),
    `the card of ${code}`,
  );
  const card = telegram.messages(row.chat_id).find(({ message_id }) => message_id === row.message_id);
  assert(card, `The card of ${code} is not in the chat.`);
  return { code, card };
}

async function isAtRest(
  { telegram, bot: { store } }: Stage,
  { running }: { readonly running?: true },
): Promise<true | undefined> {
  if (telegram.pending().length > 0) return undefined;
  const updates = await store.db.selectFrom("inbox").select("update_id").where("state", "=", "new").limit(1)
    .execute();
  if (updates.length > 0) return undefined;
  if (!running) {
    const changes = await store.db.selectFrom("changes").select("code")
      .where("state", "in", ["approved", "executing"])
      .where((is) => is.or([is("starts_at", "is", null), is("starts_at", "<=", store.now())])).limit(1)
      .execute();
    if (changes.length > 0) return undefined;
    const checks = await store.db.selectFrom("changes").select("code")
      .where("next_check_at", "<=", store.now()).limit(1).execute();
    if (checks.length > 0) return undefined;
  }
  const messages = await store.db.selectFrom("messages").select("key")
    .where("state", "=", "due").where("not_before", "<=", store.now()).limit(1).execute();
  return messages.length > 0 ? undefined : true;
}
