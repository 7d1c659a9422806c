import * as z from "zod";
import { distinctBy, type JsonObject, numeric, type Rows, rowsOf, speaksOfFailure } from "../json.ts";
import { ENTER_MARK } from "../secrets.ts";

// Aliases rather than interfaces: only those count as plain JSON where a plan is stored.

/** An integration that names come from, such as a directory: known by id, by name, or by both. */
export type Source = {
  readonly id: string | null;
  readonly name: string | null;
};

export type Owner = {
  readonly attributeType: string;
  readonly values: readonly string[];
  readonly source: Source | null;
};

export type OwnersMapping = {
  readonly keyName: string;
  readonly attributeType: string;
  readonly source: Source | null;
};

/** What create and update set. Null where the vendor has nothing. */
export type Settings = {
  readonly name: string;
  readonly connectorId: string | null;
  readonly config: JsonObject;
  readonly secretStore: SecretStore | null;
  readonly resourceTypes: readonly string[] | null;
  /** Shown to end users; at most 400 characters. */
  readonly accessDetails: string | null;
  readonly owner: Owner | null;
  readonly ownersMapping: OwnersMapping | null;
};

export type AponoIntegration = Settings & {
  readonly id: string;
  readonly type: string;
  /** `RESOURCES`, `USER-INFORMATION`, or a word we do not know; v2 has none. */
  readonly category: string | null;
  /** The vendor's word: v4 writes it in capitals, v2 does not, and new ones may come. Empty where it says none. */
  readonly status: string;
  /** A sentence on the last load; v2 only. */
  readonly details: string | null;
  /** How it is connected, in the vendor's own fields; v2 only. */
  readonly connection: JsonObject | null;
  /** Epoch ms. */
  readonly lastSyncAt: number | null;
};

/** A body to send: what is undefined is left out, null clears. */
export type Sent = Pick<Settings, "name" | "config"> & Partial<Settings>;

export interface Listed<T> extends Rows<T> {
  /** How many more the vendor counts than it returned: v2 and v3 have no way to ask for the rest. */
  readonly missing: number;
}

/** A list of v2 or v3, by the schema of one item and what tells it from the others. */
export function listed<T>(item: z.ZodType<T>, keyOf: (item: T) => string): z.ZodType<Listed<T>> {
  return z.object({
    data: rowsOf(item),
    pagination: z.object({ total: numeric.optional().catch(undefined) }).nullish(),
  }).transform(({ data: { items: all, unread }, pagination }) => {
    const items = distinctBy(all, keyOf);
    return { items, unread, missing: Math.max(0, (pagination?.total ?? 0) - items.length - unread.length) };
  });
}

/** How v2 and v3 say yes. Whatever else comes with a good status is no yes. */
export const confirmed = z.looseObject({ message: z.string() })
  .refine((answer) => !speaksOfFailure(answer), "the answer speaks of a failure");

/** What may be absent or null in an answer, and is null here. */
export function orNull<T>(schema: z.ZodType<T>): z.ZodType<T | null> {
  return schema.nullish().transform((value) => value ?? null);
}

/** Several values of one filter are alternatives. `*` stands for anything in `name` and `type`. */
export interface Filter {
  readonly name?: string;
  readonly type?: readonly string[];
  readonly status?: readonly string[];
  readonly category?: readonly string[];
  readonly connector?: readonly string[];
}

/** The vendor's filter rules, for the API that has no filters. Category is unknown there and never fits. */
export function fits(integration: AponoIntegration, filter: Filter): boolean {
  return any(filter.name === undefined ? undefined : [filter.name], integration.name) &&
    any(filter.type, integration.type) &&
    any(filter.status, integration.status) &&
    any(filter.category, integration.category) &&
    any(filter.connector, integration.connectorId);
}

function any(patterns: readonly string[] | undefined, value: string | null): boolean {
  return patterns === undefined || patterns.some((pattern) => wildcard(pattern).test(value ?? ""));
}

function wildcard(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "is");
}

const SECONDS = /^(-?\d+)(?:\.(\d+))?$/;
const NANOS_PER_MS = 1_000_000;

/**
 * An instant of Apono as epoch ms, or null. v4 writes ISO 8601; v2 writes "{seconds}.{nanos}" as a number or as
 * text. A fraction of nine digits counts nanoseconds, a shorter one is a decimal fraction: JSON numbers lose
 * their last digits on the way. A form nobody documents becomes null rather than failing a whole list.
 */
export const aponoTime = z.unknown().optional().transform(readInstant);

export function readInstant(value: unknown): number | null {
  if (typeof value === "number") return fromSeconds(String(value));
  if (typeof value !== "string") return null;
  const text = value.replace(/^"|"$/g, "").trim();
  if (SECONDS.test(text)) return fromSeconds(text);
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function fromSeconds(text: string): number | null {
  const [, seconds, fraction = ""] = text.match(SECONDS) ?? [];
  if (seconds === undefined) return null;
  const ms = fraction.length === 9 ? Number(fraction) / NANOS_PER_MS : Number(`0.${fraction || 0}`) * 1_000;
  return Number(seconds) * 1_000 + Math.floor(ms);
}

/**
 * Where an integration's secret is kept. All kinds but `apono` are references to a place outside of Apono and
 * may be shown. Values that Apono keeps itself are replaced by `ENTER_MARK` at the border.
 */
export type SecretStore = {
  readonly kind: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** The kind whose fields are the secrets themselves. */
export const OWN_KIND = "apono";

/** The kinds that refer to a secret kept elsewhere, with the fields each needs. */
export const REFERENCE_KINDS: Readonly<Record<string, readonly string[]>> = {
  aws: ["region", "secret_id"],
  gcp: ["project", "secret_id"],
  azure: ["vault_url", "name"],
  kubernetes: ["namespace", "name"],
  hashicorp_vault: ["secret_engine", "path"],
};

/** True for a store that can be read, and so written back or restored. */
export function isReference(store: SecretStore): boolean {
  return store.kind in REFERENCE_KINDS;
}

/** v4: the key is the kind; the kinds not in use are absent or null. */
export const v4SecretStore = z.record(z.string(), z.unknown()).nullish().transform((stores) => {
  const used = Object.entries(stores ?? {}).find(([, fields]) =>
    typeof fields === "object" && fields !== null
  );
  return used ? readStore(used[0], used[1] as Readonly<Record<string, unknown>>) : null;
});

/** Stands for the kind of a store of which Apono says no more than that there is one. */
const UNNAMED = "an unnamed store";

/** v2: a `type` beside the fields, of which its document demands nothing. */
export const v2SecretStore = z.looseObject({ type: z.string().optional().catch(undefined) }).nullish()
  .transform((secret) => secret ? readStore(secret.type?.toLowerCase() ?? UNNAMED, secret) : null);

export function toV4(store: SecretStore): unknown {
  return { [store.kind]: store.kind === OWN_KIND ? { parameters: store.fields } : store.fields };
}

export function toV2(store: SecretStore): unknown {
  return { type: store.kind.toUpperCase(), ...store.fields };
}

function readStore(kind: string, fields: Readonly<Record<string, unknown>>): SecretStore {
  const documented = REFERENCE_KINDS[kind];
  if (!documented) return { kind, fields: namesOf(fields.parameters) };
  const shown = documented.flatMap((name) => typeof fields[name] === "string" ? [[name, fields[name]]] : []);
  return { kind, fields: Object.fromEntries(shown) };
}

function namesOf(parameters: unknown): Readonly<Record<string, string>> {
  if (typeof parameters !== "object" || parameters === null) return {};
  return Object.fromEntries(Object.keys(parameters).map((name) => [name, ENTER_MARK]));
}
