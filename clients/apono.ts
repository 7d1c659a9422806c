import * as z from "zod";
import { aponoTime, confirmed, type Listed, listed } from "./apono/integration.ts";
import { adminPage, AponoV2, AponoV4, everyPage } from "./apono/versions.ts";
import { HttpClient } from "./http/client.ts";
import type { CallOptions, ConnectionOptions, RateLimits, Refusal } from "./http/contract.ts";
import { arrayOf } from "./json.ts";
import { path } from "./path.ts";

export interface AponoOptions extends ConnectionOptions {
  /** Without `/api`: "https://api.apono.io". */
  readonly apiUrl: string;
  readonly token: string;
  /** Which API the integrations are managed by; v2 is for accounts that have nothing newer. */
  readonly api?: "v4" | "v2";
}

/** Apono states no limits; these keep us from being the ones to find them. */
const LIMITS: RateLimits = { concurrency: 8, burst: 50, perSecond: 10 };

const parameter = z.object({
  id: z.string(),
  label: z.string().nullish().transform((label) => label ?? ""),
  /** The only values accepted, when there are any. */
  values: arrayOf(z.coerce.string()).nullish().transform((values) => values ?? []),
  default: z.coerce.string().nullish().transform((preset) => preset || null),
  optional: z.boolean().nullish().transform((optional) => optional ?? false),
});

export const catalogType = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string().nullish().transform((description) => description ?? ""),
  params: arrayOf(parameter).nullish().transform((params) => params ?? []),
  requires_secret: z.boolean().nullish(),
  supported_secret_types: arrayOf(z.string()).nullish(),
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

const connector = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string().nullish().transform((status) => status?.trim() ?? ""),
  version: z.string().nullish().transform((version) => version ?? null),
  is_latest_version: z.boolean().nullish(),
  cloud_provider_type: z.string().nullish(),
  last_connected: aponoTime,
}).transform(({ is_latest_version, cloud_provider_type, last_connected, ...rest }) => ({
  ...rest,
  /** Null where Apono does not say. */
  isLatestVersion: is_latest_version ?? null,
  cloud: cloud_provider_type ?? null,
  /** Epoch ms. */
  lastConnectedAt: last_connected,
}));

/** What reaches an integration for Apono. Its status is `CONNECTED`, `DISCONNECTED`, a word we do not know, or empty. */
export type AponoConnector = z.output<typeof connector>;
export type AponoResource = z.output<typeof aponoResource>;
export type AponoPermission = z.output<typeof aponoPermission>;
export type Tags = Readonly<Record<string, string>>;

/**
 * Apono's admin API. Secrets that Apono keeps itself never leave this client.
 * Each method throws `ClientError`, and `UnsafePathValue` for an id that must not be sent.
 */
export class AponoClient {
  readonly api: "v4" | "v2";
  /** By the API that was chosen. */
  readonly integrations: AponoV4 | AponoV2;
  /** Always v2: the only one that says in words how the last load went, and that loads anew. */
  readonly v2: AponoV2;
  private readonly http: HttpClient;

  constructor({ apiUrl, token, api = "v4", clock, limits = LIMITS, timeoutMs, onCall }: AponoOptions) {
    this.http = new HttpClient({
      vendor: "Apono",
      baseUrl: apiUrl,
      clock,
      limits,
      timeoutMs,
      onCall,
      explain: readRefusal,
      authorization: { header: () => `Bearer ${token}` },
    });
    this.api = api;
    this.v2 = new AponoV2(this.http);
    this.integrations = api === "v2" ? this.v2 : new AponoV4(this.http);
  }

  /**
   * What every type of integration asks for.
   * https://docs.apono.io/api-reference/apono/integrations, "list integration configs"
   */
  catalog(call: CallOptions): Promise<Listed<CatalogType>> {
    const all = listed(catalogType, ({ type }) => type);
    return this.http.get("list integration configs", "/api/v2/integrations-catalog", all, call);
  }

  /**
   * What one type of integration asks for.
   * https://docs.apono.io/api-reference/apono/integrations, "get integration config"
   */
  catalogType(type: string, call: CallOptions): Promise<CatalogType> {
    const at = path`/api/v2/integrations-catalog/${type}`;
    return this.http.getOne("get integration config", at, catalogType, call);
  }

  /**
   * Every connector of the account.
   * https://docs.apono.io/api-reference/apono/connectors, "List Connectors"
   */
  connectors(call: CallOptions): Promise<Listed<AponoConnector>> {
    const page = adminPage(connector);
    return everyPage(
      "list connectors",
      {},
      (query) => this.http.get("list connectors", "/api/admin/v3/connectors", page, call, query),
    );
  }

  /**
   * What an integration has found, by resource type or all: of the whole tenant, whoever asks.
   * https://docs.apono.io/api-reference/apono/integrations, "get integration resources for the entire tenant"
   */
  resources(id: string, type: string | undefined, call: CallOptions): Promise<Listed<AponoResource>> {
    const at = path`/api/v3/integrations/${id}/resources`;
    const query = { "resource-type": type };
    return this.http.get("get integration resources", at, listed(aponoResource, ({ id }) => id), call, query);
  }

  /**
   * What may be granted on an integration's resources, by resource type or all.
   * https://docs.apono.io/api-reference/apono/integrations, "get integration permissions for the entire tenant"
   */
  permissions(id: string, type: string | undefined, call: CallOptions): Promise<Listed<AponoPermission>> {
    const at = path`/api/v3/integrations/${id}/permissions`;
    const query = { "resource-type": type };
    return this.http.get(
      "get integration permissions",
      at,
      listed(aponoPermission, (one) => JSON.stringify(one)),
      call,
      query,
    );
  }

  /**
   * The tags that users gave a resource.
   * https://docs.apono.io/api-reference/apono/integrations, "get user tags of a resource"
   */
  tags(resourceId: string, call: CallOptions): Promise<Tags> {
    const at = path`/api/v3/integrations/resources/${resourceId}/user-tags`;
    return this.http.get("get user tags", at, userTags, call);
  }

  /**
   * Replaces all tags of the resource.
   * https://docs.apono.io/api-reference/apono/integrations, "update user tags of a resource"
   */
  async putTags(resourceId: string, tags: Tags, call: CallOptions): Promise<void> {
    const at = path`/api/v3/integrations/resources/${resourceId}/user-tags`;
    const request = { operation: "update user tags", method: "PUT", path: at, json: { tags } } as const;
    await this.http.call(request, confirmed, call);
  }
}

/** Where Apono's answers keep their words, the more telling first; only the body of a 401 is documented. */
const WORDS = ["message", "error_details", "error_description", "error", "code"] as const;

const bodySchema = z.record(z.string(), z.unknown());

function readRefusal(_status: number, body: unknown): Refusal | undefined {
  const fields = bodySchema.safeParse(body).data ?? {};
  const detail = WORDS.map((name) => fields[name]).find(isWords);
  return detail === undefined ? undefined : { detail };
}

function isWords(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
