import { z } from "zod";

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
  attrValues: z.array(rawPair).nullish(),
});

/** Mappings as they are answered: entries without entity or attribute translate nothing and are left out. */
export const answeredMappings = z.array(rawMapping).nullish().transform((raw): readonly Mapping[] =>
  (raw ?? []).flatMap((one) => one.entityType && one.name ? [toMapping(one, one.entityType, one.name)] : [])
);

function toMapping(raw: z.output<typeof rawMapping>, entityType: string, name: string): Mapping {
  return {
    entityType,
    name,
    ...(raw.attrName !== undefined && { attrName: raw.attrName }),
    thirdPartyEntityType: raw.thirdPartyEntityType ?? raw.tenantEntityType,
    thirdPartyAttrName: raw.thirdPartyAttrName ?? raw.tenantAttrName,
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

/** Mappings as a person may write them in a document, in either spelling; normalised to the one that is sent. */
export const writtenMappings = z.array(
  z.strictObject({
    entityType: z.string().trim().toUpperCase().pipe(z.enum(ENTITY_TYPES)),
    name: sentWord,
    thirdPartyEntityType: sentWord.optional(),
    tenantEntityType: sentWord.optional(),
    thirdPartyAttrName: sentWord.optional(),
    tenantAttrName: sentWord.optional(),
    attrValues: z.array(sentPair).min(1),
  }).transform((raw): Mapping => ({
    entityType: raw.entityType,
    name: raw.name,
    thirdPartyEntityType: raw.thirdPartyEntityType ?? raw.tenantEntityType,
    thirdPartyAttrName: raw.thirdPartyAttrName ?? raw.tenantAttrName,
    attrValues: distinct(raw.attrValues),
  })),
);
