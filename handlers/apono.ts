import { AponoClient } from "../clients/apono.ts";
import { showCatalog } from "./apono/catalog.ts";
import { listConnectors } from "./apono/connectors.ts";
import { createIntegration } from "./apono/create.ts";
import { integrations, refreshIntegration } from "./apono/integrations.ts";
import { showPermissions, showResources } from "./apono/resources.ts";
import { showTags, tagResource } from "./apono/tags.ts";
import { updateIntegration } from "./apono/update.ts";
import { resourceOperations } from "./resource_operations.ts";
import { address, choice, secretKey } from "./variable.ts";
import { defineVendor, vendorOf } from "./vendor.ts";

const [status, list, show, ...deletion] = resourceOperations(integrations);

/** Apono's integrations, their catalog and the resources behind them. */
export const apono = defineVendor({
  ...vendorOf(integrations),
  targets: { apono: [], connectors: ["connector"] },
  variables: {
    apiUrl: address("APONO_API_URL", "Apono's API", { default: "https://api.apono.io" }),
    token: secretKey("APONO_API_TOKEN", "Apono personal or service-account token"),
    api: choice("APONO_API", "`v4`, or `v2` for accounts that have only that", ["v4", "v2"], "v4"),
  },
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
    await client.integrations.probe(call);
    return { ok: true, says: `the token may read the integrations (${client.api} API)` };
  },
});
