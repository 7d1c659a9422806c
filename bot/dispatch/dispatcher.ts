import { type Api, type Bot, BotError } from "grammy";
import type { Chat, Message, Update } from "grammy/types";
import type { Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { Config } from "../config.ts";
import { createContext, newTrace, type UpdateContext, type UpdateContextOptions } from "../context.ts";
import { bugReply } from "../error_reply.ts";
import type { Invocation } from "../invocation.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { messageAt } from "../outbox/messages.ts";
import { literalSecretIn } from "../parser/secret_scan.ts";
import { finishUpdate } from "../queue/inbox.ts";
import { buttonSending } from "../render/keyboard.ts";
import { continuationShape, waitingShape } from "../secrets/entry.ts";
import { type Store, StoreUnavailable } from "../store/database.ts";
import { findPromptEver } from "../store/prompts.ts";
import type { InboxTable, MessagesTable } from "../store/schema.ts";
import { classify, type Incoming, messageText, type Person } from "../telegram/update.ts";
import { documentOf, NOT_TAKEN } from "./attachment.ts";
import type { Callbacks } from "./callbacks.ts";
import type { Router } from "./router.ts";
import type { Unauthorized } from "./unauthorized.ts";

export interface DispatcherOptions {
  readonly bot: Bot;
  readonly store: Store;
  readonly members: Members;
  readonly router: Router;
  readonly messages: MessageHandler;
  readonly callbacks: Callbacks;
  readonly unauthorized: Unauthorized;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Where every update comes to. */
export interface Dispatcher {
  /** Handles one row of the inbox and finishes it. */
  handle(row: InboxTable): Promise<void>;
  /** Says that nothing came of a command, or of the secrets entered for one. */
  giveUp(row: InboxTable): Promise<void>;
}

/** Puts the desk behind a grammY bot, which the inbox feeds. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { bot, store, members, router, messages, callbacks, unauthorized, log } = options;
  const rows = new WeakMap<Update, InboxTable>();

  bot.use(async function receive({ update }) {
    const row = rows.get(update);
    if (!row) throw new Error("An update that is not from the inbox cannot be finished");
    const trace = newTrace();
    const incoming = classifySafely(update, trace, log);
    if (incoming.kind === "nothing") return await finishUpdate(store, store.db, row.update_id, true);
    const ctx = await turnFor(store, row, incoming, trace);
    // Whoever said it and whatever becomes of it: a secret does not stay in the inbox.
    if (
      "message" in incoming && incoming.message && literalSecretIn(messageText(incoming.message)).length > 0
    ) {
      ctx.eraseStored();
    }
    await inTurn(ctx, () => route(ctx, incoming), options);
  });

  async function route(ctx: UpdateContext, incoming: Exclude<Incoming, { kind: "nothing" }>): Promise<void> {
    switch (incoming.kind) {
      case "message":
        return await messages.handle(ctx, incoming.message);
      case "press":
        return await callbacks.handle(ctx, incoming.query);
      case "refused":
        return await unauthorized.reject(ctx, incoming);
      case "membership":
        return await unauthorized.onMembership(ctx, incoming);
      case "migration":
        return unauthorized.reportMigration(ctx, incoming);
    }
  }

  /** The secrets of a request have been entered: it goes on as if just asked for. */
  async function goOn(row: InboxTable): Promise<void> {
    const resumed = await resumedBy(row);
    if (!resumed) return await finishUpdate(store, store.db, row.update_id, false);
    const { ctx, invocation } = resumed;
    await inTurn(ctx, () => router.resume(ctx, invocation), options);
  }

  async function resumedBy(
    row: InboxTable,
  ): Promise<{ ctx: UpdateContext; invocation: Invocation } | undefined> {
    const { request } = continuationShape.parse(JSON.parse(row.body));
    const prompt = await findPromptEver(store, request);
    if (prompt?.kind !== "secret") return undefined;
    const { invocation, ...asked } = waitingShape.parse(JSON.parse(prompt.body));
    const ctx = createContext({ ...placeOf(store, row), ...asked, at: store.now() }, newTrace());
    return { ctx, invocation };
  }

  /** The turn of what was asked for in words; a press has been answered already. */
  async function askedBy(row: InboxTable): Promise<UpdateContext | undefined> {
    if (isOurs(row)) return (await resumedBy(row))?.ctx;
    const trace = newTrace();
    const incoming = classifySafely(JSON.parse(row.body) as Update, trace, log);
    const isCommand = incoming.kind === "message" && messageText(incoming.message).startsWith("/");
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
      const ctx = await askedBy(row);
      if (!ctx || !(await members.judge("read", ctx.person.id, ctx.chat)).allowed) return;
      await ctx.showMeanwhile(bugReply(new Error("Set aside after several attempts"), log, ctx.trace));
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
  ctx: UpdateContext,
  work: () => Promise<void>,
  { store, metrics, log }: Pick<DispatcherOptions, "store" | "metrics" | "log">,
): Promise<void> {
  let finished = ctx;
  try {
    await work();
  } catch (error) {
    // Nobody can say now what was done; the update is handled again, and finds out.
    if (error instanceof StoreUnavailable) throw error;
    // Half of what was gathered must not be committed: a fresh turn carries only the apology.
    finished = createContext(ctx, ctx.trace);
    if (ctx.erased) finished.eraseStored();
    finished.answer(bugReply(error, log, ctx.trace));
  }
  const { refused, trace, chat, person } = finished;
  if (refused) {
    metrics.refused(refused);
    log.info("refused", { trace, reason: refused, chat: chat.id, person: person.id });
  }
  metrics.answerSeconds.observe(Math.max(0, store.now() - ctx.receivedAt) / 1000);
  await finished.commit();
}

const NOBODY: Person = { id: 0, name: "" };
const NOWHERE: Pick<Chat, "id" | "type"> = { id: 0, type: "private" };

async function turnFor(
  store: Store,
  row: InboxTable,
  incoming: Exclude<Incoming, { kind: "nothing" }>,
  trace: string,
): Promise<UpdateContext> {
  const place = placeOf(store, row);
  switch (incoming.kind) {
    case "message": {
      const { chat, person, message } = incoming;
      return createContext({ ...place, chat, person, ...at(message), at: message.date * 1000 }, trace);
    }
    case "press": {
      const { chat, person } = incoming;
      return createContext({ ...place, chat, person, ...await pressedAt(store, incoming) }, trace);
    }
    case "refused":
      return createContext({
        ...place,
        chat: incoming.chat ?? NOWHERE,
        person: incoming.person ?? NOBODY,
        ...(incoming.message ? at(incoming.message) : {}),
      }, trace);
    case "membership":
      return createContext({ ...place, chat: incoming.chat, person: incoming.by }, trace);
    case "migration":
      return createContext(
        { ...place, chat: { id: incoming.to, type: "supergroup" }, person: NOBODY },
        trace,
      );
  }
}

function placeOf(
  store: Store,
  row: InboxTable,
): Pick<UpdateContextOptions, "store" | "updateId" | "receivedAt" | "at"> {
  return { store, updateId: row.update_id, receivedAt: row.received_at, at: row.received_at };
}

function at(message: Message): Pick<UpdateContextOptions, "threadId" | "messageId"> {
  return {
    threadId: message.is_topic_message ? message.message_thread_id : undefined,
    messageId: message.message_id,
  };
}

async function pressedAt(
  store: Store,
  { chat, messageId, query }: Extract<Incoming, { kind: "press" }>,
): Promise<Pick<UpdateContextOptions, "threadId" | "messageId" | "press">> {
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
): Pick<NonNullable<UpdateContextOptions["press"]>, "replaces"> {
  if (!shown?.key.startsWith("update:")) return {};
  const button = buttonSending(JSON.parse(shown.reply) as Reply, data);
  return button ? { replaces: { key: shown.key, button } } : {};
}

export interface MessageHandlerOptions {
  readonly config: Config;
  readonly api: Api;
  readonly members: Members;
  readonly router: Router;
  readonly unauthorized: Pick<Unauthorized, "mayBeTold">;
}

/** Messages that a person typed. */
export interface MessageHandler {
  handle(ctx: UpdateContext, message: Message): Promise<void>;
}

export function createMessageHandler(
  { config, api, members, router, unauthorized }: MessageHandlerOptions,
): MessageHandler {
  /** Talk among people is none of our business; someone who talks to the bot alone is told how. */
  async function chat(ctx: UpdateContext): Promise<void> {
    ctx.ignoreForBot();
    if (ctx.chat.type !== "private") return;
    const decision = await members.judge("read", ctx.person.id, ctx.chat);
    if (!decision.allowed) return;
    ctx.answer({
      mark: "info",
      title: ["Commands begin with a slash. ", { code: "/help" }, " lists them."],
    });
  }

  return {
    async handle(ctx, message) {
      const text = messageText(message);
      const first = router.parse(text);
      if (first.kind === "not_a_command") return await chat(ctx);
      const asksWho = first.kind === "command" && router.needOf(first) === "identify";
      if (asksWho && unauthorized.mayBeTold(ctx)) return await router.dispatch(ctx, first);
      // Who may not even read learns nothing, and nothing is fetched for them; what more it takes is judged later.
      if (!await router.allows(ctx, "read", text)) return;
      if (first.kind === "for_other_bot") {
        ctx.ignoreForBot();
        return ctx.refuse("other_bot_command");
      }
      await members.rememberName(ctx.person);
      const told = message.document ?? message.reply_to_message?.document;
      if (!told) return await router.dispatch(ctx, first);
      if (!await router.allows(ctx, router.needOf(first), text)) return;
      const came = router.takesDocument(first)
        ? await documentOf(told, api, `${config.apiRoot}/file/bot${config.token}`)
        : NOT_TAKEN;
      const documentAt = message.document || first.kind === "literal_secret"
        ? undefined
        : message.reply_to_message?.message_id;
      await router.dispatch(ctx, router.parse(text, came), documentAt);
    },
  };
}
