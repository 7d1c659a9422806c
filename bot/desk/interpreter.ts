import type { Api } from "grammy";
import type { Json, Operation } from "../../handlers/operation.ts";
import type { Invocation } from "../changes/invocation.ts";
import { askWhetherStillWanted } from "../changes/questions.ts";
import type { Requests } from "../changes/requests.ts";
import { type Command, headOf, isChange } from "../command/command.ts";
import { parse, type Parsed, type Understood } from "../command/parse.ts";
import { refusalOf } from "../command/refusal.ts";
import { takesDocument } from "../command/usage.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Need } from "../people/access.ts";
import type { People } from "../people/people.ts";
import type { Turn } from "../turn.ts";
import type { Aliases } from "../command/command.ts";
import { type Builtin, isBuiltin } from "./builtin.ts";
import type { Reads } from "./reads.ts";
import type { Strangers } from "./strangers.ts";

/** Whoever typed it longer ago, while the bot or the phone was away, may have thought better of it since. */
const STALE_MS = 120_000;

/** A document may hold thousands of secrets, and what is said of them is kept for good. */
const MOST_NAMED = 10;

export type AnyCommand = Operation | Builtin;

export interface InterpreterOptions {
  readonly commands: readonly AnyCommand[];
  readonly aliases: Aliases;
  readonly botName: () => string;
  readonly api: Api;
  readonly people: People;
  readonly strangers: Pick<Strangers, "refuse">;
  readonly requests: Requests;
  readonly reads: Reads;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** From words to deeds, for whoever said them: typed, pressed, or waiting in the store. */
export interface Interpreter {
  understand(text: string, came?: { document?: Json; documentError?: string }): Parsed<AnyCommand>;
  /** Judges the person anew; a refusal is told and recorded. */
  allows(turn: Turn, need: Need, said: string): Promise<boolean>;
  needOf(parsed: Parsed<AnyCommand>): Need;
  takesDocument(parsed: Parsed<AnyCommand>): boolean;
  /** `documentAt`: the message that held the document, where it is another one. */
  obey(turn: Turn, parsed: Parsed<AnyCommand>, documentAt?: number): Promise<void>;
  /** Goes on with something stored; the person is judged anew. */
  resume(turn: Turn, invocation: Invocation): Promise<void>;
  isChange(invocation: Invocation): boolean;
}

export function createInterpreter(options: InterpreterOptions): Interpreter {
  const { commands, aliases, api, people, strangers, requests, reads, metrics, log } = options;
  const vocabulary = { commands, aliases };

  async function allows(turn: Turn, need: Need, said: string): Promise<boolean> {
    const decision = await people.judge(need, turn.person.id, turn.chat);
    const operation = said.split(/\s/, 1)[0]?.slice(0, 40) ?? "";
    if (decision.allowed) return true;
    const { reason } = decision;
    const isStrange = reason === "unknown_chat" || reason === "unknown_person";
    if (isStrange) await strangers.refuse(turn, reason, operation);
    else turn.refuse(reason, { operation });
    return false;
  }

  async function run(turn: Turn, command: AnyCommand, invocation: Invocation): Promise<void> {
    if (isBuiltin(command)) return await command.execute(turn, invocation.input);
    if (command.risk === "read") return await reads.run(turn, command, invocation.input);
    return await requests.ask(turn, command, invocation);
  }

  /** Everyone in the chat has seen it: it goes, it is not used, and it has to be replaced. */
  async function takeBackSecret(turn: Turn, fields: readonly string[], documentAt?: number): Promise<void> {
    turn.blank();
    const places = [turn.messageId, documentAt].filter((id) => id !== undefined);
    const gone = await Promise.all(places.map((id) => deleteMessage(turn, id)));
    const deleted = gone.length > 0 && gone.every(Boolean);
    const named = fields.slice(0, MOST_NAMED);
    const more = fields.length > named.length ? [`and ${fields.length - named.length} more`] : [];
    turn.refuse("literal_secret", {
      detail: [...named, ...more].join(", "),
      next: [
        deleted
          ? "I deleted it and used nothing of it. "
          : "I may not delete messages here: delete it yourself now. Nothing of it was used. ",
        "Whoever was in this chat may have read it, so replace it where it comes from. Then send the command with ",
        { code: [...named.map((field) => `${field}=?`), ...(more.length > 0 ? ["…"] : [])].join(" ") },
        ": you get a private page to enter it.",
      ],
    });
  }

  async function deleteMessage(turn: Turn, messageId: number): Promise<boolean> {
    try {
      return await api.deleteMessage(turn.chat.id, messageId);
    } catch (error) {
      log.warning("secret_not_deleted", { trace: turn.trace, chat: turn.chat.id, ...errorFields(error) });
      return false;
    }
  }

  const find = ({ verb, target }: Invocation) =>
    commands.find((command) => command.verb === verb && command.target === target);

  return {
    understand: (text, came = {}) => parse(text, { ...vocabulary, botName: options.botName(), ...came }),
    allows,
    needOf: (parsed) => ("command" in parsed && parsed.command ? needOf(parsed.command) : "read"),
    takesDocument: (parsed) => "command" in parsed && !!parsed.command && takesDocument(parsed.command),
    async obey(turn, parsed, documentAt) {
      switch (parsed.kind) {
        case "command":
          if (!await allows(turn, needOf(parsed.command), `/${parsed.command.verb}`)) return;
          if (isStale(turn, parsed.command)) return holdBack(turn, parsed);
          return await run(turn, parsed.command, invocationOf(parsed));
        case "literal_secret":
          return await takeBackSecret(turn, parsed.fields, documentAt);
        case "wrong":
          turn.audit({ event: "refused", reason_code: "malformed_command", detail: parsed.code });
          metrics.refused("malformed_command");
          return turn.answer(refusalOf(parsed, vocabulary));
        case "for_other_bot":
        case "not_a_command":
          return;
      }
    },
    async resume(turn, invocation) {
      const command = find(invocation);
      if (!command || !await allows(turn, needOf(command), `/${invocation.verb}`)) return;
      await run(turn, command, invocation);
    },
    isChange: (invocation) => find(invocation)?.risk !== "read",
  };
}

/** What only reads is as true now as it was then. */
function isStale({ store, at }: Turn, { risk }: AnyCommand): boolean {
  return risk !== "read" && store.now() - at > STALE_MS;
}

/** A change can still be asked for with one press; what acts by itself has to be typed anew. */
function holdBack(turn: Turn, parsed: Understood<AnyCommand>): void {
  const { command, typed } = parsed;
  if (isChange(command)) return askWhetherStillWanted(turn, invocationOf(parsed));
  turn.refuse("stale_message", {
    operation: headOf(command),
    next: [
      "It was typed ",
      { time: turn.at, as: "relative" },
      ". If it is still wanted, send it again: ",
      { code: typed },
    ],
  });
}

function needOf(command: AnyCommand): Need {
  if (isBuiltin(command)) return command.need;
  return command.risk === "read" ? "read" : "request";
}

function invocationOf({ command, input, asked, reason, ticket }: Understood<Command>): Invocation {
  return { verb: command.verb, target: command.target, input, asked, reason, ticket };
}
