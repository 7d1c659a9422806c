import { typed } from "../../handlers/typed.ts";
import type { z } from "zod";
import type { Json } from "../../handlers/operation.ts";
import { closest } from "./closest.ts";
import { headOf } from "./command.ts";
import type { Field } from "./field.ts";
import { type Line, retyped } from "./line.ts";
import { allOf, Mistake, oneOf } from "./mistake.ts";

export type Issue = z.core.$ZodIssue;

/** One sentence for what the schema refuses, in the words of the person who typed it. */
export function complaintAbout(issue: Issue, line: Line, input: Readonly<Record<string, Json>>): Mistake {
  const [name, ...inner] = issue.path;
  const field = line.fields.find((other) => other.name === name);
  if (!field) return new Mistake("bad_value", sentence(`${headOf(line.command)}: ${issue.message}`));
  if (field.kind === "document") return badDocument(issue, inner, input[field.name]);
  const key = unknownKey(issue, inner);
  if (field.kind === "open" && key !== undefined) return unknownRecordKey(field, key, line);
  const value = valueAt(input[field.name], inner);
  const label = field.kind === "open" ? `${field.prefix}${inner.join(".")}=` : labelOf(field);
  return new Mistake(
    "bad_value",
    sentence(`${label} ${ruleOf(issue, value)}`),
    betterChoices(issue, field, value, line),
  );
}

/** `<company>`, `role=`, or how else the field is typed. */
export function labelOf(field: Field): string {
  if (field.kind === "option") return `${field.name}=`;
  if (field.kind === "open") return field.prefix === "" ? "a field=value" : `${field.prefix}…=`;
  if (field.kind === "document") return "a JSON document";
  return `<${field.placeholder}>`;
}

function badDocument(issue: Issue, path: readonly PropertyKey[], document: Json | undefined): Mistake {
  const written = writtenPath(issue, path, document);
  const place = written.length === 0 ? "The document" : `In the document, ${written.map(String).join(".")}`;
  return new Mistake("bad_document", sentence(`${place} ${ruleOf(issue, valueAt(document, written))}`));
}

/** The schema may have wrapped a document that was sent bare: the way there is not in what the person wrote. */
function writtenPath(
  issue: Issue,
  path: readonly PropertyKey[],
  document: Json | undefined,
): readonly PropertyKey[] {
  const known = path.findIndex((step) => valueAt(document, [step]) !== undefined);
  if (known >= 0) return path.slice(known);
  return issue.code === "unrecognized_keys" ? [] : path;
}

function unknownRecordKey(field: Field, key: string, line: Line): Mistake {
  const prefix = field.prefix;
  const known = field.values.map((value) => `${prefix}${value}=`);
  const at = line.words.findIndex((word) => word.pair?.key.slice(prefix.length) === key);
  const better = at === -1 ? [] : closest(key, field.values).map((name) => {
    const raw = line.words[at]?.raw ?? "";
    return retyped(line, at, 1, prefix + name + raw.slice(prefix.length + key.length));
  });
  const takes = known.length > 0 ? ` It takes ${oneOf(known)}.` : "";
  return new Mistake(
    "unknown_option",
    `${headOf(line.command)} does not know ${prefix}${key}=.${takes}`,
    better,
  );
}

function unknownKey(issue: Issue, path: readonly PropertyKey[]): string | undefined {
  if (issue.code === "unrecognized_keys") return issue.keys[0];
  return issue.code === "invalid_key" ? String(path.at(-1) ?? "") : undefined;
}

function betterChoices(issue: Issue, field: Field, value: Json | undefined, line: Line): string[] {
  if (issue.code !== "invalid_value" || typeof value !== "string") return [];
  const at = line.words.findIndex((word) => word.text === value || word.pair?.value === value);
  if (at === -1) return [];
  const prefix = line.words[at]?.pair ? `${field.name}=` : "";
  return closest(value, issue.values.map(String)).map((choice) => retyped(line, at, 1, prefix + choice));
}

/** "must be …, not …"; a message written for the field comes first. */
function ruleOf(issue: Issue, value: Json | undefined): string {
  if (!ZOD_WORDING.test(issue.message)) return `is not right: ${issue.message}`;
  const instead = value === undefined ? "" : `, not ${shown(value)}`;
  switch (issue.code) {
    case "invalid_value":
      return `must be ${oneOf(issue.values.map(String))}${instead}`;
    case "invalid_type":
      return value === undefined ? "is missing" : `must be ${kindOf(issue.expected)}${instead}`;
    case "too_small":
      return `must ${limit(issue.origin, "at least", issue.minimum)}${instead}`;
    case "too_big":
      return `must ${limit(issue.origin, "at most", issue.maximum)}${instead}`;
    case "invalid_format":
      return `must be ${FORMATS[issue.format] ?? "typed otherwise"}${instead}`;
    case "unrecognized_keys":
      return `must not have ${allOf(issue.keys)}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}${instead}`;
    default:
      return value === undefined ? "is missing" : `does not take ${shown(value)}`;
  }
}

const ZOD_WORDING = /^(Invalid|Too (big|small)|Unrecognized)/;

const FORMATS: Readonly<Record<string, string>> = {
  url: "an address such as https://example.com",
  email: "an e-mail address",
  uuid: "a UUID",
  guid: "a UUID",
  ipv4: "an IP address",
  date: "a date such as 2026-11-30",
  datetime: "a time such as 2026-11-30T03:12:00Z",
};

function kindOf(expected: string): string {
  const kinds: Readonly<Record<string, string>> = {
    int: "a whole number",
    record: "an object",
    array: "a list",
    boolean: "true or false",
    object: "an object",
  };
  return kinds[expected] ?? `a ${expected}`;
}

function limit(origin: string, most: "at least" | "at most", size: number | bigint): string {
  if (origin === "string") return `have ${most} ${size} characters`;
  return origin === "array" || origin === "set" ? `have ${most} ${size} entries` : `be ${most} ${size}`;
}

function shown(value: Json): string {
  if (typeof value === "string") return typed(value);
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

function valueAt(root: Json | undefined, path: readonly PropertyKey[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
