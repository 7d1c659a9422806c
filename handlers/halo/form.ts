import type { HaloClient } from "../../clients/halo.ts";
import {
  type FieldKind,
  integrationName,
  longest,
  type Product,
  spelled,
} from "../../clients/halo/product.ts";
import type { HaloIntegration } from "../../clients/halo/record.ts";
import { isJsonObject, type Json, type JsonObject } from "../../clients/json.ts";
import { type FieldFacts, type FieldGroup, type FormFacts, labelFor } from "../form.ts";
import { presentFacts } from "../mask.ts";
import type { Context } from "../operation.ts";
import { findItem, itemField } from "../resource.ts";
import { integrationsOf, ofModule } from "./integration.ts";

/** `/create <product>`: every field that HaloPSA takes of it. */
export async function newForm(
  product: Product,
  { client, call }: Context<HaloClient>,
  known: JsonObject,
): Promise<FormFacts> {
  const { items: [like] } = await ofModule(product, client.list(product, call));
  return {
    about: `Add one ${product.label} integration`,
    settled: {},
    fields: fieldsIn(product, { like: like ?? {}, now: undefined, typed: typedIn(known) }),
  };
}

/** `/update <product>`: the same with what is there now. */
export async function recordForm(
  product: Product,
  context: Context<HaloClient>,
  known: JsonObject,
): Promise<FormFacts> {
  const resource = integrationsOf(product);
  if (typeof known.id !== "string") {
    const first = await itemField(resource, context);
    return { about: `Change one ${product.label} integration`, settled: {}, first, fields: [] };
  }
  const now = await findItem(resource, context, known.id);
  return {
    about: `Change the ${product.label} integration ${integrationName(now)}`,
    settled: { id: String(now.id) },
    fields: fieldsIn(product, { like: now, now, typed: typedIn(known) }),
    ...(tooLong(now) &&
      { note: `Lists of more than ${MOST_ROWS} rows are changed with a JSON document instead.` }),
  };
}

interface Subject {
  /** Has the names that HaloPSA uses. */
  readonly like: JsonObject;
  /** Undefined for one that is created. */
  readonly now: HaloIntegration | undefined;
  readonly typed: JsonObject;
}

/** More are not edited on a phone. */
const MOST_ROWS = 40;

function tooLong(record: HaloIntegration): boolean {
  return Object.values(record).some((value) => Array.isArray(value) && value.length > MOST_ROWS);
}

/** `name=value` as it was typed. */
function typedIn({ fields }: JsonObject): JsonObject {
  return isJsonObject(fields) ? fields : {};
}

function fieldsIn(product: Product, subject: Subject): readonly FieldFacts[] {
  const kinds = new Map<string, FieldKind>();
  for (const [name, kind] of product.fields) {
    const spelling = spelled(product, name, subject.like);
    if (kind !== "shown" && !kinds.has(spelling)) kinds.set(spelling, kind);
  }
  return [...kinds].toSorted(([, one], [, other]) => placeOf(one) - placeOf(other))
    .flatMap(([name, kind]) => fieldFor(product, name, kind, subject));
}

/** What says which one it is comes first, lists come last. */
const ORDER: readonly FieldKind[] = ["text", "address", "secret", "any", "time", "flag", "integer", "rows"];

function placeOf(kind: FieldKind): number {
  // Addresses stand among the texts, as in the product's row.
  return kind === "address" ? 0 : ORDER.indexOf(kind);
}

const LISTS: FieldGroup = { legend: "Lists", folded: true };
const NUMBERS: FieldGroup = {
  legend: "Defaults and types",
  help: "Ids, as HaloPSA has them.",
  folded: true,
};

function fieldFor(
  product: Product,
  name: string,
  kind: FieldKind,
  { like, now, typed }: Subject,
): readonly FieldFacts[] {
  const value = now?.[name];
  const path = ["document", name];
  const most = longest(product, name);
  const base: FieldFacts = {
    path,
    label: labelFor(name.replace(/^new_/, "new ")),
    ...(typeof typed[name] === "string" && kind !== "secret" && { typed: typed[name] }),
    ...(Number.isFinite(most) && { longest: most }),
  };
  switch (kind) {
    case "secret":
      return [{
        ...base,
        kind: "secret",
        ...(now && { help: "What is stored cannot be read. Empty: it stays." }),
      }];
    case "rows":
      return rowsField({ ...base, group: LISTS }, name, value);
    case "flag":
      return [{ ...base, kind: "flag", ...presentFacts(name, value) }];
    case "integer":
      return [{
        ...base,
        kind: "number",
        cleared: null,
        group: NUMBERS,
        ...presentFacts(name, value),
        ...calledNow(name, like, now),
      }];
    case "time":
      return [{
        ...base,
        kind: "text",
        help: "In UTC, such as 2026-01-31T09:00:00.",
        cleared: null,
        ...presentFacts(name, value),
      }];
    default:
      return [{ ...base, kind: "text", cleared: "", ...presentFacts(name, value) }];
  }
}

/** What HaloPSA calls the thing that an id stands for. */
function calledNow(
  name: string,
  like: JsonObject,
  now: HaloIntegration | undefined,
): Pick<FieldFacts, "help"> {
  const words = now && (like[`${name}_name`] ?? like[`${name}name`]);
  return typeof words === "string" && words !== "" ? { help: `Now ${words}.` } : {};
}

function rowsField(base: FieldFacts, name: string, value: Json | undefined): readonly FieldFacts[] {
  const rows = Array.isArray(value) ? value as readonly Json[] : [];
  if (rows.length > MOST_ROWS) return [];
  const columns = COLUMNS.find(([names]) => names.test(name))?.[1];
  const present = Array.isArray(value) ? { present: value as Json } : {};
  if (!columns || !rows.every(isJsonObject)) {
    return [{ ...base, kind: "list", help: "A JSON list, in brackets.", ...present }];
  }
  return [{ ...base, kind: "rows", columns, help: "A row that is emptied goes.", ...present }];
}

function column(name: string, label: string, kind: FieldFacts["kind"] = "text"): FieldFacts {
  return { path: [name], label, kind };
}

/** What the rows of a list are about, by the name of the list; of all that HaloPSA keeps of a row what people set. */
const COLUMNS: readonly (readonly [RegExp, readonly FieldFacts[]])[] = [
  [/field_?mappings$/, [
    column("fiid", "HaloPSA's field (id)", "number"),
    column("thirdpartyname", "Third party's field"),
    column("xmvalue", "Fixed value"),
    column("newrecords", "Only for new records", "flag"),
    column("dontupdate", "Never update", "flag"),
  ]],
  [/^(sitemappings|site_rules)$/, [
    column("halo_id", "HaloPSA's site (id)", "number"),
    column("third_party_id", "Third party's id"),
    column("third_party_name", "Third party's name"),
  ]],
  [/_links$|mappings$/, [
    column("halo_id", "HaloPSA's id", "number"),
    column("third_party_id", "Third party's id"),
    column("third_party_desc", "Third party's name"),
  ]],
  [/^mappings_xtype$/, [
    column("typeid", "HaloPSA's type (id)", "number"),
    column("thirdpartyname", "Third party's type"),
    column("value", "Value"),
  ]],
  [/types(_list)?$|entities_list$/, [column("value", "Value"), column("label", "Name")]],
];
