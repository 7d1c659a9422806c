import { leavesOf } from "../../clients/json.ts";
import type { InstalledUpdate, NotifierUpdate } from "../../clients/opsramp/update.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { isPlaceholder, namesToken } from "../mask.ts";
import { BadInput } from "../operation.ts";

const FIELDS = new Set(["password", "apikey", "apisecret"]);
const HEADERS = /^(tokenheaders|resourceauthheaders)\.(.+)$/;
/** Headers that say what is sent, not who sends it. */
const HARMLESS = new Set(["accept", "accept-language", "accept-encoding", "content-type", "user-agent"]);

/**
 * Whether a field is secret, by the name it is typed with or its path in a document, full or below the notifier.
 * The list form of a header does not say which header it is, so every value in it counts.
 */
export function isSecret(field: string): boolean {
  const path = belowNotifier(field);
  if (FIELDS.has(path)) return true;
  const [, , header] = HEADERS.exec(path) ?? [];
  if (header !== undefined) return header !== "key" && !/\.key$/.test(header) && !HARMLESS.has(header);
  // `tokensPath` says where in an answer a token is found.
  return !path.startsWith("tokenspath") && soundsSecret(path.split(".").at(-1) ?? "");
}

/** `password=?` or `userName=`: how a field that is missing is typed. */
export function asked(name: string): string {
  const typed = TYPED[name] ?? name;
  return isSecret(name) ? `${typed}=?` : `${typed}=`;
}

/** Commands use short names for these two. */
const TYPED: Readonly<Record<string, string>> = { baseURI: "uri", authType: "auth" };

/** Refuses a secret that is written out, without repeating it. */
export function refuseLiterals(notifier: NotifierUpdate): void {
  for (const { path, value } of leavesOf(notifier)) {
    const harmless = HARMLESS.has(headerAt(notifier, path)?.toLowerCase() ?? "");
    const named = path.startsWith("resourceAuthHeaders.") && typeof value === "string" && namesToken(value);
    if (!isSecret(path) || harmless || named || value === ENTER_MARK) continue;
    throw new BadInput(`${path} is a secret: write "?" for it, and it is asked for on a private page.`);
  }
}

/** Refuses what one of our own replies showed in place of a value, and what "?" cannot ask for. */
export function refusePlaceholders(update: InstalledUpdate): void {
  const found = leavesOf(update).find(({ path, value }) =>
    typeof value === "string" && !(value === ENTER_MARK && isSecret(path)) &&
    // Nothing is hidden in a mapping, and a third party may well call a value "hidden".
    (path.includes("mapAttributes.") ? value === ENTER_MARK : isPlaceholder(value))
  );
  if (!found) return;
  const field = found.path.replace(/^outboundConfig\.baseNotifier\./, "");
  throw new BadInput(`${field} only stands for a value that is not shown. Type the value itself.`);
}

/** The same update with every secret in its place. Throws `BadInput` when one was not entered. */
export function withSecrets(
  update: InstalledUpdate,
  secrets: Readonly<Record<string, string>>,
): InstalledUpdate {
  const notifier = update.outboundConfig?.baseNotifier;
  if (!notifier) return update;
  const entered = new Map(Object.entries(secrets).map(([name, value]) => [belowNotifier(name), value]));
  const filled = replace(notifier, [], (path) => {
    const header = headerAt(notifier, path);
    const names = [path, ...(header === undefined ? [] : [`${path.split(".")[0]}.${header}`])];
    const value = names.map((name) => entered.get(belowNotifier(name))).find((found) => found !== undefined);
    if (value === undefined) throw new BadInput(`${path} was not entered.`);
    return value;
  });
  // Only texts were replaced, by texts: it is still a notifier.
  return { ...update, outboundConfig: { ...update.outboundConfig, baseNotifier: filled as NotifierUpdate } };
}

/** In lower case, without the way to the notifier, `[0]` like `.0`. */
function belowNotifier(field: string): string {
  return field.toLowerCase().replace(/\[(\d+)\]/g, ".$1").replace(
    /^(outboundconfig\.)?(base)?notifier\./,
    "",
  );
}

/** The header that `tokenHeaders.0.value` is about. */
function headerAt(notifier: NotifierUpdate, path: string): string | undefined {
  const [list, at] = path.split(".");
  if (list !== "tokenHeaders" && list !== "resourceAuthHeaders") return undefined;
  return notifier[list]?.[Number(at)]?.key;
}

function replace(value: unknown, path: readonly string[], enter: (path: string) => string): unknown {
  if (value === ENTER_MARK && isSecret(path.join("."))) return enter(path.join("."));
  if (Array.isArray(value)) return value.map((inner, at) => replace(inner, [...path, String(at)], enter));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, replace(inner, [...path, name], enter)]),
  );
}
