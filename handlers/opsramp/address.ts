import type { InstalledUpdate } from "../../clients/opsramp.ts";
import { REST_NOT_SHOWN } from "../placeholder.ts";

/** Where an address leads. Its query is often a key, and it may carry a user and a password: these are left out. */
export function shownAddress(url: string): string {
  const bare = url.replace(/[?#].*$/s, "").replace(/^([a-z][a-z\d+.-]*:\/\/)?[^/@]*@/i, "$1");
  return bare === url ? url : `${bare} ${REST_NOT_SHOWN}`;
}

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
