import * as fc from "fast-check";
import strings from "./corpus/strings.json" with { type: "json" };

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One change to a JSON value, as plain data so that a failing case can be read and kept. */
export type Twist = { readonly at: number } & How;

type How =
  | { readonly how: "put" | "add"; readonly key: string; readonly value: Json }
  | { readonly how: "huge"; readonly unit: string; readonly times: number }
  | { readonly how: "deep"; readonly levels: number }
  /** What JSON can say and `JSON.stringify` never does. */
  | { readonly how: "raw"; readonly json: string }
  | { readonly how: "repeat"; readonly times: number }
  | { readonly how: "append"; readonly text: string }
  | { readonly how: "drop" | "list" | "inside" | "text" };

/** Keys that mean something to JavaScript, or to whoever reads the wrong one of two. */
export const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "length",
  "then",
  "",
  "0",
  "id",
  "error",
];

/** Half characters, which no file can hold. */
const HALVES = ["\ud800", "a\udfffb", "\ud83d", "\udc00\ud800"];

const NUMBERS = [0, -1, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, -1e308, 5e-324, 1087968824, 777000];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...strings, ...HALVES) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
);

export const hostileJson: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: hostileText as fc.Arbitrary<Json> },
  { weight: 2, arbitrary: fc.constantFrom<Json>(...NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom<Json>(null, true, false, [], {}, [[]], [null], { "0": {} }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json> },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...KEYS).map((key): Json => owned({}, key, { polluted: "yes", admin: true })),
  },
);

/** Changes anywhere in a value; `values` are worth putting in besides what is hostile everywhere. */
export function twists(values: fc.Arbitrary<Json> = hostileJson, most = 4): fc.Arbitrary<Twist[]> {
  const value = fc.oneof(values, hostileJson);
  const key = fc.oneof(fc.constantFrom(...KEYS), hostileText);
  const how: fc.Arbitrary<How> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ how: fc.constant("put" as const), key: fc.constant(""), value }) },
    { weight: 2, arbitrary: fc.record({ how: fc.constant("add" as const), key, value }) },
    {
      weight: 3,
      arbitrary: fc.record({
        how: fc.constantFrom("drop" as const, "list" as const, "inside" as const, "text" as const),
      }),
    },
    { weight: 2, arbitrary: fc.record({ how: fc.constant("append" as const), text: hostileText }) },
    {
      weight: 1,
      arbitrary: fc.record({ how: fc.constant("repeat" as const), times: fc.constantFrom(2, 30, 600) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        how: fc.constant("huge" as const),
        unit: fc.constantFrom("x", "é", "😀", "<b>", "\u202e", "\n", "a b ", "%00"),
        times: fc.constantFrom(100, 5_000, 60_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ how: fc.constant("deep" as const), levels: fc.constantFrom(10, 200, 20_000) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        how: fc.constant("raw" as const),
        json: fc.constantFrom("1e999", "-0", "1E-400", "123456789012345678901234567890", "{}", "[]"),
      }),
    },
  );
  const twist = fc.tuple(fc.nat(10_000), how).map(([at, one]): Twist => ({ at, ...one }));
  return fc.array(twist, { minLength: 1, maxLength: most });
}

/** A changed copy. */
export function twisted(original: Json, changes: readonly Twist[]): Json {
  const root: { [key: string]: Json } = { value: copyOf(original) };
  for (const change of copyOf(changes)) {
    const places = placesIn(root);
    const place = places[change.at % places.length];
    if (place) apply(place, change);
  }
  return root["value"] ?? null;
}

/** The changes too are copied: what one of them puts in, a later one may change. */
function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** As JSON text; only here does it get so deep that a writer in recursion would give up. */
export function written(value: Json): string {
  return JSON.stringify(value).replace(
    /"@@(deep|raw):([^"@]*)@@"/g,
    (_, kind, what: string) => kind === "raw" ? what : "[".repeat(Number(what)) + "]".repeat(Number(what)),
  );
}

interface Place {
  readonly parent: Json[] | { [key: string]: Json };
  readonly key: string;
}

function placesIn(root: { [key: string]: Json }): Place[] {
  const places: Place[] = [];
  const waiting: Place["parent"][] = [root];
  for (let parent = waiting.pop(); parent; parent = waiting.pop()) {
    for (const [key, value] of Object.entries(parent)) {
      places.push({ parent, key });
      if (typeof value === "object" && value !== null) waiting.push(value);
    }
  }
  return places;
}

function apply({ parent, key }: Place, change: Twist): void {
  if (change.how === "drop") {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
    return;
  }
  const old = (parent as { [key: string]: Json })[key] ?? null;
  owned(parent, key, changed(old, change));
}

function changed(old: Json, change: Exclude<Twist, { how: "drop" }> | Twist): Json {
  switch (change.how) {
    case "put":
      return change.value;
    case "add":
      return typeof old === "object" && old !== null ? owned(old, change.key, change.value) : change.value;
    case "huge":
      return change.unit.repeat(change.times);
    case "deep":
      return `@@deep:${change.levels}@@`;
    case "raw":
      return `@@raw:${change.json}@@`;
    case "repeat":
      return Array.isArray(old) ? repeated(old, change.times) : old;
    case "append":
      return typeof old === "string" ? old + change.text : change.text;
    case "list":
      return [old];
    case "inside":
      return { "0": old };
    case "text":
      return JSON.stringify(old);
    case "drop":
      return null;
  }
}

const MOST_ITEMS = 1000;

function repeated(items: Json[], times: number): Json[] {
  const most = Math.floor(MOST_ITEMS / Math.max(items.length, 1));
  return JSON.stringify(items).length > 100_000
    ? items
    : Array.from({ length: Math.min(times, most) }, () => items).flat();
}

/** Sets a key of the object's own, `__proto__` too; a list takes what has no place in it at its end. */
function owned<T extends Json[] | { [key: string]: Json }>(parent: T, key: string, value: Json): T {
  if (Array.isArray(parent) && !/^\d{1,5}$/.test(key)) {
    parent.push(value);
    return parent;
  }
  return Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
}
