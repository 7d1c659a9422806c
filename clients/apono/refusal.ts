import { z } from "zod";

/** Where Apono's answers keep their words, the more telling first; only the body of a 401 is documented. */
const WORDS = ["message", "error_details", "error_description", "error", "code"] as const;
const LONGEST = 300;

const bodySchema = z.record(z.string(), z.unknown());

/** The vendor's words in a refused call; older servers answer with plain text. */
export function explainRefusal(_status: number, body: unknown): { detail?: string } | undefined {
  const fields = bodySchema.safeParse(body).data ?? {};
  const words = typeof body === "string" ? body : WORDS.map((name) => fields[name]).find(isWords);
  const clean = words?.replace(/\s+/g, " ").trim();
  if (!clean || clean.startsWith("<")) return undefined;
  return { detail: clean.slice(0, LONGEST) };
}

function isWords(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
