import type { CallOptions } from "../clients/http/contract.ts";
import { OpsRampClient } from "../clients/opsramp.ts";
import type { Proof } from "./operation.ts";
import { map, notifier, update } from "./opsramp/commands.ts";
import { installations } from "./opsramp/installation.ts";
import { resourceOperations } from "./resource_operations.ts";
import { setups } from "./setups.ts";
import { andNoRight, defineVendor, vendorOf, withoutRight } from "./vendor.ts";

const [status, list, show, ...switches] = resourceOperations(installations);

/** OpsRamp: what is installed, and its configuration. */
export const opsramp = defineVendor({
  ...vendorOf(installations),
  ...setups.opsramp,
  connect: (settings, shared) => new OpsRampClient({ ...settings, ...shared }),
  operations: [status, list, show, update, map, notifier, ...switches],
  probe,
});

async function probe(client: OpsRampClient, call: CallOptions): Promise<Proof> {
  const { count, id } = await client.probe(call);
  const refused = await withoutRight({
    ...(id !== undefined &&
      { "one integration (/show, and every change)": () => client.getInstalled(id, call) }),
  });
  const seen = count === undefined ? "" : `; it sees ${count} installed integration${count === 1 ? "" : "s"}`;
  const says = `the client works for this tenant${seen}${
    andNoRight(refused)
  }. Its right to change them cannot be tested`;
  return { ok: refused.length === 0, says };
}
