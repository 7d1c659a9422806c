import { isDeepStrictEqual } from "node:util";
import {
  distinct,
  type Installed,
  type InstalledUpdate,
  type Mapping,
  type ValuePair,
} from "../../clients/opsramp/installed.ts";
import { BadInput, type Card, notKnown } from "../operation.ts";
import type { Line } from "../reply.ts";
import { fold } from "../resolve.ts";
import type { Asked, Section, Seen } from "./installation.ts";

/** One translated attribute. */
type Translation = Mapping & { readonly direction: "in" | "out" };

/** What an attribute gets, and what is stored for it now. */
interface Addition {
  readonly added: Translation;
  readonly stored: Translation;
}

/** Which third-party value stands for which of OpsRamp's, in both directions. */
export const mappingsSection: Section<readonly Translation[]> = {
  called: "the mappings",
  isIn: (update) => translationsIn(update).length > 0,
  compare,
  // Sorted: the vendor answers in changing order.
  state: (installed, goal) =>
    translationsIn(goal)
      .toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
      .map((one) => storedFor(one, installed)),
  change(before, goal) {
    const additions = translationsIn(goal).map((added): Addition => ({
      added,
      stored: before.find((one) => keyOf(one) === keyOf(added)) ?? { ...added, attrValues: [] },
    }));
    return {
      ...rowsOf(additions),
      breaks: [
        "From then on, values are translated like this.",
        ...notKnown(additions.filter((one) => conflicts(one).length > 0).map(({ added }) => labelOf(added))),
      ],
      warnings: [
        ...additions.flatMap((one) => [
          ...conflicts(one),
          ...lookAlikes(one),
          ...unheardOf(one),
          ...renames(one),
        ]),
        "OpsRamp adds this to the mappings it has; an update never replaces or removes one.",
      ],
      seen: (now) => additions.flatMap((one) => [...comparedAttribute(one, now), ...comparedPairs(one, now)]),
      wayBack: { why: "OpsRamp only adds mappings; an update cannot remove one" },
    };
  },
};

/** Keeps what the vendor does not have yet: it appends whatever it is sent, again and again. */
function compare(installed: Installed, update: InstalledUpdate): Asked {
  const wanted = translationsIn(update).map((added) => ({ added, stored: storedFor(added, installed) }));
  const missing = wanted.flatMap(({ added, stored }) => {
    refuseOtherName(added, stored);
    const attrValues = added.attrValues.filter((pair) => !stored.attrValues.some((one) => isSame(pair, one)));
    if (!isThere(stored)) return [complete({ ...added, attrValues }, stored)];
    const { attrName: _, parsingProperty, ...mapping } = added;
    const parsing = isParsedOtherwise(added, stored) ? { parsingProperty } : {};
    if (attrValues.length === 0 && !parsing.parsingProperty) return [];
    return [complete({ ...mapping, ...parsing, attrValues }, stored)];
  });
  if (missing.length === 0) {
    const hasPairs = wanted.some(({ added }) => added.attrValues.length > 0);
    return {
      already: [hasPairs ? "every pair is mapped" : "the attribute is mapped", ...wanted.flatMap(renames)],
    };
  }
  const [inbound, outbound] = [toMappings("in", missing), toMappings("out", missing)];
  return {
    goal: {
      ...(inbound.length > 0 && { inboundConfig: { mapAttributes: inbound } }),
      ...(outbound.length > 0 && { outboundConfig: { mapAttributes: outbound } }),
    },
  };
}

/** One for each attribute, with all of its pairs. */
function translationsIn(
  { inboundConfig, outboundConfig }: InstalledUpdate | Installed,
): readonly Translation[] {
  const all = [
    ...(inboundConfig?.mapAttributes ?? []).map((one): Translation => ({ ...one, direction: "in" })),
    ...(outboundConfig?.mapAttributes ?? []).map((one): Translation => ({ ...one, direction: "out" })),
  ];
  return [...Map.groupBy(all, keyOf).values()].map((same) => ({
    ...same[0]!,
    attrValues: distinct(same.flatMap(({ attrValues }) => attrValues)),
  }));
}

/** What is stored now for an attribute that is asked about; without an entry it is there with no pairs. */
function storedFor(wanted: Translation, installed: Installed): Translation {
  const { direction, entityType, name } = wanted;
  const stored = translationsIn(installed).find((one) => keyOf(one) === keyOf(wanted));
  return {
    direction,
    entityType,
    name: stored?.name ?? name,
    thirdPartyEntityType: stored?.thirdPartyEntityType,
    thirdPartyAttrName: stored?.thirdPartyAttrName,
    ...(wanted.attrName !== undefined && { attrName: stored?.attrName }),
    ...(wanted.parsingProperty !== undefined && { parsingProperty: stored?.parsingProperty }),
    attrValues: (stored?.attrValues ?? [])
      .toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1),
  };
}

function isThere({ thirdPartyAttrName, attrValues }: Mapping): boolean {
  return thirdPartyAttrName !== undefined || attrValues.length > 0;
}

function isParsedOtherwise(
  { parsingProperty: asked }: Mapping,
  { parsingProperty: present }: Mapping,
): boolean {
  return asked !== undefined && !isDeepStrictEqual(asked, present);
}

/** OpsRamp works its own name out: another one, in a document that was copied, belongs to another attribute. */
function refuseOtherName(added: Translation, stored: Translation): void {
  const { attrName } = stored;
  if (!attrName || !added.attrName || attrName.toLowerCase() === added.attrName.toLowerCase()) return;
  throw new BadInput(
    `${labelOf(added)} is ${attrName} in OpsRamp, not ${added.attrName}. Leave attrName out, or correct it.`,
  );
}

/** A new entry needs the third party's names; for an old one the vendor knows them. */
function complete(missing: Translation, stored: Translation): Translation {
  const thirdPartyEntityType = missing.thirdPartyEntityType ?? stored.thirdPartyEntityType;
  const thirdPartyAttrName = missing.thirdPartyAttrName ?? stored.thirdPartyAttrName;
  if (thirdPartyEntityType && thirdPartyAttrName) {
    return { ...missing, thirdPartyEntityType, thirdPartyAttrName };
  }
  const label = labelOf(missing);
  throw new BadInput(
    `${label} is not mapped yet: say the third-party entity and attribute, such as Ticket.status.`,
  );
}

function toMappings(direction: Translation["direction"], translations: readonly Translation[]): Mapping[] {
  return translations.filter((one) => one.direction === direction)
    .map(({ direction: _, ...mapping }) => mapping);
}

/** The attribute itself, where it was not mapped before or is cut out otherwise. */
function comparedAttribute({ added, stored }: Addition, now: readonly Translation[]): readonly Seen[] {
  const present = now.find((one) => keyOf(one) === keyOf(added));
  const label = { data: `${added.entityType} ${added.name} as ${theirName(added)}`, max: LONGEST_PAIR };
  const compared = (isAsked: boolean, isBefore: boolean, shown: string): Seen => {
    if (isAsked) return { label, is: "asked" };
    return { label, is: isBefore ? "before" : { now: { data: shown, max: LONGEST_PAIR } } };
  };
  if (!isThere(stored)) {
    const isSaid = present !== undefined && isThere(present);
    const isAsked = isSaid && theirName(present).toLowerCase() === theirName(added).toLowerCase();
    return [compared(isAsked, !isSaid, present ? theirName(present) : "")];
  }
  if (!present || !isParsedOtherwise(added, stored)) return [];
  return [
    compared(!isParsedOtherwise(added, present), !isParsedOtherwise(stored, present), parsingOf(present)),
  ];
}

/** A pair that is not there may be there in another spelling. */
function comparedPairs({ added, stored }: Addition, now: readonly Translation[]): readonly Seen[] {
  const present = now.find((one) => keyOf(one) === keyOf(added))?.attrValues ?? [];
  const known = [...stored.attrValues, ...added.attrValues];
  const words = ({ attrValue, thirdPartyAttrValue }: ValuePair) => `${attrValue}=${thirdPartyAttrValue}`;
  return added.attrValues.map((pair) => {
    const label = { data: `${added.entityType} ${added.name} ${words(pair)}`, max: LONGEST_PAIR };
    if (present.some((other) => isSame(pair, other))) return { label, is: "asked" };
    const strange = present.filter((other) =>
      fold(other.attrValue) === fold(pair.attrValue) && !known.some((one) => isSame(one, other))
    );
    if (strange.length === 0) return { label, is: "before" };
    return { label, is: { now: { data: strange.map(words).join(", "), max: LONGEST_PAIR } } };
  });
}

const LONGEST_PAIR = 160;

/** More rows than these do not fit a screen: the values are counted, and their rows folded. */
const MOST_ROWS = 10;

function rowsOf(additions: readonly Addition[]): Pick<Card, "rows" | "details"> {
  const rows = additions.flatMap((one) => [attributeRow(one), ...parsingRow(one), ...valueRows(one)]);
  if (rows.length <= MOST_ROWS) return { rows };
  const table = { kind: "table", rows: rows.map(({ label, now, after }) => [label, now, after]) } as const;
  return { rows: additions.map(countRow), details: [table] };
}

/** The third party's attribute: what is stored stays. */
function attributeRow({ added, stored }: Addition): Card["rows"][number] {
  const now = isThere(stored) ? { data: theirName(stored) } : "not mapped";
  return { label: labelOf(added), now, after: { data: theirName(isThere(stored) ? stored : added) } };
}

function parsingRow({ added, stored }: Addition): Card["rows"] {
  if (added.parsingProperty === undefined) return [];
  const shown = (one: Mapping): Line =>
    one.parsingProperty ? { data: parsingOf(one), max: LONGEST_PAIR } : "not set";
  return [{ label: `${labelOf(added)} parsing`, now: shown(stored), after: shown(added) }];
}

function parsingOf({ parsingProperty }: Mapping): string {
  return JSON.stringify(parsingProperty ?? null);
}

/** "Ticket.stats"; "?" for what OpsRamp does not say. */
function theirName({ thirdPartyEntityType = "?", thirdPartyAttrName = "?" }: Mapping): string {
  return `${thirdPartyEntityType}.${thirdPartyAttrName}`;
}

/** One row for each value that gets another translation. */
function valueRows({ added, stored }: Addition): Card["rows"] {
  return [...new Set(added.attrValues.map(({ attrValue }) => attrValue))].map((value) => {
    const now = wordsFor(value, stored);
    const after = [...now, ...wordsFor(value, added)];
    return { label: `${labelOf(added)} ${value}`, now: namesLine(now), after: namesLine(after) };
  });
}

/** How many of an attribute's values are translated. */
function countRow({ added, stored }: Addition): Card["rows"][number] {
  const counted = (pairs: readonly ValuePair[]) => {
    const count = new Set(pairs.map(({ attrValue }) => attrValue)).size;
    return `${count} value${count === 1 ? "" : "s"} mapped`;
  };
  const name = theirName(isThere(stored) ? stored : added);
  const after = [...stored.attrValues, ...added.attrValues];
  const line = (pairs: readonly ValuePair[]): Line => [{ data: name }, `, ${counted(pairs)}`];
  return {
    label: labelOf(added),
    now: isThere(stored) ? line(stored.attrValues) : "not mapped",
    after: line(after),
  };
}

function wordsFor(value: string, { attrValues }: Mapping): readonly string[] {
  return attrValues.filter(({ attrValue }) => attrValue === value)
    .map(({ thirdPartyAttrValue }) => thirdPartyAttrValue);
}

function namesLine(names: readonly string[]): Line {
  return names.length === 0 ? "not mapped" : { data: names.join(", ") };
}

/** What OpsRamp keeps although it is called otherwise here. */
function renames({ added, stored }: Addition): readonly Line[] {
  const [kept, asked] = [theirName(stored), theirName({ ...stored, ...given(added) })];
  const isKept = stored.thirdPartyEntityType && stored.thirdPartyAttrName;
  if (!isKept || kept.toLowerCase() === asked.toLowerCase()) return [];
  const stays = `${labelOf(added)} stays mapped to `;
  return [[stays, { data: kept }, ", not ", { data: asked }, ": an update does not rename it"]];
}

function given({ thirdPartyEntityType, thirdPartyAttrName }: Mapping): Partial<Mapping> {
  return {
    ...(thirdPartyEntityType !== undefined && { thirdPartyEntityType }),
    ...(thirdPartyAttrName !== undefined && { thirdPartyAttrName }),
  };
}

/**
 * The values that OpsRamp's pages name, by the attribute's letters; a tenant may have others.
 * https://docs.opsramp.com/api/tickets/incident-create-post/
 */
const VALUES_OF_TICKETS: Readonly<Record<string, readonly string[]>> = {
  status: ["New", "Open", "Pending", "On Hold", "Resolved", "Closed"],
  priority: ["Very Low", "Low", "Normal", "High", "Urgent"],
  changetype: ["Normal", "Emergency"],
};

const STATES_OF_ALERTS = ["Ok", "Warning", "Critical", "Info"];

/** https://docs.opsramp.com/api/alerts/alerts-search-alerts-get/ */
const VALUES_OF_ALERTS: Readonly<Record<string, readonly string[]>> = {
  state: STATES_OF_ALERTS,
  currentstate: STATES_OF_ALERTS,
  oldstate: STATES_OF_ALERTS,
  severity: STATES_OF_ALERTS,
  priority: ["P0", "P1", "P2", "P3", "P4", "P5"],
  action: ["Acknowledged", "Ticketed", "Closed", "Ignore", "Suppressed", "Open", "Purged", "Correlated"],
  status: [
    "New",
    "Acknowledged",
    "Ticketed",
    "Closed",
    "Ignore",
    "Suppressed",
    "Open",
    "Purged",
    "Correlated",
  ],
  alerttype: [
    "Monitoring",
    "Maintenance",
    "Appliance",
    "Agent",
    "Scheduled Maintenance",
    "Obsolete",
    "Integration Failure",
  ],
};

function namedValues({ entityType, name }: Mapping): readonly string[] | undefined {
  const values = entityType === "ALERT" ? VALUES_OF_ALERTS : VALUES_OF_TICKETS;
  const letters = name.toLowerCase().replace(/[^a-z]/g, "");
  return Object.hasOwn(values, letters) ? values[letters] : undefined;
}

/** A value that nobody has seen there is a slip of the pen, most likely: OpsRamp takes it and never uses it. */
function unheardOf({ added, stored }: Addition): readonly Line[] {
  const named = namedValues(added);
  if (!named) return [];
  // Alerts' values are in capitals at one place and not at the other.
  const spelt = (value: string) => added.entityType === "ALERT" ? value.toLowerCase() : value;
  const known = new Set([...named, ...stored.attrValues.map(({ attrValue }) => attrValue)].map(spelt));
  const strange = [...new Set(added.attrValues.map(({ attrValue }) => attrValue))]
    .filter((value) => !known.has(spelt(value)));
  if (strange.length === 0) return [];
  return [[
    `OpsRamp's documents name these values of ${added.entityType} ${added.name}: ${named.join(", ")}; not `,
    { data: strange.join(", "), max: LONGEST_PAIR },
    ". Check the spelling",
  ]];
}

/** A pair as seen from either side. */
const SIDES = [["attrValue", "thirdPartyAttrValue"], ["thirdPartyAttrValue", "attrValue"]] as const;

function conflicts({ added, stored }: Addition): readonly Line[] {
  return added.attrValues.flatMap((pair, at) => {
    const others = [...stored.attrValues, ...added.attrValues.slice(0, at)]
      .filter((other) => !isSame(pair, other));
    return SIDES.flatMap(([from, to]) => {
      const present = others.filter((other) => other[from] === pair[from]).map((other) => other[to]);
      return present.length === 0 ? [] : [[
        `Conflict in ${labelOf(added)}: `,
        { data: pair[from] },
        " is already mapped to ",
        { data: [...new Set(present)].join(", ") },
        "; with ",
        { data: pair[to] },
        " added, which one OpsRamp uses is not documented",
      ]];
    });
  });
}

function lookAlikes({ added, stored }: Addition): readonly Line[] {
  return added.attrValues.flatMap((pair) =>
    SIDES.flatMap(([side]) => {
      const other = stored.attrValues.map((one) => one[side])
        .find((value) => value !== pair[side] && value.toLowerCase() === pair[side].toLowerCase());
      if (other === undefined) return [];
      return [[
        `${labelOf(added)} already has `,
        { data: other },
        ", which differs only in upper and lower case",
      ]];
    })
  );
}

function keyOf({ direction, entityType, name }: Translation): string {
  return JSON.stringify([direction, entityType.toUpperCase(), name.toLowerCase()]);
}

function isSame(a: ValuePair, b: ValuePair): boolean {
  return a.attrValue === b.attrValue && a.thirdPartyAttrValue === b.thirdPartyAttrValue;
}

function labelOf({ direction, entityType, name }: Translation): string {
  return `${direction === "in" ? "Inbound" : "Outbound"} ${entityType} ${name}`;
}
