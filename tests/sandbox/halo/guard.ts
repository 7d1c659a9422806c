import type { Context } from "hono";
import type { Halo, HaloCall, HaloOptions } from "../halo.ts";
import { faulty, type HaloFault, RATE_LIMIT_WORDS, respond } from "./faults.ts";
import type { Schema } from "./schemas.ts";

/** What every route works with. */
export interface State extends Halo {
  readonly options: HaloOptions;
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly now: () => number;
  readonly tokens: Map<string, { until: number; scoped: boolean }>;
  readonly secrets: Map<string, string>;
  readonly recent: number[];
  readonly faults: { operation: string; fault: HaloFault }[];
}

export type Answer = () => Response | Promise<Response>;

/** Records the call, then: fault, rate limit, token, answer. */
export async function guarded(context: Context, state: State, answer: Answer): Promise<Response> {
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

const WINDOW_MS = 300_000;

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

function templateOf(path: string): string {
  return path.replace(/^\/api\//, "").replace(/\/\d+$/, "/{id}");
}

function refuse(call: HaloCall, state: State): Response | undefined {
  const now = state.now();
  while (state.recent.length > 0 && state.recent[0]! <= now - WINDOW_MS) state.recent.shift();
  if (state.recent.length >= (state.options.rate ?? 300)) return respond(429, { error: RATE_LIMIT_WORDS });
  state.recent.push(now);
  const token = state.tokens.get(call.authorization?.match(/^bearer (.+)$/i)?.[1] ?? "");
  if (token && token.scoped && now < token.until) return undefined;
  const { status, body } = state.options.expired ?? { status: 401, body: undefined };
  return respond(status, body);
}

/** A route with a JSON body: any other kind is refused before it is read. */
export async function withJson(context: Context, answer: (body: unknown) => Response): Promise<Response> {
  const contentType = context.req.header("content-type") ?? "";
  if (!/^(application|text)\/([\w.-]+\+)?json\b/.test(contentType)) return respond(415);
  return answer(parseBody(await context.req.text(), contentType));
}

/** HaloPSA's integers have 32 bits. */
export function isInt32(value: unknown): boolean {
  return Number.isInteger(value) && value === (Number(value) | 0);
}

export function parseBody(text: string, contentType: string | null): unknown {
  if (contentType?.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
