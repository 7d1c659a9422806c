import type { Json, JsonObject } from "../../handlers/operation.ts";
import { type Aliases, type Command, headOf, isChange } from "./command.ts";
import { complaintAbout, labelOf } from "./complaint.ts";
import { fieldsOf } from "./field.ts";
import { fill, type Filled } from "./fill.ts";
import { type Line, lineOf } from "./line.ts";
import {
  ASK,
  askedIn,
  literalSecrets,
  literalSecretsIn,
  looksSecret,
  type SecretJudge,
} from "./literal_secret.ts";
import { allOf, Mistake, type MistakeCode } from "./mistake.ts";
import { normalise } from "./normalise.ts";
import { findRoute, nearTargets, type Route, routeTo } from "./route.ts";
import { usageOf } from "./usage.ts";
import { wordsOf } from "./word.ts";

export interface ParseOptions<C extends Command> {
  readonly commands: readonly C[];
  readonly aliases: Aliases;
  /** The bot's own user name, without "@". */
  readonly botName: string;
  /** The JSON document that came with the command or that it replies to. */
  readonly document?: Json | undefined;
  /** Why there is a document that cannot be used, as a sentence. */
  readonly documentError?: string | undefined;
}

export type Parsed<C extends Command> =
  | { readonly kind: "not_a_command" }
  | { readonly kind: "for_other_bot" }
  | Understood<C>
  | LiteralSecret<C>
  | Wrong<C>;

export interface Understood<C extends Command> {
  readonly kind: "command";
  readonly command: C;
  /** The whole command, to send again. */
  readonly typed: string;
  /** Passes the command's own schema; still as typed, secrets as `?`. */
  readonly input: JsonObject;
  /** The secrets to be entered on the secret page, by the name they are typed with. */
  readonly asked: readonly string[];
  readonly reason?: string;
  readonly ticket?: string;
}

/** A secret was written out. Its value is in none of these fields. */
export interface LiteralSecret<C extends Command> {
  readonly kind: "literal_secret";
  readonly fields: readonly string[];
  readonly command?: C;
}

export interface Wrong<C extends Command = Command> {
  readonly kind: "wrong";
  readonly code: MistakeCode;
  readonly sentence: string;
  /** Whole commands to type, closest first, four at most. */
  readonly suggestions: readonly string[];
  readonly usage?: string;
  /** Absent where it is not clear which command was meant. */
  readonly command?: C;
}

const MOST_SUGGESTIONS = 4;

/** What a message asks for. Never throws, and never guesses: what is not clear comes back as `wrong`. */
export function parse<C extends Command>(text: string, options: ParseOptions<C>): Parsed<C> {
  const plain = normalise(text);
  const [, verbTyped, otherBot] = /^\/([^\s@/]+)(?:@(\S*))?(?= |$)/.exec(plain) ?? [];
  if (verbTyped === undefined) return { kind: "not_a_command" };
  if (otherBot !== undefined && otherBot.toLowerCase() !== options.botName.toLowerCase()) {
    return { kind: "for_other_bot" };
  }
  const verb = verbTyped.toLowerCase().replace(/[.,:;!?]+$/, "");
  const words = wordsOf(plain.replace(/^\S+/, ""));
  const found = findRoute(verb, words, options);
  const secrets = secretsWritten(plain, options.document, found?.command);
  if (secrets.length > 0) {
    return { kind: "literal_secret", fields: secrets, ...(found && { command: found.command }) };
  }
  try {
    return understand(plain, routeTo(verb, words, options), options);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return wrong(
      error,
      found?.command,
      found?.command.target === null ? nearTargets(verb, words, options) : [],
    );
  }
}

function understand<C extends Command>(
  typed: string,
  { command, words }: Route<C>,
  options: ParseOptions<C>,
): Understood<C> | LiteralSecret<C> {
  const line = lineOf(command, words, options.aliases);
  const document = documentFor(line, options);
  const filled = fill(line);
  const input = { ...filled.input, ...document };
  const written = line.fields.map((field) => field.name).filter((name) =>
    isWritten(input[name], name, command)
  );
  if (written.length > 0) return { kind: "literal_secret", fields: written, command };
  const checked = command.input.safeParse(input);
  refuseMissing(line, input, filled, checked.success);
  const [issue] = checked.error?.issues ?? [];
  if (issue) throw complaintAbout(issue, line, input);
  const isSecret = (path: string) => command.secret?.(path) ?? false;
  const asked = [...filled.asked, ...Object.values(document).flatMap((value) => askedIn(value, isSecret))];
  return { kind: "command", command, typed, input, asked: [...new Set(asked)], ...filled.extras };
}

/** A secret that goes by position has no key to be known by. */
function isWritten(value: Json | undefined, name: string, command: Command): boolean {
  return typeof value === "string" && value !== ASK && (command.secret?.(name) ?? false);
}

function secretsWritten(plain: string, document: Json | undefined, command: Command | undefined): string[] {
  const isSecret = judgeFor(command);
  const inDocument = document === undefined ? [] : literalSecretsIn(document, isSecret);
  return [...new Set([...literalSecrets(plain, isSecret), ...inDocument])];
}

/** What looks like a secret is one, unless the command declares that very field and says it is not. */
function judgeFor(command: Command | undefined): SecretJudge {
  if (!command) return looksSecret;
  const names = fieldsOf(command.input).map((field) => field.name);
  return (key) => {
    const last = key.toLowerCase().split(".").at(-1);
    const declared = names.find((name) => name.toLowerCase() === last);
    const spellings = declared === undefined ? [key, key.toLowerCase()] : [key, key.toLowerCase(), declared];
    if (spellings.some((spelling) => command.secret?.(spelling))) return true;
    return looksSecret(key) && (declared === undefined || command.secret === undefined);
  };
}

function documentFor(line: Line, { document, documentError }: ParseOptions<Command>): JsonObject {
  const head = headOf(line.command);
  const field = line.fields.find((other) => other.kind === "document");
  if (!field) {
    if (isChange(line.command) && (document !== undefined || documentError !== undefined)) {
      throw new Mistake("bad_document", `${head} takes no document. Nothing was read from it.`);
    }
    return {};
  }
  if (documentError !== undefined) throw new Mistake("bad_document", documentError);
  if (line.words.some((word) => /^\[?\{/.test(word.text))) {
    throw new Mistake(
      "bad_document",
      `Send the JSON as a file with ${head} … as its caption, or reply to it with ${head} ….`,
    );
  }
  return document === undefined ? {} : { [field.name]: document };
}

/** Everything that is missing, in one sentence. */
function refuseMissing(line: Line, input: JsonObject, { extras }: Filled, fits: boolean): void {
  const fields = fits ? [] : line.fields.filter((field) => field.required && input[field.name] === undefined);
  const needsReason = line.command.risk === "danger" &&
    String(extras.reason ?? input.reason ?? "").trim() === "";
  if (fields.length === 0 && !needsReason) return;
  const head = headOf(line.command);
  const labels = [...fields.map(labelOf), ...(needsReason ? ["reason=…"] : [])];
  const missing = [...fields.map((field) => field.name), ...(needsReason ? ["reason"] : [])];
  const words = line.words.filter((word) => !word.pair || !missing.includes(word.pair.key.toLowerCase()));
  const whole = [head, ...words.map((word) => word.raw), ...missing.map((name) => `${name}=`)].join(" ");
  const because = needsReason ? ", because it is a dangerous change" : "";
  const canBeCompleted = fields.every((field) => field.kind === "option");
  throw new Mistake(
    "missing_argument",
    `${head} needs ${allOf(labels)}${because}.`,
    canBeCompleted ? [whole] : [],
  );
}

function wrong<C extends Command>(
  mistake: Mistake,
  command: C | undefined,
  more: readonly string[],
): Wrong<C> {
  return {
    kind: "wrong",
    code: mistake.code,
    sentence: mistake.message,
    suggestions: [...new Set([...mistake.suggestions, ...more])].slice(0, MOST_SUGGESTIONS),
    ...(command && mistake.code !== "unknown_target" && { usage: usageOf(command), command }),
  };
}
