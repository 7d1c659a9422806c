import { createApono } from "../clients/apono.ts";
import { createBitdefender } from "../clients/bitdefender.ts";
import type { Clock } from "../clients/clock.ts";
import { createHalo } from "../clients/halo.ts";
import type { CallEvent, CallOptions } from "../clients/http.ts";
import type { OnToken } from "../clients/oauth.ts";
import { createOpsRamp } from "../clients/opsramp.ts";
import type { Context, Operation, PastChange, Vendor } from "../handlers/operation.ts";
import { vendors } from "../handlers/registry.ts";
import type { Config } from "./config.ts";
import type { Aliases } from "./parser/command.ts";
import type { Store } from "./store/database.ts";
import { recall } from "./store/key_value.ts";

/** A vendor and, where its credentials are set, its client. */
export interface Connected {
  readonly vendor: Vendor<unknown>;
  readonly client: unknown;
}

export interface VendorsOptions {
  readonly vendors: readonly Connected[];
  readonly store: Store;
  readonly statusCacheTtlMs: number;
}

/** All operations, and what they work with. */
export interface Vendors {
  readonly all: readonly Connected[];
  readonly operations: readonly Operation[];
  readonly aliases: Aliases;
  byName(name: string): Connected | undefined;
  find(verb: string, target: string | null): Operation | undefined;
  context(connected: Connected, call: CallOptions): Context<unknown>;
}

export function createVendors({ vendors, store, statusCacheTtlMs }: VendorsOptions): Vendors {
  const operations = vendors.flatMap(({ vendor }) => vendor.operations);
  const cached = createCache(store, statusCacheTtlMs);
  return {
    all: vendors,
    operations,
    aliases: Object.assign({}, ...vendors.map(({ vendor }) => vendor.targets)),
    byName: (name) => vendors.find(({ vendor }) => vendor.name === name),
    find: (verb, target) =>
      operations.find((operation) => operation.verb === verb && operation.target === target),
    context: ({ client, vendor }, call) => ({
      client,
      call,
      get now() {
        return store.now();
      },
      recall: (key) => recall(store, key),
      history: (targetKey) => history(store, targetKey),
      cached: (key, load) => cached(`${vendor.name} ${key}`, load),
    }),
  };
}

const PAST_CHANGES = 3;

async function history(store: Store, targetKey: string): Promise<readonly PastChange[]> {
  const rows = await store.db.selectFrom("changes")
    .select(["code", "verb", "target", "state", "created_at", "finished_at", "requester_name"])
    .where("target_key", "=", targetKey).where("finished_at", "is not", null)
    .orderBy("created_at", "desc").limit(PAST_CHANGES).execute();
  return rows.map((row) => ({
    code: row.code,
    title: [row.verb, row.target].filter(Boolean).join(" "),
    state: row.state,
    at: row.finished_at ?? row.created_at,
    requester: row.requester_name,
  }));
}

interface Kept {
  readonly at: number;
  readonly value: Promise<unknown>;
}

/** Serves a status read again for a while, and one that is under way to everyone who asks meanwhile. */
function createCache(store: Store, ttlMs: number) {
  const kept = new Map<string, Kept>();
  return async function cached<T>(key: string, load: () => Promise<T>): Promise<{ value: T; at: number }> {
    const now = store.now();
    for (const [old, entry] of kept) if (now - entry.at >= ttlMs) kept.delete(old);
    const known = kept.get(key);
    // A key belongs to one reader, so what it holds is of the reader's type.
    if (known && ttlMs > 0) return { value: await known.value as T, at: known.at };
    const value = load();
    const entry = { at: now, value };
    kept.set(key, entry);
    try {
      return { value: await value, at: now };
    } catch (error) {
      if (kept.get(key) === entry) kept.delete(key);
      throw error;
    }
  };
}

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
