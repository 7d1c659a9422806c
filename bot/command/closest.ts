import { distance } from "fastest-levenshtein";

/** What was probably meant, closest first: a candidate that begins alike or differs by a slip or two. */
export function closest(typed: string, candidates: readonly string[], most = 4): string[] {
  const word = typed.toLowerCase();
  return ranked(candidates, (candidate) => farFrom(word, candidate.toLowerCase())).slice(0, most);
}

/**
 * So close to one of the candidates that it can hardly have been meant otherwise; equal does not count.
 * Among "prose", where ordinary words stand too, fewer slips are forgiven, but a name cut short or run on counts.
 */
export function slipOf(
  typed: string,
  candidates: readonly string[],
  among: "keys" | "prose" = "keys",
): string | undefined {
  const [forOneSlip, forTwo] = among === "keys" ? [3, 4] : [4, 6];
  const word = typed.toLowerCase();
  return ranked(candidates, (candidate) => {
    if (among === "prose" && beginsAlike(word, candidate, LONG_ENOUGH)) return BEGINS_ALIKE;
    const slips = slipsBetween(word, candidate.toLowerCase());
    const allowed = candidate.length >= forTwo ? 2 : candidate.length >= forOneSlip ? 1 : 0;
    return slips > 0 && slips <= allowed ? slips : Infinity;
  })[0];
}

function ranked(candidates: readonly string[], far: (candidate: string) => number): string[] {
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, far: far(candidate) }))
    .filter((ranking) => ranking.far < Infinity)
    .sort((one, other) => one.far - other.far)
    .map(({ candidate }) => candidate);
}

const BEGINS_ALIKE = 0.5;
/** Shorter words begin many others by chance. */
const LONG_ENOUGH = 4;

function beginsAlike(word: string, candidate: string, least: number): boolean {
  if (word === candidate || Math.min(word.length, candidate.length) < least) return false;
  return candidate.startsWith(word) || word.startsWith(candidate);
}

/** Two neighbours swapped are one slip of the finger, and not two. */
function slipsBetween(word: string, candidate: string): number {
  const at = [...word].findIndex((letter, place) => letter !== candidate[place]);
  const swapped = word.slice(0, at) + (word[at + 1] ?? "") + (word[at] ?? "") + word.slice(at + 2);
  return at !== -1 && swapped === candidate ? 1 : distance(word, candidate);
}

function farFrom(word: string, candidate: string): number {
  if (word === candidate) return 0;
  if (word.length >= 2 && candidate.startsWith(word)) return BEGINS_ALIKE;
  if (candidate.length >= 3 && word.startsWith(candidate)) return BEGINS_ALIKE;
  const longer = Math.max(word.length, candidate.length);
  const slips = slipsBetween(word, candidate);
  const allowed = longer <= 4 ? 1 : longer <= 7 ? 2 : 3;
  return slips <= allowed && slips < candidate.length ? slips : Infinity;
}
