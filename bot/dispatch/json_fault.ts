/** What keeps a text from being read as JSON in one way only. */
export interface JsonFault {
  /** Where, as a person counts. */
  readonly line: number;
  readonly column: number;
  /** The name that an object has twice; undefined: a mistake in the writing. */
  readonly twice?: string;
}

/** `JSON.parse` names no place for most mistakes, and of a name that comes twice it silently takes the last. */
export function faultIn(text: string): JsonFault | undefined {
  const open: Open[] = [];
  let next: Next = "value";
  let at = 0;
  for (const token of tokensOf(text)) {
    at = token.at;
    const inner = open.at(-1);
    const isTwice = token.kind === "text" && inner?.names?.has(token.value) && isName(next);
    if (isTwice) return { ...placeOf(text, at), twice: token.value };
    const then = after(token, next, open);
    if (then === undefined) return placeOf(text, at);
    next = then;
  }
  return next === "end" ? undefined : placeOf(text, text.length);
}

/** An object or a list that is not closed yet; the names are those of an object. */
interface Open {
  readonly names?: Set<string>;
}

type Token =
  | { readonly kind: "sign"; readonly value: string; readonly at: number }
  | { readonly kind: "text"; readonly value: string; readonly at: number }
  | { readonly kind: "other"; readonly at: number }
  | { readonly kind: "wrong"; readonly at: number };

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
    return typeof value === "string" ? { kind: "text", value, at } : { kind: "other", at };
  } catch {
    return { kind: "wrong", at };
  }
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split(/\r\n?|\n/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
