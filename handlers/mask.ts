/** What of a value may be shown, and what stands in place of the rest. The marks themselves are in clients/secrets.ts. */

import type { Json, JsonObject } from "../clients/json.ts";
import { ENTER_MARK, HIDDEN_MARK, holdsSecret, namesCredential, soundsSecret } from "../clients/secrets.ts";
import { isAddress, readAddress } from "./address.ts";
import type { FieldFacts } from "./form.ts";

/** Stands for a value that is shown to nobody. */
export const NOT_SHOWN = "hidden";
export const SET_BUT_NOT_SHOWN = `set, ${NOT_SHOWN}`;
export const UNREADABLE = "cannot be read";
export const ENTERED_PRIVATELY = "new value, entered privately";

const WHOLE: ReadonlySet<string> = new Set([
  ENTER_MARK,
  NOT_SHOWN,
  SET_BUT_NOT_SHOWN,
  UNREADABLE,
  ENTERED_PRIVATELY,
]);

/**
 * Whether a text is what our own replies show in place of a value: copied from there and sent, it would overwrite
 * the value that it stands for. A secret field may hold `ENTER_MARK`, so do not ask about those.
 */
export function isPlaceholder(text: string): boolean {
  return WHOLE.has(text.trim()) || text.includes(HIDDEN_MARK);
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
  if (typeof value === "string") {
    return HALF_NAME.test(name) && !isAddress(value) ? maskInPart(value) : shownText(value);
  }
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

function hideNamed(text: string, name: string, between: string, value: string): string {
  return soundsSecret(name) && !isAddress(value.replace(/^["']/, "")) ? name + between + HIDDEN_MARK : text;
}

function jsonIn(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Where an address leads: its host and the names of its parameters always, their values unless one is or holds a
 * secret. Of a user and a password there is only to see that they are there.
 */
export function shownAddress(text: string): string {
  const address = readAddress(text);
  const user = address.user === "" ? "" : `${HIDDEN_MARK}@`;
  const path = address.path.replace(ASSIGNMENT, hideNamed);
  const query = shownQuery(address.query);
  const isWhole = user === "" && path === address.path && query === address.query;
  if (isWhole && !address.isAmbiguous) return text;
  return address.scheme + user + address.host + path + query;
}

/** From the first "?" or "#" on. */
function shownQuery(query: string): string {
  return query.split(/([?&;#])/).map((part) => {
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) return LONG_TOKEN.test(part) ? HIDDEN_MARK : part;
    return `${name}=${shownParameter(decoded(name), value)}`;
  }).join("");
}

/** Another address says where something goes on to, by whatever name. */
function shownParameter(name: string, value: string): string {
  const plain = decoded(value);
  const isSecret = (soundsSecret(name) || KEY_IN_QUERY.test(name)) && !isAddress(plain);
  if (isSecret) return /^(true|false|)$/i.test(plain) ? value : HIDDEN_MARK;
  const shown = shownText(plain);
  return shown === plain ? value : shown === NOT_SHOWN ? HIDDEN_MARK : shown;
}

/** What addresses call their keys. */
const KEY_IN_QUERY = /^(?:auth|code|key|sig|signature)$/i;
/** Without a name, as some services write their key. */
const LONG_TOKEN = /^(?=.*\d)[\w+/.~-]{16,}$/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** `$jwtToken` or `Bearer $jwtToken`: names a token that the vendor fetches and puts in itself, and is no secret. */
export function namesToken(value: string): boolean {
  return /^(?:(?:basic|bearer|jwt|token) +)?\$\w*token$/i.test(value);
}

/** What is there now, as far as a page may show it under its name. */
export function presentFacts(
  name: string,
  value: Json | undefined,
): Pick<FieldFacts, "present" | "help"> {
  if (value === undefined || value === null || value === "") return {};
  if (JSON.stringify(shownValue(name, value)) === JSON.stringify(value)) return { present: value };
  return { help: "It is set and not shown here. Leave this empty to keep it." };
}
