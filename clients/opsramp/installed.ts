import { z } from "zod";
import { answeredMappings } from "./mapping.ts";

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
  apiKeyPairs: z.array(z.object({ key: text, secret: text })).nullish(),
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
  results: z.array(installedSchema),
  totalResults: z.number().nullish(),
  pageNo: z.number().nullish(),
  nextPage: z.boolean().nullish(),
  nextPageNo: z.number().nullish(),
});

/** One page of the search; some OpsRamp servers answer a bare array instead. */
export const installedPage = z.union([
  page,
  z.array(installedSchema).transform((results): z.output<typeof page> => ({ results })),
]);
