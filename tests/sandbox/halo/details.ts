import type { Context, Hono } from "hono";
import { respond } from "./faults.ts";
import { guarded, isInt32, type State, withJson } from "./guard.ts";
import type { Schema } from "./schemas.ts";
import { haloTime, type Stored } from "./world.ts";

/** List, get, save and delete of every `{Vendor}Details` resource. */
export function addDetails(api: Hono, state: State): void {
  for (const [resource, schema] of Object.entries(state.schemas)) {
    const stored = () => state.records[resource] ??= [];
    const find = (context: Context) =>
      stored().find(({ id }) => Number(id) === Number(context.req.param("id")));
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
      (context) =>
        guarded(
          context,
          state,
          () => withJson(context, (body) => save(context, body, state, resource, schema)),
        ),
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

function save(
  context: Context,
  body: unknown,
  state: State,
  resource: string,
  schema: Schema,
): Response {
  if (!Array.isArray(body) || body.length === 0) {
    return respond(400, { title: "One or more validation errors occurred.", status: 400 });
  }
  const wrong = body.map((entry) => mistake(entry, schema, resource)).find(Boolean);
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
function mistake(entry: unknown, schema: Schema, resource: string): string | undefined {
  if (typeof entry !== "object" || entry === null) return "The request body is not valid.";
  const wrong = Object.entries(entry).find(([field, value]) =>
    value !== null && !fits(value, schema.get(field))
  );
  if (wrong) return `Error converting value for '${wrong[0]}'.`;
  const isLong = ([field, value]: [string, unknown]) =>
    typeof value === "string" && value.length > (SIZES[`${resource}.${field}`] ?? SIZES[field] ?? Infinity);
  return Object.entries(entry).some(isLong) ? "String or binary data would be truncated." : undefined;
}

/** The database's columns, by the field of every resource or of one. */
const SIZES: Readonly<Record<string, number>> = {
  name: 250,
  url: 1_000,
  username: 1_000,
  token_id: 250,
  "ArmisDetails.url": 250,
  "KaseyaVSAXDetails.url": 250,
  "SentinelOneDetails.url": 500,
  "SophosDetails.name": 1_000,
  "SophosDetails.client_id": 250,
};

function fits(value: unknown, type: ReturnType<Schema["get"]>): boolean {
  if (type === undefined) return true;
  if (type === "int") return isInt32(value);
  if (type === "bool") return typeof value === "boolean";
  if (type === "dt") return typeof value === "string" && instantOf(value) !== null;
  return type === "array" ? Array.isArray(value) : typeof value === "string";
}

/** What the model binding takes for a date: the day alone, or with a time, which means UTC when it names no zone. */
function instantOf(text: string): number | null {
  const [, day, time = "T00:00:00", zone = "Z"] = DATE.exec(text) ?? [];
  const at = Date.parse(`${day}${time.replace(" ", "T")}${zone}`);
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day);
  return isDay && !Number.isNaN(at) ? at : null;
}

const DATE = /^(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/;

function put(state: State, resource: string, schema: Schema, entry: Record<string, unknown>): Stored {
  const all = state.records[resource]!;
  let record = all.find(({ id }) => id === entry.id);
  if (!record) all.push(record = { id: Math.max(0, ...all.map(({ id }) => id)) + 1 });
  for (const [field, value] of Object.entries(entry)) {
    const type = schema.get(field);
    if (type === "secret") state.secrets.set(`${resource}/${record.id}.${field}`, String(value));
    else if (type && field !== "id") record[field] = type === "dt" ? kept(value) : value;
  }
  return record;
}

/** A date is kept as an instant: it comes back in HaloPSA's own form, however it was written. */
function kept(date: unknown): unknown {
  return typeof date === "string" ? haloTime(instantOf(date) ?? 0) : date;
}
