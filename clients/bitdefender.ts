import { z } from "zod";
import { type Bitdefender, methods } from "./bitdefender/methods.ts";
import { errorIn } from "./bitdefender/rpc_error.ts";
import type { Clock } from "./clock.ts";
import { type CallEvent, type CallOptions, createHttp, type RateLimits } from "./http.ts";
import { path } from "./path.ts";

export {
  allConfiguredIntegrations,
  type ConfiguredIntegrations,
} from "./bitdefender/configured_integrations.ts";
export {
  type Bitdefender,
  type CompanyDetails,
  type Integration,
  MOST_COMPANIES_BY_ACCOUNT,
  MOST_COMPANIES_BY_NAME,
} from "./bitdefender/methods.ts";

export interface BitdefenderOptions {
  /** The Access URL of Control Center → My Account → API keys; ends in `/api`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly clock: Clock;
  readonly onCall?: (event: CallEvent) => void;
  /** Below the documented ten calls a second for one key, with room for one screenful at once. */
  readonly limits?: RateLimits;
  readonly timeoutMs?: number;
}

const VENDOR = "GravityZone";
const LIMITS: RateLimits = { concurrency: 10, burst: 100, perSecond: 5 };

/** GravityZone's public API: JSON-RPC 2.0 over HTTPS, the key as the user of HTTP Basic. */
export function createBitdefender(options: BitdefenderOptions): Bitdefender {
  const { apiUrl, apiKey, clock, onCall, limits = LIMITS, timeoutMs } = options;
  const credentials = `Basic ${btoa(`${apiKey}:`)}`;
  const http = createHttp({
    vendor: VENDOR,
    baseUrl: apiUrl.replace(/\/+$/, ""),
    clock,
    limits,
    authorization: { header: () => credentials },
    explain: (status, body) => {
      const no = errorIn(body);
      return no && { detail: no.words, ...(status === 400 && { kind: no.kind }) };
    },
    refusalIn(body) {
      const no = errorIn(body);
      return no && { kind: no.kind, detail: no.words };
    },
    ...(onCall && { onCall }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });

  /** The ids of reads: those that ask the same at the same time have one, or they could not share an answer. */
  const underWay = new Map<string, string>();

  async function send(name: keyof typeof methods, input: unknown, call: CallOptions): Promise<unknown> {
    const { service, write, params: allowed, result } = methods[name];
    const params = allowed.parse(input);
    const asked = JSON.stringify([name, params]);
    const id = underWay.get(asked) ?? crypto.randomUUID();
    if (!write) underWay.set(asked, id);
    const answer = await http.call(
      {
        operation: name,
        method: "POST",
        path: path`/v1.0/jsonrpc/${service}`,
        json: { id, jsonrpc: "2.0", method: name, params },
        write,
      },
      // Another request's answer says nothing about this one.
      z.object({ id: z.literal(id), result }),
      call,
    ).finally(() => {
      if (underWay.get(asked) === id) underWay.delete(asked);
    });
    return answer.result;
  }

  // Sound because `send` answers each name by the result schema of the same row.
  return Object.fromEntries(
    (Object.keys(methods) as (keyof typeof methods)[]).map((name) => [
      name,
      (params: unknown, call: CallOptions) => send(name, params, call),
    ]),
  ) as Bitdefender;
}
