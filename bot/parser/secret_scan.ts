import { distance } from "fastest-levenshtein";
import { type Json, leavesOf } from "../../clients/json.ts";
import {
  ENTER_MARK,
  holdsSecret,
  namesCredential,
  soundsSecret,
  speaksOfSecret,
} from "../../clients/secrets.ts";
import { isPlaceholder, namesToken } from "../../handlers/mask.ts";
import { vendors } from "../../handlers/registry.ts";
import { type Command, fieldsOf, fieldsTyped } from "./command.ts";
import { oncePer } from "./once_per.ts";
import { normalise } from "./tokenize.ts";

/** The secret that a key as typed, or a dotted path of a document, stands for; undefined for none. */
export type SecretJudge = (key: string) => string | undefined;

/** The names of what looks like a secret typed out in any message, a command or not; empty when there is none. */
export function literalSecretIn(text: string): string[] {
  return literalSecrets(normalise(text), secretNamed);
}

/** The names of the secrets written out in a command, normalised, and in the document that came with it. */
export function secretsWritten(
  plain: string,
  document: Json | undefined,
  command: Command | undefined,
): string[] {
  const isSecret = command ? judgeOf(command) : secretNamed;
  const inDocument = document === undefined ? [] : literalSecretsIn(document, isSecret);
  const isExpected = (key: string) => command?.secret?.(key.toLowerCase()) ?? false;
  return [...new Set([...literalSecrets(plain, isSecret, isExpected), ...inDocument])];
}

/**
 * What looks like a secret is one, unless the command declares that very field and says it is not; so is what was
 * meant to be a secret of the command.
 */
const judgeOf = oncePer((command: Command): SecretJudge => {
  const names = fieldsOf(command.input).map((field) => field.name);
  const others = (command.names ?? []).flatMap(([, ofKind]) => ofKind);
  const isSecret = (name: string) => command.secret?.(name) ?? false;
  const secrets = [...names, ...others].filter(isSecret);
  const known = new Set(
    [...others, ...fieldsTyped(command).map(({ name }) => name)].map((name) => name.toLowerCase()),
  );
  return (key) => {
    const last = key.toLowerCase().split(".").at(-1) ?? "";
    const declared = names.find((name) => name.toLowerCase() === last);
    const spellings = declared === undefined ? [key, key.toLowerCase()] : [key, key.toLowerCase(), declared];
    const meant = known.has(last) ? undefined : misspelt(key, secrets);
    if (spellings.some(isSecret)) return meant ?? key;
    if (looksSecret(key) && (declared === undefined || command.secret === undefined)) return meant ?? key;
    return known.has(last) ? undefined : meant ?? secretNamed(key);
  };
});

/** What a vendor is to keep itself: `secret.<vendor>.<field>`, where other stores get a reference, and `new_<field>`. */
const KEPT_BY_VENDOR = new RegExp(`^secret\\.(${vendors.map(({ name }) => name).join("|")})\\.|(^|\\.)new_`);

/** A key whose value is a secret in all likelihood, whoever asks for it. */
export function looksSecret(key: string): boolean {
  const name = key.toLowerCase();
  if (KEPT_BY_VENDOR.test(name)) return true;
  return soundsSecret(lastStep(name));
}

/** The same with slips of the finger, as far as what was meant can be told without knowing the command. */
function secretNamed(key: string): string | undefined {
  if (looksSecret(key)) return key;
  if (speaksOfSecret(lastStep(key))) return undefined;
  const words = lastStep(key).split(/[^\p{L}]+|(?<=\p{Ll})(?=\p{Lu})/u).filter(Boolean);
  const ends = words.slice(-3).map((_, at, last) => last.slice(at).join("").toLowerCase());
  const isMeant = ends.some((end) => !NOT_MEANT.has(end) && WORDS.some((word) => isSlipOf(end, word)));
  return isMeant ? key : undefined;
}

/** The one of these names that a key is a slip of the finger away from. */
function misspelt(key: string, names: readonly string[]): string | undefined {
  const typed = lastStep(key.toLowerCase());
  return names.find((name) => isWithin(name.length < 6 ? 1 : 2, typed, name.toLowerCase()));
}

const WORDS = [
  ...["secret", "password", "passphrase", "credential", "authorization", "token", "apikey"],
  ...["access", "client", "integration", "license", "private", "secret", "service", "signing"].map((of) =>
    `${of}key`
  ),
];
/** Words of their own. */
const NOT_MEANT = new Set(["passport", "regret", "secure", "taken"]);

/** Of two words in one a slip less is forgiven: others are nearer to them. */
function isSlipOf(typed: string, word: string): boolean {
  return isWithin(word === "token" || word.endsWith("key") ? 1 : 2, typed, word);
}

function isWithin(slips: number, typed: string, word: string): boolean {
  return Math.abs(typed.length - word.length) <= slips && slipsBetween(typed, word) <= slips;
}

/** Two neighbours swapped are one slip of the finger, and not two. */
export function slipsBetween(word: string, candidate: string): number {
  const at = [...word].findIndex((letter, place) => letter !== candidate[place]);
  const swapped = word.slice(0, at) + (word[at + 1] ?? "") + (word[at] ?? "") + word.slice(at + 2);
  return at !== -1 && swapped === candidate ? 1 : distance(word, candidate);
}

function lastStep(path: string): string {
  return path.split(".").findLast((part) => !/^\d*$/.test(part)) ?? "";
}

/**
 * The names of the secrets that stand in normalised text: `key=value` (spaces allowed around "="), `"key": value`,
 * `key: value`, `key value`, `key is value`, and credentials that are known by their look, such as those in an address. `isExpected`
 * says which keys the command asks for.
 */
function literalSecrets(
  text: string,
  isSecret: SecretJudge,
  isExpected: (key: string) => boolean = () => true,
): string[] {
  if (!MARKED.test(text)) return [];
  return unique([
    ...assigned(text, isSecret),
    ...spoken(text, isSecret, isExpected),
    ...inAddresses(text),
  ]);
}

/** Signs that names do not have, for a class of an expression. */
const UNLIKE_NAMES = String.raw`\d!#$%^&*+=~`;
const UNLIKE_A_NAME = new RegExp(`[${UNLIKE_NAMES}]`);

/** Each way of writing a secret takes one of these at least: a sign, a digit, or a capital within a word. */
const MARKED = new RegExp(String.raw`[${UNLIKE_NAMES}:"']|\p{Ll}\p{Lu}`, "u");

function assigned(text: string, isSecret: SecretJudge): string[] {
  return [...text.matchAll(ASSIGNMENT)].flatMap(([, key = "", quotedKey = "", ...values]) => {
    const name = key || quotedKey;
    const value = values.find((one) => one !== undefined) ?? "";
    const found = isSecret(name) ?? (holdsSecret(value) ? name : undefined);
    return found !== undefined && isLiteral(name, value) ? found : [];
  });
}

/**
 * The value is only looked at, not consumed, so that `uri=https://host?token=x` yields both keys; and it is not
 * the next option: `secret= role=x` has an empty secret.
 */
const ASSIGNMENT = new RegExp(
  String.raw`(?:(?<![\p{L}\p{N}_.-])([\p{L}\p{N}_.-]+)["']? ?=(?: (?![\p{L}\p{N}_.-]+=))?` +
    String.raw`|["']([\p{L}\p{N}_. -]+)["'] ?: ?)` +
    String.raw`(?=(?:"([^"]*)"|'([^']*)'|(\S+)))`,
  "gu",
);

/**
 * Words are followed by a colon and by other words all the time: unless they go together without a blank, or stand
 * among the options, what follows has to look like a credential, the more so where nobody asks for one.
 */
function spoken(text: string, isSecret: SecretJudge, isExpected: (key: string) => boolean): string[] {
  return [...text.matchAll(SPOKEN)].flatMap(([, before = "", key = "", between = "", ...values]) => {
    const value = (values.find((one) => one !== undefined) ?? "").replace(/["')\]}]+$/, "");
    const isBound = between === ":" || (between === " " && AFTER_AN_OPTION.test(before));
    const isOne = isBound || looksRandom(value) ||
      (isExpected(key) && UNLIKE_A_NAME.test(value.slice(0, -1)));
    const found = isOne ? isSecret(key) : undefined;
    return found !== undefined && isLiteral(key, value) ? found : [];
  });
}

/** The last word of `key=value`, quoted or not. */
const AFTER_AN_OPTION = /=[^"'\s]+$|[^=]["']$/;

/** What is looked back for is bounded, and looked for last: a long word would be gone through once for each letter. */
const SPOKEN = new RegExp(
  String
    .raw`(?=[\p{L}-])(?<![\p{L}\p{N}_.:/@=,-])(?<=(^|[^\s]{0,999}) ?["'(]?)(?:-{1,2}(?!\S+ -))?([\p{L}][\p{L}\p{N}_.-]*)` +
    String.raw`( ?:(?!\/\/) ?| (?:is |was )?)` +
    String.raw`(?![\p{L}\p{N}_.-]+ ?=)(?=(?:"([^"]*)"|'([^']*)'|(\S+)))`,
  "gu",
);

/** Letters and digits mixed otherwise than in `Vault2`, or signs that names do not have. */
function looksRandom(value: string): boolean {
  const bare = value.replace(/["')\]}.,;:!?]+$/, "");
  if (bare.length < SHORTEST_RANDOM || /^(?:\p{L}*[\d.:/-]*|[\d.:/-]*\p{L}*)$/u.test(bare)) return false;
  return UNLIKE_A_NAME.test(bare) || /\p{Ll}\p{Lu}\S*\p{Ll}\p{Lu}/u.test(bare);
}

const SHORTEST_RANDOM = 6;

/** A password, or a credential alone, before the host of an address. */
function inAddresses(text: string): string[] {
  if (!text.includes("://")) return [];
  return [...text.matchAll(USER)].flatMap(([, key = "address", user = ""]) => {
    const [, password] = user.split(/:(.*)/s);
    return password === undefined ? (looksRandom(user) ? key : []) : isLiteral(key, password) ? key : [];
  });
}

/** Its parts are bounded, or a long word would be gone through once for each letter. */
const USER = new RegExp(
  String
    .raw`(?:(?<![\p{L}\p{N}_.-])([\p{L}\p{N}_.-]+) ?= ?["']?)?(?<![\p{L}\p{N}])[a-z][a-z\d+.-]{0,30}:\/\/` +
    String.raw`([^\s\/?#\\@"']{1,255}|[^\s\/?#:\\@"']{0,255}:(?!\d+(?:[\/?#\s]|$))[^\s\\@"']{0,255})@`,
  "giu",
);

/** The dotted paths in a document under which a secret is written out. */
export function literalSecretsIn(document: Json, isSecret: SecretJudge): string[] {
  const found = leavesOf(document)
    .filter(({ path, value }) =>
      typeof value !== "boolean" && value !== null && isLiteral(path, String(value))
    )
    .filter(({ path, value, within }) =>
      isSecretLeaf(path, within, isSecret) ||
      (typeof value === "string" && (holdsSecret(value) || inAddresses(value).length > 0))
    )
    .map(({ path }) => path);
  return unique(found);
}

function isSecretLeaf(path: string, within: object | undefined, isSecret: SecretJudge): boolean {
  if (!isSecret(path) && !isSecret(withoutIndexes(path))) return false;
  return within === undefined || !isKeyed(within) || isSecret(namedPath(path, within)) !== undefined;
}

/**
 * The names of secrets in a document that cannot be read: unless it plainly asks for one or leaves it empty, there may
 * be one. Takes any text, and a long one in time.
 */
export function secretsMentioned(text: string): string[] {
  const plain = text.replaceAll("\0", "").replace(
    /\\u([\da-f]{4})/gi,
    (_, code) => String.fromCharCode(parseInt(code, 16)),
  );
  const judged = new Map<string, boolean>();
  const found = new Set<string>();
  for (const { 0: word, index } of plain.matchAll(/\p{L}[\p{L}\p{N}_.-]*/gu)) {
    const name = word.slice(-LONGEST_NAME);
    const isOne = judged.get(name) ?? secretNamed(name) !== undefined;
    judged.set(name, isOne);
    if (judged.size > MOST_WORDS) return [...found, "…"];
    if (isOne && !found.has(name) && mayHoldOne(name, plain, index, index + word.length)) found.add(name);
  }
  if (found.size === 0 && holdsSecret(plain)) return ["credential"];
  return [...found];
}

const LONGEST_NAME = 64;
/** Who sends more different words keeps all others waiting. */
const MOST_WORDS = 10_000;

/** Whether a value may stand after the name of a secret, or around it; in quotes by itself it is a value like any other. */
function mayHoldOne(name: string, text: string, start: number, end: number): boolean {
  const [, mark, quoted, bare] =
    /^["'`]?\s*[:=]\s*(?:(["'`])([^"'`]*)|([^\s,}\]]*))/.exec(text.slice(end, end + 300)) ??
      [];
  const value = mark === undefined ? bare : quoted;
  if (value !== undefined) return isLiteral(name, value.trim());
  return !/["'`]/.test(text.charAt(start - 1)) || text.charAt(end) !== text.charAt(start - 1);
}

/** The dotted paths in a document under which a secret is asked for. */
export function askedIn(document: Json, isSecret: (path: string) => boolean): string[] {
  return leavesOf(document)
    .filter(({ path, value }) => value === ENTER_MARK && (isSecret(path) || isSecret(withoutIndexes(path))))
    .map(({ path }) => path)
    .toArray();
}

/** A flag is no secret, whatever it is called (`new_method=true`), nor is what our replies show in place of one. */
function isLiteral(name: string, value: string): boolean {
  if (value === "" || isPlaceholder(value) || namesToken(value) || namesCredential(name, value)) return false;
  return !/^(\?|true|false|null)[.,;!}\]]*$/i.test(value);
}

/** An entry of a list like [{"key": "accept", "value": …}]: the key says what the value is. */
function isKeyed(value: object): value is { readonly key: string; readonly value: string } {
  const { key, value: inner } = value as Readonly<Record<string, unknown>>;
  return typeof key === "string" && typeof inner === "string" && Object.keys(value).length === 2;
}

/** `headers.0.value` by the name that it goes by: `headers.accept`. The name itself is no secret. */
function namedPath(path: string, { key }: { readonly key: string }): string {
  return path.endsWith("value") ? path.replace(/(^|[^.]+\.)value$/, () => key) : "";
}

function withoutIndexes(path: string): string {
  return path.split(".").filter((part) => !/^\d+$/.test(part)).join(".");
}

function unique(values: Iterable<string>): string[] {
  return [...new Set(values)];
}
