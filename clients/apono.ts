import { type Catalog, createCatalog } from "./apono/catalog.ts";
import type { Integrations } from "./apono/integration.ts";
import { explainRefusal } from "./apono/refusal.ts";
import { createResources, type Resources } from "./apono/resources.ts";
import { createV2, type V2 } from "./apono/v2.ts";
import { createV4 } from "./apono/v4.ts";
import type { Clock } from "./clock.ts";
import { type CallEvent, createHttp, type RateLimits } from "./http.ts";

export interface AponoOptions {
  /** Without `/api`: "https://api.apono.io". */
  readonly apiUrl: string;
  readonly token: string;
  /** Which API the integrations are managed by; v2 is for accounts that have nothing newer. */
  readonly api?: "v4" | "v2";
  readonly clock: Clock;
  readonly limits?: RateLimits;
  readonly timeoutMs?: number;
  readonly onCall?: (event: CallEvent) => void;
}

/**
 * Apono's admin API. Secrets that Apono keeps itself never leave this client. Every method throws only
 * `ClientError`, besides `UnsafePathValue` for an id that must not be sent.
 */
export interface Apono extends Catalog, Resources, Pick<V2, "refresh"> {
  readonly api: "v4" | "v2";
  /** By the API that was chosen. */
  readonly integrations: Integrations;
  /** Always v2: the only one that says in words how the last load went. */
  readonly v2: Integrations;
}

/** Apono states no limits; these keep us from being the ones to find them. */
export const APONO_LIMITS: RateLimits = { concurrency: 8, burst: 50, perSecond: 10 };

export function createApono(options: AponoOptions): Apono {
  const { apiUrl, token, api = "v4", clock, limits = APONO_LIMITS } = options;
  const http = createHttp({
    vendor: "Apono",
    baseUrl: apiUrl,
    clock,
    limits,
    explain: explainRefusal,
    authorization: { header: () => `Bearer ${token}` },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.onCall ? { onCall: options.onCall } : {}),
  });
  const v2 = createV2(http);
  return {
    api,
    integrations: api === "v2" ? v2 : createV4(http),
    v2,
    refresh: v2.refresh,
    ...createCatalog(http),
    ...createResources(http),
  };
}
