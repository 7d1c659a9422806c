import { createHmac } from "node:crypto";
import type { CallEvent, CallOptions } from "../clients/http/contract.ts";
import type { ChangeOperation, Context, Operation, PastChange, Plan } from "../handlers/operation.ts";
import type { Shared, Vendor } from "../handlers/vendor.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Aliases } from "./parser/command.ts";
import { type Change, operationName, planOf } from "./store/changes.ts";
import type { Store } from "./store/database.ts";
import { recall } from "./store/kept_values.ts";

/** A vendor and, where it is set up, its client. */
export interface Connected {
  readonly vendor: Vendor;
  readonly client: unknown;
  /** Tells one account at the vendor from another, and nothing else: made with a key, from all that is set for it. */
  readonly account: string | undefined;
}

/** Has every call to a vendor counted and logged, and its clock compared; `also` is told of it too. */
export function callObserver(
  { metrics, log, store }: { readonly metrics: Metrics; readonly log: Log; readonly store: Store },
  also?: (event: CallEvent) => void,
): (event: CallEvent) => void {
  return (event) => {
    const { date, ...logged } = event;
    metrics.compareClock(event.vendor, date, store.now());
    metrics.vendorCall(event);
    log.info("vendor_call", { ...logged, durationMs: Math.round(event.durationMs) });
    also?.(event);
  };
}

/** Each vendor with its client, or without one where its credentials are not set. */
export function connect(
  vendors: readonly Vendor[],
  { vendors: configured, token }: Pick<Config, "vendors" | "token">,
  shared: Shared,
): Connected[] {
  return vendors.map((vendor) => {
    const settings = configured.find(({ setup }) => setup.name === vendor.name)?.settings;
    return {
      vendor,
      client: settings && vendor.connect(settings, shared),
      account: settings && digestOf(settings, token),
    };
  });
}

function digestOf(settings: object, key: string): string {
  return createHmac("sha256", key).update(JSON.stringify(Object.entries(settings).sort())).digest("hex");
}

/** One call for a change, with its read-back or its retries, is given up after this long. */
const CALL_MS = 15_000;
/** A change concerns one record and reads few others: an answer beyond this must not cost a replica its life. */
export const CHANGE_ANSWER_BYTES = 2 * 1024 * 1024;

/** What it takes to plan, apply or verify a stored change. */
export interface BoundOperation {
  readonly operation: ChangeOperation;
  readonly plan: Plan;
  /** A context whose deadline begins now. */
  context(how?: Pick<CallOptions, "onFailure">): Context<unknown>;
}

/** Every vendor with its operations, and what they work with. */
export class Vendors {
  readonly operations: readonly Operation[];
  readonly aliases: Aliases;
  private readonly cache: StatusCache;

  constructor(readonly all: readonly Connected[], private readonly store: Store, statusCacheTtlMs: number) {
    this.operations = all.flatMap(({ vendor }) => vendor.operations);
    this.aliases = Object.assign({}, ...all.map(({ vendor }) => vendor.targets));
    this.cache = new StatusCache(store, statusCacheTtlMs);
  }

  byName(name: string): Connected | undefined {
    return this.all.find(({ vendor }) => vendor.name === name);
  }

  find(verb: string, target: string | null): Operation | undefined {
    return this.operations.find((operation) => operation.verb === verb && operation.target === target);
  }

  /** Whether a change was asked for with another account of its vendor than the one that is set up now. */
  isOfAnotherAccount({ vendor, account }: Pick<Change, "vendor" | "account">): boolean {
    const now = this.byName(vendor)?.account;
    return now !== undefined && account !== null && account !== now;
  }

  /** The operation that changes something by this name; undefined when this version knows none. */
  changeOperation({ verb, target }: Pick<Change, "verb" | "target">): ChangeOperation | undefined {
    const operation = this.find(verb, target);
    return operation && operation.risk !== "read" ? operation : undefined;
  }

  /** Undefined when the vendor is not set up any more or this version does not know the operation. */
  boundOperation(
    change: Change,
    { signal, ...how }: Partial<Pick<CallOptions, "background" | "signal">> = {},
  ): BoundOperation | undefined {
    const operation = this.changeOperation(change);
    const connected = this.byName(change.vendor);
    if (!operation || !connected?.client) return undefined;
    const call = { ...how, fresh: true, trace: change.trace ?? change.code, maxBytes: CHANGE_ANSWER_BYTES };
    return {
      operation,
      plan: planOf(change),
      context: (more) => {
        const ends = [AbortSignal.timeout(CALL_MS), ...signal ? [signal] : []];
        return this.context(connected, { ...call, ...more, signal: AbortSignal.any(ends) });
      },
    };
  }

  /** `anew`: nothing is served again, and what is read is served to others from then on. */
  context(
    { client, vendor }: Connected,
    call: CallOptions,
    { anew = false }: { readonly anew?: boolean } = {},
  ): Context<unknown> {
    const { store, cache } = this;
    return {
      client,
      call,
      get now() {
        return store.now();
      },
      recall: (key) => recall(store, key),
      history: (targetKey) => pastChanges(store, targetKey),
      cached: (key, load) => cache[anew ? "renew" : "get"](`${vendor.name} ${key}`, load),
    };
  }
}

const PAST_CHANGES = 3;

/** The last changes made through this bot to a target, newest first. */
export async function pastChanges(store: Store, targetKey: string): Promise<readonly PastChange[]> {
  const rows = await store.db.selectFrom("changes")
    .select(["code", "verb", "target", "state", "created_at", "finished_at", "requester_name"])
    .where("target_key", "=", targetKey).where("finished_at", "is not", null)
    .orderBy("created_at", "desc").limit(PAST_CHANGES).execute();
  return rows.map((row) => ({
    code: row.code,
    title: operationName(row),
    state: row.state,
    at: row.finished_at ?? row.created_at,
    requester: row.requester_name,
  }));
}

/** Serves a status read again for a while, and one that is under way to everyone who asks meanwhile. */
class StatusCache {
  private readonly kept = new Map<string, { readonly at: number; readonly value: Promise<unknown> }>();

  constructor(private readonly store: Store, private readonly ttlMs: number) {}

  /** Asks, and keeps the answer once it is there: nobody is made to wait for it. */
  async renew<T>(key: string, load: () => Promise<T>): Promise<{ value: T; at: number }> {
    const at = this.store.now();
    const value = await load();
    const known = this.kept.get(key);
    if (this.ttlMs > 0 && (!known || known.at <= at)) {
      this.kept.set(key, { at, value: Promise.resolve(value) });
    }
    return { value, at };
  }

  /** What `load` resolves to, and when it was asked. A failure is not kept. */
  async get<T>(key: string, load: () => Promise<T>): Promise<{ value: T; at: number }> {
    const now = this.store.now();
    for (const [old, { at }] of this.kept) if (now - at >= this.ttlMs) this.kept.delete(old);
    const known = this.kept.get(key);
    // A key belongs to one reader, so what it holds is of the reader's type.
    if (known && this.ttlMs > 0) return { value: await known.value as T, at: known.at };
    const value = load();
    const entry = { at: now, value };
    this.kept.set(key, entry);
    try {
      return { value: await value, at: now };
    } catch (error) {
      if (this.kept.get(key) === entry) this.kept.delete(key);
      throw error;
    }
  }
}
