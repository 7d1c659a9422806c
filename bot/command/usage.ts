import { type Command, headOf } from "./command.ts";
import { type Field, fieldsOf } from "./field.ts";

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
      return `${field.name}=${command.secret?.(field.name) ? "?" : value}`;
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
