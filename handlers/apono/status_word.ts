import type { Standing } from "../resource.ts";

/** What a status means for the person on call, and its place in a list that begins with the worst. */
const KNOWN: Readonly<Record<string, readonly [is: Standing["is"], rank: number]>> = {
  error: ["problem", 0],
  warning: ["problem", 1],
  initializing: ["busy", 2],
  refreshing: ["busy", 2],
  "": ["unknown", 3],
  disabled: ["off", 4],
  active: ["fine", 5],
};

/** Letter case does not count: v4 and v2 write the same words differently. A word we do not know needs a look. */
export function standingOf(status: string): Standing & { readonly rank: number } {
  const [is, rank] = KNOWN[status.toLowerCase()] ?? ["problem", 1];
  return { word: statusWord(status), is, rank, ...(status.toLowerCase() === "error" && { watched: "down" }) };
}

/** Whether the vendor's page names this status. */
export function isKnownStatus(status: string): boolean {
  return Object.hasOwn(KNOWN, status.toLowerCase());
}

/** The vendor's word as a person would write it; unknown ones stay as they came. */
export function statusWord(status: string): string {
  if (status === "") return "No status";
  const word = status.toLowerCase();
  return isKnownStatus(word) ? word.charAt(0).toUpperCase() + word.slice(1) : status;
}
