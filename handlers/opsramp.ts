import type { CallOptions } from "../clients/http.ts";
import type { OpsRamp } from "../clients/opsramp.ts";
import type { Proof, Vendor } from "./operation.ts";
import { map, notifier, update } from "./opsramp/commands.ts";
import { list } from "./opsramp/list.ts";
import { show } from "./opsramp/show.ts";
import { health, status } from "./opsramp/status.ts";
import { disable, enable } from "./opsramp/switch.ts";

/** OpsRamp: what is installed, and its configuration. */
export const opsramp: Vendor<OpsRamp> = {
  name: "opsramp",
  label: "OpsRamp",
  targets: { opsramp: [] },
  environment: ["OPSRAMP_API_URL", "OPSRAMP_TENANT_ID", "OPSRAMP_CLIENT_ID", "OPSRAMP_CLIENT_SECRET"],
  credentials: ["OPSRAMP_CLIENT_ID", "OPSRAMP_CLIENT_SECRET"],
  operations: [status, list, show, update, map, notifier, enable, disable],
  health,
  probe,
};

async function probe(client: OpsRamp, call: CallOptions): Promise<Proof> {
  const count = await client.countInstalled(call);
  const seen = count === undefined ? "" : `; it sees ${count} installed integration${count === 1 ? "" : "s"}`;
  const says = `the client works for this tenant${seen}. Whether it may change them shows only when it does`;
  return { ok: true, says };
}
