import type { Json, JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { inQuotes } from "../../handlers/format.ts";
import {
  choiceOf,
  type Command,
  type CommandLine,
  type CommandSet,
  commandsWith,
  convert,
  type Field,
  fieldsTyped,
  findRoute,
  gathered,
  hasField,
  headOf,
  isChange,
  isNumber,
  isPositional,
  openFor,
  optionNamed,
  type Route,
  routeOf,
  together,
  usageOf,
  wordsUpToChoice,
} from "./command.ts";
import { andList, ParseError, type ParseErrorCode } from "./parse_error.ts";
import { labelOf, schemaError } from "./schema_error.ts";
import { askedIn, looksSecret, secretsWritten } from "./secret_scan.ts";
import {
  colonOption,
  misspeltChoice,
  nearTargets,
  strayWord,
  tornJson,
  tornOption,
  unexpectedWord,
  unknownCommand,
  unknownOption,
} from "./suggest.ts";
import { normalise, type Pair, type Token, tokenize } from "./tokenize.ts";

export interface ParseOptions<C extends Command> extends CommandSet<C> {
  /** The bot's own user name, without "@". */
  readonly botName: string;
  /** The JSON document that came with the command or that it replies to. */
  readonly document?: Json | undefined;
  /** Why there is a document that cannot be used, as a sentence. */
  readonly documentError?: string | undefined;
  /** The names in such a document under which secrets may stand. */
  readonly documentSecrets?: readonly string[] | undefined;
  /** Nobody knows what the document holds. */
  readonly documentUnseen?: boolean | undefined;
}

export type Parsed<C extends Command> =
  | { readonly kind: "not_a_command" }
  | { readonly kind: "for_other_bot" }
  | ParsedCommand<C>
  | LiteralSecret<C>
  | InvalidCommand<C>;

export interface ParsedCommand<C extends Command> {
  readonly kind: "command";
  readonly command: C;
  /** The whole command, to send again. */
  readonly typed: string;
  /** Passes the command's own schema; still as typed, secrets as `?`. */
  readonly input: JsonObject;
  /** The secrets to be entered on the secret page, by the name they are typed with. */
  readonly asked: readonly string[];
  readonly reason?: string;
  readonly ticket?: string;
  /** For how long, and when, as typed. */
  readonly for?: string;
  readonly at?: string;
  /** The fields that were typed or came with a document. */
  readonly given: readonly string[];
}

/** A secret was written out. Its value is in none of these fields. */
export interface LiteralSecret<C extends Command> {
  readonly kind: "literal_secret";
  readonly fields: readonly string[];
  /** Those of them that the command asks for on the secret page. */
  readonly asked: readonly string[];
  /** Why the document in which they may stand, or any secret, could not be read: a sentence. */
  readonly unread?: string | undefined;
  readonly command?: C;
}

export interface InvalidCommand<C extends Command = Command> {
  readonly kind: "wrong";
  readonly code: ParseErrorCode;
  readonly sentence: string;
  /** Whole commands to type, closest first, four at most. */
  readonly suggestions: readonly string[];
  readonly usage?: string;
  /** Absent where it is not clear which command was meant. */
  readonly command?: C;
  /** Where something is missing that can be asked for: the fields that are there. */
  readonly given?: readonly string[];
  /** The whole command, normalised; absent where nobody typed it. */
  readonly typed?: string;
}

const MOST_SUGGESTIONS = 4;

/** What a message asks for. Never throws, and never guesses: what is not clear comes back as `wrong`. */
export function parse<C extends Command>(text: string, options: ParseOptions<C>): Parsed<C> {
  const plain = normalise(text);
  const [head = "", verbTyped, otherBot] = /^\/([^\s@/]+)(?:@(\S*))?(?= |$)/.exec(plain) ?? [];
  if (verbTyped === undefined) return { kind: "not_a_command" };
  if (otherBot !== undefined && otherBot.toLowerCase() !== options.botName.toLowerCase()) {
    return { kind: "for_other_bot" };
  }
  const verb = verbTyped.toLowerCase().replace(/[.,:;!?]+$/, "");
  const words = tokenize(plain.slice(head.length));
  const route = findRoute(verb, words, options);
  const { document, documentSecrets = [], documentError, documentUnseen = false } = options;
  const judging = innermost(route, options)?.command;
  const secrets = secretsWritten(plain, document, judging);
  if (secrets.length > 0) return literalSecret(secrets, judging);
  if (documentSecrets.length > 0 || documentUnseen) {
    return { ...literalSecret(documentSecrets, route?.command), unread: documentError };
  }
  const known = () => ({ ...options, fits: (other: Route) => canBind(lineOf(other, options)) });
  try {
    if (!route || lacksTarget(route, options)) throw unknownCommand(verb, words, known());
    return understand(plain, route, options);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const more = route?.command.target === null ? nearTargets(verb, words, known()) : [];
    const answer = invalid(plain, error, route?.command, more, document === undefined);
    // What a suggestion would give a secret's name is the secret itself, written differently.
    const meant = answer.suggestions.flatMap((whole) =>
      secretsWritten(whole, undefined, routeOf(whole, options)?.command)
    );
    return meant.length > 0 ? literalSecret([...new Set(meant)], route?.command) : answer;
  }
}

/** The command that says what is a secret: the one within, where one of the bot's own is about another, as /plan is. */
function innermost<C extends Command>(
  route: Route<C> | undefined,
  set: CommandSet<C>,
): Route<C> | undefined {
  if (!route || route.command.vendor !== undefined) return route;
  const verbs = route.words.map(({ text }) => text.replace(/^\//, "").toLowerCase());
  const at = verbs.findIndex((word) =>
    commandsWith(word, set.commands).some(({ vendor }) => vendor !== undefined)
  );
  return at === -1 ? route : findRoute(verbs[at]!, route.words.slice(at + 1), set) ?? route;
}

function literalSecret<C extends Command>(
  fields: readonly string[],
  command: C | undefined,
): LiteralSecret<C> {
  const isAsked = (field: string) => command ? command.secret?.(field) ?? false : looksSecret(field);
  return { kind: "literal_secret", fields, asked: fields.filter(isAsked), ...(command && { command }) };
}

/** A word where only a target can stand: the verb alone takes none at all. */
function lacksTarget<C extends Command>({ command, words: [word] }: Route<C>, { commands }: CommandSet<C>) {
  return word && !word.pair && command.target === null && Object.keys(command.input.shape).length === 0 &&
    commandsWith(command.verb, commands).some(({ target }) => target !== null);
}

function understand<C extends Command>(
  typed: string,
  { command, words }: Route<C>,
  options: ParseOptions<C>,
): ParsedCommand<C> | LiteralSecret<C> {
  const line = lineOf({ command, words }, options);
  const document = documentFor(line, options);
  const bound = bind(line);
  const { declared, common } = inputOf(bound, line);
  const input = { ...declared, ...document };
  const written = line.fields.map(({ name }) => name).filter((name) => isWritten(input[name], name, command));
  if (written.length > 0) return literalSecret(written, command);
  const checked = command.input.safeParse(input);
  refuseMissing(line, input, bound, checked.success);
  const [issue] = checked.error?.issues ?? [];
  if (issue) throw schemaError(issue, line, input);
  const isSecret = (path: string) => command.secret?.(path) ?? false;
  const asked = [...bound.asked, ...Object.values(document).flatMap((value) => askedIn(value, isSecret))];
  const given = [...Object.keys(input), ...Object.keys(common)];
  return { kind: "command", command, typed, input, asked: [...new Set(asked)], given, ...common };
}

/** The words of a route by the fields that they may go to. */
export function lineOf({ command, words }: Route, { aliases }: CommandSet): CommandLine {
  const fields = fieldsTyped(command);
  return { command, words: gathered(words, fields), fields, aliases };
}

/** A secret that goes by position has no key to be known by. */
function isWritten(value: Json | undefined, name: string, command: Command): boolean {
  return typeof value === "string" && value !== ENTER_MARK && (command.secret?.(name) ?? false);
}

function documentFor(line: CommandLine, { document, documentError }: ParseOptions<Command>): JsonObject {
  const head = headOf(line.command);
  const field = line.fields.find(({ kind }) => kind === "document");
  if (!field) {
    if (isChange(line.command) && (document !== undefined || documentError !== undefined)) {
      throw new ParseError("bad_document", `${head} takes no document. Nothing was read from it.`);
    }
    return {};
  }
  if (documentError !== undefined) throw new ParseError("bad_document", documentError);
  if (line.words.some(({ text }) => /^\[?\{/.test(text))) {
    const how = `Send the JSON as a file with ${head} … as its caption, or reply to it with ${head} ….`;
    throw new ParseError("bad_document", how);
  }
  return document === undefined ? {} : { [field.name]: document };
}

/** Everything that is missing, in one sentence. */
function refuseMissing(line: CommandLine, input: JsonObject, { values }: Bound, fits: boolean): void {
  const fields = fits ? [] : line.fields.filter((field) => field.required && input[field.name] === undefined);
  const needsReason = line.command.risk === "danger" &&
    String(values.get("reason") ?? "").trim() === "";
  if (fields.length === 0 && !needsReason) return;
  const head = headOf(line.command);
  const labels = [...fields.map(labelOf), ...(needsReason ? ["reason=…"] : [])];
  const missing = [...fields.map((field) => field.name), ...(needsReason ? ["reason"] : [])];
  const words = line.words.filter((word) => !word.pair || !missing.includes(word.pair.key.toLowerCase()));
  const whole = [head, ...words.map((word) => word.raw), ...missing.map((name) => `${name}=`)].join(" ");
  const because = needsReason ? ", because it is a dangerous change" : "";
  const canBeCompleted = fields.every((field) => field.kind === "option");
  const sentence = `${head} needs ${andList(labels)}${because}.`;
  // What is there and empty is to be typed otherwise, and cannot be asked for beside it.
  const isEmpty = needsReason && values.has("reason");
  const given = isEmpty ? undefined : Object.keys(input).concat([...values.keys()]);
  throw new ParseError("missing_argument", sentence, canBeCompleted ? [whole] : [], given);
}

function invalid<C extends Command>(
  typed: string,
  error: ParseError,
  command: C | undefined,
  more: readonly string[],
  isAlone: boolean,
): InvalidCommand<C> {
  return {
    kind: "wrong",
    typed,
    code: error.code,
    sentence: error.message,
    suggestions: [...new Set([...error.suggestions, ...more])].slice(0, MOST_SUGGESTIONS),
    ...(command && error.code !== "unknown_target" && { usage: usageOf(command), command }),
    ...(isAlone && error.given && { given: error.given }),
  };
}

/** What was typed, by the field it belongs to. Maps, because people type the keys: `__proto__` is only a word. */
interface Bound {
  readonly values: Map<string, Json>;
  readonly records: Map<string, Map<string, string>>;
  readonly drops: string[];
  /** The names of the secrets asked for with `?`. */
  readonly asked: string[];
  /** Where in the line the words stand that go by position. */
  readonly loose: number[];
}

/** Puts every word into the field it belongs to; a word that belongs nowhere throws a `ParseError`. */
export function bind(line: CommandLine): Bound {
  const torn = hasField(line, "document") ? tornJson(line) : undefined;
  if (torn) throw torn;
  const unclosed = line.words.find((word) => word.unclosed);
  if (unclosed) {
    throw new ParseError("bad_value", `The quote in ${inQuotes(unclosed.raw)} is never closed.`);
  }
  const bound: Bound = { values: new Map(), records: new Map(), drops: [], asked: [], loose: [] };
  line.words.forEach((word, at) => bindWord(word, at, line, bound));
  bindLoose(line, bound);
  return bound;
}

/** Whether each of its words belongs somewhere. */
export function canBind(line: CommandLine): boolean {
  try {
    bind(line);
    return true;
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}

/** What the command declares, not yet checked by its schema, apart from what every change takes. */
export function inputOf(
  { values, records, drops }: Bound,
  { command, fields }: CommandLine,
): { readonly declared: JsonObject; readonly common: JsonObject } {
  const drop = fields.find(({ kind }) => kind === "drop");
  const isDeclared = ([name]: readonly [string, Json]) => Object.hasOwn(command.input.shape, name);
  const declared = Object.fromEntries<Json>([
    ...[...values].filter(isDeclared),
    ...[...records].map(([name, record]): [string, Json] => [name, Object.fromEntries(record)]),
    ...(drop && drops.length > 0 ? [[drop.name, drops] as const] : []),
  ]);
  return { declared, common: Object.fromEntries([...values].filter((entry) => !isDeclared(entry))) };
}

function bindWord(word: Token, at: number, line: CommandLine, bound: Bound): void {
  const { raw, text, pair } = word;
  const looksTorn = raw.startsWith("=") || (pair?.value === "" && !pair.quoted);
  const torn = looksTorn ? tornOption(line, at) : undefined;
  if (torn) throw torn;
  if (pair && bindPair(pair, line, bound)) return;
  const colon = !pair && !word.quoted && text.includes(":") ? colonOption(line, at) : undefined;
  if (colon) throw colon;
  if (hasField(line, "drop") && /^-./.test(text)) return void bound.drops.push(text.slice(1));
  const unknown = pair && pair.value !== "" ? unknownOption(line, at) : undefined;
  if (unknown) throw unknown;
  bound.loose.push(at);
}

/** False when no field takes the pair. */
function bindPair(pair: Pair, line: CommandLine, { values, records, asked }: Bound): boolean {
  const field = optionNamed(pair.key, line.fields);
  if (field) {
    refuseTwice(values.has(field.name), pair);
    const isDeclared = Object.hasOwn(line.command.input.shape, field.name);
    const value = isDeclared ? valueOf(field.name, pair, line, asked) : pair.value;
    values.set(field.name, convert(field, value, line));
    return true;
  }
  const open = openFor(pair.key, line.fields);
  if (!open) return false;
  const inner = pair.key.slice(open.prefix.length);
  const record = records.get(open.name) ?? new Map<string, string>();
  refuseTwice(record.has(inner), pair);
  records.set(open.name, record.set(inner, valueOf(open.prefix + inner, pair, line, asked)));
  return true;
}

function refuseTwice(given: boolean, { key }: Pair): void {
  if (given) throw new ParseError("bad_value", `${key}= is given twice.`);
}

/** The value, with a note in `asked` when it is a `?` that asks for a secret. */
function valueOf(name: string, { value, quoted }: Pair, { command }: CommandLine, asked: string[]): string {
  if (command.secret?.(name) && /^\?[.,;!]*$/.test(value)) {
    asked.push(name);
    return ENTER_MARK;
  }
  if (value !== ENTER_MARK || quoted) return value;
  throw new ParseError("bad_value", `"?" is only for secrets, and ${name}= is not one. Type its value.`);
}

function bindLoose(line: CommandLine, { values, loose }: Bound): void {
  const waiting = line.fields.filter((field) => isPositional(field) && !values.has(field.name));
  let left: readonly number[] = loose;
  waiting.forEach((field, at) => {
    const taken = left.slice(0, wordsTaken(field, left, waiting.slice(at + 1), line));
    if (taken.length === 0) return;
    left = left.slice(taken.length);
    values.set(field.name, convert(field, joined(taken, line), line));
  });
  const [extra] = left;
  if (extra !== undefined) throw unexpectedWord(line, extra);
}

/** How many of the waiting words a field takes, given the fields that come after it. */
function wordsTaken(
  field: Field,
  loose: readonly number[],
  later: readonly Field[],
  line: CommandLine,
): number {
  const word = line.words[loose[0] ?? NaN];
  if (!word) return 0;
  if (field.kind === "rest") {
    return later.every((one) => one.kind !== "rest") ? loose.length : together(loose);
  }
  if (field.required) return wordsUpToChoice(loose, later, line);
  if (field.values.length > 0) {
    if (choiceOf(field, word.text, line.aliases) !== undefined) return 1;
    // A misspelt choice must not silently become part of the words that follow.
    const meant = misspeltChoice(line, field, loose, later);
    if (meant) throw meant;
    return 0;
  }
  if (field.type === "number" && later.length > 0) return isNumber(word.text) ? 1 : 0;
  return loose.length > later.filter((other) => other.required).length ? 1 : 0;
}

function joined(places: readonly number[], line: CommandLine): string {
  const gap = places[together(places)];
  if (gap !== undefined) throw strayWord(line, gap);
  const words = line.words.slice(places[0], (places.at(-1) ?? 0) + 1);
  return words.length === 1 ? words[0]?.text ?? "" : words.map((word) => word.raw).join(" ");
}
