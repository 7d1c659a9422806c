import * as z from "zod";
import { HIDDEN_MARK, holdsSecret } from "./secrets.ts";

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value is a JSON object: neither a list nor null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value that holds no others, and the way to it: "secret_store.0.password". */
export interface Leaf {
  readonly path: string;
  readonly value: unknown;
  /** The object or list that it is in. */
  readonly within?: object;
}

/** What a JSON value holds, one leaf at a time: all their paths together can be far longer than the value. */
export function* leavesOf(value: unknown, path = "", within?: object): Generator<Leaf> {
  if (value === null || typeof value !== "object") return yield { path, value, ...within && { within } };
  for (const [key, inner] of Object.entries(value)) {
    yield* leavesOf(inner, path === "" ? key : `${path}.${key}`, value);
  }
}

/** The same value with other leaves, each of the type that it had. */
export function mapLeaves<T>(value: T, change: (leaf: unknown, path: string) => unknown, path = ""): T {
  if (value === null || typeof value !== "object") return change(value, path) as T;
  const inner = (one: unknown, key: string | number) =>
    mapLeaves(one, change, path === "" ? `${key}` : `${path}.${key}`);
  if (Array.isArray(value)) return value.map(inner) as T;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one, key)])) as T;
}

/** As a plan stores it: without what is undefined. */
export function plainJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

/** The names under which two objects differ. */
export function differingNames(
  one: Readonly<Record<string, Json>>,
  other: Readonly<Record<string, Json>>,
): readonly string[] {
  return Object.keys({ ...one, ...other }).filter((name) =>
    JSON.stringify(one[name]) !== JSON.stringify(other[name])
  );
}

/** A list of a vendor's whose rows were judged one by one: an odd one does not hide the others. */
export interface Rows<T> {
  readonly items: readonly T[];
  /** What the rows are called that cannot be read, as far as they say: a name, "id 7", "row 3". */
  readonly unread: readonly string[];
  /** How many more the vendor counts than it returned. */
  readonly missing?: number;
}

/** With more rows than this that cannot be read, a list is not what its documentation says. */
const MOST_UNREAD = 100;
/** What is wrong with an answer is told by its first mistakes; a list can have millions. */
const MOST_ISSUES = 3;

/**
 * A list, by the schema of one row. It fails for what is no list, for one that holds nothing but what is no object, and
 * for one with more than `MOST_UNREAD` rows that do not fit, where it stops.
 */
export function rowsOf<T>(row: z.ZodType<T>): z.ZodType<Rows<T>> {
  return z.unknown().transform((answer, context) => {
    const items: T[] = [];
    const odd: {
      readonly at: number;
      readonly value: unknown;
      readonly issues: readonly z.core.$ZodIssue[];
    }[] = [];
    for (const [at, value] of listIn(answer, context).entries()) {
      const { success, data, error } = row.safeParse(value);
      if (success) items.push(data);
      else odd.push({ at, value, issues: error.issues });
      if (odd.length > MOST_UNREAD) break;
    }
    const isHopeless = odd.length > MOST_UNREAD ||
      items.length === 0 && !odd.some(({ value }) => isJsonObject(value as Json));
    if (isHopeless) odd.slice(0, MOST_ISSUES).forEach(({ at, issues }) => object(context, at, issues));
    return { items, unread: odd.map(({ at, value }) => rowName(value as Json, at)) };
  });
}

/** Those of a list, each once, as it came last: what moves while pages are read may come on two of them. */
export function distinctBy<T>(items: readonly T[], keyOf: (item: T) => string | number): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

/** As `rowsOf`, each row once. */
export function distinctRows<T>(
  row: z.ZodType<T>,
  keyOf: (item: T) => string | number,
): z.ZodType<Rows<T>> {
  return rowsOf(row).transform(({ items, unread }) => ({ items: distinctBy(items, keyOf), unread }));
}

/** Whether a record says that something went wrong, in the ways in which records do. */
export function speaksOfFailure(answer: object): boolean {
  const said = new Map(Object.entries(answer).map(([name, value]) => [name.toLowerCase(), value]));
  const isSet = (name: string) => {
    const value = said.get(name);
    return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
  };
  return isSet("error") || isSet("errors") || said.get("success") === false || said.get("ok") === false ||
    FAILURE.test(String(said.get("status") ?? ""));
}

/** Words, and statuses of HTTP. */
const FAILURE = /^(error|fail(ed|ure)?|rejected|refused|denied|unauthori[sz]ed|forbidden|[45]\d\d)$/i;

/**
 * How a write of which no document says what it answers can be answered with yes: with nothing, or with data that speaks
 * of no failure. A text may say anything.
 */
export const undocumentedYes = z.unknown().optional().refine((answer) => {
  if (answer === undefined || answer === null || answer === true) return true;
  const records = Array.isArray(answer) ? answer : [answer];
  return records.every((one) => typeof one === "object" && one !== null && !speaksOfFailure(one));
}, "neither empty nor data without a failure");

/** A list of which every item must fit, as zod's own; it stops at the first few that do not. */
export function arrayOf<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return z.unknown().transform((answer, context) => {
    const items: T[] = [];
    for (const [at, value] of listIn(answer, context).entries()) {
      const { success, data, error } = item.safeParse(value);
      if (success) items.push(data);
      else object(context, at, error.issues);
      if (context.issues.length >= MOST_ISSUES) break;
    }
    return items;
  });
}

/** A number, also where it comes as a text. */
export const numeric: z.ZodType<number> = z.unknown()
  .transform((value) =>
    typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
  )
  .pipe(z.number());

/** Stands where a field has something that cannot be read, so that it is not taken for a field that says nothing. */
export const ILLEGIBLE: unique symbol = Symbol("illegible");

/** A field of an answer. */
export type Reported<T> = T | null | undefined | typeof ILLEGIBLE;

/** A field that hides no other: absent, null, as documented, or `ILLEGIBLE`. */
export function fieldOf<T>(schema: z.ZodType<T>): z.ZodType<Reported<T>> {
  return schema.nullish().catch(ILLEGIBLE as never);
}

/** What is readable of a field. */
export function readable<T>(field: Reported<T>): T | undefined {
  return field === ILLEGIBLE || field === null ? undefined : field;
}

/** A field within a field: of what cannot be read as a whole, none can. */
export function within<T extends object, K extends keyof T>(
  field: Reported<T>,
  name: K,
): T[K] | undefined | typeof ILLEGIBLE {
  return field === ILLEGIBLE ? ILLEGIBLE : field?.[name];
}

type Objections = Pick<z.core.$RefinementCtx, "addIssue" | "issues">;

function listIn(answer: unknown, context: Objections): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  context.addIssue({ code: "invalid_type", expected: "array", input: answer });
  return [];
}

function object(context: Objections, at: number, issues: readonly z.core.$ZodIssue[]): void {
  for (const { path } of issues.slice(0, MOST_ISSUES)) {
    context.addIssue({ code: "custom", path: [at, ...path] });
  }
}

const NAMES = ["name", "displayName", "display_name", "companyName", "url", "server_url"];

/** Of a row that cannot be read as a whole, what can: the vendor's words, or its place. */
function rowName(row: Json, at: number): string {
  if (!isJsonObject(row)) return `row ${at + 1}`;
  const name = NAMES.map((key) => row[key]).find((value) => typeof value === "string" && value.trim() !== "");
  if (typeof name === "string") return holdsSecret(name) ? HIDDEN_MARK : name;
  const { id } = row;
  return (typeof id === "string" && id.trim() !== "") || typeof id === "number"
    ? `id ${id}`
    : `row ${at + 1}`;
}
