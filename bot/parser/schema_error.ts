import type { z } from "zod";
import type { Json, JsonObject } from "../../clients/json.ts";
import { inQuotes } from "../../handlers/format.ts";
import { type CommandLine, type Field, headOf } from "./command.ts";
import { andList, orList, ParseError } from "./parse_error.ts";
import { closest, replaced } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** One sentence for what the command's schema refuses, in the words of the person who typed it. */
export function schemaError(issue: Issue, line: CommandLine, input: JsonObject): ParseError {
  const [name, ...path] = issue.path;
  const field = line.fields.find((other) => other.name === name);
  if (!field) return badValue(`${headOf(line.command)}: ${issue.message}`);
  if (field.kind === "document") return badDocument(issue, path, input[field.name]);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : path.at(-1);
  if (field.kind === "open" && /^(unrecognized_keys|invalid_key)$/.test(issue.code)) {
    return unknownKey(field, String(unknown), line);
  }
  const value = valueAt(input[field.name], path);
  const label = field.kind === "open" ? `${field.prefix}${path.join(".")}=` : labelOf(field);
  return badValue(`${label} ${ruleOf(issue, value)}`, betterChoices(issue, field, value, line));
}

/** `<company>`, `role=`, or how else the field is typed. */
export function labelOf(field: Field): string {
  if (field.kind === "option") return `${field.name}=`;
  if (field.kind === "open") return field.prefix === "" ? "a field=value" : `${field.prefix}…=`;
  if (field.kind === "document") return "a JSON document";
  return `<${field.placeholder}>`;
}

function badValue(sentence: string, suggestions: readonly string[] = []): ParseError {
  return new ParseError("bad_value", ended(sentence), suggestions);
}

/** The schema may have wrapped a document that was sent bare: the way there is not in what the person wrote. */
function badDocument(issue: Issue, path: readonly PropertyKey[], document: Json | undefined): ParseError {
  const known = path.findIndex((step) => valueAt(document, [step]) !== undefined);
  const written = known >= 0 ? path.slice(known) : issue.code === "unrecognized_keys" ? [] : path;
  const place = written.length === 0 ? "The document" : `In the document, ${written.map(String).join(".")}`;
  return new ParseError("bad_document", ended(`${place} ${ruleOf(issue, valueAt(document, written))}`));
}

function unknownKey({ prefix, values }: Field, key: string, line: CommandLine): ParseError {
  const takes = values.length > 0 ? ` It takes ${orList(values.map((name) => `${prefix}${name}=`))}.` : "";
  const at = line.words.findIndex(({ pair }) => pair?.key.slice(prefix.length) === key);
  const rest = line.words[at]?.raw.slice(prefix.length + key.length) ?? "";
  const better = closest(key, values).map((name) => replaced(line, at, 1, prefix + name + rest));
  const sentence = `${headOf(line.command)} does not know ${prefix}${key}=.${takes}`;
  return new ParseError("unknown_option", sentence, at === -1 ? [] : better);
}

function betterChoices(issue: Issue, field: Field, value: Json | undefined, line: CommandLine): string[] {
  if (issue.code !== "invalid_value" || typeof value !== "string") return [];
  const at = line.words.findIndex((word) => word.text === value || word.pair?.value === value);
  if (at === -1) return [];
  const prefix = line.words[at]?.pair ? `${field.name}=` : "";
  return closest(value, issue.values.map(String)).map((choice) => replaced(line, at, 1, prefix + choice));
}

/** "must be …, not …"; a message written for the field comes first. */
function ruleOf(issue: Issue, value: Json | undefined): string {
  if (/^takes /.test(issue.message)) return issue.message;
  if (!ZOD_WORDING.test(issue.message)) return `is not right: ${issue.message}`;
  const instead = value === undefined ? "" : `, not ${shown(value)}`;
  switch (issue.code) {
    case "invalid_value":
      return `must be ${orList(issue.values.map(String))}${instead}`;
    case "invalid_type":
      return value === undefined ? "is missing" : `must be ${KINDS[issue.expected] ?? "otherwise"}${instead}`;
    case "too_small":
      return `must ${limit(issue.origin, "at least", issue.minimum)}${instead}`;
    case "too_big":
      return `must ${limit(issue.origin, "at most", issue.maximum)}${instead}`;
    case "invalid_format":
      return `must be ${
        issue.format === "url" ? "an address such as https://example.com" : "written differently"
      }${instead}`;
    case "unrecognized_keys":
      return `must not have ${andList(issue.keys)}`;
    default:
      return value === undefined ? "is missing" : `does not take ${shown(value)}`;
  }
}

const ZOD_WORDING = /^(Invalid|Too (big|small)|Unrecognized)/;

const KINDS: Readonly<Partial<Record<string, string>>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function limit(origin: string, most: "at least" | "at most", size: number | bigint): string {
  if (origin === "string") return `have ${most} ${size} characters`;
  return origin === "array" || origin === "set" ? `have ${most} ${size} entries` : `be ${most} ${size}`;
}

function shown(value: Json): string {
  if (typeof value === "string") return inQuotes(value);
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

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
