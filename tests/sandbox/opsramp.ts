import { fields, Invalid } from "./opsramp/field.ts";
import { type Installation, update, view } from "./opsramp/installation.ts";
import { search } from "./opsramp/search.ts";
import { type Answer, createTokens } from "./opsramp/tokens.ts";
import { createWorld, ROLES } from "./opsramp/world.ts";

export type { Installation } from "./opsramp/installation.ts";
export { createWorld } from "./opsramp/world.ts";

export type OpsRampOperation = "token" | "search" | "get" | "update" | "enable" | "disable" | "uninstall";

/** What goes wrong with a call instead of, or after, doing it. */
export type OpsRampFault =
  | {
    readonly kind: "status";
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: HeadersInit;
  }
  | { readonly kind: "hang" | "cut" | "malformed" | "throttled" }
  | { readonly kind: "apply-then-hang" | "apply-then-cut" | "apply-then-500" };

export interface OpsRampCall {
  readonly operation: OpsRampOperation | "unknown";
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | null;
  readonly contentType: string | null;
  /** Parsed JSON, a form as a record, else the text. */
  readonly body: unknown;
}

export interface OpsRampOptions {
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** In front of every path, e.g. "/opsramp". */
  readonly prefix?: string;
  readonly now?: () => number;
  readonly installations?: Installation[];
  /** Vendor pages name two token addresses; a pod may have only one. */
  readonly tokenPaths?: readonly string[];
  readonly tokenLifeSeconds?: number;
  /** OpsRamp's own specification shows `expires_in` as text. */
  readonly expiresInAsText?: boolean;
  readonly expiredStatus?: 401 | 407;
  readonly notFoundStatus?: 404 | 500;
  readonly quotedRateHeaders?: boolean;
  /** A mapping without value pairs is refused. */
  readonly wantsPairs?: boolean;
  /** Calls a minute; the vendor's numbers for a client tenant unless given. */
  readonly rates?: Readonly<Record<Bucket, number>>;
}

export interface OpsRamp {
  fetch(request: Request): Promise<Response>;
  /** Every call that came in, in order. */
  readonly calls: OpsRampCall[];
  /** Live records; a test may change them as a person in the vendor's console would. */
  readonly installations: Installation[];
  /** The next `times` calls of `operation` go wrong. */
  fail(operation: OpsRampOperation, fault: OpsRampFault, times?: number): void;
  expireTokens(): void;
}

type Bucket = "get" | "search" | "write";

const RATES: Readonly<Record<Bucket, number>> = { get: 500, search: 50, write: 50 };
const BOTH_TOKEN_PATHS = ["/auth/oauth/token", "/tenancy/auth/oauth/token"];
const MINUTE_MS = 60_000;

/** OpsRamp's v2 API for one tenant, as its pages describe it, as far as installed integrations go. */
export function createOpsRamp(options: OpsRampOptions = {}): OpsRamp {
  const installations = options.installations ?? createWorld();
  const now = options.now ?? Date.now;
  const calls: OpsRampCall[] = [];
  const faults: { operation: string; fault: OpsRampFault }[] = [];
  const tokens = createTokens(options, now);
  const limiter = createLimiter(options, now);

  async function receive(request: Request): Promise<Response> {
    const call = await describe(request, options);
    calls.push(call);
    const rate = limiter(call);
    const response = rate.spent ? throttled() : await withFault(call);
    for (const [name, value] of rate.headers) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  }

  async function withFault(call: OpsRampCall): Promise<Response> {
    const at = faults.findIndex((entry) => entry.operation === call.operation);
    const [entry] = at < 0 ? [] : faults.splice(at, 1);
    if (!entry) return answer(call);
    if (entry.fault.kind.startsWith("apply-then-")) answer(call);
    return await faulty(entry.fault);
  }

  function answer(call: OpsRampCall): Response {
    if (call.operation === "token") return reply(tokens.grant(call));
    if (call.path.endsWith("/oauth/token")) return json(404, undefined);
    const refused = tokens.refuse(call.authorization);
    if (refused) return reply(refused);
    if (!isJson(call.contentType)) {
      return json(415, { code: "0002", message: `Content-Type '${call.contentType ?? ""}' not supported` });
    }
    if (call.operation === "unknown") return json(404, { code: "0003", message: "No such resource" });
    return judged(() =>
      call.operation === "search" ? json(200, search(call.query, installations)) : answerOne(call)
    );
  }

  function answerOne(call: OpsRampCall): Response {
    const id = idIn(call);
    const found = installations.findIndex((stored) => stored.id === id);
    const stored = installations[found];
    if (!stored) {
      const message = `No installed integration found with id ${id}`;
      return json(options.notFoundStatus ?? 500, { code: "0005", message });
    }
    switch (call.operation) {
      case "get":
        return json(200, view(stored));
      case "update":
        return change(stored, call.body);
      case "uninstall":
        installations.splice(found, 1);
        return new Response(null, { status: 200 });
      default:
        stored.status = `${call.operation}d`;
        return new Response(null, { status: 200 });
    }
  }

  function change(stored: Installation, body: unknown): Response {
    if (Object.getPrototypeOf(Object(body)) !== Object.prototype) {
      return json(400, { code: "0002", message: "The body must be an object" });
    }
    const secret = () => crypto.randomUUID().replaceAll("-", "");
    const time = () => new Date(now()).toISOString().replace(/\.\d+Z$/, "+0000");
    return json(
      200,
      update(stored, fields(body), {
        roles: ROLES,
        secret,
        now: time,
        wantsPairs: options.wantsPairs ?? false,
      }),
    );
  }

  return {
    fetch: receive,
    calls,
    installations,
    fail: (operation, fault, times = 1) => {
      for (let left = times; left > 0; left--) faults.push({ operation, fault });
    },
    expireTokens: tokens.expire,
  };
}

/** The vendor's pages ask for it on every call, with a body or without. */
function isJson(contentType: string | null): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

function judged(act: () => Response): Response {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    return json(400, error.problems.map((problem) => ({ code: "0002", ...problem })));
  }
}

async function describe(request: Request, options: OpsRampOptions): Promise<OpsRampCall> {
  const url = new URL(request.url);
  const contentType = request.headers.get("content-type");
  return {
    operation: operationOf(request.method, url.pathname, options),
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    authorization: request.headers.get("authorization"),
    contentType,
    body: parseBody(await request.text(), contentType),
  };
}

function parseBody(text: string, contentType: string | null): unknown {
  if (contentType?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function operationOf(method: string, path: string, options: OpsRampOptions): OpsRampCall["operation"] {
  const { prefix = "", tenantId = "client_8", tokenPaths = BOTH_TOKEN_PATHS } = options;
  if (tokenPaths.some((tokenPath) => path === prefix + tokenPath)) return "token";
  const root = `${prefix}/api/v2/tenants/${tenantId}/integrations/installed/`;
  if (!path.startsWith(root)) return "unknown";
  const [id, action, ...more] = path.slice(root.length).split("/");
  if (!id || more.length > 0) return "unknown";
  if (method === "POST" && (action === "enable" || action === "disable")) return action;
  if (action !== undefined) return "unknown";
  if (method === "GET") return id === "search" ? "search" : "get";
  return method === "POST" ? "update" : method === "DELETE" ? "uninstall" : "unknown";
}

function idIn(call: OpsRampCall): string {
  const steps = call.path.split("/");
  const acts = call.operation === "enable" || call.operation === "disable";
  return decodeURIComponent(steps.at(acts ? -2 : -1) ?? "");
}

function createLimiter(
  options: OpsRampOptions,
  now: () => number,
): (call: OpsRampCall) => { spent: boolean; headers: [string, string][] } {
  const used = new Map<string, number>();
  return (call) => {
    const bucket = call.operation === "search" ? "search" : call.method === "GET" ? "get" : "write";
    const limit = (options.rates ?? RATES)[bucket];
    const minute = Math.floor(now() / MINUTE_MS);
    const count = (used.get(`${bucket} ${minute}`) ?? 0) + 1;
    used.set(`${bucket} ${minute}`, count);
    const quote = options.quotedRateHeaders ? '"' : "";
    const values = {
      "X-RateLimit-Limit": limit,
      "X-RateLimit-Remaining": Math.max(0, limit - count),
      "X-RateLimit-Reset": (minute + 1) * 60,
      "X-RateLimit-Bucket": bucket,
    };
    const headers = Object.entries(values).map(([name, value]): [string, string] => [
      name,
      `${quote}${value}${quote}`,
    ]);
    return { spent: call.operation !== "token" && count > limit, headers };
  };
}

async function faulty(fault: OpsRampFault): Promise<Response> {
  switch (fault.kind) {
    case "status":
      return json(fault.status, fault.body, fault.headers);
    case "throttled":
      return throttled();
    case "malformed":
      return new Response('{"results": [{"id"', { headers: { "content-type": "application/json" } });
    case "apply-then-500":
      return json(500, { code: "0005", message: "Internal server error" });
    case "cut":
    case "apply-then-cut":
      return cut();
    case "hang":
    case "apply-then-hang":
      return await new Promise(() => {});
  }
}

/** Promises more of a body than it sends, which breaks the connection. */
function cut(): Response {
  const body = new ReadableStream({ start: (controller) => controller.close() });
  return new Response(body, { headers: { "content-type": "application/json", "content-length": "512" } });
}

function reply({ status, body }: Answer): Response {
  return json(status, body);
}

function throttled(): Response {
  const body = { error: "throttled", error_description: "Too Many Requests" };
  return json(429, body, { "X-RateLimit-Remaining": "0" });
}

function json(status: number, body: unknown, headers?: HeadersInit): Response {
  const text = typeof body === "string" ? body : body === undefined ? null : JSON.stringify(body);
  const response = new Response(text, { status, ...(headers ? { headers } : {}) });
  if (typeof body !== "string") response.headers.set("content-type", "application/json;charset=UTF-8");
  return response;
}
