import { AponoClient } from "../clients/apono.ts";
import { showCatalog } from "./apono/catalog.ts";
import { createIntegration } from "./apono/create.ts";
import { deleteIntegration } from "./apono/delete.ts";
import { listIntegrations } from "./apono/list.ts";
import { health, showStatus } from "./apono/overview.ts";
import { refreshIntegration } from "./apono/refresh.ts";
import { showPermissions, showResources } from "./apono/resources.ts";
import { showIntegration } from "./apono/show.ts";
import { showTags, tagResource } from "./apono/tags.ts";
import { updateIntegration } from "./apono/update.ts";
import { address, choice, secretKey } from "./variable.ts";
import { defineVendor } from "./vendor.ts";

/** Apono's integrations, their catalog and the resources behind them. */
export const apono = defineVendor({
  name: "apono",
  label: "Apono",
  targets: { apono: [] },
  variables: {
    apiUrl: address("APONO_API_URL", "Apono's API", { default: "https://api.apono.io" }),
    token: secretKey("APONO_API_TOKEN", "Apono personal or service-account token"),
    api: choice("APONO_API", "`v4`, or `v2` for accounts that have only that", ["v4", "v2"], "v4"),
  },
  connect: (settings, shared) => new AponoClient({ ...settings, ...shared }),
  operations: [
    showStatus,
    listIntegrations,
    showIntegration,
    showCatalog,
    showResources,
    showPermissions,
    showTags,
    createIntegration,
    updateIntegration,
    deleteIntegration,
    refreshIntegration,
    tagResource,
  ],
  health,
  async probe(client, call) {
    await client.integrations.probe(call);
    return { ok: true, says: `the token may read the integrations (${client.api} API)` };
  },
});
