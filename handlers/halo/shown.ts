import type { Product } from "../../clients/halo/product.ts";
import { HIDDEN } from "../../clients/hidden.ts";
import { inPart } from "../in_part.ts";
import type { Json, JsonObject } from "../operation.ts";
import type { Line } from "../reply.ts";
import { instant } from "./sync.ts";

/** The value of a product's field as a fact: times as times, half a credential in part. */
export function fieldLine(product: Product, field: string, value: Json | undefined): Line {
  const isTime = [...product.sync.lastSync, ...product.sync.tokenExpiry].includes(field);
  const at = isTime ? instant(value) : null;
  return at === null ? valueLine(shownValue(product, field, value)) : { time: at };
}

/** Fields as they may be shown together. */
export function shownFields(product: Product, fields: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [field, shownValue(product, field, value) ?? null]),
  );
}

/** A value as a fact. Lists are only counted. */
export function valueLine(value: Json | undefined): Line {
  if (value === null || value === undefined || value === "") return "empty";
  if (value === HIDDEN) return HIDDEN;
  if (Array.isArray(value)) return value.length === 1 ? "1 entry" : `${value.length} entries`;
  if (typeof value === "string") return { data: value, max: 160 };
  return { code: typeof value === "object" ? JSON.stringify(value) : String(value) };
}

function shownValue(product: Product, field: string, value: Json | undefined): Json | undefined {
  if (product.fields.get(field) !== "half" || typeof value !== "string" || value === "") return value;
  return inPart(value);
}
