import * as z from "zod";
import type { CatalogType } from "./catalog.ts";
import { badRequest } from "./refusal.ts";
import type { Owner, OwnersMapping, Stored } from "./world.ts";

/** What a create or an update leaves in the store. */
export type Written = Pick<
  Stored,
  | "name"
  | "connector_id"
  | "integration_config"
  | "secret_store_config"
  | "connected_resource_types"
  | "custom_access_details"
  | "owner"
  | "owners_mapping"
>;

/** Finds an integration that a reference (id or display name) means. */
export type Lookup = (reference: string) => Stored | undefined;

const text = z.string().min(1);

const secretStore = z.strictObject({
  aws: z.strictObject({ region: text, secret_id: text }).nullish(),
  gcp: z.strictObject({ project: text, secret_id: text }).nullish(),
  azure: z.strictObject({ vault_url: text, name: text }).nullish(),
  kubernetes: z.strictObject({ namespace: text, name: text }).nullish(),
  hashicorp_vault: z.strictObject({ secret_engine: text, path: text }).nullish(),
  apono: z.strictObject({ parameters: z.record(z.string(), z.string()) }).nullish(),
}).refine((stores) => Object.values(stores).filter(Boolean).length === 1, "Exactly one must be provided");

const optional = {
  connected_resource_types: z.array(text).nullish(),
  custom_access_details: z.string().max(400).nullish(),
};

const v4Update = z.strictObject({
  name: text,
  connector_id: z.string().nullish(),
  integration_config: z.record(z.string(), z.unknown()),
  secret_store_config: secretStore.nullish(),
  ...optional,
  owner: z.strictObject({
    attribute_type: text,
    attribute_value: z.array(text),
    source_integration_reference: z.string().nullish(),
  }).nullish(),
  owners_mapping: z.strictObject({
    key_name: text,
    attribute_type: text,
    source_integration_reference: z.string().nullish(),
  }).nullish(),
});

const v4Create = v4Update.extend({ type: text });

const v2Secret = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("AWS"), region: text, secret_id: text }),
  z.strictObject({ type: z.literal("GCP"), project: text, secret_id: text }),
  z.strictObject({ type: z.literal("AZURE"), vault_url: text, name: text }),
  z.strictObject({ type: z.literal("KUBERNETES"), namespace: text, name: text }),
  z.strictObject({ type: z.literal("HASHICORP_VAULT"), secret_engine: text, path: text }),
]);

const v2Update = z.strictObject({
  name: text,
  provisioner_id: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()),
  secret_config: v2Secret.nullish(),
  ...optional,
});

const v2Create = v2Update.extend({ type: text });

export function v4CreateBody(body: unknown, find: Lookup): { type: string; written: Written } {
  const { type, ...rest } = accept(v4Create, body);
  return { type, written: fromV4(rest, find) };
}

export function v4UpdateBody(body: unknown, find: Lookup): Written {
  return fromV4(accept(v4Update, body), find);
}

export function v2CreateBody(body: unknown): { type: string; written: Written } {
  const { type, ...rest } = accept(v2Create, body);
  return { type, written: fromV2(rest) };
}

/** The v2 shape knows no owners: what v4 set stays. */
export function v2UpdateBody(body: unknown, present: Stored): Written {
  const { owner, owners_mapping } = present;
  return { ...fromV2(accept(v2Update, body)), owner, owners_mapping };
}

/** Refuses what the catalog rules out: missing parameters, values outside a list, a wrong kind of secret. */
export function checkAgainst(catalog: readonly CatalogType[], type: string, written: Written): void {
  const entry = catalog.find((known) => known.type === type);
  if (!entry) throw badRequest(`Unknown integration type ${type}`);
  for (const { id, values, optional, default: preset } of entry.params) {
    const value = written.integration_config[id];
    if ((value === undefined || value === null) && !optional && preset === "") {
      throw badRequest(`Missing parameter ${id}`);
    }
    if (value !== undefined && values.length > 0 && !values.includes(String(value))) {
      throw badRequest(`Parameter ${id} must be one of ${values.join(", ")}`);
    }
  }
  const kind = kindOf(written)?.toUpperCase();
  if (!kind && entry.requires_secret) throw badRequest(`Integration type ${type} requires a secret`);
  if (kind && kind !== "APONO" && !entry.supported_secret_types.includes(kind)) {
    throw badRequest(`Secret type ${kind} is not supported by ${type}`);
  }
}

export function kindOf(written: Pick<Written, "secret_store_config">): string | undefined {
  return Object.keys(written.secret_store_config ?? {})[0];
}

function accept<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badRequest(`${issue?.path.join(".") || "body"}: ${issue?.message ?? "invalid"}`);
}

function fromV4(body: z.output<typeof v4Update>, find: Lookup): Written {
  return {
    name: body.name,
    connector_id: body.connector_id ?? null,
    integration_config: body.integration_config,
    secret_store_config: present(body.secret_store_config),
    connected_resource_types: body.connected_resource_types ?? null,
    custom_access_details: body.custom_access_details ?? null,
    owner: sourced<Owner>(body.owner, find),
    owners_mapping: sourced<OwnersMapping>(body.owners_mapping, find),
  };
}

function present(stores: z.output<typeof secretStore> | null | undefined): Written["secret_store_config"] {
  if (!stores) return null;
  return Object.fromEntries(
    Object.entries(stores).flatMap(([kind, fields]) => fields ? [[kind, fields]] : []),
  );
}

/** Turns the reference of the write shape into the id and name of the read shape. */
function sourced<T>(
  written: { source_integration_reference?: string | null | undefined } | null | undefined,
  find: Lookup,
): T | null {
  if (!written) return null;
  const { source_integration_reference: reference, ...rest } = written;
  if (!reference) return rest as T;
  const source = find(reference);
  if (!source) throw badRequest(`source_integration_reference: no integration ${reference}`);
  return { ...rest, source_integration_id: source.id, source_integration_name: source.name } as T;
}

function fromV2(body: z.output<typeof v2Update>): Written {
  const { type, ...fields } = body.secret_config ?? {};
  return {
    name: body.name,
    connector_id: body.provisioner_id ?? null,
    integration_config: body.metadata,
    secret_store_config: type ? { [type.toLowerCase()]: fields } : null,
    connected_resource_types: body.connected_resource_types ?? null,
    custom_access_details: body.custom_access_details ?? null,
    owner: null,
    owners_mapping: null,
  };
}
