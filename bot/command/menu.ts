import type { Command } from "./command.ts";

/** Limits of Telegram's `setMyCommands`. */
const MENU_NAME = /^[a-z0-9_]{1,32}$/;
const LONGEST_DESCRIPTION = 256;
const MOST_ENTRIES = 100;

/** The command menu: one entry for each verb, in the order of the commands. */
export function menu(commands: readonly Command[]): { command: string; description: string }[] {
  return [...new Set(commands.map((command) => command.verb))]
    .filter((verb) => MENU_NAME.test(verb))
    .slice(0, MOST_ENTRIES)
    .map((verb) => ({ command: verb, description: descriptionOf(verb, commands) }));
}

function descriptionOf(verb: string, commands: readonly Command[]): string {
  const ofVerb = commands.filter((command) => command.verb === verb);
  const [first] = ofVerb;
  const alone = ofVerb.find((command) => command.target === null) ??
    (ofVerb.length === 1 ? first : undefined);
  const targets = [...new Set(ofVerb.flatMap((command) => command.target?.split(" ")[0] ?? []))];
  const text = alone?.summary || `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${targets.join(", ")}`;
  const letters = [...text];
  return letters.length <= LONGEST_DESCRIPTION
    ? text
    : `${letters.slice(0, LONGEST_DESCRIPTION - 1).join("")}…`;
}
