import { typed } from "../../handlers/typed.ts";
import { closest, slipOf } from "./closest.ts";
import { headOf } from "./command.ts";
import type { Field } from "./field.ts";
import { choiceOf, extraNamed, extrasOf, has, type Line, optionNamed, retyped } from "./line.ts";
import { Mistake, oneOf } from "./mistake.ts";
import { quote, type Word } from "./word.ts";

/** `role= arn…`, `role =arn…` and `role = arn…`: an option torn apart. Undefined when the word is none of these. */
export function tornOption(line: Line, at: number): Mistake | undefined {
  const word = line.words[at];
  const next = line.words[at + 1];
  if (word?.pair && word.pair.value === "" && !word.pair.quoted && isOption(word.pair.key, line)) {
    const joined = next && !next.pair ? [retyped(line, at, 2, `${word.pair.key}=${next.raw}`)] : [];
    return new Mistake("bad_value", `${word.pair.key}= has no value. Leave no space after "=".`, joined);
  }
  const key = line.words[at - 1]?.text ?? "";
  if (!word?.raw.startsWith("=") || !isOption(key, line)) return undefined;
  const alone = word.raw === "=";
  const joined = `${key}=${alone ? next?.raw ?? "" : word.raw.slice(1)}`;
  return new Mistake("bad_value", `Leave no space around "=" in ${key}=.`, [
    retyped(line, at - 1, alone ? 3 : 2, joined),
  ]);
}

/** `fieldmappings=[{"id": 1, …`: JSON that the spaces in it tear apart. */
export function tornJson(line: Line): Mistake | undefined {
  const torn = line.words.find(({ pair }) =>
    pair && !pair.quoted && /^(\{"|\[[{["])/.test(pair.value) && !isJson(pair.value)
  );
  if (!torn?.pair || !has(line, "document")) return undefined;
  const sentence =
    `The JSON after ${torn.pair.key}= comes apart at its spaces. Leave them out, or send it as a file: ` +
    `{"${torn.pair.key}": …} with the command as caption, or as a message that the command replies to.`;
  return new Mistake("bad_value", sentence);
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
export function unknownOption(line: Line, at: number): Mistake | undefined {
  const word = line.words[at];
  if (!word?.pair || word.pair.value === "") return undefined;
  const { key } = word.pair;
  const slip = slipOf(key, optionNames(line));
  const takesNames = has(line, "rest");
  if (slip === undefined && (takesNames || !LIKE_AN_OPTION.test(key))) return undefined;
  const advice = takesNames ? " If it is part of a name, put it in quotes." : "";
  return new Mistake(
    "unknown_option",
    `${headOf(line.command)} has no option ${key}=. ${optionsTaken(line)}${advice}`,
    slip === undefined ? [] : [retyped(line, at, 1, slip + word.raw.slice(key.length))],
  );
}

/** A word that no field takes. */
export function unexpectedWord(
  line: Line,
  at: number,
  positional: readonly Field[],
  unfilled: readonly Field[],
): Mistake {
  if (line.words[at - 1]?.pair) return strayWord(line, at);
  const choice = unfilled.find((field) => field.values.length > 0);
  if (choice) {
    const later = positional.slice(positional.indexOf(choice) + 1);
    return noChoice(line, placeOf(line, at, later, unfilled), choice);
  }
  const text = line.words[at]?.text ?? "";
  const sentence = `${headOf(line.command)} does not expect ${typed(text)}`;
  const last = positional.at(-1);
  const again = line.words.findIndex(({ pair }) => pair?.key.toLowerCase() === last?.name.toLowerCase());
  if (last && again >= 0) return setTwice(line, again, last);
  return last
    ? new Mistake(
      "too_many_words",
      `${sentence} after <${last.placeholder}>. A name with spaces goes in quotes.`,
    )
    : new Mistake("too_many_words", `${sentence}.`, [retyped(line, at, line.words.length)]);
}

function noChoice(line: Line, at: number, { placeholder, values }: Field): Mistake {
  const text = line.words[at]?.text ?? "";
  const meant = closest(text, values)[0] ?? values.find((value) => text.toLowerCase().startsWith(value));
  const sentence = `<${placeholder}> can be ${oneOf(values)}, not ${typed(text)}.`;
  return new Mistake("bad_value", sentence, meant === undefined ? [] : [retyped(line, at, 1, meant)]);
}

/**
 * Where the choice should have stood that no word fits: before a word that fits the next choice, or before those
 * that the later fields took in its stead. The word that is left over is only the last in the row.
 */
function placeOf(line: Line, at: number, later: readonly Field[], unfilled: readonly Field[]): number {
  const loose = line.words.flatMap(({ pair }, place) => pair ? [] : [place]);
  const [next] = later;
  const fits = loose.findIndex((place) =>
    next && choiceOf(next, line.words[place]?.text ?? "", line.aliases) !== undefined
  );
  if (fits > 0) return loose[fits - 1] ?? at;
  const shifted = later.filter((field) => !unfilled.includes(field)).length;
  return loose[loose.indexOf(at) - shifted] ?? at;
}

function setTwice(line: Line, at: number, { placeholder }: Field): Mistake {
  const pair = line.words[at]?.raw ?? "";
  const sentence = `<${placeholder}> is a word of its own and not set with an option. Leave out ${
    typed(pair)
  }.`;
  return new Mistake("too_many_words", sentence, [retyped(line, at, 1)]);
}

/** Words on both sides of an option are nearly always the option's value without its quotes. */
export function strayWord(line: Line, at: number): Mistake {
  const text = typed(line.words[at]?.raw ?? "");
  const option = line.words[at - 1]?.pair;
  if (!option || option.quoted) {
    return new Mistake(
      "too_many_words",
      `${text} stands apart from the words before it. Put options at the end.`,
    );
  }
  const stray = wordsUpToOption(line.words, at);
  const value = quote([option.value, ...stray.map((word) => word.raw)].join(" ").trim());
  return new Mistake(
    "too_many_words",
    `Does ${text} belong to ${option.key}=? A value with spaces goes in quotes.`,
    [
      retyped(line, at - 1, stray.length + 1, `${option.key}=${value}`),
    ],
  );
}

const LIKE_AN_OPTION = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

function wordsUpToOption(words: readonly Word[], at: number): readonly Word[] {
  const end = words.findIndex((word, place) => place > at && word.pair !== undefined);
  return words.slice(at, end === -1 ? undefined : end);
}

function isOption(key: string, line: Line): boolean {
  return optionNamed(key, line) !== undefined || extraNamed(key, line) !== undefined;
}

function optionNames({ command, fields }: Line): string[] {
  return [
    ...fields.filter((field) => field.kind === "option").map((field) => field.name),
    ...extrasOf(command),
  ];
}

function optionsTaken(line: Line): string {
  const opens = line.fields.filter((field) => field.kind === "open").map((field) => `${field.prefix}…=`);
  const names = [...optionNames(line).map((name) => `${name}=`), ...opens];
  return names.length === 0 ? "It takes no options." : `It takes ${oneOf(names)}.`;
}
