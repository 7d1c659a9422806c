import type { Json, JsonObject } from "../clients/json.ts";
import { ENTER_MARK, HIDDEN_MARK, holdsSecret, soundsSecret } from "../clients/secrets.ts";
import { inPart } from "./in_part.ts";
import { NOT_SHOWN } from "./placeholder.ts";
import { isAddress, shownAddress } from "./shown_address.ts";

/** Half of a credential: shown in part. */
const HALF_NAME = /(client|access_?key|token|secret)_?id$/i;

/** A value as it may be shown under its name: nothing that is or holds a secret, objects and JSON text looked into. */
export function shownValue(name: string, value: Json): Json {
  if (value === null || value === "" || value === ENTER_MARK || typeof value === "boolean") return value;
  if (soundsSecret(name)) return NOT_SHOWN;
  if (typeof value === "string") return HALF_NAME.test(name) ? inPart(value) : shownText(value);
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
  if (soundsSecret(name)) return value !== null && value !== "" && typeof value !== "boolean";
  const inner = typeof value === "string" ? jsonIn(value) : value;
  if (typeof inner !== "object" || inner === null) return false;
  return Object.entries(inner).some(([field, one]) => holdsSecretField(field, one));
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
