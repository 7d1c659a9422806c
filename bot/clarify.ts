import type { ChoiceNeeded } from "../handlers/operation.ts";
import type { Config } from "./config.ts";
import { type Button, type Line, type Reply, textBlock } from "../handlers/reply.ts";
import { fold } from "../handlers/resolve.ts";
import { labelEnding } from "./render/sanitize.ts";
import { operationName } from "./store/changes.ts";
import { newHandle, putPrompt } from "./store/kept_values.ts";
import type { UpdateContext } from "./context.ts";
import type { Invocation } from "./invocation.ts";

/** How long a question (which company, still wanted?) stays open. */
const QUESTION_MS = 15 * 60_000;

/** Buttons for what the words could mean; the pick goes on with the same command. */
export function choiceReply(ctx: UpdateContext, invocation: Invocation, choice: ChoiceNeeded): Reply {
  const { options } = choice;
  const buttons = distinctLabels(options).map((label, at) => {
    const input = { ...invocation.input, [choice.field]: options[at]?.id ?? "" };
    return [{ label, action: chooseAction(ctx, "choice", { ...invocation, input }) }];
  });
  return { mark: "question", title: { data: choice.question, max: 160 }, buttons, personal: true };
}

/** Something with a name that others may have too. */
interface Labelled {
  readonly id: string;
  readonly name: string;
  readonly about?: readonly string[];
}

/** No two alike: a name that others have too is followed by what tells it from them, else by the end of its id. */
export function distinctLabels(all: readonly Labelled[]): readonly string[] {
  const alike = Map.groupBy(all, ({ name }) => fold(name));
  return all.map((one) => {
    const others = (alike.get(fold(one.name)) ?? []).filter((other) => other !== one);
    const telling = others.length === 0
      ? undefined
      : one.about?.find((said) => !others.some(({ about = [] }) => about.includes(said)));
    const tail = others.length === 0 && IN_WORDS.test(one.id)
      ? undefined
      : tailOf(one.id, others.map(({ id }) => id));
    const end = telling ?? tail;
    return labelEnding(one.name, end === undefined ? "" : ` · ${end}`, all.map(({ name }) => name));
  });
}

/** An id that is made of words, such as "aws-ec2-ssm", tells nothing that its name does not. */
const IN_WORDS = /^[a-z]+\d{0,2}[a-z]*(?:[-_][a-z]+\d{0,2}[a-z]*)*$/i;

const SHORT_ID = 6;

/** The end of an id, longer where another one ends alike. */
function tailOf(id: string, others: readonly string[]): string {
  if (id.length <= SHORT_ID) return `#${id}`;
  const tail = [4, 8, 12].map((length) => id.slice(-length)).find((end) =>
    !others.some((other) => other.endsWith(end))
  );
  return tail === undefined ? id : `…${tail}`;
}

/** A whole command behind a button, changes included. */
export interface ChoiceOffered {
  readonly label: string;
  readonly invocation: Invocation;
}

/** What somebody perhaps meant. */
export interface Meant {
  readonly title: Line;
  readonly choice: ChoiceOffered;
}

/** Nothing is done by a guess: the one button does it. */
export function whetherMeant(ctx: UpdateContext, { title, choice }: Meant): Reply {
  return { mark: "question", title, buttons: [offerChoices(ctx, [choice])], personal: true };
}

/** Buttons that carry out what they say, for the asker alone and for a while. */
export function offerChoices(ctx: UpdateContext, choices: readonly ChoiceOffered[]): readonly Button[] {
  return choices.map(({ label, invocation }) => ({ label, action: chooseAction(ctx, "choice", invocation) }));
}

/** What a button does that lets this invocation go on, for the asker alone and for a while. */
function chooseAction(
  ctx: UpdateContext,
  kind: "choice" | "stale" | "form",
  invocation: Invocation,
): Button["action"] {
  const handle = newHandle();
  ctx.onCommit((transaction) =>
    putPrompt(ctx.store, transaction, {
      handle,
      kind,
      person_id: ctx.person.id,
      chat_id: ctx.chat.id,
      body: { ...invocation, messageId: ctx.messageId ?? invocation.messageId },
      ttlMs: QUESTION_MS,
    })
  );
  return { handle, do: "choose" };
}

/** A way to fill in on a page what a command lacks; undefined where there are no pages. */
export function formButton(
  { publicUrl, secretKey }: Pick<Config, "publicUrl" | "secretKey">,
  ctx: UpdateContext,
  invocation: Invocation,
): Button | undefined {
  if (publicUrl === undefined || !secretKey) return undefined;
  const action = chooseAction(ctx, "form", { ...invocation, onPage: true });
  return { label: "Fill in a form", style: "primary", action };
}

/** What has to be set for there to be a form. */
export function noFormNote({ publicUrl, secretKey }: Pick<Config, "publicUrl" | "secretKey">): Line {
  const missing = [...(publicUrl === undefined ? ["PUBLIC_URL"] : []), ...(secretKey ? [] : ["SECRET_KEY"])];
  return ["There is no form for it: the bot has no ", { code: missing.join(" and ") }, "."];
}

/** An answer that says what a command lacks, with a form to fill it in. */
export function offeringForm(
  config: Pick<Config, "publicUrl" | "secretKey">,
  ctx: UpdateContext,
  reply: Reply,
  invocation: Invocation,
): Reply {
  const button = formButton(config, ctx, invocation);
  return button
    ? { ...reply, buttons: [...reply.buttons ?? [], [button]] }
    : { ...reply, blocks: [...reply.blocks ?? [], textBlock(noFormNote(config))] };
}

/** A command that waited, perhaps while the bot was away, is asked about before it is planned. */
export function askWhetherStillWanted(ctx: UpdateContext, invocation: Invocation): void {
  ctx.audit({ event: "held_back", reason_code: "stale_message", operation: operationName(invocation) });
  const action = chooseAction(ctx, "stale", invocation);
  const age: Line = { time: ctx.at, as: "relative" };
  ctx.answer({
    mark: "question",
    title: "Is this still wanted?",
    blocks: [textBlock(["That message was sent ", age, ". Nothing has been asked for yet."])],
    buttons: [[{ label: "Yes, ask for it now", style: "primary", action }]],
    personal: true,
  });
}
