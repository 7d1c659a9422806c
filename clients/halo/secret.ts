import type { Json } from "../json.ts";
import { HIDDEN_MARK, holdsSecret, soundsSecret } from "../secrets.ts";

/** HaloPSA calls what it never returns `new_…`, besides the flags that say how such a secret is used. */
const WRITE_ONLY = /^new_(?!.*method$)/i;

/** Whether a property of this name is likely to hold a secret. */
export function secretLooking(name: string): boolean {
  return WRITE_ONLY.test(name) || soundsSecret(name);
}

/** A copy in which everything that looks like a secret, by name or by value, is replaced. */
export function withoutSecrets(value: Json): Json {
  if (typeof value === "string") return holdsSecret(value) ? HIDDEN_MARK : value;
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
  return value === null || value === "" || typeof value === "boolean" ? value : HIDDEN_MARK;
}
