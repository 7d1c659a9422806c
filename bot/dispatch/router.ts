import type { Api } from "grammy";
import type { Json } from "../../clients/json.ts";
import type { Operation } from "../../handlers/operation.ts";
import type { Members } from "../access/members.ts";
import type { Need } from "../access/policy.ts";
import type { Requests } from "../approvals/request.ts";
import { askWhetherStillWanted } from "../clarify.ts";
import { type Builtin, isBuiltin } from "../commands/builtin.ts";
import type { UpdateContext } from "../context.ts";
import type { Invocation } from "../invocation.ts";
import { errorFields, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type Aliases, type Command, headOf, isChange, takesDocument } from "../parser/command.ts";
import { parse, type Parsed, type Understood } from "../parser/parse.ts";
import { validationMessage } from "../parser/parse_error.ts";
import type { Reads } from "./read.ts";
import type { Unauthorized } from "./unauthorized.ts";

/** Whoever typed it longer ago, while the bot or the phone was away, may have thought better of it since. */
const STALE_MS = 120_000;

/** A document may hold thousands of secrets, and what is said of them is kept for good. */
const MOST_NAMED = 10;

export type AnyCommand = Operation | Builtin;

export interface RouterOptions {
  readonly commands: readonly AnyCommand[];
  readonly aliases: Aliases;
  readonly botName: () => string;
  readonly api: Api;
  readonly members: Members;
  readonly unauthorized: Pick<Unauthorized, "refuse">;
  readonly requests: Requests;
  readonly reads: Reads;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** From words to deeds, for whoever said them: typed, pressed, or waiting in the store. */
export interface Router {
  parse(text: string, came?: { document?: Json; documentError?: string }): Parsed<AnyCommand>;
  /** Judges the person anew; a refusal is told and recorded. */
  allows(ctx: UpdateContext, need: Need, said: string): Promise<boolean>;
  needOf(parsed: Parsed<AnyCommand>): Need;
  takesDocument(parsed: Parsed<AnyCommand>): boolean;
  /** `documentAt`: the message that held the document, where it is another one. */
  dispatch(ctx: UpdateContext, parsed: Parsed<AnyCommand>, documentAt?: number): Promise<void>;
  /** Goes on with something stored; the person is judged anew. */
  resume(ctx: UpdateContext, invocation: Invocation): Promise<void>;
  isChange(invocation: Invocation): boolean;
}

export function createRouter(options: RouterOptions): Router {
  const { commands, aliases, api, members, unauthorized, requests, reads, metrics, log } = options;
  const vocabulary = { commands, aliases };

  async function allows(ctx: UpdateContext, need: Need, said: string): Promise<boolean> {
    const decision = await members.judge(need, ctx.person.id, ctx.chat);
    const operation = said.split(/\s/, 1)[0]?.slice(0, 40) ?? "";
    if (decision.allowed) return true;
    const { reason } = decision;
    const isStrange = reason === "unknown_chat" || reason === "unknown_person";
    if (isStrange) await unauthorized.refuse(ctx, reason, operation);
    else ctx.refuse(reason, { operation });
    return false;
  }

  async function run(ctx: UpdateContext, command: AnyCommand, invocation: Invocation): Promise<void> {
    if (isBuiltin(command)) return await command.execute(ctx, invocation.input);
    if (command.risk === "read") return await reads.run(ctx, command, invocation.input);
    return await requests.ask(ctx, command, invocation);
  }

  /** Everyone in the chat has seen it: it goes, it is not used, and it has to be replaced. */
  async function takeBackSecret(
    ctx: UpdateContext,
    fields: readonly string[],
    documentAt?: number,
  ): Promise<void> {
    ctx.eraseStored();
    const places = [ctx.messageId, documentAt].filter((id) => id !== undefined);
    const gone = await Promise.all(places.map((id) => deleteMessage(ctx, id)));
    const deleted = gone.length > 0 && gone.every(Boolean);
    const named = fields.slice(0, MOST_NAMED);
    const more = fields.length > named.length ? [`and ${fields.length - named.length} more`] : [];
    ctx.refuse("literal_secret", {
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

  async function deleteMessage(ctx: UpdateContext, messageId: number): Promise<boolean> {
    try {
      return await api.deleteMessage(ctx.chat.id, messageId);
    } catch (error) {
      log.warning("secret_not_deleted", { trace: ctx.trace, chat: ctx.chat.id, ...errorFields(error) });
      return false;
    }
  }

  const find = ({ verb, target }: Invocation) =>
    commands.find((command) => command.verb === verb && command.target === target);

  return {
    parse: (text, came = {}) => parse(text, { ...vocabulary, botName: options.botName(), ...came }),
    allows,
    needOf: (parsed) => ("command" in parsed && parsed.command ? needOf(parsed.command) : "read"),
    takesDocument: (parsed) => "command" in parsed && !!parsed.command && takesDocument(parsed.command),
    async dispatch(ctx, parsed, documentAt) {
      switch (parsed.kind) {
        case "command":
          if (!await allows(ctx, needOf(parsed.command), `/${parsed.command.verb}`)) return;
          if (isStale(ctx, parsed.command)) return holdBack(ctx, parsed);
          return await run(ctx, parsed.command, invocationOf(parsed));
        case "literal_secret":
          return await takeBackSecret(ctx, parsed.fields, documentAt);
        case "wrong":
          ctx.audit({ event: "refused", reason_code: "malformed_command", detail: parsed.code });
          metrics.refused("malformed_command");
          return ctx.answer(validationMessage(parsed, vocabulary));
        case "for_other_bot":
        case "not_a_command":
          return;
      }
    },
    async resume(ctx, invocation) {
      const command = find(invocation);
      if (!command || !await allows(ctx, needOf(command), `/${invocation.verb}`)) return;
      await run(ctx, command, invocation);
    },
    isChange: (invocation) => find(invocation)?.risk !== "read",
  };
}

/** What only reads is as true now as it was then. */
function isStale({ store, at }: UpdateContext, { risk }: AnyCommand): boolean {
  return risk !== "read" && store.now() - at > STALE_MS;
}

/** A change can still be asked for with one press; what acts by itself has to be typed anew. */
function holdBack(ctx: UpdateContext, parsed: Understood<AnyCommand>): void {
  const { command, typed } = parsed;
  if (isChange(command)) return askWhetherStillWanted(ctx, invocationOf(parsed));
  ctx.refuse("stale_message", {
    operation: headOf(command),
    next: [
      "It was typed ",
      { time: ctx.at, as: "relative" },
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
