import { z } from "zod";
import type { JsonObject } from "../json.ts";
import type { SecretStore } from "./secret_store.ts";

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
  /** The vendor's word: v4 writes it in capitals, v2 does not, and new ones may come. */
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
