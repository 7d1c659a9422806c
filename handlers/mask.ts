/** What of a value may be shown, and what stands in place of the rest. The marks themselves are in clients/secrets.ts. */

import type { Json, JsonObject } from "../clients/json.ts";
import { ENTER_MARK, HIDDEN_MARK, holdsSecret, namesCredential, soundsSecret } from "../clients/secrets.ts";

/** Stands for a value that is shown to nobody. */
export const NOT_SHOWN = "hidden";
export const SET_BUT_NOT_SHOWN = `set, ${NOT_SHOWN}`;
export const UNREADABLE = "cannot be read";
export const ENTERED_PRIVATELY = "new value, entered privately";
/** Follows what is shown of a value, such as an address without its key. */
export const REST_NOT_SHOWN = "(the rest is hidden)";

const WHOLE: ReadonlySet<string> = new Set([
  ENTER_MARK,
  NOT_SHOWN,
  SET_BUT_NOT_SHOWN,
  UNREADABLE,
  ENTERED_PRIVATELY,
]);
const WITHIN = [HIDDEN_MARK, REST_NOT_SHOWN];

/**
 * Whether a text is what our own replies show in place of a value: copied from there and sent, it would overwrite
 * the value that it stands for. A secret field may hold `ENTER_MARK`, so do not ask about those.
 */
export function isPlaceholder(text: string): boolean {
  return WHOLE.has(text.trim()) || WITHIN.some((part) => text.includes(part));
}

/** Of half a credential, such as a client id: enough to tell two of them apart, and never most of one. */
export function maskInPart(text: string): string {
  return text.slice(0, Math.min(4, Math.floor(text.length / 3))) + HIDDEN_MARK;
}

/** Half of a credential: shown in part. */
const HALF_NAME = /(client|access_?key|token|secret)_?id$/i;

/** A value as it may be shown under its name: nothing that is or holds a secret, objects and JSON text looked into. */
export function shownValue(name: string, value: Json): Json {
  if (value === null || value === "" || value === ENTER_MARK || typeof value === "boolean") return value;
  if (isNameOfOne(name, value)) return value;
  if (soundsSecret(name)) return NOT_SHOWN;
  if (typeof value === "string") return HALF_NAME.test(name) ? maskInPart(value) : shownText(value);
  if (Array.isArray(value)) return value.map((one) => shownValue(name, one));
  return typeof value === "object" ? shownFields(value as JsonObject) : value;
}

/** The same for a value somewhere in a state, by its path there: a branch of a secret name is secret as a whole. */
export function shownAt(path: readonly string[], value: Json): Json {
  const steps = path.filter((step) => !/^\d+$/.test(step));
  return shownValue(steps.find(soundsSecret) ?? steps.at(-1) ?? "", value);
}

/** Whether a value, under its name, is or holds something that goes by a secret name. */
export function holdsSecretField(name: string, value: Json): boolean {
  if (isNameOfOne(name, value)) return false;
  if (soundsSecret(name)) return value !== null && value !== "" && typeof value !== "boolean";
  const inner = typeof value === "string" ? jsonIn(value) : value;
  if (typeof inner !== "object" || inner === null) return false;
  return Object.entries(inner).some(([field, one]) => holdsSecretField(field, one));
}

function isNameOfOne(name: string, value: Json): boolean {
  return typeof value === "string" && namesCredential(name, value);
}

function shownFields(fields: JsonObject): JsonObject {
  const called = fields.key ?? fields.name;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      // Of a list like [{"key": "password", "value": …}] the key says what the value is.
      name === "value" && typeof called === "string" ? shownValue(called, value) : shownValue(name, value),
    ]),
  );
}

function shownText(text: string): string {
  const json = jsonIn(text);
  if (json !== undefined) return holdsSecretField("", json) ? JSON.stringify(shownValue("", json)) : text;
  if (isAddress(text)) return shownAddress(text);
  return holdsSecret(text) ? NOT_SHOWN : text.replace(ASSIGNMENT, hideNamed);
}

/** `Server=db;Password=…`, as connection strings have it. Tried within a word, too, it would take long for a long one. */
const ASSIGNMENT = /(?<![\w.-])([\w.-]+(?: [\w.-]+)?)(\s*=\s*)("[^"]*"|'[^']*'|[^\s;&,]+)/g;

function hideNamed(text: string, name: string, between: string): string {
  return soundsSecret(name) ? name + between + HIDDEN_MARK : text;
}

function jsonIn(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where an address leads. Its query is often a key, and it may carry a user and a password: these are left out. */
export function shownAddress(url: string): string {
  const bare = url.replace(CREDENTIALS, "$1").replace(/[?#].*$/s, "");
  return bare === url ? url : `${bare} ${REST_NOT_SHOWN}`;
}

/** Whether a text is an address; one without a scheme looks like any other text. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** `jdbc:postgresql://` is one, too. */
const SCHEME = String.raw`(?:[a-z][a-z\d+.-]*:)+\/\/`;
const ADDRESS = new RegExp(String.raw`^\s*${SCHEME}\S+\s*$`, "i");
/** A password may hold what should have been escaped in it; a port is none. */
const CREDENTIALS = new RegExp(
  String.raw`^(\s*${SCHEME})(?:[^/?#@]*@|[^/?#:@]*:(?!\d+(?:[/?#]|$))[^@]*@)|^[^/?#@]*@`,
  "i",
);

/** `$jwtToken` or `Bearer $jwtToken`: names a token that the vendor fetches and puts in itself, and is no secret. */
export function namesToken(value: string): boolean {
  return /^(?:(?:basic|bearer|jwt|token) +)?\$\w*token$/i.test(value);
}
