import type { Apono } from "../clients/apono.ts";
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
import type { Vendor } from "./operation.ts";

/** Apono's integrations, their catalog and the resources behind them. */
export const apono: Vendor<Apono> = {
  name: "apono",
  label: "Apono",
  targets: { apono: [] },
  environment: ["APONO_API_TOKEN"],
  credentials: ["APONO_API_TOKEN"],
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
};
