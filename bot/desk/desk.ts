import type { Api } from "grammy";
import type { Chat, Message, Update } from "grammy/types";
import type { Clock } from "../../clients/clock.ts";
import type { Operation } from "../../handlers/operation.ts";
import type { Reply } from "../../handlers/reply.ts";
import { cardKey, type Requests } from "../changes/requests.ts";
import type { Decisions } from "../changes/decisions.ts";
import { findChangeByHandle } from "../changes/machine.ts";
import { type Invocation, invocationShape } from "../changes/invocation.ts";
import type { Command } from "../command/command.ts";
import { isChange } from "../command/command.ts";
import { parse, type Parsed, type Understood } from "../command/parse.ts";
import { refusalOf } from "../command/refusal.ts";
import type { Config } from "../config.ts";
import { bugReply } from "../failure.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Need } from "../people/access.ts";
import { classify, type Incoming, textOf } from "../people/incoming.ts";
import type { People } from "../people/people.ts";
import { type ReasonCode, reasons } from "../people/reasons.ts";
import { parseCallback, type Press } from "../render/keyboard.ts";
import { pageOf } from "../render/page.ts";
import { continuationShape, waitingShape } from "../secrets/secrets.ts";
import { finishUpdate } from "../store/inbox.ts";
import { findMessage, messageAt, PRIORITY, putMessage } from "../store/messages.ts";
import { findPrompt, usePrompt } from "../store/prompts.ts";
import type { InboxTable, PromptsTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { createTurn, newTrace, type Turn } from "../turn.ts";
import type { Vendors } from "../vendors.ts";
import { type Builtin, isBuiltin } from "./builtin.ts";
import { documentOf } from "./document.ts";
import type { Reads } from "./reads.ts";

export interface DeskOptions {
  readonly config: Config;
  readonly store: Store;
  readonly api: Api;
  readonly botName: string;
  readonly clock: Clock;
  readonly vendors: Vendors;
  readonly people: People;
  readonly requests: Requests;
  readonly decisions: Decisions;
  readonly reads: Reads;
  readonly builtins: readonly Builtin[];
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Where every update comes to: who speaks, what is meant, who does it. */
export interface Desk {
  /** Handles one row of the inbox and finishes it. */
  handle(row: InboxTable): Promise<void>;
}

type AnyCommand = Operation | Builtin;

export function createDesk(options: DeskOptions): Desk {
  const { config, store, api, vendors, people, requests, decisions, reads, metrics, log } = options;
  const commands: readonly AnyCommand[] = [...options.builtins, ...vendors.operations];
  const vocabulary = { commands, aliases: vendors.aliases };

  async function handle(row: InboxTable): Promise<void> {
    const trace = newTrace();
    const body: unknown = JSON.parse(row.body);
    const continuation = continuationShape.safeParse(body);
    if (continuation.success) return await goOn(row, continuation.data.request, trace);
    const incoming = classifySafely(body as Update, trace);
    switch (incoming.kind) {
      case "message":
        return await inTurn(turnFor(row, incoming, trace), (turn) => hear(turn, incoming.message));
      case "press":
        return await inTurn(await pressTurn(row, incoming, trace), (turn) => pressed(turn, incoming));
      case "refused":
        return await inTurn(refusedTurn(row, incoming, trace), (turn) => turnAway(turn, incoming));
      case "membership":
        return await inTurn(plainTurn(row, incoming.chat, incoming.by, trace), (turn) => met(turn, incoming));
      case "migration":
        return await inTurn(
          plainTurn(row, { id: incoming.to, type: "supergroup" }, NOBODY, trace),
          (turn) => migrated(turn, incoming),
        );
      case "nothing":
        return await finishUpdate(store, store.db, row.update_id, false);
    }
  }

  function classifySafely(update: Update, trace: string): Incoming {
    try {
      return classify(update);
    } catch (error) {
      log.error("update_unreadable", { trace, ...errorFields(error) });
      return {
        kind: "refused",
        reason: "unsupported_update",
        chat: undefined,
        person: undefined,
        message: undefined,
      };
    }
  }

  /** Runs the work, turns what nobody foresaw into one fixed sentence, and commits what came of it. */
  async function inTurn(turn: Turn, work: (turn: Turn) => Promise<void> | void): Promise<void> {
    let finished = turn;
    try {
      await work(turn);
    } catch (error) {
      // Half of what was gathered must not be committed: a fresh turn carries only the apology.
      finished = createTurn(turn, turn.trace);
      finished.answer(bugReply(error, log, turn.trace));
    }
    if (finished.refused) {
      metrics.refused(finished.refused);
      log.info("refused", {
        trace: turn.trace,
        reason: finished.refused,
        chat: turn.chat.id,
        person: turn.person.id,
      });
    }
    metrics.answerSeconds.observe(Math.max(0, store.now() - turn.receivedAt) / 1000);
    await finished.commit();
  }

  async function hear(turn: Turn, message: Message): Promise<void> {
    const text = textOf(message);
    const first = parse(text, { ...vocabulary, botName: options.botName });
    if (first.kind === "for_other_bot") return turn.refuse("other_bot_command");
    if (first.kind === "not_a_command") return await chat(turn);
    if (!await allowed(turn, needOf(first), text)) return;
    if (needOf(first) !== "identify") await people.meet(turn.person);
    const parsed = message.document || message.reply_to_message?.document
      ? await withDocument(message, text)
      : first;
    await obey(turn, parsed);
  }

  async function withDocument(message: Message, text: string): Promise<Parsed<AnyCommand>> {
    const fileRoot = `${config.apiRoot}/file/bot${config.token}`;
    const document = await documentOf(message, api, fileRoot);
    return parse(text, { ...vocabulary, botName: options.botName, ...document });
  }

  /** Talk among people is none of our business; someone who talks to the bot alone is told how. */
  async function chat(turn: Turn): Promise<void> {
    if (turn.chat.type !== "private") return;
    const decision = await people.judge("read", turn.person.id, turn.chat);
    if (!decision.allowed) return;
    turn.answer({
      mark: "info",
      title: ["Commands begin with a slash. ", { code: "/help" }, " lists them."],
    });
  }

  async function obey(turn: Turn, parsed: Parsed<AnyCommand>): Promise<void> {
    switch (parsed.kind) {
      case "command":
        if (!await allowed(turn, needOf(parsed), `/${parsed.command.verb}`)) return;
        return await run(turn, parsed.command, invocationOf(parsed));
      case "literal_secret":
        return await takeBackSecret(turn, parsed.fields);
      case "wrong":
        turn.audit({ event: "refused", reason_code: "malformed_command", detail: parsed.code });
        metrics.refused("malformed_command");
        return turn.answer(refusalOf(parsed, vocabulary));
      case "for_other_bot":
      case "not_a_command":
        return;
    }
  }

  async function run(turn: Turn, command: AnyCommand, invocation: Invocation): Promise<void> {
    if (isBuiltin(command)) return await command.execute(turn, invocation.input);
    if (command.risk === "read") return await reads.run(turn, command, invocation.input);
    return await requests.ask(turn, command, invocation);
  }

  async function allowed(turn: Turn, need: Need, said: string): Promise<boolean> {
    const decision = await people.judge(need, turn.person.id, turn.chat);
    if (!decision.allowed) {
      turn.refuse(decision.reason, { operation: said.split(/\s/, 2)[0]?.slice(0, 40) ?? "" });
    }
    return decision.allowed;
  }

  /** It has been seen by everyone in the chat: it goes, it is not used, and it has to be replaced. */
  async function takeBackSecret(turn: Turn, fields: readonly string[]): Promise<void> {
    turn.blank();
    const deleted = await deleteMessage(turn);
    turn.refuse("literal_secret", {
      detail: fields.join(", "),
      next: [
        deleted
          ? "I deleted it and used nothing of it. "
          : "I may not delete messages here: delete it yourself now. Nothing of it was used. ",
        "Whoever was in this chat may have read it, so replace it where it comes from. Then send the command with ",
        { code: fields.map((field) => `${field}=?`).join(" ") },
        ": you get a private page to enter it.",
      ],
    });
  }

  async function deleteMessage(turn: Turn): Promise<boolean> {
    if (turn.messageId === undefined) return false;
    try {
      return await api.deleteMessage(turn.chat.id, turn.messageId);
    } catch (error) {
      log.warning("secret_not_deleted", { trace: turn.trace, chat: turn.chat.id, ...errorFields(error) });
      return false;
    }
  }

  async function pressed(turn: Turn, incoming: Extract<Incoming, { kind: "press" }>): Promise<void> {
    const press = parseCallback(incoming.query.data ?? "");
    const decision = await people.judge("read", turn.person.id, turn.chat);
    if (!decision.allowed) {
      turn.refuse(decision.reason);
      return await answerPress(turn, incoming.query.id);
    }
    await people.meet(turn.person);
    // A read may take a while, and Telegram shows a clock on the button until the press is answered.
    const long = press?.kind === "command" || press?.kind === "stored" ||
      (press?.kind === "handle" && (press.do === "choose" || press.do === "undo"));
    if (long) await answerPress(turn, incoming.query.id);
    await followPress(turn, press);
    if (!long) await answerPress(turn, incoming.query.id);
  }

  async function followPress(turn: Turn, press: Press | undefined): Promise<void> {
    if (!press) return turn.refuse("unknown_button");
    if (press.kind === "command") return await pressedRead(turn, press.command);
    if (press.kind === "stored") {
      const prompt = await findPrompt(store, press.handle);
      if (prompt?.kind !== "command") return turn.refuse("unknown_button");
      return await pressedRead(turn, JSON.parse(prompt.body) as string);
    }
    if (press.do === "page") return await turnPage(turn, press.handle, press.page);
    const change = await findChangeByHandle(store, press.handle);
    if (!change) {
      return press.do === "choose" ? await choose(turn, press.handle) : turn.refuse("unknown_button");
    }
    // The handle only names the change: the press counts where the change's own card stands.
    const card = await findMessage(store.db, cardKey(change.code));
    const atCard = card?.chat_id === turn.chat.id &&
      (card.message_id === null || card.message_id === turn.press?.messageId);
    if (!atCard) return turn.refuse("foreign_button", { detail: change.code });
    if (press.do === "approve" || press.do === "reject") {
      return await decisions.decide(turn, change, press.do);
    }
    if (!await allowed(turn, "request", `/${press.do}`)) return;
    // The card stays what it is; what comes of the press gets a message of its own.
    if (press.do === "undo") return await requests.undo(turn.aside(), change);
    return await requests.again(turn.aside(), change);
  }

  /** Any client can send any data: what is typed by a press may only read. */
  async function pressedRead(turn: Turn, command: string): Promise<void> {
    const parsed = parse(command, { ...vocabulary, botName: options.botName });
    if (parsed.kind !== "command" || parsed.command.risk !== "read") return turn.refuse("unknown_button");
    await obey(turn, parsed);
  }

  async function choose(turn: Turn, handle: string): Promise<void> {
    const prompt = await answerable(turn, handle, ["choice", "stale"]);
    if (!prompt) return;
    const invocation = invocationShape.parse(JSON.parse(prompt.body));
    const command = vendors.find(invocation.verb, invocation.target);
    if (!command || !await allowed(turn, needOfCommand(command), `/${invocation.verb}`)) return;
    if (!isChange(command)) return await run(turn, command, invocation);
    // Presses of a chat are handled one after the other, so the mark may wait for the commit of the whole turn.
    if (prompt.used_at !== null) return turn.refuse("unknown_button");
    turn.also((transaction) => usePrompt(store, transaction, handle));
    if (turn.press?.messageId) {
      turn.answer({
        mark: "info",
        title: ["Asked for: ", { data: `/${invocation.verb} ${invocation.target ?? ""}` }],
      });
    }
    await run(turn.aside(invocation.messageId), command, invocation);
  }

  async function turnPage(turn: Turn, handle: string, page: number): Promise<void> {
    const prompt = await answerable(turn, handle, ["page"]);
    if (!prompt) return;
    turn.answer(pageOf(JSON.parse(prompt.body) as Reply, { page, handle }).reply);
  }

  async function answerable(
    turn: Turn,
    handle: string,
    kinds: readonly PromptsTable["kind"][],
  ): Promise<PromptsTable | undefined> {
    const prompt = await findPrompt(store, handle);
    const reason: ReasonCode | undefined = !prompt || !kinds.includes(prompt.kind)
      ? "unknown_button"
      : prompt.chat_id !== turn.chat.id
      ? "foreign_button"
      : prompt.person_id !== null && prompt.person_id !== turn.person.id
      ? "not_for_you"
      : undefined;
    if (reason === undefined) return prompt;
    turn.refuse(reason);
    return undefined;
  }

  /** Only the presser sees this; a refusal comes as an alert, since a toast is easily missed. */
  async function answerPress(turn: Turn, queryId: string): Promise<void> {
    const text = turn.notice?.trim().slice(0, 200);
    try {
      await api.answerCallbackQuery(queryId, text ? { text, show_alert: turn.refused !== undefined } : {});
    } catch (error) {
      log.debug("press_not_answered", { trace: turn.trace, ...errorFields(error) });
    }
  }

  /** The secrets of a request have been entered: it goes on as if just asked for. */
  async function goOn(row: InboxTable, request: string, trace: string): Promise<void> {
    const prompt = await findPrompt(store, request);
    if (prompt?.kind !== "secret") return await finishUpdate(store, store.db, row.update_id, false);
    const { invocation, person, chat, threadId, messageId } = waitingShape.parse(JSON.parse(prompt.body));
    const turn = createTurn({
      store,
      updateId: row.update_id,
      receivedAt: row.received_at,
      chat,
      person,
      threadId,
      messageId,
      at: store.now(),
    }, trace);
    await inTurn(turn, async () => {
      const command = vendors.find(invocation.verb, invocation.target);
      if (!command || !await allowed(turn, "request", `/${invocation.verb}`)) return;
      await run(turn, command, invocation);
    });
  }

  /** Added to a strange chat: leaves it, and tells those it works for. */
  async function met(turn: Turn, incoming: Extract<Incoming, { kind: "membership" }>): Promise<void> {
    const { chat, present, by } = incoming;
    if (!present || chat.type === "private" || config.adminChats.includes(chat.id)) return;
    turn.refuse("unknown_chat", { operation: "added" });
    await api.leaveChat(chat.id).catch((error) =>
      log.warning("chat_not_left", { chat: chat.id, ...errorFields(error) })
    );
    report(turn, {
      mark: "attention",
      title: "I was added to a chat that is not on the allow-list, and left it",
      blocks: [{
        kind: "facts",
        facts: [["Chat", [{ data: titleOf(chat) }, " ", { code: String(chat.id) }]], ["By", [
          { data: by.name },
          " ",
          { code: String(by.id) },
        ]]],
      }],
    }, config.adminChats);
  }

  /** A new id is a new chat: it is let in by whoever runs the bot, not by the message that announces it. */
  function migrated(turn: Turn, { from, to }: Extract<Incoming, { kind: "migration" }>): void {
    if (!config.adminChats.includes(from) || config.adminChats.includes(to)) return;
    turn.audit({
      event: "chat_migrated",
      chat_id: from,
      detail: String(to),
      person_id: null,
      person_name: null,
    });
    log.error("chat_migrated", { from, to });
    const persons = [...config.operators ?? [], ...config.approvers ?? []];
    report(turn, {
      mark: "attention",
      title: "An admin group became a supergroup and has a new id",
      blocks: [{
        kind: "text",
        text: [
          "It was ",
          { code: String(from) },
          ", it is now ",
          { code: String(to) },
          ". I do not follow by myself: put the new id into ADMIN_CHATS and restart me.",
        ],
      }],
    }, new Set([...config.adminChats.filter((id) => id !== from), ...persons]));
  }

  function report(turn: Turn, reply: Reply, chatIds: Iterable<number>): void {
    turn.also(async (transaction) => {
      for (const chatId of chatIds) {
        const key = `report:${turn.updateId}:${chatId}`;
        await putMessage(store, transaction, {
          key,
          chatId,
          reply,
          priority: PRIORITY.answer,
          trace: turn.trace,
        });
      }
    });
  }

  /** What no person typed here and now. Only something that looks like a command is worth a word or a row. */
  async function turnAway(
    turn: Turn,
    { reason, message, chat }: Extract<Incoming, { kind: "refused" }>,
  ): Promise<void> {
    if (message && !textOf(message).startsWith("/")) return metrics.refused(reason);
    const known = chat && config.adminChats.includes(chat.id);
    const inOwnChat = chat?.type === "private" && turn.person.id > 0 &&
      (await people.judge("read", turn.person.id, chat)).allowed;
    turn.refuse(known || inOwnChat ? reason : chat ? strangerReason(reason) : reason);
    if (!known && !inOwnChat) turn.hush();
  }

  function needOf(parsed: Parsed<AnyCommand>): Need {
    return parsed.kind === "command" ? needOfCommand(parsed.command) : "read";
  }

  async function pressTurn(
    row: InboxTable,
    { person, chat, messageId, query }: Extract<Incoming, { kind: "press" }>,
    trace: string,
  ): Promise<Turn> {
    const shown = messageId > 0 ? await messageAt(store.db, chat.id, messageId) : undefined;
    return createTurn({
      store,
      updateId: row.update_id,
      receivedAt: row.received_at,
      chat,
      person,
      threadId: query.message && "message_thread_id" in query.message
        ? query.message.message_thread_id
        : undefined,
      at: row.received_at,
      press: { queryId: query.id, messageId, key: shown?.key ?? `at:${chat.id}:${messageId}` },
    }, trace);
  }

  function turnFor(
    row: InboxTable,
    { person, chat, message }: Extract<Incoming, { kind: "message" }>,
    trace: string,
  ): Turn {
    return createTurn({
      store,
      updateId: row.update_id,
      receivedAt: row.received_at,
      chat,
      person,
      threadId: message.is_topic_message ? message.message_thread_id : undefined,
      messageId: message.message_id,
      at: message.date * 1000,
    }, trace);
  }

  function refusedTurn(
    row: InboxTable,
    incoming: Extract<Incoming, { kind: "refused" }>,
    trace: string,
  ): Turn {
    const { message, chat, person } = incoming;
    return createTurn({
      store,
      updateId: row.update_id,
      receivedAt: row.received_at,
      chat: chat ?? NOWHERE,
      person: person ?? NOBODY,
      threadId: message?.is_topic_message ? message.message_thread_id : undefined,
      messageId: message?.message_id,
      at: row.received_at,
    }, trace);
  }

  function plainTurn(
    row: InboxTable,
    chat: Pick<Chat, "id" | "type">,
    person: Turn["person"],
    trace: string,
  ): Turn {
    return createTurn({
      store,
      updateId: row.update_id,
      receivedAt: row.received_at,
      chat,
      person,
      at: row.received_at,
    }, trace);
  }

  return { handle };
}

const NOBODY = { id: 0, name: "" };
const NOWHERE = { id: 0, type: "private" } as const;

function needOfCommand(command: AnyCommand): Need {
  if (isBuiltin(command)) return command.need;
  return command.risk === "read" ? "read" : "request";
}

function invocationOf({ command, input, asked, reason, ticket }: Understood<Command>): Invocation {
  return { verb: command.verb, target: command.target, input, asked, reason, ticket };
}

function strangerReason(reason: ReasonCode): ReasonCode {
  return reasons[reason] === null ? reason : "unknown_chat";
}

function titleOf(chat: Chat): string {
  return "title" in chat && chat.title ? chat.title : "without a title";
}
