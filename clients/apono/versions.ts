import * as z from "zod";
import { ClientError } from "../errors.ts";
import type { HttpClient } from "../http/client.ts";
import type { ApiRequest, CallOptions } from "../http/contract.ts";
import { arrayOf, distinctBy, type Rows, rowsOf } from "../json.ts";
import { path } from "../path.ts";
import {
  type AponoIntegration,
  aponoTime,
  confirmed,
  type Filter,
  fits,
  type Listed,
  listed,
  orNull,
  type Owner,
  type OwnersMapping,
  type Sent,
  type Source,
  toV2,
  toV4,
  v2SecretStore,
  v4SecretStore,
} from "./integration.ts";

/** What can be done with one integration, by either version of the API. Each method throws `ClientError`. */
abstract class AponoVersion {
  protected abstract readonly version: "v2" | "v4";
  protected abstract readonly root: string;
  protected abstract readonly schema: z.ZodType<AponoIntegration>;

  /** The answer to a deletion. */
  protected abstract readonly deleted: z.ZodType<unknown>;

  /** The vendor's own request body. */
  protected abstract readonly body: (sent: Sent) => Readonly<Record<string, unknown>>;

  constructor(protected readonly http: HttpClient) {}

  /**
   * One integration; `not_found` for an unknown id.
   * https://docs.apono.io/api-reference/apono/integrations, "Get Integration By Id", "get integration"
   */
  get(id: string, call: CallOptions): Promise<AponoIntegration> {
    return this.http.getOne(`${this.version} get integration`, this.root + path`/${id}`, this.schema, call);
  }

  /**
   * Adds an integration of a type from the catalog.
   * https://docs.apono.io/api-reference/apono/integrations, "Create Integration"
   */
  create(type: string, sent: Sent, call: CallOptions): Promise<AponoIntegration> {
    return this.send("POST", "create", "", call, this.schema, { type, ...this.body(sent) });
  }

  /**
   * Replaces the whole record as far as the vendor documents: send everything that is to stay.
   * https://docs.apono.io/api-reference/apono/integrations, "Update Integration"
   */
  update(id: string, sent: Sent, call: CallOptions): Promise<AponoIntegration> {
    return this.send("PUT", "update", path`/${id}`, call, this.schema, this.body(sent));
  }

  /**
   * Removes an integration; `not_found` for an unknown id.
   * https://docs.apono.io/api-reference/apono/integrations, "Delete Integration"
   */
  async delete(id: string, call: CallOptions): Promise<void> {
    await this.send("DELETE", "delete", path`/${id}`, call, this.deleted);
  }

  protected send<T>(
    method: "POST" | "PUT" | "DELETE",
    verb: string,
    at: string,
    call: CallOptions,
    schema: z.ZodType<T>,
    json?: unknown,
  ): Promise<T> {
    const operation = `${this.version} ${verb} integration`;
    return this.http.call({ operation, method, path: this.root + at, json }, schema, call);
  }
}

const inBoth = {
  id: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.string().nullish().transform((status) => status?.trim() ?? ""),
  last_sync_time: aponoTime,
  connected_resource_types: orNull(arrayOf(z.string())),
  custom_access_details: orNull(z.string()),
};

const v2Integration = z.object({
  ...inBoth,
  details: orNull(z.string()),
  provisioner_id: orNull(z.string()),
  connection: orNull(z.record(z.string(), z.json())).catch(null),
  metadata: orNull(z.record(z.string(), z.json())),
  secret_config: v2SecretStore,
}).transform(({
  provisioner_id: connectorId,
  last_sync_time: lastSyncAt,
  metadata,
  secret_config: secretStore,
  connected_resource_types: resourceTypes,
  custom_access_details: accessDetails,
  ...same
}): AponoIntegration => ({
  ...same,
  category: null,
  lastSyncAt,
  connectorId,
  config: metadata ?? {},
  secretStore,
  resourceTypes,
  accessDetails,
  owner: null,
  ownersMapping: null,
}));

const v2Integrations = listed(v2Integration, ({ id }) => id);

/** Apono's integrations by v2, which has neither owners nor categories. Each method throws `ClientError`. */
export class AponoV2 extends AponoVersion {
  protected readonly version = "v2";
  protected readonly root = "/api/v2/integrations";
  protected readonly schema = v2Integration;
  protected readonly deleted = confirmed;
  protected readonly body = v2Body;

  /**
   * All of the account, filtered here: v2 has neither filters nor pages.
   * https://docs.apono.io/api-reference/apono/integrations, "list integrations"
   */
  async list(filter: Filter, call: CallOptions): Promise<Listed<AponoIntegration>> {
    const { items, ...others } = await this.all(call);
    return { items: items.filter((one) => fits(one, filter)), ...others };
  }

  /**
   * Loads the integration's resources anew. The vendor's words.
   * https://docs.apono.io/api-reference/apono/integrations, "refresh integration"
   */
  async refresh(id: string, call: CallOptions): Promise<string> {
    return (await this.send("POST", "refresh", path`/${id}/refresh`, call, confirmed)).message;
  }

  /**
   * The cheapest call that needs our credentials: v2 has nothing cheaper than the whole list. The id of one, if any.
   * https://docs.apono.io/api-reference/apono/integrations, "list integrations"
   */
  async probe(call: CallOptions): Promise<string | undefined> {
    return (await this.all(call)).items[0]?.id;
  }

  private all(call: CallOptions): Promise<Listed<AponoIntegration>> {
    return this.http.get("v2 list integrations", this.root, v2Integrations, call);
  }
}

/** What v2 is sent; owners have no place in it. */
export function v2Body(sent: Sent): Readonly<Record<string, unknown>> {
  return {
    name: sent.name,
    provisioner_id: sent.connectorId,
    metadata: sent.config,
    secret_config: sent.secretStore && toV2(sent.secretStore),
    connected_resource_types: sent.resourceTypes,
    custom_access_details: sent.accessDetails,
  };
}

const PAGE_SIZE = 100;
const V4_LIST = "v4 list integrations";

/** What an owner comes from, as v4 shows it. */
export const shownSource = {
  source_integration_id: z.string().nullish(),
  source_integration_name: z.string().nullish(),
};

const rawOwner = z.object({
  attribute_type: z.string(),
  attribute_value: arrayOf(z.string()),
  ...shownSource,
});
const rawMapping = z.object({ key_name: z.string(), attribute_type: z.string(), ...shownSource });

const v4Integration = z.object({
  ...inBoth,
  category: orNull(z.string()),
  connector_id: orNull(z.string()),
  integration_config: orNull(z.record(z.string(), z.json())),
  secret_store_config: v4SecretStore,
  owner: orNull(rawOwner.transform(ownerOf)),
  owners_mapping: orNull(rawMapping.transform(mappingOf)),
}).transform(({
  connector_id: connectorId,
  last_sync_time: lastSyncAt,
  integration_config,
  secret_store_config: secretStore,
  connected_resource_types: resourceTypes,
  custom_access_details: accessDetails,
  owners_mapping: ownersMapping,
  ...same
}): AponoIntegration => ({
  ...same,
  details: null,
  connection: null,
  lastSyncAt,
  connectorId,
  config: integration_config ?? {},
  secretStore,
  resourceTypes,
  accessDetails,
  ownersMapping,
}));

/** A source as it is shown, or as the reference that is sent. */
type RawSource = z.output<z.ZodObject<typeof shownSource>> & {
  readonly source_integration_reference?: string | null | undefined;
};

/** An owner in v4's words. */
export function ownerOf(raw: z.output<typeof rawOwner> & RawSource): Owner {
  return { attributeType: raw.attribute_type, values: raw.attribute_value, source: sourceOf(raw) };
}

/** The tag that names the owners, in v4's words. */
export function mappingOf(raw: z.output<typeof rawMapping> & RawSource): OwnersMapping {
  return { keyName: raw.key_name, attributeType: raw.attribute_type, source: sourceOf(raw) };
}

function sourceOf(raw: RawSource): Source | null {
  const id = raw.source_integration_reference || raw.source_integration_id || null;
  const name = raw.source_integration_name || null;
  return id || name ? { id, name } : null;
}

const v4Page = adminPage(v4Integration);

/** One page of the admin API, by the schema of a row. */
export function adminPage<T>(row: z.ZodType<T>): z.ZodType<AdminPage<T>> {
  return z.object({
    items: rowsOf(row),
    pagination: z.object({ next_page_token: z.string().nullish() }).nullish(),
  }).transform(({ items, pagination }) => ({ ...items, next: pagination?.next_page_token || null }));
}

interface AdminPage<T> extends Rows<T> {
  readonly next: string | null;
}

/** Every page of the admin API, each row once. A token carries the filters of the first call and stands alone. */
export async function everyPage<T extends { readonly id: string }>(
  operation: string,
  filters: ApiRequest["query"],
  read: (query: ApiRequest["query"]) => Promise<AdminPage<T>>,
): Promise<Listed<T>> {
  const items: T[] = [];
  const unread: string[] = [];
  const seen = new Set<string>();
  let next: string | null = null;
  do {
    const page: AdminPage<T> = await read(next ? { page_token: next } : { ...filters, limit: PAGE_SIZE });
    items.push(...page.items);
    unread.push(...page.unread);
    next = page.next;
    if (next && seen.has(next)) throw runsInCircles(operation);
    if (next) seen.add(next);
  } while (next);
  return { items: distinctBy(items, ({ id }) => id), unread, missing: 0 };
}

/** Apono's integrations by the admin API v4. Each method throws `ClientError`. */
export class AponoV4 extends AponoVersion {
  protected readonly version = "v4";
  protected readonly root = "/api/admin/v4/integrations";
  protected readonly schema = v4Integration;
  protected readonly deleted = z.undefined();
  protected readonly body = v4Body;

  /**
   * Every page of the list, filtered by the vendor.
   * https://docs.apono.io/api-reference/apono/integrations, "list Integrations"
   */
  list(filter: Filter, call: CallOptions): Promise<Listed<AponoIntegration>> {
    return everyPage(V4_LIST, queryOf(filter), (query) => this.page(query, call));
  }

  /**
   * The cheapest call that needs our credentials: a page of one. The id of that one, if any.
   * https://docs.apono.io/api-reference/apono/integrations, "list Integrations"
   */
  async probe(call: CallOptions): Promise<string | undefined> {
    return (await this.page({ limit: 1 }, call)).items[0]?.id;
  }

  private page(query: ApiRequest["query"], call: CallOptions): Promise<AdminPage<AponoIntegration>> {
    return this.http.get(V4_LIST, this.root, v4Page, call, query);
  }
}

/** What v4 is sent, in its write shape: a source is a reference there, not an id and a name. */
export function v4Body({ owner, ownersMapping, ...sent }: Sent): Readonly<Record<string, unknown>> {
  return {
    name: sent.name,
    connector_id: sent.connectorId,
    integration_config: sent.config,
    secret_store_config: sent.secretStore && toV4(sent.secretStore),
    connected_resource_types: sent.resourceTypes,
    custom_access_details: sent.accessDetails,
    owner: owner &&
      { attribute_type: owner.attributeType, attribute_value: owner.values, ...reference(owner.source) },
    owners_mapping: ownersMapping && {
      key_name: ownersMapping.keyName,
      attribute_type: ownersMapping.attributeType,
      ...reference(ownersMapping.source),
    },
  };
}

function reference(source: Source | null): { source_integration_reference?: string } {
  const known = source?.id ?? source?.name;
  return known ? { source_integration_reference: known } : {};
}

function queryOf(filter: Filter): ApiRequest["query"] {
  return {
    category: filter.category,
    connector_id: filter.connector,
    name: filter.name,
    // Seen in capitals on the real server, which does not say that letter case is ignored here.
    status: filter.status?.map((word) => word.toUpperCase()),
    type: filter.type,
  };
}

function runsInCircles(operation: string): ClientError {
  return new ClientError({
    kind: "unexpected_reply",
    vendor: "Apono",
    operation,
    detail: "the same page token came twice",
    ambiguous: false,
  });
}
