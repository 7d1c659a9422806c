import { ClientError } from "../../clients/errors.ts";
import type { JsonObject } from "../../clients/json.ts";
import { UnsafePathValue } from "../../clients/path.ts";
import {
  BadInput,
  type ChangeOperation,
  ChoiceNeeded,
  type Context,
  riskOf,
} from "../../handlers/operation.ts";
import { line, type Reply, textBlock } from "../../handlers/reply.ts";
import type { Members } from "../access/members.ts";
import type { UpdateContext } from "../context.ts";
import type { Deps } from "../deps.ts";
import { errorReply } from "../error_reply.ts";
import type { Invocation } from "../invocation.ts";
import { errorFields } from "../log.ts";
import { putMessage } from "../outbox/messages.ts";
import { type CommandSet, headOf } from "../parser/command.ts";
import { secretsWritten } from "../parser/secret_scan.ts";
import { normalise, quote } from "../parser/tokenize.ts";
import { plainWords } from "../render/text.ts";
import { FORM_LETTER, keepWaiting, newLink, NO_WAY_TO_FILL_IN } from "../secrets/entry.ts";
import { privateLetter } from "../secrets/deliver.ts";
import { operationName } from "../store/changes.ts";
import { endPickers, newHandle } from "../store/kept_values.ts";
import { CHANGE_ANSWER_BYTES, type Connected } from "../vendors.ts";
import { type Form, formOf } from "./fields.ts";
import type { OpenForm, OpenForms } from "./open_forms.ts";
import { type Filled, type Mistake, openTexts, readForm, type Texts } from "./values.ts";

/** Whoever fills in a page waits for the vendor no longer than this. */
const ASK_MS = 20_000;

/** What came of sending a page. `closed`: it was too late, or somebody was faster. */
export type Submission =
  | { readonly is: "taken" }
  | { readonly is: "closed" }
  | { readonly is: "wrong" | "away"; readonly mistakes: readonly Mistake[] };

/** Commands that are filled in on a page: the link to it, what it asks for, and what becomes of what is sent. */
export class Forms {
  constructor(
    private readonly deps: Deps,
    private readonly members: Members,
    private readonly pages: OpenForms,
    private readonly commandSet: CommandSet,
  ) {}

  /** Sends the asker a link to a page that asks for what the command lacks; the request goes on from there. */
  async offer(ctx: UpdateContext, operation: ChangeOperation, invocation: Invocation): Promise<void> {
    const { store, vault, config, vendors } = this.deps;
    if (!vault || config.publicUrl === undefined) return ctx.refuse("no_form");
    const connected = vendors.byName(operation.vendor);
    if (!connected?.client) return ctx.refuse("vendor_not_set_up");
    const form = await this.describedOrAnswer(ctx, operation, invocation, connected);
    if (!form) return;
    const { url, columns } = newLink(this.deps, "form");
    const request = newHandle();
    const letter = await privateLetter(vault, {
      key: `${FORM_LETTER}:${request}`,
      personId: ctx.person.id,
      mark: "question",
      title: "Fill in this form",
      about: [line("For: ", { data: form.about, max: 160 })],
      url,
      expiresAt: columns.expires_at,
      placeholder: NO_WAY_TO_FILL_IN,
      trace: ctx.trace,
    });
    const row = { ...columns, request, person_id: ctx.person.id };
    const sealed = await this.pages.seal(row, { form, known: knownIn(invocation) });
    const { onPage: _, ...asked } = invocation;
    ctx.onCommit(async (transaction) => {
      await transaction.insertInto("forms").values({ ...row, sealed }).execute();
      await keepWaiting(transaction, ctx, { ...asked, handle: request }, form.about);
      await putMessage(store, transaction, letter);
      await endPickers(store, transaction, ctx.person.id, ctx.chat.id);
    });
    ctx.audit({ event: "form_offered", operation: operationName(operation) });
    ctx.answer(waitingReply(operation, columns.expires_at));
  }

  /** What the page behind this token asks for; undefined: sent, expired or never there. */
  async find(token: string): Promise<OpenForm | undefined> {
    return await this.pages.find(token);
  }

  /** Answers the question that a form began with: the next page is about what was chosen. */
  async choose(open: OpenForm, answer: string): Promise<Submission> {
    const { form: { first }, known } = open;
    const found = this.operationOf(open);
    if (!found || !first) return { is: "closed" };
    if (!first.choices.some(({ value }) => value === answer)) {
      return { is: "wrong", mistakes: [{ at: first.name, sentence: "Choose one of the list." }] };
    }
    const [step = ""] = first.path;
    const answered = { ...known, [step]: answer };
    return await this.tried(async () => {
      const form = await this.described(found.operation, answered, found.connected);
      await this.pages.turnTo(open, { form, before: open.form, known: answered });
      return { is: "taken" };
    }, open.form);
  }

  /** What a page asked for that comes too late. */
  async findLate(token: string): Promise<Form | undefined> {
    return await this.pages.findLate(token);
  }

  /** Goes back to the question that the form began with. */
  async goBack(open: OpenForm): Promise<void> {
    if (open.before) await this.pages.turnTo(open, { form: open.before, known: open.known });
  }

  /** Keeps what was typed for whoever looks at the page again. */
  async keep(open: OpenForm, texts: Texts, mistakes: readonly Mistake[]): Promise<void> {
    const { form, before, known } = open;
    await this.pages.turnTo(open, { form, before, known, typed: [...openTexts(form, texts, mistakes)] });
  }

  /** Takes what was filled in, once, and lets the request go on; or says what is wrong with it, and takes nothing. */
  async send(open: OpenForm, texts: Texts): Promise<Submission> {
    const { form, waiting } = open;
    const found = this.operationOf(open);
    if (!found) return { is: "closed" };
    const { operation, connected } = found;
    const filled = readForm(form, texts);
    const mistakes = [...filled.mistakes, ...spelledOut(operation, form, texts)];
    if (mistakes.length > 0) return { is: "wrong", mistakes };
    const invocation = asked(operation, waiting.invocation, filled);
    // Who may not ask any more is told in the chat, and nothing is asked of the vendor for them.
    const mayAsk = (await this.members.judge("request", waiting.person.id, waiting.chat)).allowed;
    const tried = mayAsk
      ? await this.tried(() => this.rehearse(operation, invocation, form, connected), form)
      : undefined;
    if (tried && tried.is !== "taken") return tried;
    const body = { ...waiting, purpose: form.about, invocation };
    return await this.pages.take(open, body, filled.secrets) ? { is: "taken" } : { is: "closed" };
  }

  private operationOf(
    { waiting: { invocation } }: OpenForm,
  ): { readonly operation: ChangeOperation; readonly connected: Connected } | undefined {
    const { vendors } = this.deps;
    const operation = vendors.changeOperation(invocation);
    const connected = operation && vendors.byName(operation.vendor);
    return operation && connected?.client ? { operation, connected } : undefined;
  }

  /** Plans it as it will be planned: what stands in the way is said on the page, where it can be mended. */
  private async rehearse(
    operation: ChangeOperation,
    { input, reason }: Invocation,
    form: Form,
    connected: Connected,
  ): Promise<Submission> {
    const checked = operation.input.safeParse(input);
    if (!checked.success) {
      const mistakes = checked.error.issues.map(({ path, message }) => ({
        ...placeOf(form, path.map(String)),
        sentence: `${message}.`.replace(/\.\.$/, "."),
      }));
      return { is: "wrong", mistakes };
    }
    const plan = await operation.plan(this.context(connected), input);
    if ("nothing" in plan) return { is: "wrong", mistakes: [{ sentence: plainWords(plan.nothing) }] };
    if (riskOf(operation, plan) !== "danger" || reason) return { is: "taken" };
    const breaks = operation.render(plan).breaks.map(plainWords).join(" ");
    return {
      is: "wrong",
      mistakes: [{ at: "reason", sentence: `It is a dangerous change. Say why. ${breaks}` }],
    };
  }

  /** What a vendor or an operation has against it, as mistakes; that a vendor is away is nobody's mistake. */
  private async tried(work: () => Promise<Submission>, form: Form): Promise<Submission> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ChoiceNeeded) return { is: "taken" };
      if (error instanceof BadInput || error instanceof UnsafePathValue) {
        return { is: "wrong", mistakes: mistakesIn(form, error.message) };
      }
      if (!(error instanceof ClientError)) throw error;
      this.deps.log.warning("form_not_checked", errorFields(error));
      const sentence = `${error.message}. Nothing was asked for. Send it again in a minute.`;
      return { is: "away", mistakes: [{ sentence }] };
    }
  }

  private async described(
    operation: ChangeOperation,
    known: JsonObject,
    connected: Connected,
    trace?: string,
  ): Promise<Form> {
    if (!operation.form) throw new Error(`${headOf(operation)} has no form`);
    return formOf(operation, await operation.form(this.context(connected, trace), known), known);
  }

  private async describedOrAnswer(
    ctx: UpdateContext,
    operation: ChangeOperation,
    invocation: Invocation,
    connected: Connected,
  ): Promise<Form | undefined> {
    const working: Reply = { mark: "working", title: `Asking ${connected.vendor.label} what there is …` };
    try {
      return await ctx.withProgress(
        working,
        this.deps.clock,
        () => this.described(operation, knownIn(invocation), connected, ctx.trace),
      );
    } catch (error) {
      ctx.answer({ ...errorReply(error, ctx, invocation, this.commandSet), personal: true });
      return undefined;
    }
  }

  private context(connected: Connected, trace = "form"): Context<unknown> {
    const signal = AbortSignal.timeout(ASK_MS);
    return this.deps.vendors.context(connected, {
      signal,
      fresh: true,
      trace,
      maxBytes: CHANGE_ANSWER_BYTES,
    });
  }
}

/** All that was said already. */
function knownIn({ input, reason, ticket }: Invocation): JsonObject {
  return { ...input, ...(reason !== undefined && { reason }), ...(ticket !== undefined && { ticket }) };
}

/** What was asked for on a page, as if it had been typed. */
function asked(
  operation: ChangeOperation,
  { reason: _r, ticket: _t, ...invocation }: Invocation,
  { input, secrets }: Filled,
): Invocation {
  const isDeclared = (name: string) => Object.hasOwn(operation.input.shape, name);
  const declared = Object.entries(input).filter(([name]) => isDeclared(name));
  const common = Object.entries(input).filter(([name]) => !isDeclared(name));
  return {
    ...invocation,
    input: Object.fromEntries(declared),
    asked: Object.keys(secrets),
    ...Object.fromEntries(common),
  };
}

/** What an operation says of its input, each sentence at the field that it names; commands are not typed on a page. */
function mistakesIn({ fields }: Form, message: string): readonly Mistake[] {
  const sentences = message.split(/(?<=[.?…]) (?=\p{Lu})/u).filter((sentence) => !/^Type \//.test(sentence));
  return sentences.map((sentence) => {
    const words = new Set(sentence.split(/[^\w.-]+|[.](?!\w)/u));
    const field = fields.find(({ name, path }) => words.has(name) || words.has(path.at(-1) ?? name));
    return { ...(field && { at: field.name }), sentence };
  });
}

/** The field that a place in the input belongs to. */
function placeOf({ fields }: Form, path: readonly string[]): Pick<Mistake, "at"> {
  const field = fields.find((one) => one.path.every((step, at) => path[at] === step));
  return field ? { at: field.name } : {};
}

/** Secrets in fields that are none: they are not used, and not shown again. */
function spelledOut(operation: ChangeOperation, { fields }: Form, texts: Texts): readonly Mistake[] {
  const open = fields.filter(({ kind, pairs }) => kind !== "secret" && !pairs?.secret);
  const isOpen = (name: string) =>
    open.some((field) => field.name === name || name.startsWith(`${field.name}.`));
  return [...texts].filter(([name, text]) =>
    isOpen(name) &&
    secretsWritten(normalise(`${name}=${quote(text)}`), { [name]: text }, operation).length > 0
  ).map(([at]) => ({
    at,
    sentence: "This looks like a secret, which is only entered in a field for one. It was not used.",
    isSecret: true,
  }));
}

function waitingReply(operation: ChangeOperation, expiresAt: number): Reply {
  const until = { time: expiresAt, as: "clock" } as const;
  return {
    mark: "working",
    title: ["A form waits for you: ", { code: headOf(operation) }],
    blocks: [
      textBlock([
        "You get a private link to it, good until ",
        until,
        ". Once it is sent the card comes here.",
      ]),
    ],
    personal: true,
  };
}
