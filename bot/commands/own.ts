import * as z from "zod";
import { type Block, type Button, type Line, type Reply, textBlock } from "../../handlers/reply.ts";
import { offerChoices } from "../clarify.ts";
import type { UpdateContext } from "../context.ts";
import type { Invocation } from "../invocation.ts";
import { type Command, isChange } from "../parser/command.ts";
import { parse, type Parsed, type ParsedCommand } from "../parser/parse.ts";
import { validationMessage } from "../parser/validation_message.ts";
import { truncate } from "../render/sanitize.ts";
import { aliasesOf, dropAlias, keepAlias, recentCommands } from "../store/kept_values.ts";
import { type Builtin, builtin, type CommandParts } from "./builtin.ts";

/** So many of one's own commands are offered again. */
const MOST_RECENT = 8;
/** More words of one's own are no help. */
const MOST_ALIASES = 50;
const LONGEST_LABEL = 48;

const wholeCommand = z.string().meta({ positional: true, rest: true, placeholder: "command" });

/** `/recent`, `/alias`, `/aliases`, `/unalias`, `/plan`: what concerns only the person who types it. */
export const ownCommands: readonly Builtin[] = [
  builtin({
    verb: "recent",
    summary: "Your last commands, as buttons",
    example: "/recent",
    need: "read",
    risk: "read",
    input: z.object({}),
    async execute(parts, ctx) {
      ctx.answer(recentReply(parts, ctx, await recentCommands(parts.store, ctx.person.id)));
    },
  }),
  builtin({
    verb: "alias",
    summary: "A word of your own for the beginning of a command",
    example: "/alias off disable sophos",
    need: "read",
    input: z.object({
      name: z.string().regex(/^\/?[a-z][\w-]{0,31}$/i, "is one word of letters, digits, - and _").meta({
        positional: true,
      }),
      command: wholeCommand,
    }),
    async execute(parts, ctx, { name, command }) {
      const { store } = parts;
      const word = bare(name);
      const begins = bare(command).split(" ", 1)[0] ?? "";
      const isVerb = (typed: string) => parts.commandSet.commands.some(({ verb }) => verb === typed);
      if (isVerb(word)) {
        return ctx.answer(refusal(`/${word} is a command, so it cannot be a word of your own`));
      }
      if (!isVerb(begins)) {
        return ctx.answer(refusal(`There is no command /${begins} that /${word} could stand for`));
      }
      if ((await aliasesOf(store, ctx.person.id)).length >= MOST_ALIASES) {
        return ctx.answer(refusal(`You have ${MOST_ALIASES} words already; /unalias takes one away`));
      }
      const row = { person_id: ctx.person.id, name: word, command: bare(command) };
      ctx.onCommit((transaction) => keepAlias(transaction, row));
      ctx.answer({
        mark: "info",
        title: [{ code: `/${word}` }, " stands for ", { code: `/${row.command}` }, " when you type it"],
        personal: true,
      });
    },
  }),
  builtin({
    verb: "aliases",
    summary: "The words of your own",
    example: "/aliases",
    need: "read",
    risk: "read",
    input: z.object({}),
    async execute({ store }, ctx) {
      ctx.answer(aliasesReply(await aliasesOf(store, ctx.person.id)));
    },
  }),
  builtin({
    verb: "unalias",
    summary: "Take away a word of your own",
    example: "/unalias off",
    need: "read",
    offers: {
      name: async ({ store }, ctx) =>
        (await aliasesOf(store, ctx.person.id)).map(({ name, command }) => ({
          value: name,
          name,
          about: [command],
        })),
    },
    input: z.object({ name: z.string().meta({ positional: true }) }),
    async execute({ store }, ctx, { name }) {
      const word = bare(name);
      const isThere = (await aliasesOf(store, ctx.person.id)).some((one) => one.name === word);
      if (!isThere) return ctx.answer(refusal(`You have no word /${word}`));
      ctx.onCommit((transaction) => dropAlias(transaction, ctx.person.id, word));
      ctx.answer({ mark: "info", title: [{ code: `/${word}` }, " is taken away"], personal: true });
    },
  }),
  builtin({
    verb: "plan",
    summary: "The card of a change as it would be, for you alone; nothing is asked for",
    example: "/plan disable sophos 1",
    need: "request",
    // It reads the vendor, and changes nothing.
    risk: "read",
    input: z.object({ command: wholeCommand.meta({ ...wholeCommand.meta(), whole: true }) }),
    async execute(parts, ctx, { command }) {
      const first = understood(parts, command);
      const lacksReason = first.kind === "wrong" && first.command?.risk === "danger" &&
        !(first.given ?? ["reason"]).includes("reason");
      const parsed = lacksReason ? understood(parts, `${command} reason="not given yet"`) : first;
      if (parsed.kind === "wrong") return ctx.answer(validationMessage(parsed, parts.commandSet));
      const operation = parsed.kind === "command" ? parts.vendors.changeOperation(parsed.command) : undefined;
      if (parsed.kind !== "command" || !operation) {
        return ctx.answer(refusal("Only a change has a card, such as /plan disable sophos 1"));
      }
      await parts.requests.ask(ctx, operation, { ...invocationOf(parsed), onlyPlan: true });
    },
  }),
];

/** The command without its slash, the first word in lower case. */
function bare(command: string): string {
  return command.trim().replace(/^\//, "").replace(/^\S+/, (word) => word.toLowerCase());
}

function understood({ commandSet, bot }: CommandParts, command: string): Parsed<Command> {
  return parse(`/${bare(command)}`, { ...commandSet, botName: bot.botInfo.username });
}

function invocationOf(
  { command: { verb, target }, input, asked, ...parsed }: ParsedCommand<Command>,
): Invocation {
  const { reason, ticket, for: lasting, at } = parsed;
  return { verb, target, input, asked, reason, ticket, for: lasting, at };
}

function recentReply(parts: CommandParts, ctx: UpdateContext, typed: readonly string[]): Reply {
  const buttons = typed.flatMap((command) => {
    const parsed = understood(parts, command);
    return parsed.kind === "command" ? [againButton(ctx, parsed, command)] : [];
  }).slice(0, MOST_RECENT);
  if (buttons.length === 0) {
    return { mark: "absent", title: "You have typed nothing here yet", personal: true };
  }
  return {
    mark: "info",
    title: buttons.length === 1 ? "Your last command" : `Your last ${buttons.length} commands`,
    blocks: [textBlock("A change becomes a card, as if you had typed it.")],
    buttons: buttons.map((button) => [button]),
    personal: true,
  };
}

function againButton(ctx: UpdateContext, parsed: ParsedCommand<Command>, typed: string): Button {
  const label = truncate(typed, LONGEST_LABEL);
  if (!isChange(parsed.command) && parsed.command.risk === "read") {
    return { label, action: { command: typed } };
  }
  const [button] = offerChoices(ctx, [{ label, invocation: invocationOf(parsed) }]);
  return button ?? { label, action: { command: typed } };
}

function aliasesReply(aliases: readonly { readonly name: string; readonly command: string }[]): Reply {
  const items = aliases.map((
    { name, command },
  ): Line => [{ code: `/${name}` }, " ", { code: `/${command}` }]);
  const list: Block = { kind: "list", items };
  return {
    mark: aliases.length === 0 ? "absent" : "info",
    title: aliases.length === 0
      ? ["You have no words of your own. Such as ", { code: "/alias off disable sophos" }]
      : `${aliases.length} ${aliases.length === 1 ? "word" : "words"} of your own`,
    blocks: aliases.length === 0 ? [] : [list],
    personal: true,
  };
}

function refusal(title: string): Reply {
  return { mark: "refused", title, footer: "Nothing was changed.", personal: true };
}
