import * as z from "zod";
import {
  type ApiKeyDetails,
  apiKeyDetails,
  companies,
  type CompanyDetails,
  companyDetails,
  type ConfiguredIntegration,
  type Hours,
  hoursByCategory,
  type IntegrationPage,
  integrationPage,
  nothing,
} from "./bitdefender/answers.ts";
import { ClientError, type FailureKind } from "./errors.ts";
import { HttpClient } from "./http/client.ts";
import type { CallOptions, ConnectionOptions, RateLimits, Refusal } from "./http/contract.ts";
import type { Rows } from "./json.ts";

export interface BitdefenderOptions extends ConnectionOptions {
  /** The Access URL of Control Center → My Account → API keys; ends in `/api`. */
  readonly apiUrl: string;
  readonly apiKey: string;
}

/** Without it, the company of the key. */
interface OfCompany {
  readonly companyId?: string | undefined;
}

/** One of several integrations, by its name; by its AWS account's id when absent. Older tenants refuse it. */
interface OfIntegration extends OfCompany {
  readonly integrationName?: string | undefined;
}

/** What the account look-up answers at most; there may be more companies than it names. */
export const MOST_COMPANIES_BY_ACCOUNT = 25;
/** The largest `maxResults` of `findCompaniesByName`. */
export const MOST_COMPANIES_BY_NAME = 100;

/** Below the documented ten calls a second for one key, with room for one screenful at once. */
const LIMITS: RateLimits = { concurrency: 10, burst: 100, perSecond: 5 };

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
  ): Promise<Hours> {
    return this.read("getHourlyUsageForAmazonEC2Instances", params, hoursByCategory, call);
  }

  /**
   * Connects a company's AWS account by access keys. Known from the vendor's older documents only: newer tenants may not
   * offer it.
   * https://www.bitdefender.com/business/support/en/77212-135305-integrations.html
   */
  configureAmazonEC2Integration(
    params: OfIntegration & { readonly keyId: string; readonly keySecret: string },
    call: CallOptions,
  ): Promise<null> {
    return this.change("configureAmazonEC2Integration", params, nothing, call);
  }

  /**
   * Connects a company's AWS account by a role.
   * https://www.bitdefender.com/business/support/en/77209-135308-configureamazonec2integrationusingcrossaccountrole.html
   */
  configureAmazonEC2IntegrationUsingCrossAccountRole(
    params: OfIntegration & { readonly crossAccountRoleArn: string },
    call: CallOptions,
  ): Promise<null> {
    return this.change("configureAmazonEC2IntegrationUsingCrossAccountRole", params, nothing, call);
  }

  /**
   * Makes the external id anew. By the older manual that invalidates the integration that exists; by the present one
   * an integration keeps the id that it uses, and only an unused one is replaced.
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
  disableAmazonEC2Integration(params: OfIntegration, call: CallOptions): Promise<null> {
    return this.change("disableAmazonEC2Integration", params, nothing, call);
  }

  /**
   * The companies that use an AWS account, `MOST_COMPANIES_BY_ACCOUNT` at most. Newer tenants may not offer it.
   * https://www.bitdefender.com/business/support/en/77211-135312-getcompanydetailsbyawsaccountid.html
   */
  getCompanyDetailsByAWSAccountId(
    params: { readonly accountId: string },
    call: CallOptions,
  ): Promise<Rows<CompanyDetails>> {
    return this.read("getCompanyDetailsByAWSAccountId", params, companies, call);
  }

  /**
   * Matches the start of the name; a leading `*` means any part of it.
   * https://www.bitdefender.com/business/support/en/77211-126241-findcompaniesbyname.html
   */
  findCompaniesByName(
    params: { readonly nameFilter: string; readonly maxResults?: number | undefined },
    call: CallOptions,
  ): Promise<Rows<CompanyDetails>> {
    return this.read("findCompaniesByName", params, companies, call, "companies");
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
  ): Promise<Rows<CompanyDetails>> {
    return this.read("getCompaniesList", params, companies, call, "network");
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

/**
 * Whether a call was refused for a parameter that this key does not have, as opposed to a value of one: a customer's key
 * has no `companyId`, an older tenant no `integrationName`.
 */
export function refusesParameter({ kind, failure: { detail = "" } }: ClientError): boolean {
  return kind === "rejected" && STRANGE_PARAMETER.test(detail);
}

const STRANGE =
  "(unexpected|unknown|unrecogni[sz]ed|unsupported|superfluous|not (allowed|expected|supported|accepted))";
const STRANGE_PARAMETER = new RegExp(`${STRANGE}.{0,40}param|param.{0,60}${STRANGE}`, "i");

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
  /** What the rows are called that cannot be read, as far as they say. */
  readonly unread: readonly string[];
  /**
   * What the vendor counts, or what came where it does not say; differs from what came when that changed while it was
   * read, or the vendor kept rows back.
   */
  readonly total: number;
}

/**
 * Every integration of one company: the first page, then all others side by side. The list has no page count, so it is
 * computed from the rows that the first page really has, for a tenant may give fewer than it was asked for. It goes on
 * until the vendor's total is reached, or a page brings nothing new. No integration is counted twice when entries move
 * between pages.
 */
export async function allConfiguredIntegrations(
  client: BitdefenderClient,
  params: { readonly companyId?: string | undefined },
  call: CallOptions,
): Promise<ConfiguredIntegrations> {
  const found = new Map<string, ConfiguredIntegration>();
  const unread: string[] = [];
  const first = await client.getConfiguredIntegrations({ ...params, page: 1, perPage: LARGEST_PAGE }, call);
  const perPage = rowsIn(first);
  let { total } = first;
  let read = 1;
  let isGrowing = take(first);
  while (isGrowing && (total === null || found.size + unread.length < total)) {
    const pagesInAll = Math.ceil((total ?? 0) / perPage);
    const last = Math.max(read + 1, Math.min(pagesInAll, read + PAGES_AT_ONCE));
    const pages = await sideBySide(
      read + 1,
      last,
      call,
      (page, linked) => pageOrEnd(client, { ...params, page, perPage }, linked),
    );
    total = pages.reduce((latest, page) => page?.total ?? latest, total);
    isGrowing = pages.map((page) => page !== undefined && take(page)).every(Boolean);
    read = last;
  }
  return { integrations: [...found.values()], unread, total: total ?? found.size + unread.length };

  /** Whether the page had anything new. */
  function take({ data }: IntegrationPage): boolean {
    const before = found.size;
    for (const entry of data.items) found.set(entry.id, entry);
    unread.push(...data.unread);
    return found.size > before;
  }
}

function rowsIn({ data: { items, unread } }: IntegrationPage): number {
  return items.length + unread.length;
}

/** Some of the vendor's lists refuse a page beyond the last instead of answering an empty one: then undefined. */
async function pageOrEnd(
  client: BitdefenderClient,
  params: { companyId?: string | undefined; page: number; perPage: number },
  call: CallOptions,
): Promise<IntegrationPage | undefined> {
  for (let turn = 1;; turn++) {
    try {
      return await client.getConfiguredIntegrations(params, call);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (isBeyondTheEnd(error)) return undefined;
      if (turn === MOST_TURNS || !isOnlyEarly(error)) throw error;
    }
  }
}

/** A refusal that says nothing, or something about the page; any other is about something else. */
function isBeyondTheEnd({ kind, failure: { detail = "" } }: ClientError): boolean {
  return kind === "rejected" && /^invalid params\.?$|page/i.test(detail);
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
