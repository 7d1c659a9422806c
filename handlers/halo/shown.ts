import type { Product } from "../../clients/halo/product.ts";
import type { Json } from "../../clients/json.ts";
import { HIDDEN_MARK } from "../../clients/secrets.ts";
import type { Line } from "../reply.ts";
import { instant } from "./sync.ts";

/** The value of a product's field as a fact: times as times. */
export function fieldLine(product: Product, field: string, value: Json | undefined): Line {
  const isTime = [...product.sync.lastSync, ...product.sync.tokenExpiry].includes(field);
  const at = isTime ? instant(value) : null;
  return at === null ? valueLine(value) : { time: at };
}

/** A value as a fact. Lists are only counted. */
export function valueLine(value: Json | undefined): Line {
  if (value === null || value === undefined || value === "") return "empty";
  if (value === HIDDEN_MARK) return HIDDEN_MARK;
  if (Array.isArray(value)) return value.length === 1 ? "1 entry" : `${value.length} entries`;
  if (typeof value === "string") return { data: value, max: 160 };
  return { code: typeof value === "object" ? JSON.stringify(value) : String(value) };
}
