import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import type { Json } from "../../clients/json.ts";
import { inQuotes } from "../../handlers/format.ts";
import {
  choiceOf,
  type CommandLine,
  extraNamed,
  extrasOf,
  type Field,
  has,
  optionNamed,
  retyped,
} from "./arguments.ts";
import { headOf } from "./command.ts";
import { andList, orList, ParseError } from "./parse_error.ts";
import { quote, type Token } from "./tokenize.ts";

/** `role= arn…`, `role =arn…` and `role = arn…`: an option torn apart. Undefined when the word is none of these. */
export function tornOption(line: CommandLine, at: number): ParseError | undefined {
  const word = line.words[at];
  const next = line.words[at + 1];
  if (word?.pair && word.pair.value === "" && !word.pair.quoted && isOption(word.pair.key, line)) {
    const joined = next && !next.pair ? [retyped(line, at, 2, `${word.pair.key}=${next.raw}`)] : [];
    return new ParseError("bad_value", `${word.pair.key}= has no value. Leave no space after "=".`, joined);
  }
  const key = line.words[at - 1]?.text ?? "";
  if (!word?.raw.startsWith("=") || !isOption(key, line)) return undefined;
  const alone = word.raw === "=";
  const joined = `${key}=${alone ? next?.raw ?? "" : word.raw.slice(1)}`;
  return new ParseError("bad_value", `Leave no space around "=" in ${key}=.`, [
    retyped(line, at - 1, alone ? 3 : 2, joined),
  ]);
}

/** `fieldmappings=[{"id": 1, …`: JSON that the spaces in it tear apart. */
export function tornJson(line: CommandLine): ParseError | undefined {
  const torn = line.words.find(({ pair }) =>
    pair && !pair.quoted && /^(\{"|\[[{["])/.test(pair.value) && !isJson(pair.value)
  );
  if (!torn?.pair || !has(line, "document")) return undefined;
  const sentence =
    `The JSON after ${torn.pair.key}= comes apart at its spaces. Leave them out, or send it as a file: ` +
    `{"${torn.pair.key}": …} with the command as caption, or as a message that the command replies to.`;
  return new ParseError("bad_value", sentence);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `rol=arn…` for `role=`, or an option that the command does not have. Undefined when it may belong to a name. */
export function unknownOption(line: CommandLine, at: number): ParseError | undefined {
  const word = line.words[at];
  if (!word?.pair || word.pair.value === "") return undefined;
  const { key } = word.pair;
  const slip = slipOf(key, optionNames(line));
  const takesNames = has(line, "rest");
  if (slip === undefined && (takesNames || !LIKE_AN_OPTION.test(key))) return undefined;
  const advice = takesNames ? " If it is part of a name, put it in quotes." : "";
  return new ParseError(
    "unknown_option",
    `${headOf(line.command)} has no option ${key}=. ${optionsTaken(line)}${advice}`,
    slip === undefined ? [] : [retyped(line, at, 1, slip + word.raw.slice(key.length))],
  );
}

/** A word that no field takes. */
export function unexpectedWord(
  line: CommandLine,
  at: number,
  positional: readonly Field[],
  unfilled: readonly Field[],
): ParseError {
  if (line.words[at - 1]?.pair) return strayWord(line, at);
  const choice = unfilled.find((field) => field.values.length > 0);
  if (choice) {
    const later = positional.slice(positional.indexOf(choice) + 1);
    return noChoice(line, placeOf(line, at, later, unfilled), choice);
  }
  const text = line.words[at]?.text ?? "";
  const sentence = `${headOf(line.command)} does not expect ${inQuotes(text)}`;
  const last = positional.at(-1);
  const again = line.words.findIndex(({ pair }) => pair?.key.toLowerCase() === last?.name.toLowerCase());
  if (last && again >= 0) return setTwice(line, again, last);
  return last
    ? new ParseError(
      "too_many_words",
      `${sentence} after <${last.placeholder}>. A name with spaces goes in quotes.`,
    )
    : new ParseError("too_many_words", `${sentence}.`, [retyped(line, at, line.words.length)]);
}

function noChoice(line: CommandLine, at: number, { placeholder, values }: Field): ParseError {
  const text = line.words[at]?.text ?? "";
  const meant = closest(text, values)[0] ?? values.find((value) => text.toLowerCase().startsWith(value));
  const sentence = `<${placeholder}> can be ${orList(values)}, not ${inQuotes(text)}.`;
  return new ParseError("bad_value", sentence, meant === undefined ? [] : [retyped(line, at, 1, meant)]);
}

/**
 * Where the choice should have stood that no word fits: before a word that fits the next choice, or before those
 * that the later fields took in its stead. The word that is left over is only the last in the row.
 */
function placeOf(line: CommandLine, at: number, later: readonly Field[], unfilled: readonly Field[]): number {
  const loose = line.words.flatMap(({ pair }, place) => pair ? [] : [place]);
  const [next] = later;
  const fits = loose.findIndex((place) =>
    next && choiceOf(next, line.words[place]?.text ?? "", line.aliases) !== undefined
  );
  if (fits > 0) return loose[fits - 1] ?? at;
  const shifted = later.filter((field) => !unfilled.includes(field)).length;
  return loose[loose.indexOf(at) - shifted] ?? at;
}

function setTwice(line: CommandLine, at: number, { placeholder }: Field): ParseError {
  const pair = line.words[at]?.raw ?? "";
  const sentence = `<${placeholder}> is a word of its own and not set with an option. Leave out ${
    inQuotes(pair)
  }.`;
  return new ParseError("too_many_words", sentence, [retyped(line, at, 1)]);
}

/** Words on both sides of an option are nearly always the option's value without its quotes. */
export function strayWord(line: CommandLine, at: number): ParseError {
  const text = inQuotes(line.words[at]?.raw ?? "");
  const option = line.words[at - 1]?.pair;
  if (!option || option.quoted) {
    return new ParseError(
      "too_many_words",
      `${text} stands apart from the words before it. Put options at the end.`,
    );
  }
  const stray = wordsUpToOption(line.words, at);
  const value = quote([option.value, ...stray.map((word) => word.raw)].join(" ").trim());
  return new ParseError(
    "too_many_words",
    `Does ${text} belong to ${option.key}=? A value with spaces goes in quotes.`,
    [
      retyped(line, at - 1, stray.length + 1, `${option.key}=${value}`),
    ],
  );
}

const LIKE_AN_OPTION = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

function wordsUpToOption(words: readonly Token[], at: number): readonly Token[] {
  const end = words.findIndex((word, place) => place > at && word.pair !== undefined);
  return words.slice(at, end === -1 ? undefined : end);
}

function isOption(key: string, line: CommandLine): boolean {
  return optionNamed(key, line) !== undefined || extraNamed(key, line) !== undefined;
}

function optionNames({ command, fields }: CommandLine): string[] {
  return [
    ...fields.filter((field) => field.kind === "option").map((field) => field.name),
    ...extrasOf(command),
  ];
}

function optionsTaken(line: CommandLine): string {
  const opens = line.fields.filter((field) => field.kind === "open").map((field) => `${field.prefix}…=`);
  const names = [...optionNames(line).map((name) => `${name}=`), ...opens];
  return names.length === 0 ? "It takes no options." : `It takes ${orList(names)}.`;
}

/** What was probably meant, closest first: a candidate that begins alike or differs by a slip or two. */
export function closest(typed: string, candidates: readonly string[], most = 4): string[] {
  const word = typed.toLowerCase();
  return ranked(candidates, (candidate) => farFrom(word, candidate.toLowerCase())).slice(0, most);
}

/**
 * So close to one of the candidates that it can hardly have been meant otherwise; equal does not count.
 * Among "prose", where ordinary words stand too, fewer slips are forgiven, but a name cut short or run on counts.
 */
export function slipOf(
  typed: string,
  candidates: readonly string[],
  among: "keys" | "prose" = "keys",
): string | undefined {
  const [forOneSlip, forTwo] = among === "keys" ? [3, 4] : [4, 6];
  const word = typed.toLowerCase();
  return ranked(candidates, (candidate) => {
    if (among === "prose" && beginsAlike(word, candidate, LONG_ENOUGH)) return BEGINS_ALIKE;
    const slips = slipsBetween(word, candidate.toLowerCase());
    const allowed = candidate.length >= forTwo ? 2 : candidate.length >= forOneSlip ? 1 : 0;
    return slips > 0 && slips <= allowed ? slips : Infinity;
  })[0];
}

function ranked(candidates: readonly string[], far: (candidate: string) => number): string[] {
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, far: far(candidate) }))
    .filter((ranking) => ranking.far < Infinity)
    .sort((one, other) => one.far - other.far)
    .map(({ candidate }) => candidate);
}

const BEGINS_ALIKE = 0.5;
/** Shorter words begin many others by chance. */
const LONG_ENOUGH = 4;

function beginsAlike(word: string, candidate: string, least: number): boolean {
  if (word === candidate || Math.min(word.length, candidate.length) < least) return false;
  return candidate.startsWith(word) || word.startsWith(candidate);
}

/** Two neighbours swapped are one slip of the finger, and not two. */
function slipsBetween(word: string, candidate: string): number {
  const at = [...word].findIndex((letter, place) => letter !== candidate[place]);
  const swapped = word.slice(0, at) + (word[at + 1] ?? "") + (word[at] ?? "") + word.slice(at + 2);
  return at !== -1 && swapped === candidate ? 1 : distance(word, candidate);
}

function farFrom(word: string, candidate: string): number {
  if (word === candidate) return 0;
  if (word.length >= 2 && candidate.startsWith(word)) return BEGINS_ALIKE;
  if (candidate.length >= 3 && word.startsWith(candidate)) return BEGINS_ALIKE;
  const longer = Math.max(word.length, candidate.length);
  const slips = slipsBetween(word, candidate);
  const allowed = longer <= 4 ? 1 : longer <= 7 ? 2 : 3;
  return slips <= allowed && slips < candidate.length ? slips : Infinity;
}

export type Issue = z.core.$ZodIssue;

/** One sentence for what the schema refuses, in the words of the person who typed it. */
export function errorAbout(
  issue: Issue,
  line: CommandLine,
  input: Readonly<Record<string, Json>>,
): ParseError {
  const [name, ...inner] = issue.path;
  const field = line.fields.find((other) => other.name === name);
  if (!field) return new ParseError("bad_value", sentence(`${headOf(line.command)}: ${issue.message}`));
  if (field.kind === "document") return badDocument(issue, inner, input[field.name]);
  const key = unknownKey(issue, inner);
  if (field.kind === "open" && key !== undefined) return unknownRecordKey(field, key, line);
  const value = valueAt(input[field.name], inner);
  const label = field.kind === "open" ? `${field.prefix}${inner.join(".")}=` : labelOf(field);
  return new ParseError(
    "bad_value",
    sentence(`${label} ${ruleOf(issue, value)}`),
    betterChoices(issue, field, value, line),
  );
}

/** `<company>`, `role=`, or how else the field is typed. */
export function labelOf(field: Field): string {
  if (field.kind === "option") return `${field.name}=`;
  if (field.kind === "open") return field.prefix === "" ? "a field=value" : `${field.prefix}…=`;
  if (field.kind === "document") return "a JSON document";
  return `<${field.placeholder}>`;
}

function badDocument(issue: Issue, path: readonly PropertyKey[], document: Json | undefined): ParseError {
  const written = writtenPath(issue, path, document);
  const place = written.length === 0 ? "The document" : `In the document, ${written.map(String).join(".")}`;
  return new ParseError("bad_document", sentence(`${place} ${ruleOf(issue, valueAt(document, written))}`));
}

/** The schema may have wrapped a document that was sent bare: the way there is not in what the person wrote. */
function writtenPath(
  issue: Issue,
  path: readonly PropertyKey[],
  document: Json | undefined,
): readonly PropertyKey[] {
  const known = path.findIndex((step) => valueAt(document, [step]) !== undefined);
  if (known >= 0) return path.slice(known);
  return issue.code === "unrecognized_keys" ? [] : path;
}

function unknownRecordKey(field: Field, key: string, line: CommandLine): ParseError {
  const prefix = field.prefix;
  const known = field.values.map((value) => `${prefix}${value}=`);
  const at = line.words.findIndex((word) => word.pair?.key.slice(prefix.length) === key);
  const better = at === -1 ? [] : closest(key, field.values).map((name) => {
    const raw = line.words[at]?.raw ?? "";
    return retyped(line, at, 1, prefix + name + raw.slice(prefix.length + key.length));
  });
  const takes = known.length > 0 ? ` It takes ${orList(known)}.` : "";
  return new ParseError(
    "unknown_option",
    `${headOf(line.command)} does not know ${prefix}${key}=.${takes}`,
    better,
  );
}

function unknownKey(issue: Issue, path: readonly PropertyKey[]): string | undefined {
  if (issue.code === "unrecognized_keys") return issue.keys[0];
  return issue.code === "invalid_key" ? String(path.at(-1) ?? "") : undefined;
}

function betterChoices(issue: Issue, field: Field, value: Json | undefined, line: CommandLine): string[] {
  if (issue.code !== "invalid_value" || typeof value !== "string") return [];
  const at = line.words.findIndex((word) => word.text === value || word.pair?.value === value);
  if (at === -1) return [];
  const prefix = line.words[at]?.pair ? `${field.name}=` : "";
  return closest(value, issue.values.map(String)).map((choice) => retyped(line, at, 1, prefix + choice));
}

/** "must be …, not …"; a message written for the field comes first. */
function ruleOf(issue: Issue, value: Json | undefined): string {
  if (!ZOD_WORDING.test(issue.message)) return `is not right: ${issue.message}`;
  const instead = value === undefined ? "" : `, not ${shown(value)}`;
  switch (issue.code) {
    case "invalid_value":
      return `must be ${orList(issue.values.map(String))}${instead}`;
    case "invalid_type":
      return value === undefined ? "is missing" : `must be ${kindOf(issue.expected)}${instead}`;
    case "too_small":
      return `must ${limit(issue.origin, "at least", issue.minimum)}${instead}`;
    case "too_big":
      return `must ${limit(issue.origin, "at most", issue.maximum)}${instead}`;
    case "invalid_format":
      return `must be ${FORMATS[issue.format] ?? "typed otherwise"}${instead}`;
    case "unrecognized_keys":
      return `must not have ${andList(issue.keys)}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}${instead}`;
    default:
      return value === undefined ? "is missing" : `does not take ${shown(value)}`;
  }
}

const ZOD_WORDING = /^(Invalid|Too (big|small)|Unrecognized)/;

const FORMATS: Readonly<Record<string, string>> = {
  url: "an address such as https://example.com",
  email: "an e-mail address",
  uuid: "a UUID",
  guid: "a UUID",
  ipv4: "an IP address",
  date: "a date such as 2026-11-30",
  datetime: "a time such as 2026-11-30T03:12:00Z",
};

function kindOf(expected: string): string {
  const kinds: Readonly<Record<string, string>> = {
    int: "a whole number",
    record: "an object",
    array: "a list",
    boolean: "true or false",
    object: "an object",
  };
  return kinds[expected] ?? `a ${expected}`;
}

function limit(origin: string, most: "at least" | "at most", size: number | bigint): string {
  if (origin === "string") return `have ${most} ${size} characters`;
  return origin === "array" || origin === "set" ? `have ${most} ${size} entries` : `be ${most} ${size}`;
}

function shown(value: Json): string {
  if (typeof value === "string") return inQuotes(value);
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

function valueAt(root: Json | undefined, path: readonly PropertyKey[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
