import { z } from "zod";
import type { Clock } from "../../../clients/clock.ts";
import { type CallEvent, type CallOptions, createHttp, type Http } from "../../../clients/http.ts";
import { path } from "../../../clients/path.ts";

const monitor = z.object({ id: z.string(), name: z.string(), up: z.boolean(), enabled: z.boolean() });
export type Monitor = z.output<typeof monitor>;

const LIMITS = { concurrency: 4, burst: 20, perSecond: 5 };

/** Pulse, which watches addresses: invented, to see what a fifth vendor takes. */
export class Pulse {
  private readonly http: Http;

  constructor({ apiUrl, apiKey, ...shared }: {
    readonly apiUrl: string;
    readonly apiKey: string;
    readonly clock: Clock;
    readonly onCall: (event: CallEvent) => void;
  }) {
    const authorization = { header: () => `Bearer ${apiKey}` };
    this.http = createHttp({ vendor: "Pulse", baseUrl: apiUrl, limits: LIMITS, authorization, ...shared });
  }

  listMonitors(call: CallOptions): Promise<readonly Monitor[]> {
    const request = {
      operation: "listMonitors",
      method: "GET",
      path: path`/monitors`,
      write: false,
    } as const;
    return this.http.call(request, z.array(monitor), call);
  }

  getMonitor(id: string, call: CallOptions): Promise<Monitor> {
    const request = {
      operation: "getMonitor",
      method: "GET",
      path: path`/monitors/${id}`,
      write: false,
    } as const;
    return this.http.call(request, monitor, call);
  }
}
