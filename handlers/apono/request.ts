import * as z from "zod";
import {
  OWN_KIND,
  REFERENCE_KINDS,
  type SecretStore,
  type Settings,
} from "../../clients/apono/integration.ts";
import { mappingOf, ownerOf, shownSource } from "../../clients/apono/versions.ts";
import { type Json, type JsonObject, leavesOf } from "../../clients/json.ts";
import { ENTER_MARK, soundsSecret } from "../../clients/secrets.ts";
import { withAddresses } from "../address.ts";
import { holdsSecretField, isPlaceholder } from "../mask.ts";
import { BadInput } from "../operation.ts";
import { isSecretField } from "./settings.ts";

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

type SettingsInput = z.output<z.ZodObject<typeof settingsInput>>;

/** Settings as far as someone asked for them; null takes a setting away. */
export type AskedSettings = Pick<Settings, "config"> & Partial<Settings> & { readonly type?: string };

/** Reads the document, then the options, which win. Throws `BadInput`. */
export function askedFor(input: SettingsInput): AskedSettings {
  refusePlaceholders(input);
  const document = readDocument(input.document ?? {});
  const types = input.resource_types === undefined ? undefined : commaSeparated(input.resource_types);
  const options = Object.entries(input.config ?? {}).map(([name, value]) => [name, orNull(value)]);
  const asked = {
    ...document,
    ...given({
      name: input.name,
      connectorId: orNull(input.connector),
      resourceTypes: types?.length === 0 ? null : types,
      accessDetails: orNull(input.access_details),
      secretStore: askedStore(input.secret ?? {}, document.secretStore),
    }),
    config: withAddresses(
      { ...document.config, ...Object.fromEntries(options) },
      (parameter) => ({ name: `config.${parameter}` }),
    ),
  };
  checkAsked(asked);
  return asked;
}

/** Without the fields of which nothing was said. */
function given(
  fields: { readonly [K in keyof AskedSettings]?: AskedSettings[K] | undefined },
): Partial<AskedSettings> {
  const all: object = fields;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** An option without a value takes the setting away. */
function orNull(value: string | undefined): string | null | undefined {
  return value === "" ? null : value;
}

export function commaSeparated(list: string): readonly string[] {
  return list.split(",").map((word) => word.trim()).filter((word) => word !== "");
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

const LONGEST_DETAILS = 400;

function checkAsked({ name, accessDetails, config }: AskedSettings): void {
  if (name !== undefined && name.trim() === "") throw new BadInput("An integration needs a name: add name=…");
  if ((accessDetails?.length ?? 0) > LONGEST_DETAILS) {
    throw new BadInput(
      `access_details may have ${LONGEST_DETAILS} characters; these are ${accessDetails?.length}. Shorten the text.`,
    );
  }
  // In the middle of JSON text no secret can be asked for.
  const holding = Object.keys(config).find((parameter) => {
    const value = config[parameter];
    return typeof value === "string" && !soundsSecret(parameter) && holdsSecretField(parameter, value);
  });
  if (holding === undefined) return;
  throw new BadInput(
    `config.${holding} holds a secret and was not used. Put the secret into a secret store, ` +
      "secret.<store>.<field>=…, and change it at its source.",
  );
}

/** What is asked for on top of what is there. */
export function settled(asked: AskedSettings, present: Settings): Settings {
  const config = Object.entries({ ...present.config, ...asked.config }).filter(([, value]) => value !== null);
  return { ...present, ...asked, config: Object.fromEntries(config) };
}

const text = z.string().min(1);

/** A document may be pasted from what the vendor shows, which has an id and a name instead of a reference. */
const source = { ...shownSource, source_integration_reference: z.string().nullish() };

const documentSchema = z.strictObject({
  name: text.optional(),
  type: text.optional(),
  connector_id: z.string().nullish(),
  integration_config: z.record(z.string(), z.json().transform(asText)).optional(),
  secret_store_config: z.record(z.string(), z.record(z.string(), z.json()).nullable()).nullish(),
  connected_resource_types: z.array(text).nullish(),
  custom_access_details: z.string().nullish(),
  owner: z.strictObject({
    attribute_type: text,
    attribute_value: z.union([z.array(text), text.transform((one) => [one])]),
    ...source,
  }).transform(ownerOf).nullish(),
  owners_mapping: z.strictObject({ key_name: text, attribute_type: text, ...source }).transform(mappingOf)
    .nullish(),
});

/** The names that the same fields have in a v2 request. */
const V2_NAMES: Readonly<Record<string, string>> = {
  provisioner_id: "connector_id",
  metadata: "integration_config",
};

const v2Secret = z.looseObject({ type: text });

function readDocument(document: Readonly<Record<string, z.core.util.JSONType>>): AskedSettings {
  const parsed = documentSchema.safeParse(inV4Words(document));
  if (!parsed.success) throw badDocument(parsed.error);
  const body = parsed.data;
  return {
    ...given({
      type: body.type,
      name: body.name,
      connectorId: body.connector_id,
      resourceTypes: body.connected_resource_types,
      accessDetails: body.custom_access_details,
      owner: body.owner,
      ownersMapping: body.owners_mapping,
      secretStore: body.secret_store_config && storeOf(body.secret_store_config),
    }),
    config: body.integration_config ?? {},
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

function storeOf(stores: Readonly<Record<string, JsonObject | null>>): SecretStore {
  const used = Object.entries(stores).filter(([, fields]) => fields !== null);
  const [only, ...others] = used;
  if (!only || others.length > 0) {
    throw new BadInput("secret_store_config takes exactly one kind of store, e.g. aws.");
  }
  const [kind, given] = only;
  const fields = kind === OWN_KIND ? given?.parameters : given;
  const strings = z.record(z.string(), z.string()).safeParse(fields);
  if (!strings.success) throw new BadInput(`Every field of secret_store_config.${kind} must be text.`);
  if (kind === OWN_KIND) refuseTyped(strings.data, "secret_store_config.apono.parameters.");
  return { kind, fields: strings.data };
}

/** Apono's own software sends parameters as text and reads nothing else back. */
function asText(value: Json): Json {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}

/**
 * The store that `secret.<store>.<field>=…` and the document ask for together, or undefined when neither says
 * anything. Throws `BadInput` for two stores, for unknown ones, and for a secret that was typed.
 */
function askedStore(
  options: Readonly<Record<string, string>>,
  document: SecretStore | null | undefined,
): SecretStore | null | undefined {
  const typed = Object.entries(options).map(([name, value]) => ({ ...fieldNamed(name), value }));
  const kinds = new Set(typed.map(({ kind }) => kind));
  if (document) kinds.add(document.kind);
  const [kind, ...others] = kinds;
  if (kind === undefined) return document;
  if (others.length > 0) {
    throw new BadInput(
      `A secret is in exactly one store; these are ${kinds.size}: ${[...kinds].join(", ")}.`,
    );
  }
  const known = [...Object.keys(REFERENCE_KINDS), OWN_KIND];
  if (!known.includes(kind)) {
    throw new BadInput(`Apono knows no secret store ${kind}, only ${known.join(", ")}.`);
  }
  const fields = Object.fromEntries(typed.map(({ field, value }) => [field, value]));
  if (kind === OWN_KIND) refuseTyped(fields, "secret.apono.");
  return { kind, fields: { ...document?.fields, ...fields } };
}

/** Fills in what is not asked for from a store of the same kind, and says what is missing then. */
export function completed(asked: SecretStore, present: SecretStore | null): SecretStore {
  if (asked.kind === OWN_KIND) return completedOwn(asked, present);
  const needed = REFERENCE_KINDS[asked.kind] ?? [];
  const fields = { ...(present?.kind === asked.kind ? present.fields : {}), ...asked.fields };
  const unknown = Object.keys(fields).find((name) => !needed.includes(name));
  if (unknown) {
    throw new BadInput(`The store ${asked.kind} has no ${unknown}, only ${needed.join(" and ")}.`);
  }
  const marked = needed.find((name) => fields[name] === ENTER_MARK);
  if (marked) {
    throw new BadInput(`${marked} only says where the secret is: type it, secret.${asked.kind}.${marked}=…`);
  }
  const missing = needed.find((name) => !fields[name]);
  if (missing) {
    throw new BadInput(
      `The store ${asked.kind} also needs ${missing}: add secret.${asked.kind}.${missing}=…`,
    );
  }
  return { kind: asked.kind, fields };
}

/** Refuses what is not the mark for "entered on the secret page", without repeating it. */
function refuseTyped(fields: Readonly<Record<string, string>>, prefix: string): void {
  const typed = Object.keys(fields).find((name) => fields[name] !== ENTER_MARK);
  if (typed === undefined) return;
  const field = prefix + typed;
  throw new BadInput(
    `${field} is a secret and was not used. Write ${field}=? and enter it on the page you get a link to. ` +
      "What was typed here should be changed at its source.",
  );
}

function completedOwn(asked: SecretStore, present: SecretStore | null): SecretStore {
  const names = present?.kind === OWN_KIND ? Object.keys(present.fields) : [];
  const missing = names.find((name) => !(name in asked.fields));
  if (missing) {
    throw new BadInput(`Apono would lose ${missing}: enter it as well, with secret.apono.${missing}=?`);
  }
  return asked;
}

function fieldNamed(option: string): { kind: string; field: string } {
  const [kind = "", ...rest] = option.split(".");
  const field = rest.join(".");
  if (field === "") {
    throw new BadInput(
      `secret.${option} names no field. Write secret.<store>.<field>, e.g. secret.aws.region=eu-west-1.`,
    );
  }
  const known = kind.toLowerCase();
  return { kind: known, field: known === OWN_KIND ? field : field.toLowerCase() };
}
