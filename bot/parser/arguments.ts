import { z } from "zod";
import type { Input } from "../../handlers/operation.ts";
import { type Aliases, type Command, headOf, isChange, targetNamed } from "./command.ts";
import type { Token } from "./tokenize.ts";

/** A command that was found, the words after its target, and the fields they may go to. */
export interface CommandLine {
  readonly command: Command;
  readonly fields: readonly Field[];
  readonly words: readonly Token[];
  readonly aliases: Aliases;
}

export function commandLineOf(command: Command, words: readonly Token[], aliases: Aliases): CommandLine {
  return { command, fields: fieldsOf(command.input), words, aliases };
}

/** Accepted on every change that does not declare them itself. */
export type Extra = "reason" | "ticket";

export function extrasOf(command: Pick<Command, "risk">): readonly Extra[] {
  return isChange(command) ? ["reason", "ticket"] : [];
}

/** A field that goes by position can be named as well. */
export function optionNamed(key: string, { fields }: CommandLine): Field | undefined {
  const name = key.toLowerCase();
  const named = fields.filter((field) => field.kind === "option" || isPositional(field));
  return named.find((field) => field.name.toLowerCase() === name);
}

export function extraNamed(key: string, { command }: CommandLine): Extra | undefined {
  return extrasOf(command).find((extra) => extra === key.toLowerCase());
}

/** The record with the longest prefix that fits the key. */
export function openFor(key: string, { fields }: CommandLine): Field | undefined {
  return fields
    .filter((field) => field.kind === "open" && key.length > field.prefix.length)
    .filter((field) => key.toLowerCase().startsWith(field.prefix.toLowerCase()))
    .sort((one, other) => other.prefix.length - one.prefix.length)[0];
}

export function isPositional(field: Field): boolean {
  return field.kind === "word" || field.kind === "rest";
}

export function has(line: CommandLine, kind: Field["kind"]): boolean {
  return line.fields.some((field) => field.kind === kind);
}

/** The value of a field that takes only certain ones, spelt as declared; targets also by their other names. */
export function choiceOf(field: Field, value: string, aliases: Aliases): string | undefined {
  const spellings = [value.toLowerCase(), targetNamed(value, aliases)];
  return field.values.find((choice) => spellings.includes(choice.toLowerCase()));
}

/** The whole command again, with `count` words from `at` on replaced. */
export function retyped(line: CommandLine, at: number, count: number, ...words: readonly string[]): string {
  const raws = line.words.map((word) => word.raw).toSpliced(at, count, ...words);
  return [headOf(line.command), ...raws].join(" ");
}

/** One field of an operation's input, as a person meets it. */
export interface Field {
  readonly name: string;
  /** "word" and "rest" go by position, "option" is `name=value`; see `Input` for the others. */
  readonly kind: "word" | "rest" | "option" | "open" | "drop" | "document";
  readonly required: boolean;
  /** What stands for the value in a usage line. */
  readonly placeholder: string;
  /** What an "open" key starts with; empty when it takes every key. */
  readonly prefix: string;
  /** The only values there are (for "open": the only keys); empty when anything may be typed. */
  readonly values: readonly string[];
  readonly type: "text" | "number" | "boolean" | "list";
}

/** In the order declared, which is the order typed. */
export function fieldsOf(input: Input): readonly Field[] {
  const known = FIELDS.get(input);
  if (known) return known;
  const fields = readFields(input);
  FIELDS.set(input, fields);
  return fields;
}

const FIELDS = new WeakMap<Input, readonly Field[]>();

const Values = z.object({
  type: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
});

/** A property of the JSON schema, which carries the `.meta()` of a field through any wrapper around it. */
const Property = Values.extend({
  positional: z.boolean().default(false),
  rest: z.boolean().default(false),
  open: z.string().optional(),
  drop: z.boolean().default(false),
  document: z.boolean().default(false),
  placeholder: z.string().optional(),
  items: Values.optional().catch(undefined),
  propertyNames: Values.optional().catch(undefined),
});

function readFields(input: Input): Field[] {
  const { properties = {} } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  return Object.entries(input.shape).map(([name, schema]) => {
    const property = Property.parse(withoutNull(properties[name]));
    const kind = kindOf(property);
    return {
      name,
      kind,
      required: !z.safeParse(schema, undefined).success,
      placeholder: property.placeholder ?? (kind === "open" || kind === "drop" ? "name" : name),
      prefix: property.open ?? "",
      values: valuesOf((kind === "open" ? property.propertyNames : property.items) ?? property),
      type: typeOf(property.type),
    };
  });
}

/** `.nullable()` puts the field, and its `.meta()`, one level down. */
function withoutNull(property: unknown): unknown {
  const [only, ...others] = Nullable.safeParse(property).data?.anyOf.filter(({ type }) => type !== "null") ??
    [];
  return only && others.length === 0 ? only : property ?? {};
}

const Nullable = z.object({ anyOf: z.array(z.looseObject({ type: z.unknown().optional() })) });

function kindOf(property: z.output<typeof Property>): Field["kind"] {
  if (property.document) return "document";
  if (property.drop) return "drop";
  if (property.open !== undefined) return "open";
  if (property.rest) return "rest";
  return property.positional ? "word" : "option";
}

function valuesOf({ enum: several, const: only }: z.output<typeof Values>): string[] {
  const values = several ?? (only === undefined ? [] : [only]);
  return values.filter((value) => value !== null).map(String);
}

function typeOf(type: unknown): Field["type"] {
  if (type === "number" || type === "integer") return "number";
  if (type === "boolean") return "boolean";
  return type === "array" ? "list" : "text";
}
