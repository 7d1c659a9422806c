import { z } from "zod";
import type { Clock } from "./clock.ts";
import { type ExportStatus, exportStatus } from "./halo/export.ts";
import { liveJson } from "./halo/live.ts";
import type { Product } from "./halo/product.ts";
import { type Integration, listOf, oneOf, savedOf } from "./halo/record.ts";
import { explainRefusal } from "./halo/refusal.ts";
import { type CallEvent, type CallOptions, createHttp, type Http, type RateLimits } from "./http.ts";
import type { Json } from "./json.ts";
import { createTokenKeeper, type OnToken } from "./oauth.ts";
import { path } from "./path.ts";

export interface HaloOptions {
  /** Ends in `/api`. */
  readonly apiUrl: string;
  /** Ends in `/auth`. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Only for installations that HaloPSA hosts under a shared address. */
  readonly tenant?: string;
  readonly clock: Clock;
  readonly limits?: RateLimits;
  readonly timeoutMs?: number;
  readonly onCall?: (event: CallEvent) => void;
  readonly onToken?: OnToken;
}

/** A body to save: without `id` it creates, with `id` it changes the fields it names. */
export type Body = { readonly [field: string]: unknown };

/**
 * HaloPSA's vendor integrations, as on its pages "RMM & Security Endpoints". Answers hold only the fields of
 * the product's row, secrets hidden. Every method throws only `ClientError`.
 */
export interface Halo {
  list(product: Product, call: CallOptions): Promise<readonly Integration[]>;
  get(product: Product, id: number, call: CallOptions): Promise<Integration>;
  /** What was saved, if the vendor said. */
  save(product: Product, body: Body, call: CallOptions): Promise<Integration | undefined>;
  remove(product: Product, id: number, call: CallOptions): Promise<void>;
  /** What the product itself says now; null when the answer is empty. */
  live(product: Product & { readonly live: string }, call: CallOptions): Promise<Json>;
  createWebhook(id: number, call: CallOptions): Promise<void>;
  deleteWebhook(id: number, call: CallOptions): Promise<void>;
  /** `chunkSize` in records; HaloPSA's own default without it. */
  startExport(chunkSize: number | undefined, call: CallOptions): Promise<void>;
  exportStatus(call: CallOptions): Promise<ExportStatus>;
  cancelExport(call: CallOptions): Promise<void>;
}

/**
 * HaloPSA answers 429 to more than 300 requests in any five minutes. That is for it to say: who else uses the same
 * application is not known here, and to hold back by ourselves would make people wait minutes for what may be let in.
 */
const LIMITS: RateLimits = { concurrency: 12, burst: 300, perSecond: 10 };

/** HaloPSA names no time with a 429; other clients find that five seconds is the least that helps. */
const RATE_LIMIT_PAUSE_MS = 5_000;

export function createHalo(options: HaloOptions): Halo {
  const http = createApi(options);
  return { ...configurations(http), ...liveData(http), ...webhooks(http), ...exports(http) };
}

function createApi(options: HaloOptions): Http {
  const { apiUrl, authUrl, clientId, clientSecret, tenant, clock, limits = LIMITS } = options;
  const shared = {
    vendor: "HaloPSA",
    clock,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.onCall ? { onCall: options.onCall } : {}),
  };
  return createHttp({
    ...shared,
    baseUrl: apiUrl,
    limits,
    explain: explainRefusal,
    retryAfter: () => RATE_LIMIT_PAUSE_MS,
    authorization: createTokenKeeper({
      ...shared,
      ...(options.onToken ? { onToken: options.onToken } : {}),
      tokenUrl: `${authUrl.replace(/\/+$/, "")}/token`,
      form: {
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
        // Without it HaloPSA still gives a token, and then refuses every call made with it.
        scope: "all",
      },
      ...(tenant ? { query: { tenant } } : {}),
    }),
  });
}

function configurations(http: Http): Pick<Halo, "list" | "get" | "save" | "remove"> {
  return {
    list: (product, call) =>
      http.call(
        {
          operation: `GET ${product.details}`,
          method: "GET",
          path: path`/${product.details}`,
          query: detailsQuery(product),
          write: false,
        },
        listOf(product),
        call,
      ),
    get: (product, id, call) =>
      http.call(
        {
          operation: `GET ${product.details}/{id}`,
          method: "GET",
          path: path`/${product.details}/${id}`,
          query: detailsQuery(product),
          write: false,
        },
        oneOf(product, id),
        call,
      ),
    save: (product, body, call) =>
      http.call(
        {
          operation: `POST ${product.details}`,
          method: "POST",
          path: path`/${product.details}`,
          json: [body],
          write: true,
        },
        savedOf(product),
        call,
      ),
    remove: (product, id, call) =>
      send(http, "DELETE", `${product.details}/{id}`, path`/${product.details}/${id}`, call),
  };
}

/** Snow's `doDecrypt` has no place here: it would bring a password. */
function detailsQuery(product: Product): Readonly<Record<string, boolean>> {
  return product.includeDetails ? { includedetails: true } : {};
}

function liveData(http: Http): Pick<Halo, "live"> {
  return {
    live: (product, call) =>
      http.call(
        {
          operation: `GET ${product.live}/Get`,
          method: "GET",
          path: path`/${product.live}/Get`,
          write: false,
        },
        liveJson,
        call,
      ),
  };
}

function webhooks(http: Http): Pick<Halo, "createWebhook" | "deleteWebhook"> {
  return {
    createWebhook: (id, call) =>
      send(
        http,
        "POST",
        "KaseyaVSAX/CreateWebhook/{detailsId}",
        path`/KaseyaVSAX/CreateWebhook/${id}`,
        call,
      ),
    deleteWebhook: (id, call) =>
      send(
        http,
        "DELETE",
        "KaseyaVSAX/DeleteWebhook/{detailsId}",
        path`/KaseyaVSAX/DeleteWebhook/${id}`,
        call,
      ),
  };
}

function exports(http: Http): Pick<Halo, "startExport" | "exportStatus" | "cancelExport"> {
  return {
    startExport: (chunkSize, call) =>
      send(http, "POST", "Tenable/Export", "/Tenable/Export", call, {
        ...(chunkSize === undefined ? {} : { chunk_size: chunkSize }),
      }),
    exportStatus: (call) =>
      http.call(
        { operation: "GET Tenable/Status", method: "GET", path: "/Tenable/Status", write: false },
        exportStatus,
        call,
      ),
    cancelExport: (call) => send(http, "POST", "Tenable/Cancel", "/Tenable/Cancel", call),
  };
}

/** A write whose answer is undocumented: its state is read back instead. */
async function send(
  http: Http,
  method: "POST" | "DELETE",
  name: string,
  to: string,
  call: CallOptions,
  json?: Body,
): Promise<void> {
  const request = { operation: `${method} ${name}`, method, path: to, write: true };
  await http.call(json ? { ...request, json } : request, z.unknown(), call);
}
