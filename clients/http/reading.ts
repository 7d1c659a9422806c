import type { z } from "zod";
import { cleanWords } from "./words.ts";

export type Reading<T> =
  | { readonly value: T; readonly objection?: undefined }
  | { readonly objection: string };

/** Reads a body by a schema; the body that the attempt has checked already is not read a second time. */
export function createReading<T>(schema: z.ZodType<T>): (body: unknown) => Reading<T> {
  let last: { readonly body: unknown; readonly reading: Reading<T> } | undefined;

  return function read(body) {
    if (!last || last.body !== body) last = { body, reading: readBy(schema, body) };
    return last.reading;
  };
}

function readBy<T>(schema: z.ZodType<T>, body: unknown): Reading<T> {
  const { success, data, error } = schema.safeParse(body);
  return success ? { value: data } : { objection: objectionTo(body, error) };
}

/** Says where an answer differs from its schema: places and rules only, never a value. */
function objectionTo(body: unknown, error: z.ZodError): string {
  if (body === undefined) return "the answer is empty";
  if (typeof body === "string") return "the answer is not JSON";
  const places = error.issues.slice(0, 3).map(({ path, code }) =>
    `${path.join(".") || "the answer"} (${code})`
  );
  return cleanWords(`not as documented: ${places.join(", ")}`, []) ?? "not as documented";
}
