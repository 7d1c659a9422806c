import * as z from "zod";
import type { Reply } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import { help, menuHelp, sectionHelp, sectionNamed, start } from "../parser/help.ts";
import { findMessage } from "../outbox/messages.ts";
import { readDeepLink } from "../telegram/deep_link.ts";
import { type Builtin, builtin } from "./builtin.ts";
import { showChange } from "./changes.ts";

export const VERSION = "0.1.0";

/** `/help`, `/start`, `/whoami`, `/ping`. */
export const aboutCommands: readonly Builtin[] = [
  builtin({
    verb: "help",
    summary: "What can be typed here",
    example: "/help disable",
    need: "read",
    risk: "read",
    input: z.object({
      verb: z.string().optional().meta({ positional: true }),
      target: z.string().optional().meta({ positional: true, rest: true }),
    }),
    async execute({ commandSet: { commands, aliases }, members }, ctx, { verb, target }) {
      const section = sectionNamed(verb);
      if (verb !== undefined && !section) return ctx.answer(help(commands, { verb, target }, aliases));
      // What one may not do is not offered; whoever asks for it by name is told what it is.
      const usable = await members.usable(commands, ctx.person.id, ctx.chat);
      ctx.answer(section ? sectionHelp(section, target, { commands: usable, aliases }) : menuHelp(usable));
    },
  }),
  builtin({
    verb: "start",
    summary: "What this bot is",
    example: "/start",
    need: "read",
    risk: "read",
    input: z.object({ payload: z.string().optional().meta({ positional: true, rest: true }) }),
    async execute(parts, ctx, { payload = "" }) {
      const { commandSet: { commands, aliases }, store } = parts;
      const link = readDeepLink(payload);
      if (link?.kind === "change") return await showChange(parts, ctx, link.id);
      const alert = link && await findMessage(store.db, `alert:${link.id}`);
      if (alert) return ctx.answer(shownElsewhere(JSON.parse(alert.reply) as Reply));
      ctx.answer(start(commands, aliases));
    },
  }),
  builtin({
    verb: "whoami",
    summary: "The ids to put into the allow-list",
    example: "/whoami",
    need: "identify",
    risk: "read",
    input: z.object({}),
    execute: (_parts, ctx) => ctx.answer(whoami(ctx)),
  }),
  builtin({
    verb: "ping",
    summary: "Version, uptime and the vendors that are set up",
    example: "/ping",
    need: "read",
    risk: "read",
    input: z.object({}),
    execute({ vendors, store, startedAt, members }, ctx) {
      const set = vendors.all.filter(({ client }) => client).map(({ vendor }) => vendor.label);
      ctx.answer({
        mark: "fine",
        title: "pong",
        blocks: [{
          kind: "facts",
          facts: [
            ["Version", VERSION],
            ["Up since", { time: startedAt, as: "date" }],
            ...(members.rules ? [["Policy", { code: members.rules.hash }] as const] : []),
            ["Vendors", set.join(", ") || "none is set up"],
            ["Clock", { time: store.now() }],
          ],
        }],
      });
    },
  }),
];

/** A message of another chat: what its buttons read can be read here as well, what they do belongs there. */
function shownElsewhere(reply: Reply): Reply {
  const buttons = (reply.buttons ?? []).map((row) => row.filter(({ action }) => "command" in action));
  return { ...reply, buttons: buttons.filter((row) => row.length > 0) };
}

function whoami({ person, chat, threadId }: UpdateContext): Reply {
  return {
    mark: "info",
    title: ["You are ", { code: String(person.id) }, ", this chat is ", { code: String(chat.id) }],
    blocks: [{
      kind: "facts",
      facts: [
        ["Name", { data: person.name, max: 60 }],
        ["Chat", chat.type],
        ...(threadId === undefined ? [] : [["Topic", { code: String(threadId) }] as const]),
        ["For", "ADMIN_CHATS takes the chat's id, OPERATORS and APPROVERS yours"],
      ],
    }],
    buttons: [[
      { label: "Copy my id", action: { copy: String(person.id) } },
      { label: "Copy the chat's id", action: { copy: String(chat.id) } },
    ]],
    personal: true,
  };
}
