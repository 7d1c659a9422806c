import { type Context, Hono } from "hono";
import { faulty, type HaloFault, RATE_LIMIT_WORDS, respond } from "./halo/faults.ts";
import { isRunning, LIVE, type TenableExport } from "./halo/live.ts";
import { type Schema, SCHEMAS } from "./halo/schemas.ts";
import { createWorld, haloTime, type Stored } from "./halo/world.ts";

export type { HaloFault } from "./halo/faults.ts";
export { schema } from "./halo/schemas.ts";
export { createWorld, haloTime } from "./halo/world.ts";

export interface HaloCall {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | null;
  readonly contentType: string | null;
  /** Parsed JSON, a form as a record, else the text. */
  readonly body: unknown;
}

export interface HaloOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** When set, the token is only given with `?tenant=` of this value. */
  readonly tenant?: string;
  readonly now?: () => number;
  readonly tokenLifeSeconds?: number;
  /** Requests per rolling five minutes. */
  readonly rate?: number;
  readonly records?: Record<string, Stored[]>;
  /** Further `{Vendor}Details` resources. */
  readonly schemas?: Readonly<Record<string, Schema>>;
  /** The documentation leaves open in which shape lists, saved and deleted records come back. */
  readonly shape?: {
    readonly list?: "array" | "wrapped";
    readonly saved?: "object" | "array" | "empty";
    readonly savedStatus?: 200 | 201 | 204;
    readonly deletedStatus?: 200 | 204;
  };
}

export interface Halo {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Every call that came in, in order. */
  readonly calls: HaloCall[];
  /** Live records by resource; a test may change them as a person in HaloPSA would. */
  readonly records: Record<string, Stored[]>;
  /** Secrets that were sent in, by "{resource}/{id}.{field}"; nothing ever returns them. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly exports: TenableExport[];
  /**
   * The next `times` calls of `operation` go wrong, e.g. "POST SophosDetails", "GET SophosDetails/{id}",
   * "token", or "*".
   */
  fail(operation: string, fault: HaloFault, times?: number): void;
  expireTokens(): void;
}

const WINDOW_MS = 300_000;

interface State extends Halo {
  readonly options: HaloOptions;
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly now: () => number;
  readonly tokens: Map<string, { until: number; scoped: boolean }>;
  readonly secrets: Map<string, string>;
  readonly recent: number[];
  readonly faults: { operation: string; fault: HaloFault }[];
}

/** HaloPSA's token address under `/auth` and its vendor integrations under `/api`. */
export function createHalo(options: HaloOptions = {}): Halo {
  const app = new Hono();
  const state = createState(options, (request) => app.fetch(request));
  app.post("/auth/token", (context) => guarded(context, state, () => grant(context, state)));
  const api = new Hono();
  addDetails(api, state);
  addLive(api, state);
  addExport(api, state);
  app.route("/api", api);
  app.notFound((context) => guarded(context, state, () => respond(404)));
  return state;
}

function createState(options: HaloOptions, fetch: Halo["fetch"]): State {
  const now = options.now ?? Date.now;
  const schemas = { ...SCHEMAS, ...options.schemas };
  const tokens: State["tokens"] = new Map();
  const faults: State["faults"] = [];
  const none = Object.fromEntries(Object.keys(schemas).map((resource) => [resource, []]));
  return {
    options,
    fetch,
    schemas,
    now,
    tokens,
    faults,
    calls: [],
    recent: [],
    exports: [],
    secrets: new Map(),
    records: { ...none, ...(options.records ?? createWorld(now())) },
    fail(operation, fault, times = 1) {
      for (let left = times; left > 0; left--) faults.push({ operation, fault });
    },
    expireTokens: () => tokens.clear(),
  };
}

type Answer = () => Response | Promise<Response>;

/** Records the call, then: fault, rate limit, token, answer. */
async function guarded(context: Context, state: State, answer: Answer): Promise<Response> {
  const call = await describe(context);
  state.calls.push(call);
  const operation = call.path === "/auth/token" ? "token" : `${call.method} ${templateOf(call.path)}`;
  const at = state.faults.findIndex((entry) => entry.operation === operation || entry.operation === "*");
  const [entry] = at < 0 ? [] : state.faults.splice(at, 1);
  const allowed: Answer = () => (operation === "token" ? undefined : refuse(call, state)) ?? answer();
  if (!entry) return await allowed();
  if (entry.fault.kind.startsWith("apply-then-")) await allowed();
  return await faulty(entry.fault, context.req.raw);
}

async function describe(context: Context): Promise<HaloCall> {
  const url = new URL(context.req.url);
  const contentType = context.req.header("content-type") ?? null;
  return {
    method: context.req.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    authorization: context.req.header("authorization") ?? null,
    contentType,
    body: parseBody(await context.req.text(), contentType),
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

function templateOf(path: string): string {
  return path.replace(/^\/api\//, "").replace(/\/\d+$/, "/{id}");
}

function refuse(call: HaloCall, state: State): Response | undefined {
  const now = state.now();
  while (state.recent.length > 0 && state.recent[0]! <= now - WINDOW_MS) state.recent.shift();
  if (state.recent.length >= (state.options.rate ?? 300)) return respond(429, { error: RATE_LIMIT_WORDS });
  state.recent.push(now);
  const token = state.tokens.get(call.authorization?.match(/^bearer (.+)$/i)?.[1] ?? "");
  return token && token.scoped && now < token.until ? undefined : respond(401);
}

async function grant(context: Context, state: State): Promise<Response> {
  const { clientId = "client", clientSecret = "client-secret", tenant, tokenLifeSeconds = 3_600 } =
    state.options;
  const form = parseBody(await context.req.text(), context.req.header("content-type") ?? null);
  const { grant_type, client_id, client_secret, scope } = Object(form);
  if (grant_type !== "client_credentials") return respond(400, { error: "unsupported_grant_type" });
  if (client_id !== clientId || client_secret !== clientSecret) {
    const error_description = "The specified client credentials are invalid.";
    return respond(401, { error: "invalid_client", error_description });
  }
  if (tenant && context.req.query("tenant") !== tenant) return respond(500);
  const access_token = `halo-${crypto.randomUUID()}`;
  state.tokens.set(access_token, { until: state.now() + tokenLifeSeconds * 1_000, scoped: scope === "all" });
  return respond(200, { scope, token_type: "Bearer", access_token, expires_in: tokenLifeSeconds });
}

function addDetails(api: Hono, state: State): void {
  for (const [resource, schema] of Object.entries(state.schemas)) {
    const stored = () => state.records[resource] ??= [];
    const find = (context: Context) => stored().find(({ id }) => id === Number(context.req.param("id")));
    api.get(`/${resource}`, (context) =>
      guarded(context, state, () => {
        const list = stored().map((record) => view(resource, record, context));
        return respond(
          200,
          state.options.shape?.list === "wrapped" ? { record_count: list.length, data: list } : list,
        );
      }));
    api.get(`/${resource}/:id`, (context) =>
      guarded(context, state, () => {
        const record = find(context);
        return record ? respond(200, view(resource, record, context)) : respond(404);
      }));
    api.post(
      `/${resource}`,
      (context) => guarded(context, state, () => save(context, state, resource, schema)),
    );
    api.delete(`/${resource}/:id`, (context) =>
      guarded(context, state, () => {
        const record = find(context);
        if (!record) return respond(404);
        stored().splice(stored().indexOf(record), 1);
        return state.options.shape?.deletedStatus === 204 ? respond(204) : respond(200, record);
      }));
  }
}

const WITH_DETAILS = ["NCentralDetails", "SnowDetails"];

/** Two resources leave their lists out unless asked; Snow's password is readable with `doDecrypt` alone. */
function view(resource: string, record: Stored, context: Context): Stored {
  const shown = { ...record };
  if (WITH_DETAILS.includes(resource) && context.req.query("includedetails") !== "true") {
    for (const [field, value] of Object.entries(shown)) if (Array.isArray(value)) delete shown[field];
  }
  if (typeof shown.password === "string" && context.req.query("doDecrypt") !== "true") {
    shown.password = btoa(shown.password);
  }
  return { ...shown, _warning: "", unknown_to_older_clients: 1 };
}

async function save(context: Context, state: State, resource: string, schema: Schema): Promise<Response> {
  const body = parseBody(await context.req.text(), "application/json");
  if (!Array.isArray(body)) {
    return respond(400, { title: "One or more validation errors occurred.", status: 400 });
  }
  const wrong = body.map((entry) => mistake(entry, schema)).find(Boolean);
  if (wrong) return respond(400, wrong);
  const stored = state.records[resource] ??= [];
  const unknown = body.find(({ id }) => id && !stored.some((record) => record.id === id));
  if (unknown) return respond(404, "");
  const saved = body.map((entry) => put(state, resource, schema, entry));
  const { saved: shape = saved.length === 1 ? "object" : "array", savedStatus = 201 } = state.options.shape ??
    {};
  if (savedStatus === 204 || shape === "empty") return respond(savedStatus);
  const seen = saved.map((record) => view(resource, record, context));
  return respond(savedStatus, shape === "object" ? seen[0] : seen);
}

/** What the model binding would say to a property of the wrong type. */
function mistake(entry: unknown, schema: Schema): string | undefined {
  if (typeof entry !== "object" || entry === null) return "The request body is not valid.";
  const wrong = Object.entries(entry).find(([field, value]) =>
    value !== null && !fits(value, schema.get(field))
  );
  return wrong && `Error converting value for '${wrong[0]}'.`;
}

function fits(value: unknown, type: ReturnType<Schema["get"]>): boolean {
  if (type === undefined) return true;
  if (type === "int") return Number.isInteger(value);
  if (type === "bool") return typeof value === "boolean";
  return type === "array" ? Array.isArray(value) : typeof value === "string";
}

function put(state: State, resource: string, schema: Schema, entry: Record<string, unknown>): Stored {
  const all = state.records[resource]!;
  let record = all.find(({ id }) => id === entry.id);
  if (!record) all.push(record = { id: Math.max(0, ...all.map(({ id }) => id)) + 1 });
  for (const [field, value] of Object.entries(entry)) {
    const type = schema.get(field);
    if (type === "secret") state.secrets.set(`${resource}/${record.id}.${field}`, String(value));
    else if (type && field !== "id") record[field] = value;
  }
  return record;
}

function addLive(api: Hono, state: State): void {
  for (const [product, body] of Object.entries(LIVE)) {
    api.get(`/${product}/Get`, (context) => guarded(context, state, () => respond(200, body)));
  }
  const withDetails = (context: Context, webhookId: number | null) =>
    guarded(context, state, () => {
      const details = state.records.KaseyaVSAXDetails ?? [];
      const record = details.find(({ id }) => id === Number(context.req.param("id")));
      if (!record) return respond(404);
      record.webhook_id = webhookId;
      return respond(200, record);
    });
  api.post("/KaseyaVSAX/CreateWebhook/:id", (context) => withDetails(context, 4_711));
  api.delete("/KaseyaVSAX/DeleteWebhook/:id", (context) => withDetails(context, null));
}

function addExport(api: Hono, state: State): void {
  const { exports } = state;
  api.post("/Tenable/Export", (context) =>
    guarded(context, state, async () => {
      const body = parseBody(await context.req.text(), "application/json");
      if (Array.isArray(body)) return respond(400, { error: "The request body is not valid." });
      if (isRunning(exports.at(-1))) return respond(400, { Message: "An export is already in progress." });
      exports.push(queued(Object(body).chunk_size ?? null, exports.length + 1, state.now()));
      return respond(200, exports.at(-1));
    }));
  api.get(
    "/Tenable/Status",
    (context) => guarded(context, state, () => respond(200, exports.at(-1) ? { ...exports.at(-1) } : {})),
  );
  api.post("/Tenable/Cancel", (context) =>
    guarded(context, state, () => {
      const job = exports.at(-1);
      if (!job || !isRunning(job)) {
        return respond(400, { resultCode: 1, errorMessage: "No export is running." });
      }
      job.export_progress = "CANCELLED";
      return respond(200, "");
    }));
}

function queued(chunk_size: number | null, number: number, now: number): TenableExport {
  return {
    chunk_size,
    export_id: `exp-${number}`,
    export_date: haloTime(now),
    export_progress: "QUEUED",
    ready_for_import: false,
    progress_error: "",
  };
}
