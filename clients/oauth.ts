import { z } from "zod";
import type { Clock } from "./clock.ts";
import { ClientError } from "./errors.ts";
import { type Authorization, type CallEvent, type CallOptions, createHttp, type Explained } from "./http.ts";

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
  readonly onToken?: OnToken;
}

/** Told of each token, so that it can be kept out of sight; what it returns is called when no answer can hold it. */
export type OnToken = (token: string) => () => void;

/** Renewed this long before it ends, so that a token never dies on its way; half its life if that is less. */
const EARLY_MS = 60_000;
const DEFAULT_LIFE_S = 3_600;
const LIMITS = { concurrency: 2, burst: 10, perSecond: 5 };

/** Printable only: fetch quotes a header value it cannot send, and the quote would be a token in an error. */
const grantSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFE_S),
});

type Grant = z.output<typeof grantSchema>;
type Ask = (call: CallOptions) => Promise<Grant>;

/**
 * Keeps one OAuth 2 client-credentials token: fetched when first needed, shared until shortly before it ends,
 * and renewed once however many callers find it stale. A failure is not kept: the next call asks again.
 */
export function createTokenKeeper(options: TokenOptions): Required<Authorization> {
  const { clock, staleOn = [401] } = options;
  const ask = firstThatExists([options.tokenUrl].flat().map((url) => createEndpoint(url, options)));
  const announce = announcer(options.onToken);
  let token: { readonly header: string; readonly until: number } | undefined;

  async function header({ signal, trace }: CallOptions): Promise<string> {
    if (token && clock.now() < token.until) return token.header;
    const asked = clock.now();
    // Never `fresh`: callers who ask at the same time share one request in the HTTP layer.
    const grant = await ask({ signal, ...(trace === undefined ? {} : { trace }) });
    const life = grant.expires_in * 1_000;
    token = {
      header: `Bearer ${grant.access_token}`,
      until: asked + life - Math.min(EARLY_MS, life / 2),
    };
    announce(grant.access_token);
    return token.header;
  }

  /** `stale` is the header that was refused: a late refusal of an old token leaves the new one alone. */
  function renew(stale: string): void {
    if (token?.header === stale) token = undefined;
  }

  return { header, renew, staleOn };
}

/** Tells of a token once, however many callers share its request. Calls under way may still carry the one before. */
function announcer(onToken: OnToken | undefined): (token: string) => void {
  let known: readonly { readonly token: string; readonly forget: () => void }[] = [];
  return function announce(token) {
    if (!onToken || known[0]?.token === token) return;
    const [current, ...older] = known;
    known = [{ token, forget: onToken(token) }, ...(current ? [current] : [])];
    for (const { forget } of older) forget();
  };
}

/** A 404 from every address is asked everywhere again next time. */
function firstThatExists(endpoints: readonly Ask[]): Ask {
  let known: Ask | undefined;
  return async function ask(call) {
    let missing: unknown = new TypeError("Cannot fetch a token without a token address");
    for (const endpoint of known ? [known] : endpoints) {
      try {
        const grant = await endpoint(call);
        known = endpoint;
        return grant;
      } catch (error) {
        if (!(error instanceof ClientError) || error.failure.status !== 404) throw error;
        missing = error;
      }
    }
    throw missing;
  };
}

function createEndpoint(tokenUrl: string, options: TokenOptions): Ask {
  const url = new URL(tokenUrl);
  const http = createHttp({
    vendor: options.vendor,
    baseUrl: url.origin,
    clock: options.clock,
    limits: LIMITS,
    explain: explainRefusal,
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    ...(options.onCall && { onCall: options.onCall }),
  });
  const request = {
    operation: "token",
    method: "POST",
    path: url.pathname,
    query: { ...Object.fromEntries(url.searchParams), ...options.query },
    form: options.form,
    write: false,
  } as const;
  return (call) => http.call(request, grantSchema, call);
}

const refusalSchema = z.object({ error: z.string() });

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
function explainRefusal(status: number, body: unknown): Explained | undefined {
  if (status === 404) return { kind: "unexpected_reply", found: "no token endpoint at this address" };
  const error = refusalSchema.safeParse(body).data?.error;
  const refused = [401, 403, 407].includes(status) || (error !== undefined && CREDENTIAL_ERRORS.has(error));
  return refused ? { kind: "credentials_refused" } : undefined;
}
