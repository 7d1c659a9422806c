import * as z from "zod";
import { distinctRows, type Json, numeric, type Rows } from "../json.ts";
import { HIDDEN_MARK, holdsSecret, soundsSecret } from "../secrets.ts";
import type { FieldKind, Product } from "./product.ts";

const identified = z.looseObject({ id: numeric.pipe(z.int()) });

/**
 * One stored configuration as the vendor returned it, secrets hidden, dates in one form. What the product's row does
 * not name is in it to be compared, and neither shown nor sent.
 */
export type HaloIntegration = { readonly id: number; readonly [field: string]: Json };

/** A single configuration. An answer that speaks of another id than `id` is not an answer to our question. */
export function recordIn(row: Product, id: number): z.ZodType<HaloIntegration> {
  return z.unknown()
    .transform((answer) => Array.isArray(answer) && answer.length === 1 ? answer[0] : answer)
    .pipe(recordOf(row).refine((record) => record.id === id, "another id than the one asked for"));
}

/**
 * All configurations: an array, a wrapper around one, or the only configuration itself. HaloPSA documents no
 * shape for these lists.
 */
export function recordsIn(row: Product): z.ZodType<Rows<HaloIntegration>> {
  return z.unknown().transform(unwrap).pipe(distinctRows(recordOf(row), ({ id }) => id));
}

/** The answer to a POST: the saved configuration, alone or in an array, or nothing at all. */
export function savedIn(row: Product): z.ZodType<HaloIntegration | undefined> {
  return z.unknown()
    .transform((answer) => Array.isArray(answer) ? answer[0] : answer ?? undefined)
    .pipe(recordOf(row).optional());
}

/** Live data and the like: any JSON, secret-looking parts hidden. An empty answer is null. */
export const anyJson: z.ZodType<Json> = z.unknown().transform((answer) =>
  withoutSecrets(jsonOf(answer ?? null))
);

/** What came as an answer can be nothing else, and to look at each part of it again takes long. */
function jsonOf(answer: unknown): Json {
  return answer as Json;
}

function recordOf(row: Product): z.ZodType<HaloIntegration> {
  return identified.transform((record) => {
    const kept: Record<string, Json> = {};
    for (const [field, value] of Object.entries(record)) {
      if (!row.fields.has(field)) {
        kept[field] = asKept(secretLooking(field) ? "secret" : "any", jsonOf(value));
      }
    }
    for (const [field, kind] of row.fields) {
      if (record[field] !== undefined) kept[field] = asKept(kind, jsonOf(record[field]));
    }
    return { ...kept, id: record.id };
  });
}

function asKept(kind: FieldKind, value: Json): Json {
  if (kind === "secret") return hidden(value);
  if (typeof value === "string" && kind === "time") return haloTime(value) ?? value;
  if (typeof value === "string" && kind === "integer" && /^-?\d{1,10}$/.test(value)) return Number(value);
  if (typeof value === "string" && kind === "flag" && /^(true|false)$/i.test(value)) return /^t/i.test(value);
  return withoutSecrets(value);
}

function unwrap(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return answer;
  if ("id" in answer) return [answer];
  const arrays = Object.values(answer).filter(Array.isArray);
  return "data" in answer ? answer.data : arrays.length === 1 ? arrays[0] : answer;
}

/**
 * What a product itself says. Nobody documents it, and it is passed on whole: here a name that ends in "key" means a
 * key, although in HaloPSA's own records it may be no more than the name of one.
 */
export const liveJson: z.ZodType<Json> = anyJson
  .transform((value) => masked(value, (name) => KEY.test(name), (text) => LONG_HEX.test(text)));

const KEY = /(?:^|[^a-zA-Z])(?:key|KEY|Key)s?$|[a-z]Keys?$|[aA]ctivation_?[cC]ode$/;

/** Scanners and agents are linked by such a text, under whatever name. */
const LONG_HEX = /[0-9a-f]{32}/i;

const DAY = z.iso.date();
const MOMENT = z.iso.datetime({ local: true, offset: true });

/**
 * A date in HaloPSA's own form, UTC to the second without saying so: the same instant is always the same text. What
 * names no zone means UTC, a day means its first second. Null for what is no date.
 */
export function haloTime(text: string): string | null {
  const written = text.trim().toUpperCase().replace(/^(\S+) +(?=\d)/, "$1T");
  const moment = DAY.safeParse(written).success ? `${written}T00:00:00` : written;
  if (!MOMENT.safeParse(moment).success) return null;
  const utc = new Date(/(Z|[+-]\d\d:\d\d)$/.test(moment) ? moment : `${moment}Z`).toISOString();
  // Beyond the year 9999 it is written otherwise, and no database keeps it.
  return utc.length === "2027-01-31T09:00:00.000Z".length ? utc.slice(0, 19) : null;
}

/** HaloPSA calls what it never returns `new_…`, besides the flags that say how such a secret is used. */
const WRITE_ONLY = /^new_(?!.*method$)/i;

/** Whether a property of this name is likely to hold a secret. */
export function secretLooking(name: string): boolean {
  return WRITE_ONLY.test(name) || soundsSecret(name);
}

/** A copy in which everything that looks like a secret, by name or by value, is replaced. */
export function withoutSecrets(value: Json): Json {
  return masked(value, secretLooking, holdsSecret);
}

function masked(
  value: Json,
  isSecretName: (name: string) => boolean,
  isSecretText: (text: string) => boolean,
): Json {
  if (typeof value === "string") return isSecretText(value) ? HIDDEN_MARK : value;
  if (Array.isArray(value)) return value.map((one) => masked(one, isSecretName, isSecretText));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) ? hidden(inner) : masked(inner, isSecretName, isSecretText),
    ]),
  );
}

/** What stands for a secret: empty stays empty, so that "not set" can be told from "set". */
export function hidden(value: Json): Json {
  return value === null || value === "" || typeof value === "boolean" ? value : HIDDEN_MARK;
}
