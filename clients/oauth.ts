import * as z from "zod";
import { ClientError } from "./errors.ts";
import { HttpClient } from "./http/client.ts";
import type { Authorization, CallOptions, ConnectionOptions, Refusal } from "./http/contract.ts";

export interface TokenOptions extends ConnectionOptions {
  /** As people say it, e.g. "HaloPSA". */
  readonly vendor: string;
  /** Several addresses are tried in this order while the answer is 404; the one that exists is remembered. */
  readonly tokenUrl: string | readonly string[];
  /** The form: `grant_type`, `client_id`, `client_secret`, and whatever else the vendor asks for. */
  readonly form: Readonly<Record<string, string>>;
  /** Added to the token address, e.g. a tenant. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly onToken?: OnToken | undefined;
}

/** Told of each token, so that it can be kept out of sight; what it returns is called when no answer can hold it. */
export type OnToken = (token: string) => () => void;

/** Renewed this long before it ends, so that a token never dies on its way; half its life if that is less. */
const EARLY_MS = 60_000;
/** A token that is no older than this has hardly been revoked: good enough for a write, which gets one try. */
const NEW_MS = 60_000;
const DEFAULT_LIFE_S = 3_600;
const LIMITS = { concurrency: 2, burst: 10, perSecond: 5 };

/** Printable only: fetch quotes a header value it cannot send, and the quote would be a token in an error. */
const grantSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFE_S),
});

type Grant = z.output<typeof grantSchema>;
type Endpoint = (call: CallOptions) => Promise<Grant>;

/**
 * Keeps one OAuth 2 client-credentials token: fetched when first needed, shared until shortly before it ends,
 * and renewed once however many callers find it stale. A failure is not kept: the next call asks again.
 */
export class TokenCache implements Authorization {
  /** All that there may be, until one of them has answered. */
  private endpoints: readonly Endpoint[];
  private kept: { readonly header: string; readonly since: number; readonly until: number } | undefined;
  private announced: readonly { readonly token: string; readonly forget: () => void }[] = [];

  constructor(private readonly options: TokenOptions) {
    this.endpoints = [options.tokenUrl].flat().map((url) => endpointAt(url, options));
  }

  /** The value of the authorization header, with a token that is good for a while. Throws `ClientError`. */
  async header({ signal, trace }: CallOptions, write = false): Promise<string> {
    const asked = this.options.clock.now();
    const { kept } = this;
    if (kept && asked < kept.until && !(write && asked - kept.since > NEW_MS)) return kept.header;
    // Never `fresh`: callers who ask at the same time share one request in the HTTP layer.
    const grant = await this.ask({ signal, ...(trace !== undefined && { trace }) });
    const life = grant.expires_in * 1_000;
    const header = `Bearer ${grant.access_token}`;
    this.kept = { header, since: asked, until: asked + life - Math.min(EARLY_MS, life / 2) };
    this.announce(grant.access_token);
    return header;
  }

  /** `stale` is the header that was refused: a late refusal of an old token leaves the new one alone. */
  renew(stale: string): void {
    if (this.kept?.header === stale) this.kept = undefined;
  }

  /** A 404 from every address is asked everywhere again next time. */
  private async ask(call: CallOptions): Promise<Grant> {
    let missing: unknown = new TypeError("Cannot fetch a token without a token address");
    for (const endpoint of this.endpoints) {
      try {
        const grant = await endpoint(call);
        this.endpoints = [endpoint];
        return grant;
      } catch (error) {
        if (!(error instanceof ClientError) || error.failure.status !== 404) throw error;
        missing = error;
      }
    }
    throw missing;
  }

  /** Tells of a token once, however many callers share its request. Calls under way may still carry the one before. */
  private announce(token: string): void {
    const { onToken } = this.options;
    if (!onToken || this.announced[0]?.token === token) return;
    const [current, ...older] = this.announced;
    this.announced = [{ token, forget: onToken(token) }, ...(current ? [current] : [])];
    for (const { forget } of older) forget();
  }
}

function endpointAt(tokenUrl: string, options: TokenOptions): Endpoint {
  const url = new URL(tokenUrl);
  const { vendor, clock, timeoutMs, onCall } = options;
  const connection = { vendor, clock, timeoutMs, onCall, limits: LIMITS };
  const http = new HttpClient({ ...connection, baseUrl: url.origin, explain: readRefusal });
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
const CREDENTIAL_ERRORS = /^(invalid_client|invalid_grant|unauthorized|unauthorized_client)$/;

/** A 404 is a wrong address, not a missing record: who reads back a deletion must not take it for proof. */
function readRefusal(status: number, body: unknown): Refusal | undefined {
  if (status === 404) return { kind: "unexpected_reply", found: "no token endpoint at this address" };
  const error = refusalSchema.safeParse(body).data?.error;
  const refused = [401, 403, 407].includes(status) || CREDENTIAL_ERRORS.test(error ?? "");
  return refused ? { kind: "credentials_refused" } : undefined;
}
