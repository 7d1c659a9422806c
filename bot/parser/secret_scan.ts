import { type Json, leavesOf } from "../../clients/json.ts";
import { ENTER_MARK, namesCredential, soundsSecret } from "../../clients/secrets.ts";
import { isPlaceholder, namesToken } from "../../handlers/mask.ts";
import { vendors } from "../../handlers/registry.ts";
import { normalise } from "./tokenize.ts";

/** Judges a key as typed, or a dotted path of a document. */
export type SecretJudge = (key: string) => boolean;

/** The keys of what looks like a secret typed out in any message, a command or not; empty when there is none. */
export function literalSecretIn(text: string): string[] {
  return literalSecrets(normalise(text), looksSecret);
}

/** What a vendor is to keep itself: `secret.<vendor>.<field>`, where other stores get a reference, and `new_<field>`. */
const KEPT_BY_VENDOR = new RegExp(`^secret\\.(${vendors.map(({ name }) => name).join("|")})\\.|(^|\\.)new_`);

/** A key whose value is a secret in all likelihood, whoever asks for it. */
export function looksSecret(key: string): boolean {
  const name = key.toLowerCase();
  if (KEPT_BY_VENDOR.test(name)) return true;
  const last = name.split(".").findLast((part) => !/^\d*$/.test(part)) ?? "";
  return soundsSecret(last);
}

/** `key=value` (spaces allowed around "=") and `"key": value`, wherever they stand in normalised text. */
export function literalSecrets(text: string, isSecret: SecretJudge): string[] {
  const found = [...text.matchAll(ASSIGNMENT)].filter((match) => {
    const [, key = "", quotedKey = "", ...values] = match;
    const name = key || quotedKey;
    return isSecret(name) && isLiteral(name, values.find((value) => value !== undefined) ?? "");
  });
  return unique(found.map(([, key = "", quotedKey = ""]) => key || quotedKey));
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

/** The dotted paths in a document under which a secret is written out. */
export function literalSecretsIn(document: Json, isSecret: SecretJudge): string[] {
  const found = leavesOf(document)
    .filter(({ path, value }) =>
      typeof value !== "boolean" && value !== null && isLiteral(path, String(value))
    )
    .filter(({ path }) => isSecret(path) || isSecret(withoutIndexes(path)))
    .filter(({ path, within }) =>
      within === undefined || !isKeyed(within) || isSecret(namedPath(path, within))
    )
    .map(({ path }) => path);
  return unique(found);
}

/** The dotted paths in a document under which a secret is asked for. */
export function askedIn(document: Json, isSecret: SecretJudge): string[] {
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
