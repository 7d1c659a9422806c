import * as z from "zod";
import { soundsSecret } from "../clients/secrets.ts";
import { givenAddress } from "./address.ts";

/**
 * An environment variable: what it is for, how its value is checked, and what of it needs care. What is redacted and
 * which hosts are permitted follow from here alone, so a variable is made by its kind: `secretKey`, `clientId`,
 * `address`, `text` or `choice`.
 */
export interface Variable<T = unknown> {
  readonly name: string;
  /** For the documents, and for whoever left it out. */
  readonly meaning: string;
  readonly check: z.ZodType<T, string>;
  /** Stands in where it is not set. */
  readonly default?: string;
  /** It may stay unset; then this is its value. */
  readonly optional?: { readonly otherwise: T };
  /** Proves who we are: a vendor is set up when one of them is set, and they are what to look at when it refuses us. */
  readonly credential?: true;
  /** What of the value must never leave the process. */
  secretsIn?(value: T): readonly string[];
  /** Where the bot connects to because of it. */
  addressesIn?(value: T): readonly string[];
  /** How the path of an address usually ends. */
  readonly path?: string;
}

/** Variables by the names that the settings read from them have. */
export type Variables = Readonly<Record<string, Variable>>;

export type SettingsOf<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/** What the configuration knows of a vendor. */
export interface Setup<V extends Variables = Variables> {
  /** Unique; what changes and caches are stored under. */
  readonly name: string;
  /** What configures it, in the order the documents list it. */
  readonly variables: V;
  /** The names of the variables that it cannot do without. */
  readonly environment: readonly string[];
  /** Those of them that prove who we are. */
  readonly credentials: readonly string[];
}

export function setupOf<V extends Variables>(name: string, variables: V): Setup<V> {
  const all = Object.values(variables);
  return {
    name,
    variables,
    environment: all.filter((variable) => !variable.optional && variable.default === undefined)
      .map(({ name }) => name),
    credentials: all.filter(({ credential }) => credential).map(({ name }) => name),
  };
}

/** A key, token or password: redacted wherever it appears. */
export function secretKey(name: string, meaning: string): Variable<string> {
  return { name, meaning, check: z.string(), credential: true, secretsIn: (value) => [value] };
}

/** The part of the credentials that is no secret: a client id, a user. */
export function clientId(name: string, meaning: string): Variable<string> {
  return { name, meaning, check: z.string(), credential: true };
}

/** Where a service is: its host is permitted. */
export function address(
  name: string,
  meaning: string,
  usual: Pick<Variable<string>, "path" | "default"> = {},
): Variable<string> {
  return { name, meaning, check: webUrl, addressesIn: (value) => [value], ...usual };
}

/** Anything that needs no care. Throws for a name that sounds like a secret or an address: those have kinds of their own. */
export function text(name: string, meaning: string): Variable<string> {
  if (soundsSecret(name)) throw new TypeError(`${name} sounds secret: declare it with secretKey`);
  if (/_(ADDRESS|HOST|ORIGIN|UR[IL])$/.test(name)) {
    throw new TypeError(`${name} sounds like an address: declare it with address`);
  }
  return { name, meaning, check: z.string() };
}

/** One of a few words; `usual` holds where it is not set. */
export function choice<const T extends string>(
  name: string,
  meaning: string,
  words: readonly T[],
  usual: NoInfer<T>,
): Variable<T> {
  return { name, meaning, check: oneOfWords(words), default: usual };
}

export function optional<T>(variable: Variable<T>): Variable<T | undefined> {
  // Sound because its functions are called with a value that is set.
  return { ...variable as Variable<T | undefined>, optional: { otherwise: undefined } };
}

/** An address as it is written into requests: https, or http on loopback, without a slash at the end. */
export const webUrl: z.ZodType<string, string> = z.string().transform((value, context) => {
  const given = givenAddress(value);
  const url = "href" in given ? URL.parse(given.href) : null;
  const loopback = url && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (
    !url || url.search || url.hash ||
    !(url.protocol === "https:" || (url.protocol === "http:" && loopback))
  ) {
    context.addIssue("must be an https address without user, query or fragment (http only on loopback)");
    return z.NEVER;
  }
  return url.href.replace(/\/+$/, "");
});

/** Whether the address is of something that stands under this path. */
export function endsIn(address: string, path: string): boolean {
  return URL.parse(address)?.pathname.endsWith(path) ?? false;
}

function oneOfWords<T extends string>(words: readonly T[]): z.ZodType<T, string> {
  return z.string().transform((value, context) => {
    const found = words.find((word) => word === value.toLowerCase());
    if (found) return found;
    context.addIssue(`must be one of ${words.join(", ")}`);
    return z.NEVER;
  });
}
