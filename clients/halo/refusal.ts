import { z } from "zod";

/** Where HaloPSA's error bodies keep their words, the more telling first; there is no single format. */
const WORDS = ["error_description", "errorMessage", "Message", "message", "error", "title", "detail"];
const LONGEST = 300;

const bodySchema = z.record(z.string(), z.unknown());

/** The vendor's words in a refused call, if there are any: 401 and 403 usually come without a body. */
export function explainRefusal(_status: number, body: unknown): { detail?: string } | undefined {
  const words = typeof body === "string" ? body : wordsIn(bodySchema.safeParse(body).data ?? {});
  const clean = words?.replace(/^\s*"|"\s*$/g, "").replace(/\s+/g, " ").trim();
  if (!clean || clean.startsWith("<")) return undefined;
  return { detail: clean.slice(0, LONGEST) };
}

function wordsIn(body: Readonly<Record<string, unknown>>): string | undefined {
  const known = WORDS.map((name) => body[name]);
  const values = Object.values(body);
  return [...known, ...(values.length === 1 ? values : [])].find(isWords);
}

function isWords(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
