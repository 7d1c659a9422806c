import { inQuotes } from "../../handlers/format.ts";
import {
  type CommandLine,
  type CommandSet,
  type Field,
  findRoute,
  hasField,
  headOf,
  isChange,
  isPositional,
  optionNamed,
  type Route,
  targetNamed,
} from "./command.ts";
import { orList, ParseError } from "./parse_error.ts";
import { slipsBetween } from "./secret_scan.ts";
import { quote, type Token, tokenize } from "./tokenize.ts";

/** What a person may have got wrong where a word stands. */
interface Tolerance {
  /** So many letters at the beginning are enough. */
  readonly letters: number;
  /** How many slips are forgiven in a candidate of this length, typed in so many letters. */
  slips(candidate: number, typed: number): number;
}

const ALONE: Tolerance = {
  letters: 2,
  // "delegate" is neither "delete" nor "release", and "1" no "s1": a worse guess than none.
  slips(candidate, typed) {
    const longer = Math.max(candidate, typed);
    if (longer <= 2 || Math.abs(candidate - typed) > 1) return 0;
    return longer <= 4 ? 1 : 2;
  },
};
const AS_OPTION: Tolerance = {
  letters: Infinity,
  slips: (candidate) => candidate === 3 ? 1 : clamp(candidate - 3),
};
/** Ordinary words must not be taken for something else. */
const IN_PROSE: Tolerance = { letters: 4, slips: (candidate) => clamp(Math.floor(candidate / 2) - 1) };

function clamp(slips: number): number {
  return Math.min(2, Math.max(0, slips));
}

/** What was probably meant, closest first: a candidate that begins alike or differs by a slip or two. */
export function closest(
  typed: string,
  candidates: readonly string[],
  most = 4,
  tolerance = ALONE,
): string[] {
  const word = typed.toLowerCase();
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, far: farFrom(word, candidate.toLowerCase(), tolerance) }))
    .filter(({ far }) => far < Infinity)
    .sort((one, other) => one.far - other.far)
    .map(({ candidate }) => candidate)
    .slice(0, most);
}

function farFrom(word: string, candidate: string, { letters, slips }: Tolerance): number {
  if (word === candidate) return 0;
  const [shorter, longer] = word.length < candidate.length ? [word, candidate] : [candidate, word];
  if (shorter.length >= letters && longer.startsWith(shorter)) return 0.5;
  const far = slipsBetween(word, candidate);
  return far <= slips(candidate.length, word.length) && far < candidate.length ? far : Infinity;
}

/** Commands to suggest. */
interface KnownCommands extends CommandSet {
  /** Whether the command has a place for each of the words. */
  readonly fits: (route: Route) => boolean;
}

/** For a verb that there is not, or that lacks a target it knows. */
export function unknownCommand(verb: string, words: readonly Token[], set: KnownCommands): ParseError {
  const targets = targetsOf(verb, set);
  if (targets.length === 0) {
    const sentence = `There is no command ${inQuotes(`/${verb}`)}. /help lists what there is.`;
    return new ParseError("unknown_verb", sentence, nearCommands(verb, words, set));
  }
  if (words.length > 0) return unknownTarget(verb, words, targets, set);
  return new ParseError(
    "missing_argument",
    `/${verb} needs a target: ${orList(targets, targets.length)}.`,
    targets.slice(0, 4).map((target) => `/${verb} ${target}`),
    [],
  );
}

/** The verb's targets that the first word may have been meant to be, as whole commands. */
export function nearTargets(verb: string, [word, ...rest]: readonly Token[], set: KnownCommands): string[] {
  const spellings = targetsOf(verb, set).flatMap((target) => spellingsOf(target, set));
  return closest(word?.text ?? "", spellings).map((name) =>
    retyped(verb, [...tokenize(targetNamed(name, set.aliases)), ...rest], set)
  );
}

/** `/enable_ec2 Acme` and `/ec2 enable Acme`, else verbs spelt alike, else the commands of a target. */
function nearCommands(verb: string, words: readonly Token[], set: KnownCommands): string[] {
  const verbs = set.commands.map((command) => command.verb);
  const [first = "", ...others] = verb.split(/[_.:-]+/).filter(Boolean);
  if (others.length > 0 && verbs.includes(first)) {
    return [retyped(first, [...tokenize(others.join(" ")), ...words], set)];
  }
  const [next, ...rest] = words;
  const second = next?.text.toLowerCase() ?? "";
  if (verbs.includes(second)) return [retyped(second, [...tokenize(verb), ...rest], set)];
  const target = targetNamed(second, set.aliases);
  const fitting = set.commands.filter((command) => command.target?.split(" ", 1)[0] === target);
  const near = closest(verb, fitting.map((command) => command.verb));
  return [
    ...(near.length > 0 ? near : closest(verb, verbs)).map((other) => retyped(other, words, set)),
    ...commandsOf(targetNamed(verb, set.aliases), words, set),
  ];
}

function unknownTarget(
  verb: string,
  words: readonly Token[],
  targets: readonly string[],
  set: KnownCommands,
): ParseError {
  const [word, next, ...rest] = words;
  const first = targetNamed(word?.text ?? "", set.aliases);
  const seconds = targets.flatMap((target) =>
    target.startsWith(`${first} `) ? target.slice(first.length + 1) : []
  );
  if (seconds.length > 0) {
    const near = next ? closest(next.text, seconds) : seconds.slice(0, 4);
    const commands = near.map((second) => retyped(verb, [...tokenize(`${first} ${second}`), ...rest], set));
    const head = `/${verb} ${first}`;
    if (next) return new ParseError("unknown_target", doesNotKnow(head, next.text, seconds), commands);
    const sentence = `${head} needs one more word: ${orList(seconds)}.`;
    return new ParseError("missing_argument", sentence, commands, []);
  }
  const others = commandsOf(first, words.slice(1), set);
  const sentence = others.length > 0
    ? `There is no /${verb} for ${first}. It takes ${orList(targets, targets.length)}.`
    : doesNotKnow(`/${verb}`, word?.text ?? "", targets);
  const near = [...nearTargets(verb, words, set), ...others];
  // What resembles no target is taken for a name: where it belongs can be asked.
  const isAlone = set.commands.some((command) => command.verb === verb && command.target === null);
  const isName = near.length === 0 && !isAlone && targets.some((target) => {
    const route = findRoute(verb, [...tokenize(target), ...words], set);
    return route !== undefined && set.fits(route);
  });
  return new ParseError("unknown_target", sentence, near, isName ? [] : undefined);
}

function doesNotKnow(head: string, word: string, targets: readonly string[]): string {
  return `${head} does not know ${inQuotes(word)}. It takes ${orList(targets, targets.length)}.`;
}

function commandsOf(target: string, words: readonly Token[], set: KnownCommands): string[] {
  return set.commands.filter((command) => command.target === target).map(({ verb }) =>
    retyped(verb, [...tokenize(target), ...words], set)
  );
}

/** The target with its aliases, for comparing with what was typed. */
function spellingsOf(target: string, { aliases }: Pick<CommandSet, "aliases">): string[] {
  return [target, ...(Object.hasOwn(aliases, target) ? aliases[target] ?? [] : [])];
}

function targetsOf(verb: string, { commands }: CommandSet): string[] {
  return commands.flatMap((command) => command.verb === verb ? command.target ?? [] : []);
}

/** With the words that followed, unless that command has no place for them. */
function retyped(verb: string, words: readonly Token[], set: KnownCommands): string {
  const route = findRoute(verb, words, set);
  if (route && !set.fits(route)) return headOf(route.command);
  return [`/${verb}`, ...words.map(({ raw }) => raw)].join(" ");
}

/** The whole command again, with `count` words from `at` on replaced. */
export function replaced({ command, words }: Route, at: number, count: number, ...by: string[]): string {
  return [headOf(command), ...words.map(({ raw }) => raw).toSpliced(at, count, ...by)].join(" ");
}

/** `role= arn…`, `role =arn…` and `role = arn…`: an option torn apart. Undefined when the word is none of these. */
export function tornOption(line: CommandLine, at: number): ParseError | undefined {
  const { raw = "", pair } = line.words[at] ?? {};
  const next = line.words[at + 1];
  const key = pair?.key ?? line.words[at - 1]?.text ?? "";
  if (!optionNamed(key, line.fields)) return undefined;
  if (pair) {
    const better = next && !next.pair ? [replaced(line, at, 2, `${key}=${next.raw}`)] : [];
    return new ParseError("bad_value", `${key}= has no value. Leave no space after "=".`, better);
  }
  const better = raw === "="
    ? replaced(line, at - 1, 3, `${key}=${next?.raw ?? ""}`)
    : replaced(line, at - 1, 2, key + raw);
  return new ParseError("bad_value", `Leave no space around "=" in ${key}=.`, [better]);
}

/** `reason: leaving`: an option typed with a colon. Undefined when the word is none, or what follows is a secret. */
export function colonOption(line: CommandLine, at: number): ParseError | undefined {
  const [, key = "", begun = ""] = /^(\p{L}+):(.*)$/u.exec(line.words[at]?.text ?? "") ?? [];
  const field = key === "" ? undefined : optionNamed(key, line.fields);
  if (field?.kind !== "option" || line.command.secret?.(field.name)) return undefined;
  const end = line.words.findIndex(({ pair }, place) => place > at && pair !== undefined);
  const rest = line.words.slice(at + 1, end === -1 ? undefined : end).map(({ raw }) => raw);
  const value = [begun, ...rest].filter(Boolean).join(" ");
  const better = value === "" ? [] : [replaced(line, at, 1 + rest.length, `${field.name}=${quote(value)}`)];
  return new ParseError("bad_value", `An option is typed with "=", such as ${field.name}=….`, better);
}

/** `fieldmappings=[{"id": 1, …`: JSON that the spaces in it tear apart. */
export function tornJson({ words }: CommandLine): ParseError | undefined {
  const torn = words.find(({ pair }) => pair && !pair.quoted && /^(\{"|\[[{["]).*[^\]}]$/.test(pair.value));
  if (!torn?.pair) return undefined;
  const { key } = torn.pair;
  const sentence =
    `The JSON after ${key}= ends at its first space. Leave the spaces out, or send it as a file: ` +
    `{"${key}": …} with the command as caption, or as a message that the command replies to.`;
  return new ParseError("bad_value", sentence);
}

/** How vendors ask for a part of a list. */
const PAGING = /^(?:limit|offset|page|(?:next_?)?page_?token|page_?(?:no|number|size)|per_?page|cursor)$/i;

/** Of three letters each counts: "fro" is "for", and "foo" is not. */
function isSlipOf(typed: string, name: string): boolean {
  const letters = (word: string) => [...word.toLowerCase()].sort().join("");
  return name.length > 3 || typed.length !== name.length || letters(typed) === letters(name);
}

/** `rol=arn…` for `role=`, or an option that the command does not have. Undefined when it may belong to a name. */
export function unknownOption(line: CommandLine, at: number): ParseError | undefined {
  const { raw = "", pair: { key } = { key: "" } } = line.words[at] ?? {};
  const names = line.fields.filter(({ kind }) => kind === "option").map(({ name }) => name);
  if (PAGING.test(key) && !isChange(line.command)) {
    const sentence = `${headOf(line.command)} has no option ${key}=: the bot reads all pages. Leave it out.`;
    const others = line.words.filter(({ pair }) => !(pair && PAGING.test(pair.key)));
    return new ParseError("unknown_option", sentence, [
      [headOf(line.command), ...others.map(({ raw }) => raw)].join(" "),
    ]);
  }
  const [slip] = closest(key, names, names.length, AS_OPTION).filter((name) => isSlipOf(key, name));
  const takesNames = line.fields.some(({ kind, name }) => kind === "rest" && name !== "reason");
  if (slip === undefined && (takesNames || !/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(key))) return undefined;
  const opens = line.fields.filter(({ kind }) => kind === "open").map(({ prefix }) => `${prefix}…=`);
  const taken = [...names.map((name) => `${name}=`), ...opens];
  const sentence = `${headOf(line.command)} has no option ${key}=. ` +
    (taken.length === 0 ? "It takes no options." : `It takes ${orList(taken)}.`) +
    (hasField(line, "rest") ? " If it is part of the text, put it in quotes." : "");
  const better = slip === undefined ? [] : [replaced(line, at, 1, slip + raw.slice(key.length))];
  return new ParseError("unknown_option", sentence, better);
}

/**
 * The first of the waiting words where one of few should stand. Undefined when it may belong to the fields that come
 * later.
 */
export function misspeltChoice(
  line: CommandLine,
  field: Field,
  loose: readonly number[],
  later: readonly Field[],
): ParseError | undefined {
  const at = loose[0] ?? 0;
  const { text = "", quoted } = line.words[at] ?? {};
  const spellings = quoted || later.length === 0
    ? []
    : field.values.flatMap((value) => spellingsOf(value, line));
  const [slip] = closest(text, spellings, 1, IN_PROSE);
  if (slip !== undefined) {
    const sentence = `Is ${inQuotes(text)} meant to be ${slip}? If not, put it in quotes.`;
    const either = [slip, `"${text}"`].map((word) => replaced(line, at, 1, word));
    return new ParseError("bad_value", sentence, either);
  }
  if (loose.length <= later.length || later.some(({ kind }) => kind === "rest")) return undefined;
  if (later.length === 0 && line.words[at - 1]?.pair) return strayWord(line, at);
  const sentence = `<${field.placeholder}> can be ${orList(field.values)}, not ${inQuotes(text)}.`;
  const [meant] = closest(text, field.values);
  return new ParseError("bad_value", sentence, meant === undefined ? [] : [replaced(line, at, 1, meant)]);
}

/** A word that no field takes. */
export function unexpectedWord(line: CommandLine, at: number): ParseError {
  if (line.words[at - 1]?.pair) return strayWord(line, at);
  const last = line.fields.findLast(isPositional);
  const sentence = `${headOf(line.command)} does not expect ${inQuotes(line.words[at]?.text ?? "")}`;
  if (!last) return new ParseError("too_many_words", `${sentence}.`, [replaced(line, at, line.words.length)]);
  const named = line.words.findIndex(({ pair }) => pair?.key.toLowerCase() === last.name.toLowerCase());
  const place = `<${last.placeholder}>`;
  if (named < 0) {
    const after = `${sentence} after ${place}. A name with spaces goes in quotes.`;
    return new ParseError("too_many_words", after);
  }
  const pair = inQuotes(line.words[named]?.raw ?? "");
  const leaveOut = `${place} is typed as a word, without "=". Leave out ${pair}.`;
  return new ParseError("too_many_words", leaveOut, [replaced(line, named, 1)]);
}

/** Words on both sides of an option are nearly always the option's value without its quotes. */
export function strayWord(line: CommandLine, at: number): ParseError {
  const text = inQuotes(line.words[at]?.raw ?? "");
  const option = line.words[at - 1]?.pair;
  if (!option || option.quoted) {
    const sentence = `${text} does not belong to the words before it. Put options at the end.`;
    return new ParseError("too_many_words", sentence);
  }
  const end = line.words.findIndex(({ pair }, place) => place > at && pair !== undefined);
  const stray = line.words.slice(at, end === -1 ? undefined : end).map(({ raw }) => raw);
  const whole = `${option.key}=${quote([option.value, ...stray].join(" ").trim())}`;
  const sentence = `Does ${text} belong to ${option.key}=? A value with spaces goes in quotes.`;
  return new ParseError("too_many_words", sentence, [replaced(line, at - 1, stray.length + 1, whole)]);
}
