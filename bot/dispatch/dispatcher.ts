import { BotError } from "grammy";
import type { Update } from "grammy/types";
import * as z from "zod";
import { narrowedBy } from "../../handlers/narrow.ts";
import type { Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { newTrace, UpdateContext, type UpdateOrigin } from "../context.ts";
import type { Deps } from "../deps.ts";
import { bugReply } from "../error_reply.ts";
import { errorFields } from "../log.ts";
import { messageAt } from "../outbox/messages.ts";
import { literalSecretIn } from "../parser/secret_scan.ts";
import { normalise } from "../parser/tokenize.ts";
import {
  claimUpdates,
  failUpdate,
  finishUpdate,
  putOffUpdate,
  releaseUpdates,
  renewUpdates,
  TakenOver,
  UPDATE_LEASE_MS,
} from "../queue/inbox.ts";
import { type Due, dueShape, scheduleDue } from "../queue/schedules.ts";
import type { QueueJob } from "../queue/worker.ts";
import { buttonSending } from "../render/keyboard.ts";
import { continuationShape, waitingShape, wipeSecrets } from "../secrets/entry.ts";
import { StoreUnavailable } from "../store/errors.ts";
import { findPromptEver } from "../store/kept_values.ts";
import type { InboxTable, MessagesTable, Queryable } from "../store/schema.ts";
import { Reactions } from "../telegram/reactions.ts";
import {
  classify,
  type Incoming,
  type Message,
  messageText,
  type Person,
  topicOf,
  wordsWith,
} from "../telegram/update.ts";
import { documentOf, NOT_TAKEN } from "./attachment.ts";
import type { Callbacks } from "./callbacks.ts";
import { talkAbout } from "../approvals/talk.ts";
import { changeRepliedTo, offerDecision, reasonGiven } from "../commands/which_change.ts";
import type { Pickers } from "../pickers/picker.ts";
import type { Router } from "./router.ts";
import { runScheduled, scheduledOrigin } from "./scheduled.ts";
import type { Unauthorized } from "./unauthorized.ts";

/** More words are no part of a name. */
const MOST_WORDS = 6;

const notedShape = z.discriminatedUnion("countersign", [continuationShape, dueShape]);

/** What a note of ours leads to. */
interface Resumed {
  readonly ctx: UpdateContext;
  work(): Promise<void>;
  /** Where the work comes to nothing. */
  cleanUp?(db: Queryable): Promise<void>;
}

type Relevant = Exclude<Incoming, { kind: "nothing" }>;

/** Where every update comes to. It stands behind a grammY bot, which the inbox feeds. */
export class Dispatcher {
  private readonly rows = new WeakMap<Update, InboxTable>();
  private readonly reactions: Reactions;

  constructor(
    private readonly deps: Deps,
    readonly members: Members,
    readonly router: Router,
    private readonly callbacks: Callbacks,
    private readonly unauthorized: Unauthorized,
    private readonly pickers: Pickers,
  ) {
    this.reactions = new Reactions(deps);
    deps.bot.use(({ update }) => this.receive(update));
  }

  /** Handles one row of the inbox and finishes it. */
  async handle(row: InboxTable): Promise<void> {
    if (isOurs(row)) return await this.continueNoted(row);
    const update = JSON.parse(row.body) as Update;
    this.rows.set(update, row);
    try {
      await this.deps.bot.handleUpdate(update);
    } catch (error) {
      throw error instanceof BotError ? error.error : error;
    }
  }

  /** Sets an update aside, and says that nothing came of a command, or of the secrets entered for one. */
  async giveUp(row: InboxTable): Promise<void> {
    const { store, log } = this.deps;
    const resumed = isOurs(row) ? await this.resumed(row) : undefined;
    const ctx = resumed?.ctx ?? await this.commandContext(row);
    await resumed?.cleanUp?.(store.db);
    if (!ctx || !(await this.members.judge("read", ctx.person.id, ctx.chat)).allowed) {
      return await failUpdate(store, store.db, row);
    }
    await ctx.giveUp(bugReply(new Error("Set aside after several attempts"), log, ctx.trace));
  }

  private async receive(update: Update): Promise<void> {
    const row = this.rows.get(update);
    if (!row) throw new Error("An update that is not from the inbox cannot be finished");
    const { store } = this.deps;
    const trace = newTrace();
    const incoming = this.classifySafely(update, trace);
    if (incoming.kind === "nothing") return await finishUpdate(store, store.db, row, true);
    const ctx = await this.contextOf(row, incoming, trace);
    // Whoever said it and whatever becomes of it: a secret does not stay in the inbox.
    const message = "message" in incoming ? incoming.message : undefined;
    if (message && wordsWith(message).some((words) => literalSecretIn(words).length > 0)) ctx.eraseStored();
    await this.finish(ctx, () => this.route(ctx, incoming));
  }

  private route(ctx: UpdateContext, incoming: Relevant): Promise<void> | void {
    switch (incoming.kind) {
      case "message":
        return this.onMessage(ctx, incoming.message);
      case "press":
        return this.callbacks.handle(ctx, incoming.query);
      case "refused":
        return this.unauthorized.reject(ctx, incoming);
      case "membership":
        return this.unauthorized.onMembership(ctx, incoming);
      case "migration":
        return this.unauthorized.reportMigration(ctx, incoming);
    }
  }

  /** What a person typed. */
  private async onMessage(ctx: UpdateContext, message: Message): Promise<void> {
    const { router } = this;
    const typed = messageText(message);
    const first = router.parse(typed);
    if (first.kind === "not_a_command") return await this.onChat(ctx, message);
    const asksWho = first.kind === "command" && router.needOf(first) === "identify";
    if (asksWho && this.unauthorized.mayBeTold(ctx)) return await router.dispatch(ctx, first);
    // Who may not even read learns nothing, and nothing is fetched for them; what more it takes is judged later.
    if (!await router.allows(ctx, "read", typed)) return;
    if (first.kind === "for_other_bot") {
      ctx.ignoreForBot();
      return ctx.refuse("other_bot_command");
    }
    await this.members.rememberName(ctx.person);
    const text = await router.inFull(first, typed, ctx.person.id);
    const parsed = text === typed ? first : router.parse(text);
    const answered = this.isOwn(message.reply_to_message) ? undefined : message.reply_to_message;
    const file = message.document ?? answered?.document;
    if (!file) return await router.dispatch(ctx, parsed);
    if (!await router.allows(ctx, router.needOf(parsed), text)) return;
    const document = router.takesDocument(parsed) ? await documentOf(this.deps, file) : NOT_TAKEN;
    const documentAt = message.document || parsed.kind === "literal_secret" ? undefined : answered;
    await router.dispatch(ctx, router.parse(text, document), documentAt);
  }

  /** What the bot sent is an answer, such as an export, and nobody's request. */
  private isOwn(answered: Message["reply_to_message"]): boolean {
    return answered?.from?.id === this.deps.bot.botInfo.id;
  }

  /** Talk among people is none of our business; someone who talks to the bot alone is told how. */
  private async onChat(ctx: UpdateContext, message: Message): Promise<void> {
    const { router } = this;
    const isTalk = ctx.chat.type !== "private" && ctx.repliesTo === undefined;
    const mayRead = !isTalk && (await this.members.judge("read", ctx.person.id, ctx.chat)).allowed;
    const text = messageText(message);
    const answered = mayRead && await this.pickers.answer(ctx, text);
    if (answered) return answered === true ? undefined : await router.carryOut(answered);
    if (mayRead && await offerDecision(ctx, text)) return;
    const about = mayRead ? await changeRepliedTo(ctx) : undefined;
    const reason = about && reasonGiven(about, ctx.person.id, text);
    if (reason) return await router.carryOut({ ctx, text: reason });
    if (about && await talkAbout({ ...this.deps, members: this.members }, ctx, about, text)) return;
    const narrowing = mayRead ? await this.listAnswered(ctx, text) : undefined;
    if (narrowing !== undefined) return await router.dispatch(ctx, router.parse(narrowing));
    ctx.ignoreForBot();
    if (ctx.chat.type !== "private" || !mayRead) return;
    ctx.answer({
      mark: "info",
      title: ["Commands begin with a slash. ", { code: "/help" }, " lists them."],
    });
  }

  /** The list that somebody answers with words to narrow it down; in a group more of them are talk about it. */
  private async listAnswered({ chat, repliesTo }: UpdateContext, text: string): Promise<string | undefined> {
    const words = normalise(text);
    const most = chat.type === "private" ? MOST_WORDS : 2;
    if (repliesTo === undefined || words === "" || words.split(" ").length > most) return undefined;
    const shown = await messageAt(this.deps.store.db, chat.id, repliesTo);
    const { narrows } = shown ? JSON.parse(shown.reply) as Reply : {};
    return narrows === undefined ? undefined : narrowedBy(narrows, words);
  }

  /** A note of ours: what waited for it goes on, as if just asked for. */
  private async continueNoted(row: InboxTable): Promise<void> {
    const { store } = this.deps;
    const resumed = await this.resumed(row);
    if (!resumed) return await finishUpdate(store, store.db, row, false);
    await this.finish(resumed.ctx, resumed.work, resumed.cleanUp);
  }

  /** Undefined where nothing waits for it any more. */
  private async resumed(row: InboxTable): Promise<Resumed | undefined> {
    const note = notedShape.parse(JSON.parse(row.body));
    return note.countersign === "read_due"
      ? await this.dueRead(row, note)
      : await this.enteredRequest(row, note.request);
  }

  /** The secrets of a request have been entered. */
  private async enteredRequest(row: InboxTable, request: string): Promise<Resumed | undefined> {
    const { store } = this.deps;
    const prompt = await findPromptEver(store, request);
    if (prompt?.kind !== "secret") return undefined;
    const { invocation, ...asked } = waitingShape.parse(JSON.parse(prompt.body));
    const ctx = new UpdateContext(store, { ...arrivalOf(row), ...asked, at: store.now() }, newTrace());
    const cleanUp = (db: Queryable) => wipeSecrets(db, request);
    return { ctx, work: () => this.router.resume(ctx, invocation), cleanUp };
  }

  /** Somebody set it to be read now. */
  private async dueRead(row: InboxTable, due: Due): Promise<Resumed | undefined> {
    const { store } = this.deps;
    const schedule = await scheduleDue(store.db, due);
    if (!schedule) return undefined;
    const ctx = new UpdateContext(store, { ...arrivalOf(row), ...scheduledOrigin(schedule) }, newTrace());
    return { ctx, work: () => runScheduled(this, ctx, schedule) };
  }

  /** Undefined for what was not asked for in words; a press has been answered already. */
  private async commandContext(row: InboxTable): Promise<UpdateContext | undefined> {
    const trace = newTrace();
    const incoming = this.classifySafely(JSON.parse(row.body), trace);
    const isCommand = incoming.kind === "message" && messageText(incoming.message).startsWith("/");
    return isCommand ? await this.contextOf(row, incoming, trace) : undefined;
  }

  private classifySafely(update: unknown, trace: string): Incoming {
    try {
      return classify(update);
    } catch (error) {
      this.deps.log.error("update_unreadable", { trace, ...errorFields(error) });
      return { kind: "refused", reason: "unsupported_update" };
    }
  }

  private async contextOf(row: InboxTable, incoming: Relevant, trace: string): Promise<UpdateContext> {
    const origin = { ...arrivalOf(row), ...originOf(incoming) };
    const press = incoming.kind === "press" ? await this.pressOf(incoming) : undefined;
    const looking = { reactions: this.reactions };
    return new UpdateContext(this.deps.store, { ...origin, press, looking }, trace);
  }

  private async pressOf(
    { chat, messageId, query }: Extract<Incoming, { kind: "press" }>,
  ): Promise<UpdateOrigin["press"]> {
    const shown = messageId > 0 ? await messageAt(this.deps.store.db, chat.id, messageId) : undefined;
    return { queryId: query.id, messageId, ...replaceable(shown, query.data ?? "") };
  }

  /**
   * Runs the work, turns what nobody foresaw into one fixed sentence, and commits what came of it, with `cleanUp` where
   * that is nothing.
   */
  private async finish(
    ctx: UpdateContext,
    work: () => Promise<void> | void,
    cleanUp?: Resumed["cleanUp"],
  ): Promise<void> {
    const { store, metrics, log } = this.deps;
    let finished = ctx;
    try {
      await work();
    } catch (error) {
      // Nobody can say now what was done; the update is handled again, and finds out.
      if (error instanceof StoreUnavailable || error instanceof TakenOver) throw error;
      // Half of what was gathered must not be committed: a fresh context carries only the apology. Nobody knows
      // whether the words were looked through, so they are not kept.
      finished = new UpdateContext(store, ctx, ctx.trace);
      finished.eraseStored();
      if (cleanUp) finished.onCommit(cleanUp);
      finished.answer(bugReply(error, log, ctx.trace));
    }
    const { refused, trace, chat, person } = finished;
    if (refused) {
      metrics.refused(refused);
      log.info("refused", { trace, reason: refused, chat: chat.id, person: person.id });
    }
    if (finished.hasRefusals) this.unauthorized.ration(finished);
    metrics.answerSeconds.observe(Math.max(0, store.now() - ctx.receivedAt) / 1000);
    await finished.commit();
  }
}

/** Lanes side by side: a slow vendor keeps only its own chat waiting. */
const LANES = 64;
/** An update that failed or took the process down this often is set aside. */
const MOST_ATTEMPTS = 5;
const FIRST_RETRY_MS = 500;

export function updateQueue(deps: Deps, dispatcher: Dispatcher): QueueJob<InboxTable> {
  return {
    name: "inbox",
    width: LANES,
    leaseMs: UPDATE_LEASE_MS,
    repeatable: true,
    claim: (most, busy) => claimUpdates(deps, most, busy),
    partition: (row) => row.lane,
    run: (row) => handleUpdate(deps, dispatcher, row),
    renew: (rows) => renewUpdates(deps, rows.map(({ update_id }) => update_id)),
    release: (rows) => releaseUpdates(deps, rows.map(({ update_id }) => update_id)),
  };
}

/** Handled, or set aside after too many attempts, or put off: one update that fails does not hold up its chat. */
async function handleUpdate(deps: Deps, dispatcher: Dispatcher, row: InboxTable): Promise<void> {
  const { log } = deps;
  const { update_id, attempts } = row;
  try {
    if (attempts > MOST_ATTEMPTS) {
      log.error("update_set_aside", { update: update_id, attempts });
      return await dispatcher.giveUp(row);
    }
    await dispatcher.handle(row);
  } catch (error) {
    if (error instanceof TakenOver) return log.warning("update_taken_over", { update: update_id });
    log.error("update_not_finished", { update: update_id, ...errorFields(error) });
    // A store that is away must not use up the attempts: the lease runs out when it may be back.
    if (!(error instanceof StoreUnavailable)) {
      await putOffUpdate(deps, update_id, FIRST_RETRY_MS * 2 ** (attempts - 1));
    }
  }
}

/** Telegram's ids are positive: what comes from outside is never taken for a note of our own. */
function isOurs({ update_id }: InboxTable): boolean {
  return update_id < 0;
}

const NOBODY: Person = { id: 0, name: "" };
const NOWHERE: UpdateOrigin["chat"] = { id: 0, type: "private" };

function arrivalOf(row: InboxTable): Pick<UpdateOrigin, "updateId" | "attempts" | "receivedAt" | "at"> {
  const { update_id: updateId, attempts, received_at } = row;
  return { updateId, attempts, receivedAt: received_at, at: received_at };
}

/** Who speaks, and where; a message also says when. */
function originOf(incoming: Relevant): Pick<UpdateOrigin, "chat" | "person"> & Partial<UpdateOrigin> {
  switch (incoming.kind) {
    case "message": {
      const { chat, person, message } = incoming;
      return { chat, person, ...placeOf(message), at: message.date * 1000 };
    }
    case "press": {
      const { chat, person, query: { message } } = incoming;
      return { chat, person, threadId: message && topicOf(message) };
    }
    case "refused": {
      const { chat = NOWHERE, person = NOBODY, message } = incoming;
      return { chat, person, ...message && placeOf(message) };
    }
    case "membership":
      return { chat: incoming.chat, person: incoming.by };
    case "migration":
      return { chat: { id: incoming.to, type: "supergroup" }, person: NOBODY };
  }
}

function placeOf(
  message: Message,
): Pick<UpdateOrigin, "threadId" | "messageId" | "ephemeralId" | "repliesTo"> {
  const { message_id, ephemeral_message_id } = message;
  return {
    threadId: topicOf(message),
    messageId: message_id > 0 ? message_id : undefined,
    ephemeralId: ephemeral_message_id,
    repliesTo: message.reply_to_message?.message_id,
  };
}

/**
 * Any client can send any data under any message: only an answer that has the button may be replaced by what a press
 * of it leads to. The card of a change must go on saying what there is to decide.
 */
function replaceable(
  shown: MessagesTable | undefined,
  data: string,
): Pick<NonNullable<UpdateOrigin["press"]>, "replaces"> {
  if (!shown || !/^(update|copy):/.test(shown.key)) return {};
  const button = buttonSending(JSON.parse(shown.reply) as Reply, data);
  return button ? { replaces: { key: shown.key, button } } : {};
}
