import type { Stage } from "../sandbox/stage.ts";

/** One call that an emulated vendor got; asking for a token is left out. */
export interface VendorCall {
  /** `GET /api/DattoRmmDetails?includedetails=true`; for GravityZone the method and its params. */
  readonly call: string;
  /** Undefined where nothing was sent. */
  readonly body?: unknown;
  readonly write: boolean;
}

/** What the vendors were asked, in order within each. */
export function callsOf({ gravityzone, apono, opsramp, halo }: Stage): VendorCall[] {
  return [
    ...gravityzone.calls.map(({ method, params }) => rpcCall(method, params)),
    ...apono.calls.map(httpCall),
    ...opsramp.calls.filter(({ operation }) => operation !== "token").map(httpCall),
    ...halo.calls.filter(({ path }) => path !== "/auth/token").map(httpCall),
  ];
}

const RPC_WRITES = /^(configure|generate|disable)/;

function rpcCall(method: string, params: Readonly<Record<string, unknown>>): VendorCall {
  const write = RPC_WRITES.test(method);
  return write
    ? { call: method, body: params, write }
    : { call: `${method} ${JSON.stringify(params)}`, write };
}

interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body: unknown;
}

function httpCall({ method, path, query, body }: HttpCall): VendorCall {
  const pairs = Array.isArray(query) ? query : Object.entries(query);
  const search = pairs.map(([name, value]) => `${name}=${value}`).join("&");
  const hasBody = body !== undefined && body !== "";
  return {
    call: `${method} ${path}${search && `?${search}`}`,
    write: method !== "GET",
    ...(hasBody && { body }),
  };
}
