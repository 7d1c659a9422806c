import {
  distinct,
  type Installed,
  type InstalledUpdate,
  type Mapping,
  type ValuePair,
} from "../../clients/opsramp/installed.ts";
import { BadInput, type Card } from "../operation.ts";
import type { Line } from "../reply.ts";
import { fold } from "../resolve.ts";
import type { Asked, Section, Seen } from "./section.ts";

/** One translated attribute. */
type Translation = Mapping & { readonly direction: "in" | "out" };

/** Pairs that an attribute gets, and what is stored for it now. */
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
      warnings: [
        ...additions.flatMap((one) => [...conflicts(one), ...lookAlikes(one), ...renames(one)]),
        "OpsRamp adds these pairs to what is there; an update replaces and removes none.",
      ],
      seen: (now) => additions.flatMap((one) => comparedPairs(one, now)),
      wayBack: { why: "OpsRamp only adds mappings, an update never takes one away" },
    };
  },
};

/** Keeps the pairs that the vendor does not have yet: it appends whatever it is sent, again and again. */
function compare(installed: Installed, update: InstalledUpdate): Asked {
  const wanted = translationsIn(update).map((added) => ({ added, stored: storedFor(added, installed) }));
  const missing = wanted.flatMap(({ added, stored }) => {
    const attrValues = added.attrValues.filter((pair) => !stored.attrValues.some((one) => isSame(pair, one)));
    return attrValues.length === 0 ? [] : [complete({ ...added, attrValues }, stored)];
  });
  if (missing.length === 0) return { already: ["every pair is mapped", ...wanted.flatMap(renames)] };
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
    attrValues: (stored?.attrValues ?? [])
      .toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1),
  };
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
  const rows = additions.flatMap(valueRows);
  if (rows.length <= MOST_ROWS) return { rows };
  const table = { kind: "table", rows: rows.map(({ label, now, after }) => [label, now, after]) } as const;
  return { rows: additions.map(countRow), details: [table] };
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
  const after = [...stored.attrValues, ...added.attrValues];
  return { label: labelOf(added), now: counted(stored.attrValues), after: counted(after) };
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
  const name = ({ thirdPartyEntityType = "", thirdPartyAttrName = "" }: Mapping) =>
    `${thirdPartyEntityType}.${thirdPartyAttrName}`;
  const [kept, asked] = [name(stored), name(added)];
  const isKept = stored.thirdPartyEntityType && stored.thirdPartyAttrName;
  if (!isKept || kept.toLowerCase() === asked.toLowerCase()) return [];
  const stays = `${labelOf(added)} stays mapped to `;
  return [[stays, { data: kept }, ", not ", { data: asked }, ": an update does not rename it"]];
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
      return [[`${labelOf(added)} already has `, { data: other }, ", which differs in letter case only"]];
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
