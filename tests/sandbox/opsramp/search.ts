import { type Fields, Invalid } from "./field.ts";
import { type Installation, view } from "./installation.ts";

/** The largest page that other clients of this search have been seen to use. */
const LARGEST_PAGE = 100;

/** One page of the installed search, its trailer as it was recorded. Throws `Invalid`. */
export function search(
  query: Readonly<Record<string, string>>,
  installations: readonly Installation[],
): Fields {
  const pageNo = wholeNumber(query.pageNo ?? "1", "pageNo", Infinity);
  const pageSize = wholeNumber(query.pageSize ?? "100", "pageSize", LARGEST_PAGE);
  const fits = installations.filter((stored) => matches(stored, query.queryString ?? ""));
  const name = (stored: Installation) => stored.displayName ?? stored.id;
  const sorted = fits.toSorted((a, b) => name(a).localeCompare(name(b), "en"));
  if (query.isDescendingOrder === "true") sorted.reverse();
  const nextPage = pageNo * pageSize < sorted.length;
  return {
    results: sorted.slice((pageNo - 1) * pageSize, pageNo * pageSize).map(view),
    totalResults: sorted.length,
    pageNo,
    pageSize,
    totalPages: Math.ceil(sorted.length / pageSize),
    nextPage,
    ...(nextPage ? { nextPageNo: pageNo + 1 } : {}),
    previousPageNo: pageNo - 1,
    descendingOrder: query.isDescendingOrder === "true",
  };
}

function wholeNumber(typed: string, fieldName: string, most: number): number {
  const value = Number(typed);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Invalid([{ fieldName, message: `Invalid ${fieldName} ${typed}` }]);
}

/** `key:value+key:value`, where ":" is "equals" and a comma separates alternatives. */
function matches(stored: Installation, queryString: string): boolean {
  const known: Readonly<Record<string, string | undefined>> = {
    name: stored.displayName,
    uId: stored.id,
    category: stored.category,
  };
  return queryString.split("+").filter(Boolean).every((term) => {
    const [key = "", values = ""] = term.split(/:(.*)/s);
    return values.split(",").some((value) => known[key]?.toLowerCase() === value.toLowerCase());
  });
}
