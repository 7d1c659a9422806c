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
