import { fold } from "../../handlers/resolve.ts";
import type { Candidate } from "../../handlers/operation.ts";
import type { Inline, Line, Mark } from "../../handlers/reply.ts";
import { type Command, type Field, headOf, isPositional } from "../parser/command.ts";
import { type Lack, withValue } from "../parser/lacking.ts";
import { labelOf } from "../parser/schema_error.ts";
import { distinctLabels } from "../clarify.ts";

/** What an option stands for: the command as it then is, or what is asked for next without a word more. */
type Leads = { readonly text: string } | { readonly deeper: Deeper };

/** A part of a field that is chosen before its value: the list that a thing stands in, or the key of an open field. */
export interface Deeper {
  readonly field: string;
  readonly within?: string;
  readonly key?: string;
}

export type Option = Leads & {
  readonly label: string;
  readonly mark?: Mark;
  /** What a person may type for it, folded. */
  readonly known: readonly string[];
};

/** What is asked at one step. */
export interface Asking {
  readonly title: Line;
  readonly options: readonly Option[];
  /** What may be typed instead of an option, or has to be where there is none. */
  readonly asks: string;
  /** Whether what is typed is the value as it stands; else it has to fit an option. */
  readonly isFree: boolean;
  /** The field that it asks for. */
  readonly about?: Deeper;
  /** What was chosen last by a name that the command does not say, or why it is asked. */
  readonly chosen?: Line | undefined;
}

/** A field of a command. */
export interface FieldAsked {
  readonly command: Command;
  readonly field: Field;
}

/** Which of the targets, those that the words name and those used lately first; `words` were said without one. */
export function targetQuestion(
  { targets, words }: Pick<Extract<Lack, { kind: "target" }>, "targets" | "words">,
  recent: readonly string[],
): Asking {
  const at = (command: Command) =>
    command.target !== null && fold(words).includes(fold(command.target))
      ? -1
      : recency(recent, (typed) => `${typed} `.startsWith(`${headOf(command)} `));
  return {
    title: words === ""
      ? `What shall /${targets[0]?.verb} be about?`
      : ["Where does “", { data: words, max: 80 }, "” belong?"],
    options: targets.toSorted((one, other) => at(one) - at(other)).map((command) => ({
      label: command.target ?? "",
      known: [fold(command.target ?? "")],
      text: [headOf(command), words].filter(Boolean).join(" "),
    })),
    asks: "target",
    isFree: false,
  };
}

/** Which of several fields, where one is enough. */
export function wayQuestion({ command, fields }: Extract<Lack, { kind: "way" }>): Asking {
  return {
    title: [`${command.summary}: what shall be set?`],
    options: fields.map((field) => ({
      label: nameOf(field),
      known: [fold(field.name)],
      deeper: { field: field.name },
    })),
    asks: "field",
    isFree: false,
  };
}

function nameOf({ kind, name, prefix, placeholder }: Field): string {
  if (kind === "drop") return `remove: -${placeholder}`;
  return kind === "open" ? `${prefix}${placeholder}` : name;
}

/** A value out of those that the command declares, or in words. */
export function valueQuestion(
  typed: string,
  { command, field }: FieldAsked,
  { key }: Pick<Deeper, "key"> = {},
): Asking {
  if (key === undefined && field.kind === "open") return keyQuestion(command, field);
  const values = field.type === "boolean" ? ["true", "false"] : field.kind === "open" ? [] : field.values;
  const what = key === undefined ? labelOf(field).replace(/^<|>$|=$/g, "") : key;
  return {
    title: values.length > 0
      ? `Which ${what.includes("|") ? "one" : what}?`
      : [`Type the ${what} in reply`, ...hintFor(field, command)],
    options: values.map((value) => ({
      label: value,
      known: [fold(value)],
      text: withValue(typed, { command, field }, value),
    })),
    asks: field.placeholder,
    isFree: values.length === 0,
    about: { field: field.name, ...(key !== undefined && { key }) },
  };
}

function hintFor(field: Field, { example }: Command): readonly Inline[] {
  if (isPositional(field)) return [", such as in ", { code: example }];
  return field.name === "reason" ? [": this is a dangerous change"] : [];
}

/** Which of the names that an open field takes; where they are not known, all of it in words. */
function keyQuestion(command: Command, field: Field): Asking {
  const { names = [] } = command;
  const keys = field.prefix === ""
    ? names.flatMap(([kind, ofKind]) => ofKind.map((key) => ({ key, kind })))
    : [];
  return {
    title: keys.length > 0
      ? "Which field shall be set?"
      : ["Type what shall be set in reply, such as ", { code: sampleOf(field) }],
    options: keys.map(({ key, kind }) => ({
      label: `${key} · ${kind}`,
      known: [fold(key)],
      deeper: { field: field.name, key },
    })),
    asks: sampleOf(field),
    isFree: true,
    about: { field: field.name },
  };
}

function sampleOf({ kind, prefix, placeholder }: Field): string {
  if (kind === "drop") return `-${placeholder}`;
  return placeholder.includes("=") ? placeholder : `${prefix}${placeholder}=value`;
}

/** Which of the things that the vendor has: problems first, then what this person used lately, then as they came. */
export function itemQuestion(
  typed: string,
  { command, field }: FieldAsked,
  candidates: readonly Candidate[],
  recent: readonly string[],
): Asking {
  const used = recent.map(fold);
  const rank = ({ standing, value, name }: Candidate) =>
    standing === "problem"
      ? -1
      : recency(used, (words) =>
        words.endsWith(` ${fold(name)}`) || (value !== null && ` ${words} `.includes(` ${fold(value)} `)));
  const ranked = candidates.toSorted((one, other) => rank(one) - rank(other));
  const labels = distinctLabels(ranked.map((one) => ({ ...one, id: one.value ?? one.within ?? "" })));
  return {
    title: `${headline(command)}: ${askFor(field, candidates)}`,
    options: ranked.map((candidate, at) => ({
      label: saysItself(candidate) ? candidate.name : labels[at] ?? candidate.name,
      ...(candidate.standing && { mark: MARKS_OF[candidate.standing] }),
      known: [candidate.name, ...candidate.about, candidate.value ?? ""].map(fold),
      ...(candidate.value === null
        ? {
          deeper: { field: field.name, ...(candidate.within !== undefined && { within: candidate.within }) },
        }
        : { text: withValue(typed, { command, field }, candidate.value) }),
    })),
    asks: field.placeholder,
    isFree: command.vendor === undefined,
    about: { field: field.name },
  };
}

/** What a vendor's command is about stands anywhere in its summary; the bot's own say first what they do. */
function headline({ vendor, summary }: Command): string {
  return vendor === undefined ? summary.split(/[:;]/, 1)[0] ?? "" : summary;
}

/** "K7Q2X · Acme Corp": what is typed for it stands in its name. */
function saysItself({ value, name }: Candidate): boolean {
  return name === value || name.startsWith(`${value} · `);
}

function askFor(field: Field, candidates: readonly Candidate[]): string {
  // Where it stands in is asked first.
  if (candidates.every(({ value }) => value === null)) return "where is it?";
  if (field.name === "for") return "for how long?";
  return `which ${isPositional(field) ? "one" : field.name}?`;
}

function recency(recent: readonly string[], fits: (typed: string) => boolean): number {
  const at = recent.findIndex(fits);
  return at < 0 ? recent.length : at;
}

const MARKS_OF: Readonly<Record<NonNullable<Candidate["standing"]>, Mark>> = {
  problem: "attention",
  busy: "working",
  unknown: "unknown",
  off: "absent",
  fine: "fine",
};
