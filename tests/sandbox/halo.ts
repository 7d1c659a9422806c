import { type Context, Hono } from "hono";
import { addDetails } from "./halo/details.ts";
import { type HaloFault, respond } from "./halo/faults.ts";
import { guarded, isInt32, parseBody, type State, withJson } from "./halo/guard.ts";
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
  /** How a token that has expired is refused; with 401 and nothing else, if nothing else is said. */
  readonly expired?: { readonly status: number; readonly body: unknown };
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

async function grant(context: Context, state: State): Promise<Response> {
  const { clientId = "client", clientSecret = "client-secret", tenant, tokenLifeSeconds = 3_600 } =
    state.options;
  const contentType = context.req.header("content-type") ?? "";
  if (!contentType.startsWith("application/x-www-form-urlencoded")) {
    return respond(400, { error: "invalid_request" });
  }
  const form = parseBody(await context.req.text(), contentType);
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

function addLive(api: Hono, state: State): void {
  for (const [product, body] of Object.entries(LIVE)) {
    api.get(`/${product}/Get`, (context) => guarded(context, state, () => respond(200, body)));
  }
  const withDetails = (context: Context, webhookId: number | null) =>
    guarded(context, state, () => {
      const details = state.records.KaseyaVSAXDetails ?? [];
      const record = details.find(({ id }) => id === Number(context.req.param("id")));
      if (!record) return respond(404);
      if (webhookId && record.webhook_id) {
        return respond(400, { Message: "A webhook is already registered." });
      }
      record.webhook_id = webhookId;
      return respond(200, record);
    });
  api.post("/KaseyaVSAX/CreateWebhook/:id", (context) => withDetails(context, 4_711));
  api.delete("/KaseyaVSAX/DeleteWebhook/:id", (context) => withDetails(context, null));
}

function addExport(api: Hono, state: State): void {
  const { exports } = state;
  api.post("/Tenable/Export", (context) =>
    guarded(context, state, () =>
      withJson(context, (body) => {
        const { chunk_size = null } = Object(body);
        if (Array.isArray(body) || (chunk_size !== null && !isInt32(chunk_size))) {
          return respond(400, { error: "The request body is not valid." });
        }
        if (isRunning(exports.at(-1))) return respond(400, { Message: "An export is already in progress." });
        exports.push(queued(chunk_size, exports.length + 1, state.now()));
        return respond(200, exports.at(-1));
      })));
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
