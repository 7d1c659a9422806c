import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";
import { type FieldKind, longest, type Product, spelled, spellingsOf } from "../../clients/halo/product.ts";
import { type HaloIntegration, haloTime, secretLooking } from "../../clients/halo/record.ts";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  leavesOf,
  mapLeaves,
  numeric,
} from "../../clients/json.ts";
import { ENTER_MARK, HIDDEN_MARK } from "../../clients/secrets.ts";
import { addressWarnings, isAddress, isSameAddress, withAddresses } from "../address.ts";
import { faultIn } from "../json_fault.ts";
import { shownAddress } from "../mask.ts";
import { BadInput, type Card, type ChangeOperation, type NamesOfKind } from "../operation.ts";
import type { Line } from "../reply.ts";
import { valueLine } from "./sync.ts";

/** The two ways in which fields are given: `name=value` words, and the vendor's own request body. */
export const fieldInputs = {
  fields: z.record(z.string(), z.string()).default({}).meta({ open: "", placeholder: "field" }),
  document: z.union([z.record(z.string(), z.json()), z.array(z.json())]).optional().meta({ document: true }),
};

export type FieldInput = Readonly<z.output<z.ZodObject<typeof fieldInputs>>>;

/** What the commands that set fields have in common. */
export function fieldCommand(
  product: Product,
): Pick<ChangeOperation, "target" | "risk" | "names" | "secret"> {
  return {
    target: product.target,
    risk: "write",
    names: namesOf(product),
    secret: (field) => isSecret(product, field),
  };
}

/** What is to be sent: values of the right type, and the names whose values come from the secret page. */
export type Wanted = { readonly fields: JsonObject; readonly secrets: readonly string[] };

/** Whether a field, by name or by its path in a document, is only ever given on the secret page. */
function isSecret(product: Product, field: string): boolean {
  const name = field.toLowerCase().split(".").filter((step) => !/^\d*$/.test(step)).at(-1) ?? "";
  const kind = product.fields.get(name);
  return kind === "secret" || (kind === undefined && secretLooking(name));
}

/** The integration that fields are for: `now` is what HaloPSA returned of it, `like` has the names that it uses. */
interface Subject {
  readonly like: JsonObject;
  readonly now: JsonObject;
}

/**
 * Checks names and values against the product's row. Throws `BadInput`, which never repeats a value: it may be
 * a secret in the wrong place. Fields get the names that HaloPSA uses. A document may hold all of HaloPSA's record:
 * what is in it as it is now, what moves by itself, and secrets without a value are left out, also of fields that
 * nobody here knows.
 */
export function wantedFields(product: Product, input: FieldInput, subject: Subject): Wanted {
  const { id: _, ...document } = documentIn(input.document);
  const news = Object.entries(document).filter(([name, value]) => !isLeftOut(product, name, value, subject));
  const given = { ...Object.fromEntries(news), ...input.fields };
  const fields: Record<string, Json> = {};
  const secrets: string[] = [];
  const readOnly: string[] = [];
  for (const [typed, value] of Object.entries(given)) {
    const kind = kindOf(product, typed, subject);
    const name = spelled(product, typed.toLowerCase(), subject.like);
    if (kind === "secret") secrets.push(askedSecret(name, value));
    else if (kind === "shown") readOnly.push(name);
    else fields[name] = checked(product, name, value, subject.like[name]);
  }
  refuseReadOnly(readOnly);
  return { fields, secrets: secrets.toSorted() };
}

/** Whether a document says with it no more than what is so already. */
function isLeftOut(product: Product, typed: string, value: Json, { now }: Subject): boolean {
  const name = typed in now ? typed : typed.toLowerCase();
  if (name in now && !asksSecret(value) && covers(now[name], value)) return true;
  const { lastSync, lastError } = product.sync;
  if ([...lastSync, ...lastError, "_warning", "exports"].includes(name)) return Object.keys(now).length > 0;
  const kind = product.fields.get(name);
  return (kind === "secret" || kind === "shown") && (value === null || value === "");
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
  const fields = mapLeaves(
    wanted.fields,
    (leaf, path) => leaf === ENTER_MARK ? values.get(path) ?? leaf : leaf,
  );
  return { ...fields, ...Object.fromEntries(secrets) };
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
  if (!isJsonObject(sent)) return isSameAddress(actual, sent);
  return isJsonObject(actual) && Object.entries(sent).every(([name, inner]) => covers(actual[name], inner));
}

/** Whether a list holds a secret that is to be entered. */
export function asksSecret(value: Json): boolean {
  return leavesOf(value).some((leaf) => leaf.value === ENTER_MARK);
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

/** The fields that are sent, as they may be shown; "?" stands for a secret. */
export function shownFields(wanted: Wanted): JsonObject {
  return mapLeaves(
    asDocument(wanted),
    (leaf) => typeof leaf === "string" && isAddress(leaf) ? shownAddress(leaf) : leaf,
  );
}

/** Of the addresses among what is to be sent. */
export function warningsOf({ fields }: Wanted, now: JsonObject): readonly Line[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (typeof value !== "string" || !isAddress(value)) return [];
    const before = now[name];
    return addressWarnings(name, typeof before === "string" ? before : null, value);
  });
}

/** What is to be sent, on a card; of secrets only that there will be new ones. */
export function fieldRows(wanted: Wanted, now: (label: string) => Line): Card["rows"] {
  return [
    ...Object.entries(wanted.fields).map(([label, value]) => ({
      label,
      now: now(label),
      after: valueLine(value),
    })),
    ...wanted.secrets.map((label) => ({ label, now: now(label), after: "a new value, entered privately" })),
  ];
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
function namesOf(product: Product): readonly NamesOfKind[] {
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

function checkedId(typed: Json): number {
  const { data: id = null } = numeric.safeParse(typed);
  if (isInt32(id) && id > 0) return id;
  throw new BadInput("The id in the document must be a whole number above zero.");
}

function kindOf(product: Product, typed: string, { now }: Subject): FieldKind {
  const name = typed.toLowerCase();
  const kind = product.fields.get(name);
  if (kind) return kind;
  if (typed in now) {
    throw new BadInput(
      `${typed.slice(0, 60)} cannot be changed here. Leave it as HaloPSA shows it, or leave it out.`,
    );
  }
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

/**
 * The value as it is sent. `current` is what HaloPSA returned for the field. Throws `BadInput`, which never
 * repeats the value.
 */
function checked(product: Product, name: string, value: Json, current: Json | undefined): Json {
  const kind = product.fields.get(name) ?? "any";
  if (value === null) return null;
  if (value === ENTER_MARK) throw new BadInput(`${name} is not secret: type its value, as in ${name}=…`);
  refuseNestedSecrets(name, value);
  if (JSON.stringify(value).includes(HIDDEN_MARK)) {
    throw new BadInput(`${name} holds ${HIDDEN_MARK}, which only stands for a hidden value. Leave it out.`);
  }
  if (value === current) return value;
  const fit = FITS[kind]?.(value, current);
  if (fit === undefined) throw new BadInput(`${name} takes ${EXPECTED[kind]}.`);
  const sent = withAddresses(fit, () => ({ name }));
  if (typeof sent === "string") refuseLong(product, name, sent);
  return sent;
}

/** Why a value that HaloPSA returned could not be sent back. */
export function objectionTo(product: Product, name: string, value: Json): string | undefined {
  try {
    checked(product, name, value, undefined);
    return undefined;
  } catch (error) {
    if (error instanceof BadInput) return error.message.replace(/\.$/, "");
    throw error;
  }
}

function refuseLong(product: Product, name: string, text: string): void {
  const most = longest(product, name);
  const { length } = text;
  if (length > most) throw new BadInput(`${name} takes ${most} characters at most; this has ${length}.`);
}

/** A secret within a list is asked for like any other: "?" in its place. */
function refuseNestedSecrets(name: string, value: Json): void {
  if (Array.isArray(value)) return value.forEach((item) => refuseNestedSecrets(name, item));
  if (!isJsonObject(value)) return;
  for (const [inner, content] of Object.entries(value)) {
    if (secretLooking(inner) && typeof content === "string" && content !== ENTER_MARK && content !== "") {
      throw new BadInput(
        `${name} holds a secret, ${inner}. Write "?" in its place and enter it on the page you get.`,
      );
    }
    refuseNestedSecrets(name, content);
  }
}

/** HaloPSA's integers, ids among them, have 32 bits. */
export function isInt32(value: Json): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= -INT32 && value < INT32;
}

const INT32 = 2 ** 31;
const FLAGS = new Map([["true", true], ["yes", true], ["on", true], ["false", false], ["no", false], [
  "off",
  false,
]]);

type Fit = (value: Json, current: Json | undefined) => Json | undefined;

const FITS: Partial<Readonly<Record<FieldKind, Fit>>> = {
  text: (value) => typeof value === "string" ? value : undefined,
  address: (value) =>
    typeof value === "string" && (value === "" || /^https?:\/\//i.test(value)) ? value : undefined,
  integer(value) {
    const number = typeof value === "string" && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : value;
    return isInt32(number) ? number : undefined;
  },
  flag: (value) => typeof value === "boolean" ? value : FLAGS.get(String(value).toLowerCase()),
  time: (value) => typeof value === "string" ? haloTime(value) ?? undefined : undefined,
  any(value, current) {
    const typed = typeof value === "string" ? asTyped(value, current) : value;
    return typeof typed === "number" && !isInt32(typed) ? undefined : typed;
  },
  rows(value) {
    const rows = typeof value === "string" ? parsed(value) : value;
    return Array.isArray(rows) ? rows : undefined;
  },
};

const EXPECTED: Partial<Readonly<Record<FieldKind, string>>> = {
  text: "a text",
  address: "an address that begins with https:// or http://, without a user or a password",
  any: `a text, a list or a whole number up to ${INT32 - 1}`,
  integer: "a whole number, such as 12",
  flag: "true or false",
  time: "a date, or a date and time in UTC, such as 2026-01-31T09:00:00",
  rows: "a list: send it as a JSON document, in brackets",
};

/** The vendor's page and its servers disagree on the type: what is there now decides, else the look of it. */
function asTyped(value: string, current: Json | undefined): Json {
  if (typeof current === "string") return value;
  if (typeof current === "number" || /^-?\d{1,9}$/.test(value)) {
    return /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return /^[[{]/.test(value) ? parsed(value) ?? value : value;
}

/** Undefined for what would be passed on as something else, too: as a document it is refused with its place. */
function parsed(text: string): Json | undefined {
  return faultIn(text) === undefined ? z.json().parse(JSON.parse(text)) : undefined;
}
