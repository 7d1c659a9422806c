import {
  distinct,
  type Installed,
  type InstalledUpdate,
  type Mapping,
  type ValuePair,
} from "../../clients/opsramp/installed.ts";
import type { Compared } from "../comparison.ts";
import { BadInput, type Card } from "../operation.ts";
import type { Line } from "../reply.ts";
import { fold } from "../resolve.ts";
import { type CardPart, sectionOf, type Translation } from "./section.ts";

type Direction = Translation["direction"];
type Pair = Translation["pairs"][number];

/** Which third-party value stands for which of OpsRamp's, in both directions. */
export const mappingsSection = sectionOf("mappings", {
  called: "the mappings",
  compare(installed, update) {
    const wanted = wantedTranslations(update);
    if (wanted.length === 0) return undefined;
    const stored = storedTranslations(installed, wanted);
    const missing = missingTranslations(wanted, stored);
    if (missing.length > 0) return { goal: missing };
    const kept = wanted.flatMap((one) => renames(one, storedFor(one, stored)));
    return { already: ["every pair is mapped", ...kept] };
  },
  state: storedTranslations,
  body(goal) {
    const [inbound, outbound] = [toMappings("in", goal), toMappings("out", goal)];
    return {
      ...(inbound.length > 0 && { inboundConfig: { mapAttributes: inbound } }),
      ...(outbound.length > 0 && { outboundConfig: { mapAttributes: outbound } }),
    };
  },
  card: (stored, goal) => ({
    ...rowsOf(goal, stored),
    warnings: [
      ...warningsOf(goal, stored),
      "OpsRamp adds these pairs to what is there; an update replaces and removes none.",
    ],
  }),
  seen: (before, goal, now) => goal.flatMap((wanted) => comparedPairs(wanted, { before, now })),
  wayBack: () => ({ why: "OpsRamp only adds mappings, an update never takes one away" }),
});

/** Everything an update says about mappings, in both directions. */
function wantedTranslations(update: InstalledUpdate): readonly Translation[] {
  const all = translationsOf(update);
  return [...new Set(all.map(keyOf))].map((key) => {
    const [first, ...more] = all.filter((one) => keyOf(one) === key);
    return { ...first!, pairs: distinctPairs([first!, ...more]) };
  });
}

/**
 * What is stored now for the attributes that are asked about, sorted: the vendor answers in changing order.
 * An attribute without an entry is there with no pairs.
 */
function storedTranslations(
  installed: Installed,
  wanted: readonly Translation[],
): readonly Translation[] {
  const stored = translationsOf(installed);
  return wanted
    .toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
    .map((one) => merged(stored.filter((other) => keyOf(other) === keyOf(one)), one));
}

/** The pairs that the vendor does not have yet: it appends whatever it is sent, again and again. */
function missingTranslations(
  wanted: readonly Translation[],
  stored: readonly Translation[],
): readonly Translation[] {
  return wanted.flatMap((one) => {
    const known = storedFor(one, stored);
    const pairs = one.pairs.filter((pair) => !known?.pairs.some((other) => isSame(pair, other)));
    return pairs.length === 0 ? [] : [complete({ ...one, pairs }, known)];
  });
}

/** A pair that is not there may be there in another spelling. */
function comparedPairs(
  wanted: Translation,
  { before, now }: { readonly before: readonly Translation[]; readonly now: readonly Translation[] },
): readonly Compared[] {
  const present = storedFor(wanted, now)?.pairs ?? [];
  const known = [...storedFor(wanted, before)?.pairs ?? [], ...wanted.pairs];
  const words = ({ ours, theirs }: Pair) => `${ours}=${theirs}`;
  return wanted.pairs.map((pair) => {
    const label = { data: `${wanted.entity} ${wanted.attribute} ${words(pair)}`, max: LONGEST_PAIR };
    if (present.some((other) => isSame(pair, other))) return { label, is: "asked" };
    const strange = present.filter((other) =>
      fold(other.ours) === fold(pair.ours) && !known.some((one) => isSame(one, other))
    );
    if (strange.length === 0) return { label, is: "before" };
    return { label, is: { now: { data: strange.map(words).join(", "), max: LONGEST_PAIR } } };
  });
}

const LONGEST_PAIR = 160;

function toMappings(direction: Direction, translations: readonly Translation[]): Mapping[] {
  return translations.filter((one) => one.direction === direction).map((one) => ({
    name: one.attribute,
    entityType: one.entity,
    ...(one.thirdPartyEntity !== null && { thirdPartyEntityType: one.thirdPartyEntity }),
    ...(one.thirdPartyAttribute !== null && { thirdPartyAttrName: one.thirdPartyAttribute }),
    attrValues: one.pairs.map(({ ours, theirs }) => ({ attrValue: ours, thirdPartyAttrValue: theirs })),
  }));
}

/** More rows than these do not fit a screen: the values are counted, and their rows folded. */
const MOST_ROWS = 10;

function rowsOf(missing: readonly Translation[], stored: readonly Translation[]): CardPart {
  const rows = mappingRows(missing, stored);
  if (rows.length <= MOST_ROWS) return { rows };
  const table = { kind: "table", rows: rows.map(({ label, now, after }) => [label, now, after]) } as const;
  return { rows: mappingSummary(missing, stored), details: [table] };
}

/** One row for each value that gets another translation. */
function mappingRows(
  missing: readonly Translation[],
  stored: readonly Translation[],
): Card["rows"] {
  return missing.flatMap((one) =>
    [...new Set(one.pairs.map((pair) => pair.ours))].map((ours) => {
      const now = wordsFor(ours, storedFor(one, stored)?.pairs ?? []);
      const label = `${labelOf(one)} ${ours}`;
      return { label, now: namesLine(now), after: namesLine([...now, ...wordsFor(ours, one.pairs)]) };
    })
  );
}

/** One row for each attribute, with how many of its values are translated. */
function mappingSummary(
  missing: readonly Translation[],
  stored: readonly Translation[],
): Card["rows"] {
  const counted = (pairs: readonly Pair[]) => {
    const count = new Set(pairs.map((pair) => pair.ours)).size;
    return `${count} value${count === 1 ? "" : "s"} mapped`;
  };
  return missing.map((one) => {
    const now = storedFor(one, stored)?.pairs ?? [];
    return { label: labelOf(one), now: counted(now), after: counted([...now, ...one.pairs]) };
  });
}

/** What a reader must know before approving: values with two translations, and names that will not change. */
function warningsOf(
  missing: readonly Translation[],
  stored: readonly Translation[],
): readonly Line[] {
  return missing.flatMap((one) => {
    const known = storedFor(one, stored);
    return [
      ...conflicts(one, known?.pairs ?? []),
      ...lookAlikes(one, known?.pairs ?? []),
      ...renames(one, known),
    ];
  });
}

/** What OpsRamp keeps although it is called otherwise here. */
function renames(wanted: Translation, known: Translation | undefined): readonly Line[] {
  if (!known || known.thirdPartyEntity === null || known.thirdPartyAttribute === null) return [];
  const kept = `${known.thirdPartyEntity}.${known.thirdPartyAttribute}`;
  const asked = `${wanted.thirdPartyEntity ?? ""}.${wanted.thirdPartyAttribute ?? ""}`;
  if (kept.toLowerCase() === asked.toLowerCase()) return [];
  return [[
    `${labelOf(wanted)} stays mapped to `,
    { data: kept },
    ", not ",
    { data: asked },
    ": an update does not rename it",
  ]];
}

function storedFor(
  wanted: Translation,
  stored: readonly Translation[],
): Translation | undefined {
  return stored.find((one) => keyOf(one) === keyOf(wanted));
}

function conflicts(one: Translation, known: readonly Pair[]): readonly Line[] {
  return one.pairs.flatMap((pair, at) => {
    const others = [...known, ...one.pairs.slice(0, at)].filter((other) => !isSame(pair, other));
    const sameOurs = others.filter((other) => other.ours === pair.ours).map((other) => other.theirs);
    const sameTheirs = others.filter((other) => other.theirs === pair.theirs).map((other) => other.ours);
    return [
      ...conflict(one, pair.ours, pair.theirs, sameOurs),
      ...conflict(one, pair.theirs, pair.ours, sameTheirs),
    ];
  });
}

function conflict(
  one: Translation,
  value: string,
  added: string,
  present: readonly string[],
): readonly Line[] {
  if (present.length === 0) return [];
  return [[
    `Conflict in ${labelOf(one)}: `,
    { data: value },
    " is already mapped to ",
    { data: [...new Set(present)].join(", ") },
    "; with ",
    { data: added },
    " added, which one OpsRamp uses is not documented",
  ]];
}

function lookAlikes(one: Translation, known: readonly Pair[]): readonly Line[] {
  const spelt = (value: string, others: readonly string[]) =>
    others.find((other) => other !== value && other.toLowerCase() === value.toLowerCase());
  return one.pairs.flatMap((pair) =>
    [
      spelt(pair.ours, known.map((other) => other.ours)),
      spelt(pair.theirs, known.map((other) => other.theirs)),
    ]
      .flatMap((other) =>
        other === undefined
          ? []
          : [[`${labelOf(one)} already has `, { data: other }, ", which differs in letter case only"]]
      )
  );
}

function translationsOf(
  { inboundConfig, outboundConfig }: InstalledUpdate | Installed,
): readonly Translation[] {
  return [
    ...(inboundConfig?.mapAttributes ?? []).map((mapping) => toTranslation("in", mapping)),
    ...(outboundConfig?.mapAttributes ?? []).map((mapping) => toTranslation("out", mapping)),
  ];
}

function toTranslation(direction: Direction, mapping: Mapping): Translation {
  return {
    direction,
    entity: mapping.entityType.toUpperCase(),
    attribute: mapping.name,
    thirdPartyEntity: mapping.thirdPartyEntityType ?? null,
    thirdPartyAttribute: mapping.thirdPartyAttrName ?? null,
    pairs: distinct(mapping.attrValues).map(toPair),
  };
}

function toPair({ attrValue, thirdPartyAttrValue }: ValuePair): Pair {
  return { ours: attrValue, theirs: thirdPartyAttrValue };
}

/** A new entry needs the third party's names; for an old one the vendor knows them. */
function complete(missing: Translation, known: Translation | undefined): Translation {
  const thirdPartyEntity = missing.thirdPartyEntity ?? known?.thirdPartyEntity ?? null;
  const thirdPartyAttribute = missing.thirdPartyAttribute ?? known?.thirdPartyAttribute ?? null;
  if (thirdPartyEntity === null || thirdPartyAttribute === null) {
    throw new BadInput(
      `${
        labelOf(missing)
      } is not mapped yet: say the third-party entity and attribute, such as Ticket.status.`,
    );
  }
  return { ...missing, thirdPartyEntity, thirdPartyAttribute };
}

function merged(stored: readonly Translation[], wanted: Translation): Translation {
  const [first] = stored;
  return {
    direction: wanted.direction,
    entity: wanted.entity,
    attribute: first?.attribute ?? wanted.attribute,
    thirdPartyEntity: first?.thirdPartyEntity ?? null,
    thirdPartyAttribute: first?.thirdPartyAttribute ?? null,
    pairs: distinctPairs(stored).toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1),
  };
}

function distinctPairs(translations: readonly Translation[]): readonly Pair[] {
  const pairs = translations.flatMap((one) => one.pairs);
  return [...new Map(pairs.map((pair) => [JSON.stringify([pair.ours, pair.theirs]), pair])).values()];
}

function keyOf({ direction, entity, attribute }: Translation): string {
  return JSON.stringify([direction, entity.toUpperCase(), attribute.toLowerCase()]);
}

function isSame(a: Pair, b: Pair): boolean {
  return a.ours === b.ours && a.theirs === b.theirs;
}

function wordsFor(ours: string, pairs: readonly Pair[]): readonly string[] {
  return pairs.filter((pair) => pair.ours === ours).map((pair) => pair.theirs);
}

function namesLine(names: readonly string[]): Line {
  return names.length === 0 ? "not mapped" : { data: names.join(", ") };
}

function labelOf({ direction, entity, attribute }: Translation): string {
  return `${direction === "in" ? "Inbound" : "Outbound"} ${entity} ${attribute}`;
}
