export type ParseErrorCode =
  | "unknown_verb"
  | "unknown_target"
  | "unknown_option"
  | "missing_argument"
  | "bad_value"
  | "bad_document"
  | "too_many_words";

/** Why a command is not understood; ends the reading of it and never leaves `parse`. */
export class ParseError extends Error {
  constructor(
    readonly code: ParseErrorCode,
    sentence: string,
    /** Whole commands to type, closest first. */
    readonly suggestions: readonly string[] = [],
    /** For what is missing: the fields that are there. */
    readonly given?: readonly string[],
  ) {
    super(sentence);
    this.name = "ParseError";
  }
}

/** "a, b or c", shortened to what a phone can show. */
export function orList(values: readonly string[], most = 12): string {
  if (values.length > most) return `${values.slice(0, most).join(", ")} … (${values.length - most} more)`;
  return listed(values, "or");
}

/** "a, b and c" */
export function andList(values: readonly string[]): string {
  return listed(values, "and");
}

function listed(values: readonly string[], word: "and" | "or"): string {
  const last = values.at(-1) ?? "";
  return values.length < 2 ? last : `${values.slice(0, -1).join(", ")} ${word} ${last}`;
}
