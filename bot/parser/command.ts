import { ENTER_MARK } from "../../clients/secrets.ts";
import type { Input, NamesOfKind, Risk } from "../../handlers/operation.ts";
import { type Field, fieldsOf } from "./arguments.ts";

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

/** `/enable ec2 <company> role=<arn>`: what to type; optional parts in brackets. */
export function usageOf(command: Command): string {
  const words = fieldsOf(command.input)
    .filter((field) => field.kind !== "document")
    .map((field) => wordFor(field, command));
  const declaresReason = fieldsOf(command.input).some((field) => field.name === "reason");
  const reason = command.risk === "danger" && !declaresReason ? ["reason=<why>"] : [];
  return [headOf(command), ...words, ...reason].join(" ");
}

/** Whether a JSON document may come with the command. */
export function takesDocument(command: Pick<Command, "input">): boolean {
  return fieldsOf(command.input).some((field) => field.kind === "document");
}

/** More choices than this are named by their placeholder. */
const MOST_CHOICES = 4;

function wordFor(field: Field, command: Command): string {
  const word = requiredWord(field, command);
  return field.required ? word : `[${word}]`;
}

function requiredWord(field: Field, command: Command): string {
  const choices = field.values.length <= MOST_CHOICES ? field.values.join("|") : "";
  const value = choices || `<${field.placeholder}>`;
  switch (field.kind) {
    case "option":
      return `${field.name}=${command.secret?.(field.name) ? ENTER_MARK : value}`;
    case "open":
      return field.placeholder.includes("=")
        ? `${field.placeholder}…`
        : `${field.prefix}<${field.placeholder}>=<value>…`;
    case "drop":
      return `-<${field.placeholder}>…`;
    default:
      return field.required ? value : choices || field.placeholder;
  }
}
