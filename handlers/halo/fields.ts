import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { type FieldKind, type Product, spelled, spellingsOf } from "../../clients/halo/product.ts";
import { type HaloIntegration, secretLooking } from "../../clients/halo/record.ts";
import { isJsonObject, type Json, type JsonObject } from "../../clients/json.ts";
import { ENTER_MARK, HIDDEN_MARK } from "../../clients/secrets.ts";
import { BadInput, type Card, type NamesOfKind } from "../operation.ts";
import { checked, isInt32 } from "./value.ts";

/** The two ways in which fields are given: `name=value` words, and the vendor's own request body. */
export const fieldInputs = {
  fields: z.record(z.string(), z.string()).default({}).meta({ open: "", placeholder: "field" }),
  document: z.union([z.record(z.string(), z.json()), z.array(z.json())]).optional().meta({ document: true }),
};

export interface FieldInput {
  readonly fields: Readonly<Record<string, string>>;
  readonly document?: JsonObject | readonly Json[] | undefined;
}

/** What is to be sent: values of the right type, and the names whose values come from the secret page. */
export type Wanted = { readonly fields: JsonObject; readonly secrets: readonly string[] };

/** Whether a field, by name or by its path in a document, is only ever given on the secret page. */
export function isSecret(product: Product, field: string): boolean {
  const name = field.toLowerCase().split(".").filter((step) => !/^\d*$/.test(step)).at(-1) ?? "";
  const kind = product.fields.get(name);
  return kind === "secret" || (kind === undefined && secretLooking(name));
}

/**
 * Checks names and values against the product's row. Throws `BadInput`, which never repeats a value: it may be
 * a secret in the wrong place. Fields get the names that HaloPSA returned in `record`. A document may hold all of
 * the record: what HaloPSA sets itself is left out as long as it is as in there.
 */
export function wantedFields(product: Product, input: FieldInput, record: JsonObject): Wanted {
  const { id: _, ...given } = { ...documentIn(input.document), ...input.fields };
  const fields: Record<string, Json> = {};
  const secrets: string[] = [];
  const readOnly: string[] = [];
  for (const [typed, value] of Object.entries(given)) {
    const kind = kindOf(product, typed.toLowerCase());
    const name = spelled(product, typed.toLowerCase(), record);
    if (kind === "secret") secrets.push(askedSecret(name, value));
    else if (kind !== "shown") fields[name] = checked(product, name, value, record[name]);
    else if (!covers(record[name] ?? null, value)) readOnly.push(name);
  }
  refuseReadOnly(readOnly);
  return { fields, secrets: secrets.toSorted() };
}

/** A document that says the same: what a plan is made from once more. */
export function asDocument({ fields, secrets }: Wanted): JsonObject {
  return { ...fields, ...Object.fromEntries(secrets.map((name) => [name, ENTER_MARK])) };
}

/** The id in a document, if it has one. */
export function idOf({ document }: FieldInput): number | undefined {
  const { id } = documentIn(document);
  return id === undefined ? undefined : checkedId(id);
}

/** The request body: plain values and the secrets by the names they were asked for under. */
export function bodyOf(
  product: Product,
  wanted: Wanted,
  entered: Readonly<Record<string, string>>,
): JsonObject {
  const values = new Map(
    Object.entries(entered).map(([path, value]) => [path.toLowerCase().replace(/^\d+\./, ""), value]),
  );
  const secrets = wanted.secrets.map((name): [string, string] => {
    const typed = spellingsOf(product, name).find((spelling) => values.has(spelling));
    const value = typed && values.get(typed);
    if (value) return [name, value];
    throw new BadInput(`${name} was not entered. Ask again, and enter it on the secret page.`);
  });
  const plain = Object.entries(wanted.fields).map((
    [name, value],
  ) => [name, withEntered(value, name, values)]);
  return Object.fromEntries([...plain, ...secrets]);
}

/**
 * Whether what HaloPSA returns has everything that was sent: it adds ids and names to the rows of a list, and
 * takes null and an empty text for the same. A nested secret ("?") cannot be compared.
 */
export function covers(actual: Json | undefined, sent: Json): boolean {
  if (sent === ENTER_MARK) return true;
  if (sent === null || sent === "") return actual === null || actual === "";
  if (Array.isArray(sent)) {
    return Array.isArray(actual) && actual.length === sent.length &&
      sent.every((item, at) => covers(actual[at], item));
  }
  if (!isJsonObject(sent)) return actual === sent;
  return isJsonObject(actual) && Object.entries(sent).every(([name, inner]) => covers(actual[name], inner));
}

/** Whether a list holds a secret that is to be entered. */
export function asksSecret(value: Json): boolean {
  return value === ENTER_MARK ||
    (typeof value === "object" && value !== null && Object.values(value).some(asksSecret));
}

/** Which sent fields came back as sent, which otherwise, and which did not come back or are hidden from us. */
export function compare(record: HaloIntegration, sent: JsonObject): {
  readonly taken: readonly string[];
  readonly differing: readonly string[];
  readonly unread: readonly string[];
} {
  const names = Object.keys(sent);
  const read = names.filter((name) => name in record && record[name] !== HIDDEN_MARK);
  const taken = read.filter((name) => covers(record[name], sent[name] ?? null));
  return {
    taken,
    differing: read.filter((name) => !taken.includes(name)),
    unread: names.filter((name) => !read.includes(name)),
  };
}

/** Secrets on a card: only that there will be a new one. */
export function secretRows(secrets: readonly string[]): Card["rows"] {
  return secrets.map((label) => ({ label, now: "cannot be read", after: "a new value, entered privately" }));
}

/** A field and a value for the help text. */
export function exampleField(product: Product): string {
  return product.fields.has("name") ? 'name="Head office"' : "url=https://example.com";
}

const KINDS: readonly (readonly [kind: FieldKind, words: string])[] = [
  ["address", "Address"],
  ["text", "Text"],
  ["integer", "Whole number"],
  ["flag", "true or false"],
  ["time", "Time"],
  ["any", "As HaloPSA shows it"],
  ["rows", "List, in a document"],
  ["secret", "Secret, =?"],
];

/** The fields that people may set, by what they take. */
export function namesOf(product: Product): readonly NamesOfKind[] {
  return KINDS.map(([kind, words]): NamesOfKind => [
    words,
    [...product.fields].filter(([, of]) => of === kind).map(([name]) => name),
  ]).filter(([, names]) => names.length > 0);
}

/** Fields that people may set. */
function writableFields(product: Product): readonly string[] {
  return [...product.fields].filter(([, kind]) => kind !== "shown").map(([name]) => name);
}

function documentIn(document: FieldInput["document"]): JsonObject {
  if (document === undefined) return {};
  const [only, ...others] = Array.isArray(document) ? document : [document];
  if (others.length > 0) throw new BadInput("The document holds several integrations. Send them one by one.");
  if (!isJsonObject(only)) throw new BadInput('The document must be one JSON object, such as {"name": "…"}.');
  return only;
}

function checkedId(id: Json): number {
  if (isInt32(id) && id > 0) return id;
  throw new BadInput("The id in the document must be a whole number above zero.");
}

function kindOf(product: Product, name: string): FieldKind {
  const kind = product.fields.get(name);
  if (kind) return kind;
  const near = nearest(name, writableFields(product));
  const hint = near ? `Did you mean ${near}?` : `It takes ${writableFields(product).join(", ")}.`;
  throw new BadInput(`${product.label} has no field "${name.slice(0, 60)}". ${hint}`);
}

function refuseReadOnly(names: readonly string[]): void {
  if (names.length === 0) return;
  const are = names.length === 1 ? "is" : "are";
  throw new BadInput(`${names.join(", ")} ${are} set by HaloPSA itself and cannot be changed here.`);
}

function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.includes(`new_${name}`)) return `new_${name}`;
  const near = closest(name, known);
  return distance(name, near) <= Math.floor(Math.max(name.length, 4) / 2) ? near : undefined;
}

function askedSecret(name: string, value: Json): string {
  if (value === ENTER_MARK) return name;
  throw new BadInput(
    `${name} is secret. Type ${name}=? and enter it on the page you get; change what you typed here.`,
  );
}

function withEntered(value: Json, at: string, entered: ReadonlyMap<string, string>): Json {
  if (value === ENTER_MARK) return entered.get(at) ?? value;
  if (Array.isArray(value)) return value.map((item, index) => withEntered(item, `${at}.${index}`, entered));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withEntered(inner, `${at}.${name}`, entered)]),
  );
}
