/** What a status means for the person on call, worst first. */
export const STANDINGS = ["broken", "attention", "busy", "off", "fine"] as const;
export type Standing = typeof STANDINGS[number];

const KNOWN: Readonly<Record<string, Standing>> = {
  error: "broken",
  warning: "attention",
  initializing: "busy",
  refreshing: "busy",
  disabled: "off",
  active: "fine",
};

/** Letter case does not count: v4 and v2 write the same words differently. A word we do not know needs a look. */
export function standingOf(status: string): Standing {
  return KNOWN[status.toLowerCase()] ?? "attention";
}

/** Whether the vendor's page names this status. */
export function isKnownStatus(status: string): boolean {
  return Object.hasOwn(KNOWN, status.toLowerCase());
}

/** The vendor's word as a person would write it; unknown ones stay as they came. */
export function statusWord(status: string): string {
  const word = status.toLowerCase();
  return isKnownStatus(word) ? word.charAt(0).toUpperCase() + word.slice(1) : status;
}

export function isProblem(status: string): boolean {
  const standing = standingOf(status);
  return standing === "broken" || standing === "attention";
}

export function worstFirst(
  one: { readonly status: string; readonly name: string },
  other: { readonly status: string; readonly name: string },
): number {
  const rank = (status: string) => STANDINGS.indexOf(standingOf(status));
  return rank(one.status) - rank(other.status) || one.name.localeCompare(other.name, "en");
}
