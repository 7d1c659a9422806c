import { z } from "zod";
import {
  botToken,
  chatIds,
  type DatabaseConfig,
  databaseUrl,
  durationOf,
  endsIn,
  enumeration,
  hostName,
  key32,
  personIds,
  portNumber,
  publicUrl,
  telemetryProblem,
  webhookSecretList,
  webUrl,
} from "./settings.ts";

/** One line of the README's environment table and of `.env.example`. */
interface Variable {
  readonly meaning: string;
  readonly required?: boolean;
  readonly default?: string;
}

export const variables = {
  TELEGRAM_BOT_TOKEN: { meaning: "the bot's token from @BotFather", required: true },
  TELEGRAM_WEBHOOK_SECRET: {
    meaning:
      "32 or more of `A-Za-z0-9_-`, required with `PUBLIC_URL`; several, comma-separated, while rotating",
  },
  TELEGRAM_API_ROOT: { meaning: "where the Bot API is", default: "https://api.telegram.org" },
  ADMIN_CHATS: { meaning: "allow-listed chat ids, comma-separated (`/whoami` tells them)", required: true },
  OPERATORS: { meaning: "ids of the persons who may ask for changes; unset: members of the admin chats" },
  APPROVERS: { meaning: "ids of the persons who may approve changes; unset: members of the admin chats" },
  PUBLIC_URL: { meaning: "where Telegram and people reach the bot; set: webhook, unset: long polling" },
  HOST: { meaning: "address to listen on", default: "0.0.0.0" },
  PORT: { meaning: "port to listen on", default: "8080" },
  DATABASE_URL: {
    meaning: "`sqlite:<path>` for one process, `postgres://…` for several",
    default: "sqlite:./data/countersign.db",
  },
  SECRET_KEY: { meaning: "32 bytes in base64; needed to enter secrets (`openssl rand -base64 32`)" },
  APPROVAL_TTL: { meaning: "how long a change waits for its approval", default: "15m" },
  STATUS_CACHE_TTL: {
    meaning: "how long a status may be served again, its age shown; `0` never",
    default: "10s",
  },
  BITDEFENDER_API_URL: { meaning: "GravityZone's Access URL, ends in `/api`" },
  BITDEFENDER_API_KEY: { meaning: "GravityZone API key" },
  APONO_API_URL: { meaning: "Apono's API", default: "https://api.apono.io" },
  APONO_API_TOKEN: { meaning: "Apono personal or service-account token" },
  APONO_API: { meaning: "`v4`, or `v2` for accounts that have only that", default: "v4" },
  OPSRAMP_API_URL: { meaning: "OpsRamp's API origin" },
  OPSRAMP_TENANT_ID: { meaning: "OpsRamp tenant" },
  OPSRAMP_CLIENT_ID: { meaning: "OpsRamp OAuth2 key" },
  OPSRAMP_CLIENT_SECRET: { meaning: "OpsRamp OAuth2 secret" },
  HALO_API_URL: { meaning: "HaloPSA resource server, ends in `/api`" },
  HALO_AUTH_URL: { meaning: "HaloPSA authorisation server, ends in `/auth`" },
  HALO_CLIENT_ID: { meaning: "HaloPSA application id" },
  HALO_CLIENT_SECRET: { meaning: "HaloPSA application secret" },
  HALO_TENANT: { meaning: "HaloPSA tenant, for Halo-hosted instances" },
  LOG_LEVEL: { meaning: "`debug`, `info`, `warning` or `error`", default: "info" },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly token: string;
  /** The bot's own numeric id: the part of the token before the colon. */
  readonly botId: number;
  readonly apiRoot: string;
  readonly webhookSecrets: readonly string[];
  readonly publicUrl: string | undefined;
  readonly adminChats: readonly number[];
  /** Undefined: the members of the admin chats. */
  readonly operators: ReadonlySet<number> | undefined;
  readonly approvers: ReadonlySet<number> | undefined;
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseConfig;
  readonly secretKey: Uint8Array<ArrayBuffer> | undefined;
  readonly approvalTtlMs: number;
  readonly statusCacheTtlMs: number;
  readonly bitdefender: { apiUrl: string; apiKey: string } | undefined;
  readonly apono: { apiUrl: string; token: string; api: "v4" | "v2" } | undefined;
  readonly opsramp: { apiUrl: string; tenantId: string; clientId: string; clientSecret: string } | undefined;
  readonly halo: HaloConfig | undefined;
  readonly logLevel: "debug" | "info" | "warning" | "error";
  /** What is unlikely to work, one sentence each: a proxy may want it so, and the log and `/doctor` say it. */
  readonly doubts: readonly string[];
  /** Values that must never leave the process; the redactor looks for them. */
  readonly secrets: readonly string[];
}

interface HaloConfig {
  apiUrl: string;
  authUrl: string;
  clientId: string;
  clientSecret: string;
  tenant?: string;
}

/** What is wrong with the environment, one sentence a line, no value quoted that may be secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
    this.name = "ConfigError";
  }
}

/** Reads the environment once. Throws `ConfigError` with every problem found, not only the first. */
export function readConfig(environment: Environment): Config {
  const reader = createReader(environment);
  const { check, problems } = reader;
  const token = check("TELEGRAM_BOT_TOKEN", botToken) ?? "";
  const config = {
    token,
    botId: Number(token.split(":")[0]),
    apiRoot: check("TELEGRAM_API_ROOT", webUrl) ?? "",
    webhookSecrets: check("TELEGRAM_WEBHOOK_SECRET", webhookSecretList) ?? [],
    publicUrl: check("PUBLIC_URL", publicUrl),
    adminChats: check("ADMIN_CHATS", chatIds) ?? [],
    operators: check("OPERATORS", personIds),
    approvers: check("APPROVERS", personIds),
    host: check("HOST", hostName) ?? "",
    port: check("PORT", portNumber) ?? 0,
    database: check("DATABASE_URL", databaseUrl) ?? { kind: "sqlite" as const, path: "" },
    secretKey: check("SECRET_KEY", key32),
    approvalTtlMs: check("APPROVAL_TTL", durationOf(1000)) ?? 0,
    statusCacheTtlMs: check("STATUS_CACHE_TTL", durationOf(0)) ?? 0,
    ...readVendors(reader),
    logLevel: check("LOG_LEVEL", enumeration(["debug", "info", "warning", "error"])) ?? "info" as const,
  };
  problems.push(...contradictions(config, environment));
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...config, doubts: doubtsAbout(config), secrets: secretValues(config) };
}

interface Reader {
  readonly problems: string[];
  /** The checked value, or its default; undefined when it is neither set nor usable. */
  check<T>(name: VariableName, schema: z.ZodType<T, string>): T | undefined;
  /** All of a vendor's, or undefined without credentials; half a set of them is a mistake. */
  group<N extends VariableName>(
    places: readonly N[],
    credentials: readonly N[],
  ): Record<N, string> | undefined;
}

function createReader(environment: Environment): Reader {
  const problems: string[] = [];
  const get = (name: VariableName): string | undefined => {
    const value = environment[name]?.trim();
    const row: Variable = variables[name];
    return value ? value : row.default;
  };
  return {
    problems,
    check(name, schema) {
      const value = get(name);
      const row: Variable = variables[name];
      if (value === undefined) {
        if (row.required) problems.push(`${name} is missing: ${row.meaning}.`);
        return undefined;
      }
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      problems.push(`${name} ${parsed.error.issues.map((issue) => issue.message).join("; ")}.`);
      return undefined;
    },
    group<N extends VariableName>(places: readonly N[], credentials: readonly N[]) {
      const names = [...places, ...credentials];
      const present = credentials.filter((name) => environment[name]?.trim());
      if (present.length === 0) return undefined;
      const missing = names.filter((name) => !get(name));
      if (missing.length === 0) {
        return Object.fromEntries(names.map((name) => [name, get(name)])) as Record<N, string>;
      }
      problems.push(
        `${present.join(", ")} is set but ${missing.join(", ")} is not: a vendor needs all of its variables.`,
      );
      return undefined;
    },
  };
}

function readVendors({ check, group }: Reader): Pick<Config, "bitdefender" | "apono" | "opsramp" | "halo"> {
  const bitdefender = group(["BITDEFENDER_API_URL"], ["BITDEFENDER_API_KEY"]);
  const apono = group([], ["APONO_API_TOKEN"]);
  const opsramp = group(
    ["OPSRAMP_API_URL", "OPSRAMP_TENANT_ID"],
    ["OPSRAMP_CLIENT_ID", "OPSRAMP_CLIENT_SECRET"],
  );
  const halo = group(["HALO_API_URL", "HALO_AUTH_URL"], ["HALO_CLIENT_ID", "HALO_CLIENT_SECRET"]);
  const tenant = check("HALO_TENANT", z.string());
  return {
    bitdefender: bitdefender && {
      apiUrl: check("BITDEFENDER_API_URL", webUrl) ?? "",
      apiKey: bitdefender.BITDEFENDER_API_KEY,
    },
    apono: apono && {
      apiUrl: check("APONO_API_URL", webUrl) ?? "",
      token: apono.APONO_API_TOKEN,
      api: check("APONO_API", enumeration(["v4", "v2"])) ?? "v4",
    },
    opsramp: opsramp && {
      apiUrl: check("OPSRAMP_API_URL", webUrl) ?? "",
      tenantId: opsramp.OPSRAMP_TENANT_ID,
      clientId: opsramp.OPSRAMP_CLIENT_ID,
      clientSecret: opsramp.OPSRAMP_CLIENT_SECRET,
    },
    halo: halo && {
      apiUrl: check("HALO_API_URL", webUrl) ?? "",
      authUrl: check("HALO_AUTH_URL", webUrl) ?? "",
      clientId: halo.HALO_CLIENT_ID,
      clientSecret: halo.HALO_CLIENT_SECRET,
      ...(tenant ? { tenant } : {}),
    },
  };
}

/** Values that are fine one by one and would still let someone in, or nobody. */
function contradictions(config: Omit<Config, "doubts" | "secrets">, environment: Environment): string[] {
  const problems = [telemetryProblem(environment)].filter((problem) => problem !== undefined);
  if (config.publicUrl && !environment["TELEGRAM_WEBHOOK_SECRET"]?.trim()) {
    problems.push(
      "TELEGRAM_WEBHOOK_SECRET is missing: with PUBLIC_URL set, anyone could post updates without it.",
    );
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

function doubtsAbout({ bitdefender, halo }: Pick<Config, "bitdefender" | "halo">): string[] {
  const addresses = [
    ["BITDEFENDER_API_URL", bitdefender?.apiUrl, "/api"],
    ["HALO_API_URL", halo?.apiUrl, "/api"],
    ["HALO_AUTH_URL", halo?.authUrl, "/auth"],
  ] as const;
  return addresses.filter(([, address, path]) => address !== undefined && !endsIn(address, path))
    .map(([name, , path]) => `${name} does not end in ${path}, as in https://host${path}.`);
}

function secretValues(config: Omit<Config, "doubts" | "secrets">): string[] {
  const candidates = [
    config.token,
    config.token.split(":")[1],
    ...config.webhookSecrets,
    config.bitdefender?.apiKey,
    config.apono?.token,
    config.opsramp?.clientSecret,
    config.halo?.clientSecret,
    ...databaseSecrets(config.database),
    config.secretKey && btoa(String.fromCharCode(...config.secretKey)),
  ];
  return [...new Set(candidates.filter((value): value is string => (value?.length ?? 0) >= 6))];
}

function databaseSecrets(database: DatabaseConfig): string[] {
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
