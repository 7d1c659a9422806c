import { z } from "zod";
import {
  type ApiKeyDetails,
  apiKeyDetails,
  companiesBelow,
  type CompanyDetails,
  companyDetails,
  hoursByCategory,
  type IntegrationPage,
  integrationPage,
} from "./bitdefender/answers.ts";
import type { FailureKind } from "./errors.ts";
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

/**
 * GravityZone's public API by its documented names: JSON-RPC 2.0 over HTTPS, the key as the user of HTTP Basic. Params
 * that are left out are not sent: the API refuses what it does not know.
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
   * One page of what is configured on the Integrations hub; `perPage` is 100 at most. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-1300617-getconfiguredintegrations.html
   */
  getConfiguredIntegrations(
    params: OfCompany & { readonly page?: number; readonly perPage?: number },
    call: CallOptions,
  ): Promise<IntegrationPage> {
    return this.read("integrations", "getConfiguredIntegrations", params, integrationPage, call);
  }

  /**
   * Hours by instance category in a month; `targetMonth` is `mm/yyyy`, the current month when absent. Throws
   * `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-135306-gethourlyusageforamazonec2instances.html
   */
  getHourlyUsageForAmazonEC2Instances(
    params: OfCompany & { readonly targetMonth?: string | undefined },
    call: CallOptions,
  ): Promise<Readonly<Record<string, number>>> {
    return this.read("integrations", "getHourlyUsageForAmazonEC2Instances", params, hoursByCategory, call);
  }

  /**
   * Connects a company's AWS account by access keys. Known from the vendor's older documents only: newer tenants may not
   * offer it. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77212-135305-integrations.html
   */
  configureAmazonEC2Integration(
    params: { readonly companyId: string; readonly keyId: string; readonly keySecret: string },
    call: CallOptions,
  ): Promise<null> {
    return this.change("integrations", "configureAmazonEC2Integration", params, z.null(), call);
  }

  /**
   * Connects a company's AWS account by a role. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-135308-configureamazonec2integrationusingcrossaccountrole.html
   */
  configureAmazonEC2IntegrationUsingCrossAccountRole(
    params: OfCompany & { readonly crossAccountRoleArn: string },
    call: CallOptions,
  ): Promise<null> {
    return this.change(
      "integrations",
      "configureAmazonEC2IntegrationUsingCrossAccountRole",
      params,
      z.null(),
      call,
    );
  }

  /**
   * Makes the external id anew, which invalidates the integration that exists. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-135309-generateamazonec2externalidforcrossaccountrole.html
   */
  generateAmazonEC2ExternalIdForCrossAccountRole(params: OfCompany, call: CallOptions): Promise<string> {
    return this.change(
      "integrations",
      "generateAmazonEC2ExternalIdForCrossAccountRole",
      params,
      z.string().min(1),
      call,
    );
  }

  /**
   * The external id; null when none was ever generated. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-135310-getamazonec2externalidforcrossaccountrole.html
   */
  getAmazonEC2ExternalIdForCrossAccountRole(params: OfCompany, call: CallOptions): Promise<string | null> {
    return this.read(
      "integrations",
      "getAmazonEC2ExternalIdForCrossAccountRole",
      params,
      z.string().nullable(),
      call,
    );
  }

  /**
   * Disconnects a company's AWS account. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-135311-disableamazonec2integration.html
   */
  disableAmazonEC2Integration(params: OfCompany, call: CallOptions): Promise<null> {
    return this.change("integrations", "disableAmazonEC2Integration", params, z.null(), call);
  }

  /**
   * The companies that use an AWS account, `MOST_COMPANIES_BY_ACCOUNT` at most. Newer tenants may not offer it. Throws
   * `ClientError`.
   * https://www.bitdefender.com/business/support/en/77211-135312-getcompanydetailsbyawsaccountid.html
   */
  getCompanyDetailsByAWSAccountId(
    params: { readonly accountId: string },
    call: CallOptions,
  ): Promise<readonly CompanyDetails[]> {
    return this.read(
      "integrations",
      "getCompanyDetailsByAWSAccountId",
      params,
      z.array(companyDetails),
      call,
    );
  }

  /**
   * Matches the start of the name; a leading `*` means any part of it. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77211-126241-findcompaniesbyname.html
   */
  findCompaniesByName(
    params: { readonly nameFilter: string; readonly maxResults?: number | undefined },
    call: CallOptions,
  ): Promise<readonly CompanyDetails[]> {
    return this.read("companies", "findCompaniesByName", params, z.array(companyDetails), call);
  }

  /**
   * One company. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-126239-getcompanydetails.html
   */
  getCompanyDetails(params: OfCompany, call: CallOptions): Promise<CompanyDetails> {
    return this.read("companies", "getCompanyDetails", params, companyDetails, call);
  }

  /**
   * The companies one level below `parentId`. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77211-128478-getcompanieslist.html
   */
  getCompaniesList(
    params: { readonly parentId?: string | undefined },
    call: CallOptions,
  ): Promise<readonly { readonly id: string; readonly name: string }[]> {
    return this.read("network", "getCompaniesList", params, companiesBelow, call);
  }

  /**
   * The areas that our key may use. Throws `ClientError`.
   * https://www.bitdefender.com/business/support/en/77209-140282-getapikeydetails.html
   */
  getApiKeyDetails(params: Readonly<Record<never, never>>, call: CallOptions): Promise<ApiKeyDetails> {
    return this.read("general", "getApiKeyDetails", params, apiKeyDetails, call);
  }

  private async read<T>(
    service: "integrations" | "companies" | "network" | "general",
    method: string,
    params: unknown,
    schema: z.ZodType<T>,
    call: CallOptions,
  ): Promise<T> {
    const asked = JSON.stringify([method, params]);
    const id = this.underWay.get(asked) ?? crypto.randomUUID();
    this.underWay.set(asked, id);
    try {
      return await this.send({ service, method, params, id, write: false }, schema, call);
    } finally {
      if (this.underWay.get(asked) === id) this.underWay.delete(asked);
    }
  }

  private change<T>(
    service: "integrations" | "companies" | "network" | "general",
    method: string,
    params: unknown,
    schema: z.ZodType<T>,
    call: CallOptions,
  ): Promise<T> {
    return this.send({ service, method, params, id: crypto.randomUUID(), write: true }, schema, call);
  }

  private async send<T>(
    { service, method, params, id, write }: RpcRequest,
    result: z.ZodType<T>,
    call: CallOptions,
  ): Promise<T> {
    const request = {
      operation: method,
      method: "POST",
      path: `/v1.0/jsonrpc/${service}`,
      json: { id, jsonrpc: "2.0", method, params },
      write,
    } as const;
    // Another request's answer says nothing about this one.
    const answer = await this.http.call(request, z.object({ id: z.literal(id), result }), call);
    return answer.result;
  }
}

interface RpcRequest {
  readonly service: "integrations" | "companies" | "network" | "general";
  readonly method: string;
  readonly params: unknown;
  readonly id: string;
  readonly write: boolean;
}

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
