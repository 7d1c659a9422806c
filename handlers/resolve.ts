import { distance } from "fastest-levenshtein";
import { ClientError } from "../clients/errors.ts";
import { path, UnsafePathValue } from "../clients/path.ts";
import { BadInput, ChoiceNeeded } from "./operation.ts";
import { inQuotes } from "./format.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
  /** What tells it from its namesakes, the most telling first. */
  readonly about?: readonly string[];
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
  /** All that is known to be there, where the candidates are only what was found by the words. */
  readonly others?: readonly Named[];
}

/** Nothing goes by what was typed; of what was found before, that it is gone. */
export class NothingFits extends BadInput {
  /** `near`: what is spelt most like it, for the field that was to name it. */
  constructor(message: string, readonly near: readonly Named[] = [], readonly field = "") {
    super(message);
  }
}

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
  const fits = fitting(query, candidates);
  const [only, ...others] = fits;
  if (!only) {
    const unread = what.unread ? `, but ${what.unread} could not be read` : "";
    const among = what.capped ? ` among the first ${what.capped}` : "";
    const next = what.capped
      ? "Type another part of the name, or its id"
      : `Type ${what.find} to see what there is`;
    const message = `No ${what.noun}${among} fits ${inQuotes(query)}${unread}. ${next}.`;
    throw new NothingFits(message, nearest(query, what.others ?? candidates), what.field);
  }
  if (others.length === 0) return only;
  const count = `${what.capped ? "at least " : ""}${fits.length} ${what.plural}`;
  if (fits.length > MOST_CHOICES) {
    throw new BadInput(`${inQuotes(query)} fits ${count}. Type more of the name, or its id.`);
  }
  throw new ChoiceNeeded(`${inQuotes(query)} fits ${count}. Which one?`, what.field, fits);
}

/** Twelve pages: nobody leafs through more, and whoever does may type another letter. */
const MOST_CHOICES = 96;

/** By the whole name, as typed or as people type it; else by a part of it. */
function fitting<T extends Named>(query: string, candidates: readonly T[]): readonly T[] {
  const ways = [
    (name: string) => fold(name) === fold(query),
    (name: string) => foldLoosely(name) === foldLoosely(query),
    (name: string) => fold(name).includes(fold(query)),
    (name: string) => foldLoosely(name).includes(foldLoosely(query)),
  ];
  for (const fits of ways) {
    const found = candidates.filter(({ name }) => fits(name));
    if (found.length > 0) return found;
  }
  return [];
}

function nearest(query: string, all: readonly Named[]): readonly Named[] {
  const known = [...new Map(all.map((one) => [one.id, one])).values()];
  const names = closestNames(query, known.map(({ name }) => name));
  return names.flatMap((name) => known.filter((one) => one.name === name));
}

/** So many are offered where nothing fits. */
const MOST_CLOSEST = 4;
/** Anything is a slip or two away from what is shorter. */
const SHORTEST_MISSPELT = 3;

/** The names that are spelt most like the words: a slip or two in each word of them. */
export function closestNames(words: string, names: readonly string[]): readonly string[] {
  const wanted = foldLoosely(words);
  if (wanted.length < SHORTEST_MISSPELT) return [];
  return [...new Set(names)].map((name) => ({ name, far: slipsIn(wanted, foldLoosely(name)) }))
    .filter(({ far, name }) => far <= Math.max(1, Math.floor(Math.min(wanted.length, name.length) / 3)))
    .toSorted((one, other) => one.far - other.far)
    .map(({ name }) => name).slice(0, MOST_CLOSEST);
}

/** Between the words and the name, or that part of it which has as many words and is or begins most like them. */
function slipsIn(wanted: string, name: string): number {
  const [typed, words] = [wanted, name].map((text) => text.split(/[\s/_.-]+/).filter(Boolean));
  const size = typed?.length ?? 0;
  const spelt = typed?.join(" ") ?? "";
  const parts = (words ?? []).map((_, at) => words?.slice(at, at + size).join(" ") ?? "");
  const begun = parts.map((part) => slips(spelt, part.slice(0, spelt.length)) + 0.5);
  return Math.min(slips(wanted, name), ...parts.map((part) => slips(spelt, part)), ...begun);
}

/** Letters that changed places are one slip. */
function slips(one: string, other: string): number {
  if (one === other) return 0;
  const swapped = Array.from(
    { length: Math.min(one.length, LONGEST_SWAPPED) - 1 },
    (_, at) => one.slice(0, at) + (one[at + 1] ?? "") + (one[at] ?? "") + one.slice(at + 2),
  );
  return Math.min(distance(one, other), ...swapped.map((spelt) => 1 + distance(spelt, other)));
}

/** Nobody compares longer words letter by letter. */
const LONGEST_SWAPPED = 24;

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

/** Soft hyphens, zero-width blanks and the like: nobody sees them, and nobody types them. */
const INVISIBLE = /[\p{Cf}\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]/gu;

/** What is left of a name when typing habits are taken away; for comparing, never for showing. */
export function fold(name: string): string {
  return name
    .normalize("NFKC")
    .replace(INVISIBLE, "")
    .replace(/[‘’‚‛′´`ʹʼ]/g, "'")
    .replace(/[“”„‟″«»]/g, '"')
    .replace(/[‐‑‒–—―−]/g, "-")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

/** Without accents, and without what cannot be seen: what a phone's keyboard leaves out, or puts in. */
function foldLoosely(name: string): string {
  return fold(name.normalize("NFKD").replace(/[\p{M}\p{Cf}]/gu, ""));
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
