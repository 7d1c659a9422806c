import * as z from "zod";
import { HttpClient } from "../../../clients/http/client.ts";
import type { CallOptions, ConnectionOptions } from "../../../clients/http/contract.ts";
import { type Rows, rowsOf } from "../../../clients/json.ts";
import { path } from "../../../clients/path.ts";

const monitor = z.object({ id: z.string(), name: z.string(), state: z.enum(["up", "down", "paused"]) });
export type Monitor = z.output<typeof monitor>;

const LIMITS = { concurrency: 4, burst: 20, perSecond: 5 };
type PulseOptions = ConnectionOptions & { readonly apiUrl: string; readonly apiKey: string };

/** Pulse, which watches addresses: invented, to see what a fifth vendor takes. */
export class PulseClient {
  private readonly http: HttpClient;

  constructor({ apiUrl, apiKey, limits = LIMITS, ...connection }: PulseOptions) {
    const authorization = { header: () => `Bearer ${apiKey}` };
    this.http = new HttpClient({ vendor: "Pulse", baseUrl: apiUrl, limits, authorization, ...connection });
  }

  listMonitors(call: CallOptions): Promise<Rows<Monitor>> {
    return this.http.get("listMonitors", path`/monitors`, rowsOf(monitor), call);
  }

  getMonitor(id: string, call: CallOptions): Promise<Monitor> {
    return this.http.get("getMonitor", path`/monitors/${id}`, monitor, call);
  }
}
