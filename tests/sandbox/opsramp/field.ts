/** An object of a request or of what is stored. */
export type Fields = Record<string, unknown>;

export interface Problem {
  fieldName: string;
  message: string;
}

/** Answered with 400 and one entry per field. */
export class Invalid extends Error {
  constructor(readonly problems: Problem[]) {
    super("invalid");
  }
}

export function required(item: Fields, name: string): Problem[] {
  return text(item[name]) ? [] : [{ fieldName: name, message: `${name} is mandatory` }];
}

export function fields(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value as Fields : {};
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
