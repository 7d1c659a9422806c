import { z } from "zod";
import type { Clock } from "./clock.ts";
import { ClientError, type FailureKind } from "./errors.ts";
import { type Authorization, type CallEvent, type CallOptions, createHttp } from "./http.ts";

export interface TokenOptions {
  /** As people say it, e.g. "HaloPSA". */
  readonly vendor: string;
  /** Several addresses are tried in this order while the answer is 404; the one that exists is remembered. */
  readonly tokenUrl: string | readonly string[];
  /** The form: `grant_type`, `client_id`, `client_secret`, and whatever else the vendor asks for. */
  readonly form: Readonly<Record<string, string>>;
  /** Added to the token address, e.g. a tenant. */
  readonly query?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Statuses of the vendor's API that mean "token expired"; 401 unless said otherwise. */
  readonly staleOn?: readonly number[];
  readonly timeoutMs?: number;
  readonly onCall?: (event: CallEvent) => void;
}

/** Renewed this long before it ends, so that a token never dies on its way; half its life if that is less. */
const EARLY_MS = 60_000;
const DEFAULT_LIFE_S = 3_600;
const LIMITS = { concurrency: 2, burst: 10, perSecond: 5 };
const OPERATION = "token";

/** Printable only: fetch quotes a header value it cannot send, and the quote would be a token in an error. */
const tokenSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFE_S),
});

interface Token {
  readonly header: string;
  readonly until: number;
}

interface Renewal {
  readonly token: Promise<Token>;
  readonly abort: AbortController;
  waiting: number;
}

/**
 * Keeps one OAuth 2 client-credentials token: fetched when first needed, shared until shortly before it ends,
 * and renewed once however many callers find it stale. A failure is not kept: the next call asks again.
 */
export function createTokenKeeper(options: TokenOptions): Required<Authorization> {
  const ask = createEndpoints(options);
  let token: Token | undefined;
  let renewal: Renewal | undefined;

  async function header(call: CallOptions): Promise<string> {
    if (token && options.clock.now() < token.until) return token.header;
    renewal ??= begin(call);
    return (await join(renewal, call)).header;
  }

  /** `stale` is the header that was refused: a late refusal of an old token leaves the new one alone. */
  function renew(stale: string): void {
    if (token?.header === stale) token = undefined;
  }

  function begin(call: CallOptions): Renewal {
    const abort = new AbortController();
    const asked = options.clock.now();
    return { token: fetchToken(), abort, waiting: 0 };

    async function fetchToken(): Promise<Token> {
      try {
        const grant = await ask(options.form, { ...call, signal: abort.signal, fresh: true });
        return token = toToken(grant, asked);
      } finally {
        if (renewal?.abort === abort) renewal = undefined;
      }
    }
  }

  /** One caller giving up does not fail the others; when the last one gives up the request is dropped. */
  async function join(joined: Renewal, call: CallOptions): Promise<Token> {
    joined.waiting++;
    try {
      return await untilAborted(joined.token, call.signal, options.vendor);
    } finally {
      if (--joined.waiting === 0) {
        joined.abort.abort();
        if (renewal === joined) renewal = undefined;
      }
    }
  }

  return { header, renew, staleOn: options.staleOn ?? [401] };
}

type Grant = z.output<typeof tokenSchema>;
type Form = TokenOptions["form"];

function toToken(grant: Grant, asked: number): Token {
  const life = grant.expires_in * 1_000;
  return { header: `Bearer ${grant.access_token}`, until: asked + life - Math.min(EARLY_MS, life / 2) };
}

/** Asks the first token address that exists; a 404 everywhere is asked everywhere again next time. */
function createEndpoints(options: TokenOptions): (form: Form, call: CallOptions) => Promise<Grant> {
  const all = [options.tokenUrl].flat().map((url) => createEndpoint(url, options));
  let known: typeof all | undefined;

  return async function ask(form, call) {
    let missing: unknown = new TypeError("Cannot fetch a token without a token address");
    for (const endpoint of known ?? all) {
      try {
        const grant = await endpoint(form, call);
        known = [endpoint];
        return grant;
      } catch (error) {
        if (!(error instanceof ClientError) || error.failure.status !== 404) throw error;
        missing = error;
      }
    }
    throw missing;
  };
}

function createEndpoint(
  tokenUrl: string,
  options: TokenOptions,
): (form: Form, call: CallOptions) => Promise<Grant> {
  const url = new URL(tokenUrl);
  const http = createHttp({
    vendor: options.vendor,
    baseUrl: url.origin,
    clock: options.clock,
    limits: LIMITS,
    explain: (status, body) => explainRefusal(status, body, options.form),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.onCall ? { onCall: options.onCall } : {}),
  });
  const query = { ...Object.fromEntries(url.searchParams), ...options.query };
  return (form, call) =>
    http.call(
      { operation: OPERATION, method: "POST", path: url.pathname, query, form, write: false },
      tokenSchema,
      call,
    );
}

const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional() });

/** RFC 6749 section 5.2 refuses credentials with 400 as well as with 401; OpsRamp writes "unauthorized". */
const CREDENTIAL_ERRORS = new Set([
  "invalid_client",
  "invalid_grant",
  "unauthorized",
  "unauthorized_client",
]);

/**
 * A 404 is a wrong address, never a missing record: whoever reads back a deleted record must not take it for
 * proof.
 */
function explainRefusal(
  status: number,
  body: unknown,
  form: Form,
): { kind?: FailureKind; detail?: string } | undefined {
  if (status === 404) return { kind: "unexpected_reply", detail: "no token endpoint at this address" };
  const refusal = refusalSchema.safeParse(body);
  const words = refusal.data?.error_description ?? refusal.data?.error;
  const secret = form.client_secret;
  const detail = secret ? words?.replaceAll(secret, "…") : words;
  return {
    ...(refusesCredentials(status, refusal.data?.error) ? { kind: "credentials_refused" } : {}),
    ...(detail ? { detail } : {}),
  };
}

function refusesCredentials(status: number, error: string | undefined): boolean {
  return [401, 403, 407].includes(status) || (error !== undefined && CREDENTIAL_ERRORS.has(error));
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, vendor: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () =>
      reject(
        new ClientError({
          kind: "timed_out",
          vendor,
          operation: OPERATION,
          ambiguous: false,
          cause: signal.reason,
        }),
      );
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}
