import { ClientError } from "../clients/errors.ts";
import { path, UnsafePathValue } from "../clients/path.ts";
import { BadInput, ChoiceNeeded } from "./operation.ts";
import { inQuotes } from "./format.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
}

/** What is looked for, in words. */
export interface What {
  readonly noun: string;
  readonly plural: string;
  readonly field: string;
  readonly find: string;
  /** The limit of what the vendor names, where it was reached: there may be others. */
  readonly capped?: number;
  /** How many more there are that could not be read: what is looked for may be among them. */
  readonly unread?: number;
}

/** Nothing goes by what was typed; of what was found before, that it is gone. */
export class NothingFits extends BadInput {}

/** Buttons beyond this many do not help on a phone; a longer name does. */
const MOST_CHOICES = 8;

/**
 * The one candidate that `query` means: by id, by exact name, or by part of the name, in that order.
 * Several fits throw `ChoiceNeeded` (never a guess); none throws `NothingFits`. Letter case, accents on
 * composed characters, quotes and dashes of phone keyboards do not count; see `fold`.
 */
export function resolve<T extends Named>(
  query: string,
  candidates: readonly T[],
  what: What,
): T {
  const exactId = candidates.find((candidate) => candidate.id === query);
  if (exactId) return exactId;
  const wanted = fold(query);
  const exact = candidates.filter((candidate) => fold(candidate.name) === wanted);
  const fits = exact.length > 0
    ? exact
    : candidates.filter((candidate) => fold(candidate.name).includes(wanted));
  const [only, ...others] = fits;
  if (!only) {
    const unread = what.unread ? `, but ${what.unread} could not be read` : "";
    const among = what.capped ? ` among the first ${what.capped}` : "";
    const next = what.capped
      ? "Type another part of the name, or its id"
      : `Type ${what.find} to see what there is`;
    throw new NothingFits(`No ${what.noun}${among} fits ${inQuotes(query)}${unread}. ${next}.`);
  }
  if (others.length === 0) return only;
  const count = `${what.capped ? "at least " : ""}${fits.length} ${what.plural}`;
  if (fits.length > MOST_CHOICES) {
    throw new BadInput(`${inQuotes(query)} fits ${count}. Type more of the name, or its id.`);
  }
  throw new ChoiceNeeded(`${inQuotes(query)} fits ${count}. Which one?`, what.field, fits);
}

/** The typed id. Throws `BadInput` for one that must not become part of an address. */
export function safeId(id: string): string {
  try {
    path`${id}`;
    return id;
  } catch (error) {
    if (error instanceof UnsafePathValue) throw new BadInput(error.message);
    throw error;
  }
}

/** What is left of a name when typing habits are taken away; for comparing, never for showing. */
export function fold(name: string): string {
  return name
    .normalize("NFKC")
    .replace(/[‘’‚‛′]/g, "'")
    .replace(/[“”„‟″«»]/g, '"')
    .replace(/[‐‑‒–—―−]/g, "-")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

/** The answer, or undefined when the vendor knows no such thing. */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ClientError && error.kind === "not_found") return undefined;
    throw error;
  }
}
