import { badRequest } from "./refusal.ts";
import type { Stored } from "./world.ts";

const FILTERS = ["category", "connector_id", "name", "status", "type"] as const;
const DEFAULT_LIMIT = 100;

interface Cursor {
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly limit: number;
  readonly offset: number;
}

/** One page of the v4 list. A token carries the filters and stands alone. */
export function pageOf(
  integrations: readonly Stored[],
  query: URLSearchParams,
): { items: Stored[]; next: string | null } {
  const cursor = query.has("page_token") ? reopen(query) : begin(query);
  const fits = integrations.filter((stored) => matches(stored, cursor.filters));
  const end = cursor.offset + cursor.limit;
  const items = fits.slice(cursor.offset, end);
  return { items, next: end < fits.length ? token({ ...cursor, offset: end }) : null };
}

function begin(query: URLSearchParams): Cursor {
  for (const name of query.keys()) {
    if (name !== "limit" && !FILTERS.some((filter) => filter === name)) {
      throw badRequest(`Unknown parameter ${name}`);
    }
  }
  const limit = Number(query.get("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1) throw badRequest("limit must be a positive integer");
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.getAll(name)]));
  return { filters, limit, offset: 0 };
}

function reopen(query: URLSearchParams): Cursor {
  if ([...query.keys()].length > 1) throw badRequest("page_token carries the filters and stands alone");
  try {
    const bytes = Uint8Array.fromBase64(query.get("page_token") ?? "", { alphabet: "base64url" });
    return JSON.parse(new TextDecoder().decode(bytes)) as Cursor;
  } catch {
    throw badRequest("Invalid page_token");
  }
}

function token(cursor: Cursor): string {
  return new TextEncoder().encode(JSON.stringify(cursor)).toBase64({ alphabet: "base64url" });
}

function matches(stored: Stored, filters: Cursor["filters"]): boolean {
  const values: Readonly<Record<string, string>> = {
    category: stored.category,
    connector_id: stored.connector_id ?? "",
    name: stored.name,
    status: stored.status ?? "",
    type: stored.type,
  };
  return Object.entries(filters).every(([name, wanted]) =>
    wanted.length === 0 || wanted.some((pattern) => fits(values[name] ?? "", pattern))
  );
}

function fits(value: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(value);
}
