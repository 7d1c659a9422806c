import type { Block, Button, Reply } from "../../handlers/reply.ts";
import { headOf, takesDocument } from "./command.ts";
import { parse, type Vocabulary, type Wrong } from "./parse.ts";

export type ParseErrorCode =
  | "unknown_verb"
  | "unknown_target"
  | "unknown_option"
  | "missing_argument"
  | "bad_value"
  | "bad_document"
  | "too_many_words";

/** Why a command is not understood; ends the reading of it and never leaves `parse`. */
export class ParseError extends Error {
  constructor(
    readonly code: ParseErrorCode,
    sentence: string,
    /** Whole commands to type, closest first. */
    readonly suggestions: readonly string[] = [],
  ) {
    super(sentence);
    this.name = "Mistake";
  }
}

/** "a, b or c", shortened to what a phone can show. */
export function orList(values: readonly string[], most = 12): string {
  if (values.length > most) return `${values.slice(0, most).join(", ")} … (${values.length - most} more)`;
  return listed(values, "or");
}

/** "a, b and c" */
export function andList(values: readonly string[]): string {
  return listed(values, "and");
}

function listed(values: readonly string[], word: "and" | "or"): string {
  const last = values.at(-1) ?? "";
  return values.length < 2 ? last : `${values.slice(0, -1).join(", ")} ${word} ${last}`;
}

/** The answer to a command that is not understood, for the asker alone: what is wrong and what to type instead. */
export function validationMessage(wrong: Wrong, vocabulary: Vocabulary): Reply {
  const { command, usage, suggestions } = wrong;
  const [title, ...more] = sentencesOf(wrong.sentence);
  const blocks: Block[] = more.map((text) => ({ kind: "text", text }));
  if (usage !== undefined) blocks.push({ kind: "text", text: ["Type ", { code: usage }] });
  if (command && takesDocument(command)) {
    blocks.push({ kind: "text", text: "A JSON document may come with it." });
  }
  if (suggestions.length > 0) {
    const items = suggestions.map((suggestion) => ({ code: suggestion }));
    blocks.push({ kind: "text", text: "Perhaps you meant" }, { kind: "list", items });
  }
  return {
    mark: "refused",
    title,
    blocks,
    footer: command
      ? [command.risk !== "read" ? "Nothing was changed. " : "", {
        code: `/help ${headOf(command).slice(1)}`,
      }]
      : "Nothing was done.",
    buttons: suggestions.map((suggestion) => buttonFor(suggestion, vocabulary)).filter((row) =>
      row.length > 0
    ),
    personal: true,
  };
}

const LONGEST_TITLE = 160;

/** One sentence is the title; of a long complaint the others come below it. */
function sentencesOf(complaint: string): [first: string, ...others: string[]] {
  if (complaint.length <= LONGEST_TITLE) return [complaint];
  const [first = complaint, ...others] = complaint.split(/(?<=[.?…]) (?=\p{Lu})/u);
  return [first, ...others];
}

/** Telegram copies no more than this. */
const MOST_TO_COPY = 256;
const LONGEST_LABEL = 48;

/** A read can be pressed; anything else is only ever text to copy, check and send oneself. */
export function buttonFor(suggestion: string, vocabulary: Vocabulary): Button[] {
  const label = shortened(suggestion);
  if (isRead(suggestion, vocabulary)) return [{ label, action: { command: suggestion } }];
  if (suggestion.length > MOST_TO_COPY) return [];
  return [{ label: `Copy ${label}`, action: { copy: suggestion } }];
}

/** Whole as well: what cannot be read again cannot be pressed. */
function isRead(suggestion: string, vocabulary: Vocabulary): boolean {
  const parsed = parse(suggestion, { ...vocabulary, botName: "" });
  return parsed.kind === "command" && parsed.command.risk === "read";
}

function shortened(text: string): string {
  const letters = [...text];
  return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join("")}…` : text;
}
