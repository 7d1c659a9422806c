import { z } from "zod";
import type { Reply } from "../../handlers/reply.ts";
import type { UpdateContext } from "../context.ts";
import { help, start } from "../parser/help.ts";
import { type Builtin, builtin } from "./builtin.ts";

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
    execute({ commandSet: { commands, aliases } }, ctx, { verb, target }) {
      ctx.answer(help(commands, verb === undefined ? undefined : { verb, target }, aliases));
    },
  }),
  builtin({
    verb: "start",
    summary: "What this bot is",
    example: "/start",
    need: "read",
    risk: "read",
    // A payload of a deep link arrives here; whatever it says, it is only greeted.
    input: z.object({ payload: z.string().optional().meta({ positional: true, rest: true }) }),
    execute({ commandSet: { commands, aliases } }, ctx) {
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
    execute({ vendors, store, startedAt }, ctx) {
      const set = vendors.all.filter(({ client }) => client).map(({ vendor }) => vendor.label);
      ctx.answer({
        mark: "fine",
        title: "pong",
        blocks: [{
          kind: "facts",
          facts: [
            ["Version", VERSION],
            ["Up since", { time: startedAt, as: "date" }],
            ["Vendors", set.join(", ") || "none is set up"],
            ["Clock", { time: store.now() }],
          ],
        }],
      });
    },
  }),
];

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
