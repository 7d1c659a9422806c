import type { Json } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { inQuotes } from "../../handlers/format.ts";
import {
  choiceOf,
  type CommandLine,
  type Extra,
  extraNamed,
  type Field,
  has,
  isPositional,
  openFor,
  optionNamed,
  retyped,
} from "./arguments.ts";
import { ParseError } from "./parse_error.ts";
import { slipOf, strayWord, tornJson, tornOption, unexpectedWord, unknownOption } from "./suggest.ts";
import type { Pair } from "./tokenize.ts";

/** What was typed, by the field it belongs to; not yet checked by the command's schema. */
export interface Filled {
  readonly input: Readonly<Record<string, Json>>;
  /** The names of the secrets asked for with `?`. */
  readonly asked: readonly string[];
  readonly extras: Readonly<Partial<Record<Extra, string>>>;
}

/** Puts every word into the field it belongs to; a word that belongs nowhere is a `Mistake`. */
export function fill(line: CommandLine): Filled {
  const torn = tornJson(line);
  if (torn) throw torn;
  const unclosed = line.words.find((word) => word.unclosed);
  if (unclosed) {
    throw new ParseError("bad_value", `The quote in ${inQuotes(unclosed.raw)} is opened and never closed.`);
  }
  const sheet: Sheet = {
    values: new Map(),
    records: new Map(),
    drops: [],
    extras: new Map(),
    asked: [],
    loose: [],
  };
  line.words.forEach((_word, at) => place(at, line, sheet));
  placeLoose(line, sheet);
  const records = [...sheet.records].map((
    [name, record],
  ): [string, Json] => [name, Object.fromEntries(record)]);
  const drop = line.fields.find((field) => field.kind === "drop");
  const drops: [string, Json][] = drop && sheet.drops.length > 0 ? [[drop.name, sheet.drops]] : [];
  return {
    input: Object.fromEntries([...sheet.values, ...records, ...drops]),
    asked: sheet.asked,
    extras: Object.fromEntries(sheet.extras),
  };
}

/** Maps, because the keys are typed by people: `__proto__` is only a word. */
interface Sheet {
  readonly values: Map<string, Json>;
  readonly records: Map<string, Map<string, string>>;
  readonly drops: string[];
  readonly extras: Map<Extra, string>;
  readonly asked: string[];
  /** Where in the line the words stand that go by position. */
  readonly loose: number[];
}

function place(at: number, line: CommandLine, sheet: Sheet): void {
  const word = line.words[at];
  if (!word) return;
  const torn = tornOption(line, at);
  if (torn) throw torn;
  if (word.pair && placePair(word.pair, line, sheet)) return;
  if (has(line, "drop") && /^-./.test(word.text)) return void sheet.drops.push(word.text.slice(1));
  const unknown = unknownOption(line, at);
  if (unknown) throw unknown;
  sheet.loose.push(at);
}

/** False when no field takes the pair. */
function placePair(pair: Pair, line: CommandLine, sheet: Sheet): boolean {
  const field = optionNamed(pair.key, line);
  if (field) {
    refuseTwice(sheet.values.has(field.name), pair.key);
    sheet.values.set(field.name, convert(field, heard(field.name, pair, line, sheet), line));
    return true;
  }
  const extra = extraNamed(pair.key, line);
  if (extra) {
    refuseTwice(sheet.extras.has(extra), pair.key);
    sheet.extras.set(extra, pair.value);
    return true;
  }
  const open = openFor(pair.key, line);
  if (!open) return false;
  const inner = pair.key.slice(open.prefix.length);
  const record = sheet.records.get(open.name) ?? new Map<string, string>();
  refuseTwice(record.has(inner), pair.key);
  sheet.records.set(open.name, record.set(inner, heard(open.prefix + inner, pair, line, sheet)));
  return true;
}

function refuseTwice(given: boolean, key: string): void {
  if (given) throw new ParseError("bad_value", `${key}= is given twice.`);
}

/** The value, with a note when it is a `?` that asks for a secret. */
function heard(name: string, { value, quoted }: Pair, { command }: CommandLine, sheet: Sheet): string {
  if (command.secret?.(name) && /^\?[.,;!]*$/.test(value)) {
    sheet.asked.push(name);
    return ENTER_MARK;
  }
  if (value !== ENTER_MARK || quoted) return value;
  throw new ParseError("bad_value", `"?" asks for a secret, and ${name}= is none here. Type its value.`);
}

function placeLoose(line: CommandLine, sheet: Sheet): void {
  const positional = line.fields.filter(isPositional);
  const waiting = positional.filter((field) => !sheet.values.has(field.name));
  const unfilled: Field[] = [];
  let loose: readonly number[] = sheet.loose;
  waiting.forEach((field, at) => {
    const taken = loose.slice(0, howMany(field, loose, waiting.slice(at + 1), line));
    if (taken.length === 0) return void unfilled.push(field);
    loose = loose.slice(taken.length);
    sheet.values.set(field.name, convert(field, joined(taken, line), line));
  });
  const [extra] = loose;
  if (extra !== undefined) throw unexpectedWord(line, extra, positional, unfilled);
}

/** How many of the waiting words a field takes, given the fields that come after it. */
function howMany(field: Field, loose: readonly number[], later: readonly Field[], line: CommandLine): number {
  const [at] = loose;
  if (at === undefined) return 0;
  if (field.kind === "rest") return loose.length;
  if (field.required) return upToChoice(loose, later[0], line);
  if (field.values.length > 0) return takesChoice(field, at, later, line) ? 1 : 0;
  if (field.type === "number" && later.length > 0) return isNumber(line.words[at]?.text ?? "") ? 1 : 0;
  return loose.length > later.filter((other) => other.required).length ? 1 : 0;
}

/** `Service Desk in INCIDENT`: a name needs no quotes when one of the next field's few words ends it. */
function upToChoice(loose: readonly number[], next: Field | undefined, line: CommandLine): number {
  if (!next || next.values.length === 0) return 1;
  const end = loose.findIndex((at, place) => {
    const word = line.words[at];
    return place > 0 && word && !word.quoted && choiceOf(next, word.text, line.aliases) !== undefined;
  });
  return Math.max(1, end);
}

/** A misspelt choice must not silently become part of the words that follow; where none follow it is refused anyway. */
function takesChoice(field: Field, at: number, later: readonly Field[], line: CommandLine): boolean {
  const word = line.words[at];
  if (!word || choiceOf(field, word.text, line.aliases) !== undefined) return word !== undefined;
  if (later.length === 0) return false;
  const aliases = field.values.flatMap((value) =>
    Object.hasOwn(line.aliases, value) ? line.aliases[value] ?? [] : []
  );
  const slip = word.quoted ? undefined : slipOf(word.text, [...field.values, ...aliases], "prose");
  if (slip === undefined) return false;
  throw new ParseError(
    "bad_value",
    `Is ${inQuotes(word.text)} meant to be ${slip}? If not, put it in quotes.`,
    [
      retyped(line, at, 1, slip),
      retyped(line, at, 1, `"${word.text}"`),
    ],
  );
}

function joined(places: readonly number[], line: CommandLine): string {
  const gap = places.find((place, at) => at > 0 && place !== (places[at - 1] ?? 0) + 1);
  if (gap !== undefined) throw strayWord(line, gap);
  const words = line.words.slice(places[0], (places.at(-1) ?? 0) + 1);
  return words.length === 1 ? words[0]?.text ?? "" : words.map((word) => word.raw).join(" ");
}

/** Spelt as the schema wants it; what does not convert is left for the schema to refuse. */
function convert(field: Field, value: string, line: CommandLine): Json {
  if (field.type === "list") return value.split(",").map((item) => item.trim());
  const spelt = choiceOf(field, value, line.aliases) ?? value;
  if (field.type === "number" && isNumber(spelt)) return Number(spelt);
  if (field.type === "boolean" && /^(true|false)$/i.test(spelt)) return spelt.toLowerCase() === "true";
  return spelt;
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}
