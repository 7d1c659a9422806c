import { existsSync } from "node:fs";
import { changeGuards } from "./changes.ts";
import { doorGuards } from "./doors.ts";
import type { Guard } from "./guard.ts";
import { leakGuards } from "./leaks.ts";
import { outwardGuards } from "./outward.ts";
import { peopleGuards } from "./people.ts";
import { ruleGuards } from "./rules.ts";
import { timeGuards } from "./times.ts";

export const guards: readonly Guard[] = [
  ...peopleGuards,
  ...ruleGuards,
  ...changeGuards,
  ...leakGuards,
  ...outwardGuards,
  ...timeGuards,
  ...doorGuards,
];

/** What does not stand where it should: a guard's text, exactly once in its file, or a test that has to miss it. */
export async function misplaced(chosen: readonly Guard[]): Promise<string[]> {
  const found = await Promise.all(chosen.map(async ({ file, name, find, tests }) => {
    const lost = tests.filter((path) => !existsSync(path)).map((path) => `${name}: there is no ${path}`);
    if (!existsSync(file)) return [`${file}: ${name} (there is no such file)`, ...lost];
    const times = (await Deno.readTextFile(file)).split(find).length - 1;
    return times === 1 ? lost : [`${file}: ${name} (${times} times)`, ...lost];
  }));
  return found.flat();
}
