import type { Input, NamesOfKind, Risk } from "../../handlers/operation.ts";

/** What can be typed: an operation of a vendor, or one of the bot's own commands. */
export interface Command {
  readonly verb: string;
  /** Null without a target; may hold several words, such as "tenable start". */
  readonly target: string | null;
  readonly summary: string;
  /** A whole command that works. */
  readonly example: string;
  readonly input: Input;
  /** The names that an `open` field takes, by what their values are. */
  readonly names?: readonly NamesOfKind[];
  /** Absent: it acts by itself, is not countersigned, and is never offered as a press. */
  readonly risk?: Risk;
  secret?(field: string): boolean;
}

/** The other names people type for the first word of a target, by that word. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

/** "/disable ec2" */
export function headOf(command: Pick<Command, "verb" | "target">): string {
  return command.target === null ? `/${command.verb}` : `/${command.verb} ${command.target}`;
}

/** Runs only after someone else has agreed. */
export function isChange(command: Pick<Command, "risk">): boolean {
  return command.risk === "write" || command.risk === "danger";
}

/** A target's own name for whatever people call it; unknown words come back in lower case. */
export function targetNamed(word: string, aliases: Aliases): string {
  const wanted = word.toLowerCase();
  if (Object.hasOwn(aliases, wanted)) return wanted;
  const found = Object.entries(aliases).find(([, others]) => others.includes(wanted));
  return found?.[0] ?? wanted;
}
