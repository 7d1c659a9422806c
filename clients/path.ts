/** A value that must not become part of a path; the message says which rule it breaks, and is fit to be shown. */
export class UnsafePathValue extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnsafePathValue";
  }
}

/**
 * Builds a path from a template and encodes every value: path`/installed/${id}`.
 * Throws `UnsafePathValue` for values that could lead to another place than the template says: `..` survives
 * `encodeURIComponent`, and some servers decode a path twice.
 */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const built = parts.reduce((made, part, at) => made + encodeURIComponent(safe(values[at - 1])) + part);
  if (hasDotSegment(built)) {
    throw new UnsafePathValue('An id must not be "." or "..", or contain them as a step.');
  }
  return built;
}

function safe(value: string | number | undefined): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new UnsafePathValue("An id is not a number.");
  }
  const text = String(value ?? "");
  if (text.trim() === "") throw new UnsafePathValue("An id is empty.");
  if (!text.isWellFormed()) throw new UnsafePathValue("An id holds half a character.");
  return text;
}

function hasDotSegment(text: string): boolean {
  return fullyDecoded(text).split(/[/\\]/).some((step) => step.trim() === "." || step.trim() === "..");
}

/** Decodes percent forms until nothing changes, for `%252e` hides a dot from a single pass. */
function fullyDecoded(text: string): string {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return once === text ? text : fullyDecoded(once);
}
