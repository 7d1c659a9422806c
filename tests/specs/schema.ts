import type { Json } from "../../clients/json.ts";

/** What the vendors' documents say of a value: the part of OpenAPI's schema that they use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly Json[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly default?: Json;
}

export type Schemas = Readonly<Record<string, Schema>>;

/** A schema with its references followed, and what it is made of put together. */
export function resolved(schema: Schema, schemas: Schemas): Schema {
  const { $ref, allOf = [], ...own } = schema;
  const name = $ref?.split("/").at(-1);
  if (name !== undefined && !schemas[name]) throw new Error(`The document does not say what ${name} is`);
  const parts = [...(name === undefined ? [] : [schemas[name]!]), ...allOf].map((part) =>
    resolved(part, schemas)
  );
  return parts.reduceRight<Schema>((whole, part) => ({ ...part, ...whole }), own);
}

/** What is wrong with a value, one sentence each; a property that the document does not name is wrong. */
export function faultsOf(schema: Schema, value: unknown, schemas: Schemas, at = "$"): string[] {
  const known = resolved(schema, schemas);
  if (value === null) return known.nullable ? [] : [`${at} is null`];
  if (known.enum && !known.enum.includes(value as Json)) {
    return [`${at} is ${JSON.stringify(value)}, none of its values`];
  }
  if (known.type === "array") return arrayFaults(known, value, schemas, at);
  if (known.type === "object") return objectFaults(known, value, schemas, at);
  return isScalar(known, value)
    ? []
    : [`${at} is ${JSON.stringify(value)}, not ${known.format ?? known.type}`];
}

function arrayFaults({ items = {} }: Schema, value: unknown, schemas: Schemas, at: string): string[] {
  if (!Array.isArray(value)) return [`${at} is no array`];
  return value.flatMap((item, index) => faultsOf(items, item, schemas, `${at}[${index}]`));
}

function objectFaults(schema: Schema, value: unknown, schemas: Schemas, at: string): string[] {
  if (typeof value !== "object" || Array.isArray(value)) return [`${at} is no object`];
  const { properties, required = [], additionalProperties } = schema;
  const given = value as Record<string, unknown>;
  const missing = required.filter((name) => given[name] === undefined).map((name) =>
    `${at}.${name} is missing`
  );
  const others = typeof additionalProperties === "object" ? additionalProperties : undefined;
  const isOpen = additionalProperties === true ||
    (properties === undefined && additionalProperties !== false);
  return missing.concat(
    Object.entries(given).filter(([, part]) => part !== undefined).flatMap(([name, part]) => {
      const own = properties?.[name] ?? others;
      if (own) return faultsOf(own, part, schemas, `${at}.${name}`);
      return isOpen ? [] : [`${at}.${name} is not in the document`];
    }),
  );
}

function isScalar({ type, format }: Schema, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value) && (format !== "int32" || Math.abs(value as number) < 2 ** 31);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string" && (format !== "date-time" || !Number.isNaN(Date.parse(value)));
    default:
      return true;
  }
}

/** How much of an answer there is: every property, those that must be there, or null wherever that is allowed. */
export type Fill = "full" | "minimal" | "null";

/** A value that the document allows. Objects that contain themselves end with the second of a kind. */
export function sampleOf(
  schema: Schema,
  fill: Fill,
  schemas: Schemas,
  name = "value",
  within: readonly Schema[] = [],
): Json {
  const known = resolved(schema, schemas);
  if (fill === "null" && known.nullable) return null;
  if (known.enum?.[0] !== undefined) return known.enum[0];
  switch (known.type) {
    case "array":
      return fill === "minimal" || within.includes(schema)
        ? []
        : [sampleOf(known.items ?? {}, fill, schemas, name, [...within, schema])];
    case "object":
      return objectSample(known, fill, schemas, [...within, schema]);
    case "integer":
    case "number":
      return 7;
    case "boolean":
      return true;
    default:
      return known.format === "date-time" ? "2026-10-08T10:00:00Z" : `a ${name}`;
  }
}

function objectSample(schema: Schema, fill: Fill, schemas: Schemas, within: readonly Schema[]): Json {
  const { properties = {}, required = [] } = schema;
  const isDeep = within.length > 8;
  const names = Object.keys(properties).filter((name) =>
    required.includes(name) || (fill !== "minimal" && !isDeep)
  );
  return Object.fromEntries(
    names.map((name) => [name, sampleOf(properties[name]!, fill, schemas, name, within)]),
  );
}
