import { createApono } from "../clients/apono.ts";
import { createBitdefender } from "../clients/bitdefender.ts";
import type { Clock } from "../clients/clock.ts";
import { createHalo } from "../clients/halo.ts";
import type { CallEvent } from "../clients/http.ts";
import type { OnToken } from "../clients/oauth.ts";
import { createOpsRamp } from "../clients/opsramp.ts";
import { vendors } from "../handlers/registry.ts";
import type { Vendor } from "../handlers/operation.ts";
import type { Config } from "./config.ts";
import type { Connected } from "./vendors.ts";

/** Each vendor with its client, or without one where its credentials are not set. */
export function connect(
  config: Config,
  { onToken, ...shared }: { clock: Clock; onCall: (event: CallEvent) => void; onToken: OnToken },
): Connected[] {
  const { bitdefender, apono, opsramp, halo } = config;
  return [
    pair(vendors.bitdefender, bitdefender && createBitdefender({ ...bitdefender, ...shared })),
    pair(vendors.apono, apono && createApono({ ...apono, ...shared })),
    pair(vendors.opsramp, opsramp && createOpsRamp({ ...opsramp, ...shared, onToken })),
    pair(vendors.halo, halo && createHalo({ ...halo, ...shared, onToken })),
  ];
}

/** Checks that vendor and client belong together; from here on the pair is handed around as one. */
function pair<Client>(vendor: Vendor<Client>, client: Client | undefined): Connected {
  return { vendor: vendor as Vendor<unknown>, client };
}
