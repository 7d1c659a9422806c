import * as z from "zod";
import { inQuotes } from "./format.ts";
import type { Reply } from "./reply.ts";
import { closestNames, fold } from "./resolve.ts";

/** Words that narrow a list down, typed behind its command or in reply to it. */
export const narrowingWords = z.string().optional().meta({
  positional: true,
  rest: true,
  placeholder: "words",
});

/** What is left of a list. */
export interface Narrowed<T> {
  readonly fits: readonly T[];
  /** What is said of some that is spelt most like the words, where nothing fits them. */
  readonly near: readonly string[];
}

/** Those of which each word is a part of something that is said of them: of their name, their state, their type. */
export function narrowed<T>(
  words: string | undefined,
  all: readonly T[],
  saidOf: (one: T) => readonly string[],
): Narrowed<T> {
  const wanted = fold(words ?? "").split(" ").filter(Boolean);
  const fits = all.filter((one) => {
    const said = saidOf(one).map(fold);
    return wanted.every((word) => said.some((saying) => saying.includes(word)));
  });
  const near = fits.length > 0 ? [] : closestNames(words ?? "", all.flatMap(saidOf));
  return { fits, near };
}

/** What is said where nothing is left; `command` lists all of it. */
export function nothingLeft(
  noun: string,
  words: string,
  near: readonly string[],
  command: string,
): Reply {
  return {
    mark: "absent",
    title: `No ${noun} fits ${inQuotes(words)}`,
    blocks: [{
      kind: "text",
      text: near.length > 0
        ? "Spelt most like it:"
        : ["All of them: ", { code: command.replace(/ [a-z]+=$/, "") }],
    }],
    buttons: near.map((saying) => [{ label: saying, action: { command: narrowedBy(command, saying) } }]),
  };
}

/** The list again, of what fits the words; a command that ends with "=" takes them as its option. */
export function narrowedBy(command: string, words: string): string {
  return command.endsWith("=") ? `${command}"${words.replaceAll('"', "")}"` : `${command} ${words}`;
}

/** For the end of a count: ` that fit "aws"`. */
export function thatFit(words: string | undefined, count: number): string {
  return words === undefined ? "" : ` that ${count === 1 ? "fits" : "fit"} ${inQuotes(words)}`;
}
