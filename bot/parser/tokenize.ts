/** `key=value` */
export interface Pair {
  readonly key: string;
  readonly value: string;
  /** The value stands in quotes. */
  readonly quoted: boolean;
}

/** One word of a normalised command, quotes understood. */
export interface Token {
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
export function tokenize(text: string): Token[] {
  const words: Token[] = [];
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

function readWord(text: string, at: number): { word: Token; end: number } {
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

function bareWord(text: string, at: number): Token {
  const raw = text.slice(at, endOfBare(text, at));
  return { raw, text: raw, quoted: false, ...unclosedAt(raw, false) };
}

function unclosedAt(value: string, quoted: boolean): { unclosed?: true } {
  return !quoted && value.startsWith('"') ? { unclosed: true } : {};
}

/** Quotes within quotes belong to the text, as far as all of them are closed: "a "b" - c". */
function readQuoted(text: string, at: number): { value: string; end: number } | undefined {
  return readQuotes(text, at, true) ?? readQuotes(text, at, false);
}

function readQuotes(text: string, at: number, nested: boolean): { value: string; end: number } | undefined {
  const mark = text.charAt(at);
  if (mark !== '"' && mark !== "'") return undefined;
  let depth = 0;
  for (let close = text.indexOf(mark, at + 1); close !== -1; close = text.indexOf(mark, close + 1)) {
    const next = text.charAt(close + 1);
    if (next !== "" && next !== " " && next !== "=") {
      if (nested && text.charAt(close - 1) === " ") depth++;
    } else if (depth > 0) depth--;
    else return { value: text.slice(at + 1, close), end: close + 1 };
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

/**
 * Undoes what phone keyboards do to a typed command: curly quotes, long dashes, odd and invisible spaces,
 * full-width characters, a capital verb, punctuation at the end. Letters, accents and emoji stay as they are.
 * `normalise(normalise(text))` equals `normalise(text)`.
 */
export function normalise(text: string): string {
  const plain = ODDLY_SPELT.test(text) ? speltPlainly(text) : text;
  return withoutEndPunctuation(plain.trim()).replace(/^\/\w*[A-Z]\w*/, (verb) => verb.toLowerCase());
}

/** All that `SPELLINGS` change has one of these: what is no printable ASCII, a backtick, two blanks, two hyphens. */
const ODDLY_SPELT = /[^ -_a-~]|([ -])\1/;

function speltPlainly(text: string): string {
  return SPELLINGS.reduce((spelt, [pattern, plainly]) => spelt.replace(pattern, plainly), narrow(text));
}

/** In this order: each line may rely on those above it. */
const SPELLINGS: readonly (readonly [pattern: RegExp, plainly: string])[] = [
  [/[‘’‚‛′ʼ‹›`´]/gu, "'"],
  [/[“”„‟″«»〝〞「」『』]/gu, '"'],
  [/[‐‑‒–—―−﹘﹣]/gu, "-"],
  [/[⁄∕]/gu, "/"],
  [/﹦/gu, "="],
  // Zero-width space, byte order mark, soft hyphen, word joiner, marks of writing direction.
  [/[\u00AD\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/gu, ""],
  [/[\s\u0085\u2800\u3164]+/gu, " "],
  // deno-lint-ignore no-control-regex -- control characters are what is taken out here
  [/[\u0000-\u001F\u007F-\u009F]/gu, ""],
  // Joiners hold emoji and some scripts together; beside plain letters they are only invisible.
  // deno-lint-ignore no-control-regex -- all of ASCII, which begins with the control characters
  [/(?<=^|[\u0000-\u007F])[\u200C\u200D]+|[\u200C\u200D]+(?=$|[\u0000-\u007F])/gu, ""],
  [/ {2,}/g, " "],
  // "--key" becomes "—key" under iOS, so both are the same word.
  [/(?<=^| )-{2,}(?=[\p{L}\p{N}])/gu, "-"],
];

const FULL_WIDTH_OFFSET = 0xFEE0;

function narrow(text: string): string {
  return text.toWellFormed().replace(
    /[\uFF01-\uFF5E]/g,
    (wide) => String.fromCharCode(wide.charCodeAt(0) - FULL_WIDTH_OFFSET),
  );
}

/** A question mark that is the value of an option stays: it asks for the secret page. */
function withoutEndPunctuation(text: string): string {
  let end = text.length;
  while (end > 0 && isEndPunctuation(text, end - 1)) end--;
  return text.slice(0, end);
}

function isEndPunctuation(text: string, at: number): boolean {
  const sign = text.charAt(at);
  if (sign !== "?") return " .,;!…。、\u200C\u200D".includes(sign);
  return !text.slice(text.lastIndexOf(" ", at) + 1, at).includes("=");
}
