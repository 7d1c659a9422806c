import { withTimeout } from "../../clients/clock.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { BadInput, type Candidate } from "../../handlers/operation.ts";
import { closestNames } from "../../handlers/resolve.ts";
import type { Reply } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import { formButton, noFormNote } from "../clarify.ts";
import type { Builtin } from "../commands/builtin.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorReply } from "../error_reply.ts";
import { findMessage, putMessage } from "../outbox/messages.ts";
import { PRIORITY } from "../outbox/outgoing.ts";
import type { Command, CommandSet } from "../parser/command.ts";
import { commandIn, fieldNamed, inputSoFar, type Lack, lacking, withValue } from "../parser/lacking.ts";
import { parse, type ParseOptions } from "../parser/parse.ts";
import { normalise } from "../parser/tokenize.ts";
import type { PickPress } from "../render/keyboard.ts";
import {
  findPromptEver,
  movePicker,
  newHandle,
  openPicker,
  putPrompt,
  recentCommands,
} from "../store/kept_values.ts";
import type { PromptsTable } from "../store/schema.ts";
import {
  type Asking,
  type Deeper,
  type FieldAsked,
  itemQuestion,
  type Option,
  targetQuestion,
  valueQuestion,
  wayQuestion,
} from "./question.ts";
import {
  answeredReply,
  type Beside,
  fittingOptions,
  type Needed,
  NOTHING_FOR_YOU,
  nothingThere,
  type Picking,
  shown,
  stateOf,
  unwrapped,
  type Way,
  wayAfter,
  wholeReply,
  withWords,
  wrapped,
} from "./shown.ts";

/** A choice is over this long after the last step of it. */
const OPEN_MS = 10 * 60_000;
/** Reading what there is to choose from is given up after this long. */
const READ_MS = 15_000;

/** A command that lacks nothing any more, to be carried out in this context as if it had been typed. */
export interface Completed {
  readonly ctx: UpdateContext;
  readonly text: string;
}

/** What comes of a step: the next question, the whole command, or an answer that ends it. */
type Next =
  | { readonly kind: "ask"; readonly question: Asking; readonly typed: string }
  | { readonly kind: "whole"; readonly typed: string }
  | { readonly kind: "end"; readonly reply: Reply };

function asking(typed: string, question: Asking, { chosen }: Way): Next {
  return { kind: "ask", typed, question: { ...question, chosen } };
}

/** Asks for what a command lacks, one thing after the other, until it is whole. */
export class Pickers {
  constructor(
    private readonly deps: Deps,
    private readonly members: Members,
    private readonly commandSet: CommandSet,
  ) {}

  /**
   * Begins with a command that lacks something; `needed` is what only its plan could tell. Undefined once it has asked,
   * or has said why there is nothing to ask.
   */
  async begin(ctx: UpdateContext, typed: string, needed?: Needed): Promise<Completed | undefined> {
    const { before, plain } = unwrapped(typed);
    const next = await ctx.withProgress(
      { mark: "working", title: "Looking what there is …", personal: true },
      this.deps.clock,
      () => this.next(ctx, plain, needed && { field: needed.field }, wayAfter(before, needed?.because)),
    );
    if (next.kind === "whole") return { ctx, text: wrapped(before, next.typed) };
    return void (next.kind === "ask" ? this.open(ctx, before, next) : ctx.answer(next.reply));
  }

  /** Whether it can be led on by hand: `/plan` takes any words for a command. */
  lacks(typed: string): boolean {
    const { before, plain } = unwrapped(typed);
    const parsed = parse(plain, this.parsing());
    return before !== "" && (parsed.kind === "command" || parsed.kind === "wrong") &&
      lacking(plain, parsed, this.commandSet, wayAfter(before).leftOut) !== undefined;
  }

  private open(
    ctx: UpdateContext,
    before: string,
    { typed, question }: Extract<Next, { readonly kind: "ask" }>,
  ): void {
    const state: Picking = {
      ...question,
      before,
      typed,
      step: 0,
      page: 1,
      key: ctx.key,
      messageId: ctx.messageId,
    };
    const handle = newHandle();
    ctx.onCommit((transaction) =>
      putPrompt(this.deps.store, transaction, {
        handle,
        kind: "picker",
        person_id: ctx.person.id,
        chat_id: ctx.chat.id,
        body: state,
        ttlMs: OPEN_MS,
      })
    );
    ctx.answer(shown(state, handle, this.formBeside(ctx, state)));
  }

  /** A press of one of its buttons. What is whole by it comes back, to be carried out. */
  async press(
    ctx: UpdateContext,
    { handle, step, picked }: PickPress,
    soon: () => Promise<unknown>,
  ): Promise<Completed | undefined> {
    const { store } = this.deps;
    const prompt = await findPromptEver(store, handle);
    if (prompt?.kind !== "picker") return void ctx.refuse("unknown_button");
    if (prompt.chat_id !== ctx.chat.id) return void ctx.refuse("foreign_button");
    if (prompt.person_id !== ctx.person.id) return void ctx.refuse("not_for_you");
    const state = stateOf(prompt);
    if (prompt.used_at !== null || prompt.expires_at <= store.now() || step !== state.step) {
      return void ctx.refuse("picker_over");
    }
    if (picked === "cancel") return this.leave(ctx, prompt, { mark: "info", title: "Nothing was asked for" });
    if (picked === "back" || picked === "next") {
      return this.show(ctx, prompt, { ...state, page: state.page + (picked === "next" ? 1 : -1) });
    }
    const option = state.options[picked];
    if (!option) return void ctx.refuse("unknown_button");
    await soon();
    return await this.take(ctx, prompt, option);
  }

  /** What its asker typed in answer, if this is one. False where it is ordinary talk. */
  async answer(ctx: UpdateContext, text: string): Promise<Completed | boolean> {
    const { store } = this.deps;
    const prompt = await openPicker(store, { personId: ctx.person.id, chatId: ctx.chat.id });
    if (!prompt || !await this.isMeant(ctx, prompt)) return false;
    const state = stateOf(prompt);
    const words = normalise(text);
    const fitting = fittingOptions(state.options, words);
    const [only, ...others] = fitting;
    if (only && others.length === 0) return await this.take(ctx, prompt, only) ?? true;
    if (only) {
      this.show(ctx, prompt, { ...state, options: fitting, page: 1 }, `“${words}” fits several.`);
      return true;
    }
    if (state.isFree) return await this.takeWords(ctx, prompt, words) ?? true;
    const near = closestNames(words, state.options.map(({ known }) => known[0] ?? ""));
    const options = state.options.filter(({ known }) => near.includes(known[0] ?? ""));
    const note = `Nothing fits “${words}”.${options.length > 0 ? " The closest:" : ""}`;
    this.show(ctx, prompt, { ...state, page: 1, ...(options.length > 0 && { options }) }, note);
    return true;
  }

  /** In private whatever is said; in a group only what replies to the question, or to the command that began it. */
  private async isMeant({ chat, store, repliesTo }: UpdateContext, prompt: PromptsTable): Promise<boolean> {
    if (chat.type === "private") return true;
    if (repliesTo === undefined) return false;
    const { key, messageId } = stateOf(prompt);
    if (repliesTo === 0 || repliesTo === messageId) return true;
    return (await findMessage(store.db, key))?.message_id === repliesTo;
  }

  private async take(
    ctx: UpdateContext,
    prompt: PromptsTable,
    option: Option,
  ): Promise<Completed | undefined> {
    const { typed, before, chosen } = stateOf(prompt);
    return this.follow(ctx, prompt, await this.after(ctx, typed, option, wayAfter(before, chosen)));
  }

  /** What to ask once an option was taken. What its words do not say stays shown by name. */
  private async after(ctx: UpdateContext, typed: string, option: Option, way: Way): Promise<Next> {
    if (!("text" in option)) return await this.next(ctx, typed, option.deeper, way);
    const chosen = option.text.includes(option.label) ? way.chosen : option.label;
    return await this.next(ctx, option.text, undefined, { ...way, chosen });
  }

  /** A value in words: it becomes part of the command, which then has to be one that can be read. */
  private async takeWords(
    ctx: UpdateContext,
    prompt: PromptsTable,
    words: string,
  ): Promise<Completed | undefined> {
    const state = stateOf(prompt);
    const typed = withWords(state, words, this.parsing());
    const parsed = parse(typed, this.parsing());
    // Nothing of it is kept, and the question stays: whoever gets it takes the message away.
    if (parsed.kind === "literal_secret") return { ctx, text: typed };
    if (parsed.kind === "wrong" && parsed.given === undefined) {
      return this.show(ctx, prompt, state, parsed.sentence);
    }
    const next = await this.next(ctx, typed, undefined, wayAfter(state.before, state.chosen));
    return this.follow(ctx, prompt, next);
  }

  private follow(ctx: UpdateContext, prompt: PromptsTable, next: Next): Completed | undefined {
    if (next.kind === "end") return this.leave(ctx, prompt, next.reply);
    if (next.kind === "ask") {
      const { key, messageId, step, before } = stateOf(prompt);
      const { typed, question } = next;
      return this.show(ctx, prompt, { ...question, typed, before, step, page: 1, key, messageId });
    }
    ctx.onCommit((transaction) => movePicker(this.deps.store, transaction, prompt, "over"));
    const text = wrapped(stateOf(prompt).before, next.typed);
    return { ctx: this.place(ctx, prompt, text), text };
  }

  /** Where the whole command is carried out: in private in place of the question, in a group below what began it. */
  private place(ctx: UpdateContext, prompt: PromptsTable, typed: string): UpdateContext {
    if (ctx.press && ctx.chat.type === "private") return ctx;
    this.settle(ctx, prompt, wholeReply(typed));
    return ctx.press ? ctx.fork(stateOf(prompt).messageId) : ctx;
  }

  private leave(ctx: UpdateContext, prompt: PromptsTable, reply: Reply): undefined {
    ctx.onCommit((transaction) => movePicker(this.deps.store, transaction, prompt, "over"));
    this.settle(ctx, prompt, reply);
  }

  /** The next question: an edit of the one that was pressed, or below what was typed. */
  private show(ctx: UpdateContext, prompt: PromptsTable, state: Picking, note?: string): undefined {
    // A message that opens the reader's field for an answer cannot become one with buttons, nor the other way round.
    const beside = { ...this.formBeside(ctx, state), note };
    const isBelow = !ctx.press || (state.options.length === 0 && !beside.form);
    const place = ctx.press ? ctx.fork(state.messageId) : ctx;
    const next: Picking = { ...state, step: state.step + 1, key: isBelow ? place.key : state.key };
    const after = { body: next, ttlMs: OPEN_MS };
    ctx.onCommit((transaction) => movePicker(this.deps.store, transaction, prompt, after));
    const reply = shown(next, prompt.handle, beside);
    if (!isBelow) return this.settle(ctx, prompt, reply);
    this.settle(ctx, prompt, answeredReply(next));
    place.answer(reply);
  }

  /** What the question's message says from now on. */
  private settle(ctx: UpdateContext, prompt: PromptsTable, reply: Reply): undefined {
    const message = {
      key: stateOf(prompt).key,
      chatId: ctx.chat.id,
      reply,
      priority: PRIORITY.edit,
      trace: ctx.trace,
    };
    ctx.onCommit((transaction) => putMessage(this.deps.store, transaction, message));
  }

  /** What to ask now. A value of which there is only one is taken. */
  private async next(
    ctx: UpdateContext,
    typed: string,
    about: Deeper | undefined,
    way: Way,
  ): Promise<Next> {
    const parsed = parse(typed, this.parsing());
    if (parsed.kind !== "command" && parsed.kind !== "wrong") return { kind: "whole", typed };
    const asked = about && fieldNamed(typed, about.field, this.parsing());
    const lack = asked
      ? { kind: "field" as const, ...asked }
      : lacking(typed, parsed, this.commandSet, way.leftOut);
    if (!lack) return { kind: "whole", typed };
    if (lack.kind === "way") return asking(typed, wayQuestion(lack), way);
    if (lack.kind === "target") return await this.askForTarget(ctx, typed, lack, way);
    return await this.askForField(ctx, typed, lack, { field: lack.field.name, ...about }, way);
  }

  private async askForTarget(
    ctx: UpdateContext,
    typed: string,
    { targets, words }: Extract<Lack, { kind: "target" }>,
    way: Way,
  ): Promise<Next> {
    const permitted = await this.permitted(ctx, targets);
    const recent = await recentCommands(this.deps.store, ctx.person.id);
    const question = targetQuestion({ targets: permitted, words }, recent);
    return await this.unlessOne(ctx, typed, question, way) ?? { kind: "end", reply: NOTHING_FOR_YOU };
  }

  private async askForField(
    ctx: UpdateContext,
    typed: string,
    asked: FieldAsked,
    about: Deeper,
    way: Way,
  ): Promise<Next> {
    const { command, field } = asked;
    if (command.secret?.(about.key ?? field.name)) {
      const mark = about.key === undefined ? ENTER_MARK : `${about.key}=${ENTER_MARK}`;
      return await this.next(ctx, withValue(typed, asked, mark), undefined, way);
    }
    let candidates: readonly Candidate[] | "any" | undefined;
    try {
      candidates = await this.candidates(ctx, typed, asked, about.within);
    } catch (error) {
      return {
        kind: "end",
        reply: errorReply(error, ctx, { ...command, input: {}, asked: [] }, this.commandSet),
      };
    }
    if (candidates === "any") return asking(typed, valueQuestion(typed, asked, about), way);
    if (!candidates) {
      return await this.next(ctx, typed, undefined, { ...way, leftOut: [...way.leftOut, field.name] });
    }
    const recent = await recentCommands(this.deps.store, ctx.person.id);
    const question = itemQuestion(typed, asked, candidates, recent);
    return await this.unlessOne(ctx, typed, question, way) ??
      { kind: "end", reply: nothingThere(command) };
  }

  /** Undefined where there is nothing to choose from. */
  private async unlessOne(
    ctx: UpdateContext,
    typed: string,
    question: Asking,
    way: Way,
  ): Promise<Next | undefined> {
    const [only, ...others] = question.options;
    if (!only) return undefined;
    if (others.length > 0) return asking(typed, question, way);
    return await this.after(ctx, typed, only, way);
  }

  /** What the field may name: what the vendor has, read as `/list` reads it. Throws as a read does. */
  private async candidates(
    ctx: UpdateContext,
    typed: string,
    { command, field }: FieldAsked,
    within: string | undefined,
  ): Promise<readonly Candidate[] | "any" | undefined> {
    const { vendors, clock } = this.deps;
    if ("execute" in command) {
      const { offers } = command as Builtin;
      const { deps, members, commandSet } = this;
      const said = inputSoFar(typed, commandSet).input;
      return await offers?.[field.name]?.({ ...deps, members, commandSet }, ctx, said) ?? "any";
    }
    const { choices: { [field.name]: offered } = {}, vendor = "" } = command;
    if (!offered) return "any";
    const connected = vendors.byName(vendor);
    if (!connected?.client) throw new BadInput(`${connected?.vendor.label ?? vendor} is not set up.`);
    return await withTimeout(
      READ_MS,
      clock,
      (signal) => offered(vendors.context(connected, { signal, trace: ctx.trace }), within),
    );
  }

  /** Those that this person may ask for here, of vendors that are set up. */
  private async permitted(ctx: UpdateContext, commands: readonly Command[]): Promise<readonly Command[]> {
    const { vendors } = this.deps;
    const usable = await this.members.usable(commands, ctx.person.id, ctx.chat);
    return usable.filter(({ vendor }) =>
      vendor === undefined || vendors.byName(vendor)?.client !== undefined
    );
  }

  /** A form asks for the rest of the command at once. */
  private formBeside(ctx: UpdateContext, { typed, messageId }: Picking): Beside {
    const { config } = this.deps;
    const command = commandIn(typed, this.parsing());
    if (!command || !("form" in command)) return {};
    const { verb, target } = command;
    const known = inputSoFar(typed, this.commandSet);
    const form = formButton(config, ctx, { verb, target, asked: [], ...known, messageId });
    return form ? { form } : { noForm: noFormNote(config) };
  }

  private parsing(): ParseOptions<Command> {
    return { ...this.commandSet, botName: this.deps.bot.botInfo.username };
  }
}
