import { roundTripMs } from "./delayed.ts";
import { generateIntegrations, ids } from "../sandbox/gravityzone/northwind.ts";

const PER_PAGE = 100;

export interface VendorStandIn extends AsyncDisposable {
  /** The Access URL of a tenant with so many integrations. */
  apiUrl(integrations: number): string;
}

/**
 * `getConfiguredIntegrations` with pages made beforehand: what is measured is the bot, and the sandbox's emulator
 * works longer on a page than the bot does.
 */
export function serveVendor({ delayMs = 0, port = 0 } = {}): VendorStandIn {
  const tenants = new Map<number, readonly string[]>();
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
    const count = Number(new URL(request.url).pathname.split("/")[1]);
    const pages = tenants.get(count) ?? pagesOf(count);
    tenants.set(count, pages);
    const { id, params } = await request.json() as { id: string; params: { page: number } };
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const result = pages[params.page - 1] ?? pageOf([], count, params.page);
    return new Response(`{"id":"${id}","jsonrpc":"2.0","result":${result}}`, {
      headers: { "content-type": "application/json" },
    });
  });
  return {
    apiUrl: (integrations) => `http://127.0.0.1:${server.addr.port}/${integrations}/api`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** What one page costs a caller that does nothing with it, in ms. */
export function pageRoundTripMs(apiUrl: string): Promise<number> {
  const page = { id: "1", jsonrpc: "2.0", method: "getConfiguredIntegrations", params: { page: 1 } };
  return roundTripMs(`${apiUrl}/v1.0/jsonrpc/integrations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(page),
  });
}

function pagesOf(count: number): readonly string[] {
  const company = { id: ids.northwind, name: "Northwind MSP" };
  const all = generateIntegrations(count).map((integration) => ({ ...integration, company }));
  return Array.from(
    { length: Math.ceil(count / PER_PAGE) },
    (_, index) => pageOf(all.slice(index * PER_PAGE, (index + 1) * PER_PAGE), count, index + 1),
  );
}

function pageOf(data: readonly object[], total: number, page: number): string {
  return JSON.stringify({ data, total, page, perPage: PER_PAGE });
}

if (import.meta.main) serveVendor({ port: Number(Deno.env.get("PORT")) });
