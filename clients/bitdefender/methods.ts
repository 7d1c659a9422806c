import { z } from "zod";
import type { CallOptions } from "../http.ts";

/** What the account look-up answers at most; there may be more companies than it names. */
export const MOST_COMPANIES_BY_ACCOUNT = 25;
/** The largest `maxResults` of `findCompaniesByName`. */
export const MOST_COMPANIES_BY_NAME = 100;

const text = z.string().nullish();

const integration = z.object({
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
  data: z.array(integration),
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

/** An empty map may come as an empty list. */
const hoursByCategory = z.union([
  z.record(z.string(), z.number()),
  z.array(z.never()).transform((): Record<string, number> => ({})),
]);

const ofCompany = z.object({ companyId: z.string().optional() });

/**
 * The vendor's methods by their documented names. Params that are left out are not sent: the API refuses what it
 * does not know. `companyId` defaults to the company of the key.
 *
 * https://www.bitdefender.com/business/support/en/77209-125277-public-api.html
 */
export const methods = {
  getConfiguredIntegrations: {
    service: "integrations",
    write: false,
    params: ofCompany.extend({ page: z.int().optional(), perPage: z.int().optional() }),
    result: integrationPage,
  },
  /** `targetMonth` is `mm/yyyy`; the current month when absent. */
  getHourlyUsageForAmazonEC2Instances: {
    service: "integrations",
    write: false,
    params: ofCompany.extend({ targetMonth: z.string().optional() }),
    result: hoursByCategory,
  },
  /** Known from the vendor's older documents only: newer tenants may not offer it. */
  configureAmazonEC2Integration: {
    service: "integrations",
    write: true,
    params: z.object({ companyId: z.string(), keyId: z.string(), keySecret: z.string() }),
    result: z.null(),
  },
  configureAmazonEC2IntegrationUsingCrossAccountRole: {
    service: "integrations",
    write: true,
    params: ofCompany.extend({ crossAccountRoleArn: z.string() }),
    result: z.null(),
  },
  /** Invalidates the integration that exists. */
  generateAmazonEC2ExternalIdForCrossAccountRole: {
    service: "integrations",
    write: true,
    params: ofCompany,
    result: z.string().min(1),
  },
  /** Null when none was ever generated. */
  getAmazonEC2ExternalIdForCrossAccountRole: {
    service: "integrations",
    write: false,
    params: ofCompany,
    result: z.string().nullable(),
  },
  disableAmazonEC2Integration: { service: "integrations", write: true, params: ofCompany, result: z.null() },
  /** At most `MOST_COMPANIES_BY_ACCOUNT`. Newer tenants may not offer it. */
  getCompanyDetailsByAWSAccountId: {
    service: "integrations",
    write: false,
    params: z.object({ accountId: z.string() }),
    result: z.array(companyDetails),
  },
  /** Matches the start of the name; a leading `*` means any part of it. */
  findCompaniesByName: {
    service: "companies",
    write: false,
    params: z.object({ nameFilter: z.string(), maxResults: z.int().optional() }),
    result: z.array(companyDetails),
  },
  getCompanyDetails: { service: "companies", write: false, params: ofCompany, result: companyDetails },
  /** One level below `parentId`. */
  getCompaniesList: {
    service: "network",
    write: false,
    params: z.object({ parentId: z.string().optional() }),
    result: z.array(z.object({ id: z.string(), name: z.string() })),
  },
  getApiKeyDetails: {
    service: "general",
    write: false,
    params: z.object({}),
    result: z.object({ enabledApis: z.array(z.string()), createdAt: text }),
  },
} as const;

type Methods = typeof methods;

/** Every method throws only `ClientError`. */
export type Bitdefender = {
  readonly [M in keyof Methods]: (
    params: z.input<Methods[M]["params"]>,
    call: CallOptions,
  ) => Promise<z.output<Methods[M]["result"]>>;
};

export type Integration = z.output<typeof integration>;
export type CompanyDetails = z.output<typeof companyDetails>;
