import { type ExportStatus, exportStatus } from "./halo/export.ts";
import type { Product } from "./halo/product.ts";
import { type HaloIntegration, liveJson, recordIn, recordsIn, savedIn } from "./halo/record.ts";
import { HttpClient } from "./http/client.ts";
import type { CallOptions, ConnectionOptions, RateLimits, Refusal } from "./http/contract.ts";
import { type Json, type Rows, undocumentedYes } from "./json.ts";
import { type OnToken, TokenCache } from "./oauth.ts";
import { path } from "./path.ts";

export interface HaloOptions extends ConnectionOptions {
  /** Ends in `/api`. */
  readonly apiUrl: string;
  /** Ends in `/auth`. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Only for installations that HaloPSA hosts under a shared address. */
  readonly tenant?: string | undefined;
  readonly onToken?: OnToken | undefined;
}

/**
 * HaloPSA answers 429 to more than 300 requests in any five minutes. That is for it to say: who else uses the same
 * application is not known here, and to hold back by ourselves would make people wait minutes for what may be let in.
 */
const LIMITS: RateLimits = { concurrency: 12, burst: 300, perSecond: 10 };

/** HaloPSA names no time with a 429; other clients find that five seconds is the least that helps. */
const RATE_LIMIT_PAUSE_MS = 5_000;

/**
 * HaloPSA's vendor integrations, as on the page "RMM & Security Endpoints". In answers secrets are
 * hidden. Each method throws `ClientError`.
 */
export class HaloClient {
  private readonly http: HttpClient;

  constructor(options: HaloOptions) {
    const { apiUrl, authUrl, clientId, clientSecret, tenant, clock, timeoutMs, onCall, onToken } = options;
    const shared = { vendor: "HaloPSA", clock, timeoutMs, onCall };
    const authorization = new TokenCache({
      ...shared,
      onToken,
      tokenUrl: `${authUrl.replace(/\/+$/, "")}/token`,
      form: {
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
        // Without it HaloPSA still gives a token, and then refuses every call made with it.
        scope: "all",
      },
      query: tenant ? { tenant } : undefined,
    });
    this.http = new HttpClient({
      ...shared,
      baseUrl: apiUrl,
      limits: options.limits ?? LIMITS,
      authorization,
      explain: readRefusal,
      retryAfter: () => RATE_LIMIT_PAUSE_MS,
    });
  }

  /**
   * All configurations of a product that can be read, and what the others are called.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "GET /{Vendor}Details"
   */
  list(product: Product, call: CallOptions): Promise<Rows<HaloIntegration>> {
    const { details } = product;
    return this.http.get(`GET ${details}`, path`/${details}`, recordsIn(product), call, queryOf(product));
  }

  /**
   * One configuration; `not_found` for an unknown id.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "GET /{Vendor}Details/{id}"
   */
  get(product: Product, id: number, call: CallOptions): Promise<HaloIntegration> {
    const at = path`/${product.details}/${id}`;
    const schema = recordIn(product, id);
    return this.http.getOne(`GET ${product.details}/{id}`, at, schema, call, queryOf(product));
  }

  /**
   * Creates a configuration from a body without `id`, changes the named fields of one with. What was saved, if the
   * vendor said.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "POST /{Vendor}Details"
   */
  save(
    product: Product,
    body: Readonly<Record<string, unknown>>,
    call: CallOptions,
  ): Promise<HaloIntegration | undefined> {
    const request = { operation: `POST ${product.details}`, method: "POST", json: [body] } as const;
    return this.http.call({ ...request, path: path`/${product.details}` }, savedIn(product), call);
  }

  /**
   * Removes a configuration; `not_found` for an unknown id.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "DELETE /{Vendor}Details/{id}"
   */
  remove(product: Product, id: number, call: CallOptions): Promise<void> {
    return this.send("DELETE", `${product.details}/{id}`, path`/${product.details}/${id}`, call);
  }

  /**
   * What the product itself says now; null when the answer is empty.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "GET /{Vendor}/Get"
   */
  live(product: Product & { readonly live: string }, call: CallOptions): Promise<Json> {
    return this.http.get(`GET ${product.live}/Get`, path`/${product.live}/Get`, liveJson, call);
  }

  /**
   * Makes Kaseya VSA X call HaloPSA for one configuration, or takes that webhook away.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "POST /KaseyaVSAX/CreateWebhook/{detailsId}"
   * and "DELETE /KaseyaVSAX/DeleteWebhook/{detailsId}"
   */
  switchWebhook(id: number, on: boolean, call: CallOptions): Promise<void> {
    const verb = on ? "CreateWebhook" : "DeleteWebhook";
    const at = path`KaseyaVSAX/${verb}/${id}`;
    return this.send(on ? "POST" : "DELETE", `KaseyaVSAX/${verb}/{detailsId}`, at, call);
  }

  /**
   * Begins Tenable's export. `chunkSize` in records; HaloPSA's own default without it.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "POST /Tenable/Export"
   */
  startExport(chunkSize: number | undefined, call: CallOptions): Promise<void> {
    return this.send("POST", "Tenable/Export", "/Tenable/Export", call, { chunk_size: chunkSize });
  }

  /**
   * How Tenable's newest export stands.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "GET /Tenable/Status"
   */
  exportStatus(call: CallOptions): Promise<ExportStatus> {
    return this.http.getOne("GET Tenable/Status", "/Tenable/Status", exportStatus, call);
  }

  /**
   * Stops Tenable's export.
   * https://kb.dtctoday.com/books/halopsa-api-reference/page/rmm-security-endpoints, "POST /Tenable/Cancel"
   */
  cancelExport(call: CallOptions): Promise<void> {
    return this.send("POST", "Tenable/Cancel", "/Tenable/Cancel", call);
  }

  /** A write whose answer is undocumented; its state is read back besides. */
  private async send(
    method: "POST" | "DELETE",
    name: string,
    at: string,
    call: CallOptions,
    json?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.http.call({ operation: `${method} ${name}`, method, path: at, json }, undocumentedYes, call);
  }
}

/** Snow's `doDecrypt` has no place here: it would bring a password. */
function queryOf(product: Product): Readonly<Record<string, boolean>> {
  return product.includeDetails ? { includedetails: true } : {};
}

/**
 * The words in an error body that the common names do not find: some of HaloPSA's bodies are an object with one
 * property of any name. 401 and 403 usually come without a body.
 */
function readRefusal(_status: number, body: unknown): Refusal | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const [only, ...others] = Object.values(body);
  return typeof only === "string" && others.length === 0 ? { detail: only } : undefined;
}
