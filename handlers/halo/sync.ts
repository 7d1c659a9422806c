import { integrationName, type Product, type SyncNames } from "../../clients/halo/product.ts";
import { type HaloIntegration, haloTime } from "../../clients/halo/record.ts";
import type { Json } from "../../clients/json.ts";
import type { Inline } from "../reply.ts";

export type SyncState =
  | "failing"
  | "token expired"
  | "not authorized"
  | "never synced"
  | "token ends soon"
  | "not shown"
  | "syncing"
  | "off";

/** How one integration stands, whatever its product calls the parts of that. Times in epoch ms. */
export interface Sync {
  readonly id: number;
  readonly name: string;
  readonly state: SyncState;
  readonly lastSync: number | null;
  readonly lastError: string | null;
  readonly tokenExpiry: number | null;
}

/** Worst first; the first five want someone to look. */
export const SYNC_STATES: readonly SyncState[] = [
  "failing",
  "token expired",
  "not authorized",
  "never synced",
  "token ends soon",
  "not shown",
  "syncing",
  "off",
];

const SOON_MS = 7 * 24 * 3_600_000;

export function syncOf(product: Product, record: HaloIntegration, now: number): Sync {
  const part = (name: keyof SyncNames) => valueOf(record, product.sync[name]);
  const lastSync = part("lastSync");
  const lastError = part("lastError");
  const tokenExpiry = instant(part("tokenExpiry"));
  const sync = {
    id: record.id,
    name: integrationName(record),
    lastSync: instant(lastSync),
    lastError: typeof lastError === "string" && lastError.trim() !== "" ? lastError : null,
    tokenExpiry,
  };
  return { ...sync, state: judge() };

  function judge(): SyncState {
    const enabled = part("enabled");
    if (enabled === undefined || enabled === null) return sync.lastError ? "failing" : "not shown";
    if (enabled === false) return "off";
    if (tokenExpiry !== null && tokenExpiry <= now) return "token expired";
    if (part("authorized") === false) return "not authorized";
    if (sync.lastError) return "failing";
    if (lastSync !== undefined && sync.lastSync === null) return "never synced";
    return tokenExpiry !== null && tokenExpiry - now < SOON_MS ? "token ends soon" : "syncing";
  }
}

export function isProblem({ state }: Sync): boolean {
  return SYNC_STATES.indexOf(state) < SYNC_STATES.indexOf("not shown");
}

export function isSyncing({ state }: Sync): boolean {
  return state === "syncing" || state === "token ends soon";
}

/** Switched off on purpose: neither a problem nor at work. */
export function isOff({ state }: Sync): boolean {
  return state === "off";
}

export function worstFirst(a: Sync, b: Sync): number {
  return SYNC_STATES.indexOf(a.state) - SYNC_STATES.indexOf(b.state) || a.name.localeCompare(b.name, "en");
}

/** What a reader wants to know beside the state. */
export function reasonOf(sync: Sync): readonly Inline[] {
  if (sync.lastError) return [{ data: sync.lastError, max: 160 }];
  const onToken = sync.state === "token expired" || sync.state === "token ends soon";
  if (onToken && sync.tokenExpiry !== null) {
    const verb = sync.state === "token expired" ? "ended " : "ends ";
    return [verb, { time: sync.tokenExpiry, as: "relative" }];
  }
  return lastSyncOf(sync);
}

export function lastSyncOf({ lastSync }: Sync): readonly Inline[] {
  return lastSync === null ? ["no sync seen"] : ["synced ", { time: lastSync, as: "relative" }];
}

/** In epoch ms; a year up to 1900 means "never". */
export function instant(value: unknown): number | null {
  const time = typeof value === "string" ? haloTime(value) : null;
  return time === null || time < "1901" ? null : Date.parse(`${time}Z`);
}

function valueOf(record: HaloIntegration, names: readonly string[]): Json | undefined {
  const name = names.find((spelling) => spelling in record);
  return name === undefined ? undefined : record[name];
}
