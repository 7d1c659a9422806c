import { z } from "zod";
import type { CallOptions, Http } from "../http.ts";
import { path } from "../path.ts";
import { envelope } from "./envelope.ts";

const parameter = z.object({
  id: z.string(),
  label: z.string().nullish().transform((label) => label ?? ""),
  /** The only values accepted, when there are any. */
  values: z.array(z.coerce.string()).nullish().transform((values) => values ?? []),
  default: z.coerce.string().nullish().transform((preset) => preset || null),
  optional: z.boolean().nullish().transform((optional) => optional ?? false),
});

const catalogType = z.object({
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

export interface Catalog {
  catalog(call: CallOptions): Promise<readonly CatalogType[]>;
  catalogType(type: string, call: CallOptions): Promise<CatalogType>;
}

/** Apono's pages "list integration configs" and "get integration config". */
export function createCatalog(http: Http): Catalog {
  const list = { operation: "list integration configs", method: "GET", write: false } as const;
  const get = { operation: "get integration config", method: "GET", write: false } as const;
  return {
    catalog: async (call) =>
      (await http.call({ ...list, path: "/api/v2/integrations-catalog" }, envelope(catalogType), call)).data,
    catalogType: (type, call) =>
      http.call({ ...get, path: path`/api/v2/integrations-catalog/${type}` }, catalogType, call),
  };
}
