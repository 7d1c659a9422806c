import type { Json, JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { inQuotes } from "../../handlers/format.ts";
import { type CommandLine, commandLineOf, fieldsOf } from "./arguments.ts";
import { fill, type Filled } from "./bind.ts";
import { type Aliases, type Command, headOf, isChange, targetNamed, usageOf } from "./command.ts";
import { andList, orList, ParseError, type ParseErrorCode } from "./parse_error.ts";
import { askedIn, literalSecrets, literalSecretsIn, looksSecret, type SecretJudge } from "./secret_scan.ts";
import { closest, errorAbout, labelOf } from "./suggest.ts";
import { normalise, type Token, tokenize } from "./tokenize.ts";

export interface ParseOptions<C extends Command> {
  readonly commands: readonly C[];
  readonly aliases: Aliases;
  /** The bot's own user name, without "@". */
  readonly botName: string;
  /** The JSON document that came with the command or that it replies to. */
  readonly document?: Json | undefined;
  /** Why there is a document that cannot be used, as a sentence. */
  readonly documentError?: string | undefined;
}

export type Parsed<C extends Command> =
  | { readonly kind: "not_a_command" }
  | { readonly kind: "for_other_bot" }
  | Understood<C>
  | LiteralSecret<C>
  | Wrong<C>;

export interface Understood<C extends Command> {
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
}

/** A secret was written out. Its value is in none of these fields. */
export interface LiteralSecret<C extends Command> {
  readonly kind: "literal_secret";
  readonly fields: readonly string[];
  readonly command?: C;
}

export interface Wrong<C extends Command = Command> {
  readonly kind: "wrong";
  readonly code: ParseErrorCode;
  readonly sentence: string;
  /** Whole commands to type, closest first, four at most. */
  readonly suggestions: readonly string[];
  readonly usage?: string;
  /** Absent where it is not clear which command was meant. */
  readonly command?: C;
}

const MOST_SUGGESTIONS = 4;

/** What a message asks for. Never throws, and never guesses: what is not clear comes back as `wrong`. */
export function parse<C extends Command>(text: string, options: ParseOptions<C>): Parsed<C> {
  const plain = normalise(text);
  const [, verbTyped, otherBot] = /^\/([^\s@/]+)(?:@(\S*))?(?= |$)/.exec(plain) ?? [];
  if (verbTyped === undefined) return { kind: "not_a_command" };
  if (otherBot !== undefined && otherBot.toLowerCase() !== options.botName.toLowerCase()) {
    return { kind: "for_other_bot" };
  }
  const verb = verbTyped.toLowerCase().replace(/[.,:;!?]+$/, "");
  const words = tokenize(plain.replace(/^\S+/, ""));
  const found = findRoute(verb, words, options);
  const secrets = secretsWritten(plain, options.document, found?.command);
  if (secrets.length > 0) {
    return { kind: "literal_secret", fields: secrets, ...(found && { command: found.command }) };
  }
  try {
    return understand(plain, routeTo(verb, words, options), options);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return wrong(
      error,
      found?.command,
      found?.command.target === null ? nearTargets(verb, words, options) : [],
    );
  }
}

function understand<C extends Command>(
  typed: string,
  { command, words }: Route<C>,
  options: ParseOptions<C>,
): Understood<C> | LiteralSecret<C> {
  const line = commandLineOf(command, words, options.aliases);
  const document = documentFor(line, options);
  const filled = fill(line);
  const input = { ...filled.input, ...document };
  const written = line.fields.map((field) => field.name).filter((name) =>
    isWritten(input[name], name, command)
  );
  if (written.length > 0) return { kind: "literal_secret", fields: written, command };
  const checked = command.input.safeParse(input);
  refuseMissing(line, input, filled, checked.success);
  const [issue] = checked.error?.issues ?? [];
  if (issue) throw errorAbout(issue, line, input);
  const isSecret = (path: string) => command.secret?.(path) ?? false;
  const asked = [...filled.asked, ...Object.values(document).flatMap((value) => askedIn(value, isSecret))];
  return { kind: "command", command, typed, input, asked: [...new Set(asked)], ...filled.extras };
}

/** A secret that goes by position has no key to be known by. */
function isWritten(value: Json | undefined, name: string, command: Command): boolean {
  return typeof value === "string" && value !== ENTER_MARK && (command.secret?.(name) ?? false);
}

function secretsWritten(plain: string, document: Json | undefined, command: Command | undefined): string[] {
  const isSecret = judgeFor(command);
  const inDocument = document === undefined ? [] : literalSecretsIn(document, isSecret);
  return [...new Set([...literalSecrets(plain, isSecret), ...inDocument])];
}

/** What looks like a secret is one, unless the command declares that very field and says it is not. */
function judgeFor(command: Command | undefined): SecretJudge {
  if (!command) return looksSecret;
  const names = fieldsOf(command.input).map((field) => field.name);
  return (key) => {
    const last = key.toLowerCase().split(".").at(-1);
    const declared = names.find((name) => name.toLowerCase() === last);
    const spellings = declared === undefined ? [key, key.toLowerCase()] : [key, key.toLowerCase(), declared];
    if (spellings.some((spelling) => command.secret?.(spelling))) return true;
    return looksSecret(key) && (declared === undefined || command.secret === undefined);
  };
}

function documentFor(line: CommandLine, { document, documentError }: ParseOptions<Command>): JsonObject {
  const head = headOf(line.command);
  const field = line.fields.find((other) => other.kind === "document");
  if (!field) {
    if (isChange(line.command) && (document !== undefined || documentError !== undefined)) {
      throw new ParseError("bad_document", `${head} takes no document. Nothing was read from it.`);
    }
    return {};
  }
  if (documentError !== undefined) throw new ParseError("bad_document", documentError);
  if (line.words.some((word) => /^\[?\{/.test(word.text))) {
    throw new ParseError(
      "bad_document",
      `Send the JSON as a file with ${head} … as its caption, or reply to it with ${head} ….`,
    );
  }
  return document === undefined ? {} : { [field.name]: document };
}

/** Everything that is missing, in one sentence. */
function refuseMissing(line: CommandLine, input: JsonObject, { extras }: Filled, fits: boolean): void {
  const fields = fits ? [] : line.fields.filter((field) => field.required && input[field.name] === undefined);
  const needsReason = line.command.risk === "danger" &&
    String(extras.reason ?? input.reason ?? "").trim() === "";
  if (fields.length === 0 && !needsReason) return;
  const head = headOf(line.command);
  const labels = [...fields.map(labelOf), ...(needsReason ? ["reason=…"] : [])];
  const missing = [...fields.map((field) => field.name), ...(needsReason ? ["reason"] : [])];
  const words = line.words.filter((word) => !word.pair || !missing.includes(word.pair.key.toLowerCase()));
  const whole = [head, ...words.map((word) => word.raw), ...missing.map((name) => `${name}=`)].join(" ");
  const because = needsReason ? ", because it is a dangerous change" : "";
  const canBeCompleted = fields.every((field) => field.kind === "option");
  throw new ParseError(
    "missing_argument",
    `${head} needs ${andList(labels)}${because}.`,
    canBeCompleted ? [whole] : [],
  );
}

function wrong<C extends Command>(
  mistake: ParseError,
  command: C | undefined,
  more: readonly string[],
): Wrong<C> {
  return {
    kind: "wrong",
    code: mistake.code,
    sentence: mistake.message,
    suggestions: [...new Set([...mistake.suggestions, ...more])].slice(0, MOST_SUGGESTIONS),
    ...(command && mistake.code !== "unknown_target" && { usage: usageOf(command), command }),
  };
}

export interface Route<C extends Command> {
  readonly command: C;
  /** What follows the verb and the target. */
  readonly words: readonly Token[];
}

export interface Vocabulary<C extends Command = Command> {
  readonly commands: readonly C[];
  readonly aliases: Aliases;
}

/** The command that is meant: by the longest target that fits, else the verb's command without a target. */
export function routeTo<C extends Command>(
  verb: string,
  words: readonly Token[],
  vocabulary: Vocabulary<C>,
): Route<C> {
  const route = findRoute(verb, words, vocabulary);
  if (!route) throw noSuchCommand(verb, words, vocabulary);
  const { command } = route;
  const extra = route.words[0];
  const hasTargets = vocabulary.commands.some((other) => other.verb === verb && other.target !== null);
  if (
    command.target === null && hasTargets && extra && !extra.pair &&
    Object.keys(command.input.shape).length === 0
  ) {
    throw unknownTarget(verb, words, vocabulary);
  }
  return route;
}

/** As `routeTo`; undefined where there is no such command. */
export function findRoute<C extends Command>(
  verb: string,
  words: readonly Token[],
  { commands, aliases }: Vocabulary<C>,
): Route<C> | undefined {
  const spoken = words.map((word) => word.text.toLowerCase());
  const first = spoken[0];
  if (first !== undefined) spoken[0] = targetNamed(first, aliases);
  const fitting = commands
    .filter((command) => command.verb === verb)
    .map((command) => ({ command, target: command.target?.split(" ") ?? [] }))
    .filter(({ target }) => target.every((part, at) => spoken[at] === part))
    .sort((one, other) => other.target.length - one.target.length);
  const best = fitting[0];
  return best && { command: best.command, words: words.slice(best.target.length) };
}

/** The verb's targets that the first word may have been meant to be, as whole commands. */
export function nearTargets(verb: string, words: readonly Token[], vocabulary: Vocabulary): string[] {
  const near = closest(words[0]?.text ?? "", spellingsOf(targetsOf(verb, vocabulary), vocabulary));
  return near.map((name) =>
    retyped(`${verb} ${targetNamed(name, vocabulary.aliases)}`, words.slice(1), vocabulary)
  );
}

function noSuchCommand(verb: string, words: readonly Token[], vocabulary: Vocabulary): ParseError {
  const targets = targetsOf(verb, vocabulary);
  if (targets.length === 0) return unknownVerb(verb, words, vocabulary);
  if (words.length > 0) return unknownTarget(verb, words, vocabulary);
  return new ParseError(
    "missing_argument",
    `/${verb} needs a target: ${orList(targets, targets.length)}.`,
    targets.slice(0, 4).map((target) => `/${verb} ${target}`),
  );
}

function unknownVerb(verb: string, words: readonly Token[], vocabulary: Vocabulary): ParseError {
  const sentence = `There is no command ${inQuotes(`/${verb}`)}. /help lists what there is.`;
  const split = splitApart(verb, words, vocabulary);
  const suggestions = split.length > 0 ? split : [
    ...nearVerbs(verb, words[0], vocabulary).map((other) => retyped(other, words, vocabulary)),
    ...commandsFor(verb, words, vocabulary),
  ];
  return new ParseError("unknown_verb", sentence, suggestions);
}

/** First of all those that take the target which follows. */
function nearVerbs(verb: string, next: Token | undefined, { commands, aliases }: Vocabulary): string[] {
  const target = targetNamed(next?.text.toLowerCase() ?? "", aliases);
  const taking = commands.filter((command) => command.target?.split(" ", 1)[0] === target);
  const near = (some: readonly Command[]) => closest(verb, some.map((command) => command.verb));
  const fitting = near(taking);
  return fitting.length > 0 ? fitting : near(commands);
}

/** `/enable_ec2 Acme` and `/ec2 enable Acme` for `/enable ec2 Acme`. */
function splitApart(verb: string, words: readonly Token[], vocabulary: Vocabulary): string[] {
  const [first = "", ...others] = verb.split(/[_.:-]+/).filter((part) => part !== "");
  const verbs = new Set(vocabulary.commands.map((command) => command.verb));
  if (others.length > 0 && verbs.has(first)) {
    return [retyped([first, ...others].join(" "), words, vocabulary)];
  }
  const second = words[0]?.text.toLowerCase();
  return second !== undefined && verbs.has(second)
    ? [retyped(`${second} ${verb}`, words.slice(1), vocabulary)]
    : [];
}

/** When a target was typed where the verb belongs. */
function commandsFor(word: string, words: readonly Token[], vocabulary: Vocabulary): string[] {
  const target = targetNamed(word, vocabulary.aliases);
  return vocabulary.commands.filter((command) => command.target === target).map((command) =>
    retyped(headOf(command).slice(1), words, vocabulary)
  );
}

function unknownTarget(verb: string, words: readonly Token[], vocabulary: Vocabulary): ParseError {
  const targets = targetsOf(verb, vocabulary);
  const word = words[0]?.text ?? "";
  const first = targetNamed(word, vocabulary.aliases);
  const longer = targets.filter((target) => target.startsWith(`${first} `));
  if (longer.length > 0) return halfTarget(verb, words, first, longer, vocabulary);
  const others = vocabulary.commands.filter((command) => command.target === first && command.verb !== verb);
  const sentence = others.length > 0
    ? `There is no /${verb} for ${first}. It takes ${orList(targets, targets.length)}.`
    : `/${verb} does not know ${inQuotes(word)}. It takes ${orList(targets, targets.length)}.`;
  return new ParseError("unknown_target", sentence, [
    ...nearTargets(verb, words, vocabulary),
    ...others.map((command) => retyped(headOf(command).slice(1), words.slice(1), vocabulary)),
  ]);
}

/** `/export tenable strat`: the first word is right, the second is missing or misspelt. */
function halfTarget(
  verb: string,
  words: readonly Token[],
  first: string,
  targets: readonly string[],
  vocabulary: Vocabulary,
): ParseError {
  const seconds = targets.map((target) => target.slice(first.length + 1));
  const given = words[1]?.text;
  const meant = given === undefined ? seconds.slice(0, 4) : closest(given, seconds);
  const sentence = given === undefined
    ? `/${verb} ${first} needs one more word: ${orList(seconds)}.`
    : `/${verb} ${first} does not know ${inQuotes(given)}. It takes ${orList(seconds)}.`;
  return new ParseError(
    given === undefined ? "missing_argument" : "unknown_target",
    sentence,
    meant.map((second) => retyped(`${verb} ${first} ${second}`, words.slice(2), vocabulary)),
  );
}

/** The targets with their aliases, for comparing with what was typed. */
function spellingsOf(targets: readonly string[], { aliases }: Vocabulary): string[] {
  return targets.flatMap((
    target,
  ) => [target, ...(Object.hasOwn(aliases, target) ? aliases[target] ?? [] : [])]);
}

function targetsOf(verb: string, { commands }: Vocabulary): string[] {
  return commands.flatMap((command) =>
    command.verb === verb && command.target !== null ? [command.target] : []
  );
}

/** With the words that followed, unless that command has no place for them. */
function retyped(head: string, words: readonly Token[], vocabulary: Vocabulary): string {
  const [verb = "", ...target] = head.split(" ");
  const route = findRoute(verb, [...tokenize(target.join(" ")), ...words], vocabulary);
  if (route && !hasPlaceFor(route, vocabulary)) return headOf(route.command);
  return [`/${head}`, ...words.map((word) => word.raw)].join(" ");
}

function hasPlaceFor({ command, words }: Route<Command>, { aliases }: Vocabulary): boolean {
  try {
    fill(commandLineOf(command, words, aliases));
    return true;
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}
