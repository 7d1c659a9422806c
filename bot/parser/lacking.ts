import type { JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import {
  type Command,
  type CommandSet,
  type Field,
  fieldsTyped,
  headOf,
  isPositional,
  routeOf,
} from "./command.ts";
import {
  bind,
  canBind,
  inputOf,
  type InvalidCommand,
  lineOf,
  parse,
  type ParsedCommand,
  type ParseOptions,
} from "./parse.ts";
import { normalise, quote, tokenize } from "./tokenize.ts";

/** The next thing that a command has to be told before it can be carried out. */
export type Lack<C extends Command = Command> =
  /** `words`: what was said without it. */
  | { readonly kind: "target"; readonly targets: readonly C[]; readonly words: string }
  | { readonly kind: "field"; readonly command: C; readonly field: Field }
  /** One of several fields is enough; which one is asked first. */
  | { readonly kind: "way"; readonly command: C; readonly fields: readonly Field[] };

/**
 * What is missing first: the target, then what the command is about, then its values in their order, then the reason of
 * a dangerous change. Undefined where nothing is, or where what was typed is wrong otherwise. `leftOut`: fields that are
 * better not named.
 */
export function lacking<C extends Command>(
  typed: string,
  parsed: ParsedCommand<C> | InvalidCommand<C>,
  set: CommandSet<C>,
  leftOut: readonly string[] = [],
): Lack<C> | undefined {
  const { command, given } = parsed;
  if (given === undefined) return undefined;
  if (!command) return targetLacking(typed, set);
  return fieldLacking(command, new Set([...given, ...leftOut]));
}

/** The targets that the words are the beginning of, else those whose command has a place for the words. */
function targetLacking<C extends Command>(typed: string, set: CommandSet<C>): Lack<C> {
  const [head, ...tokens] = tokenize(normalise(typed));
  const verb = head?.text.slice(1).replace(/@.*$/, "").toLowerCase() ?? "";
  const words = tokens.map(({ text }) => text);
  const raw = tokens.map(({ raw }) => raw).join(" ");
  const routed = (command: C, said: string) =>
    command.verb === verb && command.target !== null
      ? routeOf(`/${verb} ${said}`, { commands: [command], aliases: set.aliases })
      : undefined;
  const begun = set.commands.filter((command) =>
    routed(command, withBeginning(words, command.target ?? "")) !== undefined
  );
  if (begun.length > 0) return { kind: "target", targets: begun, words: "" };
  const taking = set.commands.filter((command) => {
    const route = routed(command, `${command.target} ${raw}`);
    return route && canBind(lineOf(route, set));
  });
  return { kind: "target", targets: taking, words: raw };
}

/** The words with what is left of the target behind them. */
function withBeginning(words: readonly string[], target: string): string {
  return [...words, ...target.split(" ").slice(words.length)].join(" ");
}

function fieldLacking<C extends Command>(command: C, given: ReadonlySet<string>): Lack<C> | undefined {
  const fields = fieldsTyped(command);
  const isThere = ({ name }: Field) => given.has(name);
  const asked = fields.filter((field) => !isThere(field) && isAsked(field, command));
  const [first] = asked.filter(isPositional);
  if (first) return { kind: "field", command, field: first };
  const needed = neededIn(command, fields, given);
  if (needed.length > 1) return { kind: "way", command, fields: needed };
  const [next = asked[0] ?? reasonOf(command, fields, given)] = needed;
  return next && { kind: "field", command, field: next };
}

/** What the input requires, and what a change should name because the vendor has several of it. */
function isAsked(field: Field, { choices = {}, risk }: Command): boolean {
  return field.required || (isPositional(field) && field.name in choices && risk !== "read");
}

/** The first field of each way that has been begun furthest; none once a way is complete, or a document is there. */
function neededIn(
  { needs = [] }: Command,
  fields: readonly Field[],
  given: ReadonlySet<string>,
): readonly Field[] {
  if (fields.some(({ kind, name }) => kind === "document" && given.has(name))) return [];
  const ways = needs.map((way) => ({ way, said: way.filter((name) => given.has(name)).length }));
  if (ways.some(({ way, said }) => said === way.length)) return [];
  const most = Math.max(0, ...ways.map(({ said }) => said));
  const next = ways.filter(({ said }) => said === most).map(({ way }) =>
    way.find((name) => !given.has(name))
  );
  return fields.filter(({ name }) => next.includes(name));
}

function reasonOf(
  { risk }: Command,
  fields: readonly Field[],
  given: ReadonlySet<string>,
): Field | undefined {
  return risk === "danger" && !given.has("reason") ? fields.find(({ name }) => name === "reason") : undefined;
}

/** The command that the words begin with, whatever it lacks. */
export function commandIn<C extends Command>(typed: string, options: ParseOptions<C>): C | undefined {
  const parsed = parse(typed, options);
  return parsed.kind === "command" || parsed.kind === "wrong" ? parsed.command : undefined;
}

/** The field of this name in the command that the words begin with. */
export function fieldNamed(
  typed: string,
  name: string,
  options: ParseOptions<Command>,
): { readonly command: Command; readonly field: Field } | undefined {
  const command = commandIn(typed, options);
  const field = command && fieldsTyped(command).find((one) => one.name === name);
  return command && field && { command, field };
}

/** What a command that is not understood says all the same: the words of it that fit, by the fields they belong to. */
export function inputSoFar(
  typed: string,
  set: CommandSet,
): Pick<ParsedCommand<Command>, "input" | "reason" | "ticket"> {
  const route = routeOf(typed, set);
  const line = route && lineOf(route, set);
  const words = line?.words.filter((word) => canBind({ ...line, words: [word] })) ?? [];
  if (!line || !canBind({ ...line, words })) return { input: {} };
  const { declared, common } = inputOf(bind({ ...line, words }), line);
  return { input: declared, ...common };
}

/** What stands for a name that is to be chosen, in quotes: a question mark at the end alone is punctuation. */
export const CHOOSE = quote(ENTER_MARK);

/** A command that leaves a name to be chosen: which field, and the command without it. */
export function leftOpen(
  { command, input, typed }: Pick<ParsedCommand<Command>, "command" | "input" | "typed">,
): { readonly field: string; readonly typed: string } | undefined {
  const field = fieldsTyped(command).find((one) =>
    isPositional(one) && input[one.name] === ENTER_MARK && command.choices?.[one.name]
  );
  if (!field) return undefined;
  const words = tokenize(normalise(typed)).filter(({ raw }) => raw !== CHOOSE).map(({ raw }) => raw);
  return { field: field.name, typed: words.join(" ") };
}

/** The command that an input stands for, as one would type it. */
export function typedFor(command: Command, input: JsonObject): string {
  return fieldsTyped(command).reduce((typed, field) => {
    const value = input[field.name];
    return typeof value === "string" && value !== ENTER_MARK
      ? withValue(typed, { command, field }, value)
      : typed;
  }, headOf(command));
}

/** The command with a value for a field, as one would type it: what goes by position before the options. */
export function withValue(
  typed: string,
  { command, field }: { readonly command: Command; readonly field: Field },
  value: string,
): string {
  const { name, kind, prefix, whole } = field;
  const positional = fieldsTyped(command).filter(isPositional);
  const before = positional.slice(0, positional.findIndex((one) => one.name === name));
  const [head, ...words] = tokenize(normalise(typed)).map(({ raw, pair }) => ({
    raw,
    isOption: pair !== undefined,
  }));
  const rest = words.slice(command.target?.split(" ").length ?? 0);
  const firstOption = rest.findIndex(({ isOption }) => isOption);
  const loose = firstOption < 0 ? rest : rest.slice(0, firstOption);
  const options = firstOption < 0 ? [] : rest.slice(firstOption);
  const raw = (some: typeof rest) => some.map(({ raw }) => raw);
  const begun = [head?.raw.replace(/@.*$/, "") ?? "", ...command.target?.split(" ") ?? []];
  // Of two that take the rest of the line, the second is named.
  const isNamed = kind === "option" || (kind === "rest" && before.some((one) => one.kind === "rest"));
  if (isPositional(field) && !isNamed) {
    const said = whole ? value : quote(value);
    const words = before.length === 0 && kind === "word" ? [said, ...raw(loose)] : [...raw(loose), said];
    return [...begun, ...words, ...raw(options)].join(" ");
  }
  const added = isNamed ? `${name}=${isMark(value) ? value : quote(value)}` : `${prefix}${value}`;
  return [...begun, ...raw(loose), ...raw(options), added].join(" ");
}

function isMark(value: string): boolean {
  return value === ENTER_MARK;
}
