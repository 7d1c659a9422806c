import { z } from "zod";
import type { CallOptions, Http } from "../http.ts";
import { path } from "../path.ts";
import { envelope, missingFrom } from "./envelope.ts";
import { instant } from "./instant.ts";
import { fits, type Integration, type Integrations, type Sent } from "./integration.ts";
import { toV2, v2SecretStore } from "./secret_store.ts";

const rawIntegration = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  status: z.string(),
  details: z.string().nullish(),
  provisioner_id: z.string().nullish(),
  connection: z.record(z.string(), z.json()).nullish().catch(null),
  last_sync_time: instant,
  metadata: z.record(z.string(), z.json()).nullish(),
  secret_config: v2SecretStore,
  connected_resource_types: z.array(z.string()).nullish(),
  custom_access_details: z.string().nullish(),
});

const integration = rawIntegration.transform(read);
const integrations = envelope(integration);
const message = z.object({ message: z.string().nullish() }).nullish().catch(null);

export interface V2 extends Integrations {
  /** Loads the integration's resources anew. The vendor's words, if it said any. */
  refresh(id: string, call: CallOptions): Promise<string | undefined>;
}

/** Apono's pages "list integrations" to "refresh integration" of v2, which has neither owners nor categories. */
export function createV2(http: Http): V2 {
  const write = { write: true } as const;
  return {
    list: async (filter, call) => {
      const answer = await all(http, call);
      return { items: answer.data.filter((one) => fits(one, filter)), missing: missingFrom(answer) };
    },
    get: (id, call) =>
      http.call(
        {
          operation: "v2 get integration",
          method: "GET",
          path: path`/api/v2/integrations/${id}`,
          write: false,
        },
        integration,
        call,
      ),
    create: (type, sent, call) => {
      const json = { type, ...v2Body(sent) };
      const request = {
        operation: "v2 create integration",
        method: "POST",
        path: "/api/v2/integrations",
      } as const;
      return http.call({ ...request, ...write, json }, integration, call);
    },
    update: (id, sent, call) => {
      const request = { operation: "v2 update integration", method: "PUT" } as const;
      const json = v2Body(sent);
      return http.call(
        { ...request, ...write, path: path`/api/v2/integrations/${id}`, json },
        integration,
        call,
      );
    },
    delete: async (id, call) => {
      const request = { operation: "v2 delete integration", method: "DELETE" } as const;
      await http.call({ ...request, ...write, path: path`/api/v2/integrations/${id}` }, z.unknown(), call);
    },
    refresh: async (id, call) => {
      const request = { operation: "v2 refresh integration", method: "POST" } as const;
      const at = path`/api/v2/integrations/${id}/refresh`;
      return (await http.call({ ...request, ...write, path: at }, message, call))?.message ?? undefined;
    },
    probe: async (call) => {
      await all(http, call);
    },
  };
}

/** v2 has no filters, no pages, and so nothing cheaper than the whole list. */
function all(http: Http, call: CallOptions): Promise<z.output<typeof integrations>> {
  return http.call(
    { operation: "v2 list integrations", method: "GET", path: "/api/v2/integrations", write: false },
    integrations,
    call,
  );
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

function read(raw: z.output<typeof rawIntegration>): Integration {
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
