import { z } from "zod";

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

export const integrationPage = z.object({
  data: z.array(configuredIntegration),
  total: z.int().min(0),
  page: z.int().optional(),
  perPage: z.int().min(1).optional(),
});

export const companyDetails = z.object({
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
export const hoursByCategory = z.union([
  z.record(z.string(), z.number()),
  z.array(z.never()).transform((): Record<string, number> => ({})),
]);

export const companiesBelow = z.array(z.object({ id: z.string(), name: z.string() }));

export const apiKeyDetails = z.object({ enabledApis: z.array(z.string()), createdAt: text });

export type ConfiguredIntegration = z.output<typeof configuredIntegration>;
export type IntegrationPage = z.output<typeof integrationPage>;
export type CompanyDetails = z.output<typeof companyDetails>;
export type ApiKeyDetails = z.output<typeof apiKeyDetails>;
