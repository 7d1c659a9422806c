import { z } from "zod";
import type { Json } from "../json.ts";
import type { FieldKind, Product } from "./product.ts";
import { hidden, withoutSecrets } from "./secret.ts";
import { haloTime } from "./time.ts";

// Made once: building them takes longer than using them.
const json = z.json();
const identified = z.looseObject({ id: z.int() });

/** One stored configuration: the allowed fields as the vendor returned them, secrets hidden, dates in one form. */
export type Integration = { readonly id: number; readonly [field: string]: Json };

/** A single configuration. An answer that speaks of another id than `id` is not an answer to our question. */
export function oneOf(row: Product, id: number): z.ZodType<Integration> {
  return z.unknown()
    .transform((answer) => Array.isArray(answer) && answer.length === 1 ? answer[0] : answer)
    .pipe(recordOf(row).refine((record) => record.id === id, "another id than the one asked for"));
}

/**
 * All configurations: an array, a wrapper around one, or the only configuration itself. HaloPSA documents no
 * shape for these lists.
 */
export function listOf(row: Product): z.ZodType<readonly Integration[]> {
  return z.unknown().transform(unwrap).pipe(z.array(recordOf(row)));
}

/** The answer to a POST: the saved configuration, alone or in an array, or nothing at all. */
export function savedOf(row: Product): z.ZodType<Integration | undefined> {
  return z.unknown()
    .transform((answer) => Array.isArray(answer) ? answer[0] : answer ?? undefined)
    .pipe(recordOf(row).optional());
}

/** Live data and the like: any JSON, secret-looking parts hidden. An empty answer is null. */
export const anyJson: z.ZodType<Json> = z.unknown()
  .transform((answer) => answer ?? null)
  .pipe(json)
  .transform(withoutSecrets);

function recordOf(row: Product): z.ZodType<Integration> {
  return identified.transform((record) => {
    const kept: Record<string, Json> = {};
    for (const [field, kind] of row.fields) {
      const value = json.safeParse(record[field]);
      if (value.success) kept[field] = asKept(kind, value.data);
    }
    return { ...kept, id: record.id };
  });
}

function asKept(kind: FieldKind, value: Json): Json {
  if (kind === "secret") return hidden(value);
  if (kind === "time" && typeof value === "string") return haloTime(value) ?? value;
  return withoutSecrets(value);
}

function unwrap(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return answer;
  if ("id" in answer) return [answer];
  const arrays = Object.values(answer).filter(Array.isArray);
  return "data" in answer ? answer.data : arrays.length === 1 ? arrays[0] : answer;
}
