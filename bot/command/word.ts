/** `key=value` */
export interface Pair {
  readonly key: string;
  readonly value: string;
  /** The value stands in quotes. */
  readonly quoted: boolean;
}

/** One word of a normalised command, quotes understood. */
export interface Word {
  /** As typed. */
  readonly raw: string;
  /** Without the quotes around it. */
  readonly text: string;
  /** Quoted as a whole: such a word is a value, never an option. */
  readonly quoted: boolean;
  readonly pair?: Pair;
  /** Starts with a double quote that is never closed. */
  readonly unclosed?: true;
}

/**
 * Quotes count at the start of a word and after its first "=", and close before a space, "=" or the end;
 * elsewhere they are part of the word. A lone apostrophe is a letter: 's-Hertogenbosch.
 */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (let at = skipSpaces(text, 0); at < text.length;) {
    const { word, end } = readWord(text, at);
    words.push(word);
    at = skipSpaces(text, end);
  }
  return words;
}

/** The value as it has to be typed to come back whole; one that mixes both quotes keeps only single ones. */
export function quote(value: string): string {
  if (/^[\p{L}\p{N}_:/@+*]([\p{L}\p{N}_:/@+*.-]*[\p{L}\p{N}_:/@+*-])?$/u.test(value)) return value;
  if (!/"[ =]/.test(value)) return `"${value}"`;
  return /'[ =]/.test(value) ? `"${value.replaceAll('"', "'")}"` : `'${value}'`;
}

function readWord(text: string, at: number): { word: Word; end: number } {
  const start = /['"]/.test(text.charAt(at)) ? readQuoted(text, at) : undefined;
  if (start && text.charAt(start.end) !== "=") {
    return { word: { raw: text.slice(at, start.end), text: start.value, quoted: true }, end: start.end };
  }
  const equals = start ? start.end : findEquals(text, at);
  if (equals === undefined) return { word: bareWord(text, at), end: endOfBare(text, at) };
  const key = start ? start.value : text.slice(at, equals);
  const value = readQuoted(text, equals + 1);
  const end = value?.end ?? endOfBare(text, equals + 1);
  const raw = text.slice(at, end);
  const pair = { key, value: value?.value ?? text.slice(equals + 1, end), quoted: value !== undefined };
  return { word: { raw, text: raw, quoted: false, pair, ...unclosedAt(pair.value, pair.quoted) }, end };
}

function bareWord(text: string, at: number): Word {
  const raw = text.slice(at, endOfBare(text, at));
  return { raw, text: raw, quoted: false, ...unclosedAt(raw, false) };
}

function unclosedAt(value: string, quoted: boolean): { unclosed?: true } {
  return !quoted && value.startsWith('"') ? { unclosed: true } : {};
}

function readQuoted(text: string, at: number): { value: string; end: number } | undefined {
  const mark = text.charAt(at);
  if (mark !== '"' && mark !== "'") return undefined;
  for (let close = text.indexOf(mark, at + 1); close !== -1; close = text.indexOf(mark, close + 1)) {
    const next = text.charAt(close + 1);
    if (next === "" || next === " " || next === "=") {
      return { value: text.slice(at + 1, close), end: close + 1 };
    }
  }
  return undefined;
}

function findEquals(text: string, at: number): number | undefined {
  const equals = text.slice(at, endOfBare(text, at)).indexOf("=");
  return equals > 0 ? at + equals : undefined;
}

function endOfBare(text: string, at: number): number {
  const space = text.indexOf(" ", at);
  return space === -1 ? text.length : space;
}

function skipSpaces(text: string, at: number): number {
  while (text.charAt(at) === " ") at++;
  return at;
}
