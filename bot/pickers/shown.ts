import type { Button, Line, Reply } from "../../handlers/reply.ts";
import type { Command } from "../parser/command.ts";
import { pickOf, type PickPress } from "../render/keyboard.ts";
import type { Asking } from "./question.ts";

/** A question where it stands in its command. */
export interface Step extends Asking {
  /** The command as far as it goes. */
  readonly typed: string;
  readonly step: number;
  /** From 1. */
  readonly page: number;
}

/** So many rows, with the buttons below them, are a screen. */
const PAGE_SIZE = 8;
/** Two such stand side by side. */
const SHORT_LABEL = 15;

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
  return {
    mark: "absent",
    title: "There is nothing to choose from",
    blocks: [{
      kind: "text",
      text: `${summary}: the vendor has none${target === null ? "" : ` for ${target}`}.`,
    }],
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
  { title, options, asks, typed, step, page }: Step,
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
      { kind: "text", text: [{ code: `${typed} …` }] },
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
