/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value is a JSON object: neither a list nor null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every value within a document that is neither an object nor a list, with its dotted path. */
export function leavesOf(
  value: unknown,
  path: readonly string[] = [],
): readonly { readonly path: string; readonly value: unknown }[] {
  if (value === null || typeof value !== "object") return [{ path: path.join("."), value }];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
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
