import { withTimeout } from "../../clients/clock.ts";
import type { JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import type { Operation, ReadOperation, ValueNeeded } from "../../handlers/operation.ts";
import type { Button, Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { type Need, needOf } from "../access/policy.ts";
import type { Requests } from "../approvals/request.ts";
import { askWhetherStillWanted, offeringForm } from "../clarify.ts";
import type { Builtin, CommandParts } from "../commands/builtin.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorReply } from "../error_reply.ts";
import type { Forms } from "../forms/forms.ts";
import type { Invocation } from "../invocation.ts";
import { errorFields } from "../log.ts";
import type { Completed, Pickers } from "../pickers/picker.ts";
import { aliasesOf, endPickers, keepRecent } from "../store/kept_values.ts";
import {
  type Command,
  type CommandSet,
  fieldsTyped,
  headOf,
  isBare,
  isChange,
  takesDocument,
} from "../parser/command.ts";
import { CHOOSE, inputSoFar, leftOpen, typedFor } from "../parser/lacking.ts";
import {
  type InvalidCommand,
  parse,
  type Parsed,
  type ParsedCommand,
  type ParseOptions,
} from "../parser/parse.ts";
import { normalise } from "../parser/tokenize.ts";
import { validationMessage } from "../parser/validation_message.ts";
import type { Message } from "../telegram/update.ts";
import { wipeSecrets } from "../secrets/entry.ts";
import { asAway, asWatched } from "../watch/sinces.ts";
import type { Document } from "./attachment.ts";
import type { Unauthorized } from "./unauthorized.ts";

/** Whoever typed it longer ago, while the bot or the phone was away, may have thought better of it since. */
const STALE_MS = 120_000;
/** A read may take several vendor calls; each has its own shorter limit. */
const READ_MS = 60_000;
/** One vendor's status ends as soon as the overview of all of them does. */
const STATUS_MS = 10_000;

const BACK: Button = { label: "‹ All vendors", action: { command: "/status" } };

/** What a read is about can be chosen where it was left out. */
function choosing(command: ReadOperation, input: JsonObject): Button[][] {
  const field = fieldsTyped(command).find(({ name }) => command.choices?.[name] && !(name in input));
  const action = { command: `${headOf(command)} ${CHOOSE}` };
  return field ? [[{ label: `Choose a ${field.placeholder}`, action }]] : [];
}

/** A document may hold thousands of secrets, and what is said of them is kept for good. */
const MOST_NAMED = 10;

export type AnyCommand = Operation | Builtin;

/** Where a message stands; one that only the bot and its sender see has a number of another kind. */
type Place = Pick<Message, "message_id" | "ephemeral_message_id">;

/** Brings a command to what carries it out, whoever gave it: typed, pressed, or waiting in the store. */
export class Router {
  private readonly commandSet: CommandSet<AnyCommand>;

  constructor(
    private readonly deps: Deps,
    private readonly commands: readonly AnyCommand[],
    private readonly members: Members,
    private readonly unauthorized: Unauthorized,
    private readonly requests: Requests,
    private readonly pickers: Pickers,
    private readonly forms: Forms,
    private readonly commandParts: CommandParts,
  ) {
    this.commandSet = { commands, aliases: deps.vendors.aliases };
  }

  /** What a message asks for; `came` is the document that came with it, or why there is none. */
  parse(text: string, came: Pick<ParseOptions<AnyCommand>, keyof Document> = {}): Parsed<AnyCommand> {
    return parse(text, { ...this.commandSet, botName: this.deps.bot.botInfo.username, ...came });
  }

  /** The words with this person's own word for the beginning written out, where the first one is no verb. */
  async inFull(parsed: Parsed<AnyCommand>, text: string, personId: number): Promise<string> {
    if (parsed.kind !== "wrong" || parsed.code !== "unknown_verb") return text;
    const [, word = ""] = /^\/([^\s@]+)/.exec(normalise(text)) ?? [];
    const alias = (await aliasesOf(this.deps.store, personId)).find(({ name }) =>
      name === word.toLowerCase()
    );
    return alias ? normalise(text).replace(/^\S+/, () => `/${alias.command}`) : text;
  }

  /** Judges the person anew; a refusal is told and recorded. */
  async allows(ctx: UpdateContext, need: Need, said: string): Promise<boolean> {
    const decision = await this.members.judge(need, ctx.person.id, ctx.chat);
    if (decision.allowed) return true;
    const { reason } = decision;
    const operation = said.split(/\s/, 1)[0]?.slice(0, 40) ?? "";
    const isStranger = reason === "unknown_chat" || reason === "unknown_person";
    if (isStranger) await this.unauthorized.refuse(ctx, reason, operation);
    else ctx.refuse(reason, { operation });
    return false;
  }

  /** What the person must be allowed to do for it; to read, where it is not clear what was asked for. */
  needOf(parsed: Parsed<AnyCommand>): Need {
    return "command" in parsed && parsed.command ? this.needFor(parsed.command) : "read";
  }

  /** Where rules say who may ask for what, they are asked with the change in hand. */
  private needFor(command: AnyCommand): Need {
    return this.members.rules && isChange(command) ? "read" : needOf(command);
  }

  /** Whether a JSON document may come with it. */
  takesDocument(parsed: Parsed<AnyCommand>): boolean {
    return "command" in parsed && !!parsed.command && takesDocument(parsed.command);
  }

  /** Whether more may come of it than an answer. */
  isChange(invocation: Invocation): boolean {
    return this.find(invocation)?.risk !== "read";
  }

  /** Carries out what was picked step by step, as if it had been typed. */
  async carryOut({ ctx, text }: Completed): Promise<void> {
    await this.dispatch(ctx, this.parse(text));
  }

  /** Runs a command, or says why not. `documentAt`: the message that held the document, where it is another one. */
  async dispatch(ctx: UpdateContext, parsed: Parsed<AnyCommand>, documentAt?: Place): Promise<void> {
    switch (parsed.kind) {
      case "command":
        if (!await this.allows(ctx, this.needFor(parsed.command), `/${parsed.command.verb}`)) return;
        if (isStale(ctx, parsed.command)) return holdBack(ctx, parsed);
        this.leavePickers(ctx);
        this.remember(ctx, parsed);
        if (Object.values(parsed.input).includes(ENTER_MARK) && await this.askWhich(ctx, parsed)) return;
        if (
          (!("execute" in parsed.command) && isBare(parsed.command, parsed.given)) ||
          (parsed.command.verb === "plan" && this.pickers.lacks(parsed.typed))
        ) {
          return await this.pick(ctx, parsed.typed);
        }
        return await this.run(ctx, parsed.command, invocationOf(parsed), parsed.typed);
      case "literal_secret":
        return await this.takeBackSecret(ctx, parsed, documentAt);
      case "wrong":
        this.leavePickers(ctx);
        if (parsed.given && parsed.typed !== undefined) {
          if (!await this.allows(ctx, this.needOf(parsed), parsed.typed)) return;
          return await this.pick(ctx, parsed.typed);
        }
        ctx.audit({ event: "refused", reason_code: "malformed_command", detail: parsed.code });
        this.deps.metrics.refused("malformed_command");
        return ctx.answer(this.withForm(ctx, parsed, validationMessage(parsed, this.commandSet)));
      case "for_other_bot":
      case "not_a_command":
        return;
    }
  }

  /** Goes on with something stored; the person is judged anew. */
  async resume(ctx: UpdateContext, invocation: Invocation): Promise<void> {
    const command = this.find(invocation);
    const { verb, handle } = invocation;
    if (command && await this.allows(ctx, this.needFor(command), `/${verb}`)) {
      return await this.run(ctx, command, invocation);
    }
    // What was entered for it is of no use any more.
    if (handle !== undefined) ctx.onCommit((transaction) => wipeSecrets(transaction, handle));
  }

  /** Whoever types another command is done with the half-finished one. */
  private leavePickers(ctx: UpdateContext): void {
    const { store, person, chat } = ctx;
    if (!ctx.press) ctx.onCommit((transaction) => endPickers(store, transaction, person.id, chat.id));
  }

  /** What was typed or picked whole; a button that reads is pressed over and over. */
  private remember(ctx: UpdateContext, { typed, command }: ParsedCommand<AnyCommand>): void {
    const { store, person } = ctx;
    if (ctx.press?.replaces && "command" in ctx.press.replaces.button.action) return;
    if (command.verb === "recent") return;
    ctx.onCommit(async (transaction) => {
      // What a vendor's facts stand against was understood all the same.
      if (!("execute" in command && ctx.isMisunderstood)) {
        await keepRecent(store, transaction, person.id, typed);
      }
    });
  }

  /** Asks for what a command lacks; `needed` says what only its plan could tell. */
  private async pick(
    ctx: UpdateContext,
    typed: string,
    needed?: Pick<ValueNeeded, "field" | "message">,
  ): Promise<void> {
    const completed = await this.pickers.begin(ctx, typed, needed);
    if (completed && completed.text !== typed) return await this.carryOut(completed);
    if (completed) ctx.answer({ mark: "question", title: needed?.message ?? typed, personal: true });
  }

  /** A name that is left to be chosen is asked for below what led there. */
  private async askWhich(ctx: UpdateContext, parsed: ParsedCommand<AnyCommand>): Promise<boolean> {
    const open = leftOpen(parsed);
    if (!open) return false;
    const place = ctx.press ? ctx.fork() : ctx;
    const completed = await this.pickers.begin(place, open.typed, open);
    if (completed) await this.carryOut(completed);
    return true;
  }

  private withForm(ctx: UpdateContext, { command, typed }: InvalidCommand<AnyCommand>, reply: Reply): Reply {
    if (!command || !("form" in command) || typed === undefined) return reply;
    const { verb, target } = command;
    const known = inputSoFar(typed, this.commandSet);
    return offeringForm(this.deps.config, ctx, reply, { verb, target, asked: [], ...known });
  }

  private find({ verb, target }: Invocation): AnyCommand | undefined {
    return this.commands.find((command) => command.verb === verb && command.target === target);
  }

  /** `typed`: the whole command, where more of it can be asked for. */
  private async run(
    ctx: UpdateContext,
    command: AnyCommand,
    invocation: Invocation,
    typed?: string,
  ): Promise<void> {
    if ("execute" in command) {
      const field = invocation.ask ??
        (await command.execute(this.commandParts, ctx, invocation.input))?.field;
      return field === undefined ? undefined : await this.pick(ctx, typedFor(command, invocation.input), {
        field,
        message: command.summary,
      });
    }
    if (command.risk !== "read" && invocation.onPage) return await this.forms.offer(ctx, command, invocation);
    if (command.risk !== "read") {
      const needed = await this.requests.ask(ctx, command, invocation);
      // A document that came along is in no question.
      const isTyped = typed !== undefined && invocation.input.document === undefined;
      return needed && isTyped ? await this.pick(ctx, typed, needed) : undefined;
    }
    const label = this.deps.vendors.byName(command.vendor)?.vendor.label ?? command.vendor;
    const working: Reply = { mark: "working", title: `Asking ${label} …` };
    const read = () => this.read(ctx, command, invocation.input);
    const reply = await ctx.withProgress(working, this.deps.clock, read);
    // Whoever went into a vendor from the overview finds the way back.
    const back = command.verb === "status" ? [[BACK]] : this.backFrom(ctx, command);
    ctx.answer({ ...reply, buttons: [...reply.buttons ?? [], ...back] }, { paged: true });
  }

  /** Whoever went from a vendor's overview to one of its integrations finds the way back too. */
  private backFrom({ press }: UpdateContext, { verb, target }: ReadOperation): Button[][] {
    const isOverview = (one: AnyCommand) => one.verb === "status" && one.target === target;
    if (!press || verb !== "show" || !this.commandSet.commands.some(isOverview)) return [];
    return [[{ label: "‹ Back", action: { command: `/status ${target}` } }]];
  }

  private async read(ctx: UpdateContext, operation: ReadOperation, input: JsonObject): Promise<Reply> {
    const { store, vendors, clock } = this.deps;
    const connected = vendors.byName(operation.vendor);
    if (!connected?.client) {
      return notSetUp(connected?.vendor.label ?? operation.vendor, connected?.vendor.environment ?? []);
    }
    const limitMs = operation.verb === "status" ? STATUS_MS : READ_MS;
    try {
      const render = await withTimeout(limitMs, clock, (signal) => {
        const context = vendors.context(connected, { signal, trace: ctx.trace });
        return operation.read(context, input);
      });
      const reply = await asWatched(this.deps, operation, render({ now: store.now() }));
      return { ...reply, buttons: [...reply.buttons ?? [], ...choosing(operation, input)] };
    } catch (error) {
      const invocation = { verb: operation.verb, target: operation.target, input, asked: [] };
      return await asAway(this.deps, operation, errorReply(error, ctx, invocation, this.commandSet));
    }
  }

  /** Everyone in the chat has seen it: it goes, it is not used, and it has to be replaced. */
  private async takeBackSecret(
    ctx: UpdateContext,
    { fields, asked, unread }: Extract<Parsed<AnyCommand>, { kind: "literal_secret" }>,
    documentAt?: Place,
  ): Promise<void> {
    ctx.eraseStored();
    const own = { message_id: ctx.messageId ?? 0, ephemeral_message_id: ctx.ephemeralId };
    const places = [own, documentAt].filter((place) => place !== undefined).filter(isSomewhere);
    const gone = await Promise.all(places.map((place) => this.deleteMessage(ctx, place)));
    const deleted = gone.length > 0 && gone.every(Boolean);
    const named = upTo(MOST_NAMED, fields, (more) => `and ${more} more`);
    const options = upTo(MOST_NAMED, asked.map((field) => `${field}=?`), () => "…").join(" ");
    const isUnseen = fields.length === 0;
    ctx.refuse(isUnseen ? "document_unseen" : "literal_secret", {
      detail: named.join(", "),
      next: [
        ...(unread === undefined ? [] : [`${unread} `]),
        ...(unread === undefined || isUnseen
          ? []
          : [`It names ${named.join(", ")}, so there may be a secret in it. `]),
        deleted
          ? "I deleted it and used nothing of it. "
          : "I may not delete messages here: delete it yourself now. Nothing of it was used. ",
        isUnseen
          ? "If a secret was in it, whoever was in this chat may have read it: replace it where it comes from. "
          : "Whoever was in this chat may have read it, so replace it where it comes from. ",
        ...(isUnseen
          ? ["Then send the command again, with no secret in its document."]
          : options === ""
          ? ["Then send the command again without it."]
          : ["Then send the command with ", { code: options }, ": you get a private page to enter it."]),
      ],
    });
  }

  private async deleteMessage(
    ctx: UpdateContext,
    { message_id, ephemeral_message_id }: Place,
  ): Promise<boolean> {
    const { bot: { api, botInfo }, log } = this.deps;
    const chat_id = ctx.chat.id;
    try {
      if (ephemeral_message_id === undefined) return await api.deleteMessage(chat_id, message_id);
      return await api.raw.deleteEphemeralMessage({
        chat_id,
        receiver_user_id: botInfo.id,
        ephemeral_message_id,
      });
    } catch (error) {
      log.warning("secret_not_deleted", { trace: ctx.trace, chat: ctx.chat.id, ...errorFields(error) });
      return false;
    }
  }
}

function isSomewhere({ message_id, ephemeral_message_id }: Place): boolean {
  return message_id > 0 || ephemeral_message_id !== undefined;
}

function upTo(most: number, words: readonly string[], rest: (more: number) => string): readonly string[] {
  return words.length > most ? [...words.slice(0, most), rest(words.length - most)] : words;
}

/** What only reads is as true now as it was then. */
function isStale({ store, at }: UpdateContext, command: AnyCommand): boolean {
  if (command.risk === "read" || "urgent" in command) return false;
  return store.now() - at > STALE_MS;
}

/** A change can still be asked for with one press; what acts by itself has to be typed anew. */
function holdBack(ctx: UpdateContext, parsed: ParsedCommand<AnyCommand>): void {
  const { command, typed } = parsed;
  if (isChange(command)) return askWhetherStillWanted(ctx, invocationOf(parsed));
  ctx.refuse("stale_message", {
    operation: headOf(command),
    next: [
      "It was typed ",
      { time: ctx.at, as: "relative" },
      ". If it is still wanted, send it again: ",
      { code: typed },
    ],
  });
}

function invocationOf({ command, input, asked, ...parsed }: ParsedCommand<Command>): Invocation {
  const { reason, ticket, for: lasting, at } = parsed;
  return { verb: command.verb, target: command.target, input, asked, reason, ticket, for: lasting, at };
}

function notSetUp(label: string, environment: readonly string[]): Reply {
  return {
    mark: "absent",
    title: `${label} is not set up`,
    blocks: [{
      kind: "text",
      text: ["Someone with access to the bot: set ", { code: environment.join(", ") }, ", then restart it."],
    }],
    personal: true,
  };
}
