import type { Json, JsonObject } from "../clients/json.ts";

/** A value to choose, and how people call it. */
export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** Fields that stand together under one heading. */
export interface FieldGroup {
  readonly legend: string;
  readonly help?: string;
  /** Shown once it is opened: for what few people need. */
  readonly folded?: boolean;
  /** What the groups share of which one at most is filled in, in words; what is required in one is so only then. */
  readonly oneOf?: string;
  /** One of them has to be. */
  readonly needed?: boolean;
}

/** Names and values that people put in themselves, kept under one name of the input. */
export interface Pairs {
  readonly key: string;
  readonly value: string;
  /** What stands before each name where it is kept: "apono." */
  readonly prefix?: string;
  readonly secret?: boolean;
  /** Names that are there to begin with. */
  readonly keys?: readonly string[];
}

/**
 * One thing to fill in, as far as a vendor or an operation knows more of it than the operation's schema, from which
 * the rest is taken: kind, choices, whether it is required.
 */
export interface FieldFacts {
  /** Where its value goes in the operation's input. */
  readonly path: readonly string[];
  readonly label?: string;
  /** "lines" is a text of several lines, "list" a JSON list, "rows" a list of objects, "pairs" an object. */
  readonly kind?: "text" | "lines" | "number" | "flag" | "choice" | "secret" | "list" | "rows" | "pairs";
  readonly required?: boolean;
  readonly choices?: readonly Choice[];
  /** What it is where nothing else is said. */
  readonly preset?: string;
  /** What it is now, nothing secret in it; only what differs from it is asked for. */
  readonly present?: Json;
  /** What was said already. */
  readonly typed?: string;
  readonly help?: string;
  /** In characters. */
  readonly longest?: number;
  /** What takes it away once its field is emptied; absent where nothing does. */
  readonly cleared?: Json;
  /** Of "rows": one field for each name. */
  readonly columns?: readonly FieldFacts[];
  /** Of "pairs". */
  readonly pairs?: Pairs;
  readonly group?: FieldGroup;
}

/** What has to be known to ask for an operation's input on a page. */
export interface FormFacts {
  /** What it is for: "Change the Apono integration Orders DB". */
  readonly about: string;
  /** What is not asked for any more, such as the id of what is changed. */
  readonly settled: JsonObject;
  /** The question on whose answer all others depend; then there are no others yet. */
  readonly first?: FieldFacts;
  /** In the order in which they are asked for; those of the schema that are not among them come after them. */
  readonly fields: readonly FieldFacts[];
  /** Those of the schema that are not asked for at all. */
  readonly without?: readonly string[];
  /** What no field is for. */
  readonly note?: string;
}

/** "new_client_secret" as people read it: "New client secret". */
export function labelFor(name: string): string {
  const words = name.replace(/[_.-]+/g, " ").replace(/(?<=\p{Ll})(?=\p{Lu}\p{Ll})/gu, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What stands in a field for a value: nothing for null, JSON for what is no text. */
export function textIn(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
