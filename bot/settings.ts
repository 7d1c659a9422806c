import * as z from "zod";
import { endsIn, webUrl } from "../handlers/variable.ts";
import { isZone } from "./zone.ts";

/** What a single environment variable may hold; each says in its own words what is wrong with a value. */

/** Ids Telegram itself speaks with: an anonymous group admin, Telegram's notices, a channel's sender. */
export const SERVICE_IDS: ReadonlySet<number> = new Set([1087968824, 777000, 136817688]);

export type DatabaseConfig =
  | { readonly kind: "sqlite"; readonly path: string }
  | {
    readonly kind: "postgres";
    readonly url: string;
    /** At most so many at once. */
    readonly connections?: number;
    /** Whether others can be told of work by a notification; otherwise they find it when they look. */
    readonly listens?: boolean;
    /** Whether a process of the version before may still work when the next one has migrated the schema. */
    readonly mayBeNewer?: boolean;
  };

export const botToken = z.string().regex(
  /^\d+:[\w-]+$/,
  "does not look like a token from @BotFather (digits:letters)",
);

export const publicUrl = webUrl.refine(
  (value) => !endsIn(value, "/telegram"),
  "ends in /telegram: leave that away, the bot adds it",
);

export const webhookSecretList = z.string().transform((value, context) => {
  const secrets = value.split(",").map((secret) => secret.trim()).filter(Boolean);
  if (secrets.length === 0) context.addIssue("holds no secret: anyone could post updates without one");
  if (!secrets.every((secret) => /^[\w-]{32,256}$/.test(secret))) {
    context.addIssue("must be 32 to 256 characters of A-Z, a-z, 0-9, _ and - each");
  }
  return secrets;
});

const idList = z.string().transform((value, context) => {
  const words = value.split(",").map((word) => word.trim()).filter(Boolean);
  if (!words.every((word) => /^-?\d{1,16}$/.test(word))) {
    context.addIssue("must be numeric ids, separated by commas (names change hands, ids do not)");
    return z.NEVER;
  }
  return [...new Set(words.map(Number))];
}).refine(
  (ids) => ids.every(Number.isSafeInteger),
  "holds a number that is longer than Telegram's ids",
);

export const chatIds = idList
  .refine((ids) => ids.length > 0, "is empty: nobody could use the bot")
  .refine(
    (ids) => !ids.some((id) => SERVICE_IDS.has(Math.abs(id)) || id === 0),
    "holds one of Telegram's service ids",
  );

export const personIds = idList
  .refine(
    (ids) => ids.length > 0,
    "is empty: list ids, or remove it to let the members of the admin chats in",
  )
  .refine((ids) => !ids.some((id) => SERVICE_IDS.has(Math.abs(id))), {
    message: "holds one of Telegram's service ids: every anonymous admin of any group would be let in",
  })
  .refine(
    (ids) => ids.every((id) => id > 0),
    "must be ids of persons, which are positive: groups have negative ids",
  )
  .transform((ids): ReadonlySet<number> => new Set(ids));

export const hostName = z.string().refine(
  (value) => /^[\w.-]+$/.test(value) || isIPv6(value),
  "must be an address or a name alone: the port goes into PORT",
);

/** In brackets or without, and with or without the zone of a link-local one. */
function isIPv6(value: string): boolean {
  const address = /^\[?([\da-f:.]+)(%[\w.-]+)?\]?$/i.exec(value)?.[1];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}

export const portNumber = z.string().regex(/^\d{1,5}$/, "must be a port number, such as 8080").transform(
  Number,
)
  .refine((port) => port >= 1 && port <= 65535, "must be a port number, from 1 to 65535");

export const databaseUrl = z.string().transform((value, context): DatabaseConfig => {
  if (/^postgres(ql)?:\/\//.test(value)) {
    const url = URL.parse(value);
    // A password that begins with digits and goes on with one of # / ? reads as a port, and its user as the host.
    if (url && (url.username || !value.includes("@"))) return { kind: "postgres", url: value };
    context.addIssue(
      "cannot be read as postgres://user:password@host:port/name: " +
        "in the password write # as %23, / as %2F, ? as %3F, @ as %40 and % as %25",
    );
    return z.NEVER;
  }
  const path = /^sqlite:(.+)$/.exec(value)?.[1];
  if (path) return { kind: "sqlite", path };
  context.addIssue("must be sqlite:<path> or postgres://…");
  return z.NEVER;
});

/** A database's address and password, as they may come back to us. */
export function databaseSecrets(database: DatabaseConfig): readonly string[] {
  const url = database.kind === "postgres" ? URL.parse(database.url) : null;
  if (!url) return [];
  return [url.href, url.password, unescaped(url.password), url.searchParams.get("password") ?? ""];
}

/** A URL's part as it was before it was escaped; what cannot be unescaped stays as it is. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function databaseAddresses(database: DatabaseConfig): readonly string[] {
  return database.kind === "postgres" ? [database.url] : [];
}

export const key32 = z.string().transform((value, context) => {
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    if (bytes.length === 32) return bytes;
  } catch { /* the issue below says it */ }
  context.addIssue("must be 32 bytes in base64 (openssl rand -base64 32)");
  return z.NEVER;
});

export const filePath = z.string().refine((value) => !value.endsWith("/"), "must be the path of a file");

/** Where nothing else says in which zone people mean times of day. */
export const timeZone = z.string().transform((value) => value.replace(/^:/, "")).refine(
  isZone,
  "must be a time zone such as Europe/Lisbon, or UTC",
);

export function durationOf(leastMs: number): z.ZodType<number, string> {
  return z.string().transform((value, context) => {
    const ms = parseDuration(value);
    if (ms !== undefined && ms >= leastMs) return ms;
    context.addIssue(
      ms === undefined
        ? "must be a duration such as 30s, 15m or 2h"
        : `must be ${spellDuration(leastMs)} or longer`,
    );
    return z.NEVER;
  });
}

export function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  return z.string().transform((value, context) => {
    const count = /^\d{1,6}$/.test(value) ? Number(value) : NaN;
    if (count >= least && count <= most) return count;
    context.addIssue(`must be a whole number from ${least} to ${most}`);
    return z.NEVER;
  });
}

/**
 * Deno can trace by itself. A span holds the whole address of a request, and Deno offers nothing to leave it out: the
 * link to a secret page is one, and where a proxy leads out so is each call of the Bot API, with the token in it. So the
 * bot runs with metrics or without telemetry, and not with traces.
 */

/** What decides whether Deno traces; the start task lets the bot see these besides its own. */
export const telemetryVariables = [
  "OTEL_DENO",
  "OTEL_DENO_TRACING",
  "OTEL_TRACES_SAMPLER",
  "OTEL_SDK_DISABLED",
] as const;

/** What sends Deno's own calls through a proxy; the start task lets the bot see that too. */
export const proxyVariables = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
] as const;

type TelemetryVariable = typeof telemetryVariables[number];

/** What to change, when Deno would put secrets into spans. */
export function telemetryProblem(
  environment: Readonly<Partial<Record<TelemetryVariable, string | undefined>>>,
): string | undefined {
  // As Deno reads them: in any case, and " false" is no word to it.
  const says = (name: TelemetryVariable, word: string) => environment[name]?.toLowerCase() === word;
  const isOn = says("OTEL_DENO", "true") || says("OTEL_DENO_TRACING", "true");
  // A sampler that follows its parent is no way out: whoever calls the bot could ask for spans.
  const isSafe = says("OTEL_SDK_DISABLED", "true") || says("OTEL_DENO_TRACING", "false") ||
    environment.OTEL_TRACES_SAMPLER === "always_off";
  if (!isOn || isSafe) return undefined;
  return "OTEL_DENO or OTEL_DENO_TRACING is true: Deno's spans would hold links to secret pages. " +
    "Set OTEL_TRACES_SAMPLER=always_off to have metrics only, or take both away.";
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** "2 h", "1 d 12 h" or "90 s": the two greatest units of what `parseDuration` reads. */
export function spellDuration(ms: number): string {
  const parts = SPELT.reduce<{ readonly left: number; readonly words: readonly string[] }>(
    ({ left, words }, [unit, size]) => {
      const count = Math.floor(left / size);
      return { left: left - count * size, words: count > 0 ? [...words, `${count} ${unit}`] : words };
    },
    { left: ms, words: [] },
  );
  return parts.words.slice(0, 2).join(" ") || "0 s";
}

const SPELT = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const;

/** "15m", "2h30m", "90s", "1d" or "0" in milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const words = text.trim().toLowerCase();
  if (words === "0") return 0;
  if (!/^(\d+(ms|s|m|h|d))+$/.test(words)) return undefined;
  let total = 0;
  for (const [, amount, unit] of words.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return total;
}
