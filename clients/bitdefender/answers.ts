/** What GravityZone answers, field by field as its pages name them. */

import * as z from "zod";
import { arrayOf, distinctRows, fieldOf, numeric, readable, type Reported, rowsOf } from "../json.ts";

const text = fieldOf(z.string());
const count = fieldOf(numeric);
const yesOrNo = fieldOf(z.boolean());
const id = z.union([z.string().min(1), z.number().transform(String)]);

const configuredIntegration = z.object({
  id,
  name: text,
  type: count,
  status: count,
  specifics: fieldOf(z.object({
    hostname: text,
    port: count,
    username: text,
    viewType: count,
    verifyTLSCertificate: yesOrNo,
    retryAuthentication: yesOrNo,
    /** Seconds. */
    retryAuthenticationTimeToWait: count,
    retryAuthenticationMaxAttempts: count,
  })),
  category: fieldOf(z.record(z.string(), yesOrNo)),
  company: fieldOf(z.object({ id: text, name: text })),
}).transform((row) => ({ ...row, name: readable(row.name) || row.id }));

/** Of methods that return no value: what stands for it differs, and without an error any is a yes. */
export const nothing = z.unknown().optional().transform(() => null);

export const integrationPage = z.object({
  data: rowsOf(configuredIntegration),
  /** Null where it is not said. */
  total: numeric.nullish().catch(null).transform((total) => total ?? null),
  page: numeric.optional().catch(undefined),
  perPage: numeric.optional().catch(undefined),
});

export const companyDetails = z.object({
  id,
  name: text,
  type: count,
  address: text,
  phone: text,
  canBeManagedByAbove: yesOrNo,
  isSuspended: yesOrNo,
  /** UTC, written without a zone. */
  createdAt: text,
  country: text,
  state: text,
  contactPerson: fieldOf(z.object({ fullName: text, email: text, phoneNumber: text, companyRole: text })),
  /** Not on the page; live tenants answer it. */
  parentCompanyId: text,
}).transform((row) => ({ ...row, name: readable(row.name) || row.id }));

export const companies = distinctRows(companyDetails, ({ id }) => id);

/** Hours by instance category; an empty map may come as an empty list. */
export const hoursByCategory = z.union([
  z.record(z.string(), count),
  z.array(z.unknown()).length(0).transform((): Record<string, Reported<number>> => ({})),
]);

export const apiKeyDetails = z.object({ enabledApis: arrayOf(z.string()), createdAt: text });

export type ConfiguredIntegration = z.output<typeof configuredIntegration>;
export type IntegrationPage = z.output<typeof integrationPage>;
export type CompanyDetails = z.output<typeof companyDetails>;
export type ApiKeyDetails = z.output<typeof apiKeyDetails>;
export type Hours = z.output<typeof hoursByCategory>;
