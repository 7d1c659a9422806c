import type { Block, Button, Reply } from "../../handlers/reply.ts";
import { truncate } from "../render/sanitize.ts";
import { type CommandSet, headOf, takesDocument } from "./command.ts";
import { type InvalidCommand, parse } from "./parse.ts";

/** The answer to a command that is not understood, for the asker alone: what is wrong and what to type instead. */
export function validationMessage(invalid: InvalidCommand, set: CommandSet): Reply {
  const { command, usage, suggestions } = invalid;
  const [title, ...more] = sentencesOf(invalid.sentence);
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
    mark: ASKS.test(title) ? "question" : "refused",
    title,
    blocks,
    footer: command
      ? [command.risk !== "read" ? "Nothing was changed. " : "", {
        code: `/help ${headOf(command).slice(1)}`,
      }]
      : "Nothing was done.",
    buttons: suggestions.map((suggestion) => buttonFor(suggestion, set)).filter((row) => row.length > 0),
    personal: true,
  };
}

/** "Is "apnoo" meant to be apono? If not, …" */
const ASKS = /^(Is|Do|Does|Did|Which|Why) ?[^?]*\?/;

const LONGEST_TITLE = 160;

/** One sentence is the title; of a long text the others come below it. */
function sentencesOf(text: string): [first: string, ...others: string[]] {
  if (text.length <= LONGEST_TITLE) return [text];
  const [first = text, ...others] = text.split(/(?<=[.?…]) (?=\p{Lu})/u);
  return [first, ...others];
}

/** Telegram copies no more than this. */
const MOST_TO_COPY = 256;
const LONGEST_LABEL = 48;

/** A read can be pressed; anything else is only ever text to copy, check and send oneself. */
export function buttonFor(suggestion: string, set: CommandSet): Button[] {
  const label = truncate(suggestion, LONGEST_LABEL);
  if (isRead(suggestion, set)) return [{ label, action: { command: suggestion } }];
  if (suggestion.length > MOST_TO_COPY) return [];
  return [{ label: `Copy ${label}`, action: { copy: suggestion } }];
}

/** Whole as well: what cannot be read again cannot be pressed. */
function isRead(suggestion: string, set: CommandSet): boolean {
  const parsed = parse(suggestion, { ...set, botName: "" });
  return parsed.kind === "command" && parsed.command.risk === "read";
}
