/**
 * The words in an error body that the common names do not find: some of HaloPSA's bodies are an object with one
 * property of any name. 401 and 403 usually come without a body.
 */
export function explainRefusal(_status: number, body: unknown): { detail: string } | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const [only, ...others] = Object.values(body);
  return typeof only === "string" && others.length === 0 ? { detail: only } : undefined;
}
