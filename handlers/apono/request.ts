import { z } from "zod";
import type { Config, Owner, OwnersMapping, Settings, Source } from "../../clients/apono/integration.ts";
import { OWN_KIND, type SecretStore } from "../../clients/apono/secret_store.ts";
import type { JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { BadInput } from "../operation.ts";
import { isPlaceholder } from "../placeholder.ts";
import { isSecretParameter, refuseHolding } from "./config_secret.ts";
import { askedStore, checkHidden } from "./secret_option.ts";

/** What `/create apono` and `/update apono` take besides the integration itself. */
export const settingsInput = {
  name: z.string().optional(),
  connector: z.string().optional().meta({ placeholder: "connector id" }),
  config: z.record(z.string(), z.string()).optional().meta({ open: "config.", placeholder: "param" }),
  secret: z.record(z.string(), z.string()).optional().meta({ open: "secret.", placeholder: "store.field" }),
  resource_types: z.string().optional().meta({ placeholder: "type,type" }),
  access_details: z.string().optional().meta({ placeholder: "text" }),
  document: z.record(z.string(), z.json()).optional().meta({ document: true }),
};

export type SettingsInput = z.output<z.ZodObject<typeof settingsInput>>;

/** Settings as far as someone asked for them; null takes a setting away. */
export interface Asked {
  readonly type?: string;
  readonly name?: string;
  readonly connectorId?: string | null;
  readonly config: Readonly<Record<string, Config[string]>>;
  readonly secretStore?: SecretStore | null;
  readonly resourceTypes?: readonly string[] | null;
  readonly accessDetails?: string | null;
  readonly owner?: Owner | null;
  readonly ownersMapping?: OwnersMapping | null;
}

/** Which fields are only ever `?` in the chat: what Apono's own store holds, and parameters that sound like secrets. */
export function isSecretField(field: string): boolean {
  return /^(secret\.apono|secret_store_config\.apono\.parameters)\./i.test(field) || isSecretParameter(field);
}

/** Reads the document, then the options, which win. Throws `BadInput`. */
export function askedFor(input: SettingsInput): Asked {
  refusePlaceholders(input);
  const document = readDocument(input.document ?? {});
  const store = askedStore(input.secret ?? {}, document.secretStore);
  const asked: Asked = {
    ...document,
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.connector === undefined ? {} : { connectorId: input.connector || null }),
    ...(input.resource_types === undefined ? {} : { resourceTypes: words(input.resource_types) }),
    ...(input.access_details === undefined ? {} : { accessDetails: input.access_details || null }),
    config: { ...document.config, ...emptied(input.config ?? {}) },
    ...(store === undefined ? {} : { secretStore: store }),
  };
  checkAsked(asked);
  refuseHolding(asked.config);
  return asked;
}

/** Refuses what one of our own replies showed in place of a value: sent, it would overwrite that value. */
function refusePlaceholders({ document = {}, ...options }: SettingsInput): void {
  const found = [...leavesOf(document), ...leavesOf(options)].find(({ path, value }) =>
    typeof value === "string" && isPlaceholder(value) && !(value === ENTER_MARK && isSecretField(path))
  );
  if (!found) return;
  throw new BadInput(
    `${found.path} only stands for a value that is not shown. Leave it out to keep what is there, or type the value.`,
  );
}

function leavesOf(value: unknown, path: readonly string[] = []): readonly { path: string; value: unknown }[] {
  if (value === null || typeof value !== "object") return [{ path: path.join("."), value }];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}

/** What is asked for on top of what is there. */
export function settled(asked: Asked, present: Settings): Settings {
  const { type: _type, config, ...rest } = asked;
  const merged = Object.entries({ ...present.config, ...config }).filter(([, value]) => value !== null);
  const { name, connectorId, secretStore, resourceTypes, accessDetails, owner, ownersMapping } = present;
  return {
    ...{ name, connectorId, secretStore, resourceTypes, accessDetails, owner, ownersMapping },
    ...rest,
    config: Object.fromEntries(merged),
  };
}

/** The input with nothing but JSON in it, as a plan stores it. */
export function plainInput(input: object): JsonObject {
  return JSON.parse(JSON.stringify(input));
}

const LONGEST_DETAILS = 400;

const text = z.string().min(1);

const source = {
  source_integration_reference: z.string().nullish(),
  source_integration_id: z.string().nullish(),
  source_integration_name: z.string().nullish(),
};

const documentSchema = z.strictObject({
  name: text.optional(),
  type: text.optional(),
  connector_id: z.string().nullish(),
  integration_config: z.record(z.string(), z.json()).optional(),
  secret_store_config: z.record(z.string(), z.record(z.string(), z.json()).nullable()).nullish(),
  connected_resource_types: z.array(text).nullish(),
  custom_access_details: z.string().nullish(),
  owner: z.strictObject({
    attribute_type: text,
    attribute_value: z.union([z.array(text), text.transform((one) => [one])]),
    ...source,
  }).nullish(),
  owners_mapping: z.strictObject({ key_name: text, attribute_type: text, ...source }).nullish(),
});

/** The names that the same fields have in a v2 request. */
const V2_NAMES: Readonly<Record<string, string>> = {
  provisioner_id: "connector_id",
  metadata: "integration_config",
};

const v2Secret = z.looseObject({ type: text });

function readDocument(document: Readonly<Record<string, z.core.util.JSONType>>): Asked {
  const parsed = documentSchema.safeParse(inV4Words(document));
  if (!parsed.success) throw badDocument(parsed.error);
  const body = parsed.data;
  return {
    ...(body.type === undefined ? {} : { type: body.type }),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.connector_id === undefined ? {} : { connectorId: body.connector_id }),
    ...(body.connected_resource_types === undefined ? {} : { resourceTypes: body.connected_resource_types }),
    ...(body.custom_access_details === undefined ? {} : { accessDetails: body.custom_access_details }),
    ...(body.owner === undefined ? {} : { owner: body.owner && ownerOf(body.owner) }),
    ...(body.owners_mapping === undefined
      ? {}
      : { ownersMapping: body.owners_mapping && mappingOf(body.owners_mapping) }),
    ...(body.secret_store_config === undefined ? {} : { secretStore: storeOf(body.secret_store_config) }),
    config: asText(body.integration_config ?? {}),
  };
}

function inV4Words(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const renamed = Object.fromEntries(
    Object.entries(document).map(([name, value]) => [V2_NAMES[name] ?? name, value]),
  );
  const { secret_config: secret, ...rest } = renamed;
  if (secret === null) return { ...rest, secret_store_config: null };
  const parsed = v2Secret.safeParse(secret);
  if (!parsed.success) return renamed;
  const { type, ...fields } = parsed.data;
  return { ...rest, secret_store_config: { [type.toLowerCase()]: fields } };
}

function badDocument(error: z.ZodError): BadInput {
  const said = error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message
  );
  return new BadInput(
    `The document is not a request body of Apono. ${said.join(". ")}. ` +
      "Send the fields of Apono's create or update call, such as name, integration_config, secret_store_config.",
  );
}

type WrittenSource = z.output<z.ZodObject<typeof source>>;

function ownerOf(raw: WrittenSource & { attribute_type: string; attribute_value: string[] }): Owner {
  return { attributeType: raw.attribute_type, values: raw.attribute_value, source: sourceOf(raw) };
}

function mappingOf(raw: WrittenSource & { key_name: string; attribute_type: string }): OwnersMapping {
  return { keyName: raw.key_name, attributeType: raw.attribute_type, source: sourceOf(raw) };
}

/** A document may be pasted from what the vendor shows, which has an id and a name instead of a reference. */
function sourceOf(raw: WrittenSource): Source | null {
  const id = raw.source_integration_reference || raw.source_integration_id || null;
  const name = raw.source_integration_name || null;
  return id || name ? { id, name } : null;
}

function storeOf(
  stores: Readonly<Record<string, z.output<ReturnType<typeof z.json>> | null>> | null,
): SecretStore | null {
  if (stores === null) return null;
  const used = Object.entries(stores).filter(([, fields]) => fields !== null);
  const [only, ...others] = used;
  if (!only || others.length > 0) {
    throw new BadInput("secret_store_config takes exactly one kind of store, e.g. aws.");
  }
  const [kind, raw] = only;
  const given = z.record(z.string(), z.json()).parse(raw);
  const fields = kind === OWN_KIND ? given.parameters : given;
  const strings = z.record(z.string(), z.string()).safeParse(fields);
  if (!strings.success) throw new BadInput(`Every field of secret_store_config.${kind} must be text.`);
  if (kind === OWN_KIND) checkHidden(strings.data, "secret_store_config.apono.parameters.");
  return { kind, fields: strings.data };
}

/** Apono's own software sends parameters as text and reads nothing else back. */
function asText(config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      typeof value === "number" || typeof value === "boolean" ? String(value) : value,
    ]),
  );
}

function emptied(options: Readonly<Record<string, string>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, value === "" ? null : value]),
  );
}

function words(list: string): readonly string[] | null {
  const found = list.split(",").map((word) => word.trim()).filter((word) => word !== "");
  return found.length > 0 ? found : null;
}

function checkAsked({ name, accessDetails }: Asked): void {
  if (name !== undefined && name.trim() === "") throw new BadInput("An integration needs a name: add name=…");
  if ((accessDetails?.length ?? 0) > LONGEST_DETAILS) {
    throw new BadInput(
      `access_details may have ${LONGEST_DETAILS} characters; these are ${accessDetails?.length}. Shorten the text.`,
    );
  }
}
