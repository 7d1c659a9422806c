/** Stands where a secret would be. Nothing that holds it is ever sent back to a vendor. */
export const HIDDEN_MARK = "••••••";

/** Stands for a secret until it is entered on the secret page. */
export const ENTER_MARK = "?";

/** Stands in a vendor's words for what looked like a secret. */
export const REDACTION_MARK = "[hidden]";

/** Alternatives of an expression, separated by white space. */
function anyOf(words: string): string {
  return `(?:${words.trim().split(/\s+/).join("|")})`;
}

/** Whose keys are secret: `apiKey`, `signing_key`. */
const KEYS_OF = anyOf(`
  access account admin api app auth client consumer decryption deploy encryption function hmac
  integration licen[cs]e master private root routing service session shared signing ssh ssl storage
  subscription tls
`);

const SECRET = anyOf(`
  passw(?:or[dt]|d)?s? passphrases? passcodes? pwd secrets? tokens? credentials? jwt bearer
  authori[sz]ation cookies?
  ${KEYS_OF}keys?
`);

/** What says something about a secret without being one: `token_expiry`, `secret_id`, `accessTokenURL`. */
const ABOUT = anyOf(`
  algorithm arns? at config count dates? enabled endpoint engine expir[a-z]*? format ids? kind length
  lifetime manager method mode names? namespace paths? payload policy project provider region required
  rotation scopes? store time ttl types? ur[il]s? version
`);

const SECRET_NAME = new RegExp(SECRET);
const ABOUT_A_SECRET = new RegExp(`${SECRET}${ABOUT}+$`);
/** Says where a list goes on: `page_token`, `nextPageToken`. */
const PLACE_IN_A_LIST = /(?:page|next|continuation|cursor)token$/;

/** Whether what goes by this name is a secret in all likelihood: a field, a header, a parameter of anyone's. */
export function soundsSecret(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z]/g, "");
  const bare = letters.replace(ABOUT_A_SECRET, "").replace(PLACE_IN_A_LIST, "");
  return SECRET_NAME.test(bare) || /(?:^|[^a-z])(?:pass|creds)$/i.test(name);
}

/** Whether a secret is named in it, as what is meant (`secret`) or as what it is about (`secret_id`). */
export function speaksOfSecret(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replace(/[^a-z]/g, ""));
}

/**
 * Whether a value is the name of a credential that is kept elsewhere, as in `credential=vcenter-admin`. The name is no
 * secret; what does not read like one is taken for the credential itself.
 */
export function namesCredential(name: string, value: string): boolean {
  return /(?:^|[^a-z])credential$/i.test(name) && READS_LIKE_A_NAME.test(value);
}

/** Words, each with a number at its end at most. */
const READS_LIKE_A_NAME = /^(?=.{1,64}$)\p{L}+\d{0,4}(?:[ ._/-]+(?:\p{L}+\d{0,4}|\d{1,4}))*$/u;

/** Letters alone are words, as in "Basic monitoring": a credential is long, and has digits, padding or a base64 look. */
const TOKEN = String.raw`(?=\S*(?:\d|=|[a-z][A-Z]\S*[a-z][A-Z]))[\w+/=.~-]{16,}`;

const SECRET_VALUE = new RegExp(
  [
    // Looks back from the dot: to look ahead from every "eyJ" would take long where there are many.
    String.raw`\.(?<=\beyJ[\w-]{8,}\.)`,
    String.raw`\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s+${TOKEN}`,
    "-----BEGIN",
    String.raw`:\/\/[^/\\\s:@]*:[^/\\\s@]+@`,
  ].join("|"),
);

/** Whether a text holds a JWT, an authorization header, a key block or an address with a password in it. */
export function holdsSecret(text: string): boolean {
  return SECRET_VALUE.test(text);
}

/** Secrets to look for, in the fold in which they are compared. */
export interface SoughtSecrets {
  readonly byFirstLetter: ReadonlyMap<string, readonly string[]>;
  /** Finds how any of them begins, in a text in lower case. */
  readonly anyBeginning: RegExp;
}

/** Enough to tell a secret from other words; an expression with the whole of a long one would be too large. */
const BEGINNING = 16;

export function soughtSecrets(secrets: Iterable<string>): SoughtSecrets {
  const sought = Array.from(secrets, folded);
  const beginnings = sought.map((secret) =>
    secret.slice(0, BEGINNING).split("+").map(RegExp.escape).join("[ +]")
  );
  return {
    byFirstLetter: Map.groupBy(sought, (secret) => secret.charAt(0)),
    anyBeginning: new RegExp(beginnings.join("|")),
  };
}

/**
 * The text with `mark` in place of each secret, whatever its letter case and however it is escaped: for JSON, markup,
 * addresses, forms or mail, once or many times over. Only what stands in the text is taken out, never what merely
 * reads like a part of it. A text with more escapes than can be looked through is hidden as a whole.
 */
export function withoutSought(text: string, sought: SoughtSecrets, mark: string): string {
  if (sought.byFirstLetter.size === 0) return text;
  const lower = lowered(text);
  // Most texts have neither an escape nor what reads like a secret.
  const anyBegins = sought.anyBeginning.test(lower);
  if (!anyBegins && !ANY_ESCAPE.test(lower)) return text;
  const plain = withFoldedBlanks(lower);
  const readings = readingsIn(plain);
  if (!readings) return mark;
  if (!anyBegins && readings.size === 0) return text;
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

function folded(text: string): string {
  return withFoldedBlanks(lowered(text));
}

/** A form writes a blank as "+". */
function withFoldedBlanks(text: string): string {
  return text.replaceAll(" ", "+");
}

/** In lower case, unit by unit, so that places stay what they were. */
function lowered(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  const units = Array.from({ length: text.length }, (_, at) => text.charAt(at));
  return units.map((unit) => unit.toLowerCase().slice(0, 1)).join("");
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
    for (const secret of sought.byFirstLetter.get(means.charAt(0)) ?? []) {
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

const ANY_ESCAPE = new RegExp(Array.from(ESCAPES.keys(), RegExp.escape).join("|"));

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
