import { type Bot, BotError } from "grammy";
import type { Chat, Message, Update } from "grammy/types";
import type { Reply } from "../../handlers/reply.ts";
import { bugReply } from "../failure.ts";
import { errorFields, type Log } from "../log.ts";
import type { Invocation } from "../changes/invocation.ts";
import type { Metrics } from "../metrics.ts";
import { literalSecretIn } from "../command/literal_secret.ts";
import { classify, type Incoming, type Person, textOf } from "../people/incoming.ts";
import type { People } from "../people/people.ts";
import { buttonSending } from "../render/button_data.ts";
import { continuationShape, waitingShape } from "../secrets/secrets.ts";
import { StoreAway } from "../store/away.ts";
import { finishUpdate } from "../store/inbox.ts";
import { messageAt } from "../store/messages.ts";
import { findPromptEver } from "../store/prompts.ts";
import type { InboxTable, MessagesTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { createTurn, newTrace, type Turn, type TurnOptions } from "../turn.ts";
import type { Hearing } from "./hearing.ts";
import type { Interpreter } from "./interpreter.ts";
import type { Presses } from "./presses.ts";
import type { Strangers } from "./strangers.ts";

export interface DeskOptions {
  readonly bot: Bot;
  readonly store: Store;
  readonly people: People;
  readonly interpreter: Interpreter;
  readonly hearing: Hearing;
  readonly presses: Presses;
  readonly strangers: Strangers;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Where every update comes to. */
export interface Desk {
  /** Handles one row of the inbox and finishes it. */
  handle(row: InboxTable): Promise<void>;
  /** Says that nothing came of a command, or of the secrets entered for one. */
  giveUp(row: InboxTable): Promise<void>;
}

/** Puts the desk behind a grammY bot, which the inbox feeds. */
export function createDesk(options: DeskOptions): Desk {
  const { bot, store, people, interpreter, hearing, presses, strangers, log } = options;
  const rows = new WeakMap<Update, InboxTable>();

  bot.use(async function receive({ update }) {
    const row = rows.get(update);
    if (!row) throw new Error("An update that is not from the inbox cannot be finished");
    const trace = newTrace();
    const incoming = classifySafely(update, trace, log);
    if (incoming.kind === "nothing") return await finishUpdate(store, store.db, row.update_id, true);
    const turn = await turnFor(store, row, incoming, trace);
    // Whoever said it and whatever becomes of it: a secret does not stay in the inbox.
    if ("message" in incoming && incoming.message && literalSecretIn(textOf(incoming.message)).length > 0) {
      turn.blank();
    }
    await inTurn(turn, () => route(turn, incoming), options);
  });

  async function route(turn: Turn, incoming: Exclude<Incoming, { kind: "nothing" }>): Promise<void> {
    switch (incoming.kind) {
      case "message":
        return await hearing.hear(turn, incoming.message);
      case "press":
        return await presses.follow(turn, incoming.query);
      case "refused":
        return await strangers.turnAway(turn, incoming);
      case "membership":
        return await strangers.meetChat(turn, incoming);
      case "migration":
        return strangers.reportMigration(turn, incoming);
    }
  }

  /** The secrets of a request have been entered: it goes on as if just asked for. */
  async function goOn(row: InboxTable): Promise<void> {
    const resumed = await resumedBy(row);
    if (!resumed) return await finishUpdate(store, store.db, row.update_id, false);
    const { turn, invocation } = resumed;
    await inTurn(turn, () => interpreter.resume(turn, invocation), options);
  }

  async function resumedBy(row: InboxTable): Promise<{ turn: Turn; invocation: Invocation } | undefined> {
    const { request } = continuationShape.parse(JSON.parse(row.body));
    const prompt = await findPromptEver(store, request);
    if (prompt?.kind !== "secret") return undefined;
    const { invocation, ...asked } = waitingShape.parse(JSON.parse(prompt.body));
    const turn = createTurn({ ...placeOf(store, row), ...asked, at: store.now() }, newTrace());
    return { turn, invocation };
  }

  /** The turn of what was asked for in words; a press has been answered already. */
  async function askedBy(row: InboxTable): Promise<Turn | undefined> {
    if (isOurs(row)) return (await resumedBy(row))?.turn;
    const trace = newTrace();
    const incoming = classifySafely(JSON.parse(row.body) as Update, trace, log);
    const isCommand = incoming.kind === "message" && textOf(incoming.message).startsWith("/");
    return isCommand ? await turnFor(store, row, incoming, trace) : undefined;
  }

  return {
    async handle(row) {
      if (isOurs(row)) return await goOn(row);
      const update = JSON.parse(row.body) as Update;
      rows.set(update, row);
      try {
        await bot.handleUpdate(update);
      } catch (error) {
        throw error instanceof BotError ? error.error : error;
      }
    },
    async giveUp(row) {
      const turn = await askedBy(row);
      if (!turn || !(await people.judge("read", turn.person.id, turn.chat)).allowed) return;
      await turn.showMeanwhile(bugReply(new Error("Set aside after several attempts"), log, turn.trace));
    },
  };
}

/** Telegram's ids are positive: what comes from outside is never taken for a note of our own. */
function isOurs({ update_id }: InboxTable): boolean {
  return update_id < 0;
}

function classifySafely(update: Update, trace: string, log: Log): Incoming {
  try {
    return classify(update);
  } catch (error) {
    log.error("update_unreadable", { trace, ...errorFields(error) });
    const [chat, person, message] = [undefined, undefined, undefined];
    return { kind: "refused", reason: "unsupported_update", chat, person, message };
  }
}

/** Runs the work, turns what nobody foresaw into one fixed sentence, and commits what came of it. */
async function inTurn(
  turn: Turn,
  work: () => Promise<void>,
  { store, metrics, log }: Pick<DeskOptions, "store" | "metrics" | "log">,
): Promise<void> {
  let finished = turn;
  try {
    await work();
  } catch (error) {
    // Nobody can say now what was done; the update is handled again, and finds out.
    if (error instanceof StoreAway) throw error;
    // Half of what was gathered must not be committed: a fresh turn carries only the apology.
    finished = createTurn(turn, turn.trace);
    if (turn.blanked) finished.blank();
    finished.answer(bugReply(error, log, turn.trace));
  }
  const { refused, trace, chat, person } = finished;
  if (refused) {
    metrics.refused(refused);
    log.info("refused", { trace, reason: refused, chat: chat.id, person: person.id });
  }
  metrics.answerSeconds.observe(Math.max(0, store.now() - turn.receivedAt) / 1000);
  await finished.commit();
}

const NOBODY: Person = { id: 0, name: "" };
const NOWHERE: Pick<Chat, "id" | "type"> = { id: 0, type: "private" };

async function turnFor(
  store: Store,
  row: InboxTable,
  incoming: Exclude<Incoming, { kind: "nothing" }>,
  trace: string,
): Promise<Turn> {
  const place = placeOf(store, row);
  switch (incoming.kind) {
    case "message": {
      const { chat, person, message } = incoming;
      return createTurn({ ...place, chat, person, ...at(message), at: message.date * 1000 }, trace);
    }
    case "press": {
      const { chat, person } = incoming;
      return createTurn({ ...place, chat, person, ...await pressedAt(store, incoming) }, trace);
    }
    case "refused":
      return createTurn({
        ...place,
        chat: incoming.chat ?? NOWHERE,
        person: incoming.person ?? NOBODY,
        ...(incoming.message ? at(incoming.message) : {}),
      }, trace);
    case "membership":
      return createTurn({ ...place, chat: incoming.chat, person: incoming.by }, trace);
    case "migration":
      return createTurn({ ...place, chat: { id: incoming.to, type: "supergroup" }, person: NOBODY }, trace);
  }
}

function placeOf(
  store: Store,
  row: InboxTable,
): Pick<TurnOptions, "store" | "updateId" | "receivedAt" | "at"> {
  return { store, updateId: row.update_id, receivedAt: row.received_at, at: row.received_at };
}

function at(message: Message): Pick<TurnOptions, "threadId" | "messageId"> {
  return {
    threadId: message.is_topic_message ? message.message_thread_id : undefined,
    messageId: message.message_id,
  };
}

async function pressedAt(
  store: Store,
  { chat, messageId, query }: Extract<Incoming, { kind: "press" }>,
): Promise<Pick<TurnOptions, "threadId" | "messageId" | "press">> {
  const shown = messageId > 0 ? await messageAt(store.db, chat.id, messageId) : undefined;
  const message = query.message;
  return {
    threadId: message && "message_thread_id" in message ? message.message_thread_id : undefined,
    messageId: undefined,
    press: { queryId: query.id, messageId, ...replaceable(shown, query.data ?? "") },
  };
}

/**
 * Any client can send any data under any message: only an answer that has the button may be replaced by what a press
 * of it leads to. The card of a change must go on saying what there is to decide.
 */
function replaceable(
  shown: MessagesTable | undefined,
  data: string,
): Pick<NonNullable<TurnOptions["press"]>, "replaces"> {
  if (!shown?.key.startsWith("update:")) return {};
  const button = buttonSending(JSON.parse(shown.reply) as Reply, data);
  return button ? { replaces: { key: shown.key, button } } : {};
}
