import { isJsonObject, type Json, type JsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { textIn } from "../../handlers/form.ts";
import { faultIn, faultInWords } from "../../handlers/json_fault.ts";
import { andList } from "../parser/parse_error.ts";
import type { Form, FormField } from "./fields.ts";

/** What stands in the fields of a page, by their names. */
export type Texts = ReadonlyMap<string, string>;

/** What is wrong, and at which field; without one it is about all of it. */
export interface Mistake {
  readonly at?: string;
  readonly sentence: string;
  /** What was typed there looks like a secret. */
  readonly isSecret?: boolean;
}

/** A form that was filled in, as an operation's input; its secrets apart from it. */
export interface Filled {
  readonly input: JsonObject;
  /** The secrets by the names under which the operation asks for them. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly mistakes: readonly Mistake[];
}

/** What one field came to: nothing where it says what is so already. */
interface Read {
  readonly value?: Json;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly mistakes?: readonly Mistake[];
}

/** What stands in the fields, before anybody has touched them. */
export function initialTexts({ fields }: Form): Texts {
  return new Map(fields.flatMap(textsFor));
}

function textsFor(field: FormField): (readonly [string, string])[] {
  if (field.kind === "rows") {
    return rowsIn(field.present).flatMap((row, at) =>
      field.columns.map(({ name }) => [cellName(field, at, name), textIn(row[name])] as const)
    );
  }
  if (field.kind === "pairs") {
    return (field.pairs?.keys ?? []).map((key, at) => [cellName(field, at, KEY), key] as const);
  }
  return field.kind === "secret" || field.initial === "" ? [] : [[field.name, field.initial]];
}

/** What was typed but for secrets, and for what looks like one. */
export function openTexts(
  { fields, first }: Form,
  texts: Texts,
  mistakes: readonly Mistake[] = [],
): Texts {
  const hidden = new Set(mistakes.flatMap(({ at, isSecret }) => at !== undefined && isSecret ? [at] : []));
  return new Map(
    [...texts].filter(([name, text]) => {
      const field = fieldOf(name, [...fields, ...first ? [first] : []]);
      const isSecret = field?.kind === "secret" || (field?.pairs?.secret && name.endsWith(`.${VALUE}`));
      return field && !isSecret && !hidden.has(name) && text !== "";
    }),
  );
}

/** The field that a control of this name belongs to; one of its rows has a number. */
function fieldOf(name: string, fields: readonly FormField[]): FormField | undefined {
  const [, list = "", row = ""] = /^(.+)\.(\d+)\.[^.]+$/.exec(name) ?? [];
  return fields.find((field) =>
    HAS_ROWS.has(field.kind) ? field.name === list && Number(row) < MOST_ROWS : field.name === name
  );
}

const HAS_ROWS: ReadonlySet<FormField["kind"]> = new Set(["rows", "pairs"]);

/** What came without a field that asks for it, or twice. */
export function strayNames({ fields }: Form, names: readonly string[]): readonly Mistake[] {
  const known = new Set<string>();
  const strange = new Set<string>();
  const mistakes: Mistake[] = [];
  for (const name of names) {
    if (known.has(name)) mistakes.push({ at: name, sentence: "It came twice. Look at it again." });
    else if (fieldOf(name, fields)) known.add(name);
    else strange.add(name.slice(0, 40));
  }
  const listed = andList([...strange].slice(0, 5));
  const sentence = `This page has no field for ${listed}. Send it as it stands here.`;
  return strange.size === 0 ? mistakes : [...mistakes, { sentence }];
}

/** What the columns of pairs are called. */
export const KEY = "key";
export const VALUE = "value";

/** `field_mappings.2.name`: one cell of a row. */
export function cellName({ name }: Pick<FormField, "name">, row: number, column: string): string {
  return `${name}.${row}.${column}`;
}

/** Nobody fills in more rows than this on a page. */
const MOST_ROWS = 200;

/** How many rows of a field there is something in, gaps between them included. */
export function rowsSaid(field: Pick<FormField, "name">, texts: Texts): number {
  const rows = [...texts].flatMap(([name, text]) => {
    const [row] = name.startsWith(`${field.name}.`) ? name.slice(field.name.length + 1).split(".") : [];
    return text !== "" && row !== undefined && /^\d{1,3}$/.test(row) ? [Number(row) + 1] : [];
  });
  return Math.min(Math.max(0, ...rows), MOST_ROWS);
}

/** No field of a vendor's takes more. */
const LONGEST = 10_000;

/** Reads what was filled in. What differs from what is there now is asked for, and nothing else. */
export function readForm({ settled, fields }: Form, texts: Texts): Filled {
  const mistakes = [...texts].filter(([name, { length }]) =>
    length > LONGEST && fieldOf(name, fields)?.longest === undefined
  ).map(([at, text]): Mistake => ({ at, sentence: tooLong(LONGEST, text) }));
  let input = settled;
  const secrets: Record<string, string> = {};
  const used = new Map<string, string>();
  for (const field of fields) {
    const { value, secrets: entered = {}, mistakes: found = [] } = readField(field, texts);
    mistakes.push(...found);
    Object.assign(secrets, entered);
    if (value !== undefined) input = withValue(input, field.path, value);
    const { oneOf, legend = "" } = field.group ?? {};
    if (oneOf === undefined || value === undefined) continue;
    const other = used.get(oneOf);
    if (other !== undefined && other !== legend) {
      mistakes.push({
        at: field.name,
        sentence: `Only one place can be chosen, and there is already: ${other}.`,
      });
    }
    used.set(oneOf, legend);
  }
  mistakes.push(...missingIn(fields, used, texts));
  return { input, secrets, mistakes };
}

/** What is required in a group that is in use, or of several groups of which one has to be. */
function missingIn(
  fields: readonly FormField[],
  used: ReadonlyMap<string, string>,
  texts: Texts,
): readonly Mistake[] {
  const missed = fields.filter(({ name, required, group }) =>
    required && group?.oneOf !== undefined && used.get(group.oneOf) === group.legend &&
    (texts.get(name) ?? "") === ""
  ).map(({ name }): Mistake => ({ at: name, sentence: "This is needed as well." }));
  const sets = new Set(fields.flatMap(({ group }) => group?.needed && group.oneOf ? [group.oneOf] : []));
  const open = [...sets].filter((oneOf) => !used.has(oneOf)).flatMap((oneOf): Mistake[] => {
    const ofSet = fields.filter(({ group }) => group?.oneOf === oneOf);
    const legends = [...new Set(ofSet.map(({ group }) => group?.legend ?? ""))];
    const sentence = legends.length > 1
      ? `One of these is needed: ${legends.join(", ")}.`
      : `This is needed: ${legends.join()}.`;
    return ofSet[0] ? [{ at: ofSet[0].name, sentence }] : [];
  });
  return [...missed, ...open];
}

function readField(field: FormField, texts: Texts): Read {
  switch (field.kind) {
    case "rows":
      return readRows(field, texts);
    case "pairs":
      return readPairs(field, texts);
    case "secret":
      return readSecret(field, field.name, texts.get(field.name) ?? "");
    default:
      return readText(field, texts.get(field.name) ?? "");
  }
}

function readSecret({ name: at, required }: FormField, name: string, text: string): Read {
  if (text !== "") return { value: ENTER_MARK, secrets: { [name]: text } };
  return required ? { mistakes: [{ at, sentence: NEEDED }] } : {};
}

const NEEDED = "This is needed.";

function readText(field: FormField, text: string): Read {
  const { name: at, required, cleared, present, group } = field;
  const now = textIn(present);
  if (text === now) {
    return text === "" && required && group?.oneOf === undefined
      ? { mistakes: [{ at, sentence: NEEDED }] }
      : {};
  }
  if (text === "") {
    if (cleared !== undefined) return { value: cleared };
    return { mistakes: [{ at, sentence: `It cannot be taken away. It is ${now.slice(0, 60)} now.` }] };
  }
  const found = valueOf(field, text);
  return "sentence" in found ? { mistakes: [{ at, sentence: found.sentence }] } : found;
}

function valueOf(
  { kind, choices, longest }: FormField,
  text: string,
): { readonly value: Json } | { readonly sentence: string } {
  if (text === ENTER_MARK) return { sentence: 'Type a value: "?" only stands for a secret.' };
  if (longest !== undefined && text.length > longest) {
    return { sentence: tooLong(longest, text) };
  }
  switch (kind) {
    case "choice":
      return choices.some(({ value }) => value === text)
        ? { value: text }
        : { sentence: `Choose one of these: ${andList(choices.slice(0, 12).map(({ label }) => label))}.` };
    case "flag":
      return /^(true|false)$/.test(text) ? { value: text === "true" } : { sentence: "Choose Yes or No." };
    case "number":
      return /^[+-]?\d{1,15}$/.test(text)
        ? { value: Number(text) }
        : { sentence: "Type a whole number, such as 12." };
    case "list":
      return listIn(text);
    default:
      return { value: text };
  }
}

function tooLong(most: number, { length }: string): string {
  return `At most ${most} characters; these are ${length}.`;
}

const EXAMPLE_LIST = 'Type a JSON list, such as [{"name": "…"}].';

function listIn(text: string): { readonly value: Json } | { readonly sentence: string } {
  const fault = faultIn(text);
  if (fault) return { sentence: `The list ${faultInWords(fault)}. ${EXAMPLE_LIST}` };
  const list = JSON.parse(text) as Json;
  return Array.isArray(list) ? { value: list } : { sentence: EXAMPLE_LIST };
}

/** The rows that are there now, each with more in it than its columns show. */
export function rowsIn(present: Json | undefined): readonly JsonObject[] {
  return Array.isArray(present) ? (present as readonly Json[]).filter(isJsonObject) : [];
}

function readRows(field: FormField, texts: Texts): Read {
  const present = rowsIn(field.present);
  const rows: JsonObject[] = [];
  const mistakes: Mistake[] = [];
  for (let at = 0; at < Math.max(present.length, rowsSaid(field, texts)); at++) {
    const cells = field.columns.map((column) => ({
      column,
      name: cellName(field, at, column.name),
      text: texts.get(cellName(field, at, column.name)) ?? "",
    }));
    if (cells.every(({ text }) => text === "")) continue;
    let row = present[at] ?? {};
    for (const { column, name, text } of cells) {
      const now = present[at]?.[column.name];
      if (text === textIn(now)) continue;
      const found = text === "" ? { value: null } : valueOf(column, text);
      if ("sentence" in found) mistakes.push({ at: name, sentence: found.sentence });
      else row = { ...row, [column.name]: found.value };
    }
    rows.push(row);
  }
  const isSame = JSON.stringify(rows) === JSON.stringify(present);
  return isSame ? { mistakes } : { value: rows, mistakes };
}

function readPairs(field: FormField, texts: Texts): Read {
  const { prefix = "", secret = false, key: keyLabel = "", value: valueLabel = "" } = field.pairs ?? {};
  const pairs: [string, string][] = [];
  const secrets: Record<string, string> = {};
  const mistakes: Mistake[] = [];
  for (let at = 0; at < rowsSaid(field, texts); at++) {
    const [keyName, valueName] = [cellName(field, at, KEY), cellName(field, at, VALUE)];
    const [key, value] = [texts.get(keyName) ?? "", texts.get(valueName) ?? ""];
    if (value === "" && (key === "" || field.pairs?.keys?.includes(key))) continue;
    if (key === "") mistakes.push({ at: keyName, sentence: `${keyLabel} is needed.` });
    else if (value === "") mistakes.push({ at: valueName, sentence: `${valueLabel} is needed.` });
    else if (pairs.some(([other]) => other === prefix + key)) {
      mistakes.push({ at: keyName, sentence: "It is there already, in a row above." });
    } else {
      pairs.push([prefix + key, secret ? ENTER_MARK : value]);
      if (secret) secrets[pairName(field, key)] = value;
    }
  }
  return pairs.length === 0 ? { mistakes } : { value: Object.fromEntries(pairs), secrets, mistakes };
}

/** "secret.apono.password": what a command calls the value of one pair. */
function pairName({ path: [head = ""], pairs, name }: FormField, key: string): string {
  return `${name === head ? `${head}.` : name}${pairs?.prefix ?? ""}${key}`;
}

/** The same input with a value somewhere in it; what is at that place already, names by names, stays beside it. */
function withValue(input: JsonObject, [step = "", ...rest]: readonly string[], value: Json): JsonObject {
  const there = Object.hasOwn(input, step) ? input[step] : undefined;
  if (rest.length > 0) return { ...input, [step]: withValue(isJsonObject(there) ? there : {}, rest, value) };
  const isBoth = isJsonObject(there) && isJsonObject(value);
  return { ...input, [step]: isBoth ? { ...there, ...value } : value };
}
