import assert from "node:assert/strict";
import * as z from "zod";
import { ClientError, type Failure } from "../../clients/errors.ts";
import { HttpClient } from "../../clients/http/client.ts";
import type { ApiRequest, CallEvent, CallOptions, HttpOptions } from "../../clients/http/contract.ts";
import { createFakeClock, type FakeClock } from "../clock.ts";

export interface Caller {
  readonly clock: FakeClock;
  readonly events: readonly CallEvent[];
  readonly http: HttpClient;
  /** Sends and expects `{ ok: true }`. */
  send(request: ApiRequest, call?: Partial<CallOptions>): Promise<{ ok: true }>;
}

export const okSchema = z.object({ ok: z.literal(true) });

export const getThing: ApiRequest = { operation: "getThing", method: "GET", path: "/thing", write: false };

export const setThing: ApiRequest = {
  operation: "setThing",
  method: "POST",
  path: "/thing",
  json: { name: "x" },
  write: true,
};

/** A core that talks to `baseUrl` on a clock that does not wait. */
export function callerOf(baseUrl: string, options: Partial<HttpOptions> = {}): Caller {
  const clock = createFakeClock();
  const events: CallEvent[] = [];
  const http = new HttpClient({
    vendor: "Acme",
    baseUrl,
    clock,
    limits: { concurrency: 10, burst: 100, perSecond: 100 },
    onCall: (event) => events.push(event),
    ...options,
  });
  return {
    clock,
    events,
    http,
    send: (request, call) => http.call(request, okSchema, { ...patient(), ...call }),
  };
}

/** Waits for as long as it takes. */
export function patient(): CallOptions {
  return { signal: new AbortController().signal };
}

export function ok(): Response {
  return Response.json({ ok: true });
}

export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(() => assert.fail("The call succeeded"), (error: unknown) => error);
  assert.ok(error instanceof ClientError, `Not a ClientError: ${Deno.inspect(error)}`);
  return error.failure;
}

/** An address at which nothing listens. */
export function closedAddress(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${listener.addr.port}`;
}
