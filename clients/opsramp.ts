import { z } from "zod";
import type { Clock } from "./clock.ts";
import { ClientError } from "./errors.ts";
import { type CallEvent, type CallOptions, createHttp, type Explained, type RateLimits } from "./http.ts";
import { createTokenKeeper, type OnToken } from "./oauth.ts";
import { type Installed, installedPage, installedSchema } from "./opsramp/installed.ts";
import type { InstalledUpdate } from "./opsramp/update.ts";
import { path } from "./path.ts";

export type { Installed } from "./opsramp/installed.ts";
export { distinct, ENTITY_TYPES, type Mapping, type ValuePair } from "./opsramp/mapping.ts";
export {
  AUTH_TYPES,
  GRANT_TYPES,
  type InstalledUpdate,
  installedUpdate,
  NOTIFIER_TYPES,
  type NotifierUpdate,
  notifierUpdate,
} from "./opsramp/update.ts";

export interface OpsRampOptions {
  /** The origin, e.g. "https://api.opsramp.com"; a path and a port are kept. */
  readonly apiUrl: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clock: Clock;
  readonly onCall?: (event: CallEvent) => void;
  readonly onToken?: OnToken;
  readonly limits?: RateLimits;
  readonly timeoutMs?: number;
}

/** OpsRamp's installed integrations, as on the page "Update Installed Integration" and its neighbours. */
export interface OpsRamp {
  /** Every page of the installed search. */
  listInstalled(call: CallOptions): Promise<readonly Installed[]>;
  /** How many there are, by the smallest search there is; undefined where the vendor does not count. */
  countInstalled(call: CallOptions): Promise<number | undefined>;
  /** Throws `not_found` for an unknown id, which the vendor answers with HTTP 500. */
  getInstalled(id: string, call: CallOptions): Promise<Installed>;
  /**
   * Changes what is named and leaves the rest. Mappings are appended to and never replaced, so sending one twice
   * stores it twice. The answer is partial; it may hold a new inbound credential.
   */
  updateInstalled(id: string, update: InstalledUpdate, call: CallOptions): Promise<Installed>;
  enableInstalled(id: string, call: CallOptions): Promise<void>;
  disableInstalled(id: string, call: CallOptions): Promise<void>;
}

const VENDOR = "OpsRamp";
/** A client tenant may make 50 paginated reads and 50 writes a minute; beyond the burst a 429 says how long to wait. */
const LIMITS: RateLimits = { concurrency: 6, burst: 40, perSecond: 5 };
/** The largest page that other clients of this search have been seen to use. */
const PAGE_SIZE = 100;
const MOST_PAGES = 200;

export function createOpsRamp(options: OpsRampOptions): OpsRamp {
  const { clock, limits = LIMITS, onCall, onToken, timeoutMs } = options;
  const baseUrl = options.apiUrl.replace(/\/+$/, "");
  const shared = { vendor: VENDOR, clock, ...(onCall && { onCall }), ...(timeoutMs && { timeoutMs }) };
  const authorization = createTokenKeeper({
    ...shared,
    ...(onToken && { onToken }),
    // Both are official; which one a pod has is not written anywhere.
    tokenUrl: [`${baseUrl}/auth/oauth/token`, `${baseUrl}/tenancy/auth/oauth/token`],
    form: {
      grant_type: "client_credentials",
      client_id: options.clientId,
      client_secret: options.clientSecret,
    },
    staleOn: [401, 407],
  });
  const http = createHttp({ ...shared, baseUrl, limits, authorization, explain, retryAfter });
  /** The pages ask for it on every call, with a body or without. */
  const headers = { "content-type": "application/json" };
  const installed = path`/api/v2/tenants/${options.tenantId}/integrations/installed`;

  async function search(pageNo: number, pageSize: number, call: CallOptions): Promise<Page> {
    const query = { pageNo, pageSize, isDescendingOrder: false, sortName: "name" };
    const request = { operation: "searchInstalled", method: "GET", write: false, headers } as const;
    try {
      return await http.call({ ...request, path: `${installed}/search`, query }, installedPage, call);
    } catch (error) {
      throw error instanceof ClientError && error.kind === "not_found" ? withoutTenant(error) : error;
    }
  }

  async function listInstalled(call: CallOptions): Promise<readonly Installed[]> {
    const found = new Map<string, Installed>();
    let pageNo = 1;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await search(pageNo, PAGE_SIZE, call);
      for (const one of page.results) found.set(one.id, one);
      const next = page.nextPage ? page.nextPageNo ?? pageNo + 1 : undefined;
      // A server that names the same page again would be asked for ever.
      if (next === undefined || next <= pageNo || page.results.length === 0) break;
      pageNo = next;
    }
    return [...found.values()];
  }

  async function countInstalled(call: CallOptions): Promise<number | undefined> {
    return (await search(1, 1, call)).totalResults ?? undefined;
  }

  function getInstalled(id: string, call: CallOptions): Promise<Installed> {
    const request = { operation: "getInstalled", method: "GET", write: false, headers } as const;
    return http.call({ ...request, path: installed + path`/${id}` }, installedSchema, call);
  }

  function updateInstalled(id: string, update: InstalledUpdate, call: CallOptions): Promise<Installed> {
    const request = { operation: "updateInstalled", method: "POST", write: true, headers } as const;
    return http.call({ ...request, path: installed + path`/${id}`, json: update }, installedSchema, call);
  }

  async function switchInstalled(id: string, to: "enable" | "disable", call: CallOptions): Promise<void> {
    const request = { operation: `${to}Installed`, method: "POST", write: true, headers } as const;
    await http.call({ ...request, path: installed + path`/${id}/${to}` }, z.unknown(), call);
  }

  return {
    listInstalled,
    countInstalled,
    getInstalled,
    updateInstalled,
    enableInstalled: (id, call) => switchInstalled(id, "enable", call),
    disableInstalled: (id, call) => switchInstalled(id, "disable", call),
  };
}

type Page = z.output<typeof installedPage>;

/** A search names no record: what is missing is the place to search in. */
function withoutTenant({ failure }: ClientError): ClientError {
  const detail = "there is no such tenant at this address: check OPSRAMP_TENANT_ID and OPSRAMP_API_URL";
  const { vendor, operation, status = 404 } = failure;
  return new ClientError({ kind: "unreachable", vendor, operation, status, detail, ambiguous: false });
}

const said = z.union([
  z.object({ message: z.string(), code: z.string().optional() }),
  z.array(z.object({ message: z.string(), fieldName: z.string().optional() })).transform((problems) => ({
    message: problems.map(({ fieldName, message }) => fieldName ? `${fieldName}: ${message}` : message).join(
      "; ",
    ),
    code: undefined,
  })),
]);

const oauthError = z.object({ error: z.string() });

/** "No resource found with UUID …": something that the request names, such as a role, does not exist. */
const NO_SUCH_RESOURCE = "0003";

/** The vendor's statuses do not say what they say elsewhere: a missing integration is a 500. */
function explain(status: number, body: unknown): Explained {
  // "Unable to authenticate": a validation error is a list, and never has this shape.
  if (status === 400 && oauthError.safeParse(body).success) return { stale: true };
  const words = said.safeParse(body).data;
  const detail = words ? { detail: words.message } : {};
  if (/no installed integration found/i.test(words?.message ?? "")) return { kind: "not_found", ...detail };
  if (status === 410) return { kind: "rejected", found: "the tenant is unavailable or deactivated" };
  if (status === 500 && words?.code === NO_SUCH_RESOURCE) return { kind: "rejected", ...detail };
  return detail;
}

const LONGEST_WAIT_MS = 65_000;

/**
 * `X-RateLimit-Reset` is a moment in epoch seconds, sometimes in quotes; its clock and ours may differ. It comes
 * with every answer and is a reason to wait only when nothing remains.
 */
function retryAfter(headers: Headers, now: number): number | undefined {
  const reset = numberIn(headers, "x-ratelimit-reset");
  const remaining = numberIn(headers, "x-ratelimit-remaining") ?? 0;
  if (reset === undefined || remaining > 0) return undefined;
  return Math.min(Math.max(0, reset * 1_000 - now) + 1_000, LONGEST_WAIT_MS);
}

function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)?.replaceAll('"', "").trim();
  return text && Number.isFinite(Number(text)) ? Number(text) : undefined;
}
