import { HIDDEN } from "../hidden.ts";
import type { Json } from "./record.ts";

const SECRET_NAME =
  /^new_(?!.*method$)|passw|passphrase|pwd|secret|token|credential|authori[sz]ation|bearer|cookie|api_?key|access_?key|private_?key|integration_?key|subscription_?key/i;
/** `token_expiry` and `token_id` say something about a token without being one. */
const ABOUT_A_SECRET = /(expir[a-z]*|_id|type|count|date|_at|enabled)$/i;
/** A JWT, an authorization header, a key block or an address with credentials in it. */
const SECRET_VALUE = /\beyJ[\w-]{8,}\.|\b(bearer|basic)\s+[\w+/=.-]{8,}|-----BEGIN|:\/\/[^/\s:@]+:[^/\s@]+@/i;

/** Whether a property of this name is likely to hold a secret. */
export function secretLooking(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_A_SECRET.test(name);
}

/** A copy in which everything that looks like a secret, by name or by value, is replaced. */
export function withoutSecrets(value: Json): Json {
  if (typeof value === "string") return SECRET_VALUE.test(value) ? HIDDEN : value;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map((
      [name, inner],
    ) => [name, secretLooking(name) ? hidden(inner) : withoutSecrets(inner)]),
  );
}

/** What stands for a secret: empty stays empty, so that "not set" can be told from "set". */
export function hidden(value: Json): Json {
  return value === null || value === "" || typeof value === "boolean" ? value : HIDDEN;
}
