import { type Aliases, type Command, headOf, isChange, targetNamed } from "./command.ts";
import { type Field, fieldsOf } from "./field.ts";
import type { Word } from "./word.ts";

/** A command that was found, the words after its target, and the fields they may go to. */
export interface Line {
  readonly command: Command;
  readonly fields: readonly Field[];
  readonly words: readonly Word[];
  readonly aliases: Aliases;
}

export function lineOf(command: Command, words: readonly Word[], aliases: Aliases): Line {
  return { command, fields: fieldsOf(command.input), words, aliases };
}

/** Accepted on every change that does not declare them itself. */
export type Extra = "reason" | "ticket";

export function extrasOf(command: Pick<Command, "risk">): readonly Extra[] {
  return isChange(command) ? ["reason", "ticket"] : [];
}

/** A field that goes by position can be named as well. */
export function optionNamed(key: string, { fields }: Line): Field | undefined {
  const name = key.toLowerCase();
  const named = fields.filter((field) => field.kind === "option" || isPositional(field));
  return named.find((field) => field.name.toLowerCase() === name);
}

export function extraNamed(key: string, { command }: Line): Extra | undefined {
  return extrasOf(command).find((extra) => extra === key.toLowerCase());
}

/** The record with the longest prefix that fits the key. */
export function openFor(key: string, { fields }: Line): Field | undefined {
  return fields
    .filter((field) => field.kind === "open" && key.length > field.prefix.length)
    .filter((field) => key.toLowerCase().startsWith(field.prefix.toLowerCase()))
    .sort((one, other) => other.prefix.length - one.prefix.length)[0];
}

export function isPositional(field: Field): boolean {
  return field.kind === "word" || field.kind === "rest";
}

export function has(line: Line, kind: Field["kind"]): boolean {
  return line.fields.some((field) => field.kind === kind);
}

/** The value of a field that takes only certain ones, spelt as declared; targets also by their other names. */
export function choiceOf(field: Field, value: string, aliases: Aliases): string | undefined {
  const spellings = [value.toLowerCase(), targetNamed(value, aliases)];
  return field.values.find((choice) => spellings.includes(choice.toLowerCase()));
}

/** The whole command again, with `count` words from `at` on replaced. */
export function retyped(line: Line, at: number, count: number, ...words: readonly string[]): string {
  const raws = line.words.map((word) => word.raw).toSpliced(at, count, ...words);
  return [headOf(line.command), ...raws].join(" ");
}
