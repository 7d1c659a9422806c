import { inQuotes } from "./format.ts";

/** What keeps a text from being read as JSON in one way only. */
export interface JsonFault {
  /** Where, as a person counts. */
  readonly line: number;
  readonly column: number;
  /** What would be passed on as something else; undefined: a mistake in the writing. */
  readonly unclear?: Unclear;
}

/**
 * A name that an object has twice, or that JavaScript keeps to itself, or a number that it would round: which number is
 * not said, since it may be a secret.
 */
type Unclear =
  | { readonly kind: "twice" | "reserved"; readonly name: string }
  | { readonly kind: "rounded" };

/**
 * `JSON.parse` names no place for most mistakes, takes the last of a name that comes twice, rounds large numbers, and
 * whoever copies what it read loses `__proto__`, all without a word.
 */
export function faultIn(text: string): JsonFault | undefined {
  const open: Open[] = [];
  let next: Next = "value";
  let at = 0;
  for (const token of tokensOf(text)) {
    at = token.at;
    const inner = open.at(-1);
    const unclear = unclearIn(token, isName(next) ? inner?.names : undefined);
    if (unclear) return { ...placeOf(text, at), unclear };
    const then = after(token, next, open);
    if (then === undefined) return placeOf(text, at);
    next = then;
  }
  return next === "end" ? undefined : placeOf(text, text.length);
}

/** Goes on after what it is about, such as "The document". */
export function faultInWords({ line, column, unclear }: JsonFault): string {
  const place = `line ${line}, column ${column}`;
  if (unclear === undefined) return `is not valid JSON at ${place}`;
  if (unclear.kind === "rounded") return `has a number at ${place} that is too large to be passed on exactly`;
  const name = inQuotes(unclear.name.slice(0, 60));
  return unclear.kind === "twice"
    ? `has ${name} twice in one object, again at ${place}`
    : `has the name ${name} at ${place}, which cannot be passed on`;
}

/** `names`: where a name may stand, those that the object has already. */
function unclearIn(token: Token, names: ReadonlySet<string> | undefined): Unclear | undefined {
  if (token.kind === "rounded") return { kind: "rounded" };
  if (token.kind !== "text" || names === undefined) return undefined;
  if (names.has(token.value)) return { kind: "twice", name: token.value };
  return token.value === "__proto__" ? { kind: "reserved", name: token.value } : undefined;
}

/** An object or a list that is not closed yet; the names are those of an object. */
interface Open {
  readonly names?: Set<string>;
}

type Token =
  | { readonly kind: "sign"; readonly value: string; readonly at: number }
  | { readonly kind: "text"; readonly value: string; readonly at: number }
  | { readonly kind: "rounded" | "other" | "wrong"; readonly at: number };

/** What may come: a value, a name, or what separates and closes. */
type Next = "value" | "first value" | "name" | "first name" | "colon" | "comma" | "end";

function isName(next: Next): boolean {
  return next === "name" || next === "first name";
}

/** What may come after a token; undefined where it may not stand. */
function after(token: Token, next: Next, open: Open[]): Next | undefined {
  if (token.kind === "sign") return afterSign(token.value, next, open);
  if (token.kind === "text" && isName(next)) {
    open.at(-1)?.names?.add(token.value);
    return "colon";
  }
  const isValue = token.kind !== "wrong" && (next === "value" || next === "first value");
  return isValue ? whatFollows(open) : undefined;
}

function afterSign(sign: string, next: Next, open: Open[]): Next | undefined {
  const isObject = open.at(-1)?.names !== undefined;
  if (sign === ":") return next === "colon" ? "value" : undefined;
  if (sign === ",") return next === "comma" ? (isObject ? "name" : "value") : undefined;
  if (sign === "{" || sign === "[") {
    if (next !== "value" && next !== "first value") return undefined;
    open.push(sign === "{" ? { names: new Set() } : {});
    return sign === "{" ? "first name" : "first value";
  }
  const mayClose = next === "comma" || next === (isObject ? "first name" : "first value");
  if (!mayClose || open.length === 0 || isObject !== (sign === "}")) return undefined;
  open.pop();
  return whatFollows(open);
}

function whatFollows(open: readonly Open[]): Next {
  return open.length === 0 ? "end" : "comma";
}

function* tokensOf(text: string): Generator<Token> {
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    if (/^[{}[\],:]$/.test(token)) yield { kind: "sign", value: token, at };
    else yield valueToken(token, at);
  }
}

/** Signs, texts, and whatever else stands together. */
const TOKEN = /[{}[\],:]|"[^"\\]*(?:\\[^][^"\\]*)*"?|[^\s{}[\],:"]+|[^\S \n\r\t]/g;

function valueToken(token: string, at: number): Token {
  try {
    const value: unknown = JSON.parse(token);
    if (typeof value === "string") return { kind: "text", value, at };
    return { kind: typeof value === "number" && isRounded(value) ? "rounded" : "other", at };
  } catch {
    return { kind: "wrong", at };
  }
}

/** Beyond this range not every whole number has a place of its own. */
function isRounded(value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER;
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split(/\r\n?|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
