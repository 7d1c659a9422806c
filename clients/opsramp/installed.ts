import * as z from "zod";
import { arrayOf, type Json, numeric, rowsOf } from "../json.ts";

/** The vendor's entity types, as its page lists them. */
export const ENTITY_TYPES = ["ALERT", "PROBLEM", "INCIDENT", "CHANGE", "SERVICEREQUEST", "TASK"] as const;

/** One OpsRamp value and the third party's word for it. */
export interface ValuePair {
  readonly attrValue: string;
  readonly thirdPartyAttrValue: string;
}

/** How values of one attribute are translated. */
export interface Mapping {
  readonly entityType: string;
  /** OpsRamp's attribute, e.g. "Status". */
  readonly name: string;
  /** OpsRamp's own name of it, which it works out and answers, e.g. "incident.status.name". */
  readonly attrName?: string | undefined;
  readonly thirdPartyEntityType?: string | undefined;
  readonly thirdPartyAttrName?: string | undefined;
  /** How OpsRamp cuts the value out of a longer text; only newer servers know it. */
  readonly parsingProperty?: Json | undefined;
  /** Empty where the values are taken over as they are. */
  readonly attrValues: readonly ValuePair[];
}

const word = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const optionalWord = word.nullish().transform((value) => value?.trim() || undefined);

/** The page's table says `tenant*`, its samples and every answer say `thirdParty*`: both are read. */
const rawPair = z.object({
  attrValue: optionalWord,
  thirdPartyAttrValue: optionalWord,
  tenantAttrValue: optionalWord,
});

const rawMapping = z.object({
  entityType: optionalWord,
  name: optionalWord,
  attrName: optionalWord,
  thirdPartyEntityType: optionalWord,
  tenantEntityType: optionalWord,
  thirdPartyAttrName: optionalWord,
  tenantAttrName: optionalWord,
  parsingProperty: z.json().nullish(),
  attrValues: arrayOf(rawPair).nullish(),
});

/** Mappings as they are answered: entries without entity or attribute translate nothing and are left out. */
export const answeredMappings = arrayOf(rawMapping).nullish().transform((raw): readonly Mapping[] =>
  (raw ?? []).flatMap((one) => one.entityType && one.name ? [toMapping(one, one.entityType, one.name)] : [])
);

function toMapping(raw: z.output<typeof rawMapping>, entityType: string, name: string): Mapping {
  return {
    entityType,
    name,
    ...(raw.attrName !== undefined && { attrName: raw.attrName }),
    thirdPartyEntityType: raw.thirdPartyEntityType ?? raw.tenantEntityType,
    thirdPartyAttrName: raw.thirdPartyAttrName ?? raw.tenantAttrName,
    ...(raw.parsingProperty && { parsingProperty: raw.parsingProperty }),
    attrValues: distinct((raw.attrValues ?? []).flatMap(toPair)),
  };
}

function toPair(raw: z.output<typeof rawPair>): ValuePair[] {
  const thirdPartyAttrValue = raw.thirdPartyAttrValue ?? raw.tenantAttrValue;
  return raw.attrValue && thirdPartyAttrValue ? [{ attrValue: raw.attrValue, thirdPartyAttrValue }] : [];
}

/** The vendor appends what it is sent, so the same pair is often stored several times. */
export function distinct(pairs: readonly ValuePair[]): readonly ValuePair[] {
  const seen = new Map(
    pairs.map((pair) => [JSON.stringify([pair.attrValue, pair.thirdPartyAttrValue]), pair]),
  );
  return [...seen.values()];
}

const sentWord = z.string().trim().min(1);

const sentPair = z.strictObject({
  attrValue: sentWord,
  thirdPartyAttrValue: sentWord.optional(),
  tenantAttrValue: sentWord.optional(),
}).transform(({ attrValue, thirdPartyAttrValue, tenantAttrValue }, context): ValuePair => {
  const word = thirdPartyAttrValue ?? tenantAttrValue;
  if (!word) context.addIssue({ code: "custom", message: "thirdPartyAttrValue is missing" });
  return { attrValue, thirdPartyAttrValue: word ?? "" };
});

/** Which way the mappings of a section go, in the word that OpsRamp answers with each of them. */
type Mode = "INBOUND" | "OUTBOUND";

/**
 * Mappings as a person may write them in a document or copy them from an answer, in either spelling; normalised to the
 * one that is sent.
 */
const writtenMappings = (mode: Mode) =>
  z.array(
    z.strictObject({
      entityType: z.string().trim().toUpperCase().pipe(z.enum(ENTITY_TYPES)),
      name: sentWord,
      attrName: sentWord.nullish(),
      mode: z.string().trim().toUpperCase().pipe(z.literal(mode)).nullish(),
      thirdPartyEntityType: sentWord.optional(),
      tenantEntityType: sentWord.optional(),
      thirdPartyAttrName: sentWord.optional(),
      tenantAttrName: sentWord.optional(),
      parsingProperty: z.json().optional(),
      attrValues: z.array(sentPair).nullish(),
    }).transform((raw): Mapping => ({
      entityType: raw.entityType,
      name: raw.name,
      ...(raw.attrName && { attrName: raw.attrName }),
      thirdPartyEntityType: raw.thirdPartyEntityType ?? raw.tenantEntityType,
      thirdPartyAttrName: raw.thirdPartyAttrName ?? raw.tenantAttrName,
      ...(raw.parsingProperty && { parsingProperty: raw.parsingProperty }),
      attrValues: distinct(raw.attrValues ?? []),
    })),
  );

/** Absent, null and "" all mean that the vendor has nothing to say. */
const text = z.string().nullish().transform((value) => value?.trim() || undefined);

/** `{uniqueId, name}`; the page's table calls it a string. */
const role = z.union([
  z.object({ uniqueId: text, name: text }),
  z.string().transform((uniqueId) => ({ uniqueId, name: undefined })),
]);

const authentication = z.object({
  /** WEBHOOK, OAUTH2; also seen: ALL, BASIC. */
  authType: text,
  /** A credential, as are the two below: none of them is ever shown in a group. */
  token: text,
  webhookUrl: text,
  apiKeyPairs: arrayOf(z.object({ key: text, secret: text })).nullish(),
  role: role.nullish(),
});

const notifierFields = z.object({
  baseURI: text,
  /** NONE, OAUTH2, JWT, BASIC. */
  authType: text,
  grantType: text,
  userName: text,
  apiKey: text,
  accessTokenURL: text,
  accessTokenURI: text,
});

/** `type`, passwords and the JWT fields are never answered. */
const notifier = notifierFields.transform(({ accessTokenURL, accessTokenURI, ...rest }) => ({
  ...rest,
  accessTokenURL: accessTokenURL ?? accessTokenURI,
}));

const inboundConfig = z.object({ authentication: authentication.nullish(), mapAttributes: answeredMappings });

const outboundConfig = z.object({
  baseNotifier: notifier.nullish(),
  notifier: notifier.nullish(),
  mapAttributes: answeredMappings,
}).transform(({ baseNotifier, notifier, mapAttributes }) => ({
  baseNotifier: baseNotifier ?? notifier,
  mapAttributes,
}));

/**
 * An installed integration as far as it is used here. Only `id` is always there: an SNMP one lacks even
 * `integration`, and the reply to an update holds no more than the sections that the update named.
 */
export const installedSchema = z.object({
  id: z.string().min(1),
  displayName: text,
  description: text,
  integration: z.object({ id: text, name: text }).nullish(),
  category: text,
  /** "enabled", "disabled"; SDK apps say "Installed". */
  status: text,
  state: text,
  installedBy: text,
  /** Like "2025-02-18T15:34:32+0000": an offset without a colon. */
  installedTime: text,
  modifiedBy: text,
  modifiedTime: text,
  inboundConfig: inboundConfig.nullish(),
  outboundConfig: outboundConfig.nullish(),
});

export type Installed = z.output<typeof installedSchema>;

const page = z.object({
  results: rowsOf(installedSchema),
  totalResults: numeric.nullish().catch(null),
  pageNo: z.number().nullish(),
  nextPage: z.boolean().nullish(),
  nextPageNo: z.number().nullish(),
});

/** One page of the search; some OpsRamp servers answer a bare array instead. */
export const installedPage = z.union([
  page,
  rowsOf(installedSchema).transform((results): z.output<typeof page> => ({ results })),
]);

/** In characters. */
export const LONGEST_DESCRIPTION = 500;
export const AUTH_TYPES = ["WEBHOOK", "OAUTH2"] as const;
export const NOTIFIER_AUTH_TYPES = ["NONE", "OAUTH2", "JWT", "BASIC"] as const;
export const NOTIFIER_TYPES = ["REST_API", "SOAP_API"] as const;
export const GRANT_TYPES = ["CLIENT_CREDENTIALS", "PASSWORD", "REFRESH_TOKEN"] as const;

const upper = z.string().trim().toUpperCase();
const pairs = z.array(z.strictObject({ key: sentWord, value: z.string() }));

/** Sent as `accessTokenURL`; the page also writes `accessTokenURI`. */
export const notifierUpdate = z.strictObject({
  type: upper.pipe(z.enum(NOTIFIER_TYPES)).optional(),
  baseURI: sentWord.optional(),
  authType: upper.pipe(z.enum(NOTIFIER_AUTH_TYPES)).optional(),
  grantType: upper.pipe(z.enum(GRANT_TYPES)).optional(),
  userName: sentWord.optional(),
  password: sentWord.optional(),
  apiKey: sentWord.optional(),
  apiSecret: sentWord.optional(),
  accessTokenURL: sentWord.optional(),
  accessTokenURI: sentWord.optional(),
  /** What the token is asked for with; never answered. */
  scope: sentWord.optional(),
  tokenPayload: z.record(z.string(), z.json()).optional(),
  tokenURL: sentWord.optional(),
  tokenHeaders: pairs.optional(),
  tokensPath: pairs.optional(),
  resourceAuthHeaders: pairs.optional(),
}).transform(({ accessTokenURI, ...rest }) => ({
  ...rest,
  ...(accessTokenURI !== undefined && { accessTokenURL: rest.accessTokenURL ?? accessTokenURI }),
}));

const authenticationUpdate = z.strictObject({
  authType: upper.pipe(z.enum(AUTH_TYPES)).optional(),
  role: z.union([z.strictObject({ uniqueId: sentWord }), sentWord.transform((uniqueId) => ({ uniqueId }))])
    .optional(),
});

/**
 * The body of an update. "All fields are mandatory", says the page, and shows six samples that name one or two
 * sections each: only what is named changes. Unknown names are refused, for the vendor would ignore a misspelt one.
 */
export const installedUpdate = z.strictObject({
  displayName: sentWord.optional(),
  description: sentWord.max(LONGEST_DESCRIPTION).optional(),
  inboundConfig: z.strictObject({
    authentication: authenticationUpdate.optional(),
    mapAttributes: writtenMappings("INBOUND").optional(),
  }).optional(),
  outboundConfig: z.strictObject({
    baseNotifier: notifierUpdate.optional(),
    notifier: notifierUpdate.optional(),
    mapAttributes: writtenMappings("OUTBOUND").optional(),
  }).transform(({ notifier, ...rest }) => ({
    ...rest,
    ...(notifier !== undefined && { baseNotifier: rest.baseNotifier ?? notifier }),
  })).optional(),
});

export type InstalledUpdate = z.output<typeof installedUpdate>;
export type NotifierUpdate = z.output<typeof notifierUpdate>;
