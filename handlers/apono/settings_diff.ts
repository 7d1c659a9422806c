import { isReference, OWN_KIND, type Settings, type Source } from "../../clients/apono/integration.ts";
import type { Json, JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { addressWarnings, isAddress, isSameAddress } from "../address.ts";
import { type Compared, judged } from "../comparison.ts";
import { ENTERED_PRIVATELY, NOT_SHOWN, shownValue } from "../mask.ts";
import type { Card, Verification } from "../operation.ts";
import type { Inline, Line } from "../reply.ts";
import type { Fact } from "../resource.ts";
import { type Image, isAskedFor } from "./settings.ts";

/** One setting, before and after. */
interface SettingRow {
  readonly label: string;
  /** Null where there is nothing. */
  readonly now: string | null;
  readonly after: string | null;
  /** True when reading back cannot tell whether it took effect. */
  readonly unreadable: boolean;
}

/** The settings in which two states differ. */
export function rowsBetween(before: Settings | null, after: Settings | null): readonly SettingRow[] {
  const names = new Set([...Object.keys(before?.config ?? {}), ...Object.keys(after?.config ?? {})]);
  return [
    ...FIRST.flatMap((field) => fieldRow(field, before, after)),
    ...[...names].flatMap((name) => parameterRow(name, before, after)),
    ...THEN.flatMap((field) => fieldRow(field, before, after)),
  ];
}

/** The rows of a plan card. */
export function cardRows(before: Settings | null, after: Settings | null): Card["rows"] {
  return rowsBetween(before, after).map(({ label, now, after: then }) => ({
    label,
    now: valueOr(now, "none"),
    after: valueOr(then, "removed"),
  }));
}

/** What to know of the addresses among what changes; a host goes without a scheme, a URL does not. */
export function addressDoubts(before: Settings | null, after: Settings): readonly Line[] {
  return Object.entries(after.config).flatMap(([name, value]) => {
    const old = before?.config[name];
    if (typeof value !== "string" || value === NOT_SHOWN || value === ENTER_MARK || value === old) return [];
    if (!isAddress(value) && !/ur[il]$/i.test(name)) return [];
    return addressWarnings(`config.${name}`, typeof old === "string" ? old : null, value);
  });
}

const LONGEST_VALUE = 160;

export function valueOr(text: string | null, nothing: string): Inline {
  return text === null || text === "" ? nothing : { data: text, max: LONGEST_VALUE };
}

/** All that is set. */
export function settingFacts(settings: Settings): readonly Fact[] {
  return rowsBetween(null, settings).map(({ label, after }) => factOf(label, after ?? ""));
}

/** Fields of any kind. */
export function parameterFacts(branch: string, fields: JsonObject): readonly Fact[] {
  return Object.entries(fields).map(([name, value]) =>
    factOf(`${branch}.${name}`, parameterText(name, value))
  );
}

function factOf(label: string, text: string): Fact {
  return [label, { data: text, max: 400 }];
}

/** Compares what was meant to change with what is there now; `answered` says whether the vendor said yes. */
export function judgeSettings(
  { before, wanted, seen, answered }: { before: Image; wanted: Settings; seen: Image; answered: boolean },
): Verification {
  const rows = rowsBetween(before, wanted);
  const readable = rows.filter(({ unreadable }) => !unreadable);
  if (readable.length === 0) return { ...(answered ? BELIEVED : OPEN), after: seen };
  const open = new Map(rowsBetween(seen, wanted).map(({ label, now }) => [label, now]));
  const moved = movedBetween(before, seen);
  const found = judged(readable.map(({ label: name }): Compared => {
    const label = { data: name };
    if (!open.has(name)) return { label, is: "asked" };
    return { label, is: moved.has(name) ? { now: valueOr(open.get(name) ?? null, "none") } : "before" };
  }));
  if (found.state !== "applied") return { ...found, after: seen };
  const values = readable.flatMap(({ label, after }, index): Inline[] => [
    index > 0 ? ", " : "",
    `${label} `,
    valueOr(after, "removed"),
  ]);
  const rest = rows.length > readable.length ? [". The secret itself cannot be read back"] : [];
  return { state: "applied", evidence: ["Read back: ", ...values, ...rest], after: seen };
}

const BELIEVED = {
  state: "accepted",
  evidence: "Apono said yes. Secrets cannot be read back.",
} as const;

const OPEN = {
  state: "unknown",
  blind: true,
  evidence: "Apono gave no answer, and secrets cannot be read back. Look at the integration's status.",
} as const;

/** The labels of what has moved, as far as reading tells: a secret that Apono keeps looks the same whatever it is. */
function movedBetween(before: Settings, now: Settings): ReadonlySet<string> {
  const isSameStore = storeText(before) === storeText(now);
  const moved = rowsBetween(before, now).filter(({ unreadable }) => !(unreadable && isSameStore));
  return new Set(moved.map(({ label }) => label));
}

interface Field {
  readonly label: string;
  text(settings: Settings): string | null;
  /** Where it is more or less than the same text. */
  same?(one: Settings, other: Settings): boolean;
}

const FIRST: readonly Field[] = [
  { label: "Name", text: ({ name }) => name },
  { label: "Connector", text: ({ connectorId }) => connectorId },
];

const SECRET = "Secret";

const THEN: readonly Field[] = [
  {
    label: SECRET,
    text: storeText,
    // A secret that nobody can read is a change whenever it is set.
    same: (one, other) => !keepsItself(other) && storeText(one) === storeText(other),
  },
  {
    label: "Resource types",
    text: ({ resourceTypes }) => resourceTypes?.length ? resourceTypes.toSorted().join(", ") : null,
  },
  { label: "Access details", text: ({ accessDetails }) => accessDetails || null },
  {
    label: "Owner",
    text: ({ owner }) => owner && `${owner.attributeType} ${owner.values.join(", ")}${from(owner.source)}`,
    same: ({ owner: one }, { owner: other }) =>
      sameSource(one?.source, other?.source) && one?.attributeType === other?.attributeType &&
      plainText(one?.values.toSorted()) === plainText(other?.values.toSorted()),
  },
  {
    label: "Owners by tag",
    text: ({ ownersMapping: mapping }) =>
      mapping && `${mapping.attributeType} in tag ${mapping.keyName}${from(mapping.source)}`,
    same: ({ ownersMapping: one }, { ownersMapping: other }) =>
      sameSource(one?.source, other?.source) && one?.keyName === other?.keyName &&
      one?.attributeType === other?.attributeType,
  },
];

function fieldRow(
  { label, text, same = (one, other) => text(one) === text(other) }: Field,
  before: Settings | null,
  after: Settings | null,
): readonly SettingRow[] {
  if (before && after && same(before, after)) return [];
  const now = before && text(before);
  const then = after && text(after);
  if (now === null && then === null) return [];
  const unreadable = label === SECRET && keepsItself(after);
  return [{ label, now, after: unreadable && before ? `${then}, entered again` : then, unreadable }];
}

function parameterRow(name: string, before: Settings | null, after: Settings | null): readonly SettingRow[] {
  const now = before?.config[name];
  const then = after?.config[name];
  const unreadable = isAskedFor(then);
  if (before && after && !unreadable && isSameAddress(plainText(now), plainText(then))) return [];
  const text = (value: Json | undefined) => value === undefined ? null : parameterText(name, value);
  return [{ label: `config.${name}`, now: text(now), after: text(then), unreadable }];
}

function parameterText(name: string, value: Json): string {
  return value === ENTER_MARK ? ENTERED_PRIVATELY : plainText(shownValue(name, value));
}

/** The vendor keeps parameters as text: 5432 and "5432" are the same. */
function plainText(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether Apono keeps the secret itself, so that nobody can read it. */
function keepsItself(settings: Settings | null): boolean {
  return Boolean(settings?.secretStore && !isReference(settings.secretStore));
}

function storeText({ secretStore }: Settings): string | null {
  if (!secretStore) return null;
  const { kind, fields } = secretStore;
  const names = Object.keys(fields);
  if (kind === OWN_KIND) return `kept by Apono${names.length > 0 ? ` (${names.join(", ")})` : ""}, hidden`;
  return [kind, ...names.toSorted().map((name) => `${name}=${fields[name]}`)].join(" ");
}

function from(source: Source | null): string {
  const name = source?.name ?? source?.id;
  return name ? ` from ${name}` : "";
}

/** A reference may be an id or a name; what is read back has both. */
function sameSource(one: Source | null | undefined, other: Source | null | undefined): boolean {
  if (!one || !other) return !one && !other;
  const known = [one.id, one.name].filter((value) => value !== null);
  return known.some((value) => value === other.id || value === other.name);
}
