const REDACTED = "[redacted]";

/**
 * Knows our own secrets by value and takes them out of whatever leaves the process. What it does is handed around as
 * functions, so each keeps its `this`.
 */
export class Redactor {
  /** How many hold each form. */
  private readonly holders = new Map<string, number>();
  private sought = soughtSecrets([]);

  constructor(secrets: readonly string[]) {
    for (const secret of secrets) this.count(formsOf(secret), 1);
  }

  readonly text = (value: string): string => withoutSought(value, this.sought, REDACTED);

  /** The same for every string inside data of no particular shape; a reply has a shape and goes through `redactReply`. */
  readonly deep = <T>(value: T): T => mapStrings(value, this.text) as T;

  /**
   * A secret that is in memory only for a while. Returns what forgets it again. Anyone may enter one, so a short one
   * is not looked for: it would take its letters out of everybody's words.
   */
  readonly hold = (secret: string): () => void => {
    const forms = secret.length < SHORTEST_HELD ? [] : formsOf(secret);
    this.count(forms, 1);
    return () => this.count(forms, -1);
  };

  private count(forms: readonly string[], by: 1 | -1): void {
    for (const form of forms) {
      const holders = (this.holders.get(form) ?? 0) + by;
      if (holders > 0) this.holders.set(form, holders);
      else this.holders.delete(form);
    }
    this.sought = soughtSecrets(this.holders.keys());
  }
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

/** Shorter ones would cover ordinary words. */
const SHORTEST = 4;
const SHORTEST_ENCODED = 8;
const SHORTEST_HELD = 8;

/** A secret as it may come back to us, but for escapes: as it is, within a credential, in a dump. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const encoded = [
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  ];
  const forms = [secret, ...encoded.filter((form) => form.length >= SHORTEST_ENCODED)];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

/**
 * What is always the same of the bytes' base64, wherever they begin in a longer text such as `Basic id:secret`: the
 * characters at both ends hold bits of their neighbours.
 */
function base64Within(bytes: Uint8Array, offset: number): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(offset), ...bytes)).replace(/=+$/, "");
  const end = (offset + bytes.length) % 3 === 0 ? text.length : -1;
  return text.slice(offset === 0 ? 0 : offset + 1, end);
}

/** Secrets to look for, by the first letter of each, in the fold in which they are compared. */
type SoughtSecrets = ReadonlyMap<string, readonly string[]>;

function soughtSecrets(secrets: Iterable<string>): SoughtSecrets {
  return Map.groupBy(Array.from(secrets, folded), (secret) => secret.charAt(0));
}

/**
 * The text with `mark` in place of each secret, whatever its letter case and however it is escaped: for JSON, markup,
 * addresses, forms or mail, once or many times over. Only what stands in the text is taken out, never what merely
 * reads like a part of it. A text with more escapes than can be looked through is hidden as a whole.
 */
function withoutSought(text: string, sought: SoughtSecrets, mark: string): string {
  if (sought.size === 0) return text;
  const plain = folded(text);
  const readings = readingsIn(plain);
  if (!readings) return mark;
  const found: { start: number; end: number }[] = [];
  for (let start = 0; start < plain.length; start++) {
    const end = longestAt(start, plain, readings, sought);
    const last = found.at(-1);
    if (end < 0) continue;
    // What overlaps is hidden as one: the end of one secret must not give away the other.
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else found.push({ start, end });
  }
  let at = 0;
  const kept = found.map(({ start, end }) => {
    const before = text.slice(at, start);
    at = end;
    return before + mark;
  });
  return kept.join("") + text.slice(at);
}

/** In lower case, unit by unit, so that places stay what they were; a form writes a blank as "+". */
function folded(text: string): string {
  const lower = text.toLowerCase();
  const same = lower.length === text.length ? lower : Array.from(
    { length: text.length },
    (_, at) => text.charAt(at).toLowerCase().slice(0, 1),
  ).join("");
  return same.replaceAll(" ", "+");
}

/** What an escape stands for, and where it ends. */
interface Reading {
  readonly means: string;
  readonly end: number;
}

/** Where a text has escapes: everything that they can mean. An escape may itself be escaped in part or as a whole. */
type Readings = ReadonlyMap<number, readonly Reading[]>;

/** The end of the longest secret that begins here; -1 for none. */
function longestAt(start: number, text: string, readings: Readings, sought: SoughtSecrets): number {
  let longest = -1;
  const tryAll = (means: string, end: number) => {
    for (const secret of sought.get(means.charAt(0)) ?? []) {
      if (secret.startsWith(means)) {
        longest = Math.max(longest, endOf(secret, means.length, end, text, readings));
      }
    }
  };
  tryAll(text.charAt(start), start + 1);
  for (const { means, end } of readings.get(start) ?? []) tryAll(means, end);
  return longest;
}

/** Where the rest of a secret ends that goes on at `start`; -1 when it does not. Each way is gone once. */
function endOf(secret: string, from: number, start: number, text: string, readings: Readings): number {
  let [at, read] = [start, from];
  for (; read < secret.length && !readings.has(at); at++, read++) {
    if (text.charAt(at) !== secret.charAt(read)) return -1;
  }
  let ends = new Map([["", { at, read }]]);
  let longest = -1;
  while (ends.size > 0) {
    const next: typeof ends = new Map();
    const goOn = (at: number, read: number) => next.set(`${at} ${read}`, { at, read });
    for (const { at, read } of ends.values()) {
      if (read === secret.length) longest = Math.max(longest, at);
      else {
        if (text.charAt(at) === secret.charAt(read)) goOn(at + 1, read + 1);
        for (const { means, end } of readings.get(at) ?? []) {
          if (secret.startsWith(means, read)) goOn(end, read + means.length);
        }
      }
    }
    ends = next;
  }
  return longest;
}

/** Further ones say the same once more: `%25252525`. */
const MOST_READINGS = 32;
/** Escapes of escapes of escapes, which no vendor writes by the thousand. */
const MOST_DEEP = 30_000;

/**
 * From the end on, because what stands at a place may depend on what the places after it can mean. Undefined when it
 * takes too long.
 */
function readingsIn(text: string): Readings | undefined {
  const readings = new Map<number, readonly Reading[]>();
  let deep = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    if (!ESCAPES.has(text.charAt(at))) continue;
    const found: Reading[] = [{ means: text.charAt(at), end: at + 1 }];
    for (let next = 0; next < found.length && found.length < MOST_READINGS; next++) {
      const { means, end } = found[next] as Reading;
      const more = ESCAPES.get(means)?.(new Place(text, end, readings)) ?? [];
      if (next > 3) deep++;
      for (const one of more) {
        if (found.length >= MOST_READINGS) break;
        if (!found.some((other) => other.end === one.end && other.means === one.means)) found.push(one);
      }
    }
    if (deep > MOST_DEEP) return undefined;
    if (found.length > 1) readings.set(at, found.slice(1));
  }
  return readings;
}

/** A place in a text behind the sign that begins an escape. */
class Place {
  constructor(
    private readonly text: string,
    readonly at: number,
    private readonly readings: Readings,
  ) {}

  /** The places behind one of these letters, with the letter. */
  after(letters: RegExp): readonly (readonly [string, Place])[] {
    const all = [{ means: this.text.charAt(this.at), end: this.at + 1 }, ...this.readings.get(this.at) ?? []];
    return all.flatMap(({ means, end }) =>
      letters.test(means) ? [[means, new Place(this.text, end, this.readings)] as const] : []
    );
  }

  /** The places behind so many of these letters, with all of them. */
  many(letters: RegExp, least: number, most = least): readonly (readonly [string, Place])[] {
    let ends: readonly (readonly [string, Place])[] = [["", this]];
    const found: (readonly [string, Place])[] = [];
    for (let count = 0; count < most && ends.length > 0; count++) {
      ends = ends.flatMap(([word, place]) =>
        place.after(letters).map(([letter, next]) => [word + letter, next] as const)
      ).slice(0, MOST_READINGS);
      if (count + 1 >= least) found.push(...ends);
    }
    return found;
  }

  /** What so many digits from here on mean as a character. */
  number(base: 8 | 10 | 16, least: number, most = least): readonly Reading[] {
    return this.many(DIGITS[base], least, most).flatMap(([digits, { at }]) =>
      character(parseInt(digits, base), at)
    );
  }

  /** Two digits that are a byte: of UTF-8 the first of as many as it says, else a letter of Western Europe. */
  byte(sign: RegExp): readonly Reading[] {
    return this.many(DIGITS[16], 2).flatMap(([digits, place]) => {
      const first = parseInt(digits, 16);
      const more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
      return [...character(first, place.at), ...(more > 0 ? place.rest(sign, [first], more) : [])];
    });
  }

  private rest(sign: RegExp, bytes: readonly number[], more: number): readonly Reading[] {
    if (more === 0) return utf8(bytes, this.at);
    return this.after(sign).flatMap(([, place]) =>
      place.many(DIGITS[16], 2).flatMap(([digits, next]) =>
        next.rest(sign, [...bytes, parseInt(digits, 16)], more - 1)
      )
    );
  }
}

const DIGITS = { 8: /^[0-7]$/, 10: /^\d$/, 16: /^[\da-f]$/ } as const;

function character(code: number, end: number): readonly Reading[] {
  return code > 0x10FFFF ? [] : [{ means: folded(String.fromCodePoint(code)), end }];
}

function utf8(bytes: readonly number[], end: number): readonly Reading[] {
  try {
    return [{ means: folded(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes))), end }];
  } catch {
    return [];
  }
}

/** What may follow the sign that begins an escape, in the fold. */
const ESCAPES: ReadonlyMap<string, (place: Place) => readonly Reading[]> = new Map([
  ["%", (place) => [...place.byte(/^%$/), ...place.after(/^u$/).flatMap(([, next]) => next.number(16, 4))]],
  ["=", (place) => place.byte(/^=$/)],
  ["\\", backslashed],
  ["&", entity],
]);

const CONTROLS: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v" };

function backslashed(place: Place): readonly Reading[] {
  const named = place.after(/^[nrtbfv]$/).map(([letter, { at }]) => ({
    means: CONTROLS[letter] ?? "",
    end: at,
  }));
  const itself = place.after(/^[^\da-z]$/).map(([sign, { at }]) => ({ means: sign, end: at }));
  const coded = place.after(/^[ux]$/).flatMap(([letter, next]) => [
    ...(letter === "x" ? next.number(16, 2) : [...next.number(16, 4), ...next.number(16, 8)]),
    ...next.after(/^\{$/).flatMap(([, inner]) => inner.many(DIGITS[16], 1, 6)).flatMap(([digits, end]) =>
      end.after(/^\}$/).flatMap(([, { at }]) => character(parseInt(digits, 16), at))
    ),
  ]);
  return [...named, ...itself, ...coded, ...place.number(8, 3)];
}

function entity(place: Place): readonly Reading[] {
  const numbered = place.after(/^#$/).flatMap(([, next]) => [
    ...ended(next.many(DIGITS[10], 1, 8), 10),
    ...next.after(/^x$/).flatMap(([, hex]) => ended(hex.many(DIGITS[16], 1, 8), 16)),
  ]);
  const named = place.many(/^[a-z]$/, 2, 7).flatMap(([name, end]) => {
    const means = ENTITIES[name];
    return means === undefined ? [] : behindSemicolon({ means, end: end.at }, end);
  });
  return [...numbered, ...named];
}

/** Without a semicolon, which browsers do not insist on, a number goes as far as there are digits. */
function ended(numbers: readonly (readonly [string, Place])[], base: 10 | 16): readonly Reading[] {
  return numbers.flatMap(([digits, end], at) => {
    const isLongest = at === numbers.length - 1;
    const readings = character(parseInt(digits, base), end.at).flatMap((one) => behindSemicolon(one, end));
    return isLongest ? readings : readings.filter((one) => one.end > end.at);
  });
}

/** The semicolon belongs to it, where there is one. */
function behindSemicolon({ means, end }: Reading, place: Place): readonly Reading[] {
  const behind = place.after(/^;$/).map(([, { at }]) => ({ means, end: at }));
  return behind.length > 0 ? behind : [{ means, end }];
}

/** The signs of ASCII by the names that markup has for them, in the fold. */
const ENTITIES: Readonly<Record<string, string>> = {
  excl: "!",
  quot: '"',
  num: "#",
  dollar: "$",
  percnt: "%",
  amp: "&",
  apos: "'",
  lpar: "(",
  rpar: ")",
  ast: "*",
  plus: "+",
  comma: ",",
  period: ".",
  sol: "/",
  colon: ":",
  semi: ";",
  lt: "<",
  equals: "=",
  gt: ">",
  quest: "?",
  commat: "@",
  lsqb: "[",
  lbrack: "[",
  bsol: "\\",
  rsqb: "]",
  rbrack: "]",
  hat: "^",
  lowbar: "_",
  grave: "`",
  lcub: "{",
  lbrace: "{",
  verbar: "|",
  vert: "|",
  rcub: "}",
  rbrace: "}",
  nbsp: "\u00a0",
  tab: "\t",
  newline: "\n",
  hyphen: "\u2010",
};
