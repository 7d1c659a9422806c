import { z } from "zod";
import type { HttpClient } from "../http/client.ts";
import type { CallOptions } from "../http/contract.ts";
import { path } from "../path.ts";
import { type Listed, listed } from "./answers.ts";
import {
  type AponoIntegration,
  aponoTime,
  type Filter,
  fits,
  type Sent,
  toV2,
  v2SecretStore,
} from "./integration.ts";

const ROOT = "/api/v2/integrations";

const rawIntegration = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.string(),
  details: z.string().nullish(),
  provisioner_id: z.string().nullish(),
  connection: z.record(z.string(), z.json()).nullish().catch(null),
  last_sync_time: aponoTime,
  metadata: z.record(z.string(), z.json()).nullish(),
  secret_config: v2SecretStore,
  connected_resource_types: z.array(z.string()).nullish(),
  custom_access_details: z.string().nullish(),
});

const integration = rawIntegration.transform(read);
const integrations = listed(integration);
const message = z.object({ message: z.string().nullish() }).nullish().catch(null);

/** Apono's integrations by v2, which has neither owners nor categories. Each method throws `ClientError`. */
export class AponoV2 {
  constructor(private readonly http: HttpClient) {}

  /**
   * All of the account, filtered here: v2 has neither filters nor pages.
   * https://docs.apono.io/api-reference/apono/integrations, "list integrations"
   */
  async list(filter: Filter, call: CallOptions): Promise<Listed<AponoIntegration>> {
    const { items, missing } = await this.all(call);
    return { items: items.filter((one) => fits(one, filter)), missing };
  }

  /**
   * One integration; `not_found` for an unknown id.
   * https://docs.apono.io/api-reference/apono/integrations, "get integration"
   */
  get(id: string, call: CallOptions): Promise<AponoIntegration> {
    return this.http.get("v2 get integration", path`/api/v2/integrations/${id}`, integration, call);
  }

  /**
   * Adds an integration of a type from the catalog.
   * https://docs.apono.io/api-reference/apono/integrations, "create integration"
   */
  create(type: string, sent: Sent, call: CallOptions): Promise<AponoIntegration> {
    const json = { type, ...v2Body(sent) };
    const request = { operation: "v2 create integration", method: "POST", path: ROOT, json } as const;
    return this.http.call(request, integration, call);
  }

  /**
   * Replaces the whole record as far as the vendor documents: send everything that is to stay.
   * https://docs.apono.io/api-reference/apono/integrations, "update integration"
   */
  update(id: string, sent: Sent, call: CallOptions): Promise<AponoIntegration> {
    const request = { operation: "v2 update integration", method: "PUT", json: v2Body(sent) } as const;
    return this.http.call({ ...request, path: path`/api/v2/integrations/${id}` }, integration, call);
  }

  /**
   * Removes an integration; `not_found` for an unknown id.
   * https://docs.apono.io/api-reference/apono/integrations, "delete integration"
   */
  async delete(id: string, call: CallOptions): Promise<void> {
    const request = { operation: "v2 delete integration", method: "DELETE" } as const;
    await this.http.call({ ...request, path: path`/api/v2/integrations/${id}` }, z.unknown(), call);
  }

  /**
   * Loads the integration's resources anew. The vendor's words, if it said any.
   * https://docs.apono.io/api-reference/apono/integrations, "refresh integration"
   */
  async refresh(id: string, call: CallOptions): Promise<string | undefined> {
    const request = { operation: "v2 refresh integration", method: "POST" } as const;
    const at = path`/api/v2/integrations/${id}/refresh`;
    return (await this.http.call({ ...request, path: at }, message, call))?.message ?? undefined;
  }

  /**
   * The cheapest call that needs our credentials: v2 has nothing cheaper than the whole list.
   * https://docs.apono.io/api-reference/apono/integrations, "list integrations"
   */
  async probe(call: CallOptions): Promise<void> {
    await this.all(call);
  }

  private all(call: CallOptions): Promise<Listed<AponoIntegration>> {
    return this.http.get("v2 list integrations", ROOT, integrations, call);
  }
}

/** The vendor's own request body; owners have no place in it. */
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

function read(raw: z.output<typeof rawIntegration>): AponoIntegration {
  return {
    id: raw.id,
    name: raw.name,
    type: raw.type,
    category: null,
    status: raw.status,
    details: raw.details ?? null,
    connection: raw.connection ?? null,
    lastSyncAt: raw.last_sync_time,
    connectorId: raw.provisioner_id ?? null,
    config: raw.metadata ?? {},
    secretStore: raw.secret_config,
    resourceTypes: raw.connected_resource_types ?? null,
    accessDetails: raw.custom_access_details ?? null,
    owner: null,
    ownersMapping: null,
  };
}
