import { setups as known } from "../handlers/setups.ts";
import {
  address,
  choice,
  endsIn,
  optional,
  type SettingsOf,
  type Setup,
  type Variable,
  type Variables,
} from "../handlers/variable.ts";
import {
  botToken,
  chatIds,
  databaseAddresses,
  databaseSecrets,
  databaseUrl,
  durationOf,
  filePath,
  hostName,
  key32,
  personIds,
  portNumber,
  proxyVariables,
  publicUrl,
  telemetryProblem,
  telemetryVariables,
  timeZone,
  webhookSecretList,
  wholeNumber,
} from "./settings.ts";

/** The bot's own variables, by what the configuration calls them. */
export const botVariables = {
  token: {
    name: "TELEGRAM_BOT_TOKEN",
    meaning: "the bot's token from @BotFather",
    check: botToken,
    secretsIn: (token: string) => [token, token.slice(token.indexOf(":") + 1)],
  },
  webhookSecrets: {
    name: "TELEGRAM_WEBHOOK_SECRET",
    meaning:
      "32 or more of `A-Za-z0-9_-`, required with `PUBLIC_URL`; several, comma-separated, while rotating",
    check: webhookSecretList,
    optional: { otherwise: [] },
    secretsIn: (secrets: string[]) => secrets,
  },
  apiRoot: address("TELEGRAM_API_ROOT", "where the Bot API is", { default: "https://api.telegram.org" }),
  adminChats: {
    name: "ADMIN_CHATS",
    meaning: "allow-listed chat ids, comma-separated (`/whoami` tells them)",
    check: chatIds,
  },
  operators: optional({
    name: "OPERATORS",
    meaning: "ids of the persons who may ask for changes; unset: members of the admin chats",
    check: personIds,
  }),
  approvers: optional({
    name: "APPROVERS",
    meaning: "ids of the persons who may approve changes; unset: members of the admin chats",
    check: personIds,
  }),
  policyFile: optional({
    name: "POLICY",
    meaning: "path of a policy file, instead of `OPERATORS` and `APPROVERS` ([docs/policy.md](policy.md))",
    check: filePath,
  }),
  /** People and Telegram connect to it, the bot does not. */
  publicUrl: optional({
    name: "PUBLIC_URL",
    meaning: "where Telegram and people reach the bot; set: webhook, unset: long polling",
    check: publicUrl,
  }),
  host: { name: "HOST", meaning: "address to listen on", check: hostName, default: "0.0.0.0" },
  port: { name: "PORT", meaning: "port to listen on", check: portNumber, default: "8080" },
  database: {
    name: "DATABASE_URL",
    meaning: "`sqlite:<path>` for one process, `postgres://…` for several",
    check: databaseUrl,
    default: "sqlite:./data/countersign.db",
    secretsIn: databaseSecrets,
    addressesIn: databaseAddresses,
  },
  secretKey: optional({
    name: "SECRET_KEY",
    meaning: "32 bytes in base64; needed to enter secrets (`openssl rand -base64 32`)",
    check: key32,
    secretsIn: (key: Uint8Array<ArrayBuffer>) => [btoa(String.fromCharCode(...key))],
  }),
  approvalTtlMs: {
    name: "APPROVAL_TTL",
    meaning: "how long a change waits for its approval",
    check: durationOf(1000),
    default: "15m",
  },
  graceMs: {
    name: "GRACE",
    meaning:
      "how long a `danger` change can be stopped after its last approval, before it runs; `0` not at all",
    check: durationOf(0),
    default: "10s",
  },
  zone: {
    name: "TZ",
    meaning: "the zone in which times of day such as `at=22:00` are meant",
    check: timeZone,
    default: "UTC",
  },
  statusCacheTtlMs: {
    name: "STATUS_CACHE_TTL",
    meaning: "how long a status may be served again, its age shown; `0` never",
    check: durationOf(0),
    default: "10s",
  },
  watchEveryMs: {
    name: "WATCH_EVERY",
    meaning: "how often each vendor is looked at; `0` never",
    check: durationOf(0),
    default: "60s",
  },
  watchAfter: {
    name: "WATCH_AFTER",
    meaning: "how many looks in a row must say the same before it counts",
    check: wholeNumber(1, 10),
    default: "2",
  },
  watchRemindMs: {
    name: "WATCH_REMIND",
    meaning: "how often an alert that nobody acked is repeated, three times at most",
    check: durationOf(1000),
    default: "30m",
  },
  watchKeepMs: {
    name: "WATCH_KEEP",
    meaning: "how long what looks found is kept",
    check: durationOf(86_400_000),
    default: "90d",
  },
  render: choice(
    "RENDER",
    "`rich`, or `plain` for a team whose Telegram clients show nothing of rich messages",
    ["rich", "plain"],
    "rich",
  ),
  logLevel: choice(
    "LOG_LEVEL",
    "`debug`, `info`, `warning` or `error`",
    ["debug", "info", "warning", "error"],
    "info",
  ),
} as const satisfies Variables;

/** Every variable that the bot looks at, its own first. */
export function variablesOf(setups: readonly Setup[] = Object.values(known)): readonly Variable[] {
  return [botVariables, ...setups.map(({ variables }) => variables)].flatMap((rows) => Object.values(rows));
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Config extends SettingsOf<typeof botVariables> {
  /** The bot's own numeric id: the part of the token before the colon. */
  readonly botId: number;
  readonly vendors: readonly ConfiguredVendor[];
  /** What is unlikely to work, one sentence each: a proxy may want it so, and the log and `/doctor` say it. */
  readonly doubts: readonly string[];
  /** Values that must never leave the process; the redactor looks for them. */
  readonly secrets: readonly string[];
  /** Where the bot connects to. */
  readonly addresses: readonly string[];
  /** Whoever may see the host's traces sees the address of every request: no secret may be part of one. */
  readonly addressesAreTraced: boolean;
  /** Calls of the host's processes go through a proxy, or some of them do. */
  readonly hasProxy: boolean;
}

/** How a vendor is set up and what its `connect` wants; undefined settings: it is not set up. */
export interface ConfiguredVendor {
  readonly setup: Setup;
  readonly settings: SettingsOf<Variables> | undefined;
}

/** What is wrong with the environment, one sentence a line, no value quoted that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
    this.name = "ConfigError";
  }
}

/** Reads the environment once. Throws `ConfigError` with every problem found, not only the first. */
export function readConfig(
  environment: Environment,
  setups: readonly Setup[] = Object.values(known),
): Config {
  const reader = new EnvironmentReader(environment);
  const settings = reader.settings(botVariables);
  const vendors = setups.map((setup) => ({ setup, settings: reader.vendorSettings(setup) }));
  const config = { ...settings, botId: Number(environment[botVariables.token.name]?.trim().split(":")[0]) };
  const problems = [...reader.problems, ...contradictions(config, environment)];
  if (problems.length > 0) throw new ConfigError(problems);
  const { doubts, addresses } = reader;
  return {
    ...config,
    vendors,
    doubts,
    secrets: [...reader.secrets],
    addresses,
    addressesAreTraced: false,
    hasProxy: proxyVariables.some((name) => environment[name]),
  };
}

/**
 * The configuration on Deno Deploy: production alone, with a Postgres. Throws `ConfigError`.
 * https://docs.deno.com/deploy/reference/env_vars_and_contexts/
 */
export function hostedConfig(environment: Environment): Config {
  const { DENO_TIMELINE: timeline = "unknown" } = environment;
  const database = databaseOverTls(environment);
  if (timeline !== PRODUCTION) {
    throw new ConfigError([
      `This is the timeline ${timeline}, and the bot works on ${PRODUCTION} alone: two bots with one token ` +
      "would take each other's messages.",
    ]);
  }
  if (!/^postgres(ql)?:/.test(database)) {
    throw new ConfigError([
      "DATABASE_URL names no Postgres: assign one to the application. Files do not last here.",
    ]);
  }
  const publicUrl = environment["PUBLIC_URL"]?.trim() || ownAddress(environment);
  if (!publicUrl) throw new ConfigError(["PUBLIC_URL is missing: where Telegram and people reach the bot."]);
  const config = readConfig({
    ...environment,
    // The platform traces whatever these say; the bot's own calls go where no trace is made.
    ...Object.fromEntries(telemetryVariables.map((name) => [name, undefined])),
    PUBLIC_URL: publicUrl,
    DATABASE_URL: database,
    HOST: undefined,
    PORT: undefined,
  });
  return {
    ...config,
    addressesAreTraced: true,
    hasProxy: false,
    database: { ...config.database, ...SHARED_DATABASE },
  };
}

export const PRODUCTION = "production";

/**
 * The platform's databases have few connections, and a pooler before them that passes no notifications on. A deployment
 * migrates first, while the revision before it still serves.
 */
const SHARED_DATABASE = { connections: 2, listens: false, mayBeNewer: true };

/** https://docs.deno.com/deploy/reference/timelines/ */
function ownAddress(environment: Environment): string | undefined {
  const app = environment["DENO_DEPLOY_APP_SLUG"] ?? environment["DENO_DEPLOY_APPLICATION_SLUG"];
  const organisation = environment["DENO_DEPLOY_ORG_SLUG"] ?? environment["DENO_DEPLOY_ORGANIZATION_SLUG"];
  return app && organisation ? `https://${app}.${organisation}.deno.net` : undefined;
}

/**
 * The database's address. The one that the platform hands out says nothing of TLS; its own PGSSLMODE may, and counts.
 * Throws `ConfigError` for a mode that Postgres does not know, which would be taken for none.
 */
export function databaseOverTls(environment: Environment): string {
  const database = environment["DATABASE_URL"]?.trim() ?? "";
  const mode = environment["PGSSLMODE"]?.trim();
  if (mode && !SSL_MODES.includes(mode)) {
    throw new ConfigError([`PGSSLMODE must be one of ${SSL_MODES.join(", ")}, or unset for verify-full.`]);
  }
  const url = URL.parse(database);
  if (!url || url.searchParams.has("sslmode") || mode) return database;
  url.searchParams.set("sslmode", "verify-full");
  return url.href;
}

/** Those that our driver knows; it takes any other word for "disable". https://node-postgres.com/features/ssl */
const SSL_MODES: readonly string[] = [
  "disable",
  "prefer",
  "require",
  "no-verify",
  "verify-ca",
  "verify-full",
];

/** Reads variable after variable and notes what each brings with it: problems, doubts, secrets, addresses. */
class EnvironmentReader {
  readonly problems: string[] = [];
  readonly doubts: string[] = [];
  readonly secrets = new Set<string>();
  readonly addresses: string[] = [];

  constructor(private readonly environment: Environment) {}

  /** Undefined for whatever has a problem: then nobody sees the settings. */
  settings<V extends Variables>(variables: V): SettingsOf<V> {
    const entries = Object.entries(variables).map(([key, variable]) => [key, this.value(variable)]);
    return Object.fromEntries(entries) as SettingsOf<V>;
  }

  /** Undefined without credentials; half a set of them is a mistake. */
  vendorSettings({ variables, environment, credentials }: Setup): SettingsOf<Variables> | undefined {
    const present = credentials.filter((name) => this.given(name) !== undefined);
    if (present.length === 0) return undefined;
    const missing = environment.filter((name) => this.given(name) === undefined);
    if (missing.length === 0) return this.settings(variables);
    this.problems.push(
      `${theyAre(present)} set but ${theyAre(missing)} not: a vendor needs all of its variables.`,
    );
    return undefined;
  }

  private given(name: string): string | undefined {
    return this.environment[name]?.trim() || undefined;
  }

  private value(variable: Variable): unknown {
    const { name, meaning, check } = variable;
    const text = this.given(name) ?? variable.default;
    if (text === undefined) {
      if (!variable.optional) this.problems.push(`${name} is missing: ${meaning}.`);
      return variable.optional?.otherwise;
    }
    const { success, data, error } = check.safeParse(text);
    if (success) this.note(variable, data);
    else this.problems.push(`${name} ${error.issues.map(({ message }) => message).join("; ")}.`);
    return data;
  }

  private note(variable: Variable, value: unknown): void {
    // A shorter one is part of too many words.
    for (const secret of variable.secretsIn?.(value) ?? []) if (secret.length >= 6) this.secrets.add(secret);
    const { name, path = "" } = variable;
    for (const address of variable.addressesIn?.(value) ?? []) {
      this.addresses.push(address);
      if (!endsIn(address, path)) {
        this.doubts.push(`${name} does not end in ${path}, as in https://host${path}.`);
      }
    }
  }
}

/** "A is", or "A, B are". */
function theyAre(names: readonly string[]): string {
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"}`;
}

/** Values that are fine one by one and would still let someone in, or nobody. */
function contradictions(
  config: Pick<Config, "botId" | "publicUrl" | "webhookSecrets" | "operators" | "approvers" | "policyFile">,
  environment: Environment,
): string[] {
  const problems = [telemetryProblem(environment)].filter((problem) => problem !== undefined);
  if (config.publicUrl && !environment["TELEGRAM_WEBHOOK_SECRET"]?.trim()) {
    problems.push(
      "TELEGRAM_WEBHOOK_SECRET is missing: with PUBLIC_URL set, anyone could post updates without it.",
    );
  }
  if (config.policyFile !== undefined && (config.operators || config.approvers)) {
    problems.push("POLICY says who may ask and approve: take OPERATORS and APPROVERS away, or POLICY.");
  }
  for (const [name, persons] of [["OPERATORS", config.operators], ["APPROVERS", config.approvers]] as const) {
    if (environment[name]?.trim() === "") {
      problems.push(
        `${name} is set but empty: list ids, or remove it to let the members of the admin chats in.`,
      );
    }
    if (persons?.has(config.botId)) problems.push(`${name} holds the bot's own id: list persons only.`);
  }
  return problems;
}
