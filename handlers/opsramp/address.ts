import type { InstalledUpdate } from "../../clients/opsramp/update.ts";
import { shownAddress } from "../mask.ts";

/** The body of an update as it may be shown. */
export function shownUpdate(update: InstalledUpdate): InstalledUpdate {
  const { outboundConfig } = update;
  if (!outboundConfig?.baseNotifier) return update;
  const shown = ADDRESSES.flatMap((name) => {
    const address = outboundConfig.baseNotifier?.[name];
    return address === undefined ? [] : [[name, shownAddress(address)]];
  });
  const baseNotifier = { ...outboundConfig.baseNotifier, ...Object.fromEntries(shown) };
  return { ...update, outboundConfig: { ...outboundConfig, baseNotifier } };
}

const ADDRESSES = ["baseURI", "accessTokenURL", "tokenURL"] as const;
