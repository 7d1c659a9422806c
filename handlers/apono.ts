import { AponoClient } from "../clients/apono.ts";
import type { CallOptions } from "../clients/http/contract.ts";
import { showCatalog } from "./apono/catalog.ts";
import { listConnectors } from "./apono/connectors.ts";
import { createIntegration } from "./apono/create.ts";
import { integrations } from "./apono/integrations.ts";
import { refreshIntegration } from "./apono/refresh.ts";
import { showPermissions, showResources } from "./apono/resources.ts";
import { showTags, tagResource } from "./apono/tags.ts";
import { updateIntegration } from "./apono/update.ts";
import { resourceOperations } from "./resource_operations.ts";
import { setups } from "./setups.ts";
import { andNoRight, defineVendor, vendorOf, withoutRight } from "./vendor.ts";

const [status, list, show, ...deletion] = resourceOperations(integrations);

/** Apono's integrations, their catalog and the resources behind them. */
export const apono = defineVendor({
  ...vendorOf(integrations),
  ...setups.apono,
  targets: { apono: [], connectors: ["connector"] },
  unwatched: ["connectors"],
  connect: (settings, shared) => new AponoClient({ ...settings, ...shared }),
  operations: [
    status,
    list,
    listConnectors,
    show,
    showCatalog,
    showResources,
    showPermissions,
    showTags,
    createIntegration,
    updateIntegration,
    ...deletion,
    refreshIntegration,
    tagResource,
  ],
  async probe(client, call) {
    const id = await client.integrations.probe(call);
    const refused = await withoutRight({
      ...(client.api === "v4" && {
        "the v2 API (why an integration fails, /refresh apono)": () => client.v2.probe(call),
      }),
      "connectors (/list connectors)": () => client.connectors(call),
      "the catalog (/catalog, /create apono)": () => client.catalog(call),
      ...(id !== undefined && readsWithin(client, id, call)),
    });
    const says = `the token may read the integrations (${client.api} API)${andNoRight(refused)}`;
    return { ok: refused.length === 0, says };
  },
});

/** What one of the integrations holds; tags are those of a resource, where it has one. */
function readsWithin(
  client: AponoClient,
  id: string,
  call: CallOptions,
): Readonly<Record<string, () => Promise<unknown>>> {
  const resources = client.resources(id, undefined, call);
  return {
    "resources (/resources)": () => resources,
    "permissions (/permissions)": () => client.permissions(id, undefined, call),
    "tags (/tags, /tag)": async () => {
      const [first] = await resources.then(({ items }) => items, () => []);
      if (first) await client.tags(first.id, call);
    },
  };
}
