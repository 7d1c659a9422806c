import * as z from "zod";
import type { Json } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import type { Choices, Input, NamesOfKind, Plan, Risk } from "../../handlers/operation.ts";
import { oncePer } from "./once_per.ts";
import { type Token, tokenize } from "./tokenize.ts";

/** Whether it says no more than what it is about, given the fields that it has: it can be read, and not carried out. */
export function isBare(
  command: Pick<Command, "needs" | "input" | "risk">,
  given: readonly string[],
): boolean {
  const { needs = [] } = command;
  const besides = fieldsTyped(command).filter((field) =>
    (isPositional(field) && !needs.flat().includes(field.name)) ||
    COMMON_OPTIONS.some(({ name }) => name === field.name)
  );
  return needs.length > 0 && given.every((name) => besides.some((field) => field.name === name));
}

/** What can be typed: an operation of a vendor, or one of the bot's own commands. */
export interface Command {
  readonly verb: string;
  /** Null without a target; may hold several words, such as "tenable start". */
  readonly target: string | null;
  readonly summary: string;
  /** A whole command that works. */
  readonly example: string;
  readonly input: Input;
  /** The names that an `open` field takes, by what their values are. */
  readonly names?: readonly NamesOfKind[];
  /** Absent: it acts by itself, is not countersigned, and is never offered as a press. */
  readonly risk?: Risk;
  /** Absent for the bot's own. */
  readonly vendor?: string;
  /** What has to be said besides what the input requires, as ways of which one is enough; see `Operation`. */
  readonly needs?: readonly (readonly string[])[];
  /** What a field may name now, asked of the vendor. */
  readonly choices?: Readonly<Record<string, Choices<unknown>>>;
  /** Where some of its changes are dangerous and others are not: which. */
  danger?(plan: Plan): boolean;
  secret?(field: string): boolean;
}

/** The other names people type for the first word of a target, by that word. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

/** All that can be typed. */
export interface CommandSet<C extends Command = Command> {
  readonly commands: readonly C[];
  readonly aliases: Aliases;
}

/** "/disable ec2" */
export function headOf({ verb, target }: Pick<Command, "verb" | "target">): string {
  return target === null ? `/${verb}` : `/${verb} ${target}`;
}

/** Runs only after someone else has agreed. */
export function isChange({ risk }: Pick<Command, "risk">): boolean {
  return risk === "write" || risk === "danger";
}

/** A target's own name for whatever people call it; unknown words come back in lower case. */
export function targetNamed(word: string, aliases: Aliases): string {
  const wanted = word.toLowerCase();
  const { spelt, bare } = targetsByName(aliases);
  return spelt.get(wanted) ?? bare.get(bareName(wanted)) ?? wanted;
}

const targetsByName = oncePer((aliases: Aliases) => {
  const names = Object.entries(aliases).flatMap(([target, others]) =>
    [target, ...others].map((name) => [name, target] as const)
  );
  // Of several targets the first one has the name, and a map keeps what it is given last.
  const lastFirst = names.toReversed();
  return {
    spelt: new Map(lastFirst),
    bare: new Map(lastFirst.map(([name, target]) => [bareName(name), target])),
  };
});

function bareName(name: string): string {
  return name.replace(/[-_.]/g, "");
}

/** A command, and the words after its verb and target. */
export interface Route<C extends Command = Command> {
  readonly command: C;
  readonly words: readonly Token[];
}

/** The command with the longest target that fits the words, else the verb's command without one. */
export function findRoute<C extends Command>(
  verb: string,
  words: readonly Token[],
  { commands, aliases }: CommandSet<C>,
): Route<C> | undefined {
  const spoken = words.map(({ text }, at) => at === 0 ? targetNamed(text, aliases) : text.toLowerCase());
  const command = commandsWith(verb, commands).find((one) =>
    targetWords(one).every((part, at) => spoken[at] === part)
  );
  return command && { command, words: words.slice(targetWords(command).length) };
}

/** The commands of a verb, those with the longest target first. */
export function commandsWith<C extends Command>(verb: string, commands: readonly C[]): readonly C[] {
  // What is kept for a list are its own commands.
  return (commandsByVerb(commands).get(verb) ?? []) as readonly C[];
}

const commandsByVerb = oncePer((commands: readonly Command[]): ReadonlyMap<string, readonly Command[]> =>
  Map.groupBy(
    commands.toSorted((one, other) => targetWords(other).length - targetWords(one).length),
    ({ verb }) => verb,
  )
);

function targetWords({ target }: Command): readonly string[] {
  return target?.split(" ") ?? [];
}

/** The route of a whole command, slash and all. */
export function routeOf<C extends Command>(whole: string, set: CommandSet<C>): Route<C> | undefined {
  const [head, ...words] = tokenize(whole);
  return head && findRoute(head.text.slice(1), words, set);
}

/** A route with what else is known of its words: the fields that they may go to. */
export interface CommandLine extends Route {
  readonly fields: readonly Field[];
  readonly aliases: Aliases;
}

/** Whether a field's value needs no name before it. */
export function isPositional({ kind }: Field): boolean {
  return kind === "word" || kind === "rest";
}

/** Whether a command line has a place for a field of this kind. */
export function hasField({ fields }: Pick<CommandLine, "fields">, kind: Field["kind"]): boolean {
  return fields.some((field) => field.kind === kind);
}

/** The field that `key=` sets; one that goes by position can be named as well. */
export function optionNamed(key: string, fields: readonly Field[]): Field | undefined {
  const name = key.toLowerCase();
  return fields.find((field) =>
    (field.kind === "option" || isPositional(field)) && field.name.toLowerCase() === name
  );
}

/** `company=Acme Corp`: the words behind a spaced option belong to it, up to the next option. */
export function gathered(words: readonly Token[], fields: readonly Field[]): readonly Token[] {
  if (fields.some(({ whole }) => whole)) return asOneWord(words);
  if (!fields.some(({ spaced }) => spaced)) return words;
  const whole: Token[] = [];
  for (const word of words) {
    const last = whole.at(-1);
    const isOpen = last?.pair && !last.pair.quoted && optionNamed(last.pair.key, fields)?.spaced;
    if (!isOpen || word.pair || word.quoted) {
      whole.push(word);
      continue;
    }
    const raw = `${last.raw} ${word.raw}`;
    whole[whole.length - 1] = {
      ...last,
      raw,
      text: raw,
      pair: { ...last.pair!, value: `${last.pair!.value} ${word.raw}` },
    };
  }
  return whole;
}

/** A command inside another one is read when it runs, by its own rules. */
function asOneWord(words: readonly Token[]): readonly Token[] {
  if (words.length === 0) return [];
  const typed = words.map(({ raw }) => raw).join(" ");
  return [{ raw: typed, text: typed, quoted: true }];
}

/** The record with the longest prefix that fits the key. */
export function openFor(key: string, fields: readonly Field[]): Field | undefined {
  return fields
    .filter((field) => field.kind === "open" && key.length > field.prefix.length)
    .filter((field) => key.toLowerCase().startsWith(field.prefix.toLowerCase()))
    .sort((one, other) => other.prefix.length - one.prefix.length)[0];
}

/** The value of a field that takes only certain ones, spelt as declared; targets also by their other names. */
export function choiceOf({ values }: Field, value: string, aliases: Aliases): string | undefined {
  const spellings = [value.toLowerCase(), targetNamed(value, aliases)];
  return values.find((choice) => spellings.includes(choice.toLowerCase()));
}

/** `Service Desk in INCIDENT`: a name needs no quotes when one of the few words of a field after it ends it. */
export function wordsUpToChoice(
  loose: readonly number[],
  later: readonly Field[],
  line: CommandLine,
): number {
  const isChoice = (field: Field) => (at: number) => {
    const { text = "", quoted = true } = line.words[at] ?? {};
    return !quoted && choiceOf(field, text, line.aliases) !== undefined;
  };
  for (const [between, field] of later.entries()) {
    if (field.values.length === 0) break;
    const end = loose.findIndex((at, place) => place > between && isChoice(field)(at));
    if (end > 0) return end - between;
  }
  // `/map opsramp Service Desk`: what may follow the name is yet to be asked for.
  const isAlone = later[0]?.required === false && later[0].values.length > 0 &&
    !later.some((field) => loose.some(isChoice(field))) && !line.words[loose[0] ?? 0]?.quoted;
  return isAlone ? together(loose) : 1;
}

/** Of two fields that take what is left, the first takes what stands before an option and the second what follows it. */
export function together(loose: readonly number[]): number {
  return loose.filter((place, at) => place === (loose[0] ?? 0) + at).length;
}

/** Spelt as the schema wants it; what does not convert is left for the schema to refuse. */
export function convert(field: Field, value: string, { aliases }: Pick<CommandLine, "aliases">): Json {
  if (field.type === "list") return value.split(",").map((item) => item.trim());
  const spelt = choiceOf(field, value, aliases) ?? value;
  if (field.type === "number" && isNumber(spelt)) return Number(spelt);
  if (field.type === "boolean" && /^(true|false)$/i.test(spelt)) return spelt.toLowerCase() === "true";
  return spelt;
}

/** Whether it is a number as people type one. */
export function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
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
  /** An option whose value takes the words up to the next option: a name needs no quotes. */
  readonly spaced?: boolean;
  /** Takes the whole line as it was typed, because a command is in it. */
  readonly whole?: boolean;
}

/** The fields of the input, and the options of every change that does not declare them itself. */
export function fieldsTyped(command: Pick<Command, "input" | "risk">): readonly Field[] {
  const declared = fieldsOf(command.input);
  const added = COMMON_OPTIONS.filter((option) => !declared.some(({ name }) => name === option.name));
  return isChange(command) ? [...declared, ...added] : declared;
}

const COMMON_OPTIONS = Object.entries({ reason: "reason", ticket: "ticket", for: "2h", at: "22:00" }).map((
  [name, placeholder],
): Field => ({
  name,
  kind: "option",
  required: false,
  placeholder,
  prefix: "",
  values: [],
  type: "text",
}));

/** In the order declared, which is the order typed. */
export const fieldsOf: (input: Input) => readonly Field[] = oncePer(readFields);

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
  spaced: z.boolean().default(false),
  whole: z.boolean().default(false),
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
      spaced: property.spaced,
      whole: property.whole,
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

/** `/enable ec2 <company> role=<arn>`: what to type; optional parts in brackets. */
export function usageOf(command: Command): string {
  const words = fieldsOf(command.input)
    .filter((field) => field.kind !== "document")
    .map((field) => wordFor(field, command));
  const declaresReason = fieldsOf(command.input).some((field) => field.name === "reason");
  const reason = command.risk === "danger" && !declaresReason ? ["reason=<why>"] : [];
  return [headOf(command), ...words, ...reason].join(" ");
}

/** Whether a JSON document may come with the command. */
export function takesDocument(command: Pick<Command, "input">): boolean {
  return fieldsOf(command.input).some((field) => field.kind === "document");
}

/** More choices than this are named by their placeholder. */
const MOST_CHOICES = 4;

function wordFor(field: Field, command: Command): string {
  const word = requiredWord(field, command);
  return field.required ? word : `[${word}]`;
}

function requiredWord(field: Field, command: Command): string {
  const choices = field.values.length <= MOST_CHOICES ? field.values.join("|") : "";
  // A placeholder with a digit in it is an example: `for=2h`.
  const value = choices || (/\d/.test(field.placeholder) ? field.placeholder : `<${field.placeholder}>`);
  switch (field.kind) {
    case "option":
      return `${field.name}=${command.secret?.(field.name) ? ENTER_MARK : value}`;
    case "open":
      return field.placeholder.includes("=")
        ? `${field.placeholder}…`
        : `${field.prefix}<${field.placeholder}>=<value>…`;
    case "drop":
      return `-<${field.placeholder}>…`;
    default:
      return field.required ? value : choices || field.placeholder;
  }
}
