import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { type Config, ConfigError, readConfig, variablesOf } from "../config.ts";
import { type DatabaseConfig, proxyVariables, telemetryVariables } from "../settings.ts";

/**
 * The least that `deno run` has to permit, as flags without white space: our own variables and those that turn
 * telemetry on or name a proxy (all others look unset, because pg and others ask for many), the hosts the configuration names, and
 * the address to listen on. Deno lets programs import from some public hosts and from npm unless told not to; that
 * would be a way out, and by the time these flags are known, all packages have been fetched. One folder to read and
 * write comes on top, see `dataFolder`. Without a usable configuration only the variables are permitted: enough for
 * the bot to say what is wrong with them.
 */
export function permissionFlags(config: Config | undefined): string[] {
  const seen = [
    ...variablesOf(config?.vendors.map(({ setup }) => setup)).map(({ name }) => name),
    ...telemetryVariables,
    ...proxyVariables,
  ];
  const always = [
    "--no-prompt",
    `--allow-env=${seen.join(",")}`,
    "--ignore-env",
    "--no-remote",
    "--cached-only",
  ];
  if (!config) return always;
  return [
    ...always,
    `--allow-net=${peers(config).join(",")}`,
    ...[...certificateFiles(config.database), ...config.policyFile === undefined ? [] : [config.policyFile]]
      .map((file) => `--allow-read=${asPermission(file, /[,\s]/)}`),
  ];
}

/**
 * The folder of the SQLite file. Printed by itself because a task's shell splits unquoted flags at white space,
 * and this may hold some.
 */
export function dataFolder(config: Config | undefined): string {
  const database = config?.database;
  if (database?.kind !== "sqlite" || database.path === ":memory:") return "./data";
  const folder = dirname(database.path);
  if (holdsCode(folder)) {
    throw new UnusablePath(
      `The database cannot be in ${folder}: the bot may write what is there, and its own code is. ` +
        "Choose a folder of its own, such as sqlite:./data/countersign.db.",
    );
  }
  return asPermission(folder, /,/);
}

/** Where the code is from which this runs: the sources, or the bundle. */
const CODE = import.meta.dirname ?? "";

/** Whether the code is in the folder, or the folder in the code, by whatever links. */
function holdsCode(folder: string): boolean {
  const [data, code] = [realPath(resolve(folder)), realPath(CODE)];
  const root = code.endsWith(join("bot", "ops")) ? dirname(dirname(code)) : code;
  return isWithin(data, code) ||
    ["bot", "handlers", "clients"].some((name) => isWithin(join(root, name), data));
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Of a folder that is not there yet, below the one that is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPath(dirname(path)), basename(path));
  }
}

/** A path that cannot be written as a permission, or must not be permitted. */
export class UnusablePath extends Error {
  override name = "UnusablePath";
}

/** Deno divides the paths of a flag at commas and knows no way to escape one. */
function asPermission(path: string, unusable: RegExp): string {
  if (unusable.test(path)) {
    throw new UnusablePath(
      `The start task cannot permit the path ${path}: choose one without commas and, for certificates and the policy, spaces.`,
    );
  }
  return path;
}

function peers(config: Config): string[] {
  return [...new Set([...config.addresses.flatMap(hostAndPort), listening(config)])];
}

const USUAL_PORTS: Readonly<Record<string, string>> = {
  "http:": "80",
  "https:": "443",
  "postgres:": "5432",
  "postgresql:": "5432",
};

/** Nothing for an address that cannot be read: whoever connects to it says so better. */
function hostAndPort(address: string): string[] {
  const url = URL.parse(address);
  return url?.hostname ? [`${url.hostname}:${url.port || USUAL_PORTS[url.protocol]}`] : [];
}

function listening({ host, port }: Config): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Files that a Postgres address may name for TLS. */
function certificateFiles(database: DatabaseConfig): string[] {
  if (database.kind !== "postgres") return [];
  const query = URL.parse(database.url)?.searchParams;
  return ["sslrootcert", "sslcert", "sslkey"].flatMap((name) => query?.get(name) ?? []);
}

function configured(): Config | undefined {
  try {
    return readConfig(Deno.env.toObject());
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

async function print(stream: typeof Deno.stdout, text: string): Promise<void> {
  await stream.write(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  const config = configured();
  try {
    const answer = Deno.args[0] === "folder" ? dataFolder(config) : permissionFlags(config).join(" ");
    await print(Deno.stdout, answer);
  } catch (error) {
    if (!(error instanceof UnusablePath)) throw error;
    await print(Deno.stderr, error.message);
    Deno.exit(1);
  }
}
