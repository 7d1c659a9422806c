import type { AponoClient, AponoConnector, CatalogParameter, CatalogType } from "../../clients/apono.ts";
import { OWN_KIND, REFERENCE_KINDS } from "../../clients/apono/integration.ts";
import { isJsonObject, type Json, type JsonObject } from "../../clients/json.ts";
import { soundsSecret } from "../../clients/secrets.ts";
import { type FieldFacts, type FieldGroup, type FormFacts, labelFor, textIn } from "../form.ts";
import { NOT_SHOWN, presentFacts } from "../mask.ts";
import type { Context } from "../operation.ts";
import { ifFound } from "../resolve.ts";
import { findItem, itemField } from "../resource.ts";
import { catalogEntry } from "./catalog.ts";
import { integrations, orFailure } from "./integrations.ts";
import { type Image, imageOf } from "./settings.ts";

/** `/create apono`: the type first, for it decides what else there is. */
export async function creationForm(context: Context<AponoClient>, known: JsonObject): Promise<FormFacts> {
  const about = "Create an Apono integration";
  if (typeof known.type !== "string") {
    return { about, settled: {}, first: await typeField(context), fields: [] };
  }
  const entry = await catalogEntry(context, known.type);
  const connectors = await connectorsOf(context);
  return {
    about: `${about} for ${entry.name}`,
    settled: { type: entry.type },
    fields: settingsFields({ entry, connectors, present: null, known, api: context.client.api }),
    note: NOTE,
  };
}

/** `/update apono`: what one integration has, and what its type could have besides. */
export async function updateForm(context: Context<AponoClient>, known: JsonObject): Promise<FormFacts> {
  if (typeof known.id !== "string") {
    const first = await itemField(integrations, context);
    return { about: "Change an Apono integration", settled: {}, first, fields: [] };
  }
  const present = imageOf(await findItem(integrations, context, known.id));
  const entry = await ifFound(context.client.catalogType(present.type, context.call));
  const connectors = await connectorsOf(context);
  return {
    about: `Change the Apono integration ${present.name}`,
    settled: { id: present.id },
    fields: settingsFields({ entry, connectors, present, known, api: context.client.api }),
    note: NOTE,
  };
}

const NOTE = "An owner, or owners by tag, are set with a JSON document instead.";

async function typeField({ client, call }: Context<AponoClient>): Promise<FieldFacts> {
  const { items } = await client.catalog(call);
  return {
    path: ["type"],
    label: "Type of integration",
    kind: "choice",
    required: true,
    choices: items.toSorted((one, other) => one.name.localeCompare(other.name, "en"))
      .map(({ type, name }) => ({ value: type, label: `${name} (${type})` })),
  };
}

/** Without the right to see them an id can still be typed. */
async function connectorsOf({ client, call }: Context<AponoClient>): Promise<readonly AponoConnector[]> {
  const found = await orFailure(client.connectors(call));
  return "items" in found ? found.items : [];
}

interface Subject {
  /** Absent where the catalog no longer lists the type. */
  readonly entry: CatalogType | undefined;
  readonly connectors: readonly AponoConnector[];
  /** Null for one that is created. */
  readonly present: Image | null;
  readonly known: JsonObject;
  readonly api: AponoClient["api"];
}

function settingsFields(subject: Subject): readonly FieldFacts[] {
  const { entry, present, known } = subject;
  const listed = entry?.params ?? [];
  const others = Object.keys({ ...present?.config, ...asObject(known.config) })
    .filter((name) => !listed.some(({ id }) => id === name));
  return [
    { path: ["name"], label: "Name", required: !present, ...presentFacts("name", present?.name) },
    connectorField(subject),
    ...listed.map((parameter) => parameterField(parameter, present)),
    ...others.map((name) => parameterField({ ...UNLISTED, id: name }, present)),
    ...storeFields(subject),
    {
      path: ["resource_types"],
      label: "Resource types",
      help: "Apono's own words, with commas between them. Empty: all.",
      present: present?.resourceTypes?.join(",") ?? null,
      cleared: "",
    },
    {
      path: ["access_details"],
      label: "Access details",
      kind: "lines",
      help: "Shown to the people who get access.",
      longest: 400,
      present: present?.accessDetails ?? null,
      cleared: "",
    },
  ];
}

const UNLISTED: CatalogParameter = { id: "", label: "", values: [], default: null, optional: true };

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function connectorField({ connectors, present }: Subject): FieldFacts {
  const choices = connectors.map(({ id, name, status }) => ({
    value: id,
    label: [...new Set([name, id, status.toLowerCase() || "no status"])].join(" · "),
  }));
  return {
    path: ["connector"],
    label: "Connector",
    help: "What Apono reaches it through.",
    present: present?.connectorId ?? null,
    cleared: "",
    ...(choices.length > 0 && { kind: "choice", choices }),
  };
}

function parameterField(
  { id, label, values, default: preset, optional }: CatalogParameter,
  present: Image | null,
): FieldFacts {
  const value = present?.config[id];
  const isSecret = soundsSecret(id) || value === NOT_SHOWN;
  return {
    path: ["config", id],
    label: label || labelFor(id),
    required: !present && !optional && preset === null,
    ...(values.length > 0 && { choices: values.map((value) => ({ value, label: value })) }),
    ...(isSecret
      ? { kind: "secret" }
      : { ...presentFacts(id, value === undefined ? null : textIn(value)), cleared: "" }),
    ...(isSecret && present && value !== undefined && { help: "It is set. Leave this empty to keep it." }),
    ...(!present && preset !== null && { preset }),
  };
}

const STORES: Readonly<Record<string, string>> = {
  aws: "AWS Secrets Manager",
  gcp: "Google Secret Manager",
  azure: "Azure Key Vault",
  kubernetes: "Kubernetes",
  hashicorp_vault: "HashiCorp Vault",
  [OWN_KIND]: "Kept by Apono itself",
};

/** One store holds the secret: references to it are typed, what Apono keeps itself is entered. */
function storeFields({ entry, present, api }: Subject): readonly FieldFacts[] {
  const store = present?.secretStore;
  const kinds = new Set([
    ...(store ? [store.kind] : []),
    ...entry?.secretKinds ?? [],
    ...(api === "v4" && (entry?.requiresSecret || entry?.secretKinds.length) ? [OWN_KIND] : []),
  ]);
  return [...kinds].flatMap((kind): readonly FieldFacts[] => {
    const isLost = store?.kind === OWN_KIND;
    const group: FieldGroup = {
      legend: STORES[kind] ?? kind,
      oneOf: "Where its secret is",
      folded: store ? kind !== store.kind : kinds.size > 2,
      ...(isLost && { help: "Apono does not show it and would lose it with this change: enter it again." }),
      ...((isLost || (!present && entry?.requiresSecret)) && { needed: true }),
    };
    if (kind === OWN_KIND) {
      const keys = store?.kind === OWN_KIND ? Object.keys(store.fields) : [];
      return [{
        path: ["secret"],
        label: "Secret",
        kind: "pairs",
        pairs: {
          key: "Name",
          value: "Secret value",
          prefix: `${OWN_KIND}.`,
          secret: true,
          keys: keys.length > 0 ? keys : ["username", "password"],
        },
        group,
      }];
    }
    const fields = store?.kind === kind ? store.fields : {};
    return (REFERENCE_KINDS[kind] ?? []).map((name) => ({
      path: ["secret", `${kind}.${name}`],
      label: labelFor(name),
      required: true,
      present: fields[name] ?? null,
      group,
    }));
  });
}
