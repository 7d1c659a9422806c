import { z } from "zod";
import { writtenMappings } from "./mapping.ts";

export const AUTH_TYPES = ["WEBHOOK", "OAUTH2"] as const;
const NOTIFIER_AUTH_TYPES = ["NONE", "OAUTH2", "JWT", "BASIC"] as const;
export const NOTIFIER_TYPES = ["REST_API", "SOAP_API"] as const;
export const GRANT_TYPES = ["CLIENT_CREDENTIALS", "PASSWORD", "REFRESH_TOKEN"] as const;

const text = z.string().trim().min(1);
const upper = z.string().trim().toUpperCase();
const pairs = z.array(z.strictObject({ key: text, value: z.string() }));

/** Sent as `accessTokenURL`; the page also writes `accessTokenURI`. */
export const notifierUpdate = z.strictObject({
  type: upper.pipe(z.enum(NOTIFIER_TYPES)).optional(),
  baseURI: text.optional(),
  authType: upper.pipe(z.enum(NOTIFIER_AUTH_TYPES)).optional(),
  grantType: upper.pipe(z.enum(GRANT_TYPES)).optional(),
  userName: text.optional(),
  password: text.optional(),
  apiKey: text.optional(),
  apiSecret: text.optional(),
  accessTokenURL: text.optional(),
  accessTokenURI: text.optional(),
  tokenPayload: z.record(z.string(), z.json()).optional(),
  tokenURL: text.optional(),
  tokenHeaders: pairs.optional(),
  tokensPath: pairs.optional(),
  resourceAuthHeaders: pairs.optional(),
}).transform(({ accessTokenURI, ...rest }) => ({
  ...rest,
  ...(accessTokenURI !== undefined && { accessTokenURL: rest.accessTokenURL ?? accessTokenURI }),
}));

const authenticationUpdate = z.strictObject({
  authType: upper.pipe(z.enum(AUTH_TYPES)).optional(),
  role: z.union([z.strictObject({ uniqueId: text }), text.transform((uniqueId) => ({ uniqueId }))])
    .optional(),
});

/**
 * The body of an update. "All fields are mandatory", says the page, and shows six samples that name one or two
 * sections each: only what is named changes. Unknown names are refused, for the vendor would ignore a misspelt one.
 */
export const installedUpdate = z.strictObject({
  displayName: text.optional(),
  inboundConfig: z.strictObject({
    authentication: authenticationUpdate.optional(),
    mapAttributes: writtenMappings.optional(),
  }).optional(),
  outboundConfig: z.strictObject({
    baseNotifier: notifierUpdate.optional(),
    notifier: notifierUpdate.optional(),
    mapAttributes: writtenMappings.optional(),
  }).transform(({ notifier, ...rest }) => ({
    ...rest,
    ...(notifier !== undefined && { baseNotifier: rest.baseNotifier ?? notifier }),
  })).optional(),
});

export type InstalledUpdate = z.output<typeof installedUpdate>;
export type NotifierUpdate = z.output<typeof notifierUpdate>;
