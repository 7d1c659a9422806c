import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Fault, Faults } from "./gravityzone/faults.ts";
import { type Method, methods } from "./gravityzone/methods.ts";
import { northwind } from "./gravityzone/northwind.ts";
import {
  errorBody,
  invalidRequest,
  methodNotFound,
  parseError,
  resultBody,
  type RpcId,
  RpcRefusal,
  serverError,
  tooManyRequests,
} from "./gravityzone/rpc.ts";
import type { World } from "./gravityzone/world.ts";

export interface GravityZoneOptions {
  /** What the tenant holds; the Northwind world when absent. */
  readonly world?: World;
  /** The path of the Access URL; it ends in `/api`. */
  readonly prefix?: string;
  readonly now?: () => number;
  /** More calls within a second are answered 429. The vendor's documents say 10. Unlimited when absent. */
  readonly callsPerSecond?: number;
}

export interface Call {
  readonly service: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly at: number;
}

export interface GravityZone {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly world: World;
  readonly calls: Call[];
  readonly faults: Faults;
  /** Lets hanging calls go. */
  release(): void;
}

/** GravityZone's public API as its manual describes it, over a tenant in memory. */
export function createGravityZone(options: GravityZoneOptions = {}): GravityZone {
  const now = options.now ?? Date.now;
  const world = options.world ?? northwind(now());
  const calls: Call[] = [];
  const faults = new Faults();
  let released = Promise.withResolvers<void>();
  const app = new Hono();

  app.all(`${options.prefix ?? "/api"}/v1.0/jsonrpc/:service`, async (context) => {
    const refused = refuseAtTheDoor(context, world);
    if (refused) return refused;
    const read = await readEnvelope(context);
    if (read instanceof RpcRefusal) return context.json(errorBody(null, read));
    const { id, method: name, params } = read;
    const service = context.req.param("service");
    const at = now();
    if (tooMany(calls, at, options.callsPerSecond)) return tooManyAnswer(context, id);
    calls.push({ service, method: name, params, at });
    const answer = () => {
      const method = methods[name];
      return method?.service === service
        ? run(method, world, id, params, now())
        : errorBody(id, methodNotFound());
    };
    const fault = faults.take(name, params);
    return fault === undefined
      ? context.json(answer())
      : await goWrong(context, fault, id, answer, released.promise);
  });

  const release = () => {
    released.resolve();
    released = Promise.withResolvers();
  };
  return { fetch: (request) => app.fetch(request), world, calls, faults, release };
}

function refuseAtTheDoor(context: Context, world: World): Response | undefined {
  if (context.req.method !== "POST") return context.body(null, 405, { Allow: "POST" });
  const authorization = context.req.header("authorization");
  if (authorization === undefined) {
    const details = "Authorization header not passed, HTTP Basic Authentication should be used.";
    return context.json(errorBody(null, serverError(details)), 401);
  }
  if (authorization !== `Basic ${btoa(`${world.apiKey.key}:`)}`) {
    const details = "Invalid API key. Please generate an API key in Control Center.";
    return context.json(errorBody(null, serverError(details)), 401);
  }
  const service = context.req.param("service") ?? "";
  if (!Object.values(methods).some((method) => method.service === service)) {
    return context.body("Not found", 404);
  }
  if (service !== "general" && !world.apiKey.enabledApis.includes(service)) return context.body(null, 403);
  if (!context.req.header("content-type")?.startsWith("application/json")) return context.body(null, 415);
  return undefined;
}

interface Envelope {
  readonly id: RpcId;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** One request object; batches and notifications are not served. */
async function readEnvelope(context: Context): Promise<Envelope | RpcRefusal> {
  let body: unknown;
  try {
    body = JSON.parse(await context.req.text());
  } catch {
    return parseError();
  }
  if (!isObject(body)) return invalidRequest("The request must be an object.");
  const { id, jsonrpc, method, params } = body;
  if (typeof id !== "string" && typeof id !== "number") return invalidRequest("Missing 'id'.");
  if (jsonrpc !== "2.0") return invalidRequest("Invalid value for 'jsonrpc'.");
  if (typeof method !== "string") return invalidRequest("Missing 'method'.");
  if (!isObject(params)) return invalidRequest("Missing 'params'.");
  return { id, method, params };
}

function run(
  method: Method,
  world: World,
  id: RpcId,
  params: Record<string, unknown>,
  now: number,
): Record<string, unknown> {
  try {
    const result = method.run(world, params, now);
    return result === undefined ? noResult(world, id) : resultBody(id, result);
  } catch (error) {
    if (error instanceof RpcRefusal) return errorBody(id, error);
    throw error;
  }
}

/** The page says that such methods do not return any value, and its examples show null. */
function noResult({ nothing }: World, id: RpcId): Record<string, unknown> {
  if (nothing === "absent") return { id, jsonrpc: "2.0" };
  return resultBody(id, nothing === "true" ? true : null);
}

async function goWrong(
  context: Context,
  fault: Fault,
  id: RpcId,
  answer: () => Record<string, unknown>,
  released: Promise<void>,
): Promise<Response> {
  await fault.after;
  const own = fault.applied || fault.cut ? answer() : undefined;
  if (fault.hang) await released;
  if (fault.cut) return cutOff(JSON.stringify(own ?? null));
  const status = (fault.status ?? 200) as ContentfulStatusCode;
  const headers = { ...fault.headers };
  if (fault.error) {
    const { code, message, details } = fault.error;
    return context.json(errorBody(id, new RpcRefusal(code, message, details)), status, headers);
  }
  if (fault.result !== undefined) return context.json(resultBody(id, fault.result), status, headers);
  if (typeof fault.body === "string") return context.body(fault.body, status, headers);
  if (fault.body !== undefined) return context.json(fault.body, status, headers);
  if (fault.status !== undefined) return context.body("", status, headers);
  return context.json(own ?? answer(), 200, headers);
}

/** Half of the body that was announced, then the connection ends. */
function cutOff(body: string): Response {
  const whole = new TextEncoder().encode(body);
  const half = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(whole.slice(0, Math.ceil(whole.length / 2)));
      controller.close();
    },
  });
  return new Response(half, {
    headers: { "content-type": "application/json", "content-length": String(whole.length) },
  });
}

function tooMany(calls: readonly Call[], at: number, most = Infinity): boolean {
  return calls.length >= most && calls.filter((call) => at - call.at < 1000).length >= most;
}

function tooManyAnswer(context: Context, id: RpcId): Response {
  return context.json(errorBody(id, tooManyRequests()), 429, { "Retry-After": "1" });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
