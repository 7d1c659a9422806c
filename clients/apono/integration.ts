import type { z } from "zod";
import type { CallOptions } from "../http.ts";
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

export type Config = Readonly<Record<string, z.core.util.JSONType>>;

/** What create and update set. Null where the vendor has nothing. */
export type Settings = {
  readonly name: string;
  readonly connectorId: string | null;
  readonly config: Config;
  readonly secretStore: SecretStore | null;
  readonly resourceTypes: readonly string[] | null;
  /** Shown to end users; at most 400 characters. */
  readonly accessDetails: string | null;
  readonly owner: Owner | null;
  readonly ownersMapping: OwnersMapping | null;
};

export type Integration = Settings & {
  readonly id: string;
  readonly type: string;
  /** `RESOURCES`, `USER-INFORMATION`, or a word we do not know; v2 has none. */
  readonly category: string | null;
  /** The vendor's word: v4 writes it in capitals, v2 does not, and new ones may come. */
  readonly status: string;
  /** A sentence on the last load; v2 only. */
  readonly details: string | null;
  /** How it is connected, in the vendor's own fields; v2 only. */
  readonly connection: Config | null;
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

export interface Listed<T> {
  readonly items: readonly T[];
  /** How many more the vendor counts than it returned: v2 and v3 have no way to ask for the rest. */
  readonly missing: number;
}

/** What v4 and v2 have in common. */
export interface Integrations {
  list(filter: Filter, call: CallOptions): Promise<Listed<Integration>>;
  get(id: string, call: CallOptions): Promise<Integration>;
  create(type: string, sent: Sent, call: CallOptions): Promise<Integration>;
  /** Replaces the whole record as far as the vendor documents: send everything that is to stay. */
  update(id: string, sent: Sent, call: CallOptions): Promise<Integration>;
  delete(id: string, call: CallOptions): Promise<void>;
  /** The cheapest call that needs our credentials. */
  probe(call: CallOptions): Promise<void>;
}

/** The vendor's filter rules, for the API that has no filters. Category is unknown there and never fits. */
export function fits(integration: Integration, filter: Filter): boolean {
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
