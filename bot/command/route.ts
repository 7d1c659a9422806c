import { typed } from "../../handlers/typed.ts";
import { closest } from "./closest.ts";
import { type Aliases, type Command, headOf, targetNamed } from "./command.ts";
import { fill } from "./fill.ts";
import { lineOf } from "./line.ts";
import { Mistake, oneOf } from "./mistake.ts";
import { type Word, wordsOf } from "./word.ts";

export interface Route<C extends Command> {
  readonly command: C;
  /** What follows the verb and the target. */
  readonly words: readonly Word[];
}

export interface Vocabulary<C extends Command = Command> {
  readonly commands: readonly C[];
  readonly aliases: Aliases;
}

/** The command that is meant: by the longest target that fits, else the verb's command without a target. */
export function routeTo<C extends Command>(
  verb: string,
  words: readonly Word[],
  vocabulary: Vocabulary<C>,
): Route<C> {
  const route = findRoute(verb, words, vocabulary);
  if (!route) throw noSuchCommand(verb, words, vocabulary);
  const { command } = route;
  const extra = route.words[0];
  const hasTargets = vocabulary.commands.some((other) => other.verb === verb && other.target !== null);
  if (
    command.target === null && hasTargets && extra && !extra.pair &&
    Object.keys(command.input.shape).length === 0
  ) {
    throw unknownTarget(verb, words, vocabulary);
  }
  return route;
}

/** As `routeTo`; undefined where there is no such command. */
export function findRoute<C extends Command>(
  verb: string,
  words: readonly Word[],
  { commands, aliases }: Vocabulary<C>,
): Route<C> | undefined {
  const spoken = words.map((word) => word.text.toLowerCase());
  const first = spoken[0];
  if (first !== undefined) spoken[0] = targetNamed(first, aliases);
  const fitting = commands
    .filter((command) => command.verb === verb)
    .map((command) => ({ command, target: command.target?.split(" ") ?? [] }))
    .filter(({ target }) => target.every((part, at) => spoken[at] === part))
    .sort((one, other) => other.target.length - one.target.length);
  const best = fitting[0];
  return best && { command: best.command, words: words.slice(best.target.length) };
}

/** The verb's targets that the first word may have been meant to be, as whole commands. */
export function nearTargets(verb: string, words: readonly Word[], vocabulary: Vocabulary): string[] {
  const near = closest(words[0]?.text ?? "", spellingsOf(targetsOf(verb, vocabulary), vocabulary));
  return near.map((name) =>
    retyped(`${verb} ${targetNamed(name, vocabulary.aliases)}`, words.slice(1), vocabulary)
  );
}

function noSuchCommand(verb: string, words: readonly Word[], vocabulary: Vocabulary): Mistake {
  const targets = targetsOf(verb, vocabulary);
  if (targets.length === 0) return unknownVerb(verb, words, vocabulary);
  if (words.length > 0) return unknownTarget(verb, words, vocabulary);
  return new Mistake(
    "missing_argument",
    `/${verb} needs a target: ${oneOf(targets, targets.length)}.`,
    targets.slice(0, 4).map((target) => `/${verb} ${target}`),
  );
}

function unknownVerb(verb: string, words: readonly Word[], vocabulary: Vocabulary): Mistake {
  const sentence = `There is no command ${typed(`/${verb}`)}. /help lists what there is.`;
  const split = splitApart(verb, words, vocabulary);
  const suggestions = split.length > 0 ? split : [
    ...nearVerbs(verb, words[0], vocabulary).map((other) => retyped(other, words, vocabulary)),
    ...commandsFor(verb, words, vocabulary),
  ];
  return new Mistake("unknown_verb", sentence, suggestions);
}

/** First of all those that take the target which follows. */
function nearVerbs(verb: string, next: Word | undefined, { commands, aliases }: Vocabulary): string[] {
  const target = targetNamed(next?.text.toLowerCase() ?? "", aliases);
  const taking = commands.filter((command) => command.target?.split(" ", 1)[0] === target);
  const near = (some: readonly Command[]) => closest(verb, some.map((command) => command.verb));
  const fitting = near(taking);
  return fitting.length > 0 ? fitting : near(commands);
}

/** `/enable_ec2 Acme` and `/ec2 enable Acme` for `/enable ec2 Acme`. */
function splitApart(verb: string, words: readonly Word[], vocabulary: Vocabulary): string[] {
  const [first = "", ...others] = verb.split(/[_.:-]+/).filter((part) => part !== "");
  const verbs = new Set(vocabulary.commands.map((command) => command.verb));
  if (others.length > 0 && verbs.has(first)) {
    return [retyped([first, ...others].join(" "), words, vocabulary)];
  }
  const second = words[0]?.text.toLowerCase();
  return second !== undefined && verbs.has(second)
    ? [retyped(`${second} ${verb}`, words.slice(1), vocabulary)]
    : [];
}

/** When a target was typed where the verb belongs. */
function commandsFor(word: string, words: readonly Word[], vocabulary: Vocabulary): string[] {
  const target = targetNamed(word, vocabulary.aliases);
  return vocabulary.commands.filter((command) => command.target === target).map((command) =>
    retyped(headOf(command).slice(1), words, vocabulary)
  );
}

function unknownTarget(verb: string, words: readonly Word[], vocabulary: Vocabulary): Mistake {
  const targets = targetsOf(verb, vocabulary);
  const word = words[0]?.text ?? "";
  const first = targetNamed(word, vocabulary.aliases);
  const longer = targets.filter((target) => target.startsWith(`${first} `));
  if (longer.length > 0) return halfTarget(verb, words, first, longer, vocabulary);
  const others = vocabulary.commands.filter((command) => command.target === first && command.verb !== verb);
  const sentence = others.length > 0
    ? `There is no /${verb} for ${first}. It takes ${oneOf(targets, targets.length)}.`
    : `/${verb} does not know ${typed(word)}. It takes ${oneOf(targets, targets.length)}.`;
  return new Mistake("unknown_target", sentence, [
    ...nearTargets(verb, words, vocabulary),
    ...others.map((command) => retyped(headOf(command).slice(1), words.slice(1), vocabulary)),
  ]);
}

/** `/export tenable strat`: the first word is right, the second is missing or misspelt. */
function halfTarget(
  verb: string,
  words: readonly Word[],
  first: string,
  targets: readonly string[],
  vocabulary: Vocabulary,
): Mistake {
  const seconds = targets.map((target) => target.slice(first.length + 1));
  const given = words[1]?.text;
  const meant = given === undefined ? seconds.slice(0, 4) : closest(given, seconds);
  const sentence = given === undefined
    ? `/${verb} ${first} needs one more word: ${oneOf(seconds)}.`
    : `/${verb} ${first} does not know ${typed(given)}. It takes ${oneOf(seconds)}.`;
  return new Mistake(
    given === undefined ? "missing_argument" : "unknown_target",
    sentence,
    meant.map((second) => retyped(`${verb} ${first} ${second}`, words.slice(2), vocabulary)),
  );
}

/** The targets with their aliases, for comparing with what was typed. */
function spellingsOf(targets: readonly string[], { aliases }: Vocabulary): string[] {
  return targets.flatMap((
    target,
  ) => [target, ...(Object.hasOwn(aliases, target) ? aliases[target] ?? [] : [])]);
}

function targetsOf(verb: string, { commands }: Vocabulary): string[] {
  return commands.flatMap((command) =>
    command.verb === verb && command.target !== null ? [command.target] : []
  );
}

/** With the words that followed, unless that command has no place for them. */
function retyped(head: string, words: readonly Word[], vocabulary: Vocabulary): string {
  const [verb = "", ...target] = head.split(" ");
  const route = findRoute(verb, [...wordsOf(target.join(" ")), ...words], vocabulary);
  if (route && !hasPlaceFor(route, vocabulary)) return headOf(route.command);
  return [`/${head}`, ...words.map((word) => word.raw)].join(" ");
}

function hasPlaceFor({ command, words }: Route<Command>, { aliases }: Vocabulary): boolean {
  try {
    fill(lineOf(command, words, aliases));
    return true;
  } catch (error) {
    if (error instanceof Mistake) return false;
    throw error;
  }
}
