import type { Chance } from "./chance.ts";
import { cut, dawdle, type Parcel, unpack, type Weather } from "./proxy.ts";

/** A call that changes something, as it arrived at the vendor's door. */
export interface Write {
  /** What it would change, and how. */
  readonly key: string;
  /** It took effect, whatever was answered. */
  readonly effective: boolean;
  readonly fault: VendorFault | undefined;
}

type VendorFault = keyof typeof READ_SHARES;

const READ_SHARES = { "429": 0.01, "500": 0.03, malformed: 0.03, cut: 0.03, slow: 0.05 };
/** Writes are few, and what goes wrong with them matters most. */
const WRITE_SHARES = { "429": 0.04, "500": 0.1, malformed: 0.1, cut: 0.1, slow: 0.3 };

export interface VendorProxy {
  handler(vendor: Vendor): (request: Request) => Promise<Response>;
  readonly writes: readonly Write[];
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  readonly calls: number;
}

interface Vendor {
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** The way from the bots to the vendors. */
export function createVendorProxy({ chance, weather }: { chance: Chance; weather: Weather }): VendorProxy {
  const writes: Write[] = [];
  const faults = new Map<string, number>();
  let calls = 0;

  async function pass(vendor: Vendor, request: Request): Promise<Response> {
    const parcel = await unpack(request);
    const key = writeKey(parcel.body);
    const fault = weather.calm ? undefined : chance.draw(key === undefined ? READ_SHARES : WRITE_SHARES);
    calls++;
    if (fault) faults.set(fault, (faults.get(fault) ?? 0) + 1);
    if (fault === "slow") await dawdle(chance, 700);
    const takesEffect = fault === undefined || fault === "slow" || (fault !== "429" && chance.happens(0.5));
    const answer = takesEffect ? await vendor.fetch(parcel.request()) : undefined;
    if (key !== undefined) writes.push({ key, effective: takesEffect, fault });
    return await spoil(answer, fault);
  }

  return {
    handler: (vendor) => (request) => pass(vendor, request),
    writes,
    faults,
    get calls() {
      return calls;
    },
  };
}

async function spoil(answer: Response | undefined, fault: VendorFault | undefined): Promise<Response> {
  if (answer && (fault === undefined || fault === "slow")) return answer;
  const own = await answer?.text() ?? "";
  if (fault === "cut") return cut(own.slice(0, own.length >> 1));
  if (fault === "malformed") return new Response(`<html>${own.slice(0, 40)}`, { status: 200 });
  if (fault === "429") return new Response("Slow down", { status: 429, headers: { "retry-after": "1" } });
  return new Response("Something went wrong", { status: 500 });
}

/** Of the changes that the persons here ask for; undefined for a read. */
function writeKey(body: Parcel["body"]): string | undefined {
  if (!body.includes('"jsonrpc"')) return undefined;
  const { method, params } = JSON.parse(body) as { method: string; params: Record<string, string> };
  const { companyId = "", crossAccountRoleArn = "" } = params;
  if (method === "configureAmazonEC2IntegrationUsingCrossAccountRole") {
    return enableKey(companyId, crossAccountRoleArn);
  }
  if (method === "disableAmazonEC2Integration") return disableKey(companyId);
  return /^(configure|disable|generate)/.test(method) ? `${method} ${companyId}` : undefined;
}

export function enableKey(company: string, role: string): string {
  return `enable ${company} ${role}`;
}

export function disableKey(company: string): string {
  return `disable ${company}`;
}
