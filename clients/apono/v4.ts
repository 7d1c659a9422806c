import { z } from "zod";
import { ClientError } from "../errors.ts";
import type { HttpClient } from "../http/client.ts";
import type { ApiRequest, CallOptions } from "../http/contract.ts";
import { path } from "../path.ts";
import type { Listed } from "./answers.ts";
import {
  type AponoIntegration,
  aponoTime,
  type Filter,
  type Owner,
  type OwnersMapping,
  type Sent,
  type Source,
  toV4,
  v4SecretStore,
} from "./integration.ts";

const ROOT = "/api/admin/v4/integrations";
const PAGE_SIZE = 100;

const source = {
  source_integration_id: z.string().nullish(),
  source_integration_name: z.string().nullish(),
};

const rawIntegration = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  category: z.string().nullish(),
  status: z.string(),
  connector_id: z.string().nullish(),
  last_sync_time: aponoTime,
  integration_config: z.record(z.string(), z.json()).nullish(),
  secret_store_config: v4SecretStore,
  connected_resource_types: z.array(z.string()).nullish(),
  custom_access_details: z.string().nullish(),
  owner: z.object({ attribute_type: z.string(), attribute_value: z.array(z.string()), ...source }).nullish(),
  owners_mapping: z.object({ key_name: z.string(), attribute_type: z.string(), ...source }).nullish(),
});

const integration = rawIntegration.transform(read);

type RawIntegration = z.output<typeof rawIntegration>;

interface RawSource {
  readonly source_integration_id?: string | null | undefined;
  readonly source_integration_name?: string | null | undefined;
}

const page = z.object({
  items: z.array(integration),
  pagination: z.object({ next_page_token: z.string().nullish() }).nullish(),
});

/** Apono's integrations by the admin API v4. Each method throws `ClientError`. */
export class AponoV4 {
  constructor(private readonly http: HttpClient) {}

  /**
   * Every page of the list, filtered by the vendor.
   * https://docs.apono.io/api-reference/apono/integrations, "list Integrations"
   */
  async list(filter: Filter, call: CallOptions): Promise<Listed<AponoIntegration>> {
    const items: AponoIntegration[] = [];
    const seen = new Set<string>();
    let next: string | null | undefined;
    do {
      // A token carries the filters of the first call and stands alone.
      const query = next ? { page_token: next } : { ...queryOf(filter), limit: PAGE_SIZE };
      const answer = await this.page(query, call);
      items.push(...answer.items);
      next = answer.pagination?.next_page_token;
      if (next && seen.has(next)) throw runsInCircles();
      if (next) seen.add(next);
    } while (next);
    return { items, missing: 0 };
  }

  /**
   * One integration; `not_found` for an unknown id.
   * https://docs.apono.io/api-reference/apono/integrations, "Get Integration By Id"
   */
  get(id: string, call: CallOptions): Promise<AponoIntegration> {
    return this.http.get("v4 get integration", path`/api/admin/v4/integrations/${id}`, integration, call);
  }

  /**
   * Adds an integration of a type from the catalog.
   * https://docs.apono.io/api-reference/apono/integrations, "Create Integration"
   */
  create(type: string, sent: Sent, call: CallOptions): Promise<AponoIntegration> {
    const json = { type, ...v4Body(sent) };
    const request = { operation: "v4 create integration", method: "POST", path: ROOT, json } as const;
    return this.http.call(request, integration, call);
  }

  /**
   * Replaces the whole record as far as the vendor documents: send everything that is to stay.
   * https://docs.apono.io/api-reference/apono/integrations, "Update Integration"
   */
  update(id: string, sent: Sent, call: CallOptions): Promise<AponoIntegration> {
    const request = { operation: "v4 update integration", method: "PUT", json: v4Body(sent) } as const;
    return this.http.call({ ...request, path: path`/api/admin/v4/integrations/${id}` }, integration, call);
  }

  /**
   * Removes an integration; `not_found` for an unknown id.
   * https://docs.apono.io/api-reference/apono/integrations, "Delete Integration"
   */
  async delete(id: string, call: CallOptions): Promise<void> {
    const request = { operation: "v4 delete integration", method: "DELETE" } as const;
    await this.http.call({ ...request, path: path`/api/admin/v4/integrations/${id}` }, z.unknown(), call);
  }

  /**
   * The cheapest call that needs our credentials: a page of one.
   * https://docs.apono.io/api-reference/apono/integrations, "list Integrations"
   */
  async probe(call: CallOptions): Promise<void> {
    await this.page({ limit: 1 }, call);
  }

  private page(query: ApiRequest["query"], call: CallOptions): Promise<z.output<typeof page>> {
    return this.http.get("v4 list integrations", ROOT, page, call, query);
  }
}

/** The vendor's own request body, in its write shape: a source is a reference there, not an id and a name. */
export function v4Body(sent: Sent): Readonly<Record<string, unknown>> {
  return {
    name: sent.name,
    connector_id: sent.connectorId,
    integration_config: sent.config,
    secret_store_config: sent.secretStore && toV4(sent.secretStore),
    connected_resource_types: sent.resourceTypes,
    custom_access_details: sent.accessDetails,
    owner: sent.owner && ownerBody(sent.owner),
    owners_mapping: sent.ownersMapping && mappingBody(sent.ownersMapping),
  };
}

function ownerBody({ attributeType, values, source }: Owner): unknown {
  return { attribute_type: attributeType, attribute_value: values, ...reference(source) };
}

function mappingBody({ keyName, attributeType, source }: OwnersMapping): unknown {
  return { key_name: keyName, attribute_type: attributeType, ...reference(source) };
}

function reference(source: Source | null): { source_integration_reference?: string } {
  const known = source?.id ?? source?.name;
  return known ? { source_integration_reference: known } : {};
}

function read(raw: RawIntegration): AponoIntegration {
  return {
    id: raw.id,
    name: raw.name,
    type: raw.type,
    category: raw.category ?? null,
    status: raw.status,
    details: null,
    connection: null,
    lastSyncAt: raw.last_sync_time,
    connectorId: raw.connector_id ?? null,
    config: raw.integration_config ?? {},
    secretStore: raw.secret_store_config,
    resourceTypes: raw.connected_resource_types ?? null,
    accessDetails: raw.custom_access_details ?? null,
    owner: raw.owner
      ? {
        attributeType: raw.owner.attribute_type,
        values: raw.owner.attribute_value,
        source: sourceOf(raw.owner),
      }
      : null,
    ownersMapping: raw.owners_mapping
      ? {
        keyName: raw.owners_mapping.key_name,
        attributeType: raw.owners_mapping.attribute_type,
        source: sourceOf(raw.owners_mapping),
      }
      : null,
  };
}

function sourceOf(raw: RawSource): Source | null {
  const id = raw.source_integration_id || null;
  const name = raw.source_integration_name || null;
  return id || name ? { id, name } : null;
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

function runsInCircles(): ClientError {
  return new ClientError({
    kind: "unexpected_reply",
    vendor: "Apono",
    operation: "v4 list integrations",
    detail: "the same page token came twice",
    ambiguous: false,
  });
}
