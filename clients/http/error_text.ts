import { REDACTION_MARK, soughtSecrets, soundsSecret, withoutSought } from "../secrets.ts";
import type { ApiRequest, WireRequest } from "./contract.ts";

const MAX_WORDS = 200;
/** Searched for what we sent: an echoed body has to be whole to be recognised. */
const MAX_SEARCHED = 1_000_000;
/** Searched for what looks like a credential. */
const MAX_READ = 4_000;

/** Finds what a vendor says in an error body, in the shapes vendors use. */
export function errorTextOf(body: unknown, depth = 0): string | undefined {
  if (typeof body === "string") return isHtml(body) ? htmlTitle(body) : body;
  if (depth > 4 || typeof body !== "object" || body === null) return undefined;
  if (Array.isArray(body)) return joined(body.slice(0, 3).map((one) => errorTextOf(one, depth + 1)), "; ");
  const fields = new Map(Object.entries(body));
  const nested = fields.get("error");
  if (typeof nested === "object" && nested !== null) return errorTextOf(nested, depth + 1);
  const message =
    MESSAGE_FIELDS.map((name) => errorTextOf(fields.get(name), depth + 1)).find((words) => words?.trim()) ??
      byField(fields.get("errors"), depth) ??
      errorTextOf(fields.get("title"), depth + 1);
  const details = errorTextOf(fields.get("data"), depth + 1);
  return joined([message, details], ": ");
}

/** In order of how much they say. */
const MESSAGE_FIELDS =
  "message Message error_description error_details errorMessage details detail error errors".split(" ");

/** `{ "errors": { "url": ["The url field is required."] } }`, beside a title that only says that there are some. */
function byField(errors: unknown, depth: number): string | undefined {
  if (typeof errors !== "object" || errors === null) return undefined;
  const all = Object.entries(errors).slice(0, 3).map(([field, said]) => {
    const words = errorTextOf(said, depth + 1);
    return words && (field ? `${field}: ${words}` : words);
  });
  return joined(all, "; ");
}

function joined(words: readonly (string | undefined)[], between: string): string | undefined {
  return words.filter((one) => one?.trim()).join(between) || undefined;
}

function isHtml(text: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(text);
}

function htmlTitle(text: string): string | undefined {
  return /<title[^>]*>([^<]*)/i.exec(text.slice(0, MAX_READ))?.[1];
}

/** Makes a vendor's words fit to be shown: one short line that holds nothing invisible and none of our secrets. */
export function cleanWords(words: string | undefined, secrets: readonly string[]): string | undefined {
  if (!words) return undefined;
  const visible = fold(words.slice(0, MAX_SEARCHED));
  const known = withoutSought(visible, soughtSecrets(secrets), REDACTION_MARK);
  const harmless = hideTokens(known.slice(0, MAX_READ));
  return cut(harmless) || undefined;
}

function fold(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cf}\u034f\u115f\u1160\u3164\uffa0]/gu, "")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
}

function hideTokens(text: string): string {
  return text
    .replace(/(https?:\/\/[^\s?#]+)[?#]\S*/gi, "$1")
    .replace(/\b(bearer|basic)\s+[\w+/=.~-]{6,}/gi, `$1 ${REDACTION_MARK}`)
    .replace(/([\w.-]+)(["']?\s*[=:]\s*["'])[^"']+/g, hideNamed)
    .replace(/([\w.-]+)(=)[^\s&"']+/g, hideNamed)
    .replace(/[\w+/=.-]{32,}/g, (word) => isHarmless(word) ? word : REDACTION_MARK);
}

function hideNamed(text: string, name: string, between: string): string {
  return soundsSecret(name) ? `${name}${between}${REDACTION_MARK}` : text;
}

/** Ids and method names are what an error is about; what else is that long is likely a credential. */
function isHarmless(word: string): boolean {
  const isUuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.?$/i.test(word);
  return isUuid || /^[a-z]+([A-Z][a-z]*)+\d?([A-Z][a-z]+)*[.]?$/.test(word);
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_WORDS ? text : `${characters.slice(0, MAX_WORDS - 1).join("").trimEnd()}…`;
}

/** What of a request must never be quoted back to people, longest first. */
export function secretsOf(
  request: ApiRequest,
  { url, headers, body }: Pick<WireRequest, "url" | "headers" | "body">,
): readonly string[] {
  const query = new URL(url).search.slice(1);
  const found = [
    ...authorizationParts(headers.get("authorization")),
    ...[request.query, request.form, request.json].flatMap((part) => secretFields(part)),
    ...[body, query, decoded(query)],
  ];
  const texts = found.flatMap((one) => one ? [fold(one)] : []).filter((one) => one.length >= 4);
  return [...new Set(texts)].sort((a, b) => b.length - a.length);
}

/** As a vendor's server would write the query into a message. */
function decoded(query: string): string {
  return [...new URLSearchParams(query)].map(([name, value]) => `${name}=${value}`).join("&");
}

function authorizationParts(header: string | null): readonly string[] {
  const [scheme, credential] = header?.split(/\s+/, 2) ?? [];
  if (!header || !scheme) return [];
  if (!credential) return [header];
  return [header, credential, ...(/^basic$/i.test(scheme) ? basicParts(credential) : [])];
}

function basicParts(credential: string): readonly string[] {
  try {
    return atob(credential).split(":");
  } catch {
    return [];
  }
}

/** Besides what sounds secret: half a credential, such as an access key's id, and what HaloPSA never returns. */
const ALSO_SECRET = /^key|^new_/i;

/** Every text below a name that sounds like a secret. */
function secretFields(value: unknown, named = false): readonly string[] {
  if (typeof value === "string") return named ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    secretFields(inner, named || soundsSecret(name) || ALSO_SECRET.test(name))
  );
}
