import { kindOf } from "./body.ts";
import type { Stored, StoredPermission, StoredResource } from "./world.ts";

/** How v2 writes an instant: the page shows seconds and nanoseconds, other Apono software accepts the rest. */
export type InstantForm = "number" | "text" | "quoted" | "iso";

/** The v4 shape. Secrets kept by Apono itself are named, never returned. */
export function v4View(stored: Stored): Record<string, unknown> {
  return {
    id: stored.id,
    name: stored.name,
    type: stored.type,
    category: stored.category,
    status: stored.status?.toUpperCase() ?? null,
    connector_id: stored.connector_id,
    last_sync_time: stored.synced && isoOf(stored.synced),
    integration_config: stored.integration_config,
    secret_store_config: kindOf(stored) === "apono"
      ? { apono: { parameters: {} } }
      : stored.secret_store_config,
    connected_resource_types: stored.connected_resource_types,
    custom_access_details: stored.custom_access_details,
    owner: stored.owner,
    owners_mapping: stored.owners_mapping,
  };
}

export function v2View(stored: Stored, form: InstantForm): Record<string, unknown> {
  return {
    id: stored.id,
    name: stored.name,
    type: stored.type,
    status: stored.status,
    details: stored.details,
    provisioner_id: stored.connector_id,
    connection: stored.connection ?? {},
    last_sync_time: stored.synced && instant(stored.synced, form),
    metadata: stored.integration_config,
    secret_config: v2Secret(stored),
    connected_resource_types: stored.connected_resource_types ?? [],
    custom_access_details: stored.custom_access_details,
  };
}

export function resourceView({ id, name, type, status }: StoredResource): Record<string, unknown> {
  return { id, name, type, status };
}

export function permissionView({ id, name, resource_type }: StoredPermission): Record<string, unknown> {
  return { id, name, resource_type };
}

/** JSON in which instants are numbers with nine decimals, more than a double could carry through. */
export function jsonText(body: unknown): string {
  return JSON.stringify(body).replace(/"instant:(\d+\.\d{9})"/g, "$1");
}

function instant(synced: NonNullable<Stored["synced"]>, form: InstantForm): string {
  const text = `${synced.seconds}.${String(synced.nanos).padStart(9, "0")}`;
  switch (form) {
    case "number":
      return `instant:${text}`;
    case "text":
      return text;
    case "quoted":
      return `"${text}"`;
    case "iso":
      return isoOf(synced);
  }
}

function isoOf({ seconds, nanos }: NonNullable<Stored["synced"]>): string {
  return new Date(seconds * 1_000 + Math.floor(nanos / 1_000_000)).toISOString();
}

/** v2 has no kind for secrets that Apono keeps itself. */
function v2Secret(stored: Stored): Record<string, unknown> | null {
  const kind = kindOf(stored);
  if (!kind || kind === "apono") return null;
  return { type: kind.toUpperCase(), ...stored.secret_store_config?.[kind] };
}
