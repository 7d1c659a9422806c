import * as z from "zod";
import { ClientError } from "./errors.ts";
import { HttpClient } from "./http/client.ts";
import type { CallOptions, ConnectionOptions, RateLimits, Refusal } from "./http/contract.ts";
import { arrayOf, type Rows, undocumentedYes } from "./json.ts";
import { type OnToken, TokenCache } from "./oauth.ts";
import { type Installed, installedPage, installedSchema, type InstalledUpdate } from "./opsramp/installed.ts";
import { path } from "./path.ts";

export interface OpsRampOptions extends ConnectionOptions {
  /** The origin, e.g. "https://api.opsramp.com"; a path and a port are kept. */
  readonly apiUrl: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly onToken?: OnToken | undefined;
}

/** A client tenant may make 50 paginated reads and 50 writes a minute; beyond the burst a 429 says how long to wait. */
const LIMITS: RateLimits = { concurrency: 6, burst: 40, perSecond: 5 };
/** The largest page that other clients of this search have been seen to use. */
const PAGE_SIZE = 100;
const MOST_PAGES = 200;

/**
 * OpsRamp's installed integrations. Each method throws `ClientError`, and `UnsafePathValue` for an id that must not be
 * sent.
 */
export class OpsRampClient {
  private readonly http: HttpClient;
  private readonly installed: string;

  constructor(options: OpsRampOptions) {
    const { apiUrl, tenantId, clientId, clientSecret, clock, limits = LIMITS, timeoutMs, onCall } = options;
    const shared = { vendor: "OpsRamp", clock, timeoutMs, onCall };
    const origin = apiUrl.replace(/\/+$/, "");
    const authorization = new TokenCache({
      ...shared,
      onToken: options.onToken,
      // Both are official; which one a pod has is not written anywhere.
      tokenUrl: [`${origin}/auth/oauth/token`, `${origin}/tenancy/auth/oauth/token`],
      form: { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret },
    });
    this.http = new HttpClient({
      ...shared,
      baseUrl: origin,
      limits,
      // The pages ask for it on every call, with a body or without.
      headers: { "content-type": "application/json" },
      authorization,
      explain: readRefusal,
      retryAfter,
    });
    this.installed = path`/api/v2/tenants/${tenantId}/integrations/installed`;
  }

  /**
   * Every page of the installed search, and how many more the vendor counts than it returned.
   * https://docs.opsramp.com/api/integrations/integration-search-installed-get/
   */
  async listInstalled(call: CallOptions): Promise<Rows<Installed> & { readonly missing: number }> {
    const found = new Map<string, Installed>();
    const unread = new Set<string>();
    let total = 0;
    let pageNo = 1;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await this.search(pageNo, PAGE_SIZE, call);
      for (const one of page.results.items) found.set(one.id, one);
      for (const one of page.results.unread) unread.add(one);
      total = page.totalResults ?? total;
      const next = page.nextPage ? page.nextPageNo ?? pageNo + 1 : undefined;
      // A server that names the same page again would be asked for ever.
      if (next === undefined || next <= pageNo || count(page) === 0) break;
      pageNo = next;
    }
    const missing = Math.max(0, total - found.size - unread.size);
    return { items: [...found.values()], unread: [...unread], missing };
  }

  /**
   * The smallest search there is: how many are installed, undefined where the vendor does not count, and one of them.
   *
   * https://docs.opsramp.com/api/integrations/integration-search-installed-get/
   */
  async probe(
    call: CallOptions,
  ): Promise<{ readonly count: number | undefined; readonly id: string | undefined }> {
    const { totalResults, results } = await this.search(1, 1, call);
    return { count: totalResults ?? undefined, id: results.items[0]?.id };
  }

  /**
   * One installed integration; `not_found` for an unknown id, which the vendor answers with HTTP 500.
   *
   * https://docs.opsramp.com/api/integrations/integration-installed-get/
   */
  getInstalled(id: string, call: CallOptions): Promise<Installed> {
    return this.http.getOne("getInstalled", this.installed + path`/${id}`, installedSchema, call);
  }

  /**
   * Changes what is named and leaves the rest. Mappings are appended to and never replaced, so sending one twice
   * stores it twice. The answer is partial; it may hold a new inbound credential.
   * https://docs.opsramp.com/api/integrations/integration-update-installed-post/
   */
  updateInstalled(id: string, update: InstalledUpdate, call: CallOptions): Promise<Installed> {
    const request = { operation: "updateInstalled", method: "POST", json: update } as const;
    return this.http.call({ ...request, path: this.installed + path`/${id}` }, installedSchema, call);
  }

  /**
   * Whether the integration may exchange data; what is answered is not documented.
   * https://github.com/opsramp/openapi-specs, v2/opsramp-integrations.v2.yaml
   */
  async switchInstalled(id: string, on: boolean, call: CallOptions): Promise<void> {
    const verb = on ? "enable" : "disable";
    const request = { operation: `${verb}Installed`, method: "POST" } as const;
    await this.http.call({ ...request, path: this.installed + path`/${id}/${verb}` }, undocumentedYes, call);
  }

  private async search(pageNo: number, pageSize: number, call: CallOptions): Promise<InstalledPage> {
    const query = { pageNo, pageSize, isDescendingOrder: false, sortName: "name" };
    try {
      return await this.http.get("searchInstalled", `${this.installed}/search`, installedPage, call, query);
    } catch (error) {
      throw error instanceof ClientError && error.kind === "not_found" ? withoutTenant(error) : error;
    }
  }
}

type InstalledPage = z.output<typeof installedPage>;

function count({ results: { items, unread } }: InstalledPage): number {
  return items.length + unread.length;
}

/** A search names no record: what is missing is the place to search in. */
function withoutTenant({ failure }: ClientError): ClientError {
  const detail = "there is no such tenant at this address: check OPSRAMP_TENANT_ID and OPSRAMP_API_URL";
  const { vendor, operation, status = 404 } = failure;
  return new ClientError({ kind: "unreachable", vendor, operation, status, detail, ambiguous: false });
}

const said = z.union([
  z.object({ message: z.string(), code: z.string().optional() }),
  arrayOf(z.object({ message: z.string(), fieldName: z.string().optional() })).transform((problems) => ({
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
function readRefusal(status: number, body: unknown): Refusal | undefined {
  if (status < 300) return undefined;
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
