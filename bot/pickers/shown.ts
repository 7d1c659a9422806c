import type { Button, Line, Reply } from "../../handlers/reply.ts";
import type { Command } from "../parser/command.ts";
import { pickOf, type PickPress } from "../render/keyboard.ts";
import { fold } from "../../handlers/resolve.ts";
import { fieldNamed, withValue } from "../parser/lacking.ts";
import type { ParseOptions } from "../parser/parse.ts";
import { normalise, quote } from "../parser/tokenize.ts";
import type { PromptsTable } from "../store/schema.ts";
import type { Asking, Option } from "./question.ts";

/** A question where it stands in its command. */
export interface Step extends Asking {
  /** The command as far as it goes, and what stands before it. */
  readonly typed: string;
  readonly before: string;
  readonly step: number;
  /** From 1. */
  readonly page: number;
}

/** A command on its way, as it is stored between two steps. */
export interface Picking extends Step {
  /** The message that shows it, by its key. */
  readonly key: string;
  /** The message that began it. */
  readonly messageId?: number | undefined;
  /** What stands before the command that is completed, such as "/plan ". */
  readonly before: string;
}

/** `/plan` before a command: it only shows the card, and so needs no reason. */
const PLAN = /^\/plan\s+\/?(?=\S)/i;

/** So many rows, with the buttons below them, are a screen. */
const PAGE_SIZE = 8;
/** Two such stand side by side. */
const SHORT_LABEL = 15;

/** What stays of a question whose answer led to another one below it. */
export function answeredReply({ before, typed }: Pick<Step, "before" | "typed">): Reply {
  return { mark: "info", title: ["Goes on below: ", { code: `${wrapped(before, typed)} …` }] };
}

/** The command as it is typed: "/plan " and "/disable sophos" are "/plan disable sophos". */
export function wrapped(before: string, typed: string): string {
  return before === "" ? typed : before + typed.slice(1);
}

/** What stays of a question that led to a whole command. */
export function wholeReply(typed: string): Reply {
  return { mark: "info", title: ["Asked for: ", { code: typed }] };
}

export const NOTHING_FOR_YOU: Reply = {
  mark: "absent",
  title: "There is nothing here that you may use it for",
  blocks: [{
    kind: "text",
    text: ["See ", { code: "/help" }, ", or ", { code: "/doctor" }, " for what is set up."],
  }],
  personal: true,
};

export function nothingThere({ target, summary }: Command): Reply {
  const which = target === null ? "nothing is there for it now" : `the vendor has none for ${target}`;
  return {
    mark: "absent",
    title: "There is nothing to choose from",
    blocks: [{ kind: "text", text: `${summary}: ${which}.` }],
    personal: true,
  };
}

/** What stands beside a question: a note on it, and a form that asks for all of it at once. */
export interface Beside {
  readonly note?: string | undefined;
  readonly form?: Button | undefined;
  readonly noForm?: Line | undefined;
}

/** The question with its buttons, eight a page, and the command as far as it goes. */
export function shown(
  { title, options, asks, before, typed, chosen = "", step, page }: Step,
  handle: string,
  { note = "", form, noForm = "" }: Beside = {},
): Reply {
  const isShort = options.every(({ label, mark }) => !mark && label.length <= SHORT_LABEL);
  const [size, across] = isShort ? [2 * PAGE_SIZE, 2] : [PAGE_SIZE, 1];
  const pages = Math.max(1, Math.ceil(options.length / size));
  const current = Math.min(Math.max(page, 1), pages);
  const button = (label: string, picked: PickPress["picked"]): Button => ({
    label,
    action: pickOf({ handle, step, picked }),
  });
  const start = (current - 1) * size;
  const buttons = options.slice(start, start + size).map(({ label, mark }, at) => ({
    ...button(label, start + at),
    ...(mark && { mark }),
  }));
  const turns = [
    ...(current > 1 ? [button("‹ Back", "back")] : []),
    ...(current < pages ? [button("Next ›", "next")] : []),
  ];
  return {
    mark: "question",
    title,
    blocks: [
      { kind: "text", text: note },
      { kind: "text", text: chosen },
      { kind: "text", text: [{ code: `${wrapped(before, typed)} …` }] },
      {
        kind: "text",
        text: pages > 1 ? `page ${current} of ${pages}, or type a part of the name in reply` : "",
      },
      { kind: "text", text: noForm },
    ],
    // Telegram shows either buttons or the reader's field for an answer.
    ...(options.length === 0 && !form ? { asks } : {
      buttons: [
        ...inRowsOf(across, buttons),
        ...(turns.length > 0 ? [turns] : []),
        ...(form ? [[form]] : []),
        [button("Cancel", "cancel")],
      ],
      personal: true,
    }),
  };
}

function inRowsOf<T>(size: number, all: readonly T[]): T[][] {
  return Array.from(
    { length: Math.ceil(all.length / size) },
    (_, at) => all.slice(at * size, (at + 1) * size),
  );
}

export function unwrapped(typed: string): { readonly before: string; readonly plain: string } {
  const plain = normalise(typed);
  return PLAN.test(plain) ? { before: "/plan ", plain: plain.replace(PLAN, "/") } : { before: "", plain };
}

/** A field that a command lacks, and why it is asked for. */
export interface Needed {
  readonly field: string;
  readonly because?: Line;
}

/** What goes along from one question to the next. */
export interface Way extends Pick<Asking, "chosen"> {
  /** Fields that are not asked for. */
  readonly leftOut: readonly string[];
}

export function wayAfter(before: string, chosen?: Line): Way {
  return { leftOut: before === "" ? [] : ["reason"], chosen };
}

export function stateOf({ body }: PromptsTable): Picking {
  const { before = "", ...state } = JSON.parse(body) as Picking;
  return { ...state, before };
}

/** The command with what was typed in answer to a question about it. */
export function withWords({ typed, about }: Picking, words: string, options: ParseOptions<Command>): string {
  const asked = about && fieldNamed(typed, about.field, options);
  if (!asked) return `${typed} ${words}`;
  return withValue(typed, asked, about.key === undefined ? words : `${about.key}=${quote(words)}`);
}

/** Those that the words name whole, else those that they are a part of. */
export function fittingOptions(options: readonly Option[], words: string): readonly Option[] {
  const wanted = fold(words);
  const exact = options.filter(({ known }) => known.includes(wanted));
  return exact.length > 0 ? exact : options.filter(({ known }) => known.some((one) => one.includes(wanted)));
}
