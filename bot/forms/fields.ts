import type { Json, JsonObject } from "../../clients/json.ts";
import { isJsonObject } from "../../clients/json.ts";
import { ENTER_MARK } from "../../clients/secrets.ts";
import { type Choice, type FieldFacts, type FormFacts, labelFor, textIn } from "../../handlers/form.ts";
import type { ChangeOperation } from "../../handlers/operation.ts";
import { type Field, fieldsTyped } from "../parser/command.ts";

/** One thing to fill in, all of it known. */
export interface FormField extends FieldFacts {
  /** As it is typed in a command: "config.port", and so in the form that the page sends. */
  readonly name: string;
  readonly label: string;
  readonly kind: NonNullable<FieldFacts["kind"]>;
  readonly required: boolean;
  readonly choices: readonly Choice[];
  readonly columns: readonly FormField[];
  /** What its field says before anybody has touched it, where its kind is one value. */
  readonly initial: string;
}

/** What one page asks for. */
export interface Form {
  readonly about: string;
  readonly settled: JsonObject;
  readonly first?: FormField | undefined;
  readonly fields: readonly FormField[];
  readonly note?: string | undefined;
}

/** A form as its page shows it: what the vendor's facts leave open comes from the operation's schema. */
export function formOf(operation: ChangeOperation, facts: FormFacts, known: JsonObject): Form {
  const { about, settled, first, fields, without = [], note } = facts;
  const complete = (field: FieldFacts) => completed(operation, field, known);
  if (first) return { about, settled, first: complete(first), fields: [], note };
  const said = new Set([...Object.keys(settled), ...without, ...fields.map(({ path: [head] }) => head)]);
  const others = fieldsTyped(operation).filter(({ name, kind }) => isOneValue(kind) && !said.has(name))
    .map(({ name }): FieldFacts => ({ path: [name], ...COMMON[name] }));
  return { about, settled, fields: [...fields, ...others].map(complete), note };
}

/** What every change takes. */
const COMMON: Readonly<Record<string, Partial<FieldFacts>>> = {
  reason: { help: "Why it is asked for. A dangerous change needs one." },
  ticket: { help: "The number of the ticket it belongs to." },
  for: { label: "For how long", help: "Such as 2h: then it is taken back by itself. Empty: for good." },
  at: { label: "When", help: "Such as 22:00 or 2026-12-01T22:00. Empty: as soon as it is approved." },
};

function isOneValue(kind: Field["kind"]): boolean {
  return kind === "word" || kind === "rest" || kind === "option";
}

function completed(operation: ChangeOperation, facts: FieldFacts, known: JsonObject): FormField {
  const [head = ""] = facts.path;
  const declared = fieldsTyped(operation).find(({ name }) => name === head);
  const isItself = facts.path.length === 1 && declared !== undefined && isOneValue(declared.kind);
  const name = typedName(facts.path, declared);
  const choices = facts.choices ??
    (isItself ? declared.values.map((value) => ({ value, label: value })) : []);
  const kind = facts.kind ?? kindOf({ name, choices, declared: isItself ? declared : undefined, operation });
  const typed = facts.typed ?? typedAt(known, facts.path);
  const said = kind === "secret" ? undefined : typed;
  return {
    ...facts,
    name,
    kind,
    choices: withPresent(choices, facts.present),
    label: facts.label ?? labelFor(name),
    required: facts.required ?? (isItself && declared.required),
    columns: (facts.columns ?? []).map((column) => completed(operation, column, {})),
    initial: said ??
      (facts.present === undefined || facts.present === null ? facts.preset ?? "" : textIn(facts.present)),
  };
}

function typedName([head = "", ...rest]: readonly string[], declared: Field | undefined): string {
  if (declared?.kind === "document") return rest.join(".");
  return rest.length === 0 ? head : `${declared?.prefix ?? `${head}.`}${rest.join(".")}`;
}

function kindOf({ name, choices, declared, operation }: {
  readonly name: string;
  readonly choices: readonly Choice[];
  readonly declared: Field | undefined;
  readonly operation: ChangeOperation;
}): FormField["kind"] {
  if (choices.length > 0) return "choice";
  if (operation.secret(name)) return "secret";
  if (declared?.type === "number") return "number";
  return declared?.type === "boolean" ? "flag" : "text";
}

/** What is there now is among the choices even where nobody could ask for it. */
function withPresent(choices: readonly Choice[], present: Json | undefined): readonly Choice[] {
  const now = textIn(present);
  if (choices.length === 0 || now === "" || choices.some(({ value }) => value === now)) return choices;
  return [{ value: now, label: `${now} (now)` }, ...choices];
}

/** What a command said already of it; that a secret shall be asked for is no value. */
function typedAt(known: JsonObject, path: readonly string[]): string | undefined {
  let value: Json | undefined = known;
  for (const step of path) {
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  const isValue = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isValue && value !== ENTER_MARK ? String(value) : undefined;
}
