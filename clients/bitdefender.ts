import { z } from "zod";
import { ClientError, type FailureKind } from "./errors.ts";
import { HttpClient } from "./http/client.ts";
import type { CallOptions, ConnectionOptions, RateLimits, Refusal } from "./http/contract.ts";

export interface BitdefenderOptions extends ConnectionOptions {
  /** The Access URL of Control Center → My Account → API keys; ends in `/api`. */
  readonly apiUrl: string;
  readonly apiKey: string;
}

/** Without it, the company of the key. */
interface OfCompany {
  readonly companyId?: string | undefined;
}

/** What the account look-up answers at most; there may be more companies than it names. */
export const MOST_COMPANIES_BY_ACCOUNT = 25;
/** The largest `maxResults` of `findCompaniesByName`. */
export const MOST_COMPANIES_BY_NAME = 100;

/** Below the documented ten calls a second for one key, with room for one screenful at once. */
const LIMITS: RateLimits = { concurrency: 10, burst: 100, perSecond: 5 };

const text = z.string().nullish();

const configuredIntegration = z.object({
  id: z.string(),
  name: z.string(),
  type: z.int(),
  status: z.int(),
  specifics: z.object({
    hostname: text,
    port: z.int().nullish(),
    username: text,
    viewType: z.int().nullish(),
    verifyTLSCertificate: z.boolean().nullish(),
    retryAuthentication: z.boolean().nullish(),
    /** Seconds. */
    retryAuthenticationTimeToWait: z.int().nullish(),
    retryAuthenticationMaxAttempts: z.int().nullish(),
  }).catch({}),
  category: z.record(z.string(), z.boolean()).catch({}),
  company: z.object({ id: z.string(), name: z.string() }).nullish(),
});

const integrationPage = z.object({
  data: z.array(configuredIntegration),
  total: z.int().min(0),
  page: z.int().optional(),
  perPage: z.int().min(1).optional(),
});

const companyDetails = z.object({
  id: z.string(),
  name: z.string(),
  type: z.int().nullish(),
  address: text,
  phone: text,
  canBeManagedByAbove: z.boolean().nullish(),
  isSuspended: z.boolean().nullish(),
  /** UTC, written without a zone. */
  createdAt: text,
  country: text,
  state: text,
  contactPerson: z.object({ fullName: text, email: text, phoneNumber: text, companyRole: text }).nullish()
    .catch(null),
});

/** Hours by instance category; an empty map may come as an empty list. */
const hoursByCategory = z.union([
  z.record(z.string(), z.number()),
  z.array(z.never()).transform((): Record<string, number> => ({})),
]);

const companiesBelow = z.array(z.object({ id: z.string(), name: z.string() }));

const apiKeyDetails = z.object({ enabledApis: z.array(z.string()), createdAt: text });

export type ConfiguredIntegration = z.output<typeof configuredIntegration>;
type IntegrationPage = z.output<typeof integrationPage>;
export type CompanyDetails = z.output<typeof companyDetails>;
type ApiKeyDetails = z.output<typeof apiKeyDetails>;

/**
 * GravityZone's public API by its documented names: JSON-RPC 2.0 over HTTPS, the key as the user of HTTP Basic. Params
 * that are left out are not sent: the API refuses what it does not know. Each method throws `ClientError`.
 */
export class BitdefenderClient {
  private readonly http: HttpClient;
  /** The ids of reads: those that ask the same at the same time have one, or they could not share an answer. */
  private readonly underWay = new Map<string, string>();

  constructor({ apiUrl, apiKey, clock, limits = LIMITS, timeoutMs, onCall }: BitdefenderOptions) {
    const credentials = `Basic ${btoa(`${apiKey}:`)}`;
    this.http = new HttpClient({
      vendor: "GravityZone",
      baseUrl: apiUrl,
      clock,
      limits,
      timeoutMs,
      onCall,
      authorization: { header: () => credentials },
      explain: readRefusal,
    });
  }

  /**
   * One page of what is configured on the Integrations hub; `perPage` is 100 at most.
   * https://www.bitdefender.com/business/support/en/77209-1300617-getconfiguredintegrations.html
   */
  getConfiguredIntegrations(
    params: OfCompany & { readonly page?: number; readonly perPage?: number },
    call: CallOptions,
  ): Promise<IntegrationPage> {
    return this.read("getConfiguredIntegrations", params, integrationPage, call);
  }

  /**
   * Hours by instance category in a month; `targetMonth` is `mm/yyyy`, the current month when absent.
   * https://www.bitdefender.com/business/support/en/77209-135306-gethourlyusageforamazonec2instances.html
   */
  getHourlyUsageForAmazonEC2Instances(
    params: OfCompany & { readonly targetMonth?: string | undefined },
    call: CallOptions,
  ): Promise<Readonly<Record<string, number>>> {
    return this.read("getHourlyUsageForAmazonEC2Instances", params, hoursByCategory, call);
  }

  /**
   * Connects a company's AWS account by access keys. Known from the vendor's older documents only: newer tenants may not
   * offer it.
   * https://www.bitdefender.com/business/support/en/77212-135305-integrations.html
   */
  configureAmazonEC2Integration(
    params: { readonly companyId: string; readonly keyId: string; readonly keySecret: string },
    call: CallOptions,
  ): Promise<null> {
    return this.change("configureAmazonEC2Integration", params, z.null(), call);
  }

  /**
   * Connects a company's AWS account by a role.
   * https://www.bitdefender.com/business/support/en/77209-135308-configureamazonec2integrationusingcrossaccountrole.html
   */
  configureAmazonEC2IntegrationUsingCrossAccountRole(
    params: OfCompany & { readonly crossAccountRoleArn: string },
    call: CallOptions,
  ): Promise<null> {
    return this.change("configureAmazonEC2IntegrationUsingCrossAccountRole", params, z.null(), call);
  }

  /**
   * Makes the external id anew, which invalidates the integration that exists.
   * https://www.bitdefender.com/business/support/en/77209-135309-generateamazonec2externalidforcrossaccountrole.html
   */
  generateAmazonEC2ExternalIdForCrossAccountRole(params: OfCompany, call: CallOptions): Promise<string> {
    return this.change("generateAmazonEC2ExternalIdForCrossAccountRole", params, z.string().min(1), call);
  }

  /**
   * The external id; null when none was ever generated.
   * https://www.bitdefender.com/business/support/en/77209-135310-getamazonec2externalidforcrossaccountrole.html
   */
  getAmazonEC2ExternalIdForCrossAccountRole(params: OfCompany, call: CallOptions): Promise<string | null> {
    return this.read("getAmazonEC2ExternalIdForCrossAccountRole", params, z.string().nullable(), call);
  }

  /**
   * Disconnects a company's AWS account.
   * https://www.bitdefender.com/business/support/en/77209-135311-disableamazonec2integration.html
   */
  disableAmazonEC2Integration(params: OfCompany, call: CallOptions): Promise<null> {
    return this.change("disableAmazonEC2Integration", params, z.null(), call);
  }

  /**
   * The companies that use an AWS account, `MOST_COMPANIES_BY_ACCOUNT` at most. Newer tenants may not offer it.
   * https://www.bitdefender.com/business/support/en/77211-135312-getcompanydetailsbyawsaccountid.html
   */
  getCompanyDetailsByAWSAccountId(
    params: { readonly accountId: string },
    call: CallOptions,
  ): Promise<readonly CompanyDetails[]> {
    return this.read("getCompanyDetailsByAWSAccountId", params, z.array(companyDetails), call);
  }

  /**
   * Matches the start of the name; a leading `*` means any part of it.
   * https://www.bitdefender.com/business/support/en/77211-126241-findcompaniesbyname.html
   */
  findCompaniesByName(
    params: { readonly nameFilter: string; readonly maxResults?: number | undefined },
    call: CallOptions,
  ): Promise<readonly CompanyDetails[]> {
    return this.read("findCompaniesByName", params, z.array(companyDetails), call, "companies");
  }

  /** One company. https://www.bitdefender.com/business/support/en/77209-126239-getcompanydetails.html */
  getCompanyDetails(params: OfCompany, call: CallOptions): Promise<CompanyDetails> {
    return this.read("getCompanyDetails", params, companyDetails, call, "companies");
  }

  /**
   * The companies one level below `parentId`.
   * https://www.bitdefender.com/business/support/en/77211-128478-getcompanieslist.html
   */
  getCompaniesList(
    params: { readonly parentId?: string | undefined },
    call: CallOptions,
  ): Promise<readonly { readonly id: string; readonly name: string }[]> {
    return this.read("getCompaniesList", params, companiesBelow, call, "network");
  }

  /**
   * The areas that our key may use.
   * https://www.bitdefender.com/business/support/en/77209-140282-getapikeydetails.html
   */
  getApiKeyDetails(params: Readonly<Record<never, never>>, call: CallOptions): Promise<ApiKeyDetails> {
    return this.read("getApiKeyDetails", params, apiKeyDetails, call, "general");
  }

  private async read<T>(
    method: string,
    params: unknown,
    result: z.ZodType<T>,
    call: CallOptions,
    service: Service = "integrations",
  ): Promise<T> {
    const asked = JSON.stringify([method, params]);
    const id = this.underWay.get(asked) ?? crypto.randomUUID();
    this.underWay.set(asked, id);
    try {
      return await this.send(service, { id, method, params }, result, call, false);
    } finally {
      if (this.underWay.get(asked) === id) this.underWay.delete(asked);
    }
  }

  private change<T>(method: string, params: unknown, result: z.ZodType<T>, call: CallOptions): Promise<T> {
    return this.send("integrations", { id: crypto.randomUUID(), method, params }, result, call, true);
  }

  private async send<T>(
    service: Service,
    { id, method, params }: { readonly id: string; readonly method: string; readonly params: unknown },
    result: z.ZodType<T>,
    call: CallOptions,
    write: boolean,
  ): Promise<T> {
    const json = { id, jsonrpc: "2.0", method, params };
    const path = `/v1.0/jsonrpc/${service}`;
    const request = { operation: method, method: "POST", path, json, write } as const;
    // Another request's answer says nothing about this one.
    return (await this.http.call(request, z.object({ id: z.literal(id), result }), call)).result;
  }
}

type Service = "integrations" | "companies" | "network" | "general";

const failedAnswer = z.object({
  error: z.object({
    code: z.number(),
    message: z.string().catch(""),
    data: z.object({ details: z.string().optional() }).optional().catch(undefined),
  }),
});

/** Why the vendor said no, if it did; most often it does so with HTTP 200. */
function readRefusal(status: number, body: unknown): Refusal | undefined {
  const error = failedAnswer.safeParse(body).data?.error;
  if (!error) return undefined;
  const details = error.data?.details;
  const detail = details || error.message;
  // Any other status says more than the number within.
  if (status >= 300 && status !== 400) return { detail };
  return { detail, kind: kindOf(error.code, detail, Boolean(details)) };
}

function kindOf(code: number, words: string, isExplained: boolean): FailureKind {
  if (/invalid api key|authorization header/i.test(words)) return "credentials_refused";
  if (code === SERVER_ERROR && isExplained) return "rejected";
  return REFUSALS.get(code) ?? "unexpected_reply";
}

/** GravityZone's usual number for what it does not want to do; without a reason it may have failed half-way. */
const SERVER_ERROR = -32000;

/** The numbers which say that a request was not carried out. After any other it may have been all the same. */
const REFUSALS: ReadonlyMap<number, FailureKind> = new Map([
  [-32700, "rejected"],
  [-32600, "rejected"],
  [-32601, "not_offered"],
  [-32602, "rejected"],
  // A key without the area is refused with HTTP 403 or with this code, depending on the tenant's age.
  [-32001, "rights_refused"],
  [-32002, "not_found"],
  [-32003, "rate_limited"],
]);

const LARGEST_PAGE = 100;
/** Pages asked for side by side before looking whether an empty one was among them. */
const PAGES_AT_ONCE = 100;
/** A page that keeps being held back is given up; each turn is several attempts of the client. */
const MOST_TURNS = 8;
const LONGEST_HOLD_MS = 5_000;

export interface ConfiguredIntegrations {
  readonly integrations: readonly ConfiguredIntegration[];
  /** What the vendor counts; differs from the list when that changed while it was read. */
  readonly total: number;
}

/**
 * Every integration of one company: the first page, then all others side by side. The list has no page count, so
 * it is computed; an empty page ends it whatever the vendor's total says, and no integration is counted twice
 * when entries move between pages.
 */
export async function allConfiguredIntegrations(
  client: BitdefenderClient,
  params: { readonly companyId?: string | undefined },
  call: CallOptions,
): Promise<ConfiguredIntegrations> {
  const first = await client.getConfiguredIntegrations({ ...params, page: 1, perPage: LARGEST_PAGE }, call);
  const perPage = first.perPage ?? LARGEST_PAGE;
  const found = new Map(first.data.map((entry) => [entry.id, entry]));
  let total = first.total;
  let read = 1;
  let ended = first.data.length === 0;
  while (!ended && read * perPage < total) {
    const last = Math.min(Math.ceil(total / perPage), read + PAGES_AT_ONCE);
    const pages = await sideBySide(
      read + 1,
      last,
      call,
      (page, linked) => pageOrEnd(client, { ...params, page, perPage }, linked),
    );
    for (const page of pages) {
      for (const entry of page.data) found.set(entry.id, entry);
      total = page.total ?? total;
    }
    ended = pages.some((page) => page.data.length === 0);
    read = last;
  }
  return { integrations: [...found.values()], total };
}

interface PageOrEnd {
  readonly data: readonly ConfiguredIntegration[];
  readonly total?: number;
}

/** Some of the vendor's lists refuse a page beyond the last instead of answering an empty one. */
async function pageOrEnd(
  client: BitdefenderClient,
  params: { companyId?: string | undefined; page: number; perPage: number },
  call: CallOptions,
): Promise<PageOrEnd> {
  for (let turn = 1;; turn++) {
    try {
      return await client.getConfiguredIntegrations(params, call);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.kind === "rejected") return { data: [] };
      if (turn === MOST_TURNS || !isOnlyEarly(error)) throw error;
    }
  }
}

/** Too many pages at once for this tenant: the client holds back all calls as told, so this one may go again. */
function isOnlyEarly({ failure: { kind, retryAfterMs = 0 } }: ClientError): boolean {
  return kind === "rate_limited" && retryAfterMs <= LONGEST_HOLD_MS;
}

/** Pages `from` to `to`; the first failure calls off the rest. */
async function sideBySide<T>(
  from: number,
  to: number,
  call: CallOptions,
  read: (page: number, call: CallOptions) => Promise<T>,
): Promise<T[]> {
  const failed = new AbortController();
  const linked = { ...call, signal: AbortSignal.any([call.signal, failed.signal]) };
  const pages = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  try {
    return await Promise.all(pages.map((page) => read(page, linked)));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
