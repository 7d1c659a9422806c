import { z } from "zod";

export interface Listed<T> {
  readonly items: readonly T[];
  /** How many more the vendor counts than it returned: v2 and v3 have no way to ask for the rest. */
  readonly missing: number;
}

/** A list of v2 or v3, by the schema of one item. */
export function listed<T>(item: z.ZodType<T>): z.ZodType<Listed<T>> {
  return z.object({
    data: z.array(item),
    pagination: z.object({ total: z.number().optional() }).nullish(),
  }).transform(({ data, pagination }) => ({
    items: data,
    missing: Math.max(0, (pagination?.total ?? 0) - data.length),
  }));
}

const parameter = z.object({
  id: z.string(),
  label: z.string().nullish().transform((label) => label ?? ""),
  /** The only values accepted, when there are any. */
  values: z.array(z.coerce.string()).nullish().transform((values) => values ?? []),
  default: z.coerce.string().nullish().transform((preset) => preset || null),
  optional: z.boolean().nullish().transform((optional) => optional ?? false),
});

export const catalogType = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string().nullish().transform((description) => description ?? ""),
  params: z.array(parameter).nullish().transform((params) => params ?? []),
  requires_secret: z.boolean().nullish(),
  supported_secret_types: z.array(z.string()).nullish(),
}).transform(({ requires_secret, supported_secret_types, ...rest }) => ({
  ...rest,
  requiresSecret: requires_secret ?? false,
  /** In the words of `SecretStore.kind`. */
  secretKinds: (supported_secret_types ?? []).map((kind) => kind.toLowerCase()),
}));

export type CatalogParameter = z.output<typeof parameter>;
/** What one type of integration asks for. */
export type CatalogType = z.output<typeof catalogType>;

export const aponoResource = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.object({ status: z.string(), message: z.string().nullish() }).nullish(),
}).transform(({ status, ...rest }) => ({
  ...rest,
  /** `Active`, `Error`, `Deleted`, or a word we do not know. */
  status: status?.status ?? null,
  message: status?.message ?? null,
}));

export const aponoPermission = z.object({ id: z.string(), name: z.string(), resource_type: z.string() })
  .transform(({ resource_type, ...rest }) => ({ ...rest, resourceType: resource_type }));

export const userTags = z.object({ tags: z.record(z.string(), z.string()).nullish() })
  .transform(({ tags }) => tags ?? {});

export type AponoResource = z.output<typeof aponoResource>;
export type AponoPermission = z.output<typeof aponoPermission>;
export type Tags = Readonly<Record<string, string>>;
