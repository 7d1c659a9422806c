import { type Context, Hono } from "hono";
import * as z from "zod";
import { type Account, createAccount } from "./apono/account.ts";
import { v2CreateBody, v2UpdateBody, v4CreateBody, v4UpdateBody } from "./apono/body.ts";
import { type AponoFault, faulty } from "./apono/faults.ts";
import { pageOf } from "./apono/page.ts";
import { badRequest, notFound, Refusal } from "./apono/refusal.ts";
import { type InstantForm, jsonText, permissionView, resourceView, v2View, v4View } from "./apono/view.ts";
import {
  believableWorld,
  type Stored,
  type StoredPermission,
  type StoredResource,
  type World,
} from "./apono/world.ts";

export type { AponoFault } from "./apono/faults.ts";
export { believableWorld, type Stored, type World } from "./apono/world.ts";

/** The seventeen operations of the vendor's page, and the list of connectors that its document has beside them. */
export type AponoOperation =
  | `v4.${"list" | "create" | "get" | "update" | "delete"}`
  | `v2.${"list" | "create" | "get" | "update" | "delete" | "refresh"}`
  | `catalog.${"list" | "get"}`
  | `v3.${"resources" | "permissions" | "connectors"}`
  | `tags.${"get" | "put"}`;

export interface AponoCall {
  readonly operation: AponoOperation | "unknown";
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly authorization: string | null;
  readonly contentType: string | null;
  /** Parsed JSON, else the text; undefined without a body. */
  readonly body: unknown;
}

export interface AponoOptions {
  readonly token?: string;
  /** In front of every path, e.g. "/apono". */
  readonly prefix?: string;
  readonly now?: () => number;
  readonly world?: World;
  /** The page says names are unique, not how a second one is refused. */
  readonly duplicateStatus?: 400 | 409;
  readonly instants?: InstantForm;
}

export interface AponoEmulator {
  fetch(request: Request): Promise<Response>;
  /** Every call that came in, in order. */
  readonly calls: AponoCall[];
  /** Live records; a test may change them as a person in the vendor's console would. */
  readonly world: World;
  /** The next `times` calls of `operation` go wrong. */
  fail(operation: AponoOperation, fault: AponoFault, times?: number): void;
}

/** Apono's admin API as its page describes it: v4 integrations, v2 integrations and catalog, v3 resources. */
export function createApono(options: AponoOptions = {}): AponoEmulator {
  const { token = "aup_sandbox", prefix = "", now = Date.now, duplicateStatus = 409 } = options;
  const account = createAccount({ world: options.world ?? believableWorld(), now, duplicateStatus });
  const answers = answersOf(account, options.instants ?? "number");
  const calls: AponoCall[] = [];
  const faults: { operation: string; fault: AponoFault }[] = [];

  async function handle(operation: AponoOperation, context: Context): Promise<Response> {
    const call = await recorded(operation, context.req.raw);
    calls.push(call);
    const answer = () =>
      call.authorization === `Bearer ${token}`
        ? answered(() => {
          checkQuery(operation, call);
          return answers[operation](call, context.req.param("id") ?? "");
        })
        : Response.json({ status: "401", code: "Unauthorized" }, { status: 401 });
    const at = faults.findIndex((entry) => entry.operation === operation);
    const [entry] = at < 0 ? [] : faults.splice(at, 1);
    if (!entry) return answer();
    if (entry.fault.kind.startsWith("apply-then-")) answer();
    return await faulty(entry.fault, context.req.raw);
  }

  const app = new Hono().basePath(prefix || "/");
  for (const [operation, [method, route]] of Object.entries(ROUTES)) {
    app.on(method, route, (context) => handle(operation as AponoOperation, context));
  }
  app.notFound(async (context) => {
    calls.push(await recorded("unknown", context.req.raw));
    return context.json({ status: "404", code: "NotFound" }, 404);
  });

  return {
    fetch: async (request) => await app.fetch(request),
    calls,
    world: account.world,
    fail: (operation, fault, times = 1) => {
      for (let left = times; left > 0; left--) faults.push({ operation, fault });
    },
  };
}

const ROUTES: Readonly<Record<AponoOperation, readonly [method: string, route: string]>> = {
  "v4.list": ["GET", "/api/admin/v4/integrations"],
  "v4.create": ["POST", "/api/admin/v4/integrations"],
  "v4.get": ["GET", "/api/admin/v4/integrations/:id"],
  "v4.update": ["PUT", "/api/admin/v4/integrations/:id"],
  "v4.delete": ["DELETE", "/api/admin/v4/integrations/:id"],
  "v2.list": ["GET", "/api/v2/integrations"],
  "v2.create": ["POST", "/api/v2/integrations"],
  "v2.get": ["GET", "/api/v2/integrations/:id"],
  "v2.update": ["PUT", "/api/v2/integrations/:id"],
  "v2.delete": ["DELETE", "/api/v2/integrations/:id"],
  "v2.refresh": ["POST", "/api/v2/integrations/:id/refresh"],
  "catalog.list": ["GET", "/api/v2/integrations-catalog"],
  "catalog.get": ["GET", "/api/v2/integrations-catalog/:id"],
  "v3.resources": ["GET", "/api/v3/integrations/:id/resources"],
  "v3.permissions": ["GET", "/api/v3/integrations/:id/permissions"],
  "v3.connectors": ["GET", "/api/admin/v3/connectors"],
  "tags.get": ["GET", "/api/v3/integrations/resources/:id/user-tags"],
  "tags.put": ["PUT", "/api/v3/integrations/resources/:id/user-tags"],
};

/** The v4 list checks its own. */
const QUERIES: Readonly<Partial<Record<AponoOperation, readonly string[]>>> = {
  "v3.resources": ["resource-type"],
  "v3.permissions": ["resource-type"],
  "v3.connectors": ["limit", "page_token", "status"],
};

function checkQuery(operation: AponoOperation, { query }: AponoCall): void {
  if (operation === "v4.list") return;
  const strange = query.find(([name]) => !QUERIES[operation]?.includes(name));
  if (strange) throw badRequest(`Unknown parameter ${strange[0]}`);
}

type Answer = (call: AponoCall, id: string) => unknown;

function answersOf(account: Account, instants: InstantForm): Readonly<Record<AponoOperation, Answer>> {
  const { world, find, lookup, create, update } = account;
  const v2 = (stored: Stored) => v2View(stored, instants);
  return {
    "v4.list": ({ query }) => {
      const { items, next } = pageOf(account.all(), paramsOf(query));
      return { items: items.map(v4View), pagination: { next_page_token: next } };
    },
    "v4.create": (call) => v4View(create(v4CreateBody(json(call), lookup))),
    "v4.get": (_call, id) => v4View(find(id)),
    "v4.update": (call, id) => v4View(update(find(id), v4UpdateBody(json(call), lookup))),
    "v4.delete": (_call, id) => account.remove(id),
    "v2.list": () => envelope(account.all().map(v2)),
    "v2.create": (call) => v2(create(v2CreateBody(json(call)))),
    "v2.get": (_call, id) => v2(find(id)),
    "v2.update": (call, id) => v2(update(find(id), v2UpdateBody(json(call), find(id)))),
    "v2.delete": (_call, id) => {
      account.remove(id);
      return { message: "Deleted integration" };
    },
    "v2.refresh": (_call, id) => {
      account.refresh(id);
      return { message: "Refreshing integration" };
    },
    "catalog.list": () => envelope(world.catalog),
    "catalog.get": (_call, type) => {
      const entry = world.catalog.find((known) => known.type === type);
      if (!entry) throw notFound("Integration config");
      return entry;
    },
    "v3.resources": (call, id) => envelope(ofType(world.resources, find(id), call).map(resourceView)),
    "v3.permissions": (call, id) => envelope(ofType(world.permissions, find(id), call).map(permissionView)),
    "v3.connectors": () => ({ items: world.connectors, pagination: { next_page_token: null } }),
    "tags.get": (_call, id) => ({ resource_id: account.resourceId(id), tags: world.tags[id] ?? {} }),
    "tags.put": (call, id) => {
      world.tags[account.resourceId(id)] = tagsOf(json(call));
      return { message: "Updated user tags" };
    },
  };
}

function answered(answer: () => unknown): Response {
  try {
    const body = answer();
    return body === undefined
      ? new Response(null, { status: 204 })
      : new Response(jsonText(body), { headers: { "content-type": "application/json" } });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, code, message } = error;
    return Response.json({ status: String(status), code, message }, { status });
  }
}

function ofType<T extends StoredResource | StoredPermission>(
  all: readonly T[],
  stored: Stored,
  { query }: AponoCall,
): T[] {
  const wanted = paramsOf(query).get("resource-type");
  return all.filter((one) =>
    one.integration === stored.id &&
    (!wanted || ("type" in one ? one.type : one.resource_type) === wanted)
  );
}

function paramsOf(query: AponoCall["query"]): URLSearchParams {
  return new URLSearchParams(query.map(([name, value]) => [name, value]));
}

/** What stands for a value in our own replies: no server would know, and its record would be ruined. */
const PLACEHOLDER = /:"(\?|hidden|set, hidden)"|••••••/;

/** The body, which must be declared as JSON. */
function json({ contentType, body }: AponoCall): unknown {
  if (!contentType?.startsWith("application/json")) throw badRequest("Content-Type must be application/json");
  if (PLACEHOLDER.test(JSON.stringify(body))) throw badRequest("A placeholder was sent as a value");
  return body;
}

async function recorded(operation: AponoCall["operation"], request: Request): Promise<AponoCall> {
  const url = new URL(request.url);
  return {
    operation,
    method: request.method,
    path: url.pathname,
    query: [...url.searchParams],
    authorization: request.headers.get("authorization"),
    contentType: request.headers.get("content-type"),
    body: parsed(await request.text()),
  };
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function envelope(data: readonly unknown[]): unknown {
  return { data, pagination: { total: data.length, limit: data.length, offset: 0 } };
}

const tagsBody = z.strictObject({ tags: z.record(z.string(), z.string()) });

function tagsOf(body: unknown): Record<string, string> {
  const parsed = tagsBody.safeParse(body);
  if (parsed.success) return parsed.data.tags;
  throw badRequest(parsed.error.issues[0]?.message ?? "invalid");
}
